
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Text of any length into buffers of a pool.  An allocation that fails is
 * remembered: the caller looks once, at the end.  For what renders status
 * pages.
 */


#ifndef _NGX_DNS_TEXT_H_INCLUDED_
#define _NGX_DNS_TEXT_H_INCLUDED_


#include "../base/ngx_dns.h"


#define NGX_DNS_TEXT_CHUNK  65536


typedef struct {
    ngx_pool_t        *pool;
    ngx_chain_t       *out;
    ngx_chain_t      **last;
    ngx_buf_t         *buf;
    size_t             size;              /* of all that was written */
    ngx_uint_t         failed;
} ngx_dns_text_t;


/* octets that one of a string may become, with quotes around all of it */

#define NGX_DNS_TEXT_ESCAPED  6


#pragma GCC visibility push(hidden)

void ngx_dns_text_init(ngx_dns_text_t *t, ngx_pool_t *pool);

/* room for so many octets, or NULL; used() says how many were written */
u_char *ngx_dns_text_room(ngx_dns_text_t *t, size_t size);
void ngx_dns_text_used(ngx_dns_text_t *t, u_char *end);

void ngx_dns_text_add(ngx_dns_text_t *t, const void *p, size_t len);
/* takes an octet back if it is the last one */
void ngx_dns_text_trim(ngx_dns_text_t *t, u_char last);

void ngx_dns_text_number(ngx_dns_text_t *t, uint64_t n);

/* microseconds, as seconds */
void ngx_dns_text_seconds(ngx_dns_text_t *t, uint64_t usec);

/*
 * With quotes around it, escaped as JSON wants it.  An octet that is not of
 * UTF-8 is shown as \xNN, here and in labels.
 */
void ngx_dns_text_json(ngx_dns_text_t *t, const ngx_str_t *s);

/* with quotes around it, escaped as the value of a label */
void ngx_dns_text_label(ngx_dns_text_t *t, const ngx_str_t *s);

#pragma GCC visibility pop


#define ngx_dns_text_str(t, s)      ngx_dns_text_add(t, (s)->data, (s)->len)
#define ngx_dns_text_c(t, s)        ngx_dns_text_add(t, s, strlen(s))


#endif /* _NGX_DNS_TEXT_H_INCLUDED_ */

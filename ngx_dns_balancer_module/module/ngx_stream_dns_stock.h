
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Which stock modules of stream are in use in a server.  Their configuration
 * is private to them, so nothing of it is read: it is compared, octet by
 * octet, with one that the module itself makes when no directive of it stands
 * in the file.  If both are equal it is not in use, otherwise it is.
 * So a module with another layout costs time, but never a rule.  A module
 * whose configuration can't be made is an error of nginx -t.
 */


#ifndef _NGX_STREAM_DNS_STOCK_H_INCLUDED_
#define _NGX_STREAM_DNS_STOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>


typedef enum {
    NGX_STREAM_DNS_STOCK_ACCESS = 0,
    NGX_STREAM_DNS_STOCK_SET,
    NGX_STREAM_DNS_STOCK_REALIP,
    NGX_STREAM_DNS_STOCK_LIMIT_CONN,
    NGX_STREAM_DNS_STOCK_LOG,
    NGX_STREAM_DNS_STOCK_SSL_PREREAD,
    NGX_STREAM_DNS_STOCKS
} ngx_stream_dns_stock_e;


/* of a cycle; "index" is that of its configuration, -1: it is not there */

typedef struct {
    ngx_int_t            index;
    size_t               size;
    void                *fresh;
    void                *off;         /* switched off by hand, or NULL */
} ngx_stream_dns_stock_t;


#pragma GCC visibility push(hidden)

/* NGX_ERROR, and it is said why */
ngx_int_t ngx_stream_dns_stock_init(ngx_conf_t *cf,
    ngx_stream_dns_stock_t *stock);

/* is it in use in a server? */
ngx_uint_t ngx_stream_dns_stock_used(ngx_stream_dns_stock_t *stock,
    void **srv_conf);

/* by its name; NULL: this nginx does not have it */
ngx_module_t *ngx_stream_dns_stock_module(ngx_conf_t *cf, const char *name);

/*
 * A configuration for a server, with one directive of a value if "line" is not
 * NULL, merged with that of the level above if told so ("parent" NULL: there
 * is nothing), and its size.  NULL, or a size of 0: not possible.
 */
void *ngx_stream_dns_stock_conf(ngx_conf_t *cf, ngx_module_t *module,
    ngx_str_t *line, ngx_uint_t merge, void *parent, size_t *size);

/* the phase its handler is in */
ngx_uint_t ngx_stream_dns_stock_phase(ngx_stream_dns_stock_e i);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_STOCK_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The session of stream that rules, logs and variables of other modules see: it
 * is made when a worker starts, and filled from a query for the time of a call.
 * Private to ngx_stream_dns_session*.c.
 */


#ifndef _NGX_STREAM_DNS_SESSION_H_INCLUDED_
#define _NGX_STREAM_DNS_SESSION_H_INCLUDED_


#include "ngx_stream_dns.h"


/*
 * The one session of a server in a worker.  It is filled from what is logged
 * of a query for the time of a rule, a log or a variable, and empty again
 * after; nothing in it lives longer than that.
 */

typedef struct {
    ngx_stream_session_t          session;
    ngx_connection_t              connection;
    ngx_event_t                   read;
    ngx_event_t                   write;
    ngx_log_t                     log;
    ngx_dns_sockaddr_t            local_sockaddr;
    ngx_stream_core_main_conf_t  *main;
    size_t                        state_size;  /* of ctx and variables */
    u_char                        text[NGX_SOCKADDR_STRLEN];
    in_addr_t                     ipv4;     /* what "text" is, ... */
    size_t                        ipv4_len; /* ... if it is not 0 */
} ngx_stream_dns_session_t;


#pragma GCC visibility push(hidden)

extern const ngx_dns_stage_t  ngx_stream_dns_session_log;

/* what a listener calls: see ngx_dns_conf.h */
ngx_int_t ngx_stream_dns_session_access(ngx_dns_logged_t *r);
uint64_t ngx_stream_dns_session_key(ngx_dns_logged_t *r,
    ngx_dns_upstream_t *u);
ngx_int_t ngx_stream_dns_session_limit_key(ngx_dns_logged_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash);
const ngx_dns_choice_t *ngx_stream_dns_session_choose(ngx_dns_logged_t *r);

/* the handler of its log */
u_char *ngx_stream_dns_session_log_error(ngx_log_t *log, u_char *buf,
    size_t len);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_SESSION_H_INCLUDED_ */

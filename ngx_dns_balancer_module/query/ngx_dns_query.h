
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The life of a query, the same for all fronts: parse, check, route, join or
 * ask, answer.  For the fronts (process) and module/ (init, done).  Every
 * query ends with one response through its client's front, or in a counted
 * drop; its stages see the end of each once.
 */


#ifndef _NGX_DNS_QUERY_H_INCLUDED_
#define _NGX_DNS_QUERY_H_INCLUDED_


#include "ngx_dns_conf.h"


#pragma GCC visibility push(hidden)

/*
 * One query of "len" octets, with NGX_DNS_READ_PAD octets of room after it.
 * "cut" if it was longer than what was read of it.  The buffer is free again
 * at return.
 */
void ngx_dns_query_process(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    u_char *p, size_t len, ngx_uint_t cut);

/* "len" octets that can't be looked at as a query; "reason" is one to drop */
void ngx_dns_query_drop(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    size_t len, ngx_dns_reason_e reason);

/*
 * The worker is to exit when no client waits any more; "now": at once, and
 * clients that still wait get SERVFAIL.
 */
void ngx_dns_query_quit(ngx_uint_t now);

#pragma GCC visibility pop


#endif /* _NGX_DNS_QUERY_H_INCLUDED_ */

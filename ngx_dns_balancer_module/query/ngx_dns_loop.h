
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Servers that lead back to this nginx, at once or by way of others.  The
 * worker that holds the lease asks each server, at its start, for a name that
 * nobody else can know, below each zone that the server is asked for.  If that
 * query comes to this nginx, and would go to the same upstream once more, then
 * all queries would: the server is out, until such a query has not come back.
 * For module/ (all but come) and ngx_dns_query.c (come).
 *
 * There are few queries: two for each zone of a server at most, then one in
 * five seconds for a server that is out, and another round a minute after the
 * last one for a server that fails.
 *
 * The name is "dnsloop-" and 16 digits drawn by chance, below the zone; below
 * "." in "nginx-loop.".  No resolver answers that by itself, as many do names
 * in "test." or "invalid.", or names of a single label.
 */


#ifndef _NGX_DNS_LOOP_H_INCLUDED_
#define _NGX_DNS_LOOP_H_INCLUDED_


#include "ngx_dns_request.h"
#include "../base/ngx_dns_lease.h"


#define NGX_DNS_LOOP_ZONES  16         /* of an upstream, at most */
#define NGX_DNS_LOOP_LABEL  24         /* octets of the first label */


typedef struct {
    ngx_dns_upstream_t   *upstream;
    ngx_uint_t            n;
    ngx_dns_zone_t       *zone[NGX_DNS_LOOP_ZONES];
} ngx_dns_loop_conf_t;


#pragma GCC visibility push(hidden)

/* queries of the zone may go to the upstream */
void ngx_dns_loop_add(ngx_dns_loop_conf_t *conf, ngx_dns_zone_t *zone);

/* in each worker, after its transports; NGX_ERROR: no memory */
ngx_int_t ngx_dns_loop_init(ngx_cycle_t *cycle, ngx_dns_loop_conf_t *conf);

/* a query with such a name, which needs a server; 1: it was one of ours */
ngx_uint_t ngx_dns_loop_came(const ngx_dns_request_t *r);

#pragma GCC visibility pop


/* may it be one? */

static ngx_inline ngx_uint_t
ngx_dns_loop_likely(const ngx_dns_question_t *q)
{
    return q->name[0] == NGX_DNS_LOOP_LABEL
           && ngx_memcmp(q->name + 1, "dnsloop-", 8) == 0;
}


#endif /* _NGX_DNS_LOOP_H_INCLUDED_ */

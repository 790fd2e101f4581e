
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Queries in flight whose clients have gone: over a stream that was reset, or a
 * connection that was closed.  Servers work on them as on any other, so they
 * keep their places of dns_max_queries.  But what bounds a client by what it
 * has open, as streams, "dns_pipeline" and "limit_conn" do, does not see them:
 * a client that asks and goes, again and again, would have all places.  So
 * those of one address may have a part of them.
 *
 * For fronts, which know who has gone, and for ngx_dns_inflight.c.  Of this
 * process alone.
 */


#ifndef _NGX_DNS_GONE_H_INCLUDED_
#define _NGX_DNS_GONE_H_INCLUDED_


#include "ngx_dns_conf.h"


#define NGX_DNS_GONE_PART  8           /* an eighth of dns_max_queries, one at
                                          least */


#pragma GCC visibility push(hidden)

/* a client goes, "n" of its queries stay; one of these has ended */
void ngx_dns_gone_add(const ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_uint_t n);
void ngx_dns_gone_end(const ngx_dns_conf_t *conf, ngx_dns_client_t *client);

/* all of them, mostly none: then the next one need not be asked */
extern uint64_t  ngx_dns_gone_n;

/* has its address, or its /64 of IPv6, as many there as it may have? */
ngx_uint_t ngx_dns_gone_full(const ngx_dns_conf_t *conf,
    ngx_dns_client_t *client);

#pragma GCC visibility pop


#endif /* _NGX_DNS_GONE_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Active health checks: a query to each server at an interval, whatever
 * clients ask.  For module/; knows nothing of clients' queries.
 *
 * The worker that holds the lease checks all servers.  When it loses the lease
 * another one starts, and what the first finds out after that does not count.
 * When a check is due stands in the servers' shared memory and is taken by
 * compare-and-swap, so that there is one stream of checks even while two
 * workers send them.
 *
 * Checks go by the server's own transport.  What they mean is in
 * peers/ngx_dns_peer.h.
 */


#ifndef _NGX_DNS_HEALTH_H_INCLUDED_
#define _NGX_DNS_HEALTH_H_INCLUDED_


#include "ngx_dns_probe.h"


/* times in milliseconds; lives as long as the configuration */

typedef struct {
    ngx_msec_t            interval;
    ngx_msec_t            timeout;
    ngx_uint_t            fails;         /* in a row, to be unhealthy */
    ngx_uint_t            passes;        /* in a row, to be healthy again */
    ngx_uint_t            jitter;        /* percent of the interval */
    uint32_t              expect;        /* a bit for each rcode up to 31 */
    ngx_uint_t            tcp;           /* over TCP, whatever the server */

    u_char               *query;         /* a whole message */
    size_t                len;
    u_char               *question;      /* its name in lower case, type and
                                            class; readable for
                                            NGX_DNS_READ_PAD more */
    size_t                question_len;
} ngx_dns_health_conf_t;


#pragma GCC visibility push(hidden)

/* in each worker, after its transports; NGX_ERROR: no memory */
ngx_int_t ngx_dns_health_init(ngx_cycle_t *cycle, ngx_dns_upstream_t *u,
    ngx_dns_health_conf_t *conf);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HEALTH_H_INCLUDED_ */

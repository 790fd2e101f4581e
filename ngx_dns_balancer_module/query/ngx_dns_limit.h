
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_limit: how many queries of a key there may be.  For ngx_dns_stage.c and
 * ngx_dns_query.c; settings are filled by module/.
 *
 * UDP and streams count apart, so that a client who is told to come back over
 * TCP gets through, and one whose address somebody forges can't be kept from
 * TCP.  Over UDP one whose address is proven, by a cookie, is not limited by
 * its address; what protects servers is not lifted.
 */


#ifndef _NGX_DNS_LIMIT_H_INCLUDED_
#define _NGX_DNS_LIMIT_H_INCLUDED_


#include "ngx_dns_request.h"
#include "../store/ngx_dns_metrics.h"
#include "../store/ngx_dns_rate.h"


/* dns_limit_zone */

struct ngx_dns_limit_zone_s {
    ngx_str_t             name;
    ngx_dns_rate_t        rate;
    ngx_dns_metrics_id_t  metrics;
    uint32_t              v4_mask;     /* the client's network, in the order
                                          of the network */
    ngx_uint_t            v6;          /* the same, a prefix length */
    ngx_uint_t            by_client;   /* the key is its address, or has it */
    void                 *key;         /* module's: variables; NULL: client */
};


/* dns_limit */

typedef struct {
    ngx_dns_limit_zone_t *zone;
    uint64_t              burst;       /* units */
    ngx_uint_t            slip;        /* 0: never TC */
    ngx_uint_t            misses;      /* only queries that need a server */
    ngx_uint_t            dry_run;
} ngx_dns_limit_t;


#pragma GCC visibility push(hidden)

/*
 * A query that needs a server is counted by the limits of its zone that are for
 * these.  NGX_DNS_FINE, or the reason why it ends here.
 */
ngx_dns_reason_e ngx_dns_limit_misses(const ngx_dns_request_t *r);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LIMIT_H_INCLUDED_ */

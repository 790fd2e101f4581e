
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What the queries of a zone run under: the settings that are inherited from
 * stream to server to zone.  module/ writes directives straight into it, and
 * nothing is changed after that, but for "cache", which a worker opens at its
 * start.  Queries reach it by zone->policy; many zones may share one.
 *
 * Each scalar field is as wide as ngx_int_t, which is what directives of one
 * value are stored as.
 */


#ifndef _NGX_DNS_POLICY_H_INCLUDED_
#define _NGX_DNS_POLICY_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../store/ngx_dns_cache.h"


/* dns_next_upstream */

#define NGX_DNS_NEXT_OFF       0x0002
#define NGX_DNS_NEXT_ERROR     0x0004
#define NGX_DNS_NEXT_TIMEOUT   0x0008
#define NGX_DNS_NEXT_SERVFAIL  0x0010
#define NGX_DNS_NEXT_REFUSED   0x0020


/* dns_client_subnet */

#define NGX_DNS_SUBNET_OFF     0
#define NGX_DNS_SUBNET_FORWARD 1
#define NGX_DNS_SUBNET_ADD     2


/* dns_any */

#define NGX_DNS_ANY_FORWARD    0
#define NGX_DNS_ANY_MINIMAL    1
#define NGX_DNS_ANY_REFUSE     2


typedef struct {
    ngx_log_t            *log;         /* the server's */

    ngx_msec_t            upstream_timeout;
    ngx_msec_t            next_timeout;
    ngx_uint_t            next;        /* mask of NGX_DNS_NEXT_* */
    ngx_uint_t            tries;       /* servers */
    ngx_uint_t            budget;      /* retries, percent; 0: no limit */

    ngx_array_t          *limits;      /* of ngx_dns_limit_t; or NULL */
    ngx_uint_t            misses;      /* one of them is for misses */

    ngx_uint_t            any;         /* NGX_DNS_ANY_*, over UDP */
    ngx_uint_t            rotate;      /* addresses take turns */
    ngx_uint_t            minimal;     /* no more than the answer section */

    ngx_uint_t            subnet;      /* NGX_DNS_SUBNET_* */
    ngx_uint_t            subnet_v4;   /* prefixes, at most */
    ngx_uint_t            subnet_v6;

    ngx_shm_zone_t       *cache_zone;  /* module/: of "cache"; or NULL */
    ngx_dns_cache_shm_t  *cache;       /* or NULL; times in seconds */
    ngx_uint_t            min_ttl;
    ngx_uint_t            max_ttl;
    ngx_uint_t            negative_min;
    ngx_uint_t            negative_max;
    ngx_uint_t            servfail_ttl;
    ngx_uint_t            stale;       /* how long after its end; 0: never */
    ngx_uint_t            stale_ttl;
    ngx_msec_t            stale_after;
    ngx_uint_t            prefetch;    /* percent of the TTL; 0: never */
    ngx_uint_t            prefetch_hits;
    ngx_uint_t            nxdomain_cut;
} ngx_dns_policy_t;


#endif /* _NGX_DNS_POLICY_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Times in buckets of DNS: 50 us to 5 s.  One writer; what is read by another
 * process may be an observation short in one of its fields.  For the counters
 * of ngx_dns_metrics.h only; no text here.
 */


#ifndef _NGX_DNS_HISTOGRAM_H_INCLUDED_
#define _NGX_DNS_HISTOGRAM_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"


#define NGX_DNS_HISTOGRAM_BUCKETS  17


typedef struct {
    uint64_t    bucket[NGX_DNS_HISTOGRAM_BUCKETS];   /* not cumulative */
    uint64_t    sum;                                 /* microseconds */
} ngx_dns_histogram_t;


#pragma GCC visibility push(hidden)

/* upper bounds, inclusive; the last is that of all that is longer */
extern const uint64_t  ngx_dns_histogram_bounds[NGX_DNS_HISTOGRAM_BUCKETS];

/* by the highest bit of a time: the first bucket it can be in */
extern const uint8_t   ngx_dns_histogram_first[64];

#pragma GCC visibility pop


static ngx_inline ngx_uint_t
ngx_dns_histogram_bucket(uint64_t usec)
{
    ngx_uint_t  i;

    i = ngx_dns_histogram_first[63 - __builtin_clzll(usec | 1)];

    while (usec > ngx_dns_histogram_bounds[i]) {
        i++;
    }

    return i;
}


static ngx_inline void
ngx_dns_histogram_add(ngx_dns_histogram_t *h, uint64_t usec)
{
    ngx_dns_own_add(&h->bucket[ngx_dns_histogram_bucket(usec)], 1);
    ngx_dns_own_add(&h->sum, usec);
}


#endif /* _NGX_DNS_HISTOGRAM_H_INCLUDED_ */

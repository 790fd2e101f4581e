
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Counters.  A zone has a row for each process; only the process that owns
 * it by pid writes to it, so counting is a plain addition.  A row is never
 * cleared: who takes over that of a dead process goes on with its figures,
 * and the sum of all rows stays right over crashes and reloads.  For every
 * layer above; no text here.
 */


#ifndef _NGX_DNS_METRICS_H_INCLUDED_
#define _NGX_DNS_METRICS_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"


#define NGX_DNS_METRICS_PROCS  256


typedef struct {
    uint64_t    queries;              /* datagrams of clients */
    uint64_t    responses;            /* sent to clients */
    uint64_t    joined;               /* waited for another's answer */
    uint64_t    attempts;             /* queries to servers */
    uint64_t    retries;              /* those after the first */
    uint64_t    unretried;            /* not made for want of budget */
    uint64_t    timeouts;             /* attempts without an answer in time */
    uint64_t    errors;               /* ICMP and socket errors */
    uint64_t    answers;              /* accepted from servers */
    uint64_t    late;                 /* no such attempt: late or forged */
    uint64_t    foreign;              /* right ID, another question */
    uint64_t    malformed;            /* from servers */
    uint64_t    unsent;               /* answers the kernel did not take */

    uint64_t    hits;                 /* from the cache, in time */
    uint64_t    misses;               /* with a cache, not from it */
    uint64_t    stale;                /* from the cache, after their end */
    uint64_t    prefetches;

    uint64_t    reason[NGX_DNS_REASONS];      /* queries that ended so */
} ngx_dns_counters_t;


typedef struct {
    uint32_t    layout;
    uint32_t    pid[NGX_DNS_METRICS_PROCS];

    /* ngx_dns_counters_t  row[NGX_DNS_METRICS_PROCS], on cache lines */
} ngx_dns_metrics_shm_t;


#pragma GCC visibility push(hidden)

/* this process's row; a private one if there is no zone or no free row */
extern ngx_dns_counters_t  *ngx_dns_counters;

size_t ngx_dns_metrics_size(void);

/* the master, for cleared or used memory: NGX_ERROR for another layout */
ngx_int_t ngx_dns_metrics_init(ngx_dns_metrics_shm_t *shm);

/* a worker, after fork and at its exit; "shm" may be NULL */
void ngx_dns_metrics_attach(ngx_dns_metrics_shm_t *shm);
void ngx_dns_metrics_detach(ngx_dns_metrics_shm_t *shm);

/* the sum of all rows */
void ngx_dns_metrics_sum(ngx_dns_metrics_shm_t *shm, ngx_dns_counters_t *sum);

#pragma GCC visibility pop


#define ngx_dns_count(name)         ngx_dns_own_add(&ngx_dns_counters->name, 1)
#define ngx_dns_count_n(name, n)    ngx_dns_own_add(&ngx_dns_counters->name, n)


#endif /* _NGX_DNS_METRICS_H_INCLUDED_ */

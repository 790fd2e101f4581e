
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Entries of a cache that tell whether they are whole: every octet of a body
 * follows from the number of the question, the version and the length.
 * For the stress tests.
 */


#ifndef _UNIT_CACHE_H_INCLUDED_
#define _UNIT_CACHE_H_INCLUDED_


#include "store/ngx_dns_cache.h"


#define CACHE_NOW       1000
#define CACHE_MAX_BODY  700


typedef struct {
    uint64_t  state;                    /* random numbers */
    uint64_t  hits;
    uint64_t  misses;
    uint64_t  changed;                  /* while they were read */
    uint64_t  stored;
    uint64_t  claimed;
    uint64_t  wrong;                    /* accepted, and not whole */
} cache_load_t;


/* below n, the smaller the more often: about Zipf(1.0) */
unsigned cache_zipf(uint64_t *state, unsigned n);

uint64_t cache_random(uint64_t *state);

ngx_int_t cache_store(ngx_dns_cache_shm_t *c, unsigned n, uint64_t version);

/*
 * 1: found, and as it was stored; 0: not found; -1: changed meanwhile;
 * -2: accepted by check(), and wrong
 */
int cache_find(ngx_dns_cache_shm_t *c, unsigned n, ngx_dns_cache_view_t *v);

/* finds, stores, touches and claims one of n */
void cache_load(ngx_dns_cache_shm_t *c, cache_load_t *load, unsigned n);


#endif /* _UNIT_CACHE_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_rate.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_RATE_LAYOUT  0x444e535241544501ULL
#define NGX_DNS_RATE_TRIES   4


static uint64_t *ngx_dns_rate_find(uint64_t *bucket, uint64_t print);
static uint64_t *ngx_dns_rate_least(const ngx_dns_rate_t *rate,
    uint64_t *bucket, uint64_t now, uint64_t *least);
static uint64_t ngx_dns_rate_mask(size_t size);


/* the largest number of buckets, less one, that is a power of two */

static uint64_t
ngx_dns_rate_mask(size_t size)
{
    uint64_t  n;

    size -= sizeof(ngx_dns_rate_shm_t);
    size /= NGX_DNS_RATE_BUCKET * sizeof(uint64_t);

    for (n = 1; 2 * n <= size; n *= 2) { /* void */ }

    return n - 1;
}


ngx_dns_rate_shm_t *
ngx_dns_rate_init(void *mem, size_t size)
{
    ngx_dns_rate_shm_t  *r;

    r = mem;

    ngx_memzero(r, size);

    r->layout = NGX_DNS_RATE_LAYOUT;
    r->mask = ngx_dns_rate_mask(size);
    r->key.k0 = ngx_dns_random64();
    r->key.k1 = ngx_dns_random64();

    return r;
}


ngx_dns_rate_shm_t *
ngx_dns_rate_attach(void *mem, size_t size)
{
    ngx_dns_rate_shm_t  *r;

    r = mem;

    return r->layout == NGX_DNS_RATE_LAYOUT
           && r->mask == ngx_dns_rate_mask(size) ? r : NULL;
}


ngx_int_t
ngx_dns_rate_search(const ngx_dns_rate_t *rate, uint64_t hash, uint64_t now,
    uint64_t burst)
{
    uint64_t             print, old, ahead, other;
    uint64_t            *first, *second, *entry, *spare;
    ngx_uint_t           i;
    ngx_dns_rate_shm_t  *r;

    r = rate->shm;
    print = (hash >> 40) | 1;

    first = (uint64_t *) (r + 1) + (hash & r->mask) * NGX_DNS_RATE_BUCKET;
    second = NULL;

    for (i = 0; i < NGX_DNS_RATE_TRIES; i++) {

        entry = ngx_dns_rate_find(first, print);

        if (entry == NULL) {
            second = (uint64_t *) (r + 1)
                     + ((hash >> 20) & r->mask) * NGX_DNS_RATE_BUCKET;
            entry = ngx_dns_rate_find(second, print);
        }

        if (entry) {
            old = ngx_dns_load(entry);

            /* another key has taken it meanwhile */

            if (old >> 40 != print) {
                continue;
            }

            ahead = ngx_dns_rate_ahead(rate, old, now);

            if (ahead > burst) {
                return NGX_DECLINED;
            }

        } else {
            entry = ngx_dns_rate_least(rate, first, now, &ahead);
            spare = ngx_dns_rate_least(rate, second, now, &other);

            if (other < ahead) {
                entry = spare;
            }

            old = ngx_dns_load(entry);
            ahead = 0;
        }

        if (ngx_dns_cas(entry, old,
                        print << 40
                        | ((now + ahead + rate->interval)
                           & NGX_DNS_RATE_TIME)))
        {
            return NGX_OK;
        }
    }

    return NGX_OK;
}


static uint64_t *
ngx_dns_rate_find(uint64_t *bucket, uint64_t print)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_RATE_BUCKET; i++) {
        if (ngx_dns_load(&bucket[i]) >> 40 == print) {
            return &bucket[i];
        }
    }

    return NULL;
}


static uint64_t *
ngx_dns_rate_least(const ngx_dns_rate_t *rate, uint64_t *bucket, uint64_t now,
    uint64_t *least)
{
    uint64_t    old, ahead, *entry;
    ngx_uint_t  i;

    entry = bucket;
    *least = NGX_DNS_RATE_TIME;

    for (i = 0; i < NGX_DNS_RATE_BUCKET && *least; i++) {
        old = ngx_dns_load(&bucket[i]);

        /* before the clock goes round 0 would be a time to come */

        ahead = old ? ngx_dns_rate_ahead(rate, old, now) : 0;

        if (ahead < *least) {
            *least = ahead;
            entry = &bucket[i];
        }
    }

    return entry;
}

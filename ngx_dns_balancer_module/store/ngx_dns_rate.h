
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Rates of many keys in constant memory, shared by all workers: how soon may
 * this key do it again?  For the query layer (take) and module/ (init).  No
 * lock, no system call; a query touches two cache lines at most.
 *
 * A key is a hash of 64 bits.  It has two buckets of eight entries, each a word
 * of 64 bits: 24 bits of the hash, and the theoretical arrival time of the
 * generic cell rate algorithm (ITU-T I.371): a key that takes "interval" from
 * one query to the next is just in time.  An entry whose time has passed is
 * free.  With both buckets full the entry that has least to wait for makes
 * room, so that many light keys can't push out heavy ones.
 *
 * Workers read the clock before a batch, so that one may be behind another: by
 * two seconds at most, for the key to be held as if they were not.
 *
 * Two keys share an entry with a chance of one in a million for each query.
 * Of two workers that count a key at the same instant one may try again; after
 * four tries in vain the query is not counted.
 */


#ifndef _NGX_DNS_RATE_H_INCLUDED_
#define _NGX_DNS_RATE_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_hash.h"


#define NGX_DNS_RATE_UNIT     16          /* in a microsecond */
#define NGX_DNS_RATE_SPAN     ((uint64_t) 1 << 39)    /* what can be waited
                                                         for, at most */
#define NGX_DNS_RATE_TIME     (((uint64_t) 1 << 40) - 1)
#define NGX_DNS_RATE_LATE     ((uint64_t) NGX_DNS_CLOCK_LATE * 1000           \
                               * NGX_DNS_RATE_UNIT)
#define NGX_DNS_RATE_BUCKET   8
#define NGX_DNS_RATE_MIN_SIZE 32768


typedef struct {
    uint64_t              layout;
    uint64_t              mask;        /* of the buckets */
    ngx_dns_hash_key_t    key;         /* of the hashes */
    uint8_t               pad[NGX_DNS_CACHELINE - 32];

    /* uint64_t  bucket[mask + 1][NGX_DNS_RATE_BUCKET] */
} ngx_dns_rate_shm_t;


typedef struct {
    ngx_dns_rate_shm_t   *shm;         /* of a worker */
    uint64_t              interval;    /* units, from one to the next */
    uint64_t              most;        /* units, that a key can be ahead */
} ngx_dns_rate_t;


#pragma GCC visibility push(hidden)

/*
 * Lays a table out in "size" octets at "mem", on a cache line; its entries are
 * cleared.
 */
ngx_dns_rate_shm_t *ngx_dns_rate_init(void *mem, size_t size);

/* a table made before, of this layout and size; or NULL */
ngx_dns_rate_shm_t *ngx_dns_rate_attach(void *mem, size_t size);

/* see ngx_dns_rate_take(): whatever is where, "now" in units */
ngx_int_t ngx_dns_rate_search(const ngx_dns_rate_t *rate, uint64_t hash,
    uint64_t now, uint64_t burst);

#pragma GCC visibility pop


/* 0: its time has passed, perhaps so long ago that it looks like the future */

static ngx_inline uint64_t
ngx_dns_rate_ahead(const ngx_dns_rate_t *rate, uint64_t entry, uint64_t now)
{
    uint64_t  ahead;

    ahead = (entry - now) & NGX_DNS_RATE_TIME;

    return ahead <= rate->most + NGX_DNS_RATE_LATE ? ahead : 0;
}


/*
 * Counts one of the key at "now", in microseconds.  NGX_DECLINED, and it is not
 * counted: it would be over "burst" units ahead of its time.  "most" is not
 * less than any "burst" and the interval together, and under
 * NGX_DNS_RATE_SPAN.
 *
 * A key that was seen not long ago is mostly in its first bucket.
 */

static ngx_inline ngx_int_t
ngx_dns_rate_take(const ngx_dns_rate_t *rate, uint64_t hash, uint64_t now,
    uint64_t burst)
{
    uint64_t             print, old, ahead, *entry, *last;
    ngx_dns_rate_shm_t  *shm;

    shm = rate->shm;
    now *= NGX_DNS_RATE_UNIT;
    print = (hash | (uint64_t) 1 << 40) & ~NGX_DNS_RATE_TIME;

    entry = (uint64_t *) (shm + 1) + (hash & shm->mask) * NGX_DNS_RATE_BUCKET;
    last = entry + NGX_DNS_RATE_BUCKET;

    do {
        old = ngx_dns_load(entry);

        if ((old ^ print) <= NGX_DNS_RATE_TIME) {
            ahead = ngx_dns_rate_ahead(rate, old, now);

            if (ahead > burst) {
                return NGX_DECLINED;
            }

            if (ngx_dns_cas(entry, old,
                            print
                            | ((now + ahead + rate->interval)
                               & NGX_DNS_RATE_TIME)))
            {
                return NGX_OK;
            }

            break;
        }

    } while (++entry < last);

    return ngx_dns_rate_search(rate, hash, now, burst);
}


#endif /* _NGX_DNS_RATE_H_INCLUDED_ */

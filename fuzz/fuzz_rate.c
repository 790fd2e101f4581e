
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Rates of many keys beside the plainest model of them: for each key the time
 * at which it would be in time (ITU-T I.371), without bounds.  As long as all
 * keys have room both agree on each query.  In a crowd a key may be forgotten,
 * and begins anew then, but not one that waits longest.
 */


#include "fuzz/input.h"
#include "unit/nginx.h"
#include "store/ngx_dns_rate.h"


#define SIZE      NGX_DNS_RATE_MIN_SIZE
#define KEYS      64
#define TIMES     ((uint64_t) 1 << 35)      /* of a sequence, microseconds */


static uint64_t        due[KEYS];           /* units */
static ngx_dns_rate_t  rate;
static uint64_t        burst;
static unsigned        keys;
static unsigned        crowd;               /* one bucket has not room */


/* its 24 bits are its own; all share both buckets in a crowd */

static uint64_t
hash_of(unsigned key)
{
    uint64_t  places;

    places = crowd ? 0x300005 : (uint64_t) key << 20 | (KEYS + key);

    return (uint64_t) (2 * key + 1) << 40 | places;
}


/* is the key still there? */

static unsigned
kept(unsigned key)
{
    uint64_t    *first, *second, hash;
    ngx_uint_t   i;

    hash = hash_of(key);
    first = (uint64_t *) (rate.shm + 1)
            + (hash & rate.shm->mask) * NGX_DNS_RATE_BUCKET;
    second = (uint64_t *) (rate.shm + 1)
             + (hash >> 20 & rate.shm->mask) * NGX_DNS_RATE_BUCKET;

    for (i = 0; i < NGX_DNS_RATE_BUCKET; i++) {
        if (first[i] >> 40 == hash >> 40 || second[i] >> 40 == hash >> 40) {
            return 1;
        }
    }

    return 0;
}


static void
take(unsigned key, uint64_t usec)
{
    uint64_t   now, ahead;
    unsigned   held;
    ngx_int_t  rc;

    if (crowd && !kept(key)) {
        due[key] = 0;
    }

    now = usec * NGX_DNS_RATE_UNIT;
    ahead = due[key] > now ? due[key] - now : 0;
    held = ahead > burst;

    rc = ngx_dns_rate_take(&rate, hash_of(key), usec, burst);

    must(rc == (held ? NGX_DECLINED : NGX_OK));

    if (rc == NGX_OK) {
        due[key] = now + ahead + rate.interval;
    }
}


/* of those that wait longest one is still there, at least */

static void
longest(const unsigned *were, uint64_t most, uint64_t now)
{
    unsigned  i, there;

    there = most <= now;

    for (i = 0; i < keys && !there; i++) {
        there = were[i] && due[i] >= most && kept(i);
    }

    must(there);
}


/* the same in a crowd */

static void
crowded(unsigned key, uint64_t usec)
{
    uint64_t  most;
    unsigned  i, were[KEYS];

    most = 0;

    for (i = 0; i < keys; i++) {
        were[i] = kept(i);

        if (were[i] && due[i] > most) {
            most = due[i];
        }
    }

    take(key, usec);
    longest(were, most, usec * NGX_DNS_RATE_UNIT);
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    uint64_t  usec, end, step;
    unsigned  n, key;

    static u_char  *mem;

    if (mem == NULL) {
        mem = aligned_alloc(64, SIZE);
    }

    input(data, size);

    n = octet();
    crowd = n & 1;
    keys = crowd ? 1 + octet() % KEYS : KEYS;

    rate.shm = ngx_dns_rate_init(mem, SIZE);
    rate.interval = (uint64_t) (1 + octet()) << (n / 8 % 8 * 3);
    burst = rate.interval * octet();
    rate.most = burst + rate.interval;

    must(rate.most < NGX_DNS_RATE_SPAN);
    must(ngx_dns_rate_attach(mem, SIZE) == rate.shm);

    memset(due, 0, sizeof(due));

    /* the clock of an entry goes round on the way, or does not */

    usec = n & 2 ? ((uint64_t) 1 << 36) - 1000 : 1000000000;
    end = usec + TIMES;

    while (left && usec < end) {
        n = octet();
        key = n / 2 % keys;

        if ((n & 1) == 0) {
            if (crowd) {
                crowded(key, usec);

            } else {
                take(key, usec);
            }

            continue;
        }

        /* to a worker whose clock is behind by a second or less, and back */

        if (n == 255) {
            step = (uint64_t) octet() * 4000;
            take(octet() % keys, usec - step);
            continue;
        }

        step = octet();
        usec += step << (n / 2 % 24);
    }

    return 0;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A shard of ngx_dns_cache.h: index, segments, and what writers do under its
 * lock.  Private to the cache.
 *
 *     header | segment headers | buckets | ghosts | data
 */


#ifndef _NGX_DNS_CACHE_SHARD_H_INCLUDED_
#define _NGX_DNS_CACHE_SHARD_H_INCLUDED_


#include "ngx_dns_cache.h"


#define NGX_DNS_CACHE_LAYOUT       0x444e5343414301UL   /* a change of it: of
                                                           any struct here */

/*
 * An index word: 16 bits of the hash, 2 bits of uses, 1 bit that says it is
 * being refreshed, and the place in the data in units of eight octets.  The
 * shard is chosen by bits of the hash below the tag, the bucket by the lowest.
 */

#define NGX_DNS_CACHE_WAYS         8
#define NGX_DNS_CACHE_TAG_SHIFT    48
#define NGX_DNS_CACHE_SHARD_SHIFT  40
#define NGX_DNS_CACHE_USE          (1UL << 46)
#define NGX_DNS_CACHE_USES         (3UL << 46)
#define NGX_DNS_CACHE_CLAIM        (1UL << 45)
#define NGX_DNS_CACHE_OFFSET       ((1UL << 45) - 1)

#define NGX_DNS_CACHE_NONE         0xffffffff


typedef enum {
    NGX_DNS_CACHE_FREE = 0,
    NGX_DNS_CACHE_SMALL,
    NGX_DNS_CACHE_MAIN
} ngx_dns_cache_log_e;


typedef struct {
    uint32_t                 generation;   /* changes when it becomes free */
    uint32_t                 log;
    uint32_t                 used;         /* octets */
    uint32_t                 order;        /* in which it was begun */
} ngx_dns_cache_segment_t;


struct ngx_dns_cache_shard_s {
    uint32_t                 lock;         /* pid; 0: free */
    uint32_t                 shift;        /* segments have 1 << shift octets */
    uint32_t                 segments;
    uint32_t                 order;        /* of the next segment */
    uint64_t                 buckets;
    uint64_t                 ghosts;

    /* offsets from the shard */
    uint64_t                 segment;
    uint64_t                 bucket;
    uint64_t                 ghost;
    uint64_t                 data;

    /* under the lock */
    uint32_t                 head[3];      /* segment that is written, by log */
    uint32_t                 count[3];     /* segments, by log */
    uint32_t                 victim;       /* segment being emptied */
    uint32_t                 cursor;       /* what is next in it */

    ngx_dns_cache_stat_t     stat;
};


struct ngx_dns_cache_shm_s {
    uint64_t                 layout;
    uint64_t                 size;
    ngx_dns_hash_key_t       key;
    uint32_t                 shards;
    uint32_t                 pad[7];
    uint64_t                 shard[64];    /* offsets */
};


#pragma GCC visibility push(hidden)

void ngx_dns_cache_shard_init(ngx_dns_cache_shard_t *s, size_t size);

#pragma GCC visibility pop


static ngx_inline ngx_dns_cache_shard_t *
ngx_dns_cache_shard(ngx_dns_cache_shm_t *c, uint64_t hash)
{
    u_char  *p;

    p = (u_char *) c;

    return (ngx_dns_cache_shard_t *) (void *)
           (p + c->shard[(hash >> NGX_DNS_CACHE_SHARD_SHIFT)
                         & (c->shards - 1)]);
}


static ngx_inline uint64_t *
ngx_dns_cache_bucket(ngx_dns_cache_shard_t *s, uint64_t hash)
{
    return (uint64_t *) (void *) ((u_char *) s + s->bucket)
           + (((hash & 0xffffffff) * s->buckets) >> 32) * NGX_DNS_CACHE_WAYS;
}


static ngx_inline ngx_dns_cache_segment_t *
ngx_dns_cache_segment(ngx_dns_cache_shard_t *s, size_t i)
{
    return (ngx_dns_cache_segment_t *) (void *) ((u_char *) s + s->segment)
           + i;
}


static ngx_inline u_char *
ngx_dns_cache_data(ngx_dns_cache_shard_t *s)
{
    return (u_char *) s + s->data;
}


/* as memcmp(), of words where the other side may change */

static ngx_inline ngx_uint_t
ngx_dns_cache_differs(const u_char *p, const u_char *name, size_t len)
{
#if (__SANITIZE_THREAD__)
    while (len--) {
        if (ngx_dns_load(p) != *name) {
            return 1;
        }

        p++;
        name++;
    }

    return 0;
#else
    return ngx_memcmp(p, name, len) != 0;
#endif
}


#endif /* _NGX_DNS_CACHE_SHARD_H_INCLUDED_ */

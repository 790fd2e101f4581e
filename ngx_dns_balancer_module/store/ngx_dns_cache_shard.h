
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A shard of ngx_dns_cache.h: index, segments, and what writers do under its
 * lock.  Private to the cache.
 *
 *     header | generations | segment headers | buckets | ghosts | data
 *
 * What the functions for writers change, a process may leave half done: the
 * order of stores that the next holder of the lock depends on is kept by
 * release stores.
 */


#ifndef _NGX_DNS_CACHE_SHARD_H_INCLUDED_
#define _NGX_DNS_CACHE_SHARD_H_INCLUDED_


#include "ngx_dns_cache.h"


#define NGX_DNS_CACHE_LAYOUT       0x444e5343414305UL   /* a change of it: of
                                                           any struct here */

/*
 * An index word: 16 bits of the hash, 2 bits of uses, 1 bit that says it is
 * being refreshed, and the place: one more than the offset in the data in
 * units of eight octets.  The shard is chosen by bits of the hash below the
 * tag, the bucket by the lowest, and the bucket for what does not fit there
 * by all of them.
 */

#define NGX_DNS_CACHE_WAYS         8
#define NGX_DNS_CACHE_BUCKETS      2
#define NGX_DNS_CACHE_TAG_SHIFT    48
#define NGX_DNS_CACHE_SHARD_SHIFT  40
#define NGX_DNS_CACHE_CLAIM        (1UL << 45)

#define NGX_DNS_CACHE_NONE         0xffffffff


typedef enum {
    NGX_DNS_CACHE_FREE = 0,
    NGX_DNS_CACHE_SMALL,
    NGX_DNS_CACHE_MAIN,
    NGX_DNS_CACHE_LOGS
} ngx_dns_cache_log_e;


typedef struct {
    uint32_t                 log;
    uint32_t                 used;         /* octets of complete entries */
    uint32_t                 order;        /* in which it was begun */
    uint32_t                 pad;
} ngx_dns_cache_segment_t;


/*
 * The index word that is being set, and what is counted once it is: a dead
 * writer's successor looks whether the word has got this place.
 */

typedef struct {
    uint64_t                 word;         /* its offset, 0 if none is set */
    uint64_t                 place;
    uint64_t                 entries;
    uint64_t                 bytes;
} ngx_dns_cache_journal_t;


struct ngx_dns_cache_shard_s {

    /* never changes: a cache line of its own, it is read with each query */
    uint32_t                 shift;        /* segments have 1 << shift octets */
    uint32_t                 segments;
    uint64_t                 buckets;

    /* offsets from the shard */
    uint64_t                 generation;
    uint64_t                 segment;
    uint64_t                 bucket;
    uint64_t                 ghost;
    uint64_t                 data;
    uint64_t                 pad;

    uint32_t                 lock;         /* pid; 0: free */

    /* under the lock */
    uint32_t                 order;        /* of the next segment */
    uint32_t                 head[NGX_DNS_CACHE_LOGS];    /* being written */
    uint32_t                 count[NGX_DNS_CACHE_LOGS];   /* segments */
    uint32_t                 victim;       /* segment being emptied */
    uint32_t                 cursor;       /* what is next in it */

    ngx_dns_cache_journal_t  journal;
    ngx_dns_cache_stat_t     stat;
};


#pragma GCC visibility push(hidden)

void ngx_dns_cache_shard_init(ngx_dns_cache_shard_t *s, size_t size);

/* NGX_OK; NGX_DECLINED if a living process keeps it for more than a moment */
ngx_int_t ngx_dns_cache_lock(ngx_dns_cache_shard_t *s);
void ngx_dns_cache_unlock(ngx_dns_cache_shard_t *s);


/* all below: with the lock held */

/* room at the young end of a log, or NULL; it counts when it is committed */
u_char *ngx_dns_cache_append(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    size_t size);
void ngx_dns_cache_commit(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    size_t size);

/* is there none without opening a segment? */
ngx_uint_t ngx_dns_cache_full(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    size_t size);

/*
 * Sets the word from "old" to "value" if it is still "old", whatever its uses
 * and claim are: readers may have added these, and they are lost.  Counts.
 */
void ngx_dns_cache_set(ngx_dns_cache_shard_t *s, uint64_t *word,
    uint64_t value, int64_t entries, int64_t bytes);

/* what a word points to */
ngx_dns_cache_entry_t *ngx_dns_cache_entry(ngx_dns_cache_shard_t *s,
    uint64_t value);

/* those that were dropped: was it one?  It is one no longer. */
void ngx_dns_cache_remember(ngx_dns_cache_shard_t *s, uint64_t hash);
ngx_uint_t ngx_dns_cache_recall(ngx_dns_cache_shard_t *s, uint64_t hash);

/*
 * Makes room, some of it with each store; as much as is needed if the log has
 * none for "size" octets.  NGX_DECLINED if that is not possible.
 */
ngx_int_t ngx_dns_cache_evict(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    size_t size, uint32_t now);

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


/* the i-th of the two buckets where an entry can be */

static ngx_inline uint64_t *
ngx_dns_cache_bucket(ngx_dns_cache_shard_t *s, uint64_t hash, ngx_uint_t i)
{
    uint64_t  n;

    n = (i == 0) ? hash & 0xffffffff : (hash * 0x9e3779b97f4a7c15) >> 32;

    return (uint64_t *) (void *) ((u_char *) s + s->bucket)
           + ((n * s->buckets) >> 32) * NGX_DNS_CACHE_WAYS;
}


static ngx_inline ngx_dns_cache_segment_t *
ngx_dns_cache_segment(ngx_dns_cache_shard_t *s, size_t i)
{
    return (ngx_dns_cache_segment_t *) (void *) ((u_char *) s + s->segment)
           + i;
}


static ngx_inline uint32_t *
ngx_dns_cache_generation(ngx_dns_cache_shard_t *s, size_t i)
{
    return (uint32_t *) (void *) ((u_char *) s + s->generation) + i;
}


static ngx_inline u_char *
ngx_dns_cache_data(ngx_dns_cache_shard_t *s)
{
    return (u_char *) s + s->data;
}


/* the offset in the data */

static ngx_inline size_t
ngx_dns_cache_offset(uint64_t value)
{
    return ((value & NGX_DNS_CACHE_PLACE) - 1) * 8;
}


static ngx_inline uint64_t
ngx_dns_cache_value(ngx_dns_cache_shard_t *s, uint64_t hash, const u_char *p)
{
    return (hash >> NGX_DNS_CACHE_TAG_SHIFT) << NGX_DNS_CACHE_TAG_SHIFT
           | ((uint64_t) (p - ngx_dns_cache_data(s)) / 8 + 1);
}


static ngx_inline size_t
ngx_dns_cache_size(const ngx_dns_cache_response_t *a)
{
    return ngx_align(sizeof(ngx_dns_cache_entry_t) + 2 * (size_t) a->nttl
                     + a->name_len + a->body_len, 8UL);
}


/*
 * As memcmp(), where the other side may change: by eight octets, the last of
 * which may have been looked at already, since names are short.
 */

static ngx_inline ngx_uint_t
ngx_dns_cache_differs(const u_char *p, const u_char *name, size_t len)
{
#if (NGX_DNS_THREADS)
    while (len--) {
        if (ngx_dns_load(p) != *name) {
            return 1;
        }

        p++;
        name++;
    }

    return 0;
#else
    size_t    i;
    uint64_t  a, b;

    if (len < sizeof(uint64_t)) {
        return ngx_memcmp(p, name, len) != 0;
    }

    for (i = 0; i < len - sizeof(uint64_t); i += sizeof(uint64_t)) {
        memcpy(&a, p + i, sizeof(uint64_t));
        memcpy(&b, name + i, sizeof(uint64_t));

        if (a != b) {
            return 1;
        }
    }

    memcpy(&a, p + len - sizeof(uint64_t), sizeof(uint64_t));
    memcpy(&b, name + len - sizeof(uint64_t), sizeof(uint64_t));

    return a != b;
#endif
}


#endif /* _NGX_DNS_CACHE_SHARD_H_INCLUDED_ */

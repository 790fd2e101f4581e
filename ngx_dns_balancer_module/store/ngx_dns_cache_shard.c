
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"


/* an index word for so many octets of data: a typical entry and its share */

#define NGX_DNS_CACHE_PER_BUCKET   (NGX_DNS_CACHE_WAYS * 112)

#define NGX_DNS_CACHE_MIN_SHIFT    12
#define NGX_DNS_CACHE_MAX_SHIFT    18
#define NGX_DNS_CACHE_SEGMENTS     256     /* wished for, in a shard */


static ngx_int_t ngx_dns_cache_open(ngx_dns_cache_shard_t *s, ngx_uint_t log);
static uint16_t *ngx_dns_cache_ghosts(ngx_dns_cache_shard_t *s, uint64_t hash);


void
ngx_dns_cache_shard_init(ngx_dns_cache_shard_t *s, size_t size)
{
    size_t  n;

    /* a segment is a 256th of the data, within limits */

    for (s->shift = NGX_DNS_CACHE_MAX_SHIFT;
         s->shift > NGX_DNS_CACHE_MIN_SHIFT
         && (size >> s->shift) < NGX_DNS_CACHE_SEGMENTS;
         s->shift--)
    {
        /* void */
    }

    n = size >> s->shift;

    s->buckets = ngx_max(4, size / NGX_DNS_CACHE_PER_BUCKET);

    s->generation = ngx_align(sizeof(ngx_dns_cache_shard_t),
                              NGX_DNS_CACHELINE);
    s->segment = ngx_align(s->generation + n * sizeof(uint32_t),
                           NGX_DNS_CACHELINE);
    s->bucket = ngx_align(s->segment + n * sizeof(ngx_dns_cache_segment_t),
                          NGX_DNS_CACHELINE);
    s->ghost = s->bucket + s->buckets * NGX_DNS_CACHE_WAYS * sizeof(uint64_t);
    s->data = ngx_align(s->ghost + s->buckets * NGX_DNS_CACHE_WAYS
                                   * sizeof(uint16_t),
                        NGX_DNS_CACHELINE);

    s->segments = (uint32_t) ((size - s->data) >> s->shift);

    s->count[NGX_DNS_CACHE_FREE] = s->segments;
    s->head[NGX_DNS_CACHE_FREE] = NGX_DNS_CACHE_NONE;
    s->head[NGX_DNS_CACHE_SMALL] = NGX_DNS_CACHE_NONE;
    s->head[NGX_DNS_CACHE_MAIN] = NGX_DNS_CACHE_NONE;
    s->victim = NGX_DNS_CACHE_NONE;
}


ngx_dns_cache_entry_t *
ngx_dns_cache_entry(ngx_dns_cache_shard_t *s, uint64_t value)
{
    return (ngx_dns_cache_entry_t *) (void *)
           (ngx_dns_cache_data(s) + ngx_dns_cache_offset(value));
}


void
ngx_dns_cache_set(ngx_dns_cache_shard_t *s, uint64_t *word, uint64_t value,
    int64_t entries, int64_t bytes)
{
    ngx_dns_cache_journal_t  *j;

    j = &s->journal;

    /* each of these in this order, even if the writer dies in between */

    __atomic_store_n(&j->place, value & NGX_DNS_CACHE_PLACE, __ATOMIC_RELEASE);
    __atomic_store_n(&j->entries, s->stat.entries + (uint64_t) entries,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&j->bytes, s->stat.bytes + (uint64_t) bytes,
                     __ATOMIC_RELEASE);
    __atomic_store_n(&j->word, (uint64_t) ((u_char *) word - (u_char *) s),
                     __ATOMIC_RELEASE);

    __atomic_store_n(word, value, __ATOMIC_RELEASE);

    __atomic_store_n(&s->stat.entries, j->entries, __ATOMIC_RELEASE);
    __atomic_store_n(&s->stat.bytes, j->bytes, __ATOMIC_RELEASE);
    __atomic_store_n(&j->word, 0, __ATOMIC_RELEASE);
}


ngx_uint_t
ngx_dns_cache_full(ngx_dns_cache_shard_t *s, ngx_uint_t log, size_t size)
{
    return s->head[log] == NGX_DNS_CACHE_NONE
           || ngx_dns_cache_segment(s, s->head[log])->used + size
              > (size_t) 1 << s->shift;
}


u_char *
ngx_dns_cache_append(ngx_dns_cache_shard_t *s, ngx_uint_t log, size_t size)
{
    size_t  head;

    if (ngx_dns_cache_full(s, log, size)
        && ngx_dns_cache_open(s, log) != NGX_OK)
    {
        return NULL;
    }

    head = s->head[log];

    return ngx_dns_cache_data(s) + (head << s->shift)
           + ngx_dns_cache_segment(s, head)->used;
}


void
ngx_dns_cache_commit(ngx_dns_cache_shard_t *s, ngx_uint_t log, size_t size)
{
    ngx_dns_cache_segment_t  *seg;

    seg = ngx_dns_cache_segment(s, s->head[log]);

    __atomic_store_n(&seg->used, seg->used + (uint32_t) size,
                     __ATOMIC_RELEASE);
}


/*
 * No word points into a free segment.  A reader who sees the new generation
 * sees that, too; one who sees what is written from now on sees the new
 * generation.
 */

static ngx_int_t
ngx_dns_cache_open(ngx_dns_cache_shard_t *s, ngx_uint_t log)
{
    uint32_t                  i, *generation;
    ngx_dns_cache_segment_t  *seg;

    for (i = 0; i < s->segments; i++) {
        seg = ngx_dns_cache_segment(s, i);

        if (seg->log == NGX_DNS_CACHE_FREE) {
            generation = ngx_dns_cache_generation(s, i);

            __atomic_store_n(generation, *generation + 1, __ATOMIC_RELEASE);
            __atomic_thread_fence(__ATOMIC_RELEASE);

            seg->used = 0;
            seg->order = s->order++;

            __atomic_store_n(&seg->log, (uint32_t) log, __ATOMIC_RELEASE);

            s->head[log] = i;

            s->count[NGX_DNS_CACHE_FREE]--;
            s->count[log]++;

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static uint16_t *
ngx_dns_cache_ghosts(ngx_dns_cache_shard_t *s, uint64_t hash)
{
    return (uint16_t *) (void *) ((u_char *) s + s->ghost)
           + (((hash & 0xffffffff) * s->buckets) >> 32) * NGX_DNS_CACHE_WAYS;
}


/* the oldest of a bucket's ghosts is forgotten for it */

void
ngx_dns_cache_remember(ngx_dns_cache_shard_t *s, uint64_t hash)
{
    uint16_t  *ghost;

    ghost = ngx_dns_cache_ghosts(s, hash);

    ngx_memmove(&ghost[1], &ghost[0],
                (NGX_DNS_CACHE_WAYS - 1) * sizeof(uint16_t));

    ghost[0] = (uint16_t) (hash >> NGX_DNS_CACHE_TAG_SHIFT);
}


ngx_uint_t
ngx_dns_cache_recall(ngx_dns_cache_shard_t *s, uint64_t hash)
{
    uint16_t    *ghost, tag;
    ngx_uint_t   i;

    tag = (uint16_t) (hash >> NGX_DNS_CACHE_TAG_SHIFT);
    ghost = ngx_dns_cache_ghosts(s, hash);

    for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {
        if (ghost[i] == tag) {
            ghost[i] = 0;
            return tag != 0;            /* 0: none */
        }
    }

    return 0;
}

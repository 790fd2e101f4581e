
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"


/* segments that only entries may take that move from an old one */

#define NGX_DNS_CACHE_RESERVE      1

#define NGX_DNS_CACHE_STEPS        16      /* entries looked at for a store */
#define NGX_DNS_CACHE_MOVES        1024    /* after these all are dropped */

#define NGX_DNS_CACHE_SHARE        30      /* of the small log: one in these */


static ngx_int_t ngx_dns_cache_victim(ngx_dns_cache_shard_t *s);
static uint32_t ngx_dns_cache_oldest(ngx_dns_cache_shard_t *s, ngx_uint_t log);
static void ngx_dns_cache_step(ngx_dns_cache_shard_t *s, uint32_t now,
    ngx_uint_t keep);
static void ngx_dns_cache_settle(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    ngx_dns_cache_entry_t *e, uint32_t now, ngx_uint_t keep);
static ngx_int_t ngx_dns_cache_move(ngx_dns_cache_shard_t *s, uint64_t *word,
    ngx_dns_cache_entry_t *e, uint64_t less);
static uint64_t *ngx_dns_cache_word(ngx_dns_cache_shard_t *s, uint64_t hash,
    uint64_t place);


ngx_int_t
ngx_dns_cache_evict(ngx_dns_cache_shard_t *s, ngx_uint_t log, size_t size,
    uint32_t now)
{
    ngx_uint_t  n, full;

    full = ngx_dns_cache_full(s, log, size);

    for (n = 0; full || n < NGX_DNS_CACHE_STEPS; n++) {

        if (s->count[NGX_DNS_CACHE_FREE] > NGX_DNS_CACHE_RESERVE) {
            return NGX_OK;
        }

        if (s->victim == NGX_DNS_CACHE_NONE
            && ngx_dns_cache_victim(s) != NGX_OK)
        {
            return full ? NGX_DECLINED : NGX_OK;
        }

        ngx_dns_cache_step(s, now, n < NGX_DNS_CACHE_MOVES);
    }

    return NGX_OK;
}


/* of the small log if that has its share, else of the main one */

static ngx_int_t
ngx_dns_cache_victim(ngx_dns_cache_shard_t *s)
{
    uint32_t    victim;
    ngx_uint_t  log;

    log = (s->count[NGX_DNS_CACHE_SMALL] > ngx_max(1, s->segments
                                               / NGX_DNS_CACHE_SHARE))
          ? NGX_DNS_CACHE_SMALL : NGX_DNS_CACHE_MAIN;

    victim = ngx_dns_cache_oldest(s, log);

    if (victim == NGX_DNS_CACHE_NONE) {
        log = NGX_DNS_CACHE_SMALL + NGX_DNS_CACHE_MAIN - log;
        victim = ngx_dns_cache_oldest(s, log);
    }

    if (victim == NGX_DNS_CACHE_NONE) {
        return NGX_DECLINED;
    }

    s->cursor = 0;

    __atomic_store_n(&s->victim, victim, __ATOMIC_RELEASE);

    return NGX_OK;
}


static uint32_t
ngx_dns_cache_oldest(ngx_dns_cache_shard_t *s, ngx_uint_t log)
{
    uint32_t                  i, best;
    ngx_dns_cache_segment_t  *seg;

    best = NGX_DNS_CACHE_NONE;

    for (i = 0; i < s->segments; i++) {
        seg = ngx_dns_cache_segment(s, i);

        if (seg->log == log && i != s->head[log]
            && (best == NGX_DNS_CACHE_NONE
                || (int32_t) (seg->order
                              - ngx_dns_cache_segment(s, best)->order) < 0))
        {
            best = i;
        }
    }

    return best;
}


/* the next entry of the segment that is emptied; or it is empty */

static void
ngx_dns_cache_step(ngx_dns_cache_shard_t *s, uint32_t now, ngx_uint_t keep)
{
    ngx_dns_cache_entry_t    *e;
    ngx_dns_cache_segment_t  *seg;

    seg = ngx_dns_cache_segment(s, s->victim);

    if (s->cursor >= seg->used) {
        s->count[seg->log]--;
        s->count[NGX_DNS_CACHE_FREE]++;

        __atomic_store_n(&seg->log, NGX_DNS_CACHE_FREE, __ATOMIC_RELEASE);

        s->victim = NGX_DNS_CACHE_NONE;
        return;
    }

    e = (ngx_dns_cache_entry_t *) (void *)
        (ngx_dns_cache_data(s) + ((size_t) s->victim << s->shift) + s->cursor);

    ngx_dns_cache_settle(s, seg->log, e, now, keep);

    s->cursor += (uint32_t) ngx_dns_cache_size(&e->answer);
}


/* an entry at its end: dropped, or moved to the young end of the main log */

static void
ngx_dns_cache_settle(ngx_dns_cache_shard_t *s, ngx_uint_t log,
    ngx_dns_cache_entry_t *e, uint32_t now, ngx_uint_t keep)
{
    uint64_t    *word;
    ngx_uint_t   alive;

    word = ngx_dns_cache_word(s, e->hash,
                              ngx_dns_cache_value(s, 0, (u_char *) e));
    if (word == NULL) {
        return;
    }

    alive = (int32_t) (e->answer.expires - now) > 0;

    if (alive && keep && (ngx_dns_load(word) & NGX_DNS_CACHE_USES)
        && ngx_dns_cache_move(s, word, e, log == NGX_DNS_CACHE_MAIN
                                          ? NGX_DNS_CACHE_USE
                                          : NGX_DNS_CACHE_USES)
           == NGX_OK)
    {
        return;
    }

    ngx_dns_cache_remember(s, e->hash);
    ngx_dns_cache_set(s, word, 0, -1,
                      -(int64_t) ngx_dns_cache_size(&e->answer));

    if (alive) {
        ngx_dns_own_add(&s->stat.evictions, 1);
    }
}


/* readers may add uses or a claim meanwhile; a claim must not be lost */

static ngx_int_t
ngx_dns_cache_move(ngx_dns_cache_shard_t *s, uint64_t *word,
    ngx_dns_cache_entry_t *e, uint64_t less)
{
    size_t     size;
    u_char    *p;
    uint64_t   value, moved, uses;

    size = ngx_dns_cache_size(&e->answer);

    p = ngx_dns_cache_append(s, NGX_DNS_CACHE_MAIN, size);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_dns_cache_copy(p, e, size);

    ngx_dns_cache_commit(s, NGX_DNS_CACHE_MAIN, size);

    value = ngx_dns_load(word);

    do {
        uses = value & NGX_DNS_CACHE_USES;
        uses -= ngx_min(uses, less);

        moved = ngx_dns_cache_value(s, e->hash, p)
                | (value & NGX_DNS_CACHE_CLAIM) | uses;

    } while (!__atomic_compare_exchange_n(word, &value, moved, 0,
                                          __ATOMIC_RELEASE, __ATOMIC_RELAXED));

    return NGX_OK;
}


static uint64_t *
ngx_dns_cache_word(ngx_dns_cache_shard_t *s, uint64_t hash, uint64_t place)
{
    uint64_t    *word;
    ngx_uint_t   i, k;

    for (k = 0; k < NGX_DNS_CACHE_BUCKETS; k++) {
        word = ngx_dns_cache_bucket(s, hash, k);

        for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {
            if ((ngx_dns_load(&word[i]) & NGX_DNS_CACHE_PLACE) == place) {
                return &word[i];
            }
        }
    }

    return NULL;
}

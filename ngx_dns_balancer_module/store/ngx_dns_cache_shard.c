
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"


/* an index word for so many octets of data: a typical entry and its share */

#define NGX_DNS_CACHE_PER_BUCKET   (NGX_DNS_CACHE_WAYS * 96)

#define NGX_DNS_CACHE_MIN_SHIFT    12
#define NGX_DNS_CACHE_MAX_SHIFT    20
#define NGX_DNS_CACHE_SEGMENTS     64      /* wished for, in a shard */

#define NGX_DNS_CACHE_STEPS        64      /* entries looked at for a store */
#define NGX_DNS_CACHE_SPINS        256


static ngx_int_t ngx_dns_cache_lock(ngx_dns_cache_shard_t *s);
static void ngx_dns_cache_unlock(ngx_dns_cache_shard_t *s);
static u_char *ngx_dns_cache_append(ngx_dns_cache_shard_t *s,
    ngx_uint_t log, size_t size);
static ngx_int_t ngx_dns_cache_open(ngx_dns_cache_shard_t *s, ngx_uint_t log);
static ngx_int_t ngx_dns_cache_evict(ngx_dns_cache_shard_t *s, uint32_t now);
static ngx_int_t ngx_dns_cache_victim(ngx_dns_cache_shard_t *s);
static void ngx_dns_cache_settle(ngx_dns_cache_shard_t *s,
    ngx_dns_cache_segment_t *seg, ngx_dns_cache_entry_t *e, uint64_t offset,
    uint32_t now);
static uint64_t *ngx_dns_cache_word(ngx_dns_cache_shard_t *s, uint64_t hash,
    uint64_t offset);
static uint64_t *ngx_dns_cache_place(ngx_dns_cache_shard_t *s, uint64_t hash,
    const u_char *name, const ngx_dns_cache_answer_t *a, ngx_uint_t *known);
static uint32_t *ngx_dns_cache_ghost(ngx_dns_cache_shard_t *s, uint64_t hash);
static void ngx_dns_cache_write(u_char *p, uint64_t hash, const u_char *name,
    const ngx_dns_cache_answer_t *answer, const uint16_t *ttl,
    const u_char *body, size_t size);


void
ngx_dns_cache_shard_init(ngx_dns_cache_shard_t *s, size_t size)
{
    size_t  data, fixed;

    /* a segment is a 64th of the data, within limits */

    for (s->shift = NGX_DNS_CACHE_MAX_SHIFT;
         s->shift > NGX_DNS_CACHE_MIN_SHIFT
         && (size >> s->shift) < NGX_DNS_CACHE_SEGMENTS;
         s->shift--)
    {
        /* void */
    }

    s->buckets = ngx_max(4, size / NGX_DNS_CACHE_PER_BUCKET);
    s->ghosts = s->buckets * 4;

    s->segment = ngx_align(sizeof(ngx_dns_cache_shard_t), NGX_DNS_CACHELINE);

    fixed = s->segment
            + ngx_align((size >> s->shift) * sizeof(ngx_dns_cache_segment_t),
                        NGX_DNS_CACHELINE);

    s->bucket = fixed;
    s->ghost = s->bucket + s->buckets * NGX_DNS_CACHE_WAYS * sizeof(uint64_t);
    s->data = ngx_align(s->ghost + s->ghosts * sizeof(uint32_t),
                        NGX_DNS_CACHELINE);

    data = size - s->data;
    s->segments = (uint32_t) (data >> s->shift);

    s->count[NGX_DNS_CACHE_FREE] = s->segments;
    s->head[NGX_DNS_CACHE_SMALL] = NGX_DNS_CACHE_NONE;
    s->head[NGX_DNS_CACHE_MAIN] = NGX_DNS_CACHE_NONE;
    s->victim = NGX_DNS_CACHE_NONE;
}


/*
 * The holder does nothing but copy: it is soon gone, or it is dead.  To find
 * that out costs a system call, so it is asked only after the spinning.
 */

static ngx_int_t
ngx_dns_cache_lock(ngx_dns_cache_shard_t *s)
{
    uint32_t    holder;
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_CACHE_SPINS; i++) {
        holder = ngx_dns_load(&s->lock);

        if (holder == 0
            && __atomic_compare_exchange_n(&s->lock, &holder,
                                           (uint32_t) ngx_pid, 0,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return NGX_OK;
        }

        ngx_cpu_pause();
    }

    if (holder != 0 && holder != (uint32_t) ngx_pid
        && kill((ngx_pid_t) holder, 0) == -1 && ngx_errno == NGX_ESRCH
        && __atomic_compare_exchange_n(&s->lock, &holder, (uint32_t) ngx_pid,
                                       0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    {
        return NGX_OK;
    }

    (void) ngx_dns_add(&s->stat.deferred, 1);

    return NGX_DECLINED;
}


static void
ngx_dns_cache_unlock(ngx_dns_cache_shard_t *s)
{
    __atomic_store_n(&s->lock, 0, __ATOMIC_RELEASE);
}


ngx_int_t
ngx_dns_cache_store(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_answer_t *answer,
    const uint16_t *ttl, const u_char *body, uint32_t now)
{
    size_t                  size;
    u_char                 *p;
    uint32_t               *ghost;
    uint64_t               *word, value, old;
    ngx_uint_t              log, known;
    ngx_dns_cache_shard_t  *s;

    s = ngx_dns_cache_shard(c, hash);

    size = ngx_align(sizeof(ngx_dns_cache_entry_t)
                     + 2 * (size_t) answer->nttl + answer->name_len
                     + answer->body_len, 8UL);

    if (size > (size_t) 1 << s->shift) {
        (void) ngx_dns_add(&s->stat.rejected, 1);
        return NGX_DECLINED;
    }

    if (ngx_dns_cache_lock(s) != NGX_OK) {
        return NGX_DECLINED;
    }

    /* room for the next ones is made step by step */

    if (ngx_dns_cache_evict(s, now) != NGX_OK) {
        goto declined;
    }

    word = ngx_dns_cache_place(s, hash, name, answer, &known);
    ghost = ngx_dns_cache_ghost(s, hash);

    log = (known || *ghost == (uint32_t) (hash >> 32)) ? NGX_DNS_CACHE_MAIN
                                                       : NGX_DNS_CACHE_SMALL;

    p = ngx_dns_cache_append(s, log, size);
    if (p == NULL) {
        goto declined;
    }

    ngx_dns_cache_write(p, hash, name, answer, ttl, body, size);

    ngx_dns_cache_segment(s, s->head[log])->used += (uint32_t) size;

    old = ngx_dns_load(word);

    value = (hash >> NGX_DNS_CACHE_TAG_SHIFT) << NGX_DNS_CACHE_TAG_SHIFT
            | (uint64_t) (p - ngx_dns_cache_data(s)) / 8;

    if (known) {

        /* who was popular stays so */

        value |= old & NGX_DNS_CACHE_USES;
    }

    __atomic_store_n(word, value, __ATOMIC_RELEASE);

    if (old == 0) {
        ngx_dns_own_add(&s->stat.entries, 1);

    } else if (!known) {
        ngx_dns_own_add(&s->stat.evictions, 1);
    }

    ngx_dns_own_add(&s->stat.inserts, 1);

    ngx_dns_cache_unlock(s);

    return NGX_OK;

declined:

    ngx_dns_own_add(&s->stat.deferred, 1);

    ngx_dns_cache_unlock(s);

    return NGX_DECLINED;
}


/*
 * Readers may look at these octets by an old index word: they find another
 * generation of the segment then.
 */

static void
ngx_dns_cache_write(u_char *p, uint64_t hash, const u_char *name,
    const ngx_dns_cache_answer_t *answer, const uint16_t *ttl,
    const u_char *body, size_t size)
{
    ngx_dns_cache_entry_t  e;

    e.hash = hash;
    e.size = (uint32_t) size;
    e.pad = 0;
    e.answer = *answer;

    ngx_dns_cache_copy(p, &e, sizeof(ngx_dns_cache_entry_t));
    p += sizeof(ngx_dns_cache_entry_t);

    ngx_dns_cache_copy(p, ttl, 2 * (size_t) answer->nttl);
    p += 2 * (size_t) answer->nttl;

    ngx_dns_cache_copy(p, name, answer->name_len);
    p += answer->name_len;

    ngx_dns_cache_copy(p, body, answer->body_len);
}


static u_char *
ngx_dns_cache_append(ngx_dns_cache_shard_t *s, ngx_uint_t log, size_t size)
{
    uint32_t  head;

    head = s->head[log];

    if (head == NGX_DNS_CACHE_NONE
        || ngx_dns_cache_segment(s, head)->used + size
           > (size_t) 1 << s->shift)
    {
        if (ngx_dns_cache_open(s, log) != NGX_OK) {
            return NULL;
        }

        head = s->head[log];
    }

    return ngx_dns_cache_data(s) + ((size_t) head << s->shift)
           + ngx_dns_cache_segment(s, head)->used;
}


static ngx_int_t
ngx_dns_cache_open(ngx_dns_cache_shard_t *s, ngx_uint_t log)
{
    uint32_t                  i;
    ngx_dns_cache_segment_t  *seg;

    for (i = 0; i < s->segments; i++) {
        seg = ngx_dns_cache_segment(s, i);

        if (seg->log == NGX_DNS_CACHE_FREE) {
            seg->used = 0;
            seg->order = s->order++;

            /* what is written from now on is of another generation */

            ngx_dns_store(&seg->generation, seg->generation + 1);
            __atomic_thread_fence(__ATOMIC_RELEASE);

            seg->log = (uint32_t) log;
            s->head[log] = i;

            s->count[NGX_DNS_CACHE_FREE]--;
            s->count[log]++;

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * Keeps one segment free, for what moves from an old segment to a young one.
 * NGX_DECLINED if that could not be done for now.
 */

static ngx_int_t
ngx_dns_cache_evict(ngx_dns_cache_shard_t *s, uint32_t now)
{
    uint64_t                  offset;
    ngx_uint_t                n;
    ngx_dns_cache_entry_t    *e;
    ngx_dns_cache_segment_t  *seg;

    for (n = 0; n < NGX_DNS_CACHE_STEPS; n++) {

        if (s->victim == NGX_DNS_CACHE_NONE) {

            if (s->count[NGX_DNS_CACHE_FREE] > 2) {
                return NGX_OK;
            }

            if (ngx_dns_cache_victim(s) != NGX_OK) {
                break;
            }
        }

        seg = ngx_dns_cache_segment(s, s->victim);

        if (s->cursor == seg->used) {
            s->count[seg->log]--;
            s->count[NGX_DNS_CACHE_FREE]++;

            seg->log = NGX_DNS_CACHE_FREE;
            s->victim = NGX_DNS_CACHE_NONE;
            continue;
        }

        offset = ((uint64_t) s->victim << s->shift) + s->cursor;

        e = (ngx_dns_cache_entry_t *) (void *) (ngx_dns_cache_data(s)
                                                + offset);

        ngx_dns_cache_settle(s, seg, e, offset, now);

        s->cursor += e->size;
    }

    return s->count[NGX_DNS_CACHE_FREE] ? NGX_OK : NGX_DECLINED;
}


/* the oldest of the small log if that has its tenth, else of the main one */

static ngx_int_t
ngx_dns_cache_victim(ngx_dns_cache_shard_t *s)
{
    uint32_t                  i, best;
    ngx_uint_t                log;
    ngx_dns_cache_segment_t  *seg;

    log = (s->count[NGX_DNS_CACHE_SMALL] > ngx_max(1, s->segments / 10)
           || s->count[NGX_DNS_CACHE_MAIN] <= 1)
          ? NGX_DNS_CACHE_SMALL : NGX_DNS_CACHE_MAIN;

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

    if (best == NGX_DNS_CACHE_NONE) {
        return NGX_DECLINED;
    }

    s->victim = best;
    s->cursor = 0;

    return NGX_OK;
}


/*
 * An entry at its end: dropped, or moved to the young end of the main log.
 * Who dies between the steps leaves an entry that is done here again: its
 * index word tells what was done.
 */

static void
ngx_dns_cache_settle(ngx_dns_cache_shard_t *s, ngx_dns_cache_segment_t *seg,
    ngx_dns_cache_entry_t *e, uint64_t offset, uint32_t now)
{
    u_char      *p;
    uint64_t    *word, value, uses, moved;

    word = ngx_dns_cache_word(s, e->hash, offset);

    if (word == NULL) {
        return;
    }

    value = ngx_dns_load(word);
    uses = value & NGX_DNS_CACHE_USES;

    if (uses && (int32_t) (e->answer.expires - now) > 0) {

        p = ngx_dns_cache_append(s, NGX_DNS_CACHE_MAIN, e->size);

        if (p) {
            ngx_dns_cache_copy(p, e, e->size);

            ngx_dns_cache_segment(s, s->head[NGX_DNS_CACHE_MAIN])->used +=
                                                                     e->size;

            moved = (value & ~(NGX_DNS_CACHE_OFFSET | NGX_DNS_CACHE_USES))
                    | (uint64_t) (p - ngx_dns_cache_data(s)) / 8;

            if (seg->log == NGX_DNS_CACHE_MAIN) {
                moved |= uses - NGX_DNS_CACHE_USE;
            }

            __atomic_store_n(word, moved, __ATOMIC_RELEASE);
            return;
        }
    }

    if (seg->log == NGX_DNS_CACHE_SMALL) {
        *ngx_dns_cache_ghost(s, e->hash) = (uint32_t) (e->hash >> 32);
    }

    ngx_dns_store(word, 0);

    ngx_dns_own_add(&s->stat.entries, -1);

    if ((int32_t) (e->answer.expires - now) > 0) {
        ngx_dns_own_add(&s->stat.evictions, 1);
    }
}


static uint64_t *
ngx_dns_cache_word(ngx_dns_cache_shard_t *s, uint64_t hash, uint64_t offset)
{
    uint64_t    *word;
    ngx_uint_t   i;

    word = ngx_dns_cache_bucket(s, hash);

    for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {
        if (word[i] != 0 && (word[i] & NGX_DNS_CACHE_OFFSET) * 8 == offset
            && (word[i] ^ hash) >> NGX_DNS_CACHE_TAG_SHIFT == 0)
        {
            return &word[i];
        }
    }

    return NULL;
}


/* the word of the same key, a free one, or that of the least used entry */

static uint64_t *
ngx_dns_cache_place(ngx_dns_cache_shard_t *s, uint64_t hash,
    const u_char *name, const ngx_dns_cache_answer_t *a, ngx_uint_t *known)
{
    u_char                 *p;
    uint64_t               *word, *best;
    ngx_uint_t              i, k;
    ngx_dns_cache_entry_t  *e;

    *known = 0;
    best = NULL;

    word = ngx_dns_cache_bucket(s, hash);

    for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {

        /* where to begin differs, so that not the same one always goes */

        k = (i + s->order + (ngx_uint_t) (hash >> 32)) % NGX_DNS_CACHE_WAYS;

        if (word[k] == 0) {
            best = &word[k];
            continue;
        }

        if (best == NULL
            || (*best != 0 && (word[k] & NGX_DNS_CACHE_USES)
                              < (*best & NGX_DNS_CACHE_USES)))
        {
            best = &word[k];
        }

        if ((word[k] ^ hash) >> NGX_DNS_CACHE_TAG_SHIFT != 0) {
            continue;
        }

        p = ngx_dns_cache_data(s) + (word[k] & NGX_DNS_CACHE_OFFSET) * 8;
        e = (ngx_dns_cache_entry_t *) (void *) p;

        if (e->hash == hash && e->answer.bits == a->bits
            && e->answer.scope == a->scope
            && e->answer.name_len == a->name_len
            && ngx_memcmp(p + sizeof(ngx_dns_cache_entry_t)
                          + 2 * (size_t) e->answer.nttl, name, a->name_len)
               == 0)
        {
            *known = 1;
            return &word[k];
        }
    }

    return best;
}


static uint32_t *
ngx_dns_cache_ghost(ngx_dns_cache_shard_t *s, uint64_t hash)
{
    return (uint32_t *) (void *) ((u_char *) s + s->ghost)
           + (((hash & 0xffffffff) * s->ghosts) >> 32);
}


void
ngx_dns_cache_copy(void *dst, const void *src, size_t len)
{
#if (__SANITIZE_THREAD__)
    u_char        *d;
    const u_char  *p;

    d = dst;
    p = src;

    while (len--) {
        ngx_dns_store(d, ngx_dns_load(p));
        d++;
        p++;
    }
#else
    ngx_memcpy(dst, src, len);
#endif
}

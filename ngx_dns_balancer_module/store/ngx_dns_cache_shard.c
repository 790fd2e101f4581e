
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"


/* an index word for so many octets of data: a typical entry and its share */

#define NGX_DNS_CACHE_PER_BUCKET   (NGX_DNS_CACHE_WAYS * 112)

#define NGX_DNS_CACHE_MIN_SHIFT    12
#define NGX_DNS_CACHE_MAX_SHIFT    18
#define NGX_DNS_CACHE_SEGMENTS     256     /* wished for, in a shard */


/* an entry to be stored */

typedef struct {
    uint64_t                       hash;
    const u_char                  *name;
    const ngx_dns_cache_answer_t  *answer;
    const uint16_t                *ttl;
    const u_char                  *body;
    size_t                         size;
    ngx_uint_t                     failure;    /* see store_failure() */
} ngx_dns_cache_item_t;


static ngx_int_t ngx_dns_cache_put(ngx_dns_cache_shm_t *c,
    ngx_dns_cache_item_t *item, uint32_t now);
static ngx_int_t ngx_dns_cache_insert(ngx_dns_cache_shard_t *s,
    const ngx_dns_cache_item_t *item, uint32_t now);
static uint64_t *ngx_dns_cache_place(ngx_dns_cache_shard_t *s,
    const ngx_dns_cache_item_t *item, ngx_uint_t *known);
static ngx_uint_t ngx_dns_cache_same(ngx_dns_cache_shard_t *s, uint64_t value,
    const ngx_dns_cache_item_t *item);
static void ngx_dns_cache_write(u_char *p, const ngx_dns_cache_item_t *item);
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


ngx_int_t
ngx_dns_cache_store(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_answer_t *answer,
    const uint16_t *ttl, const u_char *body, uint32_t now)
{
    ngx_dns_cache_item_t  item;

    item.hash = hash;
    item.name = name;
    item.answer = answer;
    item.ttl = ttl;
    item.body = body;
    item.failure = 0;

    return ngx_dns_cache_put(c, &item, now);
}


ngx_int_t
ngx_dns_cache_store_failure(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_answer_t *answer, uint32_t now)
{
    ngx_dns_cache_item_t  item;

    item.hash = hash;
    item.name = name;
    item.answer = answer;
    item.ttl = NULL;
    item.body = name;                   /* of no length */
    item.failure = 1;

    return ngx_dns_cache_put(c, &item, now);
}


static ngx_int_t
ngx_dns_cache_put(ngx_dns_cache_shm_t *c, ngx_dns_cache_item_t *item,
    uint32_t now)
{
    ngx_int_t               rc;
    ngx_dns_cache_shard_t  *s;

    s = ngx_dns_cache_shard(c, item->hash);

    item->size = ngx_dns_cache_size(item->answer);

    if (item->size > (size_t) 1 << s->shift) {
        (void) ngx_dns_add(&s->stat.rejected, 1);
        return NGX_DECLINED;
    }

    rc = ngx_dns_cache_lock(s);

    if (rc == NGX_OK) {
        rc = ngx_dns_cache_insert(s, item, now);
        ngx_dns_cache_unlock(s);
    }

    if (rc == NGX_DECLINED) {
        (void) ngx_dns_add(&s->stat.deferred, 1);
    }

    return rc;
}


static ngx_int_t
ngx_dns_cache_insert(ngx_dns_cache_shard_t *s,
    const ngx_dns_cache_item_t *item, uint32_t now)
{
    u_char      *p;
    int64_t      bytes;
    uint64_t    *word, value, old;
    ngx_uint_t   log, known;

    word = ngx_dns_cache_place(s, item, &known);

    if (item->failure && known
        && ngx_dns_cache_rcode(&ngx_dns_cache_entry(s, *word)->answer)
           != NGX_DNS_SERVFAIL)
    {
        return NGX_BUSY;
    }

    log = (known || ngx_dns_cache_recall(s, item->hash))
          ? NGX_DNS_CACHE_MAIN : NGX_DNS_CACHE_SMALL;

    if (ngx_dns_cache_evict(s, log, item->size, now) != NGX_OK) {
        return NGX_DECLINED;
    }

    p = ngx_dns_cache_append(s, log, item->size);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_dns_cache_write(p, item);
    ngx_dns_cache_commit(s, log, item->size);

    /* what was there may have been moved or dropped to make room */

    old = ngx_dns_load(word);
    value = ngx_dns_cache_value(s, item->hash, p);
    bytes = (int64_t) item->size;

    if (old) {
        bytes -= (int64_t)
                 ngx_dns_cache_size(&ngx_dns_cache_entry(s, old)->answer);

        if (known) {
            value |= old & NGX_DNS_CACHE_USES;   /* who was popular stays so */

        } else {
            ngx_dns_own_add(&s->stat.evictions, 1);
        }
    }

    ngx_dns_cache_set(s, word, value, old == 0, bytes);
    ngx_dns_own_add(&s->stat.inserts, 1);

    return NGX_OK;
}


/*
 * The word of the same key, or a free one, or that of the least used entry:
 * where to begin differs, so that it is not always the same one that goes.
 */

static uint64_t *
ngx_dns_cache_place(ngx_dns_cache_shard_t *s, const ngx_dns_cache_item_t *item,
    ngx_uint_t *known)
{
    uint64_t    *word, *best, value, uses, least;
    ngx_uint_t   i, k, n;

    *known = 0;
    best = NULL;
    least = 0;

    for (k = 0; k < NGX_DNS_CACHE_BUCKETS; k++) {
        word = ngx_dns_cache_bucket(s, item->hash, k);

        for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {
            n = (i + (item->hash >> 32)) % NGX_DNS_CACHE_WAYS;

            value = ngx_dns_load(&word[n]);
            uses = value ? 1 + (value & NGX_DNS_CACHE_USES) : 0;

            if (best == NULL || uses < least) {
                best = &word[n];
                least = uses;
            }

            if (value && ngx_dns_cache_same(s, value, item)) {
                *known = 1;
                return &word[n];
            }
        }
    }

    return best;
}


static ngx_uint_t
ngx_dns_cache_same(ngx_dns_cache_shard_t *s, uint64_t value,
    const ngx_dns_cache_item_t *item)
{
    u_char                        *p;
    ngx_dns_cache_entry_t         *e;
    const ngx_dns_cache_answer_t  *a;

    if ((value ^ item->hash) >> NGX_DNS_CACHE_TAG_SHIFT != 0) {
        return 0;
    }

    a = item->answer;
    e = ngx_dns_cache_entry(s, value);

    if (e->hash != item->hash || e->answer.bits != a->bits
        || e->answer.partition != a->partition
        || e->answer.name_len != a->name_len)
    {
        return 0;
    }

    p = (u_char *) e + sizeof(ngx_dns_cache_entry_t)
        + 2 * (size_t) e->answer.nttl;

    return ngx_memcmp(p, item->name, a->name_len) == 0;
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


/*
 * Readers may look at these octets by an old index word: they find another
 * generation of the segment then.
 */

static void
ngx_dns_cache_write(u_char *p, const ngx_dns_cache_item_t *item)
{
    ngx_dns_cache_entry_t          e;
    const ngx_dns_cache_answer_t  *a;

    a = item->answer;

    e.hash = item->hash;
    e.answer = *a;

    ngx_dns_cache_copy(p, &e, sizeof(ngx_dns_cache_entry_t));
    p += sizeof(ngx_dns_cache_entry_t);

    if (a->nttl) {
        ngx_dns_cache_copy(p, item->ttl, 2 * (size_t) a->nttl);
        p += 2 * (size_t) a->nttl;
    }

    ngx_dns_cache_copy(p, item->name, a->name_len);
    p += a->name_len;

    ngx_dns_cache_copy(p, item->body, a->body_len);
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

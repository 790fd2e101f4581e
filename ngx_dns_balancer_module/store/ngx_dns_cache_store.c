
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"
#include "../base/ngx_dns_clock.h"


/* seconds that the clocks of two workers may differ by */

#define NGX_DNS_CACHE_LATE  (NGX_DNS_CLOCK_LATE / 1000)


/* an entry to be stored */

typedef struct {
    uint64_t                         hash;
    const u_char                    *name;
    const ngx_dns_cache_response_t  *answer;
    const uint16_t                  *ttl;
    const u_char                    *body;
    size_t                           size;
    ngx_uint_t                       failure;    /* see store_failure() */
    ngx_uint_t                       restored;   /* see restore() */
    ngx_uint_t                       main;
    uint64_t                         uses;
} ngx_dns_cache_item_t;


static ngx_int_t ngx_dns_cache_put(ngx_dns_cache_shm_t *c,
    ngx_dns_cache_item_t *item, ngx_dns_cache_when_t *when);
static ngx_int_t ngx_dns_cache_insert(ngx_dns_cache_shard_t *s,
    const ngx_dns_cache_item_t *item, uint32_t now);
static ngx_uint_t ngx_dns_cache_stays(const ngx_dns_cache_response_t *a,
    const ngx_dns_cache_item_t *item, uint32_t now);
static uint64_t *ngx_dns_cache_place(ngx_dns_cache_shard_t *s,
    const ngx_dns_cache_item_t *item, ngx_uint_t *known);
static ngx_uint_t ngx_dns_cache_same(ngx_dns_cache_shard_t *s, uint64_t value,
    const ngx_dns_cache_item_t *item);
static void ngx_dns_cache_write(u_char *p, const ngx_dns_cache_item_t *item);


ngx_int_t
ngx_dns_cache_store(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    const uint16_t *ttl, const u_char *body, ngx_dns_cache_when_t *when)
{
    ngx_dns_cache_item_t  item;

    item.hash = hash;
    item.name = name;
    item.answer = answer;
    item.ttl = ttl;
    item.body = body;
    item.failure = 0;
    item.restored = 0;
    item.uses = 0;

    return ngx_dns_cache_put(c, &item, when);
}


ngx_int_t
ngx_dns_cache_store_failure(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    ngx_dns_cache_when_t *when)
{
    ngx_dns_cache_item_t  item;

    item.hash = hash;
    item.name = name;
    item.answer = answer;
    item.ttl = NULL;
    item.body = name;                   /* of no length */
    item.failure = 1;
    item.restored = 0;
    item.uses = 0;

    return ngx_dns_cache_put(c, &item, when);
}


ngx_int_t
ngx_dns_cache_restore(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    const uint16_t *ttl, ngx_uint_t uses, ngx_dns_cache_when_t *when)
{
    ngx_dns_cache_item_t  item;

    item.hash = hash;
    item.name = name;
    item.answer = answer;
    item.ttl = ttl;
    item.body = name + answer->name_len;
    item.failure = 0;
    item.restored = 1;
    item.main = uses & NGX_DNS_CACHE_RESTORE_MAIN;
    item.uses = (uses * NGX_DNS_CACHE_USE) & NGX_DNS_CACHE_USES;

    return ngx_dns_cache_put(c, &item, when);
}


static ngx_int_t
ngx_dns_cache_put(ngx_dns_cache_shm_t *c, ngx_dns_cache_item_t *item,
    ngx_dns_cache_when_t *when)
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

        /* under the lock: a purge comes to this shard later, or was there */

        rc = when->asked < ngx_dns_load(&c->purged)
             ? NGX_ABORT : ngx_dns_cache_insert(s, item, when->now);
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
    old = ngx_dns_load(word);

    if (known
        && ngx_dns_cache_stays(&ngx_dns_cache_entry(s, old)->answer, item, now))
    {
        return NGX_BUSY;
    }

    log = (known || (item->restored ? item->main
                                    : ngx_dns_cache_recall(s, item->hash)))
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
    value = ngx_dns_cache_value(s, item->hash, p) | item->uses;
    bytes = (int64_t) item->size;

    if (old) {
        bytes -= (int64_t)
                 ngx_dns_cache_size(&ngx_dns_cache_entry(s, old)->answer);

        if (known) {
            value |= old & NGX_DNS_CACHE_USES;   /* who was popular stays so */

        } else if ((int32_t) (ngx_dns_cache_entry(s, old)->answer.expires - now)
                   > 0)
        {
            ngx_dns_own_add(&s->stat.evictions, 1);
        }
    }

    ngx_dns_cache_set(s, word, value, old == 0, bytes);
    ngx_dns_own_add(&s->stat.inserts, 1);

    return NGX_OK;
}


/* what is there under the same key, and is not replaced by it */

static ngx_uint_t
ngx_dns_cache_stays(const ngx_dns_cache_response_t *a,
    const ngx_dns_cache_item_t *item, uint32_t now)
{
    if (item->restored
        || (item->failure && ngx_dns_cache_rcode(a) != NGX_DNS_SERVFAIL))
    {
        return 1;
    }

    /* this worker was stopped with what it stores, and another was not */

    return (int32_t) (a->stored - now) > NGX_DNS_CACHE_LATE;
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
    u_char                          *p;
    ngx_dns_cache_entry_t           *e;
    const ngx_dns_cache_response_t  *a;

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


/*
 * Readers may look at these octets by an old index word: they find another
 * generation of the segment then.
 */

static void
ngx_dns_cache_write(u_char *p, const ngx_dns_cache_item_t *item)
{
    ngx_dns_cache_entry_t            e;
    const ngx_dns_cache_response_t  *a;

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

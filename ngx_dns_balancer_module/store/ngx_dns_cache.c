
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_CACHE_SHARDS  64
#define NGX_DNS_CACHE_SHARD   (8UL << 20)   /* of at least so many octets */


static ngx_uint_t ngx_dns_cache_shards(size_t size);
static ngx_uint_t ngx_dns_cache_pin(ngx_dns_cache_shard_t *s, uint64_t *word,
    uint64_t value, ngx_dns_cache_view_t *view);
static ngx_int_t ngx_dns_cache_match(ngx_dns_cache_shard_t *s, uint64_t hash,
    const u_char *name, size_t len, uint64_t bits, uint64_t partition,
    ngx_dns_cache_view_t *view);


static ngx_uint_t
ngx_dns_cache_shards(size_t size)
{
    ngx_uint_t  n;

    for (n = 1; n < NGX_DNS_CACHE_SHARDS; n *= 2) {
        if (size / (2 * n) < NGX_DNS_CACHE_SHARD) {
            break;
        }
    }

    return n;
}


ngx_dns_cache_shm_t *
ngx_dns_cache_init(void *mem, size_t size)
{
    size_t                  part;
    u_char                 *p;
    ngx_uint_t              i;
    ngx_dns_cache_shm_t    *c;

    c = mem;
    p = mem;

    c->shards = (uint32_t) ngx_dns_cache_shards(size);
    c->size = size;
    c->key.k0 = ngx_dns_random64();
    c->key.k1 = ngx_dns_random64();
    c->id = ngx_dns_random64();

    part = (size - sizeof(ngx_dns_cache_shm_t)) / c->shards;
    part -= part % NGX_DNS_CACHELINE;

    for (i = 0; i < c->shards; i++) {
        c->shard[i] = sizeof(ngx_dns_cache_shm_t) + i * part;

        ngx_dns_cache_shard_init(
                      (ngx_dns_cache_shard_t *) (void *) (p + c->shard[i]),
                      part);
    }

    c->layout = NGX_DNS_CACHE_LAYOUT;

    return c;
}


ngx_dns_cache_shm_t *
ngx_dns_cache_attach(void *mem, size_t size)
{
    ngx_dns_cache_shm_t  *c;

    c = mem;

    return (c->layout == NGX_DNS_CACHE_LAYOUT && c->size == size) ? c : NULL;
}


ngx_int_t
ngx_dns_cache_find(ngx_dns_cache_shm_t *c, uint64_t hash, const u_char *name,
    size_t len, uint64_t bits, uint64_t partition, ngx_dns_cache_view_t *view)
{
    uint64_t               *word, value;
    ngx_uint_t              i, k;
    ngx_dns_cache_shard_t  *s;

    s = ngx_dns_cache_shard(c, hash);

    for (k = 0; k < NGX_DNS_CACHE_BUCKETS; k++) {
        word = ngx_dns_cache_bucket(s, hash, k);

        for (i = 0; i < NGX_DNS_CACHE_WAYS; i++) {

            value = ngx_dns_load(&word[i]);

            if (value != 0
                && (value ^ hash) >> NGX_DNS_CACHE_TAG_SHIFT == 0
                && ngx_dns_cache_pin(s, &word[i], value, view)
                && ngx_dns_cache_match(s, hash, name, len, bits, partition,
                                       view)
                   == NGX_OK)
            {
                return NGX_OK;
            }
        }
    }

    return NGX_DECLINED;
}


/*
 * The generation in which the word was set: the word is the same after the
 * generation was loaded, and would have been cleared before it changed.
 */

static ngx_uint_t
ngx_dns_cache_pin(ngx_dns_cache_shard_t *s, uint64_t *word, uint64_t value,
    ngx_dns_cache_view_t *view)
{
    view->word = word;
    view->value = value;
    view->gen = ngx_dns_cache_generation(s, ngx_dns_cache_offset(value)
                                            >> s->shift);
    view->generation = __atomic_load_n(view->gen, __ATOMIC_ACQUIRE);

    return ((__atomic_load_n(word, __ATOMIC_ACQUIRE) ^ value)
            & NGX_DNS_CACHE_PLACE) == 0;
}


/*
 * Nothing of the entry is believed before it is checked: the segment can be
 * written again meanwhile.  Lengths are loaded once.
 */

static ngx_int_t
ngx_dns_cache_match(ngx_dns_cache_shard_t *s, uint64_t hash,
    const u_char *name, size_t len, uint64_t bits, uint64_t partition,
    ngx_dns_cache_view_t *view)
{
    size_t                        offset, room;
    const u_char                 *p;
    ngx_dns_cache_response_t     *a;
    const ngx_dns_cache_entry_t  *e;

    offset = ngx_dns_cache_offset(view->value);
    room = ((size_t) 1 << s->shift) - (offset & (((size_t) 1 << s->shift) - 1));

    p = ngx_dns_cache_data(s) + offset;
    e = (const ngx_dns_cache_entry_t *) (const void *) p;

    if (room < sizeof(ngx_dns_cache_entry_t)
        || ngx_dns_load(&e->hash) != hash)
    {
        return NGX_DECLINED;
    }

    a = &view->answer;
    ngx_dns_cache_copy(a, &e->answer, sizeof(ngx_dns_cache_response_t));

    if (a->bits != bits || a->partition != partition || a->name_len != len
        || ngx_dns_cache_size(a) > room)
    {
        return NGX_DECLINED;
    }

    p += sizeof(ngx_dns_cache_entry_t);

    view->ttl = (const uint16_t *) (const void *) p;
    p += 2 * (size_t) a->nttl;

    if (ngx_dns_cache_differs(p, name, len)) {
        return NGX_DECLINED;
    }

    view->body = p + len;

    return NGX_OK;
}


ngx_uint_t
ngx_dns_cache_uses(ngx_dns_cache_view_t *view)
{
    return (view->value & NGX_DNS_CACHE_USES) / NGX_DNS_CACHE_USE;
}


ngx_uint_t
ngx_dns_cache_claim(ngx_dns_cache_view_t *view)
{
    uint64_t  value;

    value = ngx_dns_load(view->word);

    return (value & NGX_DNS_CACHE_CLAIM) == 0
           && (value & NGX_DNS_CACHE_PLACE)
              == (view->value & NGX_DNS_CACHE_PLACE)
           && ngx_dns_cas(view->word, value, value | NGX_DNS_CACHE_CLAIM);
}


void
ngx_dns_cache_unclaim(ngx_dns_cache_view_t *view)
{
    uint64_t  value;

    /* others count uses in the same word meanwhile */

    do {
        value = ngx_dns_load(view->word);

        if ((value ^ view->value) & NGX_DNS_CACHE_PLACE) {
            return;
        }

    } while (!ngx_dns_cas(view->word, value, value & ~NGX_DNS_CACHE_CLAIM));
}


void
ngx_dns_cache_stat(ngx_dns_cache_shm_t *c, ngx_dns_cache_stat_t *stat)
{
    ngx_uint_t              i;
    ngx_dns_cache_shard_t  *s;

    ngx_memzero(stat, sizeof(ngx_dns_cache_stat_t));

    for (i = 0; i < c->shards; i++) {
        s = ngx_dns_cache_shard(c, (uint64_t) i << NGX_DNS_CACHE_SHARD_SHIFT);

        stat->entries += ngx_dns_load(&s->stat.entries);
        stat->bytes += ngx_dns_load(&s->stat.bytes);
        stat->inserts += ngx_dns_load(&s->stat.inserts);
        stat->evictions += ngx_dns_load(&s->stat.evictions);
        stat->deferred += ngx_dns_load(&s->stat.deferred);
        stat->rejected += ngx_dns_load(&s->stat.rejected);
    }
}

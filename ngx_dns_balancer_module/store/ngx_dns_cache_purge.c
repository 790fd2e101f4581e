
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"


static ngx_int_t ngx_dns_cache_purge_word(ngx_dns_cache_shard_t *s,
    uint64_t *word, ngx_dns_cache_purge_t *purge);
static ngx_uint_t ngx_dns_cache_purge_peek(ngx_dns_cache_shard_t *s,
    uint64_t value, ngx_dns_cache_purge_t *purge);
static ngx_uint_t ngx_dns_cache_purge_name(const u_char *p, size_t n,
    ngx_dns_cache_purge_t *purge);


void
ngx_dns_cache_purge_begin(ngx_dns_cache_shm_t *c, ngx_dns_cache_purge_t *purge,
    uint64_t usec)
{
    uint64_t  purged;

    purge->shard = 0;
    purge->word = 0;
    purge->purged = 0;

    /* it never goes back, whoever else begins one */

    purged = ngx_dns_load(&c->purged);

    while (purged <= usec && !ngx_dns_cas(&c->purged, purged, usec + 1)) {
        purged = ngx_dns_load(&c->purged);
    }
}


/*
 * By the index, not by the logs: an entry that is moved or replaced keeps its
 * word.
 */

ngx_int_t
ngx_dns_cache_purge(ngx_dns_cache_shm_t *c, ngx_dns_cache_purge_t *purge,
    ngx_uint_t words)
{
    uint64_t               *word, n;
    ngx_dns_cache_shard_t  *s;

    while (purge->shard < c->shards) {
        s = ngx_dns_cache_shard(c, (uint64_t) purge->shard
                                   << NGX_DNS_CACHE_SHARD_SHIFT);

        word = (uint64_t *) (void *) ((u_char *) s + s->bucket);
        n = s->buckets * NGX_DNS_CACHE_WAYS;

        for ( /* void */ ; purge->word < n; purge->word++) {

            if (words-- == 0) {
                return NGX_AGAIN;
            }

            if (ngx_dns_cache_purge_word(s, &word[purge->word], purge)
                != NGX_OK)
            {
                return NGX_BUSY;
            }
        }

        purge->shard++;
        purge->word = 0;
    }

    return NGX_OK;
}


/* most words are of no interest: these are found without the lock */

static ngx_int_t
ngx_dns_cache_purge_word(ngx_dns_cache_shard_t *s, uint64_t *word,
    ngx_dns_cache_purge_t *purge)
{
    uint64_t   value;
    uint32_t  *gen, generation;

    for ( ;; ) {
        value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

        if (value == 0) {
            return NGX_OK;
        }

        gen = ngx_dns_cache_generation(s, ngx_dns_cache_offset(value)
                                          >> s->shift);
        generation = __atomic_load_n(gen, __ATOMIC_ACQUIRE);

        if (ngx_dns_cache_purge_peek(s, value, purge)) {
            break;
        }

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        /* it was read as a whole, and is another one's */

        if (((ngx_dns_load(word) ^ value) & NGX_DNS_CACHE_PLACE) == 0
            && ngx_dns_load(gen) == generation)
        {
            return NGX_OK;
        }
    }

    if (ngx_dns_cache_lock(s) != NGX_OK) {
        return NGX_BUSY;
    }

    value = ngx_dns_load(word);

    if (value && ngx_dns_cache_purge_peek(s, value, purge)) {
        ngx_dns_cache_set(s, word, 0, -1,
                          -(int64_t) ngx_dns_cache_size(
                                   &ngx_dns_cache_entry(s, value)->answer));
        purge->purged++;
    }

    ngx_dns_cache_unlock(s);

    return NGX_OK;
}


/* is it one to be purged? what is read may be written at the same time */

static ngx_uint_t
ngx_dns_cache_purge_peek(ngx_dns_cache_shard_t *s, uint64_t value,
    ngx_dns_cache_purge_t *purge)
{
    size_t                        offset, room;
    uint16_t                      type;
    const u_char                 *p;
    ngx_dns_cache_response_t      a;
    const ngx_dns_cache_entry_t  *e;

    if (purge->len == 0) {
        return 1;
    }

    offset = ngx_dns_cache_offset(value);
    room = ((size_t) 1 << s->shift) - (offset & (((size_t) 1 << s->shift) - 1));

    p = ngx_dns_cache_data(s) + offset;
    e = (const ngx_dns_cache_entry_t *) (const void *) p;

    if (room < sizeof(ngx_dns_cache_entry_t)) {
        return 0;
    }

    ngx_dns_cache_copy(&a, &e->answer, sizeof(ngx_dns_cache_response_t));

    if (ngx_dns_cache_size(&a) > room) {
        return 0;
    }

    /* 0: that the name is not there is for all types (RFC 2308, 5) */

    type = (uint16_t) (a.bits >> 48);

    if (purge->type && type && type != purge->type) {
        return 0;
    }

    return ngx_dns_cache_purge_name(p + sizeof(ngx_dns_cache_entry_t)
                                      + 2 * (size_t) a.nttl,
                                    a.name_len, purge);
}


/* label by label, so that what looks like the name is not inside of one */

static ngx_uint_t
ngx_dns_cache_purge_name(const u_char *p, size_t n,
    ngx_dns_cache_purge_t *purge)
{
    size_t  label;

    while (purge->below && n > purge->len) {
        label = (size_t) ngx_dns_load(p) + 1;

        if (label == 1 || label >= n) {
            return 0;
        }

        p += label;
        n -= label;
    }

    return n == purge->len && !ngx_dns_cache_differs(p, purge->name, n);
}

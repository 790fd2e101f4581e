
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_forward.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_FORWARD_SIZE  16


static void ngx_dns_forward_chain(ngx_dns_zone_t *zone);
static ngx_int_t ngx_dns_forward_grow(ngx_dns_forward_t *f);
static ngx_dns_zone_t **ngx_dns_forward_slot(ngx_dns_forward_t *f,
    const u_char *name, size_t len, uint64_t hash);
static ngx_uint_t ngx_dns_forward_labels(ngx_str_t *name);
static ngx_dns_zone_t *ngx_dns_forward_longest(ngx_dns_forward_t *f,
    ngx_dns_question_t *q, ngx_int_t n);


ngx_dns_forward_t *
ngx_dns_forward_create(ngx_pool_t *pool)
{
    ngx_dns_forward_t  *f;

    f = ngx_pcalloc(pool, sizeof(ngx_dns_forward_t));
    if (f == NULL) {
        return NULL;
    }

    f->pool = pool;
    f->key.k0 = ngx_dns_random64();
    f->key.k1 = ngx_dns_random64();

    return ngx_dns_forward_grow(f) == NGX_OK ? f : NULL;
}


ngx_int_t
ngx_dns_forward_add(ngx_dns_forward_t *f, ngx_dns_zone_t *zone)
{
    ngx_uint_t        labels;
    ngx_dns_zone_t  **slot;

    if (2 * (f->n + 1) > f->mask && ngx_dns_forward_grow(f) != NGX_OK) {
        return NGX_ERROR;
    }

    zone->special = (zone->returns ? NGX_DNS_ZONE_RETURN : 0)
                    | (zone->choice ? NGX_DNS_ZONE_CHOICE : 0);

    ngx_dns_forward_chain(zone);

    if (zone->upstream) {
        zone->partition = zone->upstream->partition ^ zone->chain;
        zone->special |= zone->upstream->key ? NGX_DNS_ZONE_KEY : 0;
    }

    zone->hash = ngx_dns_hash_name(&f->key, zone->name.data, zone->name.len, 0);

    slot = ngx_dns_forward_slot(f, zone->name.data, zone->name.len,
                                zone->hash);
    if (*slot) {
        return NGX_BUSY;
    }

    *slot = zone;
    f->n++;

    labels = ngx_dns_forward_labels(&zone->name);

    if (labels == 0) {
        f->root = zone;
    }

    f->depths[labels / 64] |= (uint64_t) 1 << (labels % 64);
    f->deepest = ngx_max(f->deepest, labels);

    return NGX_OK;
}


/* what comes of a chain is not for a zone that has another one */

static void
ngx_dns_forward_chain(ngx_dns_zone_t *zone)
{
    ngx_dns_fallback_t  *fallback;

    zone->fallbacks = 0;
    zone->chain = 0;

    for (fallback = zone->fallback; fallback; fallback = fallback->next) {
        zone->chain = ngx_dns_hash_fold(zone->chain ^ fallback->on
                                        ^ 0x646e735f6368616eULL,
                                        fallback->upstream->partition);
        zone->fallbacks++;
    }

    /* nor what was left out for one that leaves it out */

    if (zone->policy && zone->policy->minimal) {
        zone->chain ^= 0x646e735f6d696e69ULL;
    }

    zone->chained = zone->fallback || zone->choice
                    || (zone->upstream && zone->upstream->race > 1);
}


static ngx_int_t
ngx_dns_forward_grow(ngx_dns_forward_t *f)
{
    size_t            size;
    ngx_uint_t        i, n;
    ngx_dns_zone_t   *zone, **old;

    n = f->table ? f->mask + 1 : 0;
    old = f->table;

    size = n ? 2 * n : NGX_DNS_FORWARD_SIZE;

    f->table = ngx_pcalloc(f->pool, size * sizeof(ngx_dns_zone_t *));
    if (f->table == NULL) {
        return NGX_ERROR;
    }

    f->mask = size - 1;

    for (i = 0; i < n; i++) {
        zone = old[i];

        if (zone) {
            *ngx_dns_forward_slot(f, zone->name.data, zone->name.len,
                                  zone->hash) = zone;
        }
    }

    if (old) {
        (void) ngx_pfree(f->pool, old);
    }

    return NGX_OK;
}


static ngx_dns_zone_t **
ngx_dns_forward_slot(ngx_dns_forward_t *f, const u_char *name, size_t len,
    uint64_t hash)
{
    ngx_uint_t       i;
    ngx_dns_zone_t  *zone;

    for (i = hash & f->mask; f->table[i]; i = (i + 1) & f->mask) {
        zone = f->table[i];

        if (zone->hash == hash && zone->name.len == len
            && ngx_memcmp(zone->name.data, name, len) == 0)
        {
            break;
        }
    }

    return &f->table[i];
}


static ngx_uint_t
ngx_dns_forward_labels(ngx_str_t *name)
{
    u_char      *p;
    ngx_uint_t   n;

    n = 0;

    for (p = name->data; *p; p += *p + 1) {
        n++;
    }

    return n;
}


ngx_dns_zone_t *
ngx_dns_forward_find(ngx_dns_forward_t *f, ngx_dns_question_t *q)
{
    ngx_int_t        n;
    ngx_dns_zone_t  *zone;

    n = (ngx_int_t) q->labels;

    if (q->asked.type == NGX_DNS_TYPE_DS && n > 0) {

        /*
         * RFC 4035, 3.1.4.1: of a name that is a zone it is in the parent,
         * and may be elsewhere; of another name it makes no difference
         */

        zone = ngx_dns_forward_longest(f, q, n - 1);

        if (zone) {
            return zone;
        }
    }

    return ngx_dns_forward_longest(f, q, n);
}


/* the longest zone of at most n labels */

static ngx_dns_zone_t *
ngx_dns_forward_longest(ngx_dns_forward_t *f, ngx_dns_question_t *q,
    ngx_int_t n)
{
    size_t           len;
    u_char          *name;
    uint64_t         hash;
    ngx_dns_zone_t  *zone;

    for (n = ngx_min(n, (ngx_int_t) f->deepest); n > 0; n--) {

        if ((f->depths[n / 64] & ((uint64_t) 1 << (n % 64))) == 0) {
            continue;
        }

        name = q->name + q->label[q->labels - n];
        len = q->asked.name_len - q->label[q->labels - n];

        hash = ngx_dns_hash_name(&f->key, name, len, 0);
        zone = *ngx_dns_forward_slot(f, name, len, hash);

        if (zone) {
            return zone;
        }
    }

    return f->root;
}

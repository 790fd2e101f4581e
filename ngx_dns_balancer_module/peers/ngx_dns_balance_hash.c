
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_hash.h"


/*
 * Both methods keep the load bounded (Mirrokni, Thorup, Zadimoghaddam): a
 * server with over 5/4 of its share of what is outstanding passes a query on
 * to the next one.  Below the floor a share says nothing.
 */

#define NGX_DNS_HASH_FLOOR   16
#define NGX_DNS_HASH_TRIES   20
#define NGX_DNS_HASH_WALK    4096      /* points looked at for one query */

#define NGX_DNS_HASH_POINTS  160       /* for a weight of one, as nginx */
#define NGX_DNS_HASH_RING    1048576   /* points of all, at most */


typedef struct {
    uint32_t           hash;
    uint32_t           index;
} ngx_dns_hash_point_t;


typedef struct {
    ngx_uint_t             n;
    ngx_dns_hash_point_t  *point;
} ngx_dns_hash_ring_t;


static ngx_dns_peer_t *ngx_dns_balance_hash_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_int_t ngx_dns_balance_chash_init(ngx_dns_group_t *group,
    ngx_pool_t *pool);
static int ngx_libc_cdecl ngx_dns_balance_chash_cmp(const void *one,
    const void *two);
static ngx_dns_peer_t *ngx_dns_balance_chash_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_uint_t ngx_dns_balance_hash_bound(ngx_dns_group_t *group,
    ngx_dns_peer_t *peer);


ngx_dns_balancer_t  ngx_dns_balance_hash = {
    ngx_string("hash"),
    NULL,
    ngx_dns_balance_hash_pick,
    0
};


ngx_dns_balancer_t  ngx_dns_balance_chash = {
    ngx_string("hash consistent"),
    ngx_dns_balance_chash_init,
    ngx_dns_balance_chash_pick,
    0
};


/* the sequence has each server as often as its weight says */

static ngx_dns_peer_t *
ngx_dns_balance_hash_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint64_t         hash;
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    hash = pick->hash;

    for (i = 0; i < NGX_DNS_HASH_TRIES; i++) {
        peer = group->peers[group->sequence[hash % group->length]];

        if (ngx_dns_balancer_usable(peer, pick)
            && ngx_dns_balance_hash_bound(group, peer))
        {
            return peer;
        }

        /* the next of a fixed series of places for this key */

        hash = hash * 6364136223846793005ULL + 1442695040888963407ULL;
        hash ^= hash >> 29;
    }

    return ngx_dns_balancer_chance(group, pick);
}


static ngx_int_t
ngx_dns_balance_chash_init(ngx_dns_group_t *group, ngx_pool_t *pool)
{
    uint32_t              gcd;
    uint64_t              hash;
    ngx_uint_t            i, k, n, per;
    ngx_dns_peer_t       *peer;
    ngx_dns_hash_ring_t  *ring;
    ngx_dns_hash_key_t    key;

    gcd = group->weight / group->length;

    per = NGX_DNS_HASH_RING / group->length;
    per = ngx_max(ngx_min(per, NGX_DNS_HASH_POINTS), 1);

    ring = ngx_palloc(pool, sizeof(ngx_dns_hash_ring_t));
    if (ring == NULL) {
        return NGX_ERROR;
    }

    ring->point = ngx_palloc(pool, per * group->length
                                   * sizeof(ngx_dns_hash_point_t));
    if (ring->point == NULL) {
        return NGX_ERROR;
    }

    /* the ring must not differ from one start, or one machine, to another */

    ngx_memzero(&key, sizeof(ngx_dns_hash_key_t));

    n = 0;

    for (i = 0; i < group->n; i++) {
        peer = group->peers[i];

        for (k = 0; k < per * (peer->weight / gcd); k++) {
            hash = ngx_dns_hash(&key, peer->name.data, peer->name.len, k);

            ring->point[n].hash = (uint32_t) (hash >> 32);
            ring->point[n++].index = (uint32_t) i;
        }
    }

    ngx_qsort(ring->point, n, sizeof(ngx_dns_hash_point_t),
              ngx_dns_balance_chash_cmp);

    ring->n = n;
    group->data = ring;

    return NGX_OK;
}


static int ngx_libc_cdecl
ngx_dns_balance_chash_cmp(const void *one, const void *two)
{
    const ngx_dns_hash_point_t  *a, *b;

    a = one;
    b = two;

    if (a->hash != b->hash) {
        return a->hash < b->hash ? -1 : 1;
    }

    return a->index < b->index ? -1 : (a->index > b->index);
}


static ngx_dns_peer_t *
ngx_dns_balance_chash_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t              hash;
    ngx_uint_t            i, j, k, n;
    ngx_dns_peer_t       *peer, *full;
    ngx_dns_hash_ring_t  *ring;

    ring = group->data;
    hash = (uint32_t) (pick->hash >> 32);

    i = 0;
    j = ring->n;

    while (i < j) {
        k = (i + j) / 2;

        if (ring->point[k].hash < hash) {
            i = k + 1;

        } else {
            j = k;
        }
    }

    full = NULL;
    n = ngx_min(ring->n, NGX_DNS_HASH_WALK);

    for (k = 0; k < n; k++) {
        peer = group->peers[ring->point[(i + k) % ring->n].index];

        if (!ngx_dns_balancer_usable(peer, pick)) {
            continue;
        }

        if (ngx_dns_balance_hash_bound(group, peer)) {
            return peer;
        }

        if (full == NULL) {
            full = peer;
        }
    }

    return full ? full : ngx_dns_balancer_chance(group, pick);
}


static ngx_uint_t
ngx_dns_balance_hash_bound(ngx_dns_group_t *group, ngx_dns_peer_t *peer)
{
    uint64_t    mine, all;
    ngx_uint_t  i;

    mine = ngx_dns_balancer_outstanding(peer);

    if (mine < NGX_DNS_HASH_FLOOR) {
        return 1;
    }

    all = 1;

    for (i = 0; i < group->n; i++) {
        all += ngx_dns_balancer_outstanding(group->peers[i]);
    }

    return mine * group->weight * 4 <= all * peer->weight * 5;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer.h"


#define NGX_DNS_PEERS_LAYOUT   0x444e5308      /* a change of it: a change
                                                  of any struct in the zone */
#define NGX_DNS_PEERS_SLOTS    16


static ngx_int_t ngx_dns_peers_known(ngx_dns_peers_shm_t *shm,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_peers_fresh(ngx_dns_peers_shm_t *shm,
    ngx_dns_peer_t *peer, ngx_uint_t busy);
static void ngx_dns_peers_take(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer,
    ngx_uint_t i);
static ngx_uint_t ngx_dns_peers_same(ngx_dns_peer_shm_t *slot,
    ngx_dns_peer_t *peer);


_Static_assert(sizeof(ngx_dns_peer_shm_t) % NGX_DNS_CACHELINE == 0,
               "a slot fills whole cache lines");
_Static_assert(sizeof(ngx_dns_peers_shm_t) % NGX_DNS_CACHELINE == 0,
               "slots start on a cache line");


/* twice the servers: all of them may be replaced at once */

size_t
ngx_dns_peers_size(ngx_uint_t servers)
{
    size_t  n;

    n = ngx_max(2 * servers, NGX_DNS_PEERS_SLOTS);

    return sizeof(ngx_dns_peers_shm_t) + n * sizeof(ngx_dns_peer_shm_t)
           + NGX_DNS_PEER_PROCS * n * sizeof(uint32_t);
}


ngx_dns_peer_shm_t *
ngx_dns_peers_slot(ngx_dns_peers_shm_t *shm)
{
    return (ngx_dns_peer_shm_t *) (shm + 1);
}


ngx_int_t
ngx_dns_peers_init(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm,
    size_t size)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    if (shm->layout == 0) {
        size -= sizeof(ngx_dns_peers_shm_t);
        size /= sizeof(ngx_dns_peer_shm_t)
                + NGX_DNS_PEER_PROCS * sizeof(uint32_t);

        shm->slots = (uint32_t) size;
        shm->layout = NGX_DNS_PEERS_LAYOUT;
    }

    if (shm->layout != NGX_DNS_PEERS_LAYOUT) {
        return NGX_ERROR;
    }

    shm->attempt++;

    u->shm = shm;
    u->group[0].ticket = &shm->ticket[0];
    u->group[1].ticket = &shm->ticket[1];

    /* first those that stay, so that none of them loses its slot */

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].shm = NULL;
        (void) ngx_dns_peers_known(shm, &peer[i]);
    }

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].shm == NULL
            && ngx_dns_peers_fresh(shm, &peer[i], 0) != NGX_OK
            && ngx_dns_peers_fresh(shm, &peer[i], 1) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_dns_peers_same(ngx_dns_peer_shm_t *slot, ngx_dns_peer_t *peer)
{
    size_t  len;

    len = ngx_min(peer->name.len, NGX_DNS_PEER_KEY - 1);

    return slot->generation != 0
           && ngx_strncmp(slot->key, peer->name.data, len) == 0
           && slot->key[len] == '\0';
}


/*
 * The slot a server had before.  A server listed twice has two slots: one
 * that is taken already is not taken again.
 */

static ngx_int_t
ngx_dns_peers_known(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer)
{
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm);

    for (i = 0; i < shm->slots; i++) {
        if (slot[i].claim != shm->attempt
            && ngx_dns_peers_same(&slot[i], peer))
        {
            ngx_dns_peers_take(shm, peer, i);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * A slot never used, or not used by the running configuration.  An old worker
 * may have queries at the server that had it: such a slot is the last choice.
 */

static ngx_int_t
ngx_dns_peers_fresh(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer,
    ngx_uint_t busy)
{
    size_t               len;
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm);
    len = ngx_min(peer->name.len, NGX_DNS_PEER_KEY - 1);

    for (i = 0; i < shm->slots; i++) {

        if (slot[i].claim != shm->attempt
            && (slot[i].generation == 0
                || slot[i].generation < shm->generation)
            && (busy || ngx_dns_load(&slot[i].outstanding) == 0))
        {
            ngx_memzero(&slot[i], sizeof(ngx_dns_peer_shm_t));
            ngx_memcpy(slot[i].key, peer->name.data, len);

            ngx_dns_peers_take(shm, peer, i);
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static void
ngx_dns_peers_take(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer,
    ngx_uint_t i)
{
    peer->slot = (uint32_t) i;
    peer->shm = ngx_dns_peers_slot(shm) + i;
    peer->shm->claim = shm->attempt;
}


void
ngx_dns_peers_inherit(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *from)
{
    ngx_uint_t           i, k;
    ngx_dns_peer_t      *peer;
    ngx_dns_peer_shm_t  *slot, *to;

    slot = ngx_dns_peers_slot(from);
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        to = peer[i].shm;

        for (k = 0; k < from->slots; k++) {
            if (slot[k].generation != from->generation
                || !ngx_dns_peers_same(&slot[k], &peer[i]))
            {
                continue;
            }

            ngx_memcpy(to, &slot[k], sizeof(ngx_dns_peer_shm_t));

            to->outstanding = 0;
            to->generation = 0;
            to->claim = u->shm->attempt;
            to->drift = 0;
            to->drifts = 0;
            break;
        }
    }
}


void
ngx_dns_peers_commit(ngx_dns_upstream_t *u, ngx_msec_t now)
{
    uint64_t             retry;
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_peer_shm_t  *slot;

    u->generation = u->shm->generation + 1;

    /* the last thing that old workers heed */

    ngx_dns_store(&u->shm->generation, u->generation);

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        slot = peer[i].shm;
        slot->generation = u->generation;

        /* nobody would find out that it is well again */

        if (!peer[i].checked) {
            (void) ngx_dns_peer_mark(slot, NGX_DNS_MARK_SICK, 0);
            ngx_dns_store(&slot->misses, 0);
        }

        /* no server is left out for longer than it would be now */

        retry = ngx_dns_load(&slot->retry);

        if ((int64_t) (retry - now) > (int64_t) peer[i].fail_timeout) {
            ngx_dns_store(&slot->retry, now + peer[i].fail_timeout);
        }
    }
}

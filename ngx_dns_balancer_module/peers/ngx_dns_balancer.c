
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_random.h"


static void ngx_dns_balancer_count(ngx_dns_upstream_t *u);
static ngx_int_t ngx_dns_balancer_group(ngx_dns_upstream_t *u,
    ngx_uint_t backup, ngx_pool_t *pool);
static ngx_int_t ngx_dns_balancer_sequence(ngx_dns_group_t *group,
    ngx_pool_t *pool);
static ngx_dns_peer_t *ngx_dns_balancer_try(ngx_dns_upstream_t *u,
    ngx_dns_pick_t *pick);
static ngx_uint_t ngx_dns_balancer_unhealthy(ngx_dns_upstream_t *u);


ngx_dns_balancer_t  *ngx_dns_balancers[] = {
    &ngx_dns_balance_rr,
    &ngx_dns_balance_random,
    &ngx_dns_balance_random_conn,
    &ngx_dns_balance_random_time,
    &ngx_dns_balance_sequential,
    &ngx_dns_balance_conn,
    &ngx_dns_balance_time,
    &ngx_dns_balance_hash,
    &ngx_dns_balance_chash,
    &ngx_dns_balance_nearest,
    NULL
};


ngx_dns_balancer_t *
ngx_dns_balancer_find(ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; ngx_dns_balancers[i]; i++) {
        if (ngx_dns_balancers[i]->name.len == name->len
            && ngx_strncmp(ngx_dns_balancers[i]->name.data, name->data,
                           name->len)
               == 0)
        {
            return ngx_dns_balancers[i];
        }
    }

    return NULL;
}


ngx_int_t
ngx_dns_balancer_init(ngx_dns_upstream_t *u, ngx_pool_t *pool)
{
    ngx_int_t   rc;
    ngx_uint_t  i;

    ngx_dns_balancer_count(u);

    for (i = 0; i < 2; i++) {
        rc = ngx_dns_balancer_group(u, i, pool);
        if (rc != NGX_OK) {
            return rc;
        }

        if (u->balancer->init && u->group[i].n
            && u->balancer->init(&u->group[i], pool) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a lone server is never left out: nothing would be left */

static void
ngx_dns_balancer_count(ngx_dns_upstream_t *u)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    u->live = 0;
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        u->live += !peer[i].vacant;

        if (peer[i].most_fails == 0) {
            peer[i].most_fails = peer[i].max_fails;
        }
    }

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].max_fails = u->live == 1 ? 0 : peer[i].most_fails;
    }
}


static ngx_int_t
ngx_dns_balancer_group(ngx_dns_upstream_t *u, ngx_uint_t backup,
    ngx_pool_t *pool)
{
    ngx_uint_t        i;
    ngx_dns_peer_t   *peer;
    ngx_dns_group_t  *group;

    peer = u->peers.elts;
    group = &u->group[backup];

    group->n = 0;
    group->weight = 0;

    group->peers = ngx_pcalloc(pool, u->peers.nelts * sizeof(ngx_dns_peer_t *));
    if (group->peers == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].upstream = u;

        if (peer[i].backup == backup && !peer[i].vacant) {
            peer[i].index = (uint32_t) group->n;
            group->peers[group->n++] = &peer[i];
            group->weight += peer[i].weight;
        }
    }

    return group->n ? ngx_dns_balancer_sequence(group, pool) : NGX_OK;
}


/*
 * Smooth weighted round robin, one whole turn of it.  The workers share only
 * a counter of places in the turn, so that the shares are exact over all of
 * them: over N picks each server gets its part of N, plus or minus one.
 */

static ngx_int_t
ngx_dns_balancer_sequence(ngx_dns_group_t *group, ngx_pool_t *pool)
{
    int64_t     *current, weight;
    uint32_t     a, b, t;
    ngx_uint_t   i, k, best;

    a = group->peers[0]->weight;

    for (i = 1; i < group->n; i++) {
        for (b = group->peers[i]->weight; b; /* void */ ) {
            t = a % b;
            a = b;
            b = t;
        }
    }

    group->length = group->weight / a;

    if (group->length > NGX_DNS_MAX_SEQUENCE) {
        return NGX_DECLINED;
    }

    group->sequence = ngx_palloc(pool, group->length * sizeof(uint16_t));
    current = ngx_pcalloc(pool, group->n * sizeof(int64_t));

    if (group->sequence == NULL || current == NULL) {
        return NGX_ERROR;
    }

    for (k = 0; k < group->length; k++) {
        best = 0;

        for (i = 0; i < group->n; i++) {
            weight = group->peers[i]->weight / a;
            current[i] += weight;

            if (current[i] > current[best]) {
                best = i;
            }
        }

        current[best] -= group->length;
        group->sequence[k] = (uint16_t) best;
    }

    return NGX_OK;
}


ngx_dns_peer_t *
ngx_dns_balancer_pick_down(ngx_dns_upstream_t *u, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *peer;

    pick->fail_open = NGX_DNS_OPEN_EJECTED;
    peer = ngx_dns_balancer_try(u, pick);

    if (peer == NULL
        && (pick->ntried == 0 || ngx_dns_balancer_unhealthy(u)))
    {
        pick->fail_open = NGX_DNS_OPEN_ALL;
        peer = ngx_dns_balancer_try(u, pick);
    }

    return peer;
}


ngx_dns_peer_t *
ngx_dns_balancer_pick_usable(ngx_dns_upstream_t *u, ngx_dns_pick_t *pick)
{
    pick->fail_open = 0;
    pick->draw = u->ramps ? ngx_dns_random_below(NGX_DNS_PEER_FULL) + 1 : 0;

    return ngx_dns_balancer_try(u, pick);
}


ngx_uint_t
ngx_dns_balancer_full(ngx_dns_upstream_t *u, ngx_msec_t now)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {

        if (!ngx_dns_peer_down(&peer[i]) && peer[i].max_outstanding
            && ngx_dns_balancer_outstanding(&peer[i]) >= peer[i].max_outstanding
            && !ngx_dns_peer_ejected(&peer[i], now))
        {
            return 1;
        }
    }

    return 0;
}


ngx_dns_peer_t *
ngx_dns_balancer_only(ngx_dns_peer_t *peer, ngx_dns_pick_t *pick)
{
    pick->fail_open = NGX_DNS_OPEN_ALL;

    return ngx_dns_balancer_usable(peer, pick)
           && ngx_dns_peer_acquire(peer, pick->now, NGX_DNS_OPEN_ALL) == NGX_OK
           ? peer : NULL;
}


/* does none pass its health checks?  Then one is as good as another */

static ngx_uint_t
ngx_dns_balancer_unhealthy(ngx_dns_upstream_t *u)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (!ngx_dns_peer_down(&peer[i]) && !ngx_dns_peer_barred(&peer[i])) {
            return 0;
        }
    }

    return 1;
}


/*
 * A server can fill up, or another query can begin to try an ejected one,
 * between the pick and the acquisition: then it counts as tried for now.
 */

static ngx_dns_peer_t *
ngx_dns_balancer_try(ngx_dns_upstream_t *u, ngx_dns_pick_t *pick)
{
    ngx_uint_t       i, n, ntried;
    ngx_dns_peer_t  *peer, **tried, *lost[2 * NGX_DNS_MAX_TRIES];

    tried = pick->tried;
    ntried = pick->ntried;

    for (i = 0; i < 2; i++) {

        if (u->group[i].n == 0) {
            continue;
        }

        for (n = 0; n <= NGX_DNS_MAX_TRIES; n++) {
            peer = u->balancer->pick(&u->group[i], pick);

            if (peer == NULL && pick->draw) {

                /* a server in slow start is better than a backup one */

                pick->draw = 0;
                peer = u->balancer->pick(&u->group[i], pick);
            }

            if (peer == NULL) {
                break;
            }

            if (ngx_dns_peer_acquire(peer, pick->now, pick->fail_open)
                == NGX_OK)
            {
                pick->tried = tried;
                pick->ntried = ntried;
                return peer;
            }

            if (pick->ntried >= 2 * NGX_DNS_MAX_TRIES) {
                break;
            }

            if (pick->tried == tried) {
                ngx_memcpy(lost, tried, ntried * sizeof(ngx_dns_peer_t *));
                pick->tried = lost;
            }

            lost[pick->ntried++] = peer;
        }
    }

    pick->tried = tried;
    pick->ntried = ntried;

    return NULL;
}

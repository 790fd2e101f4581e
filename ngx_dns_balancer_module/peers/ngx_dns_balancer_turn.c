
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_BALANCER_DRAWS  32
#define NGX_DNS_BALANCER_PAIRS  4

/* a time that was not measured again counts half after so many msec */

#define NGX_DNS_BALANCER_DECAY  10000


static uint64_t ngx_dns_balancer_score(ngx_dns_peer_t *peer, ngx_msec_t now);


/*
 * A place in the turn whose server is not usable is skipped for good, so
 * the rest of the turn, with its smoothness, is shared by the others: the
 * load of a server that is out does not fall on its neighbour alone.
 */

ngx_dns_peer_t *
ngx_dns_balancer_next(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t         n;
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    /*
     * A second attempt takes no place in the turn: with two servers, each
     * query that failed at the first would send the next one there, too.
     */

    if (pick->ntried) {
        return ngx_dns_balancer_chance(group, pick);
    }

    for (i = 0; i < NGX_DNS_BALANCER_DRAWS; i++) {
        n = ngx_dns_add(group->ticket, 1);

        peer = group->peers[group->sequence[n % group->length]];

        if (ngx_dns_balancer_usable(peer, pick)) {
            return peer;
        }
    }

    return ngx_dns_balancer_chance(group, pick);
}


ngx_dns_peer_t *
ngx_dns_balancer_chance(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t         r, weight;
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = group->peers[group->sequence[ngx_dns_random_below(group->length)]];

    if (ngx_dns_balancer_usable(peer, pick)) {
        return peer;
    }

    weight = 0;

    for (i = 0; i < group->n; i++) {
        if (ngx_dns_balancer_usable(group->peers[i], pick)) {
            weight += group->peers[i]->weight;
        }
    }

    if (weight == 0) {
        return NULL;
    }

    r = ngx_dns_random_below(weight);

    for (i = 0; i < group->n; i++) {
        peer = group->peers[i];

        if (!ngx_dns_balancer_usable(peer, pick)) {
            continue;
        }

        if (r < peer->weight) {
            return peer;
        }

        r -= peer->weight;
    }

    return NULL;
}


ngx_dns_peer_t *
ngx_dns_balancer_other(ngx_dns_group_t *group, ngx_dns_pick_t *pick,
    ngx_dns_peer_t *first)
{
    ngx_uint_t       i, n;
    ngx_dns_peer_t  *peer;

    if (group->n == 1) {
        return NULL;
    }

    for (i = 0; i < NGX_DNS_BALANCER_PAIRS; i++) {
        peer = ngx_dns_balancer_chance(group, pick);

        if (peer != first) {
            return peer;
        }
    }

    /* "first" has nearly all of the weight, or is the only usable one */

    n = ngx_dns_random_below((uint32_t) group->n);

    for (i = 0; i < group->n; i++) {
        peer = group->peers[(n + i) % group->n];

        if (peer != first && ngx_dns_balancer_usable(peer, pick)) {
            return peer;
        }
    }

    return NULL;
}


ngx_uint_t
ngx_dns_balancer_fewer(ngx_dns_peer_t *a, ngx_dns_peer_t *b)
{
    return (uint64_t) ngx_dns_balancer_outstanding(a) * b->weight
           < (uint64_t) ngx_dns_balancer_outstanding(b) * a->weight;
}


ngx_uint_t
ngx_dns_balancer_faster(ngx_dns_peer_t *a, ngx_dns_peer_t *b, ngx_msec_t now)
{
    return ngx_dns_balancer_score(a, now) * b->weight
           < ngx_dns_balancer_score(b, now) * a->weight;
}


/* what a query would wait for, were the server to work in sequence */

static uint64_t
ngx_dns_balancer_score(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    return ((uint64_t) ngx_dns_balancer_outstanding(peer) + 1)
           * ngx_max(ngx_dns_balancer_time(peer, now), 1);
}


uint32_t
ngx_dns_balancer_time(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    uint32_t  halves;

    halves = ngx_dns_clock_past((uint32_t) now,
                                ngx_dns_load(&peer->shm->rtt_msec))
             / NGX_DNS_BALANCER_DECAY;

    return ngx_dns_load(&peer->shm->rtt) >> ngx_min(halves, 31);
}

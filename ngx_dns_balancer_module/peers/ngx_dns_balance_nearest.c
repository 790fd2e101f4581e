
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_random.h"


/* microseconds that are no distance */

#define NGX_DNS_NEAREST_SAME  1000


static ngx_dns_peer_t *ngx_dns_balance_nearest_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static uint32_t ngx_dns_balance_nearest_weight(ngx_dns_peer_t *peer,
    ngx_dns_pick_t *pick, uint32_t most);


/*
 * Servers that answer about as soon as the soonest share the queries, those of
 * another site get none while there is a usable one here.  A server whose time
 * is not known counts as near: so it gets known.
 */

ngx_dns_balancer_t  ngx_dns_balance_nearest = {
    ngx_string("nearest"),
    NULL,
    ngx_dns_balance_nearest_pick,
    0
};


static ngx_dns_peer_t *
ngx_dns_balance_nearest_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t    least, time, weight, r;
    ngx_uint_t  i;

    least = NGX_MAX_UINT32_VALUE / 2;

    for (i = 0; i < group->n; i++) {
        time = ngx_dns_balancer_time(group->peers[i], pick->now);

        if (time && time < least
            && ngx_dns_balancer_usable(group->peers[i], pick))
        {
            least = time;
        }
    }

    least = 2 * ngx_max(least, NGX_DNS_NEAREST_SAME);

    for (weight = 0, i = 0; i < group->n; i++) {
        weight += ngx_dns_balance_nearest_weight(group->peers[i], pick, least);
    }

    r = weight ? ngx_dns_random_below(weight) : 0;

    for (i = 0; i < group->n; i++) {
        weight = ngx_dns_balance_nearest_weight(group->peers[i], pick, least);

        if (r < weight) {
            return group->peers[i];
        }

        r -= weight;
    }

    /* one of them has become unusable meanwhile */

    return ngx_dns_balancer_chance(group, pick);
}


/* 0: it is too far, or not usable */

static uint32_t
ngx_dns_balance_nearest_weight(ngx_dns_peer_t *peer, ngx_dns_pick_t *pick,
    uint32_t most)
{
    if (ngx_dns_balancer_time(peer, pick->now) > most
        || !ngx_dns_balancer_usable(peer, pick))
    {
        return 0;
    }

    return (uint32_t) peer->weight;
}

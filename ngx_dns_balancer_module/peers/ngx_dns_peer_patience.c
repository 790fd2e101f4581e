
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "ngx_dns_peer_usual.h"


/* so many times what the best server needs at most is slow */

#define NGX_DNS_PEER_SLOW       3


/*
 * What takes several times as long as the best server usually does is slow,
 * whatever the server's own measured times.  Where the order of servers is the
 * operator's, the first ones may be as slow as they are.
 */

void
ngx_dns_peers_quick(ngx_dns_upstream_t *u, ngx_msec_t now)
{
    uint32_t          rtt;
    uint64_t          best, usual;
    ngx_uint_t        i;
    ngx_dns_peer_t   *peer;
    ngx_dns_group_t  *group;

    best = NGX_DNS_PEER_ANY;
    group = &u->group[0];

    for (i = 0; i < group->n && !u->balancer->ordered; i++) {
        peer = group->peers[i];
        rtt = ngx_dns_load(&peer->shm->rtt);

        if (rtt && !ngx_dns_peer_down(peer)
            && !ngx_dns_peer_ejected(peer, now))
        {
            usual = ngx_dns_peer_usual(peer, rtt);
            usual = ngx_max(usual, NGX_DNS_PATIENCE_MIN * 1000);
            best = ngx_min(best, usual * NGX_DNS_PEER_SLOW);
        }
    }

    u->quick = (uint32_t) best;
}

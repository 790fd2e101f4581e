
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * How long a server usually takes, by the times that were measured.  For
 * ngx_dns_peer_patience.c, which says what is slow for an upstream, for
 * ngx_dns_ask.c, which asks another server then, and for transports, which
 * look for another way to a server that has become silent.
 */


#ifndef _NGX_DNS_PEER_USUAL_H_INCLUDED_
#define _NGX_DNS_PEER_USUAL_H_INCLUDED_


#include "ngx_dns_peer.h"


/*
 * Microseconds within which a server with this smoothed time almost always
 * responses (RFC 6298, 2)
 */

static ngx_inline uint64_t
ngx_dns_peer_usual(ngx_dns_peer_t *peer, uint32_t rtt)
{
    return rtt + 4 * (uint64_t) ngx_dns_load(&peer->shm->rttvar);
}


/*
 * Are so many milliseconds of silence twice the time that the server takes?  If
 * that is not known, they are.
 */

static ngx_inline ngx_uint_t
ngx_dns_peer_overdue(ngx_dns_peer_t *peer, ngx_msec_t silence)
{
    uint32_t  rtt;

    rtt = ngx_dns_load(&peer->shm->rtt);

    return rtt == 0 || silence >= ngx_dns_peer_usual(peer, rtt) / 500;
}


/*
 * How long to wait before another server is asked too, in milliseconds: what
 * the measured time says, up to "unmeasured", which is for a server without
 * one, and no longer than what is slow for the upstream.
 */

static ngx_inline ngx_msec_t
ngx_dns_peer_patience(ngx_dns_peer_t *peer, ngx_msec_t unmeasured)
{
    uint32_t    rtt;
    uint64_t    usual;
    ngx_msec_t  wait;

    rtt = ngx_dns_load(&peer->shm->rtt);

    usual = rtt ? ngx_dns_peer_usual(peer, rtt) : NGX_DNS_PEER_ANY;
    usual = ngx_min(usual, peer->upstream->quick);

    if (usual < NGX_DNS_PATIENCE_MIN * 1000) {
        return ngx_min(NGX_DNS_PATIENCE_MIN, unmeasured);
    }

    wait = (ngx_msec_t) (usual / 1000) + 1;

    return ngx_min(wait, unmeasured);
}


#endif /* _NGX_DNS_PEER_USUAL_H_INCLUDED_ */

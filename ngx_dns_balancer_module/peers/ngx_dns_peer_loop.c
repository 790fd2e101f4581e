
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer_text.h"


void
ngx_dns_peer_loops(ngx_dns_peer_t *peer, ngx_log_t *log)
{
    if (ngx_dns_peer_outdated(peer)
        || (ngx_dns_peer_mark(peer->shm, 0, NGX_DNS_MARK_LOOP)
            & NGX_DNS_MARK_LOOP))
    {
        return;
    }

    ngx_dns_store(&peer->shm->reason, NGX_DNS_ELOOP);
    ngx_dns_peer_changed(peer, NULL);

    ngx_log_error(NGX_LOG_ERR, log, 0,
                  "dns upstream \"%V\": loop, queries to server %V come back "
                  "to this nginx: it is out until it leads elsewhere",
                  &peer->upstream->name, &peer->name);
}


void
ngx_dns_peer_led(ngx_dns_peer_t *peer, ngx_msec_t now, ngx_log_t *log)
{
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    if (ngx_dns_peer_outdated(peer)
        || (ngx_dns_peer_mark(shm, NGX_DNS_MARK_LOOP, 0) & NGX_DNS_MARK_LOOP)
           == 0)
    {
        return;
    }

    ngx_dns_store(&shm->back, (uint64_t) now);
    ngx_dns_store(&shm->fails, 0);
    ngx_dns_store(&shm->reason, NGX_DNS_FINE);
    ngx_dns_peer_changed(peer, NULL);

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "dns upstream \"%V\": server %V no longer leads back to this "
                  "nginx, it is used again",
                  &peer->upstream->name, &peer->name);
}

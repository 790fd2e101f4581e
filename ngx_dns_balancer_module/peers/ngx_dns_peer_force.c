
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer_text.h"


uint32_t
ngx_dns_peer_mark(ngx_dns_peer_shm_t *shm, uint32_t clear, uint32_t set)
{
    uint32_t  marks;

    do {
        marks = ngx_dns_load(&shm->marks);

    } while (!ngx_dns_cas(&shm->marks, marks, (marks & ~clear) | set));

    return marks;
}


void
ngx_dns_peer_force(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t mark)
{
    uint32_t             was;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    if (mark != NGX_DNS_MARK_DOWN) {

        /* what it did before is over */

        ngx_dns_store(&shm->fails, 0);
        ngx_dns_store(&shm->late, 0);
    }

    was = ngx_dns_peer_mark(shm, NGX_DNS_MARK_FORCED, mark)
          & NGX_DNS_MARK_FORCED;

    if (was == mark) {
        return;
    }

    if (was == NGX_DNS_MARK_DOWN) {
        ngx_dns_store(&shm->back, (uint64_t) now);
    }

    ngx_dns_store(&shm->reason, NGX_DNS_PEER_HAND | mark << 16);
    ngx_dns_peer_changed(peer, NULL);
}

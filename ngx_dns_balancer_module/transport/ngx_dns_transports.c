
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tcp_out.h"
#include "ngx_dns_tls_out.h"
#include "ngx_dns_udp_out.h"


static ngx_dns_transport_t  *ngx_dns_transports[] = {
    &ngx_dns_udp_out,
    &ngx_dns_tcp_out,
#if (NGX_SSL)
    &ngx_dns_tls_out,
#endif
    NULL
};


ngx_int_t
ngx_dns_transports_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_uint_t servers)
{
    ngx_dns_transport_t  **t;

    for (t = ngx_dns_transports; *t; t++) {
        if ((*t)->init
            && (*t)->init(cycle, attempts, servers) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_dns_transports_leave(ngx_dns_peer_t *peer)
{
    peer->transport->leave(peer);

    if (peer->transport->whole) {
        peer->transport->whole->leave(peer);
    }
}


void
ngx_dns_transports_done(void)
{
    ngx_dns_transport_t  **t;

    for (t = ngx_dns_transports; *t; t++) {
        if ((*t)->done) {
            (*t)->done();
        }
    }
}

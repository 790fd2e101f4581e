
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tcp_out.h"
#include "ngx_dns_tls_out.h"


#if (NGX_SSL)

static void ngx_dns_tls_leave(ngx_dns_peer_t *peer);


/* started and ended with TCP: only what carries the octets differs */

ngx_dns_transport_t  ngx_dns_tls_out = {
    ngx_string("tls"),
    NULL,
    NULL,
    ngx_dns_tcp_send,
    ngx_dns_tcp_cancel,
    ngx_dns_tls_leave,
    NULL,
    &ngx_dns_bytes_tls,
    ngx_dns_tcp_mute
};


static void
ngx_dns_tls_leave(ngx_dns_peer_t *peer)
{
    ngx_dns_tls_forget(peer->tls);
    ngx_dns_tcp_leave(peer);
}

#endif

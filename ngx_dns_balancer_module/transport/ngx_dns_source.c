
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_source.h"


static ngx_int_t ngx_dns_source_name(ngx_socket_t fd, ngx_dns_source_t *source);


ngx_int_t
ngx_dns_source_bind(ngx_socket_t fd, const ngx_dns_peer_t *peer)
{
#ifdef IP_BIND_ADDRESS_NO_PORT
    int  on;
#endif

    if (peer->local == NULL) {
        return NGX_OK;
    }

#ifdef IP_BIND_ADDRESS_NO_PORT
    on = 1;
    (void) setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                      sizeof(int));
#endif

    return bind(fd, peer->local->sockaddr, peer->local->socklen) == 0
           ? NGX_OK : NGX_ERROR;
}


/* nothing is sent: to connect a datagram socket is to look for the way */

ngx_int_t
ngx_dns_source_get(ngx_dns_peer_t *peer, ngx_dns_source_t *source)
{
    ngx_int_t     rc;
    ngx_socket_t  fd;

    if (peer->sockaddr->sa_family == AF_UNIX) {
        return NGX_DECLINED;
    }

    fd = ngx_socket(peer->sockaddr->sa_family, SOCK_DGRAM, 0);

    if (fd == (ngx_socket_t) -1) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;

    if (ngx_dns_source_bind(fd, peer) == NGX_OK
        && connect(fd, peer->sockaddr, peer->socklen) == 0)
    {
        rc = ngx_dns_source_name(fd, source);
    }

    ngx_close_socket(fd);

    return rc;
}


ngx_uint_t
ngx_dns_source_moved(ngx_socket_t fd, ngx_dns_source_t *source)
{
    ngx_dns_source_t  own;

    return ngx_dns_source_name(fd, &own) == NGX_OK
           && ngx_cmp_sockaddr(&own.sockaddr.sockaddr, own.socklen,
                               &source->sockaddr.sockaddr, source->socklen, 0)
              != NGX_OK;
}


static ngx_int_t
ngx_dns_source_name(ngx_socket_t fd, ngx_dns_source_t *source)
{
    source->socklen = sizeof(ngx_sockaddr_t);

    return getsockname(fd, &source->sockaddr.sockaddr, &source->socklen) == 0
           ? NGX_OK : NGX_DECLINED;
}

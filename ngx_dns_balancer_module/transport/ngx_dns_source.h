
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The address of this machine that a server is asked from.  It may change under
 * open sockets, which may go on to send from one that is not there any more,
 * without an error: over IPv6 and over TCP.  For the transports, when a socket
 * is silent: would a new one have the same address?
 */


#ifndef _NGX_DNS_SOURCE_H_INCLUDED_
#define _NGX_DNS_SOURCE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../peers/ngx_dns_peer.h"


typedef struct {
    ngx_sockaddr_t  sockaddr;
    socklen_t       socklen;
} ngx_dns_source_t;


#pragma GCC visibility push(hidden)

/*
 * Before a socket is connected: it gets the address of "bind", if there is one,
 * and a port only with the connection.  NGX_ERROR: see ngx_socket_errno.
 */
ngx_int_t ngx_dns_source_bind(ngx_socket_t fd, const ngx_dns_peer_t *peer);

/* what a new socket would have; NGX_DECLINED if that can't be said */
ngx_int_t ngx_dns_source_get(ngx_dns_peer_t *peer, ngx_dns_source_t *source);

/* has an open one another address than that? */
ngx_uint_t ngx_dns_source_moved(ngx_socket_t fd, ngx_dns_source_t *source);

#pragma GCC visibility pop


#endif /* _NGX_DNS_SOURCE_H_INCLUDED_ */

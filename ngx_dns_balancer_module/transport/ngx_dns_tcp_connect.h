
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The beginning and the end of any connection to a server.  Private to the
 * transports over streams.  Logs nothing: every query could fail to
 * connect, and its waiters are told.
 */


#ifndef _NGX_DNS_TCP_CONNECT_H_INCLUDED_
#define _NGX_DNS_TCP_CONNECT_H_INCLUDED_


#include "ngx_dns_transport.h"


#pragma GCC visibility push(hidden)

/*
 * NGX_OK: connected; NGX_AGAIN: an event will tell.  NGX_ERROR: the server
 * can't be reached; NGX_BUSY: something is lacking here.
 */
ngx_int_t ngx_dns_tcp_connect(ngx_dns_peer_t *peer, ngx_connection_t **cp);

/* NGX_OK, or NGX_ERROR: what an event of a connection under way means */
ngx_int_t ngx_dns_tcp_connected(ngx_connection_t *c);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_CONNECT_H_INCLUDED_ */

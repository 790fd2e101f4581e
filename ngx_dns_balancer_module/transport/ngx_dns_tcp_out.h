
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Queries to servers over TCP (RFC 7766).
 *
 * A worker keeps up to "keepalive" connections to a server, each with several
 * queries outstanding, answered in any order.  What is asked in one round of
 * the event loop leaves in one write.  An idle connection is closed after
 * "keepalive_timeout".  A server may close a connection at any time: what was
 * outstanding is asked again on another one, several times if the
 * connection has brought responses, once if not.  How many responses it brought
 * is remembered for a while, and later connections get no more queries than
 * that.  Queries without a connection wait for one.
 */


#ifndef _NGX_DNS_TCP_OUT_H_INCLUDED_
#define _NGX_DNS_TCP_OUT_H_INCLUDED_


#include "ngx_dns_transport.h"


#define NGX_DNS_TCP_CONNECTIONS  8         /* to one server, by default */
#define NGX_DNS_TCP_PIPELINE     64        /* outstanding on one, if another
                                              can be opened */
#define NGX_DNS_TCP_QUERIES      1024      /* outstanding on one, at most */
#define NGX_DNS_TCP_IDLE         10000     /* milliseconds, by default; or what
                                              the server says (RFC 7828), ... */
#define NGX_DNS_TCP_IDLE_MAX     60000     /* ... up to this */


#pragma GCC visibility push(hidden)

extern ngx_dns_transport_t  ngx_dns_tcp_out;

/* for the table of TLS */
ngx_int_t ngx_dns_tcp_send(ngx_dns_attempt_t *a, const u_char *query,
    size_t len);
void ngx_dns_tcp_cancel(ngx_dns_attempt_t *a);
void ngx_dns_tcp_leave(ngx_dns_peer_t *peer);
ngx_uint_t ngx_dns_tcp_mute(const ngx_dns_attempt_t *a);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_OUT_H_INCLUDED_ */

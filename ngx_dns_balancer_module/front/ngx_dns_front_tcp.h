
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Clients over TCP and TLS (RFC 7766, RFC 7858).  For module/ only, which
 * hands over a connection that nginx has accepted, run through its phases
 * and, with TLS, shaken hands on.
 *
 * Queries of a connection are answered in the order in which the answers
 * come, several in one write.  No more is read while "pipeline" queries are
 * in flight or 64 KB wait for the client (see ngx_dns_front_out.h).  A
 * query that was begun has to be there after "client_timeout", and so has a
 * client to read what was written for it; a connection without any query is
 * closed after "idle_timeout", or before if nginx is short of connections.
 *
 * No answer closes a connection, an event of the connection does: whoever
 * answers may hold on to it.
 */


#ifndef _NGX_DNS_FRONT_TCP_H_INCLUDED_
#define _NGX_DNS_FRONT_TCP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_query.h"


#define NGX_DNS_FRONT_TCP_QUERY    2048     /* octets looked at of a query */
#define NGX_DNS_FRONT_TCP_READ     16384    /* in one system call */
#define NGX_DNS_FRONT_TCP_QUERIES  128      /* in one wake-up */
#define NGX_DNS_FRONT_TCP_ROUND    256      /* of all connections, in a round
                                               of the event loop: UDP, timers
                                               and others come in between */
#define NGX_DNS_FRONT_TCP_STAY     2000     /* milliseconds, for the first
                                               query, when a worker quits */


#pragma GCC visibility push(hidden)

/* takes the connection over, and closes it in the end */
void ngx_dns_front_tcp_open(ngx_connection_t *c, ngx_dns_conf_t *conf);

/* the connection of a client of this front; NULL if it is closed */
ngx_connection_t *ngx_dns_front_tcp_connection(ngx_dns_client_t *client);

/*
 * Ends a session of nginx, of any front, as ngx_stream_finalize_session() does
 * but for the log phase, which queries have each for themselves.
 */
void ngx_dns_front_tcp_close_connection(ngx_connection_t *c);

/* at the worker's exit, when nobody waits any more */
void ngx_dns_front_tcp_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_TCP_H_INCLUDED_ */

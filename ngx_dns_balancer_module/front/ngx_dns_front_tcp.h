
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Clients over TCP and TLS (RFC 7766, RFC 7858).  For module/ only, which
 * hands over a connection that nginx has accepted and run through its phases.
 * With TLS the handshake is done.
 *
 * Queries of a connection are answered in the order in which the responses
 * come, several in one write.  No more is read while "pipeline" queries are
 * in flight or 64 KB wait for the client (see ngx_dns_front_out.h).  A client
 * has "client_timeout" to finish a query that it has begun, and to read what
 * was written for it.  A connection without any query is closed after
 * "idle_timeout", or earlier if nginx is short of connections.  When the worker
 * quits it is closed as soon as nothing is in flight; one on which there always
 * is something is not read any more after a while.
 *
 * A connection is closed by one of its own events, never by a response:
 * whoever writes a response may still use the client.
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
                                               query, when a worker quits, and
                                               for those that ask on */
#define NGX_DNS_FRONT_TCP_DRAIN    65536    /* octets, at a close then */


#pragma GCC visibility push(hidden)

/* takes the connection over, and closes it in the end */
void ngx_dns_front_tcp_open(ngx_connection_t *c, ngx_dns_conf_t *conf);

/*
 * Ends a session of nginx, of any front, as ngx_stream_finalize_session() does,
 * without the log phase: each query has its own line in the log.
 */
void ngx_dns_front_tcp_close_connection(ngx_connection_t *c);

/* at the worker's exit, when nobody waits any more */
void ngx_dns_front_tcp_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_TCP_H_INCLUDED_ */

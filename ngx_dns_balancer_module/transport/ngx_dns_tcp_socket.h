
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One connection of ngx_dns_tcp_out.c: its life, its frames and its end.
 * Private to the TCP transport.  Outcomes are reported from event handlers
 * only, so sending never calls back.
 */


#ifndef _NGX_DNS_TCP_SOCKET_H_INCLUDED_
#define _NGX_DNS_TCP_SOCKET_H_INCLUDED_


#include "ngx_dns_tcp_out.h"


typedef struct ngx_dns_tcp_s           ngx_dns_tcp_t;
typedef struct ngx_dns_tcp_endpoint_s  ngx_dns_tcp_endpoint_t;


struct ngx_dns_tcp_s {
    ngx_connection_t        *connection;
    ngx_dns_tcp_endpoint_t  *endpoint;
    ngx_queue_t              attempts;      /* outstanding on it */
    ngx_queue_t              queue;         /* of all, for the end */
    ngx_uint_t               n;             /* of attempts */
    ngx_uint_t               answers;
    ngx_uint_t               given_up;      /* since the last answer */

    u_char                  *out;           /* frames to be written */
    size_t                   out_size;
    size_t                   out_len;
    u_char                  *in;            /* a frame that is not complete */
    size_t                   in_len;

    ngx_event_t              posted;        /* there is something to write */
    ngx_msec_t               idle;          /* how long it may be so */
    unsigned                 connected:1;
};


struct ngx_dns_tcp_endpoint_s {
    ngx_dns_peer_t          *peer;
    ngx_dns_tcp_t           *connections[NGX_DNS_TCP_CONNECTIONS];
};


#pragma GCC visibility push(hidden)

/* a new connection, maybe not yet established; NULL: not possible */
ngx_dns_tcp_t *ngx_dns_tcp_socket_open(ngx_dns_tcp_endpoint_t *ep);

/*
 * The beginning of any connection to a server, without a log of failures,
 * which the query layer tells of.  "rc" is that of ngx_event_connect_peer();
 * NULL: not possible.
 */
ngx_connection_t *ngx_dns_tcp_connect(ngx_dns_peer_t *peer, ngx_int_t *rc);

/* without a word to those who wait: for the worker's exit */
void ngx_dns_tcp_socket_close(ngx_dns_tcp_t *t);

/* it gets no new queries, and ends when the last one has */
void ngx_dns_tcp_socket_detach(ngx_dns_tcp_t *t);

/* sends a->query before the event loop sleeps.  NGX_ERROR: no memory or ID */
ngx_int_t ngx_dns_tcp_socket_insert(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a);
void ngx_dns_tcp_socket_remove(ngx_dns_attempt_t *a);

/* "channel" of an attempt whose connection has gone, and that is in a queue */
extern u_char       ngx_dns_tcp_socket_failed;

/*
 * ngx_dns_tcp_out.c for the above: all connections of the worker; and the one
 * with the fewest queries that has room, a new one if all are busy, or if it
 * must be "fresh".
 */
extern ngx_queue_t  ngx_dns_tcp_all;
ngx_dns_tcp_t *ngx_dns_tcp_choose(ngx_dns_tcp_endpoint_t *ep,
    ngx_uint_t fresh);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_SOCKET_H_INCLUDED_ */

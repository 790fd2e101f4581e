
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
    ngx_uint_t               asked;         /* in all */
    ngx_uint_t               answers;
    ngx_uint_t               strange;       /* messages that nobody waits for */
    ngx_uint_t               given_up;      /* since the last response */
    ngx_msec_t               heard;         /* when that was, or the first
                                               query that waits was asked */
    ngx_uint_t               looked;        /* answers at the last look */

    u_char                  *out;           /* frames to be written */
    size_t                   out_size;
    size_t                   out_len;
    u_char                  *in;            /* a frame that is not complete */
    size_t                   in_len;

    ngx_event_t              posted;        /* there is something to write */
    ngx_msec_t               idle;          /* the longest idle time */
    ngx_msec_t               opened;
    unsigned                 connected:1;
    unsigned                 moved:1;       /* our address is another one */
    unsigned                 retired:1;     /* it is to end with its last
                                               query */
    unsigned                 left:1;        /* of a server that was here before,
                                               and not counted */
};


/* how a connection has come to its end */

typedef enum {
    NGX_DNS_TCP_REFUSED = 0,    /* it was never established */
    NGX_DNS_TCP_TLS,            /* nor was TLS on it, or the server has no
                                   word for us */
    NGX_DNS_TCP_CLOSED,         /* by the server, or by an error */
    NGX_DNS_TCP_MOVED,          /* by us: our own address is another one */
    NGX_DNS_TCP_STOPPED         /* by nginx: worker_shutdown_timeout */
} ngx_dns_tcp_end_e;


/* one that is gone, and how many answers it has brought */

typedef struct {
    ngx_dns_tcp_end_e        how;
    ngx_uint_t               answers;
} ngx_dns_tcp_end_t;


/*
 * What ngx_dns_tcp_out.c is told of its connections: that one is gone, with
 * what was outstanding on it; and that one was read, so that it may take more.
 */

typedef void (*ngx_dns_tcp_lost_pt)(ngx_dns_tcp_endpoint_t *ep,
    ngx_queue_t *attempts, const ngx_dns_tcp_end_t *end);
typedef void (*ngx_dns_tcp_room_pt)(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t *t);


/* a server, in this worker */

struct ngx_dns_tcp_endpoint_s {
    ngx_dns_peer_t          *peer;
    const ngx_dns_bytes_t   *bytes;
    ngx_queue_t              all;           /* those that are detached, too */
    ngx_queue_t              queue;         /* of all, for the end */

    ngx_queue_t              waiting;       /* attempts without a connection */
    ngx_uint_t               nwaiting;

    ngx_uint_t               most;          /* queries that a connection of it
                                               is good for; 0: not known */
    ngx_uint_t               kept;          /* that have had so many, and were
                                               not closed */
    ngx_msec_t               learned;       /* when that was seen */

    ngx_uint_t               hung;          /* in a row that were replaced, not
                                               yet established */
    ngx_msec_t               took;          /* until the last one was */

    ngx_dns_tcp_lost_pt      lost;
    ngx_dns_tcp_room_pt      room;

    ngx_uint_t               open;          /* those that are detached, too */
    ngx_uint_t               places;        /* of connections[], and the most
                                               that are open */
    ngx_dns_tcp_t           *connections[];
};


#pragma GCC visibility push(hidden)

/*
 * A new connection, maybe not yet established.  NGX_OK; NGX_ERROR: the server
 * can't be reached; NGX_BUSY: something is lacking here.
 */
ngx_int_t ngx_dns_tcp_socket_open(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t **tp);

/* nobody is told: what is outstanding must be taken off it before */
void ngx_dns_tcp_socket_close(ngx_dns_tcp_t *t);

/*
 * Somebody waits no longer for a response.  A connection that may have died
 * silently is retired; what has come, but was not read yet, is read before.
 */
void ngx_dns_tcp_socket_give_up(ngx_dns_tcp_t *t);

/* it gets no new queries, and ends when the last one has */
void ngx_dns_tcp_socket_retire(ngx_dns_tcp_t *t);

/* sends a->query before the event loop sleeps.  NGX_ERROR: no memory or ID */
ngx_int_t ngx_dns_tcp_socket_insert(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a);
void ngx_dns_tcp_socket_remove(ngx_dns_attempt_t *a);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_SOCKET_H_INCLUDED_ */

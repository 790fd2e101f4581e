
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One connected socket of ngx_dns_udp_out.c: its life and its responses; in
 * ngx_dns_udp_send.c, its queries; in ngx_dns_udp_errors.c, what goes wrong;
 * and, in ngx_dns_udp_choose.c, which of a server's is used.  Private to the
 * UDP transport.  Outcomes are reported from the read handler and from one
 * posted event only, so sending never calls back.
 */


#ifndef _NGX_DNS_UDP_SOCKET_H_INCLUDED_
#define _NGX_DNS_UDP_SOCKET_H_INCLUDED_


#include "ngx_dns_udp_out.h"


#define NGX_DNS_UDP_BATCH      64       /* datagrams in one system call */
#define NGX_DNS_UDP_SLOTS      1024     /* queries that wait to be sent */
#define NGX_DNS_UDP_USES       8192     /* queries before a new port */
#define NGX_DNS_UDP_AGE        60000    /* milliseconds before a new port */
#define NGX_DNS_UDP_SILENT     20       /* milliseconds without a response
                                           before a look at our address */
#define NGX_DNS_UDP_LOOKS      100      /* from one such look to the next */
#define NGX_DNS_UDP_DEAF       100      /* milliseconds without a response
                                           before a new port, at least */
#define NGX_DNS_UDP_DEAF_MAX   5000     /* from one such port to the next */


typedef struct ngx_dns_udp_socket_s    ngx_dns_udp_socket_t;
typedef struct ngx_dns_udp_endpoint_s  ngx_dns_udp_endpoint_t;
typedef struct ngx_dns_udp_slot_s      ngx_dns_udp_slot_t;


/* a query that waits for the end of its batch; its attempt may be gone */

struct ngx_dns_udp_slot_s {
    ngx_dns_udp_slot_t      *next;
    size_t                   len;
    u_char                   data[NGX_DNS_MAX_QUERY];
};


struct ngx_dns_udp_socket_s {
    ngx_connection_t        *connection;
    ngx_dns_udp_endpoint_t  *endpoint;
    uint64_t                 number;        /* for the table of attempts,
                                               above the 16 bits of an ID */

    ngx_queue_t              attempts;      /* outstanding on it */

    ngx_dns_udp_slot_t      *first;         /* to be sent */
    ngx_dns_udp_slot_t     **last;
    ngx_uint_t               pending;
    ngx_uint_t               mixed;         /* they are not of one length */
    ngx_queue_t              dirty;         /* has pending, or is to close */

    ngx_uint_t               uses;
    ngx_msec_t               opened;
    uint64_t                 since;         /* ngx_dns_usec of the first query
                                               after its last response; 0:
                                               none */

    unsigned                 queued:1;      /* in the dirty queue */
    unsigned                 blocked:1;     /* waits to become writable */
    unsigned                 retired:1;     /* no new queries */
    unsigned                 failed:1;      /* nothing can be sent by it */
    unsigned                 moved:1;       /* it has what another one could
                                               not send */
    unsigned                 segments:1;    /* the kernel makes datagrams of
                                               a run of queries of one length */
};


struct ngx_dns_udp_endpoint_s {
    ngx_dns_peer_t          *peer;
    ngx_dns_udp_socket_t    *current;       /* for this batch */
    ngx_dns_udp_socket_t    *sockets[NGX_DNS_UDP_SOCKETS];
    ngx_uint_t               n;             /* so many of them are used */

    ngx_msec_t               since;         /* the first query after the last
                                               answer; 0: none */
    ngx_msec_t               looked;        /* at the sockets' address */
    ngx_msec_t               silent;        /* so long it was when a socket
                                               was last replaced for it; 0: not
                                               yet */
    ngx_uint_t               fresh;         /* which one that was */
    uint64_t                 answered;      /* ngx_dns_usec at which the latest
                                               query was sent that was
                                               answered */

    ngx_uint_t               failures;      /* to open one, not logged */
    ngx_msec_t               logged;        /* the last that was; 0: none */
    ngx_msec_t               quiet;         /* from it to the next; 0: not
                                               known */
    uint64_t                 heard;         /* "answered" when it began */
};


#pragma GCC visibility push(hidden)

/*
 * A new socket connected to the server, "first" if it has no other one that is
 * not to be replaced by this.  NGX_OK; NGX_ERROR: there is no way to
 * it; NGX_BUSY: no descriptor, connection or memory is left for it.
 */
ngx_int_t ngx_dns_udp_socket_open(ngx_dns_udp_endpoint_t *ep,
    ngx_uint_t first, ngx_dns_udp_socket_t **sp);

/* with nothing outstanding, or at the worker's exit */
void ngx_dns_udp_socket_close(ngx_dns_udp_socket_t *s);

/*
 * Sends what is pending; what the kernel can't take now stays.  Closes
 * nothing.  NGX_ERROR: nothing can be sent by this socket any more.
 */
ngx_int_t ngx_dns_udp_socket_flush(ngx_dns_udp_socket_t *s);

/* it is writable again */
void ngx_dns_udp_socket_write_handler(ngx_event_t *wev);

/* fetches errors of datagrams, and ends or hints at the attempts they are of */
void ngx_dns_udp_socket_errors(ngx_dns_udp_socket_t *s);

/* logs that there is no socket, or that nothing can be sent by one */
void ngx_dns_udp_socket_complain(ngx_dns_udp_endpoint_t *ep, ngx_err_t err);

/*
 * A socket by chance, opened when it is first drawn; a worn one is replaced
 * and closed when its last query has ended.  NGX_ERROR: the server can't be
 * reached; NGX_BUSY: there is none, for want of ours.
 */
ngx_int_t ngx_dns_udp_choose(ngx_dns_udp_endpoint_t *ep,
    ngx_dns_udp_socket_t **sp);

/*
 * Our address may not be there any more: what is sent from it is lost, or can't
 * be sent.  The sockets that have another one than a new one has are replaced.
 */
void ngx_dns_udp_look(ngx_dns_udp_endpoint_t *ep);

/* it gets no new queries, and is closed when its last one has ended */
void ngx_dns_udp_retire(ngx_dns_udp_socket_t *s);

/*
 * A response whose ID nobody has sent.  Ends attempts that there have been too
 * many of these for, with NGX_DNS_EVENT_GUESSED.
 */
void ngx_dns_udp_guess(ngx_dns_udp_socket_t *s, const u_char *msg, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_UDP_SOCKET_H_INCLUDED_ */

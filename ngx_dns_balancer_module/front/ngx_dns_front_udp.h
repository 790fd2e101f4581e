
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * UDP listeners: datagrams are read, answered and sent in batches, without a
 * connection, pool or session for each.  For module/ only.
 *
 * A listening socket is read and written by a duplicate of its descriptor,
 * since nginx closes its own in a worker that is told to quit, and stops
 * reading from it when accept() fails.  Responses leave from the address that
 * was asked.  What the kernel can't take waits in a backlog, bounded and
 * counted.
 *
 * A worker that quits reads its sockets one more time, as the kernel may have
 * woken no other process for what is queued.  It goes on for a while with a
 * socket that no other process reads: see ngx_dns_front_socket.h.
 */


#ifndef _NGX_DNS_FRONT_UDP_H_INCLUDED_
#define _NGX_DNS_FRONT_UDP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_query.h"


#define NGX_DNS_FRONT_BATCH    64         /* datagrams in one system call */
#define NGX_DNS_FRONT_READS    4          /* batches in one wake-up */
#define NGX_DNS_FRONT_DRAIN    256        /* the same, in a worker that quits */
#define NGX_DNS_FRONT_QUERY    2048       /* octets read of a query */
#define NGX_DNS_FRONT_ARENA    65536      /* of responses to be sent */
#define NGX_DNS_FRONT_BACKLOG  8192       /* responses kept for later */

#define NGX_DNS_FRONT_LOOK     10         /* milliseconds: for a reader */
#define NGX_DNS_FRONT_STAY     2000       /* milliseconds: without one */


/* a server {} on the socket; the last is for any other address */

typedef struct {
    ngx_dns_sockaddr_t       sockaddr;
    ngx_dns_conf_t          *conf;
} ngx_dns_front_addr_t;


#pragma GCC visibility push(hidden)

/*
 * In a worker: takes over a listening socket that nginx reads in this worker.
 * With "sessions" nginx still reads it, and only its end is handled here.
 * NGX_ERROR: no memory, descriptor or connection.
 */
ngx_int_t ngx_dns_front_udp_open(ngx_cycle_t *cycle, ngx_listening_t *ls,
    ngx_dns_front_addr_t *addrs, ngx_uint_t naddrs, ngx_uint_t sessions);

/*
 * Fills a client from a session nginx has made for a datagram of a socket
 * opened above; NGX_ERROR if there is no such socket.
 */
ngx_int_t ngx_dns_front_udp_client(ngx_connection_t *c,
    ngx_dns_client_t *client);

/* at the worker's exit */
void ngx_dns_front_udp_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_UDP_H_INCLUDED_ */

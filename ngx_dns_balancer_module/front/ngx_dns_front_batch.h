
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Answers on their way to clients: collected over a round of the event loop,
 * sent by one system call, kept while the kernel has no room.  Private to
 * the UDP front.
 */


#ifndef _NGX_DNS_FRONT_BATCH_H_INCLUDED_
#define _NGX_DNS_FRONT_BATCH_H_INCLUDED_


#include "ngx_dns_front_udp.h"


#define NGX_DNS_FRONT_CONTROL                                                 \
    (CMSG_SPACE(sizeof(struct in6_pktinfo)) / sizeof(size_t))


#define NGX_DNS_FRONT_RETRY  1            /* milliseconds */


typedef struct ngx_dns_front_late_s  ngx_dns_front_late_t;


/* a response in the backlog */

struct ngx_dns_front_late_s {
    ngx_dns_front_late_t    *next;
    ngx_dns_sockaddr_t       sockaddr;
    socklen_t                socklen;
    size_t                   controllen;
    size_t                   control[NGX_DNS_FRONT_CONTROL];
    uint64_t                *counter;
    size_t                   len;
    u_char                   data[];
};


typedef struct {
    ngx_connection_t        *connection;      /* of the duplicate */

    ngx_uint_t               n;
    size_t                   used;            /* of the arena; up to a line
                                                 over its end */
    u_char                  *arena;

    ngx_dns_front_late_t    *first;
    ngx_dns_front_late_t   **last;
    ngx_uint_t               late;
    ngx_uint_t               blocked;

    ngx_event_t              posted;
    ngx_event_t              retry;           /* of the backlog */

    struct mmsghdr           msg[NGX_DNS_FRONT_BATCH];
    struct iovec             iov[NGX_DNS_FRONT_BATCH];
    ngx_dns_sockaddr_t       name[NGX_DNS_FRONT_BATCH];
    uint64_t                *counter[NGX_DNS_FRONT_BATCH];
    size_t                   control[NGX_DNS_FRONT_BATCH]
                                    [NGX_DNS_FRONT_CONTROL];
} ngx_dns_front_batch_t;


#pragma GCC visibility push(hidden)

/* sets up a cleared batch whose connection is set */
ngx_int_t ngx_dns_front_batch_init(ngx_dns_front_batch_t *b,
    ngx_pool_t *pool);

/* the functions of an ngx_dns_front_t; the client's handle is a batch */
u_char *ngx_dns_front_batch_reserve(ngx_dns_client_t *client, size_t size);
void ngx_dns_front_batch_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl);

/* sends all that can be sent now */
void ngx_dns_front_batch_flush(ngx_dns_front_batch_t *b);

/* drops the backlog, counted */
void ngx_dns_front_batch_done(ngx_dns_front_batch_t *b);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_BATCH_H_INCLUDED_ */

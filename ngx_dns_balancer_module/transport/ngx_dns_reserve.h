
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Connections and descriptors that are set apart for sockets to servers, so
 * that clients, however many there are, can't take what queries to servers
 * need, nor the other way round.  For the transports (begin, end, closed) and
 * module/ (init); nobody else gets an nginx connection towards a server.
 *
 * nginx has one list of free connections of a worker for all, and closes idle
 * ones of clients when that gets short: it calls their handlers from within
 * ngx_get_connection().  Here it never does, since the client whose query is
 * being looked at may be one of them.
 *
 * A connection of the reserve is out of nginx's list until it is used, and
 * comes back when it was closed.  Where the limit of descriptors is below
 * worker_connections as many descriptors are held, too.
 */


#ifndef _NGX_DNS_RESERVE_H_INCLUDED_
#define _NGX_DNS_RESERVE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/* descriptors of a worker that are no connections: logs, files, epoll, ... */

#define NGX_DNS_RESERVE_FILES  64


#pragma GCC visibility push(hidden)

/*
 * In a worker, before anything is opened.  "wish" is how many would do; half
 * of the worker's connections is the most.  One for each of so many servers is
 * only for the first of a server: other servers can't take all there is.
 */
void ngx_dns_reserve_init(ngx_cycle_t *cycle, ngx_uint_t wish,
    ngx_uint_t servers);

/* at the worker's exit */
void ngx_dns_reserve_done(void);

/* how many there are */
ngx_uint_t ngx_dns_reserve_limit(void);

/*
 * Around all that opens a socket and gets a connection for it.  begin() gives
 * NGX_BUSY if none is left, and end() is not called then.  "first": its server
 * has no other one that queries could go by.  "c" is what was got, NULL if
 * nothing.
 */
ngx_int_t ngx_dns_reserve_begin(ngx_uint_t first);
void ngx_dns_reserve_end(ngx_connection_t *c);

/* closes a connection that was got so */
void ngx_dns_reserve_close(ngx_connection_t *c);

#pragma GCC visibility pop


#endif /* _NGX_DNS_RESERVE_H_INCLUDED_ */

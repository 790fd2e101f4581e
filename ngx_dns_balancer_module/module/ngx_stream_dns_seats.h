
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Servers of an upstream that are found while nginx runs: a "server" with
 * "resolve" and a "resolv_conf".  Each is a source.  The worker that does what
 * is needed once asks nginx's resolver or looks at the file, and writes who the
 * servers are into the seats of the source (peers/ngx_dns_seat.h).  All workers
 * take over what has changed at each tick.
 *
 * A source whose resolver or file fails keeps the servers that it had.
 */


#ifndef _NGX_STREAM_DNS_SEATS_H_INCLUDED_
#define _NGX_STREAM_DNS_SEATS_H_INCLUDED_


#include "ngx_stream_dns.h"
#include "../peers/ngx_dns_seat.h"


/* milliseconds: of a worker with sources, so that all know soon */

#define NGX_STREAM_DNS_SEATS_TICK  250

/* the same while an upstream has no server at all */

#define NGX_STREAM_DNS_SEATS_SOON  20

/* so long after its start queries wait for the first server that is found */

#define NGX_STREAM_DNS_SEATS_EXPECT  2000


/* a "server" line: what it says of its server or servers */

typedef struct {
    ngx_dns_peer_t               peer;
    ngx_stream_dns_tls_server_t  tls;
    ngx_dns_transport_t         *transport;
    ngx_uint_t                   resolve;
    ngx_str_t                    service;   /* empty: none */
} ngx_stream_dns_server_line_t;


typedef struct {
    ngx_dns_seats_t              seats;
    ngx_stream_dns_upstream_t   *us;
    ngx_dns_transport_t         *transport;
    ngx_stream_dns_place_t       place;     /* of the line */
    ngx_str_t                    text;      /* as the line has it */
    ngx_str_t                    host;      /* empty: "text" is a file */
    ngx_str_t                    service;   /* whole; empty: addresses */
    in_port_t                    port;
    uint32_t                     weight;
    ngx_uint_t                   backup;

    /* what was found last; of the process that finds it */
    ngx_uint_t                   known;     /* since it has begun */
    ngx_uint_t                   stay;      /* a part of it was not found */
    ngx_uint_t                   n;
    ngx_dns_guest_t              guests[NGX_DNS_SEATS];

    ngx_event_t                  event;
    ngx_resolver_ctx_t          *ctx;       /* NULL: nobody is asked */
    ngx_uint_t                   fails;     /* in a row */
    ngx_int_t                    said;      /* the failure that was logged */
    ngx_uint_t                   over;      /* said that there are too many */

    uint64_t                     sign;      /* of the file that was read */
    uint64_t                     seen;      /* at the last look */
} ngx_stream_dns_source_t;


#pragma GCC visibility push(hidden)

/* the parameters of a "server" line; NGX_ERROR, and it is said */
ngx_int_t ngx_stream_dns_server_parameters(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line);

/* a source for a line; its seats are servers of the upstream */
ngx_stream_dns_source_t *ngx_stream_dns_seats_add(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_stream_dns_server_line_t *line,
    ngx_str_t *text);

/* "resolver", "resolver_timeout" and "resolv_conf" lines */
char *ngx_stream_dns_seats_resolver(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_seats_timeout(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_resolv_conf(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);

/* all is read: is there a server?  NGX_ERROR, and it is said */
ngx_int_t ngx_stream_dns_resolv_conf_check(ngx_conf_t *cf,
    ngx_stream_dns_source_t *src);

/* the same: is there a resolver? */
ngx_int_t ngx_stream_dns_seats_check(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);

/* the most servers that an upstream can have at once */
ngx_uint_t ngx_stream_dns_seats_most(ngx_stream_dns_upstream_t *us);

/* has an upstream any sources? */
ngx_uint_t ngx_stream_dns_seats_used(ngx_stream_dns_main_conf_t *dmcf);

/* in the master, with the first use of a configuration: what files say */
void ngx_stream_dns_seats_commit(ngx_stream_dns_main_conf_t *dmcf,
    ngx_log_t *log);

/* a worker begins */
void ngx_stream_dns_seats_open(ngx_stream_dns_main_conf_t *dmcf);

/*
 * Each worker: takes over what others have found.  1 if an upstream still has
 * no server.
 */
ngx_uint_t ngx_stream_dns_seats_tick(ngx_stream_dns_main_conf_t *dmcf);

/* the worker that does what is needed once begins, and ends */
void ngx_stream_dns_seats_start(ngx_stream_dns_main_conf_t *dmcf,
    ngx_log_t *log);
void ngx_stream_dns_seats_stop(ngx_stream_dns_main_conf_t *dmcf);

/*
 * What has been found of this upstream goes into its seats, for all; a worker
 * takes it over itself after that.
 */
void ngx_stream_dns_seats_settle(ngx_stream_dns_upstream_t *us,
    ngx_log_t *log);

/*
 * One more server is found: NGX_DECLINED if there can be none at the address,
 * or too many, of which something is said.
 */
ngx_int_t ngx_stream_dns_seats_found(ngx_stream_dns_source_t *src,
    ngx_dns_guest_t *guest, ngx_log_t *log);

/* would the upstream have no server without these? */
ngx_uint_t ngx_stream_dns_seats_last(ngx_stream_dns_source_t *src);

/* this process takes over what is in the seats of an upstream */
void ngx_stream_dns_seats_apply(ngx_stream_dns_upstream_t *us,
    ngx_log_t *log);

/* does this worker still do what is needed once? */
ngx_uint_t ngx_stream_dns_seats_held(ngx_stream_dns_source_t *src);

/* the handlers of a source's timer */
void ngx_stream_dns_names_handler(ngx_event_t *ev);
void ngx_stream_dns_resolv_conf_handler(ngx_event_t *ev);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_SEATS_H_INCLUDED_ */

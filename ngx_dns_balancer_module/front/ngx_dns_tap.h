
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_dnstap: what a server's clients ask and are told, and what is asked of
 * upstreams for them, as frames of dnstap for a reader on a socket.  A stage of
 * the server (ngx_dns_stage.h) and a watcher of what the transports send and
 * get; module/ makes, opens and closes them.
 *
 * Nothing waits for the reader.  Frames go into a ring of this worker's memory,
 * and from there to the reader's socket before the event loop sleeps, as much
 * as that takes.  What finds no room in the ring is dropped and counted.  The
 * connection is the event loop's, as all others: there is no thread.
 */


#ifndef _NGX_DNS_TAP_H_INCLUDED_
#define _NGX_DNS_TAP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_stage.h"


#define NGX_DNS_TAP_CLIENT_QUERY        0x01
#define NGX_DNS_TAP_CLIENT_RESPONSE     0x02
#define NGX_DNS_TAP_FORWARDER_QUERY     0x04
#define NGX_DNS_TAP_FORWARDER_RESPONSE  0x08

#define NGX_DNS_TAP_CLIENT     (NGX_DNS_TAP_CLIENT_QUERY                      \
                                |NGX_DNS_TAP_CLIENT_RESPONSE)
#define NGX_DNS_TAP_FORWARDER  (NGX_DNS_TAP_FORWARDER_QUERY                   \
                                |NGX_DNS_TAP_FORWARDER_RESPONSE)

#define NGX_DNS_TAP_RING       (4 * 1024 * 1024)
#define NGX_DNS_TAP_LENGTH     4       /* octets before a frame */
#define NGX_DNS_TAP_TEXT       255     /* octets of an identity or a version */
#define NGX_DNS_TAP_CONTROL    520     /* of the longest control frame */

#define NGX_DNS_TAP_RETRY      1000    /* milliseconds from one try to connect
                                          to the next */
#define NGX_DNS_TAP_HANDSHAKE  5000    /* for the reader to accept */


typedef enum {
    NGX_DNS_TAP_DOWN = 0,
    NGX_DNS_TAP_CONNECTING,
    NGX_DNS_TAP_WAITING,         /* for the reader's ACCEPT */
    NGX_DNS_TAP_RUNNING
} ngx_dns_tap_state_e;


typedef struct {
    /* set by module/ */
    ngx_str_t             name;        /* as configured */
    struct sockaddr      *sockaddr;
    socklen_t             socklen;
    ngx_uint_t            types;       /* mask of NGX_DNS_TAP_* */
    ngx_uint_t            sample;
    ngx_str_t             identity;
    ngx_str_t             version;

    /* of this worker */
    ngx_dns_server_counters_t  *counters;
    ngx_uint_t            seen;

    /* frames are in [tail, head), or in [tail, end) and [0, head) */
    u_char               *ring;
    size_t                head;
    size_t                tail;        /* the first frame that is not written */
    size_t                end;
    size_t                sent;        /* of that one */
    ngx_uint_t            wrapped;

    ngx_dns_tap_state_e   state;
    ngx_connection_t     *connection;
    ngx_event_t           timer;
    ngx_event_t           posted;
    ngx_uint_t            blocked;     /* waits to become writable */
    ngx_uint_t            told;        /* bits: why there is no reader */
    size_t                in_len;
    u_char                in[NGX_DNS_TAP_CONTROL];
} ngx_dns_tap_t;


#pragma GCC visibility push(hidden)

/*
 * In a worker, for a server that has one, before its other stages: its ring,
 * and the first try to connect.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_dns_tap_open(ngx_cycle_t *cycle, ngx_dns_conf_t *conf,
    ngx_dns_tap_t *tap);

/* at the worker's exit: what the reader takes at once is written */
void ngx_dns_tap_close(ngx_dns_tap_t *tap);

/* the rest is between the files of this part */

ngx_int_t ngx_dns_tap_out_open(ngx_cycle_t *cycle, ngx_dns_tap_t *tap);
void ngx_dns_tap_out_close(ngx_dns_tap_t *tap);

/* a frame of so many octets was written into the room for it */
void ngx_dns_tap_out_commit(ngx_dns_tap_t *tap, size_t size);

/* room for a frame of so many octets or less; NULL: there is none */
u_char *ngx_dns_tap_ring_reserve(ngx_dns_tap_t *tap, size_t size);

/* are there frames? */
ngx_uint_t ngx_dns_tap_ring_waits(const ngx_dns_tap_t *tap);

/* so many octets more were sent; what is whole is counted */
void ngx_dns_tap_ring_written(ngx_dns_tap_t *tap, size_t n);

/* the first frame is done with */
void ngx_dns_tap_ring_next(ngx_dns_tap_t *tap);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TAP_H_INCLUDED_ */

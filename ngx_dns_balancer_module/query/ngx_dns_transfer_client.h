
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What the client of a zone transfer is sent, and what is logged of it.
 * Private to ngx_dns_transfer.c, which says when.
 */


#ifndef _NGX_DNS_TRANSFER_CLIENT_H_INCLUDED_
#define _NGX_DNS_TRANSFER_CLIENT_H_INCLUDED_


#include "ngx_dns_outcome.h"
#include "ngx_dns_request.h"
#include "../transport/ngx_dns_tcp_stream.h"
#include "../wire/ngx_dns_xfr.h"


typedef struct {
    ngx_queue_t              queue;
    ngx_dns_conf_t          *conf;
    ngx_dns_zone_t          *zone;
    ngx_dns_upstream_t      *upstream;
    ngx_dns_peer_t          *only;        /* of its servers; NULL: any */
    ngx_dns_client_t         client;
    ngx_dns_asked_t          asked;

    ngx_dns_tcp_stream_t    *stream;      /* NULL: none */
    ngx_dns_peer_t          *peer;
    ngx_dns_peer_t          *tried[NGX_DNS_MAX_TRIES];
    ngx_uint_t               tries;
    ngx_msec_t               deadline;    /* for another server to be asked */
    uint64_t                 key;         /* for a hash method */

    /* what is worth most to the client of what has come instead */

    ngx_dns_outcome_e        outcome;
    uint16_t                 rcode;
    ngx_dns_outcome_e        last;        /* of the server asked last */

    ngx_dns_xfr_t            xfr;
    uint32_t                 have;
    ngx_uint_t               messages;    /* passed on */
    ngx_uint_t               complete;    /* with the last one */
    size_t                   sent;
    ngx_uint_t               records;
    ngx_event_t              room;        /* the client reads again */

    uint64_t                 start_usec;
    uint64_t                 asked_usec;
    ngx_msec_t               start_msec;
    size_t                   received;
    uint16_t                 id;

    size_t                   query_len;
    u_char                   question[NGX_DNS_MAX_NAME + 4
                                      + NGX_DNS_READ_PAD];   /* lower */
    u_char                   query[];
} ngx_dns_transfer_t;


#pragma GCC visibility push(hidden)

/*
 * Writes a server's message as the client gets it, and returns its size; "p"
 * has NGX_DNS_MAX_MESSAGE.
 */
size_t ngx_dns_transfer_write(ngx_dns_transfer_t *x, u_char *p,
    const ngx_dns_message_t *m, const u_char *msg);

/*
 * Sends what was written, as the last message if the transfer is complete;
 * else it returns what the front's part() says.
 */
ngx_int_t ngx_dns_transfer_send(ngx_dns_transfer_t *x, u_char *p, size_t size);

/*
 * The end: the client gets a response with the rcode if it has got none.  What
 * was begun and can't be ended is no response: its client's connection is
 * closed (RFC 5936, 2.2).
 */
void ngx_dns_transfer_tell(ngx_dns_transfer_t *x, ngx_dns_reason_e reason,
    ngx_uint_t rcode);

/* the end in the log, in variables and in metrics */
void ngx_dns_transfer_log(ngx_dns_transfer_t *x, ngx_dns_reason_e reason,
    ngx_uint_t rcode);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TRANSFER_CLIENT_H_INCLUDED_ */

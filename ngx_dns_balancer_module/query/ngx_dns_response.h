
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Writes answers to clients: a server's, with the client's own ID, question
 * and OPT around it, or an error of our own.  Private to the query layer.
 */


#ifndef _NGX_DNS_RESPONSE_H_INCLUDED_
#define _NGX_DNS_RESPONSE_H_INCLUDED_


#include "ngx_dns_inflight.h"
#include "ngx_dns_options.h"
#include "ngx_dns_stage.h"
#include "../wire/ngx_dns_ttl.h"


typedef struct {
    ngx_dns_message_t     m;
    const u_char         *msg;
} ngx_dns_lean_t;


/* what of a server's flags a client gets; RD and CD are its own */

#define NGX_DNS_RESPONSE_FLAGS  (NGX_DNS_AA|NGX_DNS_TC|NGX_DNS_RA)


#pragma GCC visibility push(hidden)

/* see ngx_dns_response_opt() */
u_char *ngx_dns_response_write_opt(ngx_dns_asker_t *asker, u_char *start,
    u_char *p, const ngx_dns_message_t *m);

/*
 * Sends the parsed response "m" in "msg"; with msg NULL, one without records
 * that has m's flags, rcode and EDE.  Returns its size.
 */
size_t ngx_dns_response_send(ngx_dns_asker_t *asker, const ngx_dns_message_t *m,
    const u_char *msg, uint16_t *answers);

/*
 * The addresses of a response that is about to be sent take turns in being
 * the first, for each name and type by itself.
 */
void ngx_dns_response_turn(ngx_dns_asker_t *asker, u_char *start, size_t size,
    ngx_uint_t answers);

/*
 * dns_minimal: the response without what a client can do without.  Good until
 * the next call.
 */
const ngx_dns_lean_t *ngx_dns_response_minimal(const ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg);

/*
 * Refuses a query that is still in the buffer it was parsed from.
 * Returns the size of the response, 0 if it is one not to be answered.
 */
size_t ngx_dns_response_error(const ngx_dns_request_t *r,
    ngx_dns_reason_e reason);

#pragma GCC visibility pop


/* "asker" of a client that waits for the question, for the above */

static ngx_inline void
ngx_dns_response_asker(ngx_dns_asker_t *asker, const ngx_dns_inflight_t *f,
    ngx_dns_waiter_t *w, ngx_dns_source_e source)
{
    asker->client = &w->client;
    asker->conf = w->conf;
    asker->policy = f->policy;
    asker->name = w->name;
    asker->asked = &w->asked;
    asker->responses = w->conf->runtime.counters->responses[source];
}


/*
 * Writes the header and the question of a response with m's counts, flags and
 * rcode; returns the end.
 */

static ngx_inline u_char *
ngx_dns_response_begin(ngx_dns_asker_t *asker, u_char *p,
    const ngx_dns_message_t *m)
{
    uint16_t  flags, rcode;

    rcode = m->rcode;

    if (rcode > NGX_DNS_RCODE && !asker->asked->edns) {

        /* RFC 6891, 6.1.3: its upper bits have no place without an OPT */

        rcode = NGX_DNS_SERVFAIL;
    }

    flags = m->flags & NGX_DNS_RESPONSE_FLAGS;

    /* RFC 6840, 5.8: AD is for clients that set AD or DO */

    if ((asker->asked->flags & NGX_DNS_AD) || asker->asked->dnssec_ok) {
        flags |= m->flags & NGX_DNS_AD;
    }

    ngx_dns_message_header(p, asker->asked->id,
                           NGX_DNS_QR | flags
                           | (asker->asked->flags & (NGX_DNS_RD | NGX_DNS_CD))
                           | (rcode & NGX_DNS_RCODE),
                           1, m, asker->asked->edns);

    p = ngx_dns_copy(p + NGX_DNS_HEADER_SIZE, asker->name,
                     asker->asked->name_len);

    ngx_dns_put16(p, asker->asked->type);
    ngx_dns_put16(p + 2, asker->asked->class);

    return p + 4;
}


/*
 * How long a response may be (RFC 6891, 6.2.5), the OPT included; what does
 * not fit is a matter of TC.
 */

static ngx_inline size_t
ngx_dns_response_limit(ngx_dns_asker_t *asker)
{
    size_t  size;

    if (!asker->client->bounded) {
        return NGX_DNS_MAX_MESSAGE;
    }

    if (!asker->asked->edns) {
        return NGX_DNS_MIN_UDP_SIZE;
    }

    size = asker->asked->proven ? asker->conf->listener.udp_max_size
                                : asker->conf->listener.udp_unproven;

    return ngx_min(asker->asked->udp_size, size);
}


static ngx_inline size_t
ngx_dns_response_opt_size(ngx_dns_asker_t *asker, const ngx_dns_message_t *m)
{
    size_t  size;

    if (!asker->asked->edns) {
        return 0;
    }

    size = NGX_DNS_OPT_SIZE + (m->ede == NGX_DNS_NO_EDE ? 0
                                                        : NGX_DNS_EDE_SIZE);

    if (asker->asked->options) {
        size += ngx_dns_options_size(asker);
    }

    return size;
}


/*
 * Writes the OPT, if the client sent one, of the message from "start"; returns
 * the end.
 */

static ngx_inline u_char *
ngx_dns_response_opt(ngx_dns_asker_t *asker, u_char *start, u_char *p,
    const ngx_dns_message_t *m)
{
    return asker->asked->edns ? ngx_dns_response_write_opt(asker, start, p, m)
                              : p;
}


/* room for a response of "size" without padding */

static ngx_inline u_char *
ngx_dns_response_reserve(ngx_dns_asker_t *asker, size_t size)
{
    if (asker->asked->options) {
        size = ngx_dns_options_room(asker, size);
    }

    return asker->client->front->reserve(asker->client, size);
}


/* sends what was written from "start", the room that was reserved */

static ngx_inline void
ngx_dns_response_commit(const ngx_dns_asker_t *asker, const u_char *start,
    size_t size, ngx_uint_t rcode)
{
    ngx_int_t         ttl;
    ngx_dns_front_t  *front;

    front = asker->client->front;
    ttl = front->aged ? ngx_dns_ttl(start, size) : NGX_DECLINED;

    if (asker->conf->listener.points & NGX_DNS_AT_RESPONSE) {
        ngx_dns_stage_response(asker, start, size);
    }

    front->commit(asker->client, size, &asker->responses[rcode], ttl);
}


#endif /* _NGX_DNS_RESPONSE_H_INCLUDED_ */

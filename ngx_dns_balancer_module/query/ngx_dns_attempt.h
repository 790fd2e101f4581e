
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One server that is asked one question: the query is sent, or taken back, and
 * the server is counted, measured and blamed for what comes of it, here and
 * nowhere else.  What that means for the question is decided in ngx_dns_life.c.
 * Private to that and ngx_dns_ask.c; calls nobody above.
 *
 * From send() until take() says otherwise, or cancel(), the attempt is "live"
 * and holds a place of its server's "outstanding".
 */


#ifndef _NGX_DNS_ATTEMPT_H_INCLUDED_
#define _NGX_DNS_ATTEMPT_H_INCLUDED_


#include "ngx_dns_inflight.h"


#define NGX_DNS_ATTEMPT_WITNESSES  8      /* of a server in a worker */


#pragma GCC visibility push(hidden)

/*
 * Asks a server that was picked, as the next attempt of the question.
 * NGX_DNS_OUTCOME_NONE if it is under way; else why not, and it is over.
 */
ngx_dns_outcome_e ngx_dns_attempt_send(ngx_dns_inflight_t *f,
    ngx_dns_peer_t *peer, ngx_dns_event_pt handler);

/*
 * What the transport says of it.  NGX_DNS_OUTCOME_NONE if the same server is
 * asked once more, over transport->whole or without an OPT; else the attempt
 * is over, and "m" is the parsed message of it, or has an rcode of our own.
 */
ngx_dns_outcome_e ngx_dns_attempt_take(ngx_dns_inflight_attempt_t *a,
    ngx_dns_event_e event, u_char *msg, size_t len, ngx_dns_message_t *m);

/*
 * It has been silent for all of its time: noted, and the server's failure
 * unless it was us who chose TCP.
 */
void ngx_dns_attempt_silent(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);

/* the same of all whose time is over; returns how many */
ngx_uint_t ngx_dns_attempt_expire(ngx_dns_inflight_t *f);

/* the question is over: may the attempt outlive it, for the server's sake? */
ngx_uint_t ngx_dns_attempt_witness(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);

/* nobody waits for it any more */
void ngx_dns_attempt_cancel(ngx_dns_inflight_attempt_t *a);

/* there is a useful response: servers that gave none are judged for it */
void ngx_dns_attempt_judge(ngx_dns_inflight_t *f);

/*
 * Keeps the outcome if it is worth as much to a client as what has come
 * before; "m" may be NULL.
 */
void ngx_dns_attempt_note(ngx_dns_inflight_t *f, ngx_dns_outcome_e outcome,
    const ngx_dns_message_t *m, ngx_dns_peer_t *peer);

#pragma GCC visibility pop


/* what it is outstanding over */

static ngx_inline ngx_dns_transport_t *
ngx_dns_attempt_transport(const ngx_dns_inflight_attempt_t *a)
{
    ngx_dns_transport_t  *transport;

    transport = a->attempt.peer->transport;

    return a->cut ? transport->whole : transport;
}


#endif /* _NGX_DNS_ATTEMPT_H_INCLUDED_ */

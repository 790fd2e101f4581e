
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_attempt.h"
#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


static ngx_int_t ngx_dns_attempt_again(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);
static ngx_int_t ngx_dns_attempt_whole(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);
static ngx_int_t ngx_dns_attempt_plain(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, const ngx_dns_message_t *m);
static ngx_dns_outcome_e ngx_dns_attempt_other(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_dns_event_e event, const u_char *msg,
    ngx_dns_message_t *m);
static ngx_dns_outcome_e ngx_dns_attempt_bad(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_dns_outcome_e outcome,
    ngx_dns_message_t *m);
static void ngx_dns_attempt_none(ngx_dns_message_t *m);
static void ngx_dns_attempt_cut(const ngx_dns_inflight_attempt_t *a,
    ngx_dns_message_t *m);
static ngx_dns_outcome_e ngx_dns_attempt_response(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, const u_char *msg, size_t len,
    ngx_dns_message_t *m);
static ngx_dns_outcome_e ngx_dns_attempt_fault(const u_char *msg,
    ngx_dns_message_t *m);
static ngx_inline void ngx_dns_attempt_rcode(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_dns_outcome_e outcome) ngx_dns_hot;
static ngx_dns_outcome_e ngx_dns_attempt_failed(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_dns_outcome_e outcome);
static void ngx_dns_attempt_over(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);


ngx_dns_outcome_e
ngx_dns_attempt_send(ngx_dns_inflight_t *f, ngx_dns_peer_t *peer,
    ngx_dns_event_pt handler)
{
    ngx_int_t                    rc;
    ngx_dns_attempt_t           *attempt;
    ngx_dns_inflight_attempt_t  *a;

    a = ngx_dns_inflight_attempt(f, f->tries);
    attempt = &a->attempt;

    attempt->peer = peer;
    attempt->handler = handler;
    attempt->data = f;
    attempt->question = f->question;
    attempt->question_len = f->question_len;
    attempt->channel = NULL;

    a->index = f->tries;
    a->live = 1;
    a->silent = 0;
    a->beside = 0;
    a->repeated = 0;
    a->failed = 0;
    a->witness = 0;

    /* we chose TCP, not its "server" line: it is as if it had set TC */

    a->cut = f->stream && peer->transport->whole;
    a->flags = NGX_DNS_RA;
    a->plain = (uint8_t) ngx_dns_peer_plain(peer, ngx_dns_sec);
    a->deadline = ngx_current_msec + f->policy->upstream_timeout;

    ngx_dns_count_peer(peer, queries);

    f->tried[f->tries++] = peer;
    f->live++;

    rc = ngx_dns_attempt_again(f, a);

    if (rc == NGX_OK) {
        return NGX_DNS_OUTCOME_NONE;
    }

    ngx_dns_attempt_over(f, a);

    /* what is lacking here is not the server's failure */

    return ngx_dns_attempt_failed(f, a, rc == NGX_BUSY
                                        ? NGX_DNS_OUTCOME_LOCAL
                                        : a->cut ? NGX_DNS_OUTCOME_CUT
                                                 : NGX_DNS_OUTCOME_NETWORK);
}


/* NGX_OK; NGX_ERROR: the server can't be reached; NGX_BUSY: for want of ours */

static ngx_int_t
ngx_dns_attempt_again(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    size_t  len;

    len = a->plain ? NGX_DNS_HEADER_SIZE + f->question_len : f->wire_len;

    return ngx_dns_attempt_transport(a)->send(&a->attempt, f->wire, len);
}


ngx_dns_outcome_e
ngx_dns_attempt_take(ngx_dns_inflight_attempt_t *a, ngx_dns_event_e event,
    u_char *msg, size_t len, ngx_dns_message_t *m)
{
    ngx_dns_outcome_e    outcome;
    ngx_dns_inflight_t  *f;

    f = a->attempt.data;

    if (event == NGX_DNS_EVENT_RESPONSE) {
        outcome = ngx_dns_attempt_response(f, a, msg, len, m);

        if (outcome == NGX_DNS_OUTCOME_GOOD) {
            ngx_dns_attempt_over(f, a);
            ngx_dns_attempt_rcode(f, a, outcome);
            return outcome;
        }

    } else {
        outcome = ngx_dns_attempt_other(f, a, event, msg, m);
    }

    return ngx_dns_attempt_bad(f, a, outcome, m);
}


static ngx_dns_outcome_e
ngx_dns_attempt_other(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_dns_event_e event, const u_char *msg, ngx_dns_message_t *m)
{
    ngx_dns_outcome_e  outcome;

    ngx_dns_attempt_none(m);

    switch (event) {

    case NGX_DNS_EVENT_FAULT:
        outcome = ngx_dns_attempt_fault(msg, m);
        break;

    case NGX_DNS_EVENT_WHOLE:
        outcome = NGX_DNS_OUTCOME_CUT;
        a->flags = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS);
        break;

    case NGX_DNS_EVENT_GUESSED:
        outcome = NGX_DNS_OUTCOME_CUT;
        a->flags = NGX_DNS_RA;
        ngx_dns_inflight_guessed(f);
        break;

    case NGX_DNS_EVENT_LOCAL:
        outcome = a->cut ? NGX_DNS_OUTCOME_CUT : NGX_DNS_OUTCOME_LOCAL;
        break;

    case NGX_DNS_EVENT_TLS:
        outcome = NGX_DNS_OUTCOME_TLS;
        break;

    default: /* NGX_DNS_EVENT_NETWORK */
        outcome = a->cut ? NGX_DNS_OUTCOME_CUT : NGX_DNS_OUTCOME_NETWORK;
        break;
    }

    return outcome;
}


/* it is no response of use: is the same server asked once more? */

static ngx_dns_outcome_e
ngx_dns_attempt_bad(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_dns_outcome_e outcome, ngx_dns_message_t *m)
{
    if ((outcome == NGX_DNS_OUTCOME_CUT
         && ngx_dns_attempt_whole(f, a) == NGX_OK)
        || (outcome == NGX_DNS_OUTCOME_ERROR
            && ngx_dns_attempt_plain(f, a, m) == NGX_OK))
    {
        return NGX_DNS_OUTCOME_NONE;
    }

    ngx_dns_attempt_over(f, a);

    if (outcome == NGX_DNS_OUTCOME_CUT) {
        ngx_dns_attempt_cut(a, m);
    }

    if (outcome < NGX_DNS_OUTCOME_ERROR) {
        return ngx_dns_attempt_failed(f, a, outcome);
    }

    ngx_dns_attempt_rcode(f, a, outcome);

    return outcome;
}


static ngx_dns_outcome_e
ngx_dns_attempt_response(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    const u_char *msg, size_t len, ngx_dns_message_t *m)
{
    ngx_uint_t  flags;

    flags = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS);

    if (flags & NGX_DNS_TC) {
        a->flags = (uint16_t) flags;
        ngx_dns_attempt_none(m);

        /* RFC 7766, 5: over TCP there is nothing to cut a response for */

        return ngx_dns_attempt_transport(a)->whole ? NGX_DNS_OUTCOME_CUT
                                                   : NGX_DNS_OUTCOME_MALFORMED;
    }

    if (ngx_dns_message_parse(m, msg, len, NGX_DNS_HEADER_SIZE
                                           + f->question_len)
        != NGX_OK
        || (f->policy->subnet
            && ngx_dns_subnet_check(&f->subnet, m, msg) != NGX_OK))
    {
        ngx_dns_attempt_none(m);

        return NGX_DNS_OUTCOME_MALFORMED;
    }

    return m->rcode == NGX_DNS_NOERROR ? NGX_DNS_OUTCOME_GOOD
                                       : ngx_dns_outcome_rcode(m->rcode);
}


/* there is no message that can be passed on */

static void
ngx_dns_attempt_none(ngx_dns_message_t *m)
{
    m->rcode = NGX_DNS_SERVFAIL;
    m->flags = 0;
    m->ede = NGX_DNS_NO_EDE;
    m->scoped = 0;
    m->edns = 0;
}


/* what is passed on when the whole response can't be had */

static void
ngx_dns_attempt_cut(const ngx_dns_inflight_attempt_t *a, ngx_dns_message_t *m)
{
    ngx_dns_attempt_none(m);

    m->rcode = NGX_DNS_NOERROR;
    m->flags = a->flags | NGX_DNS_TC;
}


/* no question, and no NOERROR: the server could not read ours, or refuses */

static ngx_dns_outcome_e
ngx_dns_attempt_fault(const u_char *msg, ngx_dns_message_t *m)
{
    ngx_dns_outcome_e  outcome;

    m->flags = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS);
    m->rcode = m->flags & NGX_DNS_RCODE;
    m->edns = ngx_dns_get16(msg + NGX_DNS_OFF_ARCOUNT) != 0;

    outcome = ngx_dns_outcome_rcode(m->rcode);

    /* NXDOMAIN of nothing is no answer */

    return outcome == NGX_DNS_OUTCOME_GOOD ? NGX_DNS_OUTCOME_MALFORMED
                                           : outcome;
}


/*
 * RFC 7766, 5: a response with TC set over UDP is asked for over TCP, of the
 * same server, whose place is kept meanwhile.  NGX_DECLINED: this is over TCP
 * already, or it can't be.
 */

static ngx_int_t
ngx_dns_attempt_whole(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    if (ngx_dns_attempt_transport(a)->whole == NULL) {
        return NGX_DECLINED;
    }

    a->cut = 1;

    return ngx_dns_attempt_again(f, a);
}


/*
 * RFC 6891, 7: FORMERR or NOTIMP without an OPT to a query with one may mean
 * that the server does not know EDNS: it is asked again without.
 */

static ngx_int_t
ngx_dns_attempt_plain(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    const ngx_dns_message_t *m)
{
    if (a->plain || m->edns
        || f->wire_len == NGX_DNS_HEADER_SIZE + f->question_len
        || (m->rcode != NGX_DNS_FORMERR && m->rcode != NGX_DNS_NOTIMP))
    {
        return NGX_DECLINED;
    }

    a->plain = 1;

    return ngx_dns_attempt_again(f, a);
}


/* the server has answered something */

static ngx_inline void
ngx_dns_attempt_rcode(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_dns_outcome_e outcome)
{
    uint32_t         rtt;
    ngx_dns_peer_t  *peer;

    peer = a->attempt.peer;
    rtt = ngx_dns_clock_since(a->attempt.sent);

    ngx_dns_count_peer(peer, responses);
    ngx_dns_histogram_add(&peer->counters->rtt, rtt);

    if (outcome == NGX_DNS_OUTCOME_GOOD) {
        ngx_dns_peer_success(peer, ngx_current_msec, rtt,
                             f->policy->log);

        if (a->plain) {
            ngx_dns_peer_set_plain(peer, ngx_dns_sec);
        }

        return;
    }

    /* FORMERR and the like are as much the query's fault as the server's */

    a->failed = outcome != NGX_DNS_OUTCOME_ERROR;

    ngx_dns_peer_answered(peer, ngx_current_msec, rtt);
}


/* it has not; returns the outcome */

static ngx_dns_outcome_e
ngx_dns_attempt_failed(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_dns_outcome_e outcome)
{
    ngx_dns_peer_t  *peer;

    peer = a->attempt.peer;

    switch (outcome) {

    case NGX_DNS_OUTCOME_LOCAL:
        ngx_dns_count(local);
        break;

    case NGX_DNS_OUTCOME_CUT:

        /* it gives other responses: blamed where another has this one, too */

        ngx_dns_count_peer(peer, errors);
        a->failed = 1;
        break;

    default: /* NGX_DNS_OUTCOME_NETWORK, _TLS, _MALFORMED */

        if (outcome == NGX_DNS_OUTCOME_MALFORMED) {
            ngx_dns_count(malformed);
        }

        ngx_dns_count_peer(peer, errors);

        if (!a->silent) {
            ngx_dns_peer_failure(peer, ngx_current_msec,
                                 ngx_dns_outcome_reason(outcome),
                                 f->policy->log);
        }
    }

    return outcome;
}


static void
ngx_dns_attempt_over(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    a->live = 0;
    f->live--;

    if (a->witness) {
        a->witness = 0;
        a->attempt.peer->witnesses--;
    }

    ngx_dns_peer_release(a->attempt.peer);
}


void
ngx_dns_attempt_silent(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    ngx_dns_peer_t     *peer;
    ngx_dns_message_t   m;

    peer = a->attempt.peer;

    a->silent = 1;

    ngx_dns_count_peer(peer, timeouts);

    if (a->cut) {

        /* it is silent over TCP only, for all we know */

        a->failed = 1;
        ngx_dns_attempt_cut(a, &m);
        ngx_dns_attempt_note(f, NGX_DNS_OUTCOME_CUT, &m, peer);
        return;
    }

    ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                         f->policy->log);
    ngx_dns_attempt_note(f, NGX_DNS_OUTCOME_SILENT, NULL, peer);
}


/* attempts whose time is over; their late responses are still welcome */

ngx_uint_t
ngx_dns_attempt_expire(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i, n;
    ngx_dns_inflight_attempt_t  *a;

    n = 0;

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && !a->silent
            && (ngx_msec_int_t) (a->deadline - ngx_current_msec) <= 0)
        {
            if (a->repeated) {
                a->silent = 1;
                continue;
            }

            ngx_dns_attempt_silent(f, a);
            n++;
        }
    }

    return n;
}


/*
 * A server that does not answer would never be found out if each question
 * that another server has answered took its attempts along; and one that has
 * become slow would never be measured.
 */

ngx_uint_t
ngx_dns_attempt_witness(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    uint32_t         most;
    ngx_dns_peer_t  *peer;

    peer = a->attempt.peer;
    most = ngx_min(ngx_max(peer->max_fails, 1), NGX_DNS_ATTEMPT_WITNESSES);

    if (!a->beside || a->repeated || a->silent || peer == f->peer
        || ngx_exiting
        || peer->witnesses >= most)
    {
        return 0;
    }

    a->witness = 1;
    peer->witnesses++;

    return 1;
}


void
ngx_dns_attempt_cancel(ngx_dns_inflight_attempt_t *a)
{
    ngx_dns_inflight_t  *f;

    f = a->attempt.data;

    ngx_dns_attempt_transport(a)->cancel(&a->attempt);

    ngx_dns_attempt_over(f, a);
}


void
ngx_dns_attempt_judge(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->failed) {
            a->failed = 0;
            ngx_dns_peer_judge(f->tried[i], ngx_current_msec, 1,
                               f->policy->log);
        }
    }
}


void
ngx_dns_attempt_note(ngx_dns_inflight_t *f, ngx_dns_outcome_e outcome,
    const ngx_dns_message_t *m, ngx_dns_peer_t *peer)
{
    if (ngx_dns_outcome_better(outcome, f->said)) {
        f->said = outcome;
    }

    if (!ngx_dns_outcome_better(outcome, f->outcome)) {
        return;
    }

    f->outcome = outcome;
    f->peer = peer;

    if (m) {
        f->best = *m;

    } else if (outcome == NGX_DNS_OUTCOME_CUT) {

        /* the last one could not be sent over TCP */

        ngx_dns_attempt_cut(ngx_dns_inflight_attempt(f, f->tries - 1),
                            &f->best);
    }
}

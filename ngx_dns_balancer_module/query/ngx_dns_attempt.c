
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_attempt.h"
#include "ngx_dns_cached.h"
#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


static void ngx_dns_attempt_go_on(ngx_dns_inflight_t *f);
static ngx_int_t ngx_dns_attempt_next(ngx_dns_inflight_t *f);
static ngx_uint_t ngx_dns_attempt_may_retry(ngx_dns_inflight_t *f);
static ngx_int_t ngx_dns_attempt_send(ngx_dns_inflight_t *f,
    ngx_dns_peer_t *peer);
static void ngx_dns_attempt_wait(ngx_dns_inflight_t *f);
static void ngx_dns_attempt_timer_handler(ngx_dns_timer_t *timer);
static void ngx_dns_attempt_stale_handler(ngx_dns_timer_t *timer);
static void ngx_dns_attempt_blame(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_dns_reason_e reason);
static void ngx_dns_attempt_outcome(ngx_dns_attempt_t *a,
    ngx_dns_outcome_e outcome, u_char *msg, size_t len);
static ngx_uint_t ngx_dns_attempt_rcode(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a, ngx_uint_t rcode, uint32_t rtt);
static ngx_int_t ngx_dns_attempt_whole(ngx_dns_inflight_t *f,
    ngx_dns_inflight_attempt_t *a);
static void ngx_dns_attempt_cut(ngx_dns_inflight_t *f, ngx_dns_peer_t *peer);
static void ngx_dns_attempt_judge(ngx_dns_inflight_t *f);
static void ngx_dns_attempt_give_up(ngx_dns_inflight_t *f);
static void ngx_dns_attempt_cancel(ngx_dns_inflight_attempt_t *a);
static void ngx_dns_attempt_end(ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg, ngx_dns_reason_e reason,
    ngx_dns_peer_t *peer);


/* UDP, TCP */

static ngx_dns_transport_t  *ngx_dns_attempt_transport[2];


void
ngx_dns_attempt_init(ngx_dns_transport_t *udp, ngx_dns_transport_t *tcp)
{
    ngx_dns_attempt_transport[0] = udp;
    ngx_dns_attempt_transport[1] = tcp;
}


void
ngx_dns_attempt_start(ngx_dns_inflight_t *f)
{
    ngx_uint_t           n;
    ngx_dns_upstream_t  *u;

    /* the letter case a client chose may be what it checks (0x20) */

    if (f->queries) {
        ngx_memcpy(f->wire + NGX_DNS_HEADER_SIZE, f->queries->name,
                   f->queries->asked.name_len);
    }

    u = f->zone->upstream;
    n = u->peers.nelts;

    u->budget = ngx_min(u->budget + f->conf->budget, NGX_DNS_BUDGET_MAX);

    f->limit = ngx_min(n, f->conf->tries);
    f->tries = 0;
    f->live = 0;
    f->reason = u->all_down == NGX_DNS_ALL_DOWN_REFUSE
                ? NGX_DNS_EDOWN : NGX_DNS_EPEERS;
    f->rcode = NGX_DNS_NOERROR;
    f->flags = 0;
    f->ede = NGX_DNS_NO_EDE;
    f->deadline = ngx_current_msec + f->conf->next_timeout;

    f->timer.set = 0;
    f->timer.handler = ngx_dns_attempt_timer_handler;
    f->timer.data = f;

    f->stale.handler = ngx_dns_attempt_stale_handler;
    f->stale.data = f;

    if (f->has_stale) {
        ngx_dns_timer_add(&f->stale, f->conf->stale_after);
    }

    ngx_dns_attempt_go_on(f);
}


/*
 * RFC 8767, 5: the client response timer.  The question goes on, so that the
 * cache gets a new answer.
 */

static void
ngx_dns_attempt_stale_handler(ngx_dns_timer_t *timer)
{
    ngx_dns_inflight_t  *f;

    ngx_dns_clock_update();

    f = timer->data;
    f->stale_due = 1;

    ngx_dns_inflight_stale(f);

    if (f->queries == NULL && ngx_exiting) {
        ngx_dns_attempt_abort(f);
    }
}


/* the next server, or the wait for those asked already, or the end */

static void
ngx_dns_attempt_go_on(ngx_dns_inflight_t *f)
{
    if (ngx_dns_attempt_next(f) == NGX_OK || f->live) {
        ngx_dns_attempt_wait(f);
        return;
    }

    ngx_dns_attempt_give_up(f);
}


static ngx_int_t
ngx_dns_attempt_next(ngx_dns_inflight_t *f)
{
    ngx_dns_pick_t   pick;
    ngx_dns_peer_t  *peer;

    pick.now = ngx_current_msec;
    pick.hash = f->key;
    pick.tried = f->tried;

    while (f->tries < f->limit
           && (ngx_msec_int_t) (f->deadline - ngx_current_msec) > 0)
    {
        pick.ntried = f->tries;

        if (f->tries && !ngx_dns_attempt_may_retry(f)) {
            ngx_dns_count(unretried);
            f->limit = f->tries;
            break;
        }

        peer = ngx_dns_balancer_pick(f->zone->upstream, &pick);

        if (peer == NULL) {

            /* none is left for this question */

            f->limit = f->tries;
            break;
        }

        if (ngx_dns_attempt_send(f, peer) == NGX_OK) {
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * Retries are a share of all queries, and some a second: servers that are
 * all in trouble are not asked twice as much on top of that.
 */

static ngx_uint_t
ngx_dns_attempt_may_retry(ngx_dns_inflight_t *f)
{
    ngx_dns_upstream_t  *u;

    u = f->zone->upstream;

    if (f->conf->budget == 0) {
        return 1;
    }

    if (u->budget_sec != ngx_dns_sec) {
        u->budget_sec = ngx_dns_sec;
        u->budget = ngx_min(u->budget + NGX_DNS_BUDGET_SECOND,
                            NGX_DNS_BUDGET_MAX);
    }

    return u->budget >= NGX_DNS_BUDGET_RETRY;
}


static ngx_int_t
ngx_dns_attempt_send(ngx_dns_inflight_t *f, ngx_dns_peer_t *peer)
{
    ngx_dns_attempt_t           *attempt;
    ngx_dns_inflight_attempt_t  *a;

    a = &f->attempts[f->tries];
    attempt = &a->attempt;

    attempt->peer = peer;
    attempt->handler = ngx_dns_attempt_outcome;
    attempt->data = f;
    attempt->question = f->question;
    attempt->question_len = f->question_len;
    attempt->channel = NULL;

    a->live = 1;
    a->blamed = 0;
    a->refused = 0;
    a->tcp = peer->tcp;
    a->cut = 0;

    ngx_dns_count_peer(peer, queries);

    if (f->tries) {
        ngx_dns_count_peer(peer, retries);

        if (f->conf->budget) {
            peer->upstream->budget -= NGX_DNS_BUDGET_RETRY;
        }
    }

    f->tried[f->tries++] = peer;
    f->live++;

    if (ngx_dns_attempt_transport[a->tcp]->send(attempt, f->wire, f->wire_len)
        == NGX_OK)
    {
        return NGX_OK;
    }

    ngx_dns_count_peer(peer, errors);

    ngx_dns_attempt_blame(f, a, NGX_DNS_ENETWORK);

    a->live = 0;
    f->live--;

    ngx_dns_peer_release(peer);

    return NGX_ERROR;
}


/*
 * While there is another server to ask, the last one asked has as long as
 * its measured time says; else all have until the timeout of the last.
 */

static void
ngx_dns_attempt_wait(ngx_dns_inflight_t *f)
{
    ngx_msec_t        wait;
    ngx_msec_int_t    left;
    ngx_dns_conf_t   *conf;

    conf = f->conf;
    wait = conf->upstream_timeout;

    if (f->tries < f->limit && (conf->next & NGX_DNS_NEXT_TIMEOUT)) {
        wait = ngx_min(wait, ngx_dns_peer_patience(f->tried[f->tries - 1],
                                                   wait / 4));
    }

    left = (ngx_msec_int_t) (f->deadline - ngx_current_msec);

    if (left < (ngx_msec_int_t) wait) {
        wait = left > 0 ? (ngx_msec_t) left : 0;
    }

    ngx_dns_timer_add(&f->timer, wait);
}


static void
ngx_dns_attempt_timer_handler(ngx_dns_timer_t *timer)
{
    ngx_uint_t           i;
    ngx_dns_inflight_t  *f;

    f = timer->data;

    ngx_dns_clock_update();

    for (i = 0; i < f->tries; i++) {
        if (f->attempts[i].live && !f->attempts[i].blamed) {
            ngx_dns_count_peer(f->attempts[i].attempt.peer, timeouts);
            ngx_dns_attempt_blame(f, &f->attempts[i], NGX_DNS_ETIMEOUT);
        }
    }

    if (f->tries < f->limit && (f->conf->next & NGX_DNS_NEXT_TIMEOUT)
        && (ngx_msec_int_t) (f->deadline - ngx_current_msec) > 0)
    {
        ngx_dns_attempt_go_on(f);
        return;
    }

    ngx_dns_attempt_give_up(f);
}


static void
ngx_dns_attempt_blame(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_dns_reason_e reason)
{
    f->reason = reason;

    if (!a->blamed) {
        a->blamed = 1;

        ngx_dns_peer_failure(a->attempt.peer, ngx_current_msec,
                             reason, f->conf->log);
    }
}


static void
ngx_dns_attempt_outcome(ngx_dns_attempt_t *attempt,
    ngx_dns_outcome_e outcome, u_char *msg, size_t len)
{
    uint32_t                     rtt;
    ngx_uint_t                   next;
    ngx_dns_peer_t              *peer;
    ngx_dns_message_t            m;
    ngx_dns_inflight_t          *f;
    ngx_dns_inflight_attempt_t  *a;

    f = attempt->data;
    a = (ngx_dns_inflight_attempt_t *) attempt;
    peer = attempt->peer;

    if (outcome == NGX_DNS_OUT_ANSWER
        && (ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS) & NGX_DNS_TC)
        && ngx_dns_attempt_whole(f, a) == NGX_OK)
    {
        return;
    }

    a->live = 0;
    f->live--;

    ngx_dns_peer_release(peer);

    if (outcome == NGX_DNS_OUT_NETWORK && a->cut) {
        ngx_dns_count_peer(peer, errors);
        ngx_dns_attempt_cut(f, peer);
        return;
    }

    if (outcome == NGX_DNS_OUT_NETWORK) {
        ngx_dns_count_peer(peer, errors);
        ngx_dns_attempt_blame(f, a, NGX_DNS_ENETWORK);
        next = NGX_DNS_NEXT_ERROR;
        goto failed;
    }

    m.rcode = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS) & NGX_DNS_RCODE;
    m.ede = NGX_DNS_NO_EDE;
    m.scoped = 0;

    if (outcome == NGX_DNS_OUT_ANSWER
        && (ngx_dns_message_parse(&m, msg, len, NGX_DNS_HEADER_SIZE
                                                + f->question_len)
            != NGX_OK
            || (f->conf->subnet
                && ngx_dns_subnet_check(&f->subnet, &m, msg) != NGX_OK)))
    {
        ngx_dns_count(malformed);
        ngx_dns_count_peer(peer, errors);
        ngx_dns_attempt_blame(f, a, NGX_DNS_EANSWER);
        next = NGX_DNS_NEXT_ERROR;
        goto failed;
    }

    rtt = (uint32_t) (ngx_dns_usec - attempt->sent);

    ngx_dns_count_peer(peer, responses);
    ngx_dns_histogram_add(&peer->counters->rtt, rtt);

    if (outcome == NGX_DNS_OUT_ANSWER) {

        next = ngx_dns_attempt_rcode(f, a, m.rcode, rtt);

        if ((next & f->conf->next) == 0) {
            ngx_dns_attempt_end(f, &m, msg,
                                next ? NGX_DNS_ERCODE : NGX_DNS_FINE, peer);
            return;
        }

    } else {
        ngx_dns_peer_answered(peer, ngx_current_msec, rtt);
        next = NGX_DNS_NEXT_ERROR;
    }

    f->reason = NGX_DNS_ERCODE;
    f->rcode = m.rcode;
    f->flags = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS);
    f->ede = m.ede;

failed:

    if ((next & f->conf->next) == 0) {

        /* no other server is to be asked for this kind of failure */

        f->limit = f->tries;
    }

    if (f->tries == f->limit && f->live) {
        return;
    }

    ngx_dns_attempt_go_on(f);
}


/* 0 for an answer of use, else what kind of failure it is */

static ngx_uint_t
ngx_dns_attempt_rcode(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a,
    ngx_uint_t rcode, uint32_t rtt)
{
    if (rcode != NGX_DNS_SERVFAIL && rcode != NGX_DNS_REFUSED) {
        ngx_dns_peer_success(a->attempt.peer, ngx_current_msec, rtt,
                             f->conf->log);
        ngx_dns_attempt_judge(f);

        return 0;
    }

    ngx_dns_peer_answered(a->attempt.peer, ngx_current_msec, rtt);
    a->refused = 1;

    return rcode == NGX_DNS_SERVFAIL ? NGX_DNS_NEXT_SERVFAIL
                                     : NGX_DNS_NEXT_REFUSED;
}


/*
 * RFC 7766, 5: an answer with TC set over UDP is asked for over TCP, of the
 * same server, whose place is kept meanwhile.  NGX_DECLINED: this is over TCP
 * already, or it can't be.
 */

static ngx_int_t
ngx_dns_attempt_whole(ngx_dns_inflight_t *f, ngx_dns_inflight_attempt_t *a)
{
    ngx_dns_transport_t  *tcp;

    tcp = ngx_dns_attempt_transport[1];

    if (a->tcp || tcp == NULL
        || tcp->send(&a->attempt, f->wire, f->wire_len) != NGX_OK)
    {
        return NGX_DECLINED;
    }

    a->tcp = 1;
    a->cut = 1;

    return NGX_OK;
}


/* no way to the whole answer: the client may try itself */

static void
ngx_dns_attempt_cut(ngx_dns_inflight_t *f, ngx_dns_peer_t *peer)
{
    ngx_dns_message_t  m;

    ngx_memzero(&m, sizeof(ngx_dns_message_t));

    m.flags = NGX_DNS_TC | NGX_DNS_RA;
    m.ede = NGX_DNS_NO_EDE;
    m.scoped = 0;

    ngx_dns_attempt_end(f, &m, NULL, NGX_DNS_FINE, peer);
}


/* there is an answer: those who refused to give one were wrong */

static void
ngx_dns_attempt_judge(ngx_dns_inflight_t *f)
{
    ngx_uint_t  i;

    for (i = 0; f->tries > 1 && i < f->tries; i++) {
        if (f->attempts[i].refused) {
            ngx_dns_peer_judge(f->tried[i], ngx_current_msec, 1,
                               f->conf->log);
        }
    }
}


/* what the client gets: the rcode of a server if one gave any */

static void
ngx_dns_attempt_give_up(ngx_dns_inflight_t *f)
{
    ngx_uint_t         i;
    ngx_dns_message_t  m;

    for (i = 0; i < f->tries && f->reason != NGX_DNS_ESHUTDOWN; i++) {
        if (f->attempts[i].live && f->attempts[i].cut) {
            ngx_dns_attempt_cut(f, f->tried[i]);
            return;
        }
    }

    if (f->has_stale) {
        ngx_dns_inflight_stale(f);
    }

    ngx_memzero(&m, sizeof(ngx_dns_message_t));

    m.rcode = f->rcode;
    m.flags = f->flags;
    m.ede = f->ede;
    m.scoped = 0;

    if (m.rcode == NGX_DNS_NOERROR) {
        m.rcode = ngx_dns_reasons[f->reason].rcode;
        m.ede = ngx_dns_reasons[f->reason].ede;
    }

    ngx_dns_attempt_end(f, &m, NULL, f->reason,
                        f->tries ? f->tried[f->tries - 1] : NULL);
}


static void
ngx_dns_attempt_end(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, ngx_dns_reason_e reason, ngx_dns_peer_t *peer)
{
    ngx_uint_t  i;

    ngx_dns_timer_del(&f->timer);
    ngx_dns_timer_del(&f->stale);

    if (reason != NGX_DNS_ESHUTDOWN) {
        ngx_dns_cached_store(f, m, msg);
    }

    for (i = 0; f->live; i++) {
        if (f->attempts[i].live) {
            f->attempts[i].live = 0;
            f->live--;

            ngx_dns_attempt_cancel(&f->attempts[i]);
        }
    }

    ngx_dns_inflight_end(f, m, msg, reason, peer);
}


/* what it took so far is the least that the server would have taken */

static void
ngx_dns_attempt_cancel(ngx_dns_inflight_attempt_t *a)
{
    ngx_dns_attempt_transport[a->tcp]->cancel(&a->attempt);

    ngx_dns_peer_waited(a->attempt.peer, ngx_current_msec,
                        (uint32_t) (ngx_dns_usec - a->attempt.sent));

    ngx_dns_peer_release(a->attempt.peer);
}


void
ngx_dns_attempt_abort(ngx_dns_inflight_t *f)
{
    f->reason = NGX_DNS_ESHUTDOWN;

    ngx_dns_attempt_give_up(f);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer_text.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_fault.h"


/* responses over which the share of refusals is looked at */


/* a doubted server is tried after so many milliseconds, then less often */

#define NGX_DNS_PEER_TRIAL      100
#define NGX_DNS_PEER_TRIAL_MAX  2000


static ngx_inline ngx_uint_t ngx_dns_peer_measure(ngx_dns_peer_t *peer,
    ngx_msec_t now, uint32_t rtt) ngx_dns_hot;
static ngx_int_t ngx_dns_peer_trial(ngx_dns_peer_t *peer, ngx_msec_t now);
static void ngx_dns_peer_trust(ngx_dns_peer_shm_t *shm);
static ngx_uint_t ngx_dns_peer_last(ngx_dns_peer_t *peer, ngx_msec_t now);
static void ngx_dns_peer_eject(ngx_dns_peer_t *peer, ngx_msec_t now,
    uint32_t fails, ngx_log_t *log);
static void ngx_dns_peer_return(ngx_dns_peer_t *peer, ngx_msec_t now);
static void ngx_dns_peer_passed(ngx_dns_peer_t *peer, ngx_msec_t now,
    uint32_t rtt, ngx_log_t *log);
static void ngx_dns_peer_sick(ngx_dns_peer_t *peer, uint32_t reason,
    uint32_t misses, ngx_log_t *log);


ngx_int_t
ngx_dns_peer_acquire(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_uint_t fail_open)
{
    uint32_t             n;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    n = ngx_dns_add(&shm->outstanding, 1);

    if (peer->row) {
        ngx_dns_own_add(peer->row, 1);
    }

    if (peer->max_outstanding && (int32_t) n >= (int32_t) peer->max_outstanding)
    {
        goto full;
    }

    if (ngx_dns_load(&shm->marks) && ngx_dns_peer_refuses(peer, fail_open)) {
        goto full;
    }

    if (fail_open) {
        return NGX_OK;
    }

    if (peer->max_fails && ngx_dns_load(&shm->fails) >= peer->max_fails
        && ngx_dns_peer_trial(peer, now) != NGX_OK)
    {
        goto full;
    }

    return NGX_OK;

full:

    ngx_dns_peer_release(peer);

    return NGX_DECLINED;
}


/* one query alone tries a server that is left out when the time has come */

static ngx_int_t
ngx_dns_peer_trial(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    uint32_t             doubted;
    uint64_t             retry, wait;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;
    wait = peer->fail_timeout;
    doubted = ngx_dns_load(&shm->fails) & NGX_DNS_PEER_DOUBTED;

    if (doubted) {
        wait = NGX_DNS_PEER_TRIAL << ngx_min(ngx_dns_load(&shm->trials) + 1, 8);
        wait = ngx_min(wait, NGX_DNS_PEER_TRIAL_MAX);
    }

    retry = ngx_dns_load(&shm->retry);

    if ((int64_t) (retry - now) > 0
        || ngx_dns_peer_outdated(peer)
        || !ngx_dns_cas(&shm->retry, retry, now + wait))
    {
        return NGX_DECLINED;
    }

    if (doubted) {
        (void) ngx_dns_add(&shm->trials, 1);

    } else {
        ngx_dns_store(&shm->fails, peer->max_fails);
    }

    return NGX_OK;
}


void
ngx_dns_peer_success(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt,
    ngx_log_t *log)
{
    uint32_t             fails;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    ngx_dns_peer_judge(peer, now, 0, log);

    if (ngx_dns_peer_measure(peer, now, rtt) || ngx_dns_peer_outdated(peer)) {
        return;
    }

    fails = ngx_dns_load(&shm->fails);

    if (fails == 0 || (fails & NGX_DNS_PEER_REFUSES)
        || !ngx_dns_cas(&shm->fails, fails, 0))
    {
        return;
    }

    if ((fails & ~NGX_DNS_PEER_DOUBTED) >= peer->max_fails
        && peer->max_fails)
    {
        ngx_dns_store(&shm->reason, NGX_DNS_FINE);
        ngx_dns_peer_return(peer, now);
        ngx_dns_peer_say(peer, log, "answers again");
    }
}


void
ngx_dns_peer_answered(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt)
{
    if (!ngx_dns_peer_measure(peer, now, rtt)) {
        ngx_dns_peer_trust(peer->shm);
    }
}


/* there is no more doubt */

static void
ngx_dns_peer_trust(ngx_dns_peer_shm_t *shm)
{
    uint32_t  fails;

    fails = ngx_dns_load(&shm->fails);

    if (fails & NGX_DNS_PEER_DOUBTED) {
        (void) ngx_dns_cas(&shm->fails, fails, fails & ~NGX_DNS_PEER_DOUBTED);
    }
}


/* over the responses that this process saw: no shared line is written for it */

void
ngx_dns_peer_window(ngx_dns_peer_t *peer, ngx_msec_t now, ngx_log_t *log)
{
    uint32_t  n;

    n = peer->refused;

    peer->judged = 0;
    peer->refused = 0;

    if (2 * n > NGX_DNS_PEER_WINDOW && peer->max_fails
        && !ngx_dns_peer_outdated(peer) && !ngx_dns_peer_replaced(peer)
        && (ngx_dns_load(&peer->shm->fails) & NGX_DNS_PEER_REFUSES) == 0
        && !ngx_dns_peer_last(peer, now))
    {
        ngx_dns_store(&peer->shm->reason, NGX_DNS_ERCODE);
        ngx_dns_peer_eject(peer, now, peer->max_fails | NGX_DNS_PEER_REFUSES,
                           log);
    }
}


void
ngx_dns_peer_late(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    uint32_t             fails;
    ngx_dns_peer_shm_t  *shm;

    if (peer->max_fails == 0) {
        return;
    }

    shm = peer->shm;

    if (ngx_dns_add(&shm->late, 1) + 1 < peer->max_fails) {
        return;
    }

    fails = ngx_dns_load(&shm->fails);

    if (fails >= peer->max_fails || ngx_dns_peer_replaced(peer)
        || ngx_dns_peer_last(peer, now))
    {
        return;
    }

    ngx_dns_store(&shm->trials, 0);
    ngx_dns_store(&shm->retry, now + NGX_DNS_PEER_TRIAL);

    (void) ngx_dns_cas(&shm->fails, fails, fails | NGX_DNS_PEER_DOUBTED);
}


/*
 * RFC 6298, 2: SRTT with alpha 1/8, RTTVAR with beta 1/4.  Returns 1 if the
 * response was slow for this upstream, which does not end a doubt.
 */

static ngx_inline ngx_uint_t
ngx_dns_peer_measure(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt)
{
    int32_t              delta;
    uint32_t             srtt, var;
    ngx_uint_t           slow;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    rtt = ngx_min(rtt, NGX_DNS_CLOCK_MAX);
    slow = rtt > peer->upstream->quick;

    if (!slow && ngx_dns_load(&shm->late)) {
        ngx_dns_store(&shm->late, 0);
    }

    srtt = ngx_dns_load(&shm->rtt);

    if (srtt == 0) {
        srtt = rtt;
        var = rtt / 2;

    } else {
        var = ngx_dns_load(&shm->rttvar);
        delta = (int32_t) (rtt - srtt);
        srtt = (uint32_t) ((int32_t) srtt + delta / 8);
        delta = (delta < 0 ? -delta : delta) - (int32_t) var;
        var = (uint32_t) ((int32_t) var + delta / 4);
    }

    ngx_dns_store(&shm->rtt, ngx_max(srtt, 1));
    ngx_dns_store(&shm->rttvar, var);
    ngx_dns_store(&shm->rtt_msec, (uint32_t) now);

    return slow;
}


void
ngx_dns_peer_failure(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_reason_e reason, ngx_log_t *log)
{
    uint32_t             fails;
    ngx_dns_peer_shm_t  *shm;

    if (peer->max_fails == 0 || ngx_dns_peer_outdated(peer)
        || ngx_dns_peer_replaced(peer))
    {
        return;
    }

    shm = peer->shm;

    /* now it has failed */

    ngx_dns_peer_trust(shm);

    fails = ngx_dns_load(&shm->fails) & ~NGX_DNS_PEER_DOUBTED;

    if (fails + 1 == peer->max_fails && ngx_dns_peer_last(peer, now)) {
        return;
    }

    ngx_dns_store(&shm->retry, now + peer->fail_timeout);

    fails = ngx_dns_add(&shm->fails, 1) + 1;

    if (fails == peer->max_fails) {
        ngx_dns_store(&shm->reason, reason == NGX_DNS_ETLS
                                    ? reason | ngx_dns_load(&shm->fault) << 16
                                    : (uint32_t) reason);
        ngx_dns_peer_eject(peer, now, fails, log);
    }
}


/*
 * Is no other server usable?  Then it stays: where all fail at once it is
 * the network, or this machine that has no time for them.
 */

static ngx_uint_t
ngx_dns_peer_last(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *other;

    other = peer->upstream->peers.elts;

    for (i = 0; i < peer->upstream->peers.nelts; i++) {
        if (&other[i] != peer && !ngx_dns_peer_down(&other[i])
            && !ngx_dns_peer_ejected(&other[i], now))
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_dns_peer_eject(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t fails,
    ngx_log_t *log)
{
    u_char               text[NGX_DNS_PEER_TEXT], *p;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    ngx_dns_store(&shm->retry, now + peer->fail_timeout);
    ngx_dns_store(&shm->fails, fails);
    ngx_dns_peer_changed(peer, "ejected");

    if (fails & NGX_DNS_PEER_REFUSES) {
        ngx_dns_peer_say(peer, log, "left out for %Mms: most of its last %d "
                         "answers were SERVFAIL or REFUSED where another "
                         "server had one", peer->fail_timeout,
                         NGX_DNS_PEER_WINDOW);
        return;
    }

    p = ngx_dns_peer_reason(text, text + NGX_DNS_PEER_TEXT - 1,
                            ngx_dns_load(&shm->reason));
    *p = '\0';

    ngx_dns_peer_say(peer, log, "left out for %Mms after %uD failures in a "
                     "row: %s", peer->fail_timeout, fails, text);
}


/* it gets queries again: all at once, or more and more */

static void
ngx_dns_peer_return(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    ngx_dns_store(&peer->shm->back, now);
    ngx_dns_peer_changed(peer, "up");
}


void
ngx_dns_peer_checked(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_reason_e reason, ngx_uint_t rcode, uint32_t rtt,
    ngx_uint_t fails, ngx_uint_t passes, ngx_log_t *log)
{
    uint32_t             n;
    ngx_dns_peer_shm_t  *shm;

    if (ngx_dns_peer_outdated(peer) || ngx_dns_peer_replaced(peer)) {
        return;
    }

    shm = peer->shm;

    ngx_dns_store(&shm->checked, (uint64_t) ngx_time());

    if (reason != NGX_DNS_FINE) {
        ngx_dns_store(&shm->passes, 0);

        n = ngx_dns_add(&shm->misses, 1) + 1;

        if (n >= fails
            && (ngx_dns_peer_mark(shm, 0, NGX_DNS_MARK_SICK)
                & NGX_DNS_MARK_SICK)
               == 0)
        {
            ngx_dns_peer_sick(peer, NGX_DNS_PEER_CHECK | reason
                                    | (uint32_t) rcode << 16, n, log);
        }

        return;
    }

    ngx_dns_store(&shm->misses, 0);

    n = ngx_dns_add(&shm->passes, 1) + 1;

    if (ngx_dns_load(&shm->marks) & NGX_DNS_MARK_SICK) {

        if (n >= passes) {
            ngx_dns_store(&shm->fails, 0);
            ngx_dns_store(&shm->reason, NGX_DNS_PEER_CHECK);
            (void) ngx_dns_peer_mark(shm, NGX_DNS_MARK_SICK, 0);

            ngx_dns_peer_return(peer, now);
            ngx_dns_peer_say(peer, log, "is up: %uD health checks passed", n);
        }

        return;
    }

    ngx_dns_peer_passed(peer, now, rtt, log);
}


/* a check, by a server that checks had not taken out: it may be used again */

static void
ngx_dns_peer_passed(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt,
    ngx_log_t *log)
{
    uint32_t             n;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    n = ngx_dns_load(&shm->fails);

    if (peer->max_fails == 0 || (n & ~NGX_DNS_PEER_DOUBTED) < peer->max_fails)
    {
        /* a query has to tell whether the doubt was right; now it may */

        if ((n & NGX_DNS_PEER_DOUBTED)
            && rtt <= NGX_DNS_PATIENCE_MIN * 1000)
        {
            ngx_dns_store(&shm->retry, now);
        }

        return;
    }

    /*
     * What live queries said is over.  But a server that was too slow for
     * them may well pass: a query has to say so.
     */

    if (rtt > NGX_DNS_PATIENCE_MIN * 1000) {
        ngx_dns_store(&shm->retry, now);
        return;
    }

    if (ngx_dns_cas(&shm->fails, n, 0)) {
        ngx_dns_store(&shm->reason, NGX_DNS_PEER_CHECK);
        ngx_dns_peer_return(peer, now);
        ngx_dns_peer_say(peer, log, "passed a health check, is used again");
    }
}


static void
ngx_dns_peer_sick(ngx_dns_peer_t *peer, uint32_t reason, uint32_t misses,
    ngx_log_t *log)
{
    u_char               text[NGX_DNS_PEER_TEXT], *p;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    ngx_dns_store(&shm->reason, reason);
    ngx_dns_peer_changed(peer, "unhealthy");

    p = ngx_dns_peer_reason(text, text + NGX_DNS_PEER_TEXT - 1, reason);
    *p = '\0';

    ngx_dns_peer_say(peer, log, "is down after %uD failures in a row: %s",
                     misses, text);
}


void
ngx_dns_peer_handshake(ngx_dns_peer_t *peer, ngx_uint_t fault,
    ngx_uint_t resumed, ngx_log_t *log)
{
    if (fault) {
        ngx_dns_count_peer(peer, handshakes_failed);

    } else if (resumed) {
        ngx_dns_count_peer(peer, handshakes_resumed);

    } else {
        ngx_dns_count_peer(peer, handshakes_full);
    }

    if (ngx_dns_load(&peer->shm->fault) == fault
        || ngx_dns_peer_outdated(peer) || ngx_dns_peer_replaced(peer)
        || ngx_dns_xchg(&peer->shm->fault, (uint32_t) fault) == fault)
    {
        return;
    }

    if (fault) {
        ngx_dns_peer_say(peer, log, "has failed TLS: %s",
                         ngx_dns_fault_text(fault));
        return;
    }

    ngx_dns_peer_say(peer, log, "has TLS again");
}


ngx_int_t
ngx_dns_peers_pay(ngx_dns_upstream_t *u, ngx_dns_account_e account,
    uint32_t sec)
{
    if (u->budget_sec != sec) {
        u->budget_sec = sec;
        ngx_dns_peers_earn(u, NGX_DNS_BUDGET_SECOND);
    }

    if (u->budget[account] < NGX_DNS_BUDGET_RETRY) {
        return NGX_DECLINED;
    }

    u->budget[account] -= NGX_DNS_BUDGET_RETRY;

    return NGX_OK;
}

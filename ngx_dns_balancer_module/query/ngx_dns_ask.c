
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_ask.h"
#include "ngx_dns_fallback.h"
#include "../base/ngx_dns_clock.h"
#include "../peers/ngx_dns_peer_usual.h"
#include "../store/ngx_dns_metrics.h"


#define NGX_DNS_ASK_REPEAT   100          /* milliseconds, at least */
#define NGX_DNS_ASK_MUTE     250          /* from look to look at a stream */
#define NGX_DNS_ASK_EXPECTS  20           /* from look to look for a server */


static ngx_dns_peer_t *ngx_dns_ask_special(ngx_dns_inflight_t *f,
    ngx_dns_pick_t *pick);
static ngx_uint_t ngx_dns_ask_more(ngx_dns_inflight_t *f,
    ngx_dns_account_e account);
static ngx_inline ngx_dns_outcome_e ngx_dns_ask_send(ngx_dns_inflight_t *f,
    ngx_dns_peer_t *peer, ngx_dns_account_e account, ngx_dns_event_pt handler)
    ngx_dns_hot;


ngx_int_t
ngx_dns_ask_next(ngx_dns_inflight_t *f, ngx_dns_account_e account,
    ngx_dns_event_pt handler)
{
    ngx_uint_t          next;
    ngx_dns_pick_t      pick;
    ngx_dns_peer_t     *peer;
    ngx_dns_outcome_e   outcome;

    pick.now = ngx_current_msec;
    pick.hash = f->key;
    pick.tried = f->tried;

    while (f->servers < f->limit) {

        if (f->tries && !ngx_dns_ask_more(f, account)) {
            break;
        }

        pick.ntried = f->tries;

        peer = f->special ? ngx_dns_ask_special(f, &pick)
               : ngx_dns_balancer_pick(f->upstream, &pick);

        if (peer == NULL) {

            /* none is left for this question */

            f->limit = f->servers;
            break;
        }

        f->servers++;

        outcome = ngx_dns_ask_send(f, peer, account, handler);

        if (outcome == NGX_DNS_OUTCOME_NONE) {
            return NGX_OK;
        }

        next = ngx_dns_outcome_next(outcome);

        if (next && (next & f->policy->next) == 0) {
            f->limit = f->servers;
            break;
        }
    }

    return NGX_DECLINED;
}


/* may there be one more attempt than those there were? */

static ngx_uint_t
ngx_dns_ask_more(ngx_dns_inflight_t *f, ngx_dns_account_e account)
{
    if (f->tries + f->spare >= NGX_DNS_MAX_TRIES) {
        f->limit = f->servers;
        return 0;
    }

    if ((ngx_msec_int_t) (f->deadline - ngx_current_msec) <= 0) {
        return 0;
    }

    if (f->tries > f->first && account != NGX_DNS_ACCOUNT_NONE
        && !ngx_dns_ask_pays(f->policy, f->upstream, account))
    {
        f->limit = f->servers;
        return 0;
    }

    return 1;
}


/*
 * Servers that are not usable are not tried where a fallback is for that.  An
 * upstream of the chain's end is as any other.
 */

static ngx_dns_peer_t *
ngx_dns_ask_special(ngx_dns_inflight_t *f, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *peer;

    if (f->only) {
        return ngx_dns_balancer_only(f->only, pick);
    }

    peer = ngx_dns_balancer_pick_usable(f->upstream, pick);

    if (peer || ngx_dns_fallback_find(f->fallback,
                                      ngx_dns_fallback_outcome(f)))
    {
        return peer;
    }

    return ngx_dns_balancer_pick(f->upstream, pick);
}


ngx_int_t
ngx_dns_ask_beside(ngx_dns_inflight_t *f, ngx_dns_event_pt handler)
{
    return f->upstream->hedge == NGX_DNS_HEDGE_OFF
           ? NGX_DECLINED
           : ngx_dns_ask_next(f, NGX_DNS_ACCOUNT_LOSS, handler);
}


ngx_int_t
ngx_dns_ask_again(ngx_dns_inflight_t *f, ngx_dns_event_pt handler)
{
    ngx_msec_t                   patience;
    ngx_dns_peer_t              *peer;
    ngx_dns_transport_t         *transport;
    ngx_dns_inflight_attempt_t  *a;

    if (!ngx_dns_ask_may_again(f)) {
        return NGX_DECLINED;
    }

    a = ngx_dns_inflight_attempt(f, f->tries - 1);
    peer = a->attempt.peer;
    transport = ngx_dns_attempt_transport(a);

    if (transport->whole == NULL && !transport->mute(&a->attempt)) {
        f->patience = ngx_current_msec + NGX_DNS_ASK_MUTE;
        return NGX_AGAIN;
    }

    f->repeats++;

    if (!ngx_dns_ask_pays(f->policy, f->upstream, NGX_DNS_ACCOUNT_LOSS)
        || ngx_dns_peer_acquire(peer, ngx_current_msec, NGX_DNS_OPEN_ALL)
           != NGX_OK)
    {
        f->repeats = NGX_DNS_ASK_AGAIN;
        return NGX_DECLINED;
    }

    if (ngx_dns_ask_send(f, peer, NGX_DNS_ACCOUNT_LOSS, handler)
        != NGX_DNS_OUTCOME_NONE)
    {
        return NGX_DECLINED;
    }

    /* it has what is left of the same time */

    a->repeated = 1;
    ngx_dns_inflight_attempt(f, f->tries - 1)->deadline = a->deadline;

    /* each repeat waits twice as long as the one before */

    patience = f->patience - ngx_current_msec;
    f->patience += patience * (((ngx_msec_t) 1 << f->repeats) - 1);

    return NGX_OK;
}


ngx_uint_t
ngx_dns_ask_may_again(ngx_dns_inflight_t *f)
{
    ngx_dns_transport_t         *transport;
    ngx_dns_inflight_attempt_t  *a;

    if (f->repeats == NGX_DNS_ASK_AGAIN || f->tries == f->first
        || f->tries + f->spare >= NGX_DNS_MAX_TRIES
        || (f->policy->next & NGX_DNS_NEXT_TIMEOUT) == 0)
    {
        return 0;
    }

    a = ngx_dns_inflight_attempt(f, f->tries - 1);

    transport = ngx_dns_attempt_transport(a);

    return a->live && !a->silent && (transport->whole || transport->mute);
}


/*
 * Attempts beyond the first are a share of all queries, and some a second:
 * servers that are all in trouble are not asked twice as much on top of that.
 * Those made for names that servers fail to answer are accounted for apart, so
 * that they can't take what lost datagrams need.
 */

ngx_uint_t
ngx_dns_ask_pays(const ngx_dns_policy_t *policy, ngx_dns_upstream_t *u,
    ngx_dns_account_e account)
{
    if (policy->budget == 0
        || ngx_dns_peers_pay(u, account, ngx_dns_sec) == NGX_OK)
    {
        return 1;
    }

    ngx_dns_count(unretried);

    return 0;
}


static ngx_inline ngx_dns_outcome_e
ngx_dns_ask_send(ngx_dns_inflight_t *f, ngx_dns_peer_t *peer,
    ngx_dns_account_e account, ngx_dns_event_pt handler)
{
    ngx_msec_t         patience, most;
    ngx_dns_outcome_e  outcome;

    if (f->tries > f->first && account != NGX_DNS_ACCOUNT_NONE) {
        ngx_dns_count_peer(peer, retries);
    }

    outcome = ngx_dns_attempt_send(f, peer, handler);

    if (outcome != NGX_DNS_OUTCOME_NONE) {
        ngx_dns_attempt_note(f, outcome, NULL, peer);
        return outcome;
    }

    most = f->policy->upstream_timeout / 4;

    if (peer->tls) {

        /* one that is asked beside it may have a handshake before it, too */

        most -= most >> 2;
    }

    patience = f->upstream->hedge == NGX_DNS_HEDGE_AUTO
               ? ngx_dns_peer_patience(peer, most) : f->upstream->hedge;

    if (f->servers == f->limit) {

        /* a server that is busy must not be asked twice for it too soon */

        patience = ngx_max(2 * patience, NGX_DNS_ASK_REPEAT);
        patience = ngx_min(patience, most);
    }

    f->patience = ngx_current_msec + patience;

    return NGX_DNS_OUTCOME_NONE;
}


/* a fallback is better than to wait */

ngx_uint_t
ngx_dns_ask_expects(ngx_dns_inflight_t *f)
{
    ngx_dns_upstream_t  *u;

    u = f->upstream;

    if (f->tries || u->live || (f->special && f->fallback)
        || (int64_t) (u->expects - ngx_current_msec) <= 0)
    {
        return 0;
    }

    f->patience = ngx_current_msec + NGX_DNS_ASK_EXPECTS;

    return 1;
}

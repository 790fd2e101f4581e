
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_query.h"
#include "ngx_dns_response.h"
#include "ngx_dns_cached.h"
#include "ngx_dns_life.h"
#include "ngx_dns_local.h"
#include "ngx_dns_loop.h"
#include "ngx_dns_stage.h"
#include "ngx_dns_subnet.h"
#include "ngx_dns_transfer.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


static ngx_dns_reason_e ngx_dns_query_policy(const ngx_dns_question_t *q);
static ngx_dns_reason_e ngx_dns_query_transfer(ngx_dns_request_t *r);
static ngx_int_t ngx_dns_query_other(ngx_dns_request_t *r,
    ngx_dns_reason_e *reason);
static ngx_int_t ngx_dns_query_any(ngx_dns_request_t *r,
    ngx_dns_reason_e *reason);
static void ngx_dns_query_key(ngx_dns_request_t *r, ngx_dns_upstream_t *u);
static ngx_int_t ngx_dns_query_special(ngx_dns_request_t *r,
    ngx_dns_reason_e *reason);
static ngx_dns_reason_e ngx_dns_query_return(const ngx_dns_request_t *r);
static ngx_int_t ngx_dns_query_local(const ngx_dns_request_t *r);
static void ngx_dns_query_answered(const ngx_dns_request_t *r,
    const ngx_dns_local_answer_t *answer);
static ngx_dns_reason_e ngx_dns_query_route(ngx_dns_request_t *r);
static ngx_dns_reason_e ngx_dns_query_ask(const ngx_dns_request_t *r,
    ngx_uint_t stale);
static ngx_dns_reason_e ngx_dns_query_limit(const ngx_dns_request_t *r);
static ngx_dns_reason_e ngx_dns_query_overload(const ngx_dns_request_t *r,
    ngx_uint_t stale, ngx_dns_reason_e reason);
static void ngx_dns_query_hit(const ngx_dns_request_t *r,
    const ngx_dns_logged_t *found);
static void ngx_dns_query_refresh(const ngx_dns_request_t *r);
static void ngx_dns_query_refuse(const ngx_dns_request_t *r,
    ngx_dns_reason_e reason);


/* what is asked for a query that is shown is shown, too */

static ngx_inline void
ngx_dns_query_tap(const ngx_dns_request_t *r, ngx_dns_inflight_t *f)
{
    if (r->conf->listener.tap && r->client->tapped) {
        f->tap = r->conf->listener.tap;
    }
}


/* of this worker: the query that is being looked at */

static ngx_dns_question_t  ngx_dns_query_question;


void
ngx_dns_query_process(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    u_char *p, size_t len, ngx_uint_t cut)
{
    ngx_dns_reason_e     reason;
    ngx_dns_request_t    r;
    ngx_dns_listener_t  *listener;
    ngx_dns_question_t  *q;

    listener = &conf->listener;
    q = &ngx_dns_query_question;

    r.conf = conf;
    r.client = client;
    r.question = q;
    r.packet = p;
    r.len = len;
    r.zone = NULL;
    r.key = 0;
    r.choice = NULL;

    reason = ngx_dns_question_parse(q, p, len);

    if (q->asked.edns) {
        reason = ngx_dns_options_parse(&r, reason);
    }

    ngx_dns_count_in(conf->runtime.counters,
                     queries[client->proto]
                            [ngx_dns_metrics_type(q->asked.type)]);

    if (cut && reason >= NGX_DNS_EQDCOUNT) {
        reason = NGX_DNS_ESIZE;
    }

    /* rules of the server come before all but what can't be answered */

    if (listener->enter && reason != NGX_DNS_EHEADER) {
        reason = listener->enter(&r, reason);
    }

    if (reason == NGX_DNS_FINE) {
        reason = ngx_dns_query_policy(q);

        /* "version.bind" and the like are of a class of their own */

        if (listener->local
            && (reason == NGX_DNS_FINE || reason == NGX_DNS_ECLASS
                || reason == NGX_DNS_EANY)
            && ngx_dns_local_likely(listener->local, q)
            && ngx_dns_query_local(&r) == NGX_OK)
        {
            return;
        }

        if (reason != NGX_DNS_FINE
            && ngx_dns_query_other(&r, &reason) == NGX_OK)
        {
            return;
        }
    }

    if (reason == NGX_DNS_FINE) {
        r.zone = listener->forward->deepest
                 ? ngx_dns_forward_find(listener->forward, q)
                 : listener->forward->root;

        reason = r.zone ? ngx_dns_query_route(&r) : NGX_DNS_EZONE;
    }

    if (reason != NGX_DNS_FINE) {
        ngx_dns_query_refuse(&r, reason);
    }
}


/* what is well-formed, but not for us or not by this way */

static ngx_dns_reason_e
ngx_dns_query_policy(const ngx_dns_question_t *q)
{
    if (q->asked.class != NGX_DNS_CLASS_IN) {
        return NGX_DNS_ECLASS;
    }

    /* RFC 8945, 5.5 would have us forward it unchanged, which we can't */

    if (q->tsig) {
        return NGX_DNS_ETSIG;
    }

    /* most types: those that mean something else are 0, or OPT and above */

    if ((uint16_t) (q->asked.type - 1) < NGX_DNS_TYPE_OPT - 1) {
        return NGX_DNS_FINE;
    }

    switch (q->asked.type) {

    case NGX_DNS_TYPE_AXFR:
    case NGX_DNS_TYPE_IXFR:
        return NGX_DNS_ETRANSFER;

    case NGX_DNS_TYPE_ANY:
        return NGX_DNS_EANY;

    case 0:
    case NGX_DNS_TYPE_OPT:
    case NGX_DNS_TYPE_TKEY:
    case NGX_DNS_TYPE_TSIG:
    case NGX_DNS_TYPE_MAILB:
    case NGX_DNS_TYPE_MAILA:
        return NGX_DNS_EMETA;

    default:
        return NGX_DNS_FINE;
    }
}


/* what is for us, but not as most are; NGX_DECLINED: "reason" says more */

static ngx_int_t
ngx_dns_query_other(ngx_dns_request_t *r, ngx_dns_reason_e *reason)
{
    if (*reason == NGX_DNS_EANY) {
        return ngx_dns_query_any(r, reason);
    }

    if (*reason == NGX_DNS_ETRANSFER && r->client->front->part) {
        *reason = ngx_dns_query_transfer(r);

        return *reason == NGX_DNS_FINE ? NGX_OK : NGX_DECLINED;
    }

    return NGX_DECLINED;
}


static ngx_dns_reason_e
ngx_dns_query_transfer(ngx_dns_request_t *r)
{
    ngx_dns_reason_e  reason;

    /* RFC 7686, 2, and the like: servers are not to see such names at all */

    if (!ngx_dns_local_own(r->conf, r->question)) {
        r->zone = ngx_dns_forward_find(r->conf->listener.forward,
                                       r->question);
    }

    if (r->zone == NULL) {
        return NGX_DNS_EZONE;
    }

    if (r->zone->special && ngx_dns_query_special(r, &reason) == NGX_OK) {
        return reason;
    }

    reason = ngx_dns_query_limit(r);

    return reason == NGX_DNS_FINE ? ngx_dns_transfer_start(r) : reason;
}


/*
 * RFC 8482: over TCP the client's address is its own, so all is told.
 * NGX_DECLINED: "reason" says whether it goes on as any other.
 */

static ngx_int_t
ngx_dns_query_any(ngx_dns_request_t *r, ngx_dns_reason_e *reason)
{
    ngx_uint_t              any;
    ngx_dns_local_answer_t  answer;

    *reason = NGX_DNS_FINE;

    r->zone = ngx_dns_forward_find(r->conf->listener.forward, r->question);

    if (r->zone == NULL || !r->client->bounded
        || (r->zone->special & NGX_DNS_ZONE_RETURN))
    {
        return NGX_DECLINED;
    }

    any = r->zone->policy->any;

    if (any == NGX_DNS_ANY_MINIMAL) {
        ngx_dns_local_any(r, &answer);
        ngx_dns_query_answered(r, &answer);

        return NGX_OK;
    }

    if (any == NGX_DNS_ANY_REFUSE) {
        *reason = NGX_DNS_EANY;
    }

    return NGX_DECLINED;
}


/* of a hash method */

static void
ngx_dns_query_key(ngx_dns_request_t *r, ngx_dns_upstream_t *u)
{
    ngx_dns_logged_t  logged;

    ngx_dns_request_logged(r, &logged);

    r->key = r->conf->listener.key(&logged, u);

    /* with a key of the client, a response is right for that key only */

    if (u->by_client) {
        r->partition ^= r->key;
    }
}


/* NGX_DECLINED: a server is to be asked, or the cache */

static ngx_int_t
ngx_dns_query_special(ngx_dns_request_t *r, ngx_dns_reason_e *reason)
{
    ngx_dns_logged_t     logged;
    ngx_dns_upstream_t  *u;

    if (r->zone->special & NGX_DNS_ZONE_RETURN) {
        *reason = ngx_dns_query_return(r);
        return NGX_OK;
    }

    u = r->zone->upstream;

    if (r->zone->special & NGX_DNS_ZONE_CHOICE) {
        ngx_dns_request_logged(r, &logged);

        r->choice = r->conf->listener.choose(&logged);

        if (r->choice == NULL) {
            *reason = NGX_DNS_ETARGET;
            return NGX_OK;
        }

        u = r->choice->upstream;
        r->partition = r->choice->partition ^ r->zone->chain;
    }

    if (u->key) {
        ngx_dns_query_key(r, u);
    }

    return NGX_DECLINED;
}


/* dns_return */

static ngx_dns_reason_e
ngx_dns_query_return(const ngx_dns_request_t *r)
{
    ngx_dns_client_t        *client;
    const ngx_dns_return_t  *returns;
    ngx_dns_local_answer_t   answer;

    client = r->client;
    returns = r->zone->returns;

    if (returns->rcode == NGX_DNS_DROP && client->front->drop) {
        client->front->drop(client);
    }

    if (returns->reason == NGX_DNS_FINE) {
        ngx_dns_local_negative(r, returns->rcode, &answer);
        ngx_dns_query_answered(r, &answer);
    }

    return returns->reason;
}


static ngx_int_t
ngx_dns_query_local(const ngx_dns_request_t *r)
{
    ngx_dns_local_answer_t  answer;

    if (ngx_dns_local_answer(r, &answer) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_dns_query_answered(r, &answer);

    return NGX_OK;
}


static void
ngx_dns_query_answered(const ngx_dns_request_t *r,
    const ngx_dns_local_answer_t *answer)
{
    ngx_dns_logged_t  logged;

    if (r->conf->listener.points & NGX_DNS_AT_END) {
        ngx_dns_request_logged(r, &logged);

        logged.rcode = answer->rcode;
        logged.answers = answer->answers;
        logged.sent = answer->sent;
        logged.cache_status = answer->status;

        ngx_dns_stage_end(&logged);
    }
}


/* from the cache, or from a server */

static ngx_dns_reason_e
ngx_dns_query_route(ngx_dns_request_t *r)
{
    ngx_int_t                rc;
    ngx_dns_reason_e         reason;
    ngx_dns_conf_t          *conf;
    const ngx_dns_policy_t  *policy;
    ngx_dns_logged_t         logged;

    conf = r->conf;
    policy = r->zone->policy;

    r->partition = r->zone->partition;

    if (r->zone->special && ngx_dns_query_special(r, &reason) == NGX_OK) {
        return reason;
    }

    if (policy->subnet
        && ngx_dns_subnet_choose(policy, r->client, r->question) != NGX_OK)
    {
        return NGX_DNS_EOPT;
    }

    if (policy->cache == NULL) {
        return ngx_dns_query_ask(r, 0);
    }

    rc = ngx_dns_cached_find(r, &logged);

    if (rc != NGX_OK && rc != NGX_DONE) {
        ngx_dns_count_in(conf->runtime.counters, misses);

        return ngx_dns_query_ask(r, rc == NGX_AGAIN);
    }

    if (logged.rcode == NGX_DNS_SERVFAIL) {
        ngx_dns_count(reason[NGX_DNS_ECACHED]);
    }

    if (conf->listener.points & NGX_DNS_AT_END) {
        ngx_dns_query_hit(r, &logged);
    }

    if (rc == NGX_DONE) {
        ngx_dns_query_refresh(r);
    }

    return NGX_DNS_FINE;
}


static void
ngx_dns_query_hit(const ngx_dns_request_t *r, const ngx_dns_logged_t *found)
{
    ngx_dns_logged_t  logged;

    ngx_dns_request_logged(r, &logged);

    logged.sent = found->sent;
    logged.rcode = found->rcode;
    logged.answers = found->answers;
    logged.cache_status = found->cache_status;

    if (found->rcode == NGX_DNS_SERVFAIL) {
        logged.reason = NGX_DNS_ECACHED;
    }

    ngx_dns_stage_end(&logged);
}


/* asks again before the end, for nobody who waits */

static void
ngx_dns_query_refresh(const ngx_dns_request_t *r)
{
    ngx_uint_t           fresh;
    ngx_dns_inflight_t  *f;

    f = ngx_dns_inflight_get(r, &fresh);

    if (f == NULL || !fresh) {

        /* there is no record, or it is asked for, for others, and may fail */

        ngx_dns_cached_put_off(r);
        return;
    }

    f->refresh = 1;
    ngx_dns_query_tap(r, f);

    ngx_dns_count_in(r->conf->runtime.counters, prefetches);
    ngx_dns_life_start(f);
}


static ngx_dns_reason_e
ngx_dns_query_ask(const ngx_dns_request_t *r, ngx_uint_t stale)
{
    ngx_uint_t           fresh;
    ngx_dns_reason_e     reason;
    ngx_dns_waiter_t    *w;
    ngx_dns_inflight_t  *f;

    if (ngx_dns_loop_likely(r->question) && ngx_dns_loop_came(r)) {
        return NGX_DNS_ELOOP;
    }

    reason = ngx_dns_query_limit(r);

    if (reason != NGX_DNS_FINE) {
        return ngx_dns_query_overload(r, stale, reason);
    }

    reason = NGX_DNS_EOVERLOAD;

    if (r->conf->runtime.queries >= r->conf->listener.max_queries) {
        return ngx_dns_query_overload(r, stale, reason);
    }

    f = ngx_dns_inflight_get(r, &fresh);

    if (f == NULL) {
        return ngx_dns_query_overload(r, stale, reason);
    }

    w = ngx_dns_inflight_join(f, r);

    if (w == NULL) {

        /* as many queries as there are records: a new question has none */

        if (fresh) {
            ngx_dns_life_start(f);
        }

        return ngx_dns_query_overload(r, stale, reason);
    }

    w->stale = stale;

    if (fresh) {
        f->has_stale = stale & 1;
        ngx_dns_query_tap(r, f);
        ngx_dns_life_start(f);

    } else {
        ngx_dns_count(joined);
        ngx_dns_life_joined(f, w);
    }

    return NGX_DNS_FINE;
}


/* a server is needed, as far as limits know */

static ngx_dns_reason_e
ngx_dns_query_limit(const ngx_dns_request_t *r)
{
    return r->zone->policy->misses ? ngx_dns_limit_misses(r) : NGX_DNS_FINE;
}


/* a response past its end is better than none, here as well */

static ngx_dns_reason_e
ngx_dns_query_overload(const ngx_dns_request_t *r, ngx_uint_t stale,
    ngx_dns_reason_e reason)
{
    ngx_dns_logged_t  logged;

    if (!stale || ngx_dns_cached_find_stale(r, &logged) != NGX_OK) {
        return reason;
    }

    if (r->conf->listener.points & NGX_DNS_AT_END) {
        ngx_dns_query_hit(r, &logged);
    }

    return NGX_DNS_FINE;
}


static void
ngx_dns_query_refuse(const ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    size_t                      sent;
    ngx_dns_logged_t            logged;
    ngx_dns_server_counters_t  *counters;

    ngx_dns_count(reason[reason]);

    if (reason == NGX_DNS_EACCESS && r->client->front->deny) {
        counters = r->conf->runtime.counters;

        r->client->front->deny(r->client,
                               &counters->responses[NGX_DNS_SOURCE_ERROR]
                                   [ngx_dns_metrics_rcode(NGX_DNS_REFUSED)]);
        sent = 0;

    } else {
        sent = ngx_dns_response_error(r, reason);
    }

    if (r->conf->listener.points & NGX_DNS_AT_END) {
        ngx_dns_request_logged(r, &logged);

        logged.reason = reason;
        logged.rcode = ngx_dns_reasons[reason].rcode;
        logged.sent = sent;

        ngx_dns_stage_end(&logged);
    }
}


void
ngx_dns_query_drop(ngx_dns_conf_t *conf, ngx_dns_client_t *client, size_t len,
    ngx_dns_reason_e reason)
{
    ngx_dns_logged_t  logged;

    ngx_dns_clock_update();

    ngx_dns_count_in(conf->runtime.counters,
                     queries[client->proto][NGX_DNS_METRICS_TYPE_NONE]);
    ngx_dns_count(reason[reason]);

    if (conf->listener.points & NGX_DNS_AT_END) {

        /* nothing of it was looked at */

        ngx_dns_logged_fill(&logged, conf, client, NULL, NULL);

        logged.received = len;
        logged.reason = reason;
        logged.rcode = NGX_DNS_DROP;

        ngx_dns_stage_end(&logged);
    }
}


void
ngx_dns_query_quit(ngx_uint_t now)
{
    ngx_dns_life_abort(now);

    if (now) {
        ngx_dns_transfer_abort();
    }

    if (ngx_dns_inflight_count() == 0) {
        ngx_dns_timer_trim();
    }
}

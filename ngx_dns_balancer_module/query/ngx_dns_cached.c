
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"


static ngx_int_t ngx_dns_cached_denied(const ngx_dns_request_t *r,
    ngx_dns_cache_view_t *view, size_t *skip);
static ngx_int_t ngx_dns_cached_old(const ngx_dns_request_t *r,
    ngx_dns_cache_view_t *view);
static ngx_uint_t ngx_dns_cached_failing(const ngx_dns_request_t *r,
    ngx_dns_cache_view_t *view);
static void ngx_dns_cached_asker(const ngx_dns_request_t *r,
    ngx_dns_asker_t *asker, ngx_dns_source_e source);
static void ngx_dns_cached_logged(ngx_dns_logged_t *logged,
    const ngx_dns_message_t *m, size_t sent, ngx_dns_cache_status_e status);
static size_t ngx_dns_cached_send_stale(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_dns_message_t *m);
static ngx_inline size_t ngx_dns_cached_send(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, ngx_dns_message_t *m)
    ngx_dns_hot;
static ngx_inline u_char *ngx_dns_cached_write(ngx_dns_asker_t *asker,
    u_char *p, ngx_dns_cache_view_t *view, ngx_uint_t stale,
    const ngx_dns_message_t *m);
static ngx_inline void ngx_dns_cached_message(ngx_dns_cache_view_t *view,
    ngx_dns_message_t *m);
static size_t ngx_dns_cached_below(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, size_t skip, ngx_dns_message_t *m);
static size_t ngx_dns_cached_copy(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, size_t skip,
    ngx_dns_message_t *m);
static ngx_inline void ngx_dns_cached_age(u_char *body,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, uint32_t stale_ttl);
static ngx_uint_t ngx_dns_cached_due(const ngx_dns_request_t *r,
    ngx_dns_cache_view_t *view);


ngx_int_t
ngx_dns_cached_find(const ngx_dns_request_t *r, ngx_dns_logged_t *logged)
{
    size_t                   sent, skip;
    ngx_int_t                rc;
    ngx_uint_t               stale;
    const ngx_dns_policy_t  *policy;
    ngx_dns_asker_t          asker;
    ngx_dns_message_t        m;
    ngx_dns_cache_view_t     view;

    policy = r->zone->policy;
    skip = 0;
    stale = 0;

    rc = ngx_dns_subnet_find(r, &view, &m.scoped);

    if (rc != NGX_OK
        && (!policy->nxdomain_cut
            || ngx_dns_cached_denied(r, &view, &skip) != NGX_OK))
    {
        return NGX_DECLINED;
    }

    if ((int32_t) (view.answer.expires - ngx_dns_sec) <= 0) {

        rc = ngx_dns_cached_old(r, &view);

        if (rc != NGX_OK && rc != NGX_DONE) {
            return rc;
        }

        stale = rc == NGX_OK;
    }

    ngx_dns_cached_asker(r, &asker, stale ? NGX_DNS_SOURCE_STALE
                                          : NGX_DNS_SOURCE_CACHE);

    sent = skip ? ngx_dns_cached_below(&asker, &view, skip, &m)
           : stale ? ngx_dns_cached_send_stale(&asker, &view, &m)
           : ngx_dns_cached_send(&asker, &view, 0, &m);

    if (sent == 0) {
        return NGX_DECLINED;
    }

    ngx_dns_cache_touch(&view);

    ngx_dns_cached_logged(logged, &m, sent,
                          stale ? NGX_DNS_CACHE_STATUS_STALE
                                : NGX_DNS_CACHE_STATUS_HIT);

    return (policy->prefetch && !stale && skip == 0
            && ngx_dns_cached_due(r, &view)) ? NGX_DONE : NGX_OK;
}


static ngx_inline void
ngx_dns_cached_asker(const ngx_dns_request_t *r, ngx_dns_asker_t *asker,
    ngx_dns_source_e source)
{
    asker->client = r->client;
    asker->conf = r->conf;
    asker->policy = r->zone->policy;
    asker->name = r->packet + NGX_DNS_HEADER_SIZE;
    asker->asked = &r->question->asked;
    asker->responses = r->conf->runtime.counters->responses[source];
}


static ngx_inline void
ngx_dns_cached_logged(ngx_dns_logged_t *logged, const ngx_dns_message_t *m,
    size_t sent, ngx_dns_cache_status_e status)
{
    logged->sent = sent;
    logged->rcode = m->rcode;
    logged->answers = m->answers;
    logged->cache_status = status;
}


/* is a name above it said not to exist? */

static ngx_int_t
ngx_dns_cached_denied(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view,
    size_t *skip)
{
    ngx_dns_cached_key_t  key;

    ngx_dns_subnet_key(r, &key);

    return ngx_dns_cached_above(&key, r->zone, view, skip);
}


/*
 * What to do with a response past its end.  NGX_AGAIN: try for a new one
 * first; NGX_OK: that was tried just now, in vain (RFC 8767, 5, the failure
 * recheck timer); NGX_DONE: the same, and "view" is the failure, since the
 * response is of no use any more; NGX_DECLINED: there is neither.
 */

static ngx_int_t
ngx_dns_cached_old(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view)
{
    ngx_uint_t               usable;
    const ngx_dns_policy_t  *policy;
    ngx_dns_cache_view_t     failed;

    policy = r->zone->policy;

    if (ngx_dns_cache_rcode(&view->answer) == NGX_DNS_SERVFAIL) {
        return NGX_DECLINED;
    }

    usable = policy->stale
             && (int32_t) (view->answer.expires + policy->stale
                           - ngx_dns_sec) > 0;

    if (!ngx_dns_cached_failing(r, &failed)
        || ngx_dns_cache_rcode(&failed.answer) != NGX_DNS_SERVFAIL)
    {
        return usable ? NGX_AGAIN : NGX_DECLINED;
    }

    if (usable) {
        return NGX_OK;
    }

    *view = failed;

    return NGX_DONE;
}


/* was it asked for just now, in vain? */

static ngx_uint_t
ngx_dns_cached_failing(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view)
{
    ngx_dns_cached_key_t  key;

    ngx_dns_subnet_key(r, &key);

    key.bits |= NGX_DNS_BITS_FAILED;

    return ngx_dns_cached_lookup(&key, view) == NGX_OK
           && (int32_t) (view->answer.expires - ngx_dns_sec) > 0;
}


/*
 * One in all processes gets 1, for an entry near its end that is asked for.
 * Its last second is near its end, however short the TTL.  What can't be done
 * now is not claimed: the next hit may.
 */

static ngx_uint_t
ngx_dns_cached_due(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view)
{
    uint64_t                 left, all;
    const ngx_dns_policy_t  *policy;
    ngx_dns_cache_view_t     failed;

    policy = r->zone->policy;

    left = view->answer.expires - ngx_dns_sec;
    all = view->answer.expires - view->answer.stored;

    if (left * 100 > ngx_max(all * policy->prefetch, 100)
        || ngx_dns_cache_uses(view) < policy->prefetch_hits
        || ngx_dns_cache_rcode(&view->answer) == NGX_DNS_SERVFAIL
        || ngx_exiting
        || ngx_dns_inflight_count()
           >= ngx_max(r->conf->listener.max_queries / 10, 1))
    {
        return 0;
    }

    return !ngx_dns_cached_failing(r, &failed) && ngx_dns_cache_claim(view);
}


void
ngx_dns_cached_put_off(const ngx_dns_request_t *r)
{
    uint16_t              prefix;
    ngx_dns_cache_view_t  view;

    if (ngx_dns_subnet_find(r, &view, &prefix) == NGX_OK) {
        ngx_dns_cache_unclaim(&view);
    }
}


ngx_int_t
ngx_dns_cached_find_stale(const ngx_dns_request_t *r, ngx_dns_logged_t *logged)
{
    size_t                sent;
    ngx_dns_asker_t       asker;
    ngx_dns_message_t     m;
    ngx_dns_cache_view_t  view;

    if (ngx_dns_subnet_find(r, &view, &m.scoped) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_dns_cached_asker(r, &asker, NGX_DNS_SOURCE_STALE);

    sent = ngx_dns_cached_send_stale(&asker, &view, &m);

    if (sent == 0) {
        return NGX_DECLINED;
    }

    ngx_dns_cached_logged(logged, &m, sent, NGX_DNS_CACHE_STATUS_STALE);

    return NGX_OK;
}


size_t
ngx_dns_cached_stale(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w,
    ngx_dns_message_t *m)
{
    ngx_dns_asker_t       asker;
    ngx_dns_cache_view_t  view;

    if (ngx_dns_subnet_lookup_of(f, &view, &m->scoped) != NGX_OK
        || ngx_dns_cache_rcode(&view.answer) == NGX_DNS_SERVFAIL
        || (int32_t) (view.answer.expires + f->policy->stale
                      - ngx_dns_sec) <= 0)
    {
        return 0;
    }

    ngx_dns_response_asker(&asker, f, w, NGX_DNS_SOURCE_STALE);

    return ngx_dns_cached_send_stale(&asker, &view, m);
}


static size_t
ngx_dns_cached_send_stale(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    ngx_dns_message_t *m)
{
    return ngx_dns_cached_send(asker, view, 1, m);
}


/*
 * Writes the response into the client's batch straight from the zone, and only
 * then looks whether the zone has changed under it: then nothing is sent.
 */

static ngx_inline size_t
ngx_dns_cached_send(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    ngx_uint_t stale, ngx_dns_message_t *m)
{
    size_t   limit, size;
    u_char  *p, *start;

    ngx_dns_cached_message(view, m);

    if (stale) {
        m->ede = m->rcode == NGX_DNS_NXDOMAIN ? NGX_DNS_EDE_STALE_NX
                                              : NGX_DNS_EDE_STALE;

    } else if (m->rcode == NGX_DNS_SERVFAIL) {
        m->ede = NGX_DNS_EDE_CACHED_ERROR;
    }

    limit = ngx_dns_response_limit(asker);

    size = NGX_DNS_HEADER_SIZE + asker->asked->name_len + 4
           + view->answer.body_len + ngx_dns_response_opt_size(asker, m);

    if (size > limit) {
        return ngx_dns_cached_copy(asker, view, stale, 0, m);
    }

    start = ngx_dns_response_reserve(asker, size);

    p = ngx_dns_cached_write(asker, start, view, stale, m);

    if (m->answers > 1 && asker->policy->rotate) {
        ngx_dns_response_turn(asker, start, p - start, m->answers);
    }

    p = ngx_dns_response_opt(asker, start, p, m);

    if (!ngx_dns_cache_check(view)) {
        return 0;
    }

    /* NOERROR, NXDOMAIN and SERVFAIL are all that is stored */

    ngx_dns_response_commit(asker, start, p - start, m->rcode & 3);

    return p - start;
}


static ngx_inline u_char *
ngx_dns_cached_write(ngx_dns_asker_t *asker, u_char *p,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, const ngx_dns_message_t *m)
{
    p = ngx_dns_response_begin(asker, p, m);

    ngx_dns_cache_copy(p, view->body, view->answer.body_len);
    ngx_dns_cached_age(p, view, stale, asker->policy->stale_ttl);

    return p + view->answer.body_len;
}


static ngx_inline void
ngx_dns_cached_age(u_char *body, ngx_dns_cache_view_t *view, ngx_uint_t stale,
    uint32_t stale_ttl)
{
    u_char      *p;
    uint16_t     offset;
    uint32_t     age, ttl;
    ngx_uint_t   i;

    age = ngx_dns_clock_past(ngx_dns_sec, view->answer.stored);

    for (i = 0; i < view->answer.nttl; i++) {
        offset = ngx_dns_load(&view->ttl[i]);

        /* torn by a writer: the check after this will tell */

        if (offset + 4 > view->answer.body_len) {
            return;
        }

        p = body + offset;
        ttl = ngx_dns_get32(p);

        ngx_dns_put32(p, stale ? stale_ttl : ttl > age ? ttl - age : 0);
    }
}


static ngx_inline void
ngx_dns_cached_message(ngx_dns_cache_view_t *view, ngx_dns_message_t *m)
{
    m->flags = view->answer.flags;
    m->rcode = (uint16_t) ngx_dns_cache_rcode(&view->answer);
    m->answers = view->answer.answers;
    m->authority = view->answer.authority;
    m->additional = view->answer.additional;
    m->ede = view->answer.ede;
}


/* the NXDOMAIN of a name above, as the response for this one */

static size_t
ngx_dns_cached_below(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    size_t skip, ngx_dns_message_t *m)
{
    ngx_dns_cached_message(view, m);

    return ngx_dns_cached_copy(asker, view, 0, skip, m);
}


/*
 * Off the hot path: longer than the client takes, or a response to a shorter
 * question, whose pointers are to be moved.
 */

static size_t
ngx_dns_cached_copy(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    ngx_uint_t stale, size_t skip, ngx_dns_message_t *m)
{
    u_char    *p;
    uint16_t   answers;

    static u_char  msg[NGX_DNS_HEADER_SIZE + NGX_DNS_MAX_NAME + 4
                       + NGX_DNS_MAX_MESSAGE];

    p = ngx_dns_cached_write(asker, msg, view, stale, m);

    if (!ngx_dns_cache_check(view)) {
        return 0;
    }

    /* it is what was stored, and that was checked */

    m->body = NGX_DNS_HEADER_SIZE + asker->asked->name_len + 4;
    m->end = p - msg;

    if (skip) {
        ngx_dns_message_shift(m, msg, skip);
    }

    return ngx_dns_response_send(asker, m, msg, &answers);
}

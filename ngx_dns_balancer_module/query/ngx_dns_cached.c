
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"


static ngx_int_t ngx_dns_cached_old(ngx_dns_conf_t *conf,
    ngx_dns_question_t *q, uint64_t bits, uint32_t scope,
    ngx_dns_cache_view_t *view);
static size_t ngx_dns_cached_send(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, ngx_dns_message_t *m);
static u_char *ngx_dns_cached_write(ngx_dns_asker_t *asker, u_char *p,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, const ngx_dns_message_t *m);
static ngx_inline void ngx_dns_cached_message(ngx_dns_cache_view_t *view,
    ngx_dns_message_t *m);
static size_t ngx_dns_cached_below(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, size_t skip, ngx_dns_message_t *m);
static size_t ngx_dns_cached_copy(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, size_t skip,
    ngx_dns_message_t *m);
static void ngx_dns_cached_age(u_char *body, ngx_dns_cache_view_t *view,
    ngx_uint_t stale, uint32_t stale_ttl);
static ngx_uint_t ngx_dns_cached_due(ngx_dns_conf_t *conf,
    ngx_dns_cache_view_t *view, uint32_t now);


/* with a key of the client, an answer is right for that key only */

uint32_t
ngx_dns_cached_scope(ngx_dns_zone_t *zone, uint64_t key)
{
    uint32_t  scope;

    scope = zone->upstream->scope;

    if (zone->upstream->by_client) {
        scope ^= (uint32_t) (key ^ (key >> 32));
    }

    return scope;
}


ngx_int_t
ngx_dns_cached_find(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    uint64_t key, ngx_dns_record_t *record)
{
    size_t                sent, skip;
    uint32_t              now, scope;
    uint64_t              bits;
    ngx_int_t             rc;
    ngx_uint_t            stale;
    ngx_dns_asker_t       asker;
    ngx_dns_message_t     m;
    ngx_dns_cache_view_t  view;

    bits = ngx_dns_cached_bits(q);
    scope = ngx_dns_cached_scope(zone, key);
    skip = 0;
    stale = 0;

    m.scoped = 0;

    if (conf->subnet) {
        rc = ngx_dns_subnet_lookup(conf, q->name, q->asked.name_len, bits,
                                   scope, &q->subnet, &view, &m.scoped);
        scope = ngx_dns_subnet_all(conf, scope);

    } else {
        rc = ngx_dns_cached_lookup(conf, q->name, q->asked.name_len, bits,
                                   scope, &view);
    }

    if (rc != NGX_OK
        && (!conf->nxdomain_cut
            || ngx_dns_cached_above(conf, q->name, q->asked.name_len, bits,
                                    zone, scope, &view, &skip)
               != NGX_OK))
    {
        return NGX_DECLINED;
    }

    now = ngx_dns_sec;
    asker.responses = conf->counters->responses[NGX_DNS_SOURCE_CACHE];

    if ((int32_t) (view.answer.expires - now) <= 0) {

        rc = ngx_dns_cached_old(conf, q, bits, scope, &view);

        if (rc != NGX_OK) {
            return rc;
        }

        asker.responses = conf->counters->responses[NGX_DNS_SOURCE_STALE];
        stale = 1;
    }

    asker.client = client;
    asker.conf = conf;
    asker.name = p + NGX_DNS_HEADER_SIZE;
    asker.asked = &q->asked;

    sent = skip ? ngx_dns_cached_below(&asker, &view, skip, &m)
                : ngx_dns_cached_send(&asker, &view, stale, &m);

    if (sent == 0) {
        return NGX_DECLINED;
    }

    ngx_dns_cache_touch(&view);

    record->sent = sent;
    record->rcode = m.rcode;
    record->answers = m.answers;
    record->cache_status = stale ? NGX_DNS_CACHE_STATUS_STALE
                                 : NGX_DNS_CACHE_STATUS_HIT;

    return (conf->prefetch && !stale && skip == 0
            && ngx_dns_cached_due(conf, &view, now)) ? NGX_DONE : NGX_OK;
}


/*
 * What to do with an answer past its end.  NGX_AGAIN: try for a new one
 * first; NGX_OK: that was tried just now, in vain (RFC 8767, 5, the failure
 * recheck timer); NGX_DECLINED: it is of no use any more.
 */

static ngx_int_t
ngx_dns_cached_old(ngx_dns_conf_t *conf, ngx_dns_question_t *q, uint64_t bits,
    uint32_t scope, ngx_dns_cache_view_t *view)
{
    ngx_dns_cache_view_t  failed;

    if (conf->stale == 0 || view->answer.rcode == NGX_DNS_SERVFAIL
        || (int32_t) (view->answer.expires + conf->stale - ngx_dns_sec) <= 0)
    {
        return NGX_DECLINED;
    }

    if (ngx_dns_cached_lookup(conf, q->name, q->asked.name_len,
                              bits | NGX_DNS_BITS_FAILED, scope, &failed)
        == NGX_OK
        && (int32_t) (failed.answer.expires - ngx_dns_sec) > 0)
    {
        return NGX_OK;
    }

    return NGX_AGAIN;
}


/* one in all processes gets 1, for an entry near its end that is asked for */

static ngx_uint_t
ngx_dns_cached_due(ngx_dns_conf_t *conf, ngx_dns_cache_view_t *view,
    uint32_t now)
{
    uint64_t  left, all;

    left = view->answer.expires - now;
    all = view->answer.expires - view->answer.stored;

    return left * 100 <= all * conf->prefetch
           && ngx_dns_cache_uses(view) >= conf->prefetch_hits
           && ngx_dns_cache_claim(view);
}


size_t
ngx_dns_cached_stale(ngx_dns_inflight_t *f, ngx_dns_query_t *query,
    ngx_dns_message_t *m)
{
    uint32_t              scope;
    ngx_int_t             rc;
    ngx_dns_asker_t       asker;
    ngx_dns_cache_view_t  view;

    m->scoped = 0;
    scope = ngx_dns_cached_scope(f->zone, f->key);

    rc = f->conf->subnet
         ? ngx_dns_subnet_lookup(f->conf, f->question, query->asked.name_len,
                                 f->bits & NGX_DNS_BITS_CACHE, scope,
                                 &f->subnet, &view, &m->scoped)
         : ngx_dns_cached_lookup(f->conf, f->question, query->asked.name_len,
                                 f->bits & NGX_DNS_BITS_CACHE, scope, &view);

    if (rc != NGX_OK
        || (int32_t) (view.answer.expires + f->conf->stale
                      - ngx_dns_sec) <= 0)
    {
        return 0;
    }

    ngx_dns_answer_asker(&asker, query, NGX_DNS_SOURCE_STALE);

    return ngx_dns_cached_send(&asker, &view, 1, m);
}


/*
 * Writes the answer into the client's batch straight from the zone, and only
 * then looks whether the zone has changed under it: then nothing is sent.
 */

static size_t
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

    limit = ngx_dns_answer_limit(asker);

    size = NGX_DNS_HEADER_SIZE + asker->asked->name_len + 4
           + view->answer.body_len + ngx_dns_answer_opt_size(asker, m);

    if (size > limit) {
        return ngx_dns_cached_copy(asker, view, stale, 0, m);
    }

    start = ngx_dns_answer_reserve(asker, size);

    p = ngx_dns_cached_write(asker, start, view, stale, m);
    p = ngx_dns_answer_opt(asker, start, p, m);

    if (!ngx_dns_cache_check(view)) {
        return 0;
    }

    /* NOERROR, NXDOMAIN and SERVFAIL are all that is stored */

    asker->client->front->commit(asker->client, p - start,
                                 &asker->responses[m->rcode & 3]);

    return p - start;
}


static u_char *
ngx_dns_cached_write(ngx_dns_asker_t *asker, u_char *p,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, const ngx_dns_message_t *m)
{
    p = ngx_dns_answer_begin(asker, p, m);

    ngx_dns_cache_copy(p, view->body, view->answer.body_len);
    ngx_dns_cached_age(p, view, stale, asker->conf->stale_ttl);

    return p + view->answer.body_len;
}


static void
ngx_dns_cached_age(u_char *body, ngx_dns_cache_view_t *view, ngx_uint_t stale,
    uint32_t stale_ttl)
{
    u_char      *p;
    uint16_t     offset;
    uint32_t     age, ttl;
    ngx_uint_t   i;

    age = ngx_dns_sec - view->answer.stored;

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
    m->rcode = view->answer.rcode;
    m->answers = view->answer.answers;
    m->authority = view->answer.authority;
    m->additional = view->answer.additional;
    m->ede = view->answer.ede;
}


/* the NXDOMAIN of a name above, as the answer for this one */

static size_t
ngx_dns_cached_below(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    size_t skip, ngx_dns_message_t *m)
{
    ngx_dns_cached_message(view, m);

    return ngx_dns_cached_copy(asker, view, 0, skip, m);
}


/*
 * Off the hot path: longer than the client takes, or an answer to a shorter
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

    return ngx_dns_answer_send(asker, m, msg, &answers);
}

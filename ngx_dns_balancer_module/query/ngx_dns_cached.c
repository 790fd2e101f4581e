
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cached.h"
#include "../base/ngx_dns_clock.h"


static ngx_int_t ngx_dns_cached_lookup(ngx_dns_conf_t *conf,
    const u_char *name, size_t len, uint64_t bits, uint32_t scope,
    ngx_dns_cache_view_t *view);
static size_t ngx_dns_cached_send(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, ngx_dns_message_t *m);
static u_char *ngx_dns_cached_write(ngx_dns_asker_t *asker, u_char *p,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, const ngx_dns_message_t *m);
static size_t ngx_dns_cached_cut(ngx_dns_asker_t *asker,
    ngx_dns_cache_view_t *view, ngx_uint_t stale, ngx_dns_message_t *m);
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


static ngx_int_t
ngx_dns_cached_lookup(ngx_dns_conf_t *conf, const u_char *name, size_t len,
    uint64_t bits, uint32_t scope, ngx_dns_cache_view_t *view)
{
    uint64_t  hash;

    hash = ngx_dns_cache_hash(conf->cache, name, len, bits, scope);

    return ngx_dns_cache_find(conf->cache, hash, name, len, bits, scope, view);
}


ngx_int_t
ngx_dns_cached_find(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    uint64_t key, ngx_dns_record_t *record)
{
    size_t                sent;
    uint32_t              now;
    ngx_dns_asker_t       asker;
    ngx_dns_message_t     m;
    ngx_dns_cache_view_t  view;

    if (ngx_dns_cached_lookup(conf, q->name, q->asked.name_len,
                              ngx_dns_inflight_bits(q) & NGX_DNS_BITS_CACHE,
                              ngx_dns_cached_scope(zone, key), &view)
        != NGX_OK)
    {
        return NGX_DECLINED;
    }

    now = ngx_dns_sec;

    if ((int32_t) (view.answer.expires - now) <= 0) {

        if (conf->stale == 0 || view.answer.rcode == NGX_DNS_SERVFAIL
            || (int32_t) (view.answer.expires + conf->stale - now) <= 0)
        {
            return NGX_DECLINED;
        }

        return NGX_AGAIN;
    }

    asker.client = client;
    asker.conf = conf;
    asker.name = p + NGX_DNS_HEADER_SIZE;
    asker.asked = &q->asked;
    asker.responses = conf->counters->responses[NGX_DNS_SOURCE_CACHE];

    sent = ngx_dns_cached_send(&asker, &view, 0, &m);

    if (sent == 0) {
        return NGX_DECLINED;
    }

    ngx_dns_cache_touch(&view);

    record->sent = sent;
    record->rcode = m.rcode;
    record->answers = m.answers;

    return (conf->prefetch && ngx_dns_cached_due(conf, &view, now)) ? NGX_DONE
                                                                    : NGX_OK;
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
    ngx_dns_asker_t       asker;
    ngx_dns_cache_view_t  view;

    if (ngx_dns_cached_lookup(f->conf, f->question, query->asked.name_len,
                              f->bits & NGX_DNS_BITS_CACHE,
                              ngx_dns_cached_scope(f->zone, f->key), &view)
        != NGX_OK
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

    m->flags = view->answer.flags;
    m->rcode = view->answer.rcode;
    m->answers = view->answer.answers;
    m->authority = view->answer.authority;
    m->additional = view->answer.additional;
    m->ede = view->answer.ede;

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
        return ngx_dns_cached_cut(asker, view, stale, m);
    }

    start = asker->client->front->reserve(asker->client, limit);

    p = ngx_dns_cached_write(asker, start, view, stale, m);
    p = ngx_dns_answer_opt(asker, p, m);

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


/* longer than the client takes: off the hot path */

static size_t
ngx_dns_cached_cut(ngx_dns_asker_t *asker, ngx_dns_cache_view_t *view,
    ngx_uint_t stale, ngx_dns_message_t *m)
{
    u_char    *p;
    uint16_t   answers, ede, rcode;

    static u_char  msg[NGX_DNS_HEADER_SIZE + NGX_DNS_MAX_NAME + 4
                       + NGX_DNS_MAX_MESSAGE];

    ede = m->ede;
    rcode = m->rcode;

    p = ngx_dns_cached_write(asker, msg, view, stale, m);

    /* there is no OPT in it, though the header may count one */

    ngx_dns_put16(msg + NGX_DNS_OFF_ARCOUNT, m->additional);

    if (!ngx_dns_cache_check(view)
        || ngx_dns_message_parse(m, msg, p - msg, NGX_DNS_HEADER_SIZE
                                                  + asker->asked->name_len + 4)
           != NGX_OK)
    {
        return 0;
    }

    m->ede = ede;
    m->rcode = rcode;
    m->flags = view->answer.flags;

    return ngx_dns_answer_send(asker, m, msg, &answers);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_inflight.h"
#include "ngx_dns_answer.h"
#include "ngx_dns_attempt.h"
#include "ngx_dns_cached.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_edns.h"


/* of this worker */

typedef struct {
    ngx_dns_inflight_t   **table;
    ngx_uint_t             mask;
    ngx_uint_t             n;
    ngx_dns_hash_key_t     key;

    /*
     * Records never used are taken in order and used ones from a list, so
     * that memory no load has needed is never touched
     */

    ngx_dns_query_t       *queries;
    ngx_dns_query_t       *free_query;
    ngx_dns_inflight_t    *inflight;
    ngx_dns_inflight_t    *free_inflight;
    ngx_uint_t             size;
    ngx_uint_t             used_queries;
    ngx_uint_t             used_inflight;
} ngx_dns_inflight_table_t;


static void ngx_dns_inflight_build(ngx_dns_inflight_t *f,
    ngx_dns_question_t *q);
static void ngx_dns_inflight_unlink(ngx_dns_inflight_t *f);
static void ngx_dns_inflight_free(ngx_dns_query_t *query);
static void ngx_dns_inflight_done(ngx_dns_inflight_t *f,
    ngx_dns_query_t *query, const ngx_dns_message_t *m, size_t sent,
    uint16_t answers, ngx_dns_reason_e reason, ngx_dns_peer_t *peer,
    ngx_dns_cache_status_e status);


static ngx_dns_inflight_table_t  ngx_dns_inflights;


ngx_int_t
ngx_dns_inflight_init(ngx_cycle_t *cycle, ngx_uint_t queries)
{
    ngx_uint_t                 n;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;

    ngx_memzero(t, sizeof(ngx_dns_inflight_table_t));

    for (n = 1024; n < queries; n *= 2) {
        /* void */
    }

    t->mask = n - 1;
    t->size = queries;
    t->key.k0 = ngx_dns_random64();
    t->key.k1 = ngx_dns_random64();

    t->table = ngx_pcalloc(cycle->pool, n * sizeof(ngx_dns_inflight_t *));
    t->queries = ngx_palloc(cycle->pool, queries * sizeof(ngx_dns_query_t));
    t->inflight = ngx_palloc(cycle->pool,
                             queries * sizeof(ngx_dns_inflight_t));

    if (t->table == NULL || t->queries == NULL || t->inflight == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_dns_inflight_count(void)
{
    return ngx_dns_inflights.n;
}


ngx_dns_query_t *
ngx_dns_inflight_query(void)
{
    ngx_dns_query_t           *query;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;
    query = t->free_query;

    if (query) {
        t->free_query = query->next;
        return query;
    }

    if (t->used_queries == t->size) {
        return NULL;
    }

    return &t->queries[t->used_queries++];
}


ngx_dns_inflight_t *
ngx_dns_inflight_get(ngx_dns_conf_t *conf, ngx_dns_zone_t *zone,
    ngx_dns_question_t *q, uint64_t key, ngx_uint_t *fresh)
{
    uint64_t                   hash, bits;
    ngx_dns_inflight_t        *f, **bucket;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;

    bits = ngx_dns_inflight_bits(q);

    /* else one name, asked for by many clients, could be one long bucket */

    hash = ngx_dns_hash_name(&t->key, q->name, q->asked.name_len, bits ^ key);

    if (conf->subnet) {

        /* the same with many networks */

        hash = ngx_dns_hash_name(&t->key, (u_char *) &q->subnet,
                                 sizeof(ngx_dns_subnet_t), hash);
    }

    bucket = &t->table[hash & t->mask];

    for (f = *bucket; f; f = f->next) {
        if (f->hash == hash && f->bits == bits && f->conf == conf
            && (f->key == key || !zone->upstream->by_client)
            && (!conf->subnet
                || ngx_memcmp(&f->subnet, &q->subnet, sizeof(q->subnet)) == 0)
            && f->question_len == (size_t) q->asked.name_len + 4
            && ngx_memcmp(f->question, q->name, q->asked.name_len) == 0)
        {
            *fresh = 0;
            return f;
        }
    }

    f = t->free_inflight;

    if (f) {
        t->free_inflight = f->next;

    } else if (t->used_inflight < t->size) {
        f = &t->inflight[t->used_inflight++];

    } else {
        /* refreshes, which no client waits for, have taken them */
        return NULL;
    }

    f->next = *bucket;
    *bucket = f;
    t->n++;

    f->hash = hash;
    f->bits = bits;
    f->key = key;
    f->conf = conf;
    f->zone = zone;
    f->queries = NULL;
    f->last = &f->queries;
    f->has_stale = 0;
    f->stale_due = 0;
    f->stale.set = 0;
    f->start_usec = ngx_dns_usec;

    ngx_dns_inflight_build(f, q);

    *fresh = 1;

    return f;
}


/* the query for the servers: the client's question and flags, our OPT */

static void
ngx_dns_inflight_build(ngx_dns_inflight_t *f, ngx_dns_question_t *q)
{
    u_char      *p, *opt;
    ngx_uint_t   edns, subnet;

    subnet = 0;
    edns = q->asked.edns;

    if (f->conf->subnet) {
        f->subnet = q->subnet;
        subnet = q->subnet.family;
        edns |= subnet != 0;
    }

    ngx_memcpy(f->question, q->name, q->asked.name_len);

    p = f->question + q->asked.name_len;
    ngx_dns_put16(p, q->asked.type);
    ngx_dns_put16(p + 2, q->asked.class);

    f->question_len = q->asked.name_len + 4;

    /* RFC 6840, 5.7: AD asks for AD; who did not ask is not shown it */

    ngx_dns_message_header(f->wire, 0,
                           (q->asked.flags & (NGX_DNS_RD|NGX_DNS_CD))
                           | NGX_DNS_AD,
                           1, NULL, edns);

    p = ngx_cpymem(f->wire + NGX_DNS_HEADER_SIZE, f->question,
                   f->question_len);

    if (edns) {
        opt = p;

        p = ngx_dns_edns_write(p, f->conf->udp_max_size, 0,
                               q->asked.dnssec_ok ? NGX_DNS_EDNS_DO : 0,
                               NGX_DNS_NO_EDE);

        if (subnet) {
            p = ngx_dns_edns_write_subnet(p, &q->subnet, 0);
            ngx_dns_put16(opt + 9, p - opt - NGX_DNS_OPT_SIZE);
        }
    }

    f->wire_len = p - f->wire;
}


void
ngx_dns_inflight_join(ngx_dns_inflight_t *f, ngx_dns_query_t *query)
{
    query->next = NULL;
    *f->last = query;
    f->last = &query->next;

    query->conf->queries++;
}


void
ngx_dns_inflight_end(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, ngx_dns_reason_e reason, ngx_dns_peer_t *peer)
{
    size_t                     sent;
    uint16_t                   answers;
    ngx_dns_query_t           *query, *next;
    ngx_dns_source_e           source;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;

    source = (reason == NGX_DNS_FINE || reason == NGX_DNS_ERCODE)
             ? NGX_DNS_SOURCE_UPSTREAM : NGX_DNS_SOURCE_ERROR;

    ngx_dns_inflight_unlink(f);

    for (query = f->queries; query; query = next) {
        next = query->next;

        sent = ngx_dns_answer_query(query, source, m, msg, &answers);

        if (reason != NGX_DNS_FINE) {
            ngx_dns_count(reason[reason]);
        }

        if (query->conf->done) {
            ngx_dns_inflight_done(f, query, m, sent, answers, reason, peer,
                                  query->stale ? NGX_DNS_CACHE_STATUS_EXPIRED
                                  : query->conf->cache
                                  ? NGX_DNS_CACHE_STATUS_MISS
                                  : NGX_DNS_CACHE_STATUS_BYPASS);
        }

        ngx_dns_inflight_free(query);
    }

    f->next = t->free_inflight;
    t->free_inflight = f;

    if (t->n == 0 && ngx_exiting) {
        ngx_dns_timer_trim();
    }
}


/* of a query that was answered */

static void
ngx_dns_inflight_free(ngx_dns_query_t *query)
{
    query->conf->queries--;

    ngx_dns_histogram_add(&query->conf->counters->duration,
                          ngx_dns_usec - query->start_usec);

    query->next = ngx_dns_inflights.free_query;
    ngx_dns_inflights.free_query = query;
}


void
ngx_dns_inflight_stale(ngx_dns_inflight_t *f)
{
    size_t               sent;
    ngx_dns_query_t     *query, **p;
    ngx_dns_message_t    m;

    p = &f->queries;

    while (*p) {
        query = *p;

        if (!query->stale) {
            p = &query->next;
            continue;
        }

        sent = ngx_dns_cached_stale(f, query, &m);

        if (sent == 0) {

            /* it was evicted meanwhile */

            query->stale = 0;
            p = &query->next;
            continue;
        }

        *p = query->next;

        if (query->conf->done) {
            ngx_dns_inflight_done(f, query, &m, sent, m.answers, NGX_DNS_FINE,
                                  NULL, NGX_DNS_CACHE_STATUS_STALE);
        }

        ngx_dns_inflight_free(query);
    }

    f->last = p;
}


static void
ngx_dns_inflight_unlink(ngx_dns_inflight_t *f)
{
    ngx_dns_inflight_t        **p;
    ngx_dns_inflight_table_t   *t;

    t = &ngx_dns_inflights;

    for (p = &t->table[f->hash & t->mask]; *p != f; p = &(*p)->next) {
        /* void */
    }

    *p = f->next;
    t->n--;
}


void
ngx_dns_inflight_abort(ngx_uint_t all)
{
    ngx_uint_t           i;
    ngx_dns_inflight_t  *f, *next;

    for (i = 0; i <= ngx_dns_inflights.mask && ngx_dns_inflights.n; i++) {

        for (f = ngx_dns_inflights.table[i]; f; f = next) {
            next = f->next;

            if (all || f->queries == NULL) {
                ngx_dns_attempt_abort(f);
            }
        }
    }
}


static void
ngx_dns_inflight_done(ngx_dns_inflight_t *f, ngx_dns_query_t *query,
    const ngx_dns_message_t *m, size_t sent, uint16_t answers,
    ngx_dns_reason_e reason, ngx_dns_peer_t *peer,
    ngx_dns_cache_status_e status)
{
    ngx_dns_record_t  r;

    r.conf = query->conf;
    r.client = &query->client;
    r.name = query->name;
    r.name_len = query->asked.name_len;
    r.id = query->asked.id;
    r.flags = query->asked.flags;
    r.type = query->asked.type;
    r.class = query->asked.class;
    r.udp_size = query->asked.edns ? query->asked.udp_size : 0;
    r.dnssec_ok = query->asked.dnssec_ok;
    r.received = query->received;
    r.sent = sent;
    r.rcode = m->rcode;
    r.answers = answers;
    r.reason = reason;
    r.cache_status = status;
    r.zone = f->zone;
    r.peer = peer;
    r.tries = f->tries;
    r.upstream_usec = ngx_dns_usec - f->start_usec;
    r.start_usec = query->start_usec;
    r.start_msec = query->start_msec;

    query->conf->done(&r);
}

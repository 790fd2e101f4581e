
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_query.h"
#include "ngx_dns_answer.h"
#include "ngx_dns_attempt.h"
#include "ngx_dns_cached.h"
#include "ngx_dns_local.h"
#include "ngx_dns_subnet.h"
#include "ngx_dns_transfer.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


static ngx_dns_reason_e ngx_dns_query_policy(ngx_dns_question_t *q);
static ngx_dns_reason_e ngx_dns_query_transfer(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len,
    ngx_dns_zone_t **zone);
static uint64_t ngx_dns_query_key(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len,
    ngx_dns_zone_t *zone);
static ngx_int_t ngx_dns_query_local(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len);
static ngx_dns_reason_e ngx_dns_query_route(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len,
    ngx_dns_zone_t *zone);
static ngx_dns_reason_e ngx_dns_query_ask(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len,
    ngx_dns_zone_t *zone, uint64_t key, ngx_uint_t stale);
static void ngx_dns_query_hit(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    ngx_dns_record_t *found);
static void ngx_dns_query_refresh(ngx_dns_conf_t *conf, ngx_dns_question_t *q,
    ngx_dns_zone_t *zone, uint64_t key);
static void ngx_dns_query_record(ngx_dns_record_t *r, ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len);
static void ngx_dns_query_refuse(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len,
    ngx_dns_zone_t *zone, ngx_dns_reason_e reason);


/* of this worker: the query that is being looked at */

static ngx_dns_question_t  ngx_dns_query_question;


void
ngx_dns_query_process(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    u_char *p, size_t len, ngx_uint_t cut)
{
    ngx_dns_zone_t      *zone;
    ngx_dns_record_t     record;
    ngx_dns_reason_e     reason;
    ngx_dns_question_t  *q;

    zone = NULL;
    q = &ngx_dns_query_question;

    reason = ngx_dns_question_parse(q, p, len);

    ngx_dns_count_in(conf->counters,
                     queries[client->proto]
                            [ngx_dns_metrics_type(q->asked.type)]);

    if (cut && reason >= NGX_DNS_EQDCOUNT) {
        reason = NGX_DNS_ESIZE;
    }

    /* rules of the server come before all but what can't be answered */

    if (conf->access && reason != NGX_DNS_EHEADER) {
        ngx_dns_query_record(&record, conf, client, q, p, len);

        if (conf->access(&record) != NGX_OK && reason != NGX_DNS_ERESPONSE) {
            reason = NGX_DNS_EACCESS;
        }
    }

    if (reason == NGX_DNS_FINE) {
        reason = ngx_dns_query_policy(q);

        /* "version.bind" and the like are of a class of their own */

        if (conf->local && (reason == NGX_DNS_FINE || reason == NGX_DNS_ECLASS)
            && ngx_dns_local_likely(conf->local, q)
            && ngx_dns_query_local(conf, client, q, p, len) == NGX_OK)
        {
            return;
        }
    }

    if (reason == NGX_DNS_FINE) {
        zone = conf->forward->deepest
               ? ngx_dns_forward_find(conf->forward, q)
               : conf->forward->root;

        reason = zone ? ngx_dns_query_route(conf, client, q, p, len, zone)
                      : NGX_DNS_EZONE;
    }

    if (reason == NGX_DNS_ETRANSFER && client->front->part) {
        reason = ngx_dns_query_transfer(conf, client, q, p, len, &zone);
    }

    if (reason != NGX_DNS_FINE) {
        ngx_dns_query_refuse(conf, client, q, p, len, zone, reason);
    }
}


/* what is well-formed, but not for us or not by this way */

static ngx_dns_reason_e
ngx_dns_query_policy(ngx_dns_question_t *q)
{
    if (q->asked.class != NGX_DNS_CLASS_IN) {
        return NGX_DNS_ECLASS;
    }

    /* RFC 8945, 5.5 would have us forward it unchanged, which we can't */

    if (q->tsig) {
        return NGX_DNS_ETSIG;
    }

    switch (q->asked.type) {

    case NGX_DNS_TYPE_AXFR:
    case NGX_DNS_TYPE_IXFR:
        return NGX_DNS_ETRANSFER;

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


static ngx_dns_reason_e
ngx_dns_query_transfer(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t **zone)
{
    ngx_dns_zone_t  *z;

    z = ngx_dns_forward_find(conf->forward, q);

    if (z == NULL) {
        return NGX_DNS_EZONE;
    }

    *zone = z;

    return ngx_dns_transfer_start(conf, client, q, p, len, z,
                                  z->upstream->key
                                  ? ngx_dns_query_key(conf, client, q, p, len,
                                                      z)
                                  : 0);
}


/* of a hash method */

static uint64_t
ngx_dns_query_key(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone)
{
    ngx_dns_record_t  record;

    ngx_dns_query_record(&record, conf, client, q, p, len);
    record.zone = zone;

    return conf->key(&record, zone->upstream);
}


static ngx_int_t
ngx_dns_query_local(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len)
{
    ngx_dns_record_t        record;
    ngx_dns_local_answer_t  answer;

    if (ngx_dns_local_answer(conf, client, q, p, &answer) != NGX_OK) {
        return NGX_DECLINED;
    }

    if (conf->done) {
        ngx_dns_query_record(&record, conf, client, q, p, len);

        record.rcode = answer.rcode;
        record.answers = answer.answers;
        record.sent = answer.sent;
        record.cache_status = answer.status;

        conf->done(&record);
    }

    return NGX_OK;
}


/* from the cache, or from a server */

static ngx_dns_reason_e
ngx_dns_query_route(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone)
{
    uint64_t          key;
    ngx_int_t         rc;
    ngx_dns_record_t  record;

    key = 0;

    if (conf->subnet && ngx_dns_subnet_choose(conf, client, q) != NGX_OK) {
        return NGX_DNS_EOPT;
    }

    if (zone->upstream->key) {
        key = ngx_dns_query_key(conf, client, q, p, len, zone);
    }

    if (conf->cache == NULL) {
        return ngx_dns_query_ask(conf, client, q, p, len, zone, key, 0);
    }

    rc = ngx_dns_cached_find(conf, client, q, p, len, zone, key, &record);

    if (rc != NGX_OK && rc != NGX_DONE) {
        ngx_dns_count_in(conf->counters, misses);

        return ngx_dns_query_ask(conf, client, q, p, len, zone, key,
                                 rc == NGX_AGAIN);
    }

    if (conf->done) {
        ngx_dns_query_hit(conf, client, q, p, len, zone, &record);
    }

    if (rc == NGX_DONE) {
        ngx_dns_query_refresh(conf, q, zone, key);
    }

    return NGX_DNS_FINE;
}


static void
ngx_dns_query_hit(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    ngx_dns_record_t *found)
{
    ngx_dns_record_t  record;

    ngx_dns_query_record(&record, conf, client, q, p, len);

    record.zone = zone;
    record.sent = found->sent;
    record.rcode = found->rcode;
    record.answers = found->answers;
    record.cache_status = found->cache_status;

    conf->done(&record);
}


/* asks again before the end, for nobody who waits; a tenth of all at most */

static void
ngx_dns_query_refresh(ngx_dns_conf_t *conf, ngx_dns_question_t *q,
    ngx_dns_zone_t *zone, uint64_t key)
{
    ngx_uint_t           fresh;
    ngx_dns_inflight_t  *f;

    if (ngx_exiting
        || ngx_dns_inflight_count() >= ngx_max(conf->max_queries / 10, 1))
    {
        return;
    }

    f = ngx_dns_inflight_get(conf, zone, q, key, &fresh);

    if (f && fresh) {
        ngx_dns_count_in(conf->counters, prefetches);
        ngx_dns_attempt_start(f);
    }
}


static ngx_dns_reason_e
ngx_dns_query_ask(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    uint64_t key, ngx_uint_t stale)
{
    ngx_uint_t           fresh;
    ngx_dns_query_t     *query;
    ngx_dns_inflight_t  *f;

    if (conf->queries >= conf->max_queries) {
        return NGX_DNS_EOVERLOAD;
    }

    f = ngx_dns_inflight_get(conf, zone, q, key, &fresh);

    if (f == NULL) {
        return NGX_DNS_EOVERLOAD;
    }

    query = ngx_dns_inflight_query();

    if (query == NULL) {

        /* as many queries as there are records: a new question has none */

        if (fresh) {
            ngx_dns_attempt_start(f);
        }

        return NGX_DNS_EOVERLOAD;
    }

    query->conf = conf;
    query->client = *client;
    query->start_usec = ngx_dns_usec;
    query->start_msec = ngx_current_msec;
    query->received = len;
    query->asked = q->asked;

    ngx_memcpy(query->name, p + NGX_DNS_HEADER_SIZE, q->asked.name_len);

    query->stale = stale ? 1 : 0;

    if (stale && !f->has_stale) {
        f->has_stale = 1;

        if (!fresh) {
            ngx_dns_timer_add(&f->stale, conf->stale_after);
        }
    }

    ngx_dns_inflight_join(f, query);

    if (fresh) {
        ngx_dns_attempt_start(f);

    } else {
        ngx_dns_count(joined);

        if (f->stale_due) {
            ngx_dns_inflight_stale(f);
        }
    }

    return NGX_DNS_FINE;
}


static void
ngx_dns_query_record(ngx_dns_record_t *r, ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, u_char *p, size_t len)
{
    ngx_memzero(r, sizeof(ngx_dns_record_t));

    r->conf = conf;
    r->client = client;
    r->received = len;
    r->start_usec = ngx_dns_usec;
    r->start_msec = ngx_current_msec;

    if (len < NGX_DNS_HEADER_SIZE) {
        return;
    }

    r->id = q->asked.id;
    r->flags = q->asked.flags;

    if (q->end) {
        r->name = p + NGX_DNS_HEADER_SIZE;
        r->name_len = q->asked.name_len;
        r->type = q->asked.type;
        r->class = q->asked.class;
        r->udp_size = q->asked.edns ? q->asked.udp_size : 0;
        r->dnssec_ok = q->asked.dnssec_ok;
    }
}


static void
ngx_dns_query_refuse(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    ngx_dns_reason_e reason)
{
    size_t            sent;
    ngx_dns_record_t  record;

    ngx_dns_count(reason[reason]);

    sent = ngx_dns_answer_error(conf, client, q, p, reason);

    if (conf->done) {
        ngx_dns_query_record(&record, conf, client, q, p, len);

        record.zone = zone;
        record.reason = reason;
        record.rcode = ngx_dns_reasons[reason].rcode;
        record.sent = sent;

        conf->done(&record);
    }
}


void
ngx_dns_query_drop(ngx_dns_conf_t *conf, ngx_dns_client_t *client, size_t len,
    ngx_dns_reason_e reason)
{
    ngx_dns_record_t  record;

    ngx_dns_clock_update();

    ngx_dns_count_in(conf->counters,
                     queries[client->proto][NGX_DNS_METRICS_TYPE_NONE]);
    ngx_dns_count(reason[reason]);

    if (conf->done) {

        /* nothing of it was looked at */

        ngx_dns_query_record(&record, conf, client, NULL, NULL, 0);

        record.received = len;
        record.reason = reason;
        record.rcode = NGX_DNS_DROP;

        conf->done(&record);
    }
}


void
ngx_dns_query_quit(ngx_uint_t now)
{
    ngx_dns_inflight_abort(now);

    if (now) {
        ngx_dns_transfer_abort();
    }

    if (ngx_dns_inflight_count() == 0) {
        ngx_dns_timer_trim();
    }
}

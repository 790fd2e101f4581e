
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A purge looks at all of an index, in slices, so that queries are answered
 * meanwhile.  The request waits until that is done.  Slices of all purges of a
 * worker take turns.
 */


#include "ngx_http_dns.h"
#include "ngx_stream_dns_text.h"
#include "../base/ngx_dns_clock.h"
#include "../query/ngx_dns_hot.h"
#include "../wire/ngx_dns_name.h"

#include <ldns/ldns.h>


#define NGX_HTTP_DNS_PURGE_SLICE  1000     /* microseconds, */
#define NGX_HTTP_DNS_PURGE_WORDS  256      /* looked at after so many words */
#define NGX_HTTP_DNS_PURGE_PAUSE  1        /* milliseconds between slices */
#define NGX_HTTP_DNS_PURGE_TRIES  2000     /* of a lock, one in a slice */


typedef struct {
    ngx_queue_t             queue;
    ngx_http_dns_call_t    *call;
    ngx_shm_zone_t         *zone;
    ngx_dns_cache_purge_t   purge;
    ngx_uint_t              tries;
    u_char                  name[NGX_DNS_MAX_NAME + NGX_DNS_READ_PAD];
} ngx_http_dns_purge_t;


static const char *ngx_http_dns_purge_args(ngx_http_dns_purge_t *p);
static ngx_int_t ngx_http_dns_purge_name(ngx_http_dns_purge_t *p,
    ngx_str_t *text);
static ngx_shm_zone_t *ngx_http_dns_purge_zone(ngx_http_dns_call_t *call,
    ngx_str_t *names);
static ngx_int_t ngx_http_dns_purge_begin(ngx_http_dns_purge_t *p);
static void ngx_http_dns_purge_cleanup(void *data);
static void ngx_http_dns_purge_handler(ngx_event_t *ev);
static ngx_int_t ngx_http_dns_purge_slice(ngx_http_dns_purge_t *p);
static void ngx_http_dns_purge_end(ngx_http_dns_purge_t *p, ngx_int_t rc);


/* of this worker */

static ngx_queue_t  ngx_http_dns_purges;
static ngx_event_t  ngx_http_dns_purge_event;


ngx_int_t
ngx_http_dns_control_purge(ngx_http_dns_call_t *call)
{
    ngx_str_t              names;
    const char            *error;
    ngx_http_dns_purge_t  *p;

    p = ngx_pcalloc(call->request->pool, sizeof(ngx_http_dns_purge_t));
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p->call = call;
    p->zone = ngx_http_dns_purge_zone(call, &names);

    if (p->zone == NULL) {
        return ngx_http_dns_refuse(call, NGX_HTTP_NOT_FOUND,
                                   "there is no such dns_cache_zone", &names);
    }

    error = ngx_http_dns_purge_args(p);

    if (error) {
        return ngx_http_dns_refuse(call, NGX_HTTP_BAD_REQUEST, error, NULL);
    }

    return ngx_http_dns_purge_begin(p);
}


/* a slip must not empty a cache: what is not understood is refused */

static const char *
ngx_http_dns_purge_args(ngx_http_dns_purge_t *p)
{
    ngx_str_t  *name, *below, *type;

    name = &p->call->arg[NGX_HTTP_DNS_NAME];
    below = &p->call->arg[NGX_HTTP_DNS_BELOW];
    type = &p->call->arg[NGX_HTTP_DNS_TYPE];

    if (name->data == NULL && (below->data || type->data)) {
        return "\"below=\" and \"type=\" need a \"name=\"";
    }

    if (name->data && ngx_http_dns_purge_name(p, name) != NGX_OK) {
        return "\"name=\" must be a domain name";
    }

    if (below->data) {
        p->purge.below = ngx_strcmp(below->data, "1") == 0;

        if (!p->purge.below && ngx_strcmp(below->data, "0") != 0) {
            return "\"below=\" must be \"1\" or \"0\"";
        }
    }

    if (type->data) {
        p->purge.type = ngx_stream_dns_text_type(type);

        if (p->purge.type == 0) {
            return "\"type=\" must be a type, as \"AAAA\" or \"TYPE65\"";
        }
    }

    return NULL;
}


static ngx_int_t
ngx_http_dns_purge_name(ngx_http_dns_purge_t *p, ngx_str_t *text)
{
    u_char     wire[NGX_DNS_MAX_NAME + NGX_DNS_READ_PAD];
    size_t     len;
    ldns_rdf  *rdf;

    rdf = NULL;

    if (text->len == 0
        || ldns_str2rdf_dname(&rdf, (char *) text->data) != LDNS_STATUS_OK)
    {
        return NGX_DECLINED;
    }

    len = ldns_rdf_size(rdf);

    if (len == 0 || len > NGX_DNS_MAX_NAME) {
        ldns_rdf_deep_free(rdf);
        return NGX_DECLINED;
    }

    ngx_memzero(wire, sizeof(wire));
    ngx_memcpy(wire, ldns_rdf_data(rdf), len);
    ldns_rdf_deep_free(rdf);

    ngx_dns_name_lower(p->name, wire, len);

    p->purge.name = p->name;
    p->purge.len = len;

    return NGX_OK;
}


static ngx_shm_zone_t *
ngx_http_dns_purge_zone(ngx_http_dns_call_t *call, ngx_str_t *names)
{
    ngx_str_t        *name;
    ngx_uint_t        i;
    ngx_array_t      *caches;
    ngx_shm_zone_t  **zone;

    ngx_str_null(names);

    if (call->dmcf == NULL || call->dmcf->status.metrics == NULL) {
        return NULL;
    }

    caches = &call->dmcf->status.caches;
    zone = caches->elts;

    for (i = 0; i < caches->nelts; i++) {
        name = &zone[i]->shm.name;

        if (name->len == call->part[1].len
            && ngx_memcmp(name->data, call->part[1].data, name->len) == 0)
        {
            return zone[i];
        }
    }

    for (i = 0; i < caches->nelts; i++) {
        ngx_http_dns_list(call->request->pool, names, &zone[i]->shm.name);
    }

    return NULL;
}


static ngx_int_t
ngx_http_dns_purge_begin(ngx_http_dns_purge_t *p)
{
    ngx_http_request_t  *r;
    ngx_pool_cleanup_t  *cln;

    r = p->call->request;

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_dns_purges.next == NULL) {
        ngx_queue_init(&ngx_http_dns_purges);

        ngx_http_dns_purge_event.handler = ngx_http_dns_purge_handler;
        ngx_http_dns_purge_event.log = ngx_cycle->log;
        ngx_http_dns_purge_event.data = &ngx_http_dns_purges;
    }

    ngx_dns_clock_update();
    ngx_dns_cache_purge_begin(p->zone->data, &p->purge, ngx_dns_usec);

    ngx_queue_insert_tail(&ngx_http_dns_purges, &p->queue);

    cln->handler = ngx_http_dns_purge_cleanup;
    cln->data = p;

    r->main->count++;

    if (!ngx_http_dns_purge_event.timer_set) {
        ngx_add_timer(&ngx_http_dns_purge_event, NGX_HTTP_DNS_PURGE_PAUSE);
    }

    return NGX_DONE;
}


/* at the end of the request, which may come before that of the purge */

static void
ngx_http_dns_purge_cleanup(void *data)
{
    ngx_http_dns_purge_t *p = data;

    if (p->call) {
        ngx_queue_remove(&p->queue);
        ngx_dns_hot_flush();
        p->call = NULL;
    }
}


static void
ngx_http_dns_purge_handler(ngx_event_t *ev)
{
    ngx_int_t              rc;
    ngx_queue_t           *q;
    ngx_http_dns_purge_t  *p;

    if (ngx_queue_empty(&ngx_http_dns_purges)) {
        return;
    }

    q = ngx_queue_head(&ngx_http_dns_purges);
    p = ngx_queue_data(q, ngx_http_dns_purge_t, queue);

    rc = ngx_http_dns_purge_slice(p);

    ngx_queue_remove(q);

    if (rc == NGX_AGAIN) {
        ngx_queue_insert_tail(&ngx_http_dns_purges, q);
    }

    if (!ngx_queue_empty(&ngx_http_dns_purges)) {
        ngx_add_timer(ev, NGX_HTTP_DNS_PURGE_PAUSE);
    }

    if (rc != NGX_AGAIN) {

        /* what the kernel has of it goes before it is said to be gone */

        ngx_dns_hot_flush();
        ngx_http_dns_purge_end(p, rc);
    }
}


static ngx_int_t
ngx_http_dns_purge_slice(ngx_http_dns_purge_t *p)
{
    uint64_t   begin;
    ngx_int_t  rc;

    ngx_dns_clock_update();
    begin = ngx_dns_usec;

    do {
        rc = ngx_dns_cache_purge(p->zone->data, &p->purge,
                                 NGX_HTTP_DNS_PURGE_WORDS);

        ngx_dns_clock_update();

    } while (rc == NGX_AGAIN
             && ngx_dns_usec - begin < NGX_HTTP_DNS_PURGE_SLICE);

    if (rc != NGX_BUSY) {
        p->tries = 0;
        return rc;
    }

    return ++p->tries < NGX_HTTP_DNS_PURGE_TRIES ? NGX_AGAIN : NGX_BUSY;
}


static void
ngx_http_dns_purge_end(ngx_http_dns_purge_t *p, ngx_int_t rc)
{
    ngx_str_t            *name;
    ngx_connection_t     *c;
    ngx_dns_text_t        text;
    ngx_http_request_t   *r;
    ngx_http_dns_call_t  *call;

    call = p->call;
    r = call->request;
    c = r->connection;
    name = &call->arg[NGX_HTTP_DNS_NAME];

    p->call = NULL;

    ngx_log_error(NGX_LOG_NOTICE, c->log, 0,
                  "dns_cache_zone \"%V\": %uL answers %s%V%swere purged by "
                  "hand", &p->zone->shm.name, p->purge.purged,
                  p->purge.below ? "of names below " : name->len ? "of " : "",
                  name, name->len ? " " : "");

    if (rc == NGX_BUSY) {
        ngx_http_finalize_request(r, ngx_http_dns_refuse(call,
                                       NGX_HTTP_SERVICE_UNAVAILABLE,
                                       "a worker that does not run holds a "
                                       "lock of the zone, and not all of it "
                                       "was purged: try again", NULL));
        ngx_http_run_posted_requests(c);
        return;
    }

    ngx_dns_text_init(&text, r->pool);
    ngx_dns_text_c(&text, "{\"zone\":");
    ngx_dns_text_json(&text, &p->zone->shm.name);
    ngx_dns_text_c(&text, ",\"purged\":");
    ngx_dns_text_number(&text, p->purge.purged);
    ngx_dns_text_c(&text, "}\n");

    ngx_http_finalize_request(r, ngx_http_dns_reply(call, NGX_HTTP_OK, &text));
    ngx_http_run_posted_requests(c);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns_https.h"


static ngx_http_dns_https_ctx_t *ngx_http_dns_https_open(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_dns_https_allow(ngx_http_request_t *r);
static void ngx_http_dns_https_query(ngx_http_request_t *r);
static void ngx_http_dns_https_done(void *request);
static ngx_int_t ngx_http_dns_https_send(ngx_http_request_t *r,
    ngx_dns_front_https_t *h);
static ngx_int_t ngx_http_dns_https_freshness(ngx_http_request_t *r,
    ngx_int_t ttl);
static ngx_int_t ngx_http_dns_https_known(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static ngx_table_elt_t *ngx_http_dns_https_header(ngx_http_request_t *r);


ngx_int_t
ngx_http_dns_https_handler(ngx_http_request_t *r)
{
    if (ngx_http_dns_https_open(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST))) {
        return ngx_http_dns_https_allow(r);
    }

    return r->method & NGX_HTTP_POST ? ngx_http_dns_https_body(r)
                                     : ngx_http_dns_https_argument(r);
}


static ngx_http_dns_https_ctx_t *
ngx_http_dns_https_open(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t             *pool;
    ngx_http_cleanup_t             *request;
    ngx_http_dns_https_ctx_t       *ctx;
    ngx_http_dns_https_loc_conf_t  *dlcf;

    dlcf = ngx_http_get_module_loc_conf(r, ngx_http_dns_https_module);

    ctx = ngx_pcalloc(r->pool, sizeof(ngx_http_dns_https_ctx_t));
    if (ctx == NULL) {
        return NULL;
    }

    ctx->ready = ngx_http_dns_https_query;
    ctx->query = ngx_pnalloc(r->pool, NGX_DNS_FRONT_HTTPS_QUERY);
    pool = ngx_pool_cleanup_add(r->pool, 0);
    request = ngx_http_cleanup_add(r, 0);

    if (ctx->query == NULL || pool == NULL || request == NULL) {
        return NULL;
    }

    ctx->client = ngx_dns_front_https_open(&dlcf->server->https, r->connection,
                                           r->pool, r);
    if (ctx->client == NULL) {
        return NULL;
    }

    /* a request leaves before its log is written, which wants its facts */

    request->handler = ngx_dns_front_https_leave;
    request->data = ctx->client;

    pool->handler = ngx_dns_front_https_close;
    pool->data = ctx->client;

    ngx_http_set_ctx(r, ctx, ngx_http_dns_https_module);

    return ctx;
}


/* RFC 9110, 15.5.6: 405 with what is allowed */

static ngx_int_t
ngx_http_dns_https_allow(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_http_dns_https_header(r);
    if (h == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&h->key, "Allow");
    ngx_str_set(&h->value, "GET, HEAD, POST");

    return ngx_http_dns_https_refuse(r, NGX_HTTP_NOT_ALLOWED);
}


static void
ngx_http_dns_https_query(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_dns_https_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    rc = ngx_dns_front_https_query(ctx->client, ctx->query, ctx->len,
                                   ngx_http_dns_https_done);

    if (rc == NGX_DECLINED) {
        ngx_http_finalize_request(r, NGX_HTTP_BAD_REQUEST);
        return;
    }

    if (rc == NGX_OK) {
        ngx_http_finalize_request(r, ngx_http_dns_https_send(r, ctx->client));
        return;
    }

    /* a client that goes away is noticed */

    r->read_event_handler = ngx_http_test_reading;
}


/* the query has ended later: this is an event of its own */

static void
ngx_http_dns_https_done(void *request)
{
    ngx_http_request_t *r = request;

    ngx_connection_t          *c;
    ngx_http_dns_https_ctx_t  *ctx;

    c = r->connection;
    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, ngx_http_dns_https_send(r, ctx->client));
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_dns_https_send(ngx_http_request_t *r, ngx_dns_front_https_t *h)
{
    ngx_int_t          rc;
    ngx_buf_t         *b;
    ngx_chain_t        out;
    ngx_connection_t  *c;

    if (h->denied) {
        ngx_dns_count_at(h->counter);
        return NGX_HTTP_FORBIDDEN;
    }

    if (h->dropped) {
        return NGX_HTTP_CLOSE;
    }

    b = h->response ? ngx_calloc_buf(r->pool) : NULL;

    if (b == NULL
        || ngx_http_dns_https_freshness(r, h->ttl)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&r->headers_out.content_type, "application/dns-message");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = (off_t) h->size;
    r->disable_not_modified = 1;

    c = ngx_http_dns_https_hold(r);

    rc = ngx_http_send_header(r);

    if (rc != NGX_ERROR && rc <= NGX_OK && !r->header_only) {
        b->pos = h->response;
        b->last = b->pos + h->size;
        b->memory = 1;
        b->last_buf = (r == r->main) ? 1 : 0;
        b->last_in_chain = 1;

        out.buf = b;
        out.next = NULL;

        rc = ngx_http_output_filter(r, &out);
    }

    ngx_http_dns_https_release(c);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        ngx_dns_count(unsent);

    } else {
        ngx_dns_count_at(h->counter);
    }

    return rc;
}


/* RFC 8484, 5.1 */

static ngx_int_t
ngx_http_dns_https_freshness(ngx_http_request_t *r, ngx_int_t ttl)
{
    ngx_table_elt_t  *h;

    h = ngx_http_dns_https_header(r);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_str_set(&h->key, "Cache-Control");

    if (ngx_http_dns_https_known(r, h) != NGX_OK) {
        h->hash = 0;
        return NGX_ERROR;
    }

    if (ttl == NGX_DECLINED) {
        ngx_str_set(&h->value, "no-store");
        return NGX_OK;
    }

    h->value.data = ngx_pnalloc(r->pool, sizeof("max-age=") + NGX_INT_T_LEN);
    if (h->value.data == NULL) {
        h->hash = 0;
        return NGX_ERROR;
    }

    h->value.len = ngx_sprintf(h->value.data, "max-age=%i", ttl)
                   - h->value.data;

    return NGX_OK;
}


/* for "expires", which would add another one */

static ngx_int_t
ngx_http_dns_https_known(ngx_http_request_t *r, ngx_table_elt_t *h)
{
#if (nginx_version >= 1023000)

    r->headers_out.cache_control = h;

#else

    ngx_table_elt_t  **known;

    if (r->headers_out.cache_control.elts == NULL
        && ngx_array_init(&r->headers_out.cache_control, r->pool, 1,
                          sizeof(ngx_table_elt_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    known = ngx_array_push(&r->headers_out.cache_control);
    if (known == NULL) {
        return NGX_ERROR;
    }

    *known = h;

#endif

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_dns_https_header(ngx_http_request_t *r)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NULL;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif

    return h;
}

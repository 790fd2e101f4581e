
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns_https.h"
#include "../wire/ngx_dns_base64.h"


static ngx_uint_t ngx_http_dns_https_type(ngx_http_request_t *r);
static void ngx_http_dns_https_body_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_dns_https_collect(ngx_http_request_t *r,
    ngx_http_dns_https_ctx_t *ctx);


ngx_int_t
ngx_http_dns_https_argument(ngx_http_request_t *r)
{
    ssize_t                    n;
    ngx_int_t                  rc;
    ngx_http_dns_https_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    n = ngx_dns_base64url_argument(ctx->query, NGX_DNS_FRONT_HTTPS_QUERY,
                                   r->args.data, r->args.len);

    /* what can't be read is a query without a single octet */

    ctx->len = n > 0 ? (size_t) n : 0;

    if (ctx->len > NGX_DNS_MAX_MESSAGE) {
        return ngx_http_dns_https_refuse(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE);
    }

    r->main->count++;
    ctx->ready(r);

    return NGX_DONE;
}


ngx_int_t
ngx_http_dns_https_body(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    if (!ngx_http_dns_https_type(r)) {
        return ngx_http_dns_https_refuse(r, NGX_HTTP_UNSUPPORTED_MEDIA_TYPE);
    }

    if (r->headers_in.content_length_n > NGX_DNS_MAX_MESSAGE) {
        return ngx_http_dns_https_refuse(r, NGX_HTTP_REQUEST_ENTITY_TOO_LARGE);
    }

    /* what is buffered may get into a file, and a disk may take its time */

    r->request_body_no_buffering = 1;

    rc = ngx_http_read_client_request_body(r, ngx_http_dns_https_body_handler);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


/* parameters are none of this type, and harm nobody */

static ngx_uint_t
ngx_http_dns_https_type(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    static ngx_str_t  type = ngx_string("application/dns-message");

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    value = &r->headers_in.content_type->value;

    return value->len >= type.len
           && ngx_strncasecmp(value->data, type.data, type.len) == 0
           && (value->len == type.len || value->data[type.len] == ';'
               || value->data[type.len] == ' ');
}


/* for each part of the body that has come */

static void
ngx_http_dns_https_body_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_dns_https_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    r->read_event_handler = ngx_http_dns_https_body_handler;

    for ( ;; ) {

        rc = ngx_http_dns_https_collect(r, ctx);

        if (rc != NGX_OK) {
            ngx_http_finalize_request(r, ngx_http_dns_https_refuse(r, rc));
            return;
        }

        if (!r->reading_body) {
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            ngx_http_finalize_request(r, rc);
            return;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    ctx->ready(r);
}


static ngx_int_t
ngx_http_dns_https_collect(ngx_http_request_t *r,
    ngx_http_dns_https_ctx_t *ctx)
{
    size_t        size, room;
    ngx_buf_t    *b;
    ngx_chain_t  *cl, *next;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = next) {
        b = cl->buf;
        next = cl->next;

        /* of a parent of this request, read for somebody else */

        if (!ngx_buf_in_memory(b) && b->in_file) {
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        size = ngx_buf_in_memory(b) ? b->last - b->pos : 0;

        if (ctx->len < NGX_DNS_FRONT_HTTPS_QUERY) {
            room = NGX_DNS_FRONT_HTTPS_QUERY - ctx->len;
            ngx_memcpy(ctx->query + ctx->len, b->pos, ngx_min(size, room));
        }

        ctx->len += size;

        if (ctx->len > NGX_DNS_MAX_MESSAGE) {
            return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
        }

        /* what was read for somebody else is left to him, too */

        if (r->request_body_no_buffering) {
            b->pos = b->last;
            ngx_free_chain(r->pool, cl);
            r->request_body->bufs = next;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_dns_https_refuse(ngx_http_request_t *r, ngx_int_t status)
{
    ngx_http_dns_https_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    ngx_dns_front_https_refuse(ctx->client, ctx->len);

    return status;
}

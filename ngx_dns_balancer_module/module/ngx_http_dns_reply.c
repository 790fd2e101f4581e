
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns.h"


#define NGX_HTTP_DNS_LIST  4096           /* octets of names in an error */


ngx_int_t
ngx_http_dns_send(ngx_http_request_t *r, ngx_uint_t status, ngx_str_t *type,
    ngx_dns_text_t *text)
{
    ngx_int_t     rc;
    ngx_chain_t  *last;

    r->headers_out.content_type = *type;
    r->headers_out.content_type_len = type->len;
    r->headers_out.status = status;
    r->headers_out.content_length_n = (off_t) text->size;

    /* without a date or ETag; what a POST asks for has been done by now */

    r->disable_not_modified = 1;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    /* there always is text */

    for (last = text->out; last->next; last = last->next) {
        /* void */
    }

    last->buf->last_buf = (r == r->main) ? 1 : 0;
    last->buf->last_in_chain = 1;

    return ngx_http_output_filter(r, text->out);
}


ngx_int_t
ngx_http_dns_header(ngx_http_request_t *r, const ngx_str_t *key,
    const ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
#if (nginx_version >= 1023000)
    h->next = NULL;
#endif
    h->key = *key;
    h->value = *value;

    return NGX_OK;
}


ngx_int_t
ngx_http_dns_reply(ngx_http_dns_call_t *call, ngx_uint_t status,
    ngx_dns_text_t *text)
{
    static ngx_str_t  type = ngx_string("application/json");

    if (text->failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_dns_send(call->request, status, &type, text);
}


ngx_int_t
ngx_http_dns_refuse(ngx_http_dns_call_t *call, ngx_uint_t status,
    const char *error, ngx_str_t *names)
{
    size_t          len;
    u_char         *p;
    ngx_str_t       s;
    ngx_dns_text_t  text;

    len = ngx_strlen(error) + sizeof(", but ") + (names ? names->len : 0);

    s.data = ngx_pnalloc(call->request->pool, len);
    if (s.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    p = ngx_sprintf(s.data, "%s", error);

    if (names && names->len) {
        p = ngx_sprintf(p, ", but %V", names);
    }

    s.len = p - s.data;

    ngx_dns_text_init(&text, call->request->pool);
    ngx_dns_text_c(&text, "{\"error\":");
    ngx_dns_text_json(&text, &s);
    ngx_dns_text_c(&text, "}\n");

    return ngx_http_dns_reply(call, status, &text);
}


void
ngx_http_dns_list(ngx_pool_t *pool, ngx_str_t *list, const ngx_str_t *name)
{
    u_char  *p;

    if (list->data == NULL) {
        list->data = ngx_pnalloc(pool, NGX_HTTP_DNS_LIST);
        if (list->data == NULL) {
            return;
        }
    }

    p = list->data + list->len;

    if (list->len + name->len + 8 > NGX_HTTP_DNS_LIST) {

        if (list->len < 3 || p[-1] != '.') {
            p = ngx_cpymem(p, " ...", 4);
        }

    } else {
        p = ngx_sprintf(p, "%s%V", list->len ? ", " : "", name);
    }

    list->len = p - list->data;
}

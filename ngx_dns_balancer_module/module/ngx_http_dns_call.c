
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns.h"


static ngx_int_t ngx_http_dns_call_part(ngx_http_dns_call_t *call,
    u_char *p, u_char *last);
static ngx_int_t ngx_http_dns_call_decode(ngx_pool_t *pool, ngx_str_t *dst,
    u_char *p, u_char *last);
static ngx_int_t ngx_http_dns_call_octet(u_char **p, u_char *last, u_char *ch);
static ngx_uint_t ngx_http_dns_call_origin(ngx_str_t *origin,
    ngx_str_t *host);
static void ngx_http_dns_call_no_port(ngx_str_t *host, const char *port);


static ngx_str_t  ngx_http_dns_call_names[NGX_HTTP_DNS_ARGS] = {
    ngx_string("state"),
    ngx_string("name"),
    ngx_string("below"),
    ngx_string("type")
};


/*
 * nginx has decoded r->uri, and put slashes together: an encoded slash, as in
 * the name of a server, would be one more part.
 */

ngx_int_t
ngx_http_dns_call_path(ngx_http_dns_call_t *call)
{
    u_char                    *p, *last, *end, ch;
    size_t                     i;
    ngx_int_t                  rc;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(call->request, ngx_http_core_module);

    p = call->request->unparsed_uri.data;
    last = p + call->request->unparsed_uri.len;

    end = ngx_strlchr(p, last, '?');
    last = end ? end : last;

    for (i = 0; i < clcf->name.len; i++) {
        if (ngx_http_dns_call_octet(&p, last, &ch) != NGX_OK
            || ch != clcf->name.data[i])
        {
            return NGX_DECLINED;
        }
    }

    if (p < last && *p == '/') {
        p++;
    }

    call->nparts = 0;

    while (p < last) {
        end = ngx_strlchr(p, last, '/');

        rc = ngx_http_dns_call_part(call, p, end ? end : last);

        if (rc != NGX_OK) {
            return rc;
        }

        p = end ? end + 1 : last;
    }

    return call->nparts ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_dns_call_part(ngx_http_dns_call_t *call, u_char *p, u_char *last)
{
    if (call->nparts == NGX_HTTP_DNS_PARTS) {
        return NGX_DECLINED;
    }

    return ngx_http_dns_call_decode(call->request->pool,
                                    &call->part[call->nparts++], p, last);
}


/* NGX_DECLINED: a "%" without two digits, or a zero */

static ngx_int_t
ngx_http_dns_call_decode(ngx_pool_t *pool, ngx_str_t *dst, u_char *p,
    u_char *last)
{
    dst->len = 0;
    dst->data = ngx_pnalloc(pool, last - p + 1);

    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    while (p < last) {
        if (ngx_http_dns_call_octet(&p, last, &dst->data[dst->len]) != NGX_OK
            || dst->data[dst->len] == '\0')
        {
            return NGX_DECLINED;
        }

        dst->len++;
    }

    dst->data[dst->len] = '\0';

    return NGX_OK;
}


static ngx_int_t
ngx_http_dns_call_octet(u_char **p, u_char *last, u_char *ch)
{
    ngx_int_t  n;

    if (*p == last) {
        return NGX_DECLINED;
    }

    *ch = *(*p)++;

    if (*ch != '%') {
        return NGX_OK;
    }

    n = (last - *p < 2) ? NGX_ERROR : ngx_hextoi(*p, 2);

    if (n == NGX_ERROR) {
        return NGX_DECLINED;
    }

    *ch = (u_char) n;
    *p += 2;

    return NGX_OK;
}


/* "allowed": a bit for each */

ngx_int_t
ngx_http_dns_call_args(ngx_http_dns_call_t *call, ngx_uint_t allowed,
    const char **error)
{
    u_char      *p, *last, *end, *value;
    ngx_int_t    rc;
    ngx_uint_t   i;
    ngx_str_t   *name;

    ngx_memzero(call->arg, sizeof(call->arg));

    p = call->request->args.data;
    last = p + call->request->args.len;

    for ( /* void */ ; p < last; p = end + 1) {
        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;

        value = ngx_strlchr(p, end, '=');
        *error = "there is an unknown argument";

        for (i = 0; i < NGX_HTTP_DNS_ARGS; i++) {
            name = &ngx_http_dns_call_names[i];

            if (value && (allowed & (1u << i))
                && (size_t) (value - p) == name->len
                && ngx_memcmp(p, name->data, name->len) == 0)
            {
                break;
            }
        }

        if (i == NGX_HTTP_DNS_ARGS) {
            return NGX_ABORT;
        }

        if (call->arg[i].data) {
            *error = "an argument is there twice";
            return NGX_ABORT;
        }

        rc = ngx_http_dns_call_decode(call->request->pool, &call->arg[i],
                                      value + 1, end);

        if (rc == NGX_DECLINED) {
            *error = "an argument is not encoded as in a URI";
            return NGX_ABORT;
        }

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_dns_call_foreign(ngx_http_request_t *r)
{
    ngx_str_t         host;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    ngx_str_null(&host);

    if (r->headers_in.host) {
        host = r->headers_in.host->value;

    } else if (r->host_start && r->host_end) {
        host.data = r->host_start;
        host.len = r->host_end - r->host_start;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (h[i].key.len == 6
                && ngx_memcmp(h[i].lowcase_key, "origin", 6) == 0
                && ngx_http_dns_call_origin(&h[i].value, &host))
            {
                return 1;
            }

            if (h[i].key.len == 14
                && ngx_memcmp(h[i].lowcase_key, "sec-fetch-site", 14) == 0
                && h[i].value.len == 10
                && ngx_strncasecmp(h[i].value.data, (u_char *) "cross-site", 10)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* RFC 6454, 6.2: a scheme, a host, and a port that is not the scheme's */

static ngx_uint_t
ngx_http_dns_call_origin(ngx_str_t *origin, ngx_str_t *host)
{
    ngx_str_t    o, h;
    const char  *port;

    o = *origin;
    h = *host;

    if (o.len > 7 && ngx_strncasecmp(o.data, (u_char *) "http://", 7) == 0) {
        o.data += 7;
        o.len -= 7;
        port = ":80";

    } else if (o.len > 8
               && ngx_strncasecmp(o.data, (u_char *) "https://", 8) == 0)
    {
        o.data += 8;
        o.len -= 8;
        port = ":443";

    } else {
        return 1;
    }

    ngx_http_dns_call_no_port(&o, port);
    ngx_http_dns_call_no_port(&h, port);

    return o.len != h.len || ngx_strncasecmp(o.data, h.data, o.len) != 0;
}


static void
ngx_http_dns_call_no_port(ngx_str_t *host, const char *port)
{
    size_t  len;

    len = ngx_strlen(port);

    if (host->len > len
        && ngx_memcmp(host->data + host->len - len, port, len) == 0)
    {
        host->len -= len;
    }
}

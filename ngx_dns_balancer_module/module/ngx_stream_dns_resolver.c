
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"

#include <ldns/ldns.h>


#define NGX_STREAM_DNS_SVCB_ALPN  1            /* RFC 9460, 14.3.2 */
#define NGX_STREAM_DNS_SVCB_PORT  3
#define NGX_STREAM_DNS_SVCB_PATH  7            /* RFC 9461, 5 */


static ngx_int_t ngx_stream_dns_resolver_wire(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *name);
static u_char *ngx_stream_dns_resolver_put(u_char *p, ngx_uint_t v);


/* dns_resolver_name: what clients may discover (RFC 9461, 9462) */

char *
ngx_stream_dns_resolver(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t   *value;
    const char  *why;

    ngx_stream_dns_claim(cf);

    if (dscf->local.resolver.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    why = ngx_stream_dns_text_host(&value[1]);

    if (why == NULL
        && ngx_stream_dns_resolver_wire(cf, &value[1], &dscf->local.resolver)
           != NGX_OK)
    {
        why = "it must be a host name of up to 250 octets";
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid name \"%V\", %s",
                           &value[0], &value[1], why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* lower case, with room for "_dns" before it */

static ngx_int_t
ngx_stream_dns_resolver_wire(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *name)
{
    size_t    len;
    ldns_rdf  *rdf;

    if (ldns_str2rdf_dname(&rdf, (char *) text->data) != LDNS_STATUS_OK) {
        return NGX_ERROR;
    }

    len = ldns_rdf_size(rdf);

    name->data = ngx_pnalloc(cf->pool, len);

    if (name->data && len > 1 && len + 5 <= NGX_DNS_MAX_NAME) {
        ngx_strlow(name->data, ldns_rdf_data(rdf), len);
        name->len = len;
    }

    ldns_rdf_deep_free(rdf);

    return name->len ? NGX_OK : NGX_ERROR;
}


static u_char *
ngx_stream_dns_resolver_put(u_char *p, ngx_uint_t v)
{
    *p++ = (u_char) (v >> 8);
    *p++ = (u_char) v;

    return p;
}


/* a record: a way that the configuration offers; the same one is told once */

ngx_int_t
ngx_stream_dns_resolver_offer(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf, ngx_stream_dns_offer_t *offer)
{
    u_char      *p;
    size_t       len, path;
    ngx_str_t    data, *record;
    ngx_uint_t   i;
    ngx_str_t   *name;

    name = &dscf->local.resolver;

    if (name->len == 0) {
        return NGX_OK;
    }

    path = offer->path.len ? offer->path.len + sizeof("{?dns}") - 1 : 0;
    len = 2 + name->len + 4 + 1 + offer->alpn.len + 4 + 2
          + (path ? 4 + path : 0);

    data.len = len;
    data.data = ngx_pnalloc(cycle->pool, len);

    if (data.data == NULL) {
        return NGX_ERROR;
    }

    p = data.data;

    p = ngx_stream_dns_resolver_put(p, offer->priority);
    p = ngx_cpymem(p, name->data, name->len);

    p = ngx_stream_dns_resolver_put(p, NGX_STREAM_DNS_SVCB_ALPN);
    p = ngx_stream_dns_resolver_put(p, 1 + offer->alpn.len);
    *p++ = (u_char) offer->alpn.len;
    p = ngx_cpymem(p, offer->alpn.data, offer->alpn.len);

    p = ngx_stream_dns_resolver_put(p, NGX_STREAM_DNS_SVCB_PORT);
    p = ngx_stream_dns_resolver_put(p, 2);
    p = ngx_stream_dns_resolver_put(p, offer->port);

    if (path) {
        p = ngx_stream_dns_resolver_put(p, NGX_STREAM_DNS_SVCB_PATH);
        p = ngx_stream_dns_resolver_put(p, path);
        p = ngx_cpymem(p, offer->path.data, offer->path.len);
        ngx_memcpy(p, "{?dns}", sizeof("{?dns}") - 1);
    }

    record = dscf->local.designated.elts;

    for (i = 0; i < dscf->local.designated.nelts; i++) {
        if (record[i].len == data.len
            && ngx_memcmp(record[i].data, data.data, data.len) == 0)
        {
            return NGX_OK;
        }
    }

    record = ngx_array_push(&dscf->local.designated);
    if (record == NULL) {
        return NGX_ERROR;
    }

    *record = data;

    return NGX_OK;
}


void
ngx_stream_dns_resolver_lint(ngx_log_t *log, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (dscf[i]->local.resolver.len
            && dscf[i]->local.designated.nelts == 0)
        {
            ngx_log_error(NGX_LOG_WARN, log, 0,
                          "\"dns_resolver_name\": there is neither a "
                          "\"listen ... ssl\" nor a \"dns_over_https\" with "
                          "TLS and HTTP/2 to be told of, in server in %s:%ui",
                          dscf[i]->core->file_name, dscf[i]->core->line);
        }
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../wire/ngx_dns_name.h"

#include <ldns/ldns.h>


static ngx_int_t ngx_stream_dns_zone(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *name);
static ngx_dns_upstream_t *ngx_stream_dns_forward_target(ngx_conf_t *cf,
    ngx_stream_dns_forward_t *forward);
static const char *ngx_stream_dns_forward_fault(ngx_str_t *target);
static ngx_dns_upstream_t *ngx_stream_dns_forward_address(ngx_conf_t *cf,
    ngx_stream_dns_forward_t *forward);


char *
ngx_stream_dns_forward(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                 *value;
    ngx_stream_dns_forward_t  *forward;

    ngx_stream_dns_claim(cf);

    if (dscf->forwards == NGX_CONF_UNSET_PTR) {
        dscf->forwards = ngx_array_create(cf->pool, 4,
                                          sizeof(ngx_stream_dns_forward_t));
        if (dscf->forwards == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    forward = ngx_array_push(dscf->forwards);
    if (forward == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(forward, sizeof(ngx_stream_dns_forward_t));

    value = cf->args->elts;

    forward->zone.text = value[1];
    forward->target = value[2];
    forward->file = cf->conf_file->file.name.data;
    forward->line = cf->conf_file->line;

    if (ngx_stream_dns_zone(cf, &value[1], &forward->zone.name) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_zone(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *name)
{
    size_t        len;
    u_char       *p;
    ldns_rdf     *rdf;
    const char   *why;
    ldns_status   rc;

    why = ngx_stream_dns_text_zone(text);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_forward\": invalid zone \"%V\", it must be "
                           "a domain name: %s", text, why);
        return NGX_ERROR;
    }

    rdf = NULL;
    rc = ldns_str2rdf_dname(&rdf, (char *) text->data);

    if (rc != LDNS_STATUS_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_forward\": invalid zone \"%V\", it must be "
                           "a domain name: %s",
                           text, ldns_get_errorstr_by_id(rc));
        return NGX_ERROR;
    }

    /* the copy in lower case goes by words of eight octets */

    len = ldns_rdf_size(rdf);
    p = ngx_pcalloc(cf->temp_pool, len + NGX_DNS_READ_PAD);
    name->data = ngx_pnalloc(cf->pool, len + NGX_DNS_READ_PAD);
    name->len = len;

    if (p == NULL || name->data == NULL) {
        ldns_rdf_deep_free(rdf);
        return NGX_ERROR;
    }

    ngx_memcpy(p, ldns_rdf_data(rdf), len);
    ngx_dns_name_lower(name->data, p, len);

    ldns_rdf_deep_free(rdf);

    return NGX_OK;
}


ngx_int_t
ngx_stream_dns_forward_init(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_dns_zone_t            *zone, **p;
    ngx_stream_dns_forward_t  *forward;

    dscf->dns.listener.forward = ngx_dns_forward_create(cf->pool);
    if (dscf->dns.listener.forward == NULL
        || ngx_array_init(&dscf->zones, cf->pool, 4, sizeof(ngx_dns_zone_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (dscf->forwards == NULL) {
        return NGX_OK;
    }

    forward = dscf->forwards->elts;

    for (i = 0; i < dscf->forwards->nelts; i++) {

        /* the lines may be those of the level above: each server has its own */

        zone = ngx_palloc(cf->pool, sizeof(ngx_dns_zone_t));
        p = ngx_array_push(&dscf->zones);

        if (zone == NULL || p == NULL) {
            return NGX_ERROR;
        }

        *p = zone;
        *zone = forward[i].zone;

        zone->policy = &dscf->policy;

        zone->upstream = ngx_stream_dns_forward_target(cf, &forward[i]);
        if (zone->upstream == NULL) {
            return NGX_ERROR;
        }

        rc = ngx_dns_forward_add(dscf->dns.listener.forward, zone);

        if (rc == NGX_BUSY) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_forward\": duplicate zone \"%V\" in %s:%ui",
                          &zone->text, forward[i].file, forward[i].line);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* the name of a dns_upstream {}, wherever that stands, or an address */

static ngx_dns_upstream_t *
ngx_stream_dns_forward_target(ngx_conf_t *cf,
    ngx_stream_dns_forward_t *forward)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->upstream.name.len == forward->target.len
            && ngx_strncmp(us[i]->upstream.name.data, forward->target.data,
                           forward->target.len)
               == 0)
        {
            us[i]->used = 1;
            return &us[i]->upstream;
        }
    }

    return ngx_stream_dns_forward_address(cf, forward);
}


static const char *
ngx_stream_dns_forward_fault(ngx_str_t *target)
{
    if (target->len && target->data[0] == '$') {
        return "variables are not supported";
    }

    return ngx_stream_dns_text_address(target);
}


static ngx_dns_upstream_t *
ngx_stream_dns_forward_address(ngx_conf_t *cf,
    ngx_stream_dns_forward_t *forward)
{
    ngx_url_t                   u;
    const char                 *why;
    ngx_stream_dns_upstream_t  *us;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = forward->target;
    u.default_port = NGX_DNS_PORT;
    u.no_resolve = 1;

    why = ngx_stream_dns_forward_fault(&forward->target);

    if (why || ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs != 1) {

        if (why == NULL) {
            why = u.err ? u.err : "a host name works in a \"server\" of a "
                                  "\"dns_upstream\"";
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dns_forward\": \"%V\" is not the name of a "
                      "\"dns_upstream\", nor an IP address with or without "
                      "a port, nor \"unix:\" and a path: %s, in %s:%ui",
                      &forward->target, why, forward->file, forward->line);
        return NULL;
    }

    why = ngx_stream_dns_text_sockaddr(u.addrs[0].sockaddr);

    if (why) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dns_forward\": no server can be at \"%V\": %s, in "
                      "%s:%ui", &forward->target, why, forward->file,
                      forward->line);
        return NULL;
    }

    us = ngx_stream_dns_upstream_address(cf, &u);

    return us ? &us->upstream : NULL;
}

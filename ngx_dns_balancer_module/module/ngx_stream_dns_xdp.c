
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_xdp.h"
#include "ngx_stream_dns_text.h"


#if (NGX_DNS_XDP)

#include <net/if.h>


#define NGX_STREAM_DNS_XDP_ENTRIES  4096
#define NGX_STREAM_DNS_XDP_MIN      16
#define NGX_STREAM_DNS_XDP_MAX      65536


static ngx_int_t ngx_stream_dns_xdp_parameter(ngx_conf_t *cf,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_xdp_entries(ngx_conf_t *cf,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_xdp_mode(ngx_conf_t *cf,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_xdp_device(ngx_conf_t *cf,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *value);
static const char *ngx_stream_dns_xdp_against(
    ngx_stream_dns_srv_conf_t *dscf);
static const char *ngx_stream_dns_xdp_zone(ngx_stream_dns_srv_conf_t *dscf,
    ngx_dns_zone_t *zone);


char *
ngx_stream_dns_xdp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_main_conf_t *dmcf = conf;

    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_stream_dns_xdp_t  *xdp;

    if (dmcf->xdp) {
        return "is duplicate";
    }

    if (ngx_stream_dns_text_once(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    xdp = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_xdp_t));

    if (xdp == NULL
        || ngx_array_init(&xdp->devices, cf->pool, 2, sizeof(ngx_str_t))
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    xdp->entries = NGX_STREAM_DNS_XDP_ENTRIES;
    xdp->mode = NGX_STREAM_DNS_XDP_AUTO;
    xdp->listen = -1;
    ngx_stream_dns_place(cf, &xdp->place);

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {
        if (ngx_stream_dns_xdp_parameter(cf, xdp, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (xdp->devices.nelts == 0) {
        return "needs the name of a device, as \"eth0\"";
    }

    dmcf->xdp = xdp;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_xdp_parameter(ngx_conf_t *cf, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *value)
{
    if (ngx_strncmp(value->data, "entries=", 8) == 0) {
        return ngx_stream_dns_xdp_entries(cf, xdp, value);
    }

    if (ngx_strncmp(value->data, "mode=", 5) == 0) {
        return ngx_stream_dns_xdp_mode(cf, xdp, value);
    }

    return ngx_stream_dns_xdp_device(cf, xdp, value);
}


static ngx_int_t
ngx_stream_dns_xdp_entries(ngx_conf_t *cf, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data + 8, value->len - 8);

    if (n < NGX_STREAM_DNS_XDP_MIN || n > NGX_STREAM_DNS_XDP_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": \"%V\" must be a number from %d to "
                           "%d", value, NGX_STREAM_DNS_XDP_MIN,
                           NGX_STREAM_DNS_XDP_MAX);
        return NGX_ERROR;
    }

    xdp->entries = (ngx_uint_t) n;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_xdp_mode(ngx_conf_t *cf, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *value)
{
    u_char  *word;

    word = value->data + 5;

    if (ngx_strcmp(word, "auto") == 0) {
        xdp->mode = NGX_STREAM_DNS_XDP_AUTO;

    } else if (ngx_strcmp(word, "native") == 0) {
        xdp->mode = NGX_STREAM_DNS_XDP_NATIVE;

    } else if (ngx_strcmp(word, "generic") == 0) {
        xdp->mode = NGX_STREAM_DNS_XDP_GENERIC;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": \"%V\" must be \"mode=auto\", "
                           "\"mode=native\" or \"mode=generic\"", value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_xdp_device(ngx_conf_t *cf, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *value)
{
    ngx_str_t  *device;

    if (ngx_strcmp(value->data, "on") == 0
        || ngx_strcmp(value->data, "off") == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": \"%V\" belongs into a server, here "
                           "devices are named, as \"eth0\"", value);
        return NGX_ERROR;
    }

    if (xdp->devices.nelts == NGX_DNS_XDP_DEVICES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": \"%V\" is one too many, there may be "
                           "%d devices", value, NGX_DNS_XDP_DEVICES);
        return NGX_ERROR;
    }

    if (value->len >= IF_NAMESIZE
        || if_nametoindex((char *) value->data) == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": \"%V\" is none of \"entries=\" and "
                           "\"mode=\", and there is no device of that name",
                           value);
        return NGX_ERROR;
    }

    device = ngx_array_push(&xdp->devices);
    if (device == NULL) {
        return NGX_ERROR;
    }

    *device = *value;

    return NGX_OK;
}


char *
ngx_stream_dns_xdp_server(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t  *value;

    ngx_stream_dns_claim(cf);

    if (dscf->xdp_set) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcasecmp(value[1].data, (u_char *) "on") == 0) {
        dscf->xdp = 1;

    } else if (ngx_strcasecmp(value[1].data, (u_char *) "off") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_xdp\": invalid value \"%V\" in a server, it "
                           "must be \"on\" or \"off\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    dscf->xdp_set = 1;

    return NGX_CONF_OK;
}


/*
 * The program answers what comes to the socket of the server, before anything
 * else of nginx is asked: what would have a say must not be there.
 */

ngx_int_t
ngx_stream_dns_xdp_check(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, used;
    const char                   *against;
    ngx_stream_dns_srv_conf_t   **dscf;

    used = 0;
    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {

        if (!dscf[i]->xdp) {
            continue;
        }

        used = 1;

        against = dmcf->xdp == NULL
                  ? "a line \"dns_xdp DEVICE\" in \"stream\""
                  : ngx_stream_dns_xdp_against(dscf[i]);

        if (against) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_xdp on\" is not possible with%s %s, in server "
                          "in %s:%ui", dmcf->xdp ? "" : "out", against,
                          dscf[i]->core->file_name, dscf[i]->core->line);
            return NGX_ERROR;
        }
    }

    if (dmcf->xdp && !used) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"dns_xdp\" names devices, but no server has \"dns_xdp "
                      "on\", in %s:%ui", dmcf->xdp->place.file,
                      dmcf->xdp->place.line);
    }

    return NGX_OK;
}


static const char *
ngx_stream_dns_xdp_against(ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_uint_t        i, cached;
    const char       *against;
    ngx_dns_zone_t  **zone;

    if (!dscf->udp) {
        return "no \"listen\" for UDP";
    }

    if (dscf->stock & (1u << NGX_STREAM_DNS_STOCK_ACCESS)) {
        return "\"allow\" or \"deny\"";
    }

    if (dscf->stock & (1u << NGX_STREAM_DNS_STOCK_LOG)) {
        return "\"access_log\"";
    }

    if (dscf->stock & (1u << NGX_STREAM_DNS_STOCK_LIMIT_CONN)) {
        return "\"limit_conn\"";
    }

    if (dscf->stock & (1u << NGX_STREAM_DNS_STOCK_SET)) {
        return "\"set\"";
    }

    if (dscf->dns.listener.proxies) {
        return "\"dns_udp_proxy_protocol\"";
    }

    if (dscf->tap) {
        return "\"dns_dnstap\"";
    }

    if (dscf->policy.limits) {
        return "\"dns_limit\"";
    }

    cached = 0;
    zone = dscf->zones.elts;

    for (i = 0; i < dscf->zones.nelts; i++) {
        against = ngx_stream_dns_xdp_zone(dscf, zone[i]);

        if (against) {
            return against;
        }

        cached |= zone[i]->returns == NULL && zone[i]->policy->cache_zone;
    }

    return cached ? NULL : "no \"dns_cache\"";
}


static const char *
ngx_stream_dns_xdp_zone(ngx_stream_dns_srv_conf_t *dscf, ngx_dns_zone_t *zone)
{
    ngx_stream_dns_upstream_t  *us;

    if (zone->policy->limits) {
        return "\"dns_limit\"";
    }

    if (zone->returns) {
        return NULL;
    }

    if (zone->policy->subnet != NGX_DNS_SUBNET_OFF) {
        return "\"dns_client_subnet\"";
    }

    if (zone->choice) {
        return "variables in \"dns_pass\" or \"dns_forward\"";
    }

    us = zone->upstream ? zone->upstream->key : NULL;

    if (us && !us->qname) {
        return "a \"hash\" of anything but \"$dns_qname\"";
    }

    return NULL;
}

#else

char *
ngx_stream_dns_xdp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return "is not in this build of the module: clang and libbpf (libbpf-dev) "
           "were not there when it was configured";
}


char *
ngx_stream_dns_xdp_server(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_stream_dns_xdp(cf, cmd, conf);
}


ngx_int_t
ngx_stream_dns_xdp_check(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    return NGX_OK;
}

#endif

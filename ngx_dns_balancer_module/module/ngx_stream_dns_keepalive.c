
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../transport/ngx_dns_tcp_out.h"


static char *ngx_stream_dns_keepalive_number(ngx_conf_t *cf, uint32_t *field,
    ngx_int_t min, ngx_int_t max);
static char *ngx_stream_dns_keepalive_msec(ngx_conf_t *cf, ngx_msec_t *field,
    ngx_int_t max, const char *most);


void
ngx_stream_dns_keepalive_create(ngx_stream_dns_upstream_t *us)
{
    us->upstream.keepalive = (uint32_t) NGX_CONF_UNSET;
    us->upstream.keepalive_requests = (uint32_t) NGX_CONF_UNSET;
    us->upstream.keepalive_timeout = NGX_CONF_UNSET_MSEC;
    us->upstream.keepalive_time = NGX_CONF_UNSET_MSEC;
}


char *
ngx_stream_dns_keepalive(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t           *value;
    ngx_dns_upstream_t  *u;

    value = cf->args->elts;
    u = &us->upstream;

    if (ngx_strcmp(value[0].data, "keepalive") == 0) {
        return ngx_stream_dns_keepalive_number(cf, &u->keepalive, 1, 64);
    }

    if (ngx_strcmp(value[0].data, "keepalive_requests") == 0) {
        return ngx_stream_dns_keepalive_number(cf, &u->keepalive_requests, 0,
                                               1000000000);
    }

    if (ngx_strcmp(value[0].data, "keepalive_timeout") == 0) {
        return ngx_stream_dns_keepalive_msec(cf, &u->keepalive_timeout,
                                             3600000, "1h");
    }

    return ngx_stream_dns_keepalive_msec(cf, &u->keepalive_time, 86400000,
                                         "1d");
}


static char *
ngx_stream_dns_keepalive_number(ngx_conf_t *cf, uint32_t *field,
    ngx_int_t min, ngx_int_t max)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (*field != (uint32_t) NGX_CONF_UNSET) {
        return "is duplicate";
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n == NGX_ERROR || n < min || n > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a number "
                           "from %i to %i", &value[0], &value[1], min, max);
        return NGX_CONF_ERROR;
    }

    *field = (uint32_t) n;

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_keepalive_msec(ngx_conf_t *cf, ngx_msec_t *field,
    ngx_int_t max, const char *most)
{
    ngx_int_t   n;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    n = ngx_parse_time(&value[1], 0);

    if (n == NGX_ERROR || n < 1 || n > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a time "
                           "from 1ms to %s", &value[0], &value[1], most);
        return NGX_CONF_ERROR;
    }

    *field = (ngx_msec_t) n;

    return NGX_CONF_OK;
}


void
ngx_stream_dns_keepalive_init(ngx_stream_dns_upstream_t *us)
{
    ngx_dns_upstream_t  *u;

    u = &us->upstream;

    if (u->keepalive == (uint32_t) NGX_CONF_UNSET) {
        u->keepalive = NGX_DNS_TCP_CONNECTIONS;
    }

    if (u->keepalive_requests == (uint32_t) NGX_CONF_UNSET) {
        u->keepalive_requests = 0;
    }

    ngx_conf_init_msec_value(u->keepalive_timeout, NGX_DNS_TCP_IDLE);
    ngx_conf_init_msec_value(u->keepalive_time, 3600000);
}

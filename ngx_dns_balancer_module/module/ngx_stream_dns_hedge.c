
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


#define NGX_STREAM_DNS_RACE_WAIT  200     /* milliseconds */


static char *ngx_stream_dns_race_wait(ngx_conf_t *cf, ngx_str_t *value,
    ngx_dns_upstream_t *u);


char *
ngx_stream_dns_hedge(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_int_t    msec;
    ngx_str_t   *value;

    value = cf->args->elts;

    if (us->hedged) {
        return "is duplicate";
    }

    us->hedged = 1;

    if (ngx_strcmp(value[1].data, "auto") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "off") == 0) {
        us->upstream.hedge = NGX_DNS_HEDGE_OFF;
        return NGX_CONF_OK;
    }

    msec = ngx_parse_time(&value[1], 0);

    if (msec == NGX_ERROR || msec < 1 || msec > 3600000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"hedge\": invalid value \"%V\", it must be "
                           "\"auto\", \"off\" or a time from 1ms to 1h",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    us->upstream.hedge = (ngx_msec_t) msec;

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_race(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_int_t            n;
    ngx_str_t           *value;
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    value = cf->args->elts;
    u = &us->upstream;

    if (u->race) {
        return "is duplicate";
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > NGX_DNS_MAX_TRIES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"race\": invalid value \"%V\", it must be a "
                           "number from 1 to %d", &value[1],
                           NGX_DNS_MAX_TRIES);
        return NGX_CONF_ERROR;
    }

    u->race = (ngx_uint_t) n;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strcmp(value[i].data, "positive") == 0 && !u->race_positive) {
            u->race_positive = 1;
            continue;
        }

        if (ngx_strncmp(value[i].data, "wait=", 5) == 0 && !u->race_wait) {

            if (ngx_stream_dns_race_wait(cf, &value[i], u) != NGX_CONF_OK) {
                return NGX_CONF_ERROR;
            }

            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"race\": invalid parameter \"%V\", it must be "
                           "\"positive\" or \"wait=\", each once", &value[i]);
        return NGX_CONF_ERROR;
    }

    if (u->race_wait && !u->race_positive) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"race\": \"wait=\" needs \"positive\"");
        return NGX_CONF_ERROR;
    }

    if (u->race_wait == 0) {
        u->race_wait = NGX_STREAM_DNS_RACE_WAIT;
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_race_wait(ngx_conf_t *cf, ngx_str_t *value,
    ngx_dns_upstream_t *u)
{
    ngx_int_t  msec;
    ngx_str_t  time;

    time.data = value->data + 5;
    time.len = value->len - 5;

    msec = ngx_parse_time(&time, 0);

    if (msec == NGX_ERROR || msec < 1 || msec > 3600000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"race\": invalid parameter \"%V\", \"wait\" must "
                           "be a time from 1ms to 1h", value);
        return NGX_CONF_ERROR;
    }

    u->race_wait = (ngx_msec_t) msec;

    return NGX_CONF_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_slot.h"


static ngx_int_t ngx_stream_dns_prefix(ngx_str_t *value, const char *name,
    ngx_int_t max);


static ngx_conf_bitmask_t  ngx_stream_dns_next_upstream_masks[] = {
    { ngx_string("error"), NGX_DNS_NEXT_ERROR },
    { ngx_string("timeout"), NGX_DNS_NEXT_TIMEOUT },
    { ngx_string("servfail"), NGX_DNS_NEXT_SERVFAIL },
    { ngx_string("refused"), NGX_DNS_NEXT_REFUSED },
    { ngx_string("off"), NGX_DNS_NEXT_OFF },
    { ngx_null_string, 0 }
};


void
ngx_stream_dns_policy_unset(ngx_dns_policy_t *policy)
{
    ngx_memzero(policy, sizeof(ngx_dns_policy_t));

    policy->subnet = NGX_CONF_UNSET_UINT;
    policy->limits = NGX_CONF_UNSET_PTR;

    ngx_stream_dns_cache_unset(policy);
    ngx_stream_dns_slot_unset(policy, NGX_STREAM_DNS_ZONE_CONF);
}


ngx_uint_t
ngx_stream_dns_policy_is_unset(const ngx_dns_policy_t *policy)
{
    ngx_dns_policy_t  unset;

    ngx_stream_dns_policy_unset(&unset);

    return ngx_memcmp(policy, &unset, sizeof(ngx_dns_policy_t)) == 0;
}


char *
ngx_stream_dns_policy_merge(ngx_conf_t *cf, ngx_dns_policy_t *policy,
    ngx_dns_policy_t *prev, ngx_stream_dns_place_t *place)
{
    if (ngx_stream_dns_cache_merge(cf, policy, prev, place) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_dns_slot_merge(policy, prev, NGX_STREAM_DNS_ZONE_CONF);

    policy->log = prev->log;

    ngx_conf_merge_bitmask_value(policy->next, prev->next,
                              (NGX_CONF_BITMASK_SET|NGX_DNS_NEXT_ERROR
                               |NGX_DNS_NEXT_TIMEOUT|NGX_DNS_NEXT_SERVFAIL
                               |NGX_DNS_NEXT_REFUSED));

    /* that of stream {} is merged with nothing */

    if (ngx_stream_dns_limit_init(cf, prev) != NGX_OK
        || ngx_stream_dns_limit_init(cf, policy) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (policy->limits == NGX_CONF_UNSET_PTR) {
        policy->limits = prev->limits == NGX_CONF_UNSET_PTR ? NULL
                                                            : prev->limits;
        policy->misses = prev->misses;
    }

    if (policy->subnet == NGX_CONF_UNSET_UINT) {
        policy->subnet = prev->subnet;
        policy->subnet_v4 = prev->subnet_v4;
        policy->subnet_v6 = prev->subnet_v6;
    }

    if (policy->subnet == NGX_CONF_UNSET_UINT) {
        policy->subnet = NGX_DNS_SUBNET_OFF;
    }

    if (policy->tries == 0) {
        policy->tries = NGX_DNS_MAX_TRIES;
    }

    if (policy->min_ttl > policy->max_ttl) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dns_cache_min_ttl\" of %ui s is over "
                      "\"dns_cache_max_ttl\" of %ui s in %s in %s:%ui",
                      policy->min_ttl, policy->max_ttl, place->block,
                      place->file, place->line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_stream_dns_policy_add(ngx_conf_t *cf, ngx_dns_policy_t *policy)
{
    ngx_dns_policy_t           **p;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    p = ngx_array_push(&dmcf->policies);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *p = policy;

    return NGX_OK;
}


char *
ngx_stream_dns_next_upstream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_str_t           *value;
    ngx_uint_t           i, m;
    ngx_conf_bitmask_t  *mask;

    ngx_stream_dns_claim(cf);

    if (policy->next) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mask = ngx_stream_dns_next_upstream_masks;

    for (i = 1; i < cf->args->nelts; i++) {

        for (m = 0; mask[m].name.len; m++) {
            if (mask[m].name.len == value[i].len
                && ngx_strcmp(mask[m].name.data, value[i].data) == 0)
            {
                break;
            }
        }

        if (mask[m].name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\": invalid value \"%V\", it must be "
                               "\"error\", \"timeout\", \"servfail\", "
                               "\"refused\" or \"off\"",
                               &value[0], &value[i]);
            return NGX_CONF_ERROR;
        }

        if (policy->next & mask[m].mask) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\": duplicate value \"%V\"",
                               &value[0], &value[i]);
            return NGX_CONF_ERROR;
        }

        policy->next |= NGX_CONF_BITMASK_SET | mask[m].mask;
    }

    if ((policy->next & NGX_DNS_NEXT_OFF) && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": \"off\" allows no other value",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_client_subnet(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_int_t    n, v4, v6;
    ngx_str_t   *value;
    ngx_uint_t   i;

    ngx_stream_dns_claim(cf);

    if (policy->subnet != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    v4 = NGX_ERROR;
    v6 = NGX_ERROR;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        policy->subnet = NGX_DNS_SUBNET_OFF;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "forward") == 0) {
        policy->subnet = NGX_DNS_SUBNET_FORWARD;

    } else if (ngx_strcmp(value[1].data, "add") == 0) {
        policy->subnet = NGX_DNS_SUBNET_ADD;

    } else {
        i = 1;
        goto invalid;
    }

    for (i = 2; i < cf->args->nelts; i++) {

        n = ngx_stream_dns_prefix(&value[i], "v4=", 32);

        if (n != NGX_ERROR && v4 == NGX_ERROR) {
            v4 = n;
            continue;
        }

        n = ngx_stream_dns_prefix(&value[i], "v6=", 128);

        if (n != NGX_ERROR && v6 == NGX_ERROR) {
            v6 = n;
            continue;
        }

        goto invalid;
    }

    policy->subnet_v4 = v4 == NGX_ERROR ? 24 : v4;
    policy->subnet_v6 = v6 == NGX_ERROR ? 56 : v6;

    return NGX_CONF_OK;

invalid:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"dns_client_subnet\": invalid value \"%V\", it must "
                       "be \"off\", or \"forward\" or \"add\" with \"v4=\" "
                       "from 1 to 32 and \"v6=\" from 1 to 128", &value[i]);

    return NGX_CONF_ERROR;
}


static ngx_int_t
ngx_stream_dns_prefix(ngx_str_t *value, const char *name, ngx_int_t max)
{
    ngx_int_t  n;

    if (ngx_strncmp(value->data, name, 3) != 0) {
        return NGX_ERROR;
    }

    n = ngx_atoi(value->data + 3, value->len - 3);

    return (n < 1 || n > max) ? NGX_ERROR : n;
}

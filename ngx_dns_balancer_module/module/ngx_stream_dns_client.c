
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../query/ngx_dns_options.h"


static ngx_int_t ngx_stream_dns_prefix(ngx_str_t *value, const char *name,
    ngx_int_t max);


char *
ngx_stream_dns_nsid(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    size_t      i;
    u_char     *p;
    ngx_int_t   n;
    ngx_str_t  *value;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->nsid.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&dscf->nsid, "");
        return NGX_CONF_OK;
    }

    dscf->nsid = value[1];

    if (ngx_stream_dns_text_hostname(cf, &dscf->nsid) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_nsid\": invalid value \"%V\", there is no "
                           "variable but \"$hostname\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (value[1].len > 2 && value[1].data[0] == '0'
        && value[1].data[1] == 'x')
    {

        p = ngx_pnalloc(cf->pool, value[1].len / 2);
        if (p == NULL) {
            return NGX_CONF_ERROR;
        }

        dscf->nsid.data = p;
        dscf->nsid.len = value[1].len / 2 - 1;

        for (i = 2; i + 1 < value[1].len; i += 2) {
            n = ngx_hextoi(value[1].data + i, 2);

            if (n == NGX_ERROR) {
                break;
            }

            *p++ = (u_char) n;
        }

        if (i < value[1].len) {
            dscf->nsid.len = 0;
        }
    }

    if (dscf->nsid.len == 0 || dscf->nsid.len > NGX_DNS_NSID_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_nsid\": invalid value \"%V\", it must be a "
                           "text of 1 to %d octets, \"0x\" and as many in "
                           "hexadecimal, or \"off\"",
                           &value[1], NGX_DNS_NSID_MAX);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_client_subnet(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_int_t    n, v4, v6;
    ngx_str_t   *value;
    ngx_uint_t   i;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->subnet != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    v4 = NGX_ERROR;
    v6 = NGX_ERROR;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        dscf->subnet = NGX_DNS_SUBNET_OFF;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value[1].data, "forward") == 0) {
        dscf->subnet = NGX_DNS_SUBNET_FORWARD;

    } else if (ngx_strcmp(value[1].data, "add") == 0) {
        dscf->subnet = NGX_DNS_SUBNET_ADD;

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

    dscf->subnet_v4 = v4 == NGX_ERROR ? 24 : v4;
    dscf->subnet_v6 = v6 == NGX_ERROR ? 56 : v6;

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


char *
ngx_stream_dns_proxy_protocol(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t   *value;
    ngx_int_t    rc;
    ngx_uint_t   i;
    ngx_cidr_t  *cidr;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->proxies != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        dscf->proxies = NULL;
        return NGX_CONF_OK;
    }

    dscf->proxies = ngx_array_create(cf->pool, cf->args->nelts,
                                     sizeof(ngx_cidr_t));
    if (dscf->proxies == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        cidr = ngx_array_push(dscf->proxies);
        if (cidr == NULL) {
            return NGX_CONF_ERROR;
        }

        rc = ngx_ptocidr(&value[i], cidr);

        if (rc == NGX_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_udp_proxy_protocol\": invalid value "
                               "\"%V\", it must be \"off\", or addresses or "
                               "networks of proxies", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (rc == NGX_DONE) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "low address bits of %V are meaningless",
                               &value[i]);
        }
    }

    return NGX_CONF_OK;
}


void
ngx_stream_dns_client_merge(ngx_stream_dns_srv_conf_t *conf,
    ngx_stream_dns_srv_conf_t *prev)
{
    ngx_conf_merge_str_value(conf->nsid, prev->nsid, "");
    ngx_conf_merge_ptr_value(conf->proxies, prev->proxies, NULL);

    if (conf->subnet == NGX_CONF_UNSET_UINT) {
        conf->subnet = prev->subnet;
        conf->subnet_v4 = prev->subnet_v4;
        conf->subnet_v6 = prev->subnet_v6;
    }

    if (conf->subnet == NGX_CONF_UNSET_UINT) {
        conf->subnet = NGX_DNS_SUBNET_OFF;
    }

    conf->dns.proxies = conf->proxies;
    conf->dns.nsid = conf->nsid;
    conf->dns.subnet = conf->subnet;
    conf->dns.subnet_v4 = (uint8_t) conf->subnet_v4;
    conf->dns.subnet_v6 = (uint8_t) conf->subnet_v6;
}

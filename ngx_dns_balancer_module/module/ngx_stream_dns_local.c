
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include <nginx.h>


#define NGX_STREAM_DNS_LOCAL_SET        0x0001
#define NGX_STREAM_DNS_LOCAL_OFF        0x0002
#define NGX_STREAM_DNS_LOCAL_LOCALHOST  0x0004
#define NGX_STREAM_DNS_LOCAL_REVERSE    0x0008
#define NGX_STREAM_DNS_LOCAL_SERVER_ID  0x0010
#define NGX_STREAM_DNS_LOCAL_SPECIAL    0x0020
#define NGX_STREAM_DNS_LOCAL_WHOAMI     0x0040


static ngx_uint_t ngx_stream_dns_local_word(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_local_whoami(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf, ngx_str_t *value);


char *
ngx_stream_dns_local(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, word;

    ngx_stream_dns_claim(cf);

    if (dscf->locals) {
        return "is duplicate";
    }

    value = cf->args->elts;
    dscf->locals = NGX_STREAM_DNS_LOCAL_SET;

    for (i = 1; i < cf->args->nelts; i++) {

        word = ngx_stream_dns_local_word(cf, dscf, &value[i]);

        if (word == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_local\": invalid value \"%V\", it must "
                               "be \"localhost\", \"special\", \"reverse\", "
                               "\"whoami=\" with a name, \"server_id\", "
                               "\"server_id=\" with a text of 1 to 255 octets, "
                               "in which \"$hostname\" and "
                               "\"$nginx_version\" are the only variables, "
                               "or \"off\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (dscf->locals & word) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_local\": duplicate value \"%V\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        dscf->locals |= word;
    }

    if ((dscf->locals & NGX_STREAM_DNS_LOCAL_OFF) && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_local\": \"off\" allows no other value");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_uint_t
ngx_stream_dns_local_word(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf,
    ngx_str_t *value)
{
    if (ngx_strcmp(value->data, "localhost") == 0) {
        return NGX_STREAM_DNS_LOCAL_LOCALHOST;
    }

    if (ngx_strcmp(value->data, "reverse") == 0) {
        return NGX_STREAM_DNS_LOCAL_REVERSE;
    }

    if (ngx_strcmp(value->data, "special") == 0) {
        return NGX_STREAM_DNS_LOCAL_SPECIAL;
    }

    if (ngx_strncmp(value->data, "whoami=", 7) == 0) {
        return ngx_stream_dns_local_whoami(cf, dscf, value) == NGX_OK
               ? NGX_STREAM_DNS_LOCAL_WHOAMI : 0;
    }

    if (ngx_strcmp(value->data, "off") == 0) {
        return NGX_STREAM_DNS_LOCAL_OFF;
    }

    if (ngx_strcmp(value->data, "server_id") == 0) {
        return NGX_STREAM_DNS_LOCAL_SERVER_ID;
    }

    if (ngx_strncmp(value->data, "server_id=", 10) == 0) {
        dscf->server_id.data = value->data + 10;
        dscf->server_id.len = value->len - 10;

        if (ngx_stream_dns_text_constant(cf, &dscf->server_id) == NGX_OK
            && dscf->server_id.len >= 1 && dscf->server_id.len <= 255)
        {
            return NGX_STREAM_DNS_LOCAL_SERVER_ID;
        }
    }

    return 0;
}


static ngx_int_t
ngx_stream_dns_local_whoami(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf,
    ngx_str_t *value)
{
    ngx_str_t  name;

    name.data = value->data + 7;
    name.len = value->len - 7;

    if (name.len == 0
        || ngx_stream_dns_text_name(cf, &name, &dscf->whoami) != NULL)
    {
        return NGX_ERROR;
    }

    return dscf->whoami.len > 1 ? NGX_OK : NGX_ERROR;
}


void
ngx_stream_dns_local_merge(ngx_stream_dns_srv_conf_t *prev,
    ngx_stream_dns_srv_conf_t *conf)
{
    if (conf->locals == 0) {
        conf->locals = prev->locals;
        conf->server_id = prev->server_id;
        conf->whoami = prev->whoami;
    }

    if (conf->locals == 0) {
        conf->locals = NGX_STREAM_DNS_LOCAL_SET
                       |NGX_STREAM_DNS_LOCAL_LOCALHOST
                       |NGX_STREAM_DNS_LOCAL_SPECIAL;
    }
}


void
ngx_stream_dns_local_init(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_dns_local_t  *local;

    local = &dscf->local;

    if (!(dscf->locals & NGX_STREAM_DNS_LOCAL_OFF) || local->resolver.len) {
        local->discovery = 1;
        local->any = local->resolver.len != 0;
        dscf->dns.listener.local = local;
    }

    if (dscf->locals & NGX_STREAM_DNS_LOCAL_LOCALHOST) {
        local->localhost = 1;
        dscf->dns.listener.local = local;
    }

    if (dscf->locals & NGX_STREAM_DNS_LOCAL_REVERSE) {
        local->reverse = 1;
        dscf->dns.listener.local = local;
    }

    if (dscf->locals & NGX_STREAM_DNS_LOCAL_SPECIAL) {
        local->special = 1;
        dscf->dns.listener.local = local;
    }

    if (dscf->locals & NGX_STREAM_DNS_LOCAL_WHOAMI) {
        local->whoami = dscf->whoami;
        dscf->dns.listener.local = local;
    }

    if (dscf->locals & NGX_STREAM_DNS_LOCAL_SERVER_ID) {
        local->server_id = 1;
        dscf->dns.listener.local = local;

        local->id = dscf->server_id.len ? dscf->server_id
                                        : cf->cycle->hostname;
        ngx_str_set(&local->version, NGINX_VER);
    }
}

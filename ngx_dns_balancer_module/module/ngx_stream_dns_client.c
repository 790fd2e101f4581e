
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../query/ngx_dns_options.h"
#include "../transport/ngx_dns_udp_out.h"


static ngx_int_t ngx_stream_dns_nsid_hex(ngx_conf_t *cf,
    const ngx_str_t *value, ngx_str_t *nsid);


/* SIZE [unproven=SIZE] */

char *
ngx_stream_dns_udp_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ssize_t              size;
    ngx_str_t           *value, s;
    ngx_dns_listener_t  *listener;

    ngx_stream_dns_claim(cf);

    listener = &dscf->dns.listener;

    if (listener->udp_max_size != NGX_CONF_UNSET_SIZE) {
        return "is duplicate";
    }

    value = cf->args->elts;

    size = ngx_parse_size(&value[1]);

    if (size < NGX_DNS_MIN_UDP_SIZE || size > NGX_DNS_UDP_OUT_MESSAGE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_udp_max_size\": invalid value \"%V\", it "
                           "must be a size from 512 to 4096", &value[1]);
        return NGX_CONF_ERROR;
    }

    listener->udp_max_size = (size_t) size;
    listener->udp_unproven = (size_t) size;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    size = NGX_ERROR;

    if (ngx_strncmp(value[2].data, "unproven=", 9) == 0) {
        s.data = value[2].data + 9;
        s.len = value[2].len - 9;

        size = ngx_parse_size(&s);
    }

    if (size < NGX_DNS_MIN_UDP_SIZE
        || (size_t) size > listener->udp_max_size)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_udp_max_size\": invalid parameter \"%V\", "
                           "it must be \"unproven=\" with a size from 512 to "
                           "\"%V\"", &value[2], &value[1]);
        return NGX_CONF_ERROR;
    }

    listener->udp_unproven = (size_t) size;

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_nsid(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t  *value, *nsid;

    ngx_stream_dns_claim(cf);

    nsid = &dscf->dns.listener.nsid;

    if (nsid->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(nsid, "");
        return NGX_CONF_OK;
    }

    *nsid = value[1];

    if (ngx_stream_dns_text_constant(cf, nsid) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_nsid\": invalid value \"%V\", it is made at "
                           "start, where there are no variables but "
                           "\"$hostname\" and \"$nginx_version\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value[1].data, "0x", 2) == 0
        && ngx_stream_dns_nsid_hex(cf, &value[1], nsid) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (nsid->len == 0 || nsid->len > NGX_DNS_NSID_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_nsid\": invalid value \"%V\", it must be a "
                           "text of 1 to %d octets, \"0x\" and as many in "
                           "hexadecimal, or \"off\"",
                           &value[1], NGX_DNS_NSID_MAX);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* "nsid" is empty if the value is no hexadecimal */

static ngx_int_t
ngx_stream_dns_nsid_hex(ngx_conf_t *cf, const ngx_str_t *value,
    ngx_str_t *nsid)
{
    size_t      i;
    u_char     *p;
    ngx_int_t   n;

    p = ngx_pnalloc(cf->pool, value->len / 2);
    if (p == NULL) {
        return NGX_ERROR;
    }

    nsid->data = p;
    nsid->len = value->len / 2 - 1;

    for (i = 2; i + 1 < value->len; i += 2) {
        n = ngx_hextoi(value->data + i, 2);

        if (n == NGX_ERROR) {
            break;
        }

        *p++ = (u_char) n;
    }

    if (i < value->len) {
        nsid->len = 0;
    }

    return NGX_OK;
}


char *
ngx_stream_dns_proxy_protocol(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t   *value;
    ngx_int_t    rc;
    ngx_uint_t   i;
    ngx_cidr_t  *cidr;

    ngx_stream_dns_claim(cf);

    if (dscf->dns.listener.proxies != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0 && cf->args->nelts == 2) {
        dscf->dns.listener.proxies = NULL;
        return NGX_CONF_OK;
    }

    dscf->dns.listener.proxies = ngx_array_create(cf->pool, cf->args->nelts,
                                     sizeof(ngx_cidr_t));
    if (dscf->dns.listener.proxies == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        cidr = ngx_array_push(dscf->dns.listener.proxies);
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

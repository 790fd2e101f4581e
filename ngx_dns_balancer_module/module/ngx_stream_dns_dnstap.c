
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"


#if (NGX_DNS_DNSTAP)

#define NGX_STREAM_DNS_SAMPLE_MAX  1000000


typedef struct {
    ngx_str_t   name;
    ngx_uint_t  bit;
} ngx_stream_dns_dnstap_type_t;


static ngx_int_t ngx_stream_dns_dnstap_address(ngx_conf_t *cf,
    ngx_dns_tap_t *tap, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_dnstap_tcp(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value);
static ngx_int_t ngx_stream_dns_dnstap_unix(ngx_conf_t *cf,
    ngx_dns_tap_t *tap, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_dnstap_parameter(ngx_conf_t *cf,
    ngx_dns_tap_t *tap, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_dnstap_types(ngx_conf_t *cf,
    ngx_dns_tap_t *tap, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_dnstap_type(ngx_dns_tap_t *tap, u_char *p,
    size_t len);
static ngx_int_t ngx_stream_dns_dnstap_text(ngx_conf_t *cf, ngx_str_t *value,
    size_t word, ngx_str_t *text);
static ngx_int_t ngx_stream_dns_dnstap_sample(ngx_conf_t *cf,
    ngx_dns_tap_t *tap, ngx_str_t *value);


static ngx_stream_dns_dnstap_type_t  ngx_stream_dns_dnstap_all[] = {
    { ngx_string("client_query"), NGX_DNS_TAP_CLIENT_QUERY },
    { ngx_string("client_response"), NGX_DNS_TAP_CLIENT_RESPONSE },
    { ngx_string("forwarder_query"), NGX_DNS_TAP_FORWARDER_QUERY },
    { ngx_string("forwarder_response"), NGX_DNS_TAP_FORWARDER_RESPONSE },
    { ngx_null_string, 0 }
};


char *
ngx_stream_dns_dnstap(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t      *value;
    ngx_uint_t      i;
    ngx_dns_tap_t  *tap;

    ngx_stream_dns_claim(cf);

    if (dscf->tap) {
        return "is duplicate";
    }

    if (ngx_stream_dns_text_once(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    tap = ngx_pcalloc(cf->pool, sizeof(ngx_dns_tap_t));
    if (tap == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (ngx_stream_dns_dnstap_address(cf, tap, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_dns_dnstap_parameter(cf, tap, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (tap->types == 0) {
        tap->types = NGX_DNS_TAP_CLIENT|NGX_DNS_TAP_FORWARDER;
    }

    if (tap->sample == 0) {
        tap->sample = 1;
    }

    if (tap->identity.data == NULL) {
        tap->identity = cf->cycle->hostname;
    }

    if (tap->version.data == NULL) {
        ngx_str_set(&tap->version, "ngx_dns_balancer_module/" NGX_DNS_VERSION);
    }

    dscf->tap = tap;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_dnstap_address(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value)
{
    tap->name = *value;

    if (ngx_strncmp(value->data, "tcp:", 4) == 0) {
        return ngx_stream_dns_dnstap_tcp(cf, tap, value);
    }

    if (ngx_strncmp(value->data, "unix:", 5) == 0) {
        return ngx_stream_dns_dnstap_unix(cf, tap, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"dns_dnstap\": \"%V\" is neither \"unix:PATH\" nor "
                       "\"tcp:ADDRESS:PORT\"", value);
    return NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_dnstap_tcp(ngx_conf_t *cf, ngx_dns_tap_t *tap, ngx_str_t *value)
{
    ngx_addr_t  addr;

    if (ngx_parse_addr_port(cf->pool, &addr, value->data + 4, value->len - 4)
        != NGX_OK
        || ngx_inet_get_port(addr.sockaddr) == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_dnstap\": \"%V\" is no address with a port, "
                           "as \"tcp:192.0.2.1:6000\" or \"tcp:[::1]:6000\"",
                           value);
        return NGX_ERROR;
    }

    tap->sockaddr = addr.sockaddr;
    tap->socklen = addr.socklen;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_dnstap_unix(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value)
{
    size_t               len;
    struct sockaddr_un  *saun;

    len = value->len - 5;

    saun = ngx_pcalloc(cf->pool, sizeof(struct sockaddr_un));
    if (saun == NULL) {
        return NGX_ERROR;
    }

    if (len == 0 || value->data[5] != '/' || len >= sizeof(saun->sun_path)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_dnstap\": the path in \"%V\" must begin with "
                           "\"/\" and may have %uz octets", value,
                           sizeof(saun->sun_path) - 1);
        return NGX_ERROR;
    }

    saun->sun_family = AF_UNIX;
    ngx_memcpy(saun->sun_path, value->data + 5, len);

    tap->sockaddr = (struct sockaddr *) saun;
    tap->socklen = sizeof(struct sockaddr_un);

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_dnstap_parameter(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value)
{
    if (ngx_strncmp(value->data, "types=", 6) == 0) {
        return ngx_stream_dns_dnstap_types(cf, tap, value);
    }

    if (ngx_strncmp(value->data, "identity=", 9) == 0) {
        return ngx_stream_dns_dnstap_text(cf, value, 9, &tap->identity);
    }

    if (ngx_strncmp(value->data, "version=", 8) == 0) {
        return ngx_stream_dns_dnstap_text(cf, value, 8, &tap->version);
    }

    if (ngx_strncmp(value->data, "sample=", 7) == 0) {
        return ngx_stream_dns_dnstap_sample(cf, tap, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"dns_dnstap\": \"%V\" is no parameter, it may have "
                       "\"types=\", \"identity=\", \"version=\", \"sample=\"",
                       value);
    return NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_dnstap_types(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value)
{
    u_char     *p, *last, *comma;
    ngx_int_t   rc;

    p = value->data + 6;
    last = value->data + value->len;

    do {
        comma = ngx_strlchr(p, last, ',');
        if (comma == NULL) {
            comma = last;
        }

        rc = ngx_stream_dns_dnstap_type(tap, p, (size_t) (comma - p));
        p = comma + 1;

    } while (rc == NGX_OK && comma < last);

    if (rc == NGX_OK) {
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"dns_dnstap\": \"%V\" must be some of client_query, "
                       "client_response, forwarder_query, forwarder_response, "
                       "each once, with commas between them", value);
    return NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_dnstap_type(ngx_dns_tap_t *tap, u_char *p, size_t len)
{
    ngx_stream_dns_dnstap_type_t  *type;

    for (type = ngx_stream_dns_dnstap_all; type->bit; type++) {

        if (type->name.len == len
            && ngx_strncmp(p, type->name.data, len) == 0)
        {
            if (tap->types & type->bit) {
                return NGX_ERROR;
            }

            tap->types |= type->bit;

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


/* an empty one means that frames have none */

static ngx_int_t
ngx_stream_dns_dnstap_text(ngx_conf_t *cf, ngx_str_t *value, size_t word,
    ngx_str_t *text)
{
    text->data = value->data + word;
    text->len = value->len - word;

    if (ngx_stream_dns_text_constant(cf, text) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_dnstap\": \"%V\" is made at start, where "
                           "there are no variables but \"$hostname\" and "
                           "\"$nginx_version\"", value);
        return NGX_ERROR;
    }

    if (text->len > NGX_DNS_TAP_TEXT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_dnstap\": \"%V\" is longer than %d octets",
                           value, NGX_DNS_TAP_TEXT);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_dnstap_sample(ngx_conf_t *cf, ngx_dns_tap_t *tap,
    ngx_str_t *value)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data + 7, value->len - 7);

    if (n < 1 || n > NGX_STREAM_DNS_SAMPLE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_dnstap\": \"%V\" must be a number from 1 to "
                           "%d", value, NGX_STREAM_DNS_SAMPLE_MAX);
        return NGX_ERROR;
    }

    tap->sample = (ngx_uint_t) n;

    return NGX_OK;
}


ngx_int_t
ngx_stream_dns_dnstap_open(ngx_cycle_t *cycle, ngx_stream_dns_srv_conf_t *dscf)
{
    if (dscf->tap == NULL) {
        return NGX_OK;
    }

    dscf->tap->counters = dscf->dns.runtime.counters;

    return ngx_dns_tap_open(cycle, &dscf->dns, dscf->tap);
}


void
ngx_stream_dns_dnstap_close(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (dscf[i]->tap) {
            ngx_dns_tap_close(dscf[i]->tap);
        }
    }
}

#else

char *
ngx_stream_dns_dnstap(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return "is not in this build of the module: libfstrm, protobuf-c and its "
           "compiler (libfstrm-dev, libprotobuf-c-dev, protobuf-c-compiler) "
           "were not there when it was configured";
}


ngx_int_t
ngx_stream_dns_dnstap_open(ngx_cycle_t *cycle, ngx_stream_dns_srv_conf_t *dscf)
{
    return NGX_OK;
}


void
ngx_stream_dns_dnstap_close(ngx_stream_dns_main_conf_t *dmcf)
{
}

#endif


ngx_uint_t
ngx_stream_dns_dnstap_count(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i, n;
    ngx_stream_dns_srv_conf_t  **dscf;

    n = 0;
    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        n += dscf[i]->tap != NULL;
    }

    return n;
}

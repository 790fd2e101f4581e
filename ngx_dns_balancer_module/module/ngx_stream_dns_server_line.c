
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"


static ngx_int_t ngx_stream_dns_server_parameter(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_server_service(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_server_number(ngx_conf_t *cf,
    ngx_str_t *value, const char *name, ngx_int_t min, ngx_int_t max,
    uint32_t *n);
static ngx_int_t ngx_stream_dns_server_time(ngx_conf_t *cf,
    ngx_str_t *value, const char *name, ngx_int_t min, ngx_msec_t *n);


ngx_int_t
ngx_stream_dns_server_parameters(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    ngx_memzero(line, sizeof(ngx_stream_dns_server_line_t));

    line->peer.weight = 1;
    line->peer.max_fails = 3;
    line->peer.fail_timeout = 10000;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_dns_server_parameter(cf, line, &value[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (line->service.len && !line->resolve) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"service=\" of \"%V\" needs "
                           "\"resolve\"", &value[1]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_parameter(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line, ngx_str_t *value)
{
    ngx_dns_peer_t  *peer;

    peer = &line->peer;

    if (ngx_strncmp(value->data, "weight=", 7) == 0) {
        return ngx_stream_dns_server_number(cf, value, "weight", 1, 65535,
                                            &peer->weight);
    }

    if (ngx_strncmp(value->data, "max_fails=", 10) == 0) {
        return ngx_stream_dns_server_number(cf, value, "max_fails", 0, 65535,
                                            &peer->max_fails);
    }

    if (ngx_strncmp(value->data, "max_outstanding=", 16) == 0) {
        return ngx_stream_dns_server_number(cf, value, "max_outstanding", 0,
                                            1048576, &peer->max_outstanding);
    }

    if (ngx_strncmp(value->data, "fail_timeout=", 13) == 0) {
        return ngx_stream_dns_server_time(cf, value, "fail_timeout", 1,
                                          &peer->fail_timeout);
    }

    if (ngx_strncmp(value->data, "slow_start=", 11) == 0) {
        return ngx_stream_dns_server_time(cf, value, "slow_start", 0,
                                          &peer->slow_start);
    }

    if (ngx_strcmp(value->data, "backup") == 0) {
        peer->backup = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "down") == 0) {
        peer->down = 1;
        return NGX_OK;
    }

    if (ngx_strncmp(value->data, "name=", 5) == 0) {
        return ngx_stream_dns_tls_name(cf, value, &line->tls);
    }

    if (ngx_strncmp(value->data, "pin=", 4) == 0) {
        return ngx_stream_dns_tls_pin(cf, value, &line->tls);
    }

    if (ngx_strcmp(value->data, "resolve") == 0) {
        line->resolve = 1;
        return NGX_OK;
    }

    if (ngx_strncmp(value->data, "service=", 8) == 0) {
        return ngx_stream_dns_server_service(cf, line, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"server\": unknown parameter \"%V\", it must be "
                       "\"weight=\", \"max_fails=\", \"fail_timeout=\", "
                       "\"max_outstanding=\", \"slow_start=\", \"name=\", "
                       "\"pin=\", \"resolve\", \"service=\", \"backup\" or "
                       "\"down\"", value);

    return NGX_ERROR;
}


/* RFC 2782: a name without dots is that of a service over UDP */

static ngx_int_t
ngx_stream_dns_server_service(ngx_conf_t *cf,
    ngx_stream_dns_server_line_t *line, ngx_str_t *value)
{
    u_char     *p;
    ngx_str_t   name;

    name.data = value->data + 8;
    name.len = value->len - 8;

    if (name.len == 0 || name.len > 63 || name.data[0] == '.'
        || name.data[name.len - 1] == '.')
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", "
                           "\"service\" must be the name of a service, as "
                           "\"dns\" or \"_dns._udp\"", value);
        return NGX_ERROR;
    }

    if (ngx_strlchr(name.data, name.data + name.len, '.')) {
        line->service = name;
        return NGX_OK;
    }

    p = ngx_pnalloc(cf->pool, name.len + sizeof("_._udp"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    line->service.data = p;
    line->service.len = ngx_sprintf(p, "_%V._udp", &name) - p;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_number(ngx_conf_t *cf, ngx_str_t *value,
    const char *name, ngx_int_t min, ngx_int_t max, uint32_t *n)
{
    size_t     len;
    ngx_int_t  v;

    len = ngx_strlen(name) + 1;

    v = ngx_atoi(value->data + len, value->len - len);

    if (v == NGX_ERROR || v < min || v > max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", \"%s\" must "
                           "be a number from %i to %i", value, name, min, max);
        return NGX_ERROR;
    }

    *n = (uint32_t) v;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_time(ngx_conf_t *cf, ngx_str_t *value,
    const char *name, ngx_int_t min, ngx_msec_t *n)
{
    size_t     len;
    ngx_int_t  t;
    ngx_str_t  s;

    len = ngx_strlen(name) + 1;

    s.data = value->data + len;
    s.len = value->len - len;

    t = ngx_parse_time(&s, 0);

    if (t == NGX_ERROR || t < min || t > 86400000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", \"%s\" must "
                           "be a time from %s to 1d", value, name,
                           min ? "1ms" : "0");
        return NGX_ERROR;
    }

    *n = (ngx_msec_t) t;

    return NGX_OK;
}


ngx_dns_peer_t *
ngx_stream_dns_server_add(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_addr_t *addr, ngx_dns_transport_t *transport,
    ngx_stream_dns_tls_server_t *tls)
{
    ngx_dns_peer_t  *peer;

    peer = ngx_array_push(&us->upstream.peers);
    if (peer == NULL) {
        return NULL;
    }

    ngx_memzero(peer, sizeof(ngx_dns_peer_t));

    peer->name = addr->name;
    peer->transport = transport;
    peer->sockaddr = addr->sockaddr;
    peer->socklen = addr->socklen;
    peer->weight = 1;
    peer->max_fails = 3;
    peer->fail_timeout = 10000;

#if (NGX_SSL)
    if (transport == &ngx_dns_tls_out
        && ngx_stream_dns_tls_server(cf, peer, tls) != NGX_OK)
    {
        return NULL;
    }
#endif

    return peer;
}

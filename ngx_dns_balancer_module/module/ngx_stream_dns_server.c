
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../transport/ngx_dns_tcp_out.h"
#include "../transport/ngx_dns_udp_out.h"


static ngx_int_t ngx_stream_dns_server_address(ngx_conf_t *cf,
    ngx_url_t *u, ngx_dns_transport_t **transport);
static ngx_int_t ngx_stream_dns_server_tls(ngx_conf_t *cf, ngx_url_t *u,
    ngx_dns_transport_t *transport, ngx_stream_dns_tls_server_t *tls);
static ngx_int_t ngx_stream_dns_server_parameters(ngx_conf_t *cf,
    ngx_dns_peer_t *params, ngx_stream_dns_tls_server_t *tls);
static ngx_int_t ngx_stream_dns_server_new(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_uint_t n, ngx_addr_t *addr,
    ngx_dns_transport_t *transport);
static ngx_int_t ngx_stream_dns_server_parameter(ngx_conf_t *cf,
    ngx_dns_peer_t *peer, ngx_stream_dns_tls_server_t *tls, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_server_number(ngx_conf_t *cf,
    ngx_str_t *value, const char *name, ngx_int_t min, ngx_int_t max,
    uint32_t *n);
static ngx_int_t ngx_stream_dns_server_time(ngx_conf_t *cf,
    ngx_str_t *value, const char *name, ngx_msec_t *n);


char *
ngx_stream_dns_server(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_url_t             u;
    ngx_uint_t            k, first;
    ngx_dns_peer_t       *peer, params;
    ngx_dns_transport_t  *transport;

    ngx_stream_dns_tls_server_t  tls;

    /* first what needs no look-up of a name */

    if (ngx_stream_dns_server_parameters(cf, &params, &tls) != NGX_OK
        || ngx_stream_dns_server_address(cf, &u, &transport) != NGX_OK
        || ngx_stream_dns_server_tls(cf, &u, transport, &tls) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    /* a host name can have several addresses, each is a server */

    first = us->upstream.peers.nelts;

    for (k = 0; k < u.naddrs; k++) {

        if (ngx_stream_dns_server_new(cf, us, first, &u.addrs[k], transport)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (ngx_stream_dns_server_name(cf, &u.addrs[k], transport) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

        peer = ngx_stream_dns_server_add(cf, us, &u.addrs[k], transport,
                                         &tls);
        if (peer == NULL) {
            return NGX_CONF_ERROR;
        }

        peer->weight = params.weight;
        peer->max_fails = params.max_fails;
        peer->fail_timeout = params.fail_timeout;
        peer->slow_start = params.slow_start;
        peer->max_outstanding = params.max_outstanding;
        peer->backup = params.backup;
        peer->down = params.down;
    }

    return NGX_CONF_OK;
}


ngx_dns_transport_t *
ngx_stream_dns_server_scheme(ngx_url_t *u)
{
    u->default_port = NGX_DNS_PORT;

    if (ngx_strncmp(u->url.data, "tcp://", 6) == 0) {
        u->url.data += 6;
        u->url.len -= 6;

        return &ngx_dns_tcp_out;
    }

    if (ngx_strncmp(u->url.data, "tls://", 6) == 0) {
        u->url.data += 6;
        u->url.len -= 6;
        u->default_port = NGX_DNS_TLS_PORT;

#if (NGX_SSL)
        return &ngx_dns_tls_out;
#else
        return NULL;
#endif
    }

    return &ngx_dns_udp_out;
}


static ngx_int_t
ngx_stream_dns_server_address(ngx_conf_t *cf, ngx_url_t *u,
    ngx_dns_transport_t **transport)
{
    ngx_str_t   *value, scope;
    ngx_uint_t   k;
    const char  *why;

    value = cf->args->elts;

    ngx_memzero(u, sizeof(ngx_url_t));

    u->url = value[1];

    *transport = ngx_stream_dns_server_scheme(u);

    if (*transport == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"tls://\" in \"%V\" is not "
                           "possible: the nginx that this module was built "
                           "for has no SSL", &value[1]);
        return NGX_ERROR;
    }

    why = ngx_stream_dns_scope_cut(cf, &u->url, &scope);

    if (why == NULL) {
        why = ngx_stream_dns_text_address(&u->url);
    }

    if (why || ngx_parse_url(cf->pool, u) != NGX_OK || u->naddrs == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid address \"%V\", it must be an "
                           "IP address or a host name, with or without a "
                           "port, or \"unix:\" and a path: %s",
                           &value[1],
                           why ? why : u->err ? u->err : "no address");
        return NGX_ERROR;
    }

    why = ngx_stream_dns_scope_set(cf, u, &scope);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid address \"%V\": %s",
                           &value[1], why);
        return NGX_ERROR;
    }

    for (k = 0; k < u->naddrs; k++) {
        why = ngx_stream_dns_text_sockaddr(u->addrs[k].sockaddr);

        if (why) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"server\": no server can be at \"%V\" of "
                               "\"%V\": %s",
                               &u->addrs[k].name, &value[1], why);
            return NGX_ERROR;
        }
    }

    if (u->addrs[0].sockaddr->sa_family != AF_UNIX) {
        return NGX_OK;
    }

    if (*transport != &ngx_dns_udp_out) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"%V://\" in \"%V\" must be left "
                           "out, a \"unix:\" socket is a plain stream",
                           &(*transport)->name, &value[1]);
        return NGX_ERROR;
    }

    *transport = &ngx_dns_tcp_out;

    return NGX_OK;
}


/* what has no meaning without TLS; the name by which a host is known */

static ngx_int_t
ngx_stream_dns_server_tls(ngx_conf_t *cf, ngx_url_t *u,
    ngx_dns_transport_t *transport, ngx_stream_dns_tls_server_t *tls)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (u->default_port != NGX_DNS_TLS_PORT) {

        if (tls->name.len || tls->pins) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"server\": \"%s\" is for a \"tls://\" "
                               "address, which \"%V\" is not",
                               tls->name.len ? "name=" : "pin=", &value[1]);
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (u->host.len && u->host.data[0] != '['
        && ngx_inet_addr(u->host.data, u->host.len) == INADDR_NONE)
    {
        /* in OpenSSL names end with a zero */

        tls->host.len = u->host.len;
        tls->host.data = ngx_pcalloc(cf->pool, u->host.len + 1);
        if (tls->host.data == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(tls->host.data, u->host.data, u->host.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_parameters(ngx_conf_t *cf, ngx_dns_peer_t *params,
    ngx_stream_dns_tls_server_t *tls)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    ngx_memzero(tls, sizeof(ngx_stream_dns_tls_server_t));
    ngx_memzero(params, sizeof(ngx_dns_peer_t));

    params->weight = 1;
    params->max_fails = 3;
    params->fail_timeout = 10000;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_stream_dns_server_parameter(cf, params, tls, &value[i])
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* no server of another line has the address */

static ngx_int_t
ngx_stream_dns_server_new(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_uint_t n, ngx_addr_t *addr, ngx_dns_transport_t *transport)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = us->upstream.peers.elts;

    for (i = 0; i < n; i++) {
        if (peer[i].transport == transport
            && ngx_cmp_sockaddr(peer[i].sockaddr, peer[i].socklen,
                                addr->sockaddr, addr->socklen, 1)
               == NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"server\": duplicate address \"%V\" in "
                               "dns_upstream \"%V\"",
                               &addr->name, &us->upstream.name);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* as the line says it, in logs, metrics and the key of its state */

ngx_int_t
ngx_stream_dns_server_name(ngx_conf_t *cf, ngx_addr_t *addr,
    ngx_dns_transport_t *transport)
{
    u_char     *p;
    ngx_str_t   name;

    if (transport == &ngx_dns_udp_out || addr->sockaddr->sa_family == AF_UNIX)
    {
        return NGX_OK;
    }

    name = addr->name;

    p = ngx_pnalloc(cf->pool, transport->name.len + sizeof("://") - 1
                              + name.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    addr->name.data = p;
    addr->name.len = ngx_sprintf(p, "%V://%V", &transport->name, &name) - p;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_parameter(ngx_conf_t *cf, ngx_dns_peer_t *peer,
    ngx_stream_dns_tls_server_t *tls, ngx_str_t *value)
{
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
        return ngx_stream_dns_server_time(cf, value, "fail_timeout",
                                          &peer->fail_timeout);
    }

    if (ngx_strncmp(value->data, "slow_start=", 11) == 0) {
        return ngx_stream_dns_server_time(cf, value, "slow_start",
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
        return ngx_stream_dns_tls_name(cf, value, tls);
    }

    if (ngx_strncmp(value->data, "pin=", 4) == 0) {
        return ngx_stream_dns_tls_pin(cf, value, tls);
    }

    if (ngx_strcmp(value->data, "resolve") == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": parameter \"%V\" is not supported "
                           "yet", value);
        return NGX_ERROR;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"server\": unknown parameter \"%V\", it must be "
                       "\"weight=\", \"max_fails=\", \"fail_timeout=\", "
                       "\"max_outstanding=\", \"slow_start=\", \"name=\", "
                       "\"pin=\", \"backup\" or \"down\"", value);

    return NGX_ERROR;
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
    const char *name, ngx_msec_t *n)
{
    size_t     len;
    ngx_int_t  t;
    ngx_str_t  s;

    len = ngx_strlen(name) + 1;

    s.data = value->data + len;
    s.len = value->len - len;

    t = ngx_parse_time(&s, 0);

    if (t == NGX_ERROR || t < 1 || t > 86400000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", \"%s\" must "
                           "be a time from 1ms to 1d", value, name);
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

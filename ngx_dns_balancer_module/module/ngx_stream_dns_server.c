
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_text.h"
#include "../transport/ngx_dns_tcp_out.h"
#include "../transport/ngx_dns_udp_out.h"
#include "../peers/ngx_dns_address.h"


static ngx_int_t ngx_stream_dns_server_resolve(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_url_t *u,
    ngx_stream_dns_server_line_t *line);
static ngx_int_t ngx_stream_dns_server_address(ngx_conf_t *cf,
    ngx_url_t *u, ngx_stream_dns_server_line_t *line);
static ngx_int_t ngx_stream_dns_server_known(ngx_conf_t *cf, ngx_url_t *u,
    ngx_stream_dns_server_line_t *line, ngx_str_t *scope);
static ngx_int_t ngx_stream_dns_server_tls(ngx_conf_t *cf, ngx_url_t *u,
    ngx_dns_transport_t *transport, ngx_stream_dns_tls_server_t *tls);
static ngx_int_t ngx_stream_dns_server_new(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_uint_t n, ngx_addr_t *addr,
    ngx_dns_transport_t *transport);


char *
ngx_stream_dns_server(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_url_t                     u;
    ngx_str_t                    *value;
    ngx_uint_t                    k, first;
    ngx_dns_peer_t               *peer;
    ngx_stream_dns_server_line_t  line;

    /* first what needs no look-up of a name */

    if (ngx_stream_dns_server_parameters(cf, &line) != NGX_OK
        || ngx_stream_dns_server_address(cf, &u, &line) != NGX_OK
        || ngx_stream_dns_server_tls(cf, &u, line.transport, &line.tls)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (u.naddrs == 0) {
        return ngx_stream_dns_server_resolve(cf, us, &u, &line) == NGX_OK
               ? NGX_CONF_OK : NGX_CONF_ERROR;
    }

    if (line.resolve) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"resolve\" of \"%V\" needs a host "
                           "name instead of an address", &value[1]);
        return NGX_CONF_ERROR;
    }

    /* a host name can have several addresses, each is a server */

    first = us->upstream.peers.nelts;

    for (k = 0; k < u.naddrs; k++) {

        if (ngx_stream_dns_server_new(cf, us, first, &u.addrs[k],
                                      line.transport)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (ngx_stream_dns_server_name(cf, &u.addrs[k], line.transport)
            != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        peer = ngx_stream_dns_server_add(cf, us, &u.addrs[k], line.transport,
                                         &line.tls);
        if (peer == NULL) {
            return NGX_CONF_ERROR;
        }

        peer->weight = line.peer.weight;
        peer->max_fails = line.peer.max_fails;
        peer->fail_timeout = line.peer.fail_timeout;
        peer->slow_start = line.peer.slow_start;
        peer->max_outstanding = line.peer.max_outstanding;
        peer->backup = line.peer.backup;
        peer->down = line.peer.down;
    }

    return NGX_CONF_OK;
}


/* its addresses are found while nginx runs */

static ngx_int_t
ngx_stream_dns_server_resolve(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_url_t *u, ngx_stream_dns_server_line_t *line)
{
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    const char                *why;
    ngx_stream_dns_source_t   *src, **other;

    value = cf->args->elts;

    why = ngx_stream_dns_text_host(&u->host);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid name \"%V\", with \"resolve\" "
                           "it must be a host name: %s", &value[1], why);
        return NGX_ERROR;
    }

    if (line->service.len && !u->no_port) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"%V\" must have no port with "
                           "\"service=\", which has the ports", &value[1]);
        return NGX_ERROR;
    }

    other = us->sources ? us->sources->elts : NULL;

    for (i = 0; us->sources && i < us->sources->nelts; i++) {
        if (other[i]->transport == line->transport
            && other[i]->port == u->port
            && other[i]->host.len == u->host.len
            && ngx_strncasecmp(other[i]->host.data, u->host.data, u->host.len)
               == 0
            && other[i]->service.len == line->service.len
            && ngx_memcmp(other[i]->service.data, line->service.data,
                          line->service.len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"server\": duplicate \"%V\" in "
                               "dns_upstream \"%V\"",
                               &value[1], &us->upstream.name);
            return NGX_ERROR;
        }
    }

    src = ngx_stream_dns_seats_add(cf, us, line, &value[1]);
    if (src == NULL) {
        return NGX_ERROR;
    }

    src->host = u->host;
    src->port = u->port;

    return NGX_OK;
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
    ngx_stream_dns_server_line_t *line)
{
    ngx_str_t   *value, scope;
    const char  *why;

    value = cf->args->elts;

    ngx_memzero(u, sizeof(ngx_url_t));

    u->url = value[1];
    u->no_resolve = line->resolve;
    line->transport = ngx_stream_dns_server_scheme(u);

    if (line->transport == NULL) {
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

    if (why || ngx_parse_url(cf->pool, u) != NGX_OK
        || (u->naddrs == 0 && !line->resolve))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid address \"%V\", it must be an "
                           "IP address or a host name, with or without a "
                           "port, or \"unix:\" and a path: %s",
                           &value[1],
                           why ? why : u->err ? u->err : "no address");
        return NGX_ERROR;
    }

    return u->naddrs ? ngx_stream_dns_server_known(cf, u, line, &scope)
                     : NGX_OK;
}


static ngx_int_t
ngx_stream_dns_server_known(ngx_conf_t *cf, ngx_url_t *u,
    ngx_stream_dns_server_line_t *line, ngx_str_t *scope)
{
    ngx_str_t    *value;
    ngx_uint_t    k;
    const char   *why;

    value = cf->args->elts;

    if (line->service.len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"service=\" is for a host name, "
                           "\"%V\" is an address", &value[1]);
        return NGX_ERROR;
    }

    why = ngx_stream_dns_scope_set(cf, u, scope);

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

    if (line->transport != &ngx_dns_udp_out) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": \"%V://\" in \"%V\" must be left "
                           "out, a \"unix:\" socket is a plain stream",
                           &line->transport->name, &value[1]);
        return NGX_ERROR;
    }

    line->transport = &ngx_dns_tcp_out;

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
            && ngx_dns_address_same(peer[i].sockaddr, peer[i].socklen,
                                    addr->sockaddr, addr->socklen))
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

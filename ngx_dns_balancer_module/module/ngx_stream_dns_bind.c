
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_text.h"


char *
ngx_stream_dns_bind(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t   *value;
    const char  *why;

    value = cf->args->elts;

    if (us->bound) {
        return "is duplicate";
    }

    us->bound = 1;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        return NGX_CONF_OK;
    }

    us->bind = ngx_palloc(cf->pool, sizeof(ngx_addr_t));
    if (us->bind == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_parse_addr(cf->pool, us->bind, value[1].data, value[1].len)
        == NGX_OK)
    {
        us->bind->name = value[1];
        why = ngx_stream_dns_text_sockaddr(us->bind->sockaddr);

    } else {
        why = "it is none";
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"bind\": invalid value \"%V\", it must be an IP "
                           "address of this machine, without a port, or "
                           "\"off\": %s", &value[1], why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


ngx_int_t
ngx_stream_dns_bind_init(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    int              family;
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    if (us->bind == NULL) {
        return NGX_OK;
    }

    peer = us->upstream.peers.elts;

    for (i = 0; i < us->upstream.peers.nelts; i++) {
        family = peer[i].sockaddr->sa_family;

        if (peer[i].seats) {
            peer[i].seats->local = us->bind;
            continue;
        }

        if (family == AF_UNIX) {
            continue;
        }

        if (family != us->bind->sockaddr->sa_family) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"bind\": from \"%V\" nothing can be sent to "
                               "server %V of dns_upstream \"%V\"",
                               &us->bind->name, &peer[i].name,
                               &us->upstream.name);
            return NGX_ERROR;
        }

        peer[i].local = us->bind;
    }

    return NGX_OK;
}

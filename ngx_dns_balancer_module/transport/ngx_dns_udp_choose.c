
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_source.h"
#include "ngx_dns_udp_table.h"
#include "../base/ngx_dns_random.h"


ngx_int_t
ngx_dns_udp_choose(ngx_dns_udp_endpoint_t *ep, ngx_dns_udp_socket_t **sp)
{
    ngx_int_t              rc;
    ngx_uint_t             i, n;
    ngx_dns_udp_socket_t  *s;

    if (ep->since
        && ngx_current_msec - ep->since >= NGX_DNS_UDP_SILENT
        && ngx_current_msec - ep->looked >= NGX_DNS_UDP_LOOKS)
    {
        ngx_dns_udp_look(ep);
    }

    n = ngx_dns_random_below((uint32_t) ep->n);
    s = ep->sockets[n];

    if (s && !s->blocked && s->uses < NGX_DNS_UDP_USES
        && ngx_current_msec - s->opened < NGX_DNS_UDP_AGE)
    {
        *sp = s;
        return NGX_OK;
    }

    rc = NGX_BUSY;

    if (s == NULL || !s->blocked) {
        rc = ngx_dns_udp_socket_open(ep, &s);

        if (rc == NGX_OK) {
            if (ep->sockets[n]) {
                ngx_dns_udp_retire(ep->sockets[n]);
            }

            ep->sockets[n] = s;
            *sp = s;

            return NGX_OK;
        }
    }

    /* no descriptor or connection to be had: any socket will do */

    for (i = 0; i < ep->n; i++) {
        s = ep->sockets[(n + i) % ep->n];

        if (s) {
            *sp = s;
            return NGX_OK;
        }
    }

    return rc;
}


void
ngx_dns_udp_look(ngx_dns_udp_endpoint_t *ep)
{
    ngx_uint_t             i;
    ngx_dns_source_t       source;
    ngx_dns_udp_socket_t  *s;

    ep->looked = ngx_current_msec;

    if (ngx_dns_source_get(ep->peer, &source) != NGX_OK) {
        return;
    }

    for (i = 0; i < NGX_DNS_UDP_SOCKETS; i++) {
        s = ep->sockets[i];

        if (s && ngx_dns_source_moved(s->connection->fd, &source)) {
            ngx_dns_udp_retire(s);
        }
    }
}


void
ngx_dns_udp_retire(ngx_dns_udp_socket_t *s)
{
    ngx_uint_t  i;

    s->retired = 1;

    for (i = 0; i < NGX_DNS_UDP_SOCKETS; i++) {
        if (s->endpoint->sockets[i] == s) {
            s->endpoint->sockets[i] = NULL;
        }
    }

    if (s->endpoint->current == s) {
        s->endpoint->current = NULL;
    }

    ngx_dns_udp_touch(s);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_source.h"
#include "ngx_dns_udp_table.h"
#include "../base/ngx_dns_random.h"
#include "../peers/ngx_dns_peer_usual.h"


static ngx_uint_t ngx_dns_udp_deaf(ngx_dns_udp_endpoint_t *ep,
    ngx_uint_t n);
static ngx_uint_t ngx_dns_udp_alone(ngx_dns_udp_endpoint_t *ep, ngx_uint_t n);


ngx_int_t
ngx_dns_udp_choose(ngx_dns_udp_endpoint_t *ep, ngx_dns_udp_socket_t **sp)
{
    ngx_int_t              rc;
    ngx_uint_t             i, n;
    ngx_msec_t             silence;
    ngx_dns_udp_socket_t  *s;

    silence = ep->since ? ngx_current_msec - ep->since : 0;

    if (silence >= NGX_DNS_UDP_SILENT
        && ngx_current_msec - ep->looked >= NGX_DNS_UDP_LOOKS
        && ngx_dns_peer_overdue(ep->peer, silence))
    {
        ngx_dns_udp_look(ep);
    }

    /* while no socket hears anything it is the one that was opened last */

    n = ep->since && ep->silent ? ep->fresh
                                : ngx_dns_random_below((uint32_t) ep->n);
    s = ep->sockets[n];

    if (s && !s->blocked && s->uses < NGX_DNS_UDP_USES
        && ngx_current_msec - s->opened < NGX_DNS_UDP_AGE
        && !ngx_dns_udp_deaf(ep, n))
    {
        *sp = s;
        return NGX_OK;
    }

    rc = NGX_BUSY;

    if (s == NULL || !s->blocked) {
        rc = ngx_dns_udp_socket_open(ep, ngx_dns_udp_alone(ep, n), &s);

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


/*
 * What is between us and the server may know the port of a socket, and send
 * what comes from it to where nobody is any more: a translation of addresses
 * that was made for a server which has gone, or for an address that we no
 * longer have, and that lasts as long as packets come.  Another port may do.
 */

static ngx_uint_t
ngx_dns_udp_deaf(ngx_dns_udp_endpoint_t *ep, ngx_uint_t n)
{
    ngx_msec_t             silence;
    ngx_dns_udp_socket_t  *s;

    s = ep->sockets[n];

    /* what was asked later, by other sockets, has been answered */

    if (s->since && ep->answered > s->since + NGX_DNS_UDP_DEAF * 1000) {
        return 1;
    }

    if (ep->since == 0) {
        return 0;
    }

    /* no socket hears anything: one is replaced, each time after longer */

    silence = ngx_current_msec - ep->since;

    if (silence - ep->silent < NGX_DNS_UDP_DEAF
        || silence - ep->silent < ngx_min(ep->silent, NGX_DNS_UDP_DEAF_MAX)
        || !ngx_dns_peer_overdue(ep->peer, silence))
    {
        return 0;
    }

    ep->silent = silence;
    ep->fresh = n;

    return 1;
}


/* is there no socket but in that place? */

static ngx_uint_t
ngx_dns_udp_alone(ngx_dns_udp_endpoint_t *ep, ngx_uint_t n)
{
    ngx_uint_t  i;

    for (i = 0; i < ep->n; i++) {
        if (ep->sockets[i] && i != n) {
            return 0;
        }
    }

    return 1;
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

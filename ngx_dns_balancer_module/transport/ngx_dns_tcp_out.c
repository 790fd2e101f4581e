
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tcp_socket.h"
#include "../base/ngx_dns_clock.h"


#define NGX_DNS_TCP_SILENT  3             /* queries given up in a row */


static ngx_int_t ngx_dns_tcp_send(ngx_dns_attempt_t *a, const u_char *query,
    size_t len);
static void ngx_dns_tcp_cancel(ngx_dns_attempt_t *a);
static ngx_dns_tcp_endpoint_t *ngx_dns_tcp_endpoint(ngx_dns_peer_t *peer);


ngx_dns_transport_t  ngx_dns_tcp_out = {
    ngx_string("tcp"),
    ngx_dns_tcp_send,
    ngx_dns_tcp_cancel
};


/* of this worker */

static ngx_pool_t  *ngx_dns_tcp_pool;

ngx_queue_t  ngx_dns_tcp_all;


void
ngx_dns_tcp_out_init(ngx_cycle_t *cycle)
{
    ngx_queue_init(&ngx_dns_tcp_all);

    ngx_dns_tcp_pool = cycle->pool;
}


void
ngx_dns_tcp_out_done(void)
{
    ngx_queue_t  *q;

    if (ngx_dns_tcp_pool == NULL) {
        return;
    }

    while (!ngx_queue_empty(&ngx_dns_tcp_all)) {
        q = ngx_queue_head(&ngx_dns_tcp_all);
        ngx_dns_tcp_socket_close(ngx_queue_data(q, ngx_dns_tcp_t, queue));
    }
}


static ngx_int_t
ngx_dns_tcp_send(ngx_dns_attempt_t *a, const u_char *query, size_t len)
{
    ngx_dns_tcp_t           *t;
    ngx_dns_tcp_endpoint_t  *ep;

    ep = a->peer->stream;

    if (ep == NULL) {
        ep = ngx_dns_tcp_endpoint(a->peer);
        if (ep == NULL) {
            return NGX_ERROR;
        }
    }

    t = ngx_dns_tcp_choose(ep, 0);
    if (t == NULL) {
        return NGX_ERROR;
    }

    a->query = query;
    a->query_len = len;
    a->again = 0;
    a->sent = ngx_dns_usec;

    return ngx_dns_tcp_socket_insert(t, a);
}


static void
ngx_dns_tcp_cancel(ngx_dns_attempt_t *a)
{
    ngx_dns_tcp_t  *t;

    t = a->channel;

    if (t == NULL) {
        return;
    }

    if (a->channel == &ngx_dns_tcp_socket_failed) {
        ngx_queue_remove(&a->queue);
        a->channel = NULL;
        return;
    }

    /* a connection that has died without a word gets no new queries */

    if (++t->given_up >= NGX_DNS_TCP_SILENT) {
        ngx_dns_tcp_socket_detach(t);
    }

    ngx_dns_tcp_socket_remove(a);
}


static ngx_dns_tcp_endpoint_t *
ngx_dns_tcp_endpoint(ngx_dns_peer_t *peer)
{
    ngx_dns_tcp_endpoint_t  *ep;

    ep = ngx_pcalloc(ngx_dns_tcp_pool, sizeof(ngx_dns_tcp_endpoint_t));
    if (ep == NULL) {
        return NULL;
    }

    ep->peer = peer;
    peer->stream = ep;

    return ep;
}


ngx_dns_tcp_t *
ngx_dns_tcp_choose(ngx_dns_tcp_endpoint_t *ep, ngx_uint_t fresh)
{
    ngx_uint_t      i, place;
    ngx_dns_tcp_t  *t, *best;

    best = NULL;
    place = NGX_DNS_TCP_CONNECTIONS;

    for (i = 0; i < NGX_DNS_TCP_CONNECTIONS; i++) {
        t = ep->connections[i];

        if (t == NULL) {
            place = ngx_min(place, i);

        } else if ((best == NULL || t->n < best->n)
                   && (!fresh || t->answers == 0))
        {
            best = t;
        }
    }

    if (best && best->n < NGX_DNS_TCP_PIPELINE) {
        return best;
    }

    if (place < NGX_DNS_TCP_CONNECTIONS) {
        t = ngx_dns_tcp_socket_open(ep);

        if (t) {
            ep->connections[place] = t;
            return t;
        }
    }

    return (best && best->n < NGX_DNS_TCP_QUERIES) ? best : NULL;
}

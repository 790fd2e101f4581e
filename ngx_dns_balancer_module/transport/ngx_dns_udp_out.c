
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reserve.h"
#include "ngx_dns_tcp_out.h"
#include "ngx_dns_udp_table.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_wire.h"


typedef struct {
    ngx_uint_t            sockets;          /* for one server */
    ngx_array_t           endpoints;        /* of ngx_dns_udp_endpoint_t * */
} ngx_dns_udp_t;


static ngx_int_t ngx_dns_udp_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_uint_t servers);
static void ngx_dns_udp_done(void);
static ngx_int_t ngx_dns_udp_send(ngx_dns_attempt_t *a, const u_char *query,
    size_t len);
static void ngx_dns_udp_cancel(ngx_dns_attempt_t *a);
static void ngx_dns_udp_leave(ngx_dns_peer_t *peer);
static ngx_dns_udp_endpoint_t *ngx_dns_udp_endpoint(ngx_dns_peer_t *peer);
static ngx_dns_udp_slot_t *ngx_dns_udp_slot(void);
static void ngx_dns_udp_write(ngx_dns_udp_socket_t *s);
static void ngx_dns_udp_move(ngx_dns_udp_socket_t *s);
static void ngx_dns_udp_flush(ngx_uint_t reap);
static void ngx_dns_udp_tell(ngx_dns_udp_soft_t *soft);
static void ngx_dns_udp_report(ngx_queue_t *queue, ngx_dns_event_e event);
static void ngx_dns_udp_posted_handler(ngx_event_t *ev);


ngx_dns_transport_t  ngx_dns_udp_out = {
    ngx_string("udp"),
    ngx_dns_udp_init,
    ngx_dns_udp_done,
    ngx_dns_udp_send,
    ngx_dns_udp_cancel,
    ngx_dns_udp_leave,
    &ngx_dns_tcp_out,
    NULL,
    NULL
};


/* of this worker */

static ngx_dns_udp_t  ngx_dns_udp;


static ngx_int_t
ngx_dns_udp_init(ngx_cycle_t *cycle, ngx_uint_t attempts, ngx_uint_t servers)
{
    ngx_uint_t  i;

    if (ngx_dns_udp_table_init(cycle, attempts, ngx_dns_udp_posted_handler)
        != NGX_OK
        || ngx_array_init(&ngx_dns_udp.endpoints, cycle->pool, 8,
                          sizeof(ngx_dns_udp_endpoint_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* the rest is for connections over TCP */

    i = ngx_dns_reserve_limit() * 3 / 4 / ngx_max(servers, 1);

    ngx_dns_udp.sockets = ngx_max(1, ngx_min(i, NGX_DNS_UDP_SOCKETS));

    return NGX_OK;
}


static void
ngx_dns_udp_done(void)
{
    ngx_uint_t                i, k;
    ngx_queue_t              *q;
    ngx_dns_udp_socket_t     *s;
    ngx_dns_udp_endpoint_t  **ep;

    if (ngx_dns_udp_table.buckets == NULL) {
        return;
    }

    ep = ngx_dns_udp.endpoints.elts;

    for (i = 0; i < ngx_dns_udp.endpoints.nelts; i++) {
        for (k = 0; k < NGX_DNS_UDP_SOCKETS; k++) {
            if (ep[i]->sockets[k]) {
                ngx_dns_udp_socket_close(ep[i]->sockets[k]);
                ep[i]->sockets[k] = NULL;
            }
        }
    }

    while (!ngx_queue_empty(&ngx_dns_udp_table.dirty)) {
        q = ngx_queue_head(&ngx_dns_udp_table.dirty);
        ngx_queue_remove(q);

        s = ngx_queue_data(q, ngx_dns_udp_socket_t, dirty);
        s->queued = 0;

        if (s->connection) {
            ngx_dns_udp_socket_close(s);
        }
    }

    if (ngx_dns_udp_table.posted.posted) {
        ngx_delete_posted_event(&ngx_dns_udp_table.posted);
    }
}


static ngx_int_t
ngx_dns_udp_send(ngx_dns_attempt_t *a, const u_char *query, size_t len)
{
    ngx_int_t                rc;
    ngx_dns_udp_slot_t      *slot;
    ngx_dns_udp_socket_t    *s;
    ngx_dns_udp_endpoint_t  *ep;

    ep = a->peer->channels[NGX_DNS_TRANSPORT_UDP];

    if (ep == NULL) {
        ep = ngx_dns_udp_endpoint(a->peer);
        if (ep == NULL) {
            return NGX_BUSY;
        }
    }

    /* before the socket: to have one others may be sent, or fail to be */

    slot = ngx_dns_udp_slot();
    if (slot == NULL) {
        return NGX_BUSY;
    }

    rc = ep->current ? NGX_OK : ngx_dns_udp_choose(ep, &ep->current);

    if (rc == NGX_OK && ngx_dns_udp_insert(ep->current, a) != NGX_OK) {
        rc = NGX_BUSY;
    }

    if (rc != NGX_OK) {
        ngx_dns_udp_slot_free(slot);
        return rc;
    }

    s = ep->current;

    (void) ngx_dns_copy(slot->data, query, len);
    ngx_dns_put16(slot->data, a->id);

    if (len == NGX_DNS_HEADER_SIZE + a->question_len) {
        ngx_dns_put16(slot->data + NGX_DNS_OFF_ARCOUNT, 0);
    }

    a->sent = ngx_dns_usec;
    a->guesses = 0;

    if (ngx_dns_transport_tap) {
        ngx_dns_transport_tap(a, s->connection, 0, slot->data, len);
    }

    if (s->pending && s->first->len != len) {
        s->mixed = 1;
    }

    slot->len = len;
    slot->next = NULL;
    *s->last = slot;
    s->last = &slot->next;
    s->pending++;
    s->uses++;

    if (s->since == 0) {
        s->since = ngx_dns_usec;
    }

    if (ep->since == 0) {
        ep->since = ngx_max(ngx_current_msec, 1);
        ep->silent = 0;
    }

    if (!s->queued) {
        ngx_dns_udp_touch(s);
    }

    if (s->pending >= NGX_DNS_UDP_BATCH && !s->blocked) {
        ngx_dns_udp_write(s);
        ep->current = NULL;
    }

    return NGX_OK;
}


static void
ngx_dns_udp_cancel(ngx_dns_attempt_t *a)
{
    if (a->channel == NULL) {
        return;
    }

    if (a->channel == &ngx_dns_udp_table) {
        ngx_queue_remove(&a->queue);
        a->channel = NULL;
        return;
    }

    ngx_dns_udp_remove(a);
}


/* the sockets are closed when their last query has ended */

static void
ngx_dns_udp_leave(ngx_dns_peer_t *peer)
{
    ngx_uint_t               i;
    ngx_dns_udp_endpoint_t  *ep;

    ep = peer->channels[NGX_DNS_TRANSPORT_UDP];

    if (ep == NULL) {
        return;
    }

    for (i = 0; i < NGX_DNS_UDP_SOCKETS; i++) {
        if (ep->sockets[i]) {
            ngx_dns_udp_retire(ep->sockets[i]);
        }
    }

    ep->since = 0;
}


static ngx_dns_udp_endpoint_t *
ngx_dns_udp_endpoint(ngx_dns_peer_t *peer)
{
    ngx_dns_udp_endpoint_t  *ep, **p;

    ep = ngx_pcalloc(ngx_dns_udp.endpoints.pool,
                     sizeof(ngx_dns_udp_endpoint_t));
    if (ep == NULL) {
        return NULL;
    }

    p = ngx_array_push(&ngx_dns_udp.endpoints);
    if (p == NULL) {
        return NULL;
    }

    *p = ep;

    ep->peer = peer;
    ep->n = ngx_dns_udp.sockets;
    peer->channels[NGX_DNS_TRANSPORT_UDP] = ep;

    return ep;
}


static ngx_dns_udp_slot_t *
ngx_dns_udp_slot(void)
{
    ngx_dns_udp_slot_t  *slot;

    if (ngx_dns_udp_table.free == NULL) {
        ngx_dns_udp_flush(0);
    }

    slot = ngx_dns_udp_table.free;

    if (slot) {
        ngx_dns_udp_table.free = slot->next;
    }

    return slot;
}


static void
ngx_dns_udp_write(ngx_dns_udp_socket_t *s)
{
    if (ngx_dns_udp_socket_flush(s) != NGX_OK) {
        ngx_dns_udp_move(s);
    }
}


/* what is pending on a socket that has failed goes to another one, once */

static void
ngx_dns_udp_move(ngx_dns_udp_socket_t *s)
{
    ngx_int_t              rc;
    ngx_dns_attempt_t     *a;
    ngx_dns_udp_slot_t    *slot;
    ngx_dns_udp_socket_t  *fresh;

    fresh = NULL;
    ngx_dns_udp_retire(s);
    ngx_dns_udp_look(s->endpoint);

    rc = s->moved ? NGX_ERROR : ngx_dns_udp_choose(s->endpoint, &fresh);

    if (rc == NGX_OK) {
        fresh->moved = 1;
    }

    while (s->first) {
        slot = s->first;
        s->first = slot->next;
        slot->next = NULL;

        a = ngx_dns_udp_find(s, ngx_dns_get16(slot->data));

        if (a && rc == NGX_OK) {
            ngx_dns_udp_remove(a);

            if (ngx_dns_udp_insert(fresh, a) == NGX_OK) {
                ngx_dns_put16(slot->data, a->id);

                fresh->mixed = 1;

                *fresh->last = slot;
                fresh->last = &slot->next;
                fresh->pending++;
                fresh->uses++;
                continue;
            }

            ngx_dns_udp_end(a, NGX_DNS_EVENT_LOCAL);

        } else if (a) {
            ngx_dns_udp_fail(a, rc == NGX_BUSY ? NGX_DNS_EVENT_LOCAL
                                               : NGX_DNS_EVENT_NETWORK);
        }

        ngx_dns_udp_slot_free(slot);
    }

    s->last = &s->first;
    s->pending = 0;

    if (fresh) {
        ngx_dns_udp_touch(fresh);
    }
}


/*
 * Sends what is pending.  Only with "reap" are sockets closed: this may be
 * called while one of them is being read from.
 */

static void
ngx_dns_udp_flush(ngx_uint_t reap)
{
    ngx_queue_t           *q, done;
    ngx_dns_udp_socket_t  *s;

    ngx_queue_init(&done);

    while (!ngx_queue_empty(&ngx_dns_udp_table.dirty)) {
        q = ngx_queue_head(&ngx_dns_udp_table.dirty);
        ngx_queue_remove(q);

        s = ngx_queue_data(q, ngx_dns_udp_socket_t, dirty);

        if (s->endpoint->current == s) {
            s->endpoint->current = NULL;
        }

        if (s->pending && !s->blocked) {
            ngx_dns_udp_write(s);
        }

        if (s->retired && s->pending == 0
            && ngx_queue_empty(&s->attempts))
        {
            if (reap) {
                s->queued = 0;
                ngx_dns_udp_socket_close(s);
                continue;
            }

            ngx_queue_insert_tail(&done, q);
            continue;
        }

        s->queued = 0;
    }

    /* they are still "queued", and wait for the posted event */

    if (!ngx_queue_empty(&done)) {
        ngx_queue_add(&ngx_dns_udp_table.dirty, &done);
    }
}


/*
 * An attempt that failed can make the query layer send another one, which is
 * to leave in this round, too; its tries are counted, so this ends.
 */

static void
ngx_dns_udp_posted_handler(ngx_event_t *ev)
{
    ngx_uint_t            i;
    ngx_dns_udp_table_t  *t;

    t = &ngx_dns_udp_table;

    do {
        /* before any socket of theirs is closed */

        for (i = 0; i < t->nsoft; i++) {
            ngx_dns_udp_tell(&t->soft[i]);
        }

        t->nsoft = 0;

        ngx_dns_udp_flush(1);

        ngx_dns_udp_report(&t->failed, NGX_DNS_EVENT_NETWORK);
        ngx_dns_udp_report(&t->unsent, NGX_DNS_EVENT_LOCAL);

    } while (t->nsoft || !ngx_queue_empty(&t->dirty)
             || !ngx_queue_empty(&t->failed) || !ngx_queue_empty(&t->unsent));

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }
}


static void
ngx_dns_udp_tell(ngx_dns_udp_soft_t *soft)
{
    ngx_dns_attempt_t  *a;

    a = ngx_dns_udp_find(soft->socket, soft->id);

    if (a) {
        a->handler(a, NGX_DNS_EVENT_SOFT, NULL, 0);
    }
}


static void
ngx_dns_udp_report(ngx_queue_t *queue, ngx_dns_event_e event)
{
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

    while (!ngx_queue_empty(queue)) {
        q = ngx_queue_head(queue);
        ngx_queue_remove(q);

        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);
        a->channel = NULL;

        a->handler(a, event, NULL, 0);
    }
}

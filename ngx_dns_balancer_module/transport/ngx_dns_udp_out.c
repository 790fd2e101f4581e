
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reserve.h"
#include "ngx_dns_tcp_out.h"
#include "ngx_dns_udp_socket.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_wire.h"


#define NGX_DNS_UDP_ID_TRIES  16


/* somebody said of this query that there is no way; it may be over by now */

typedef struct {
    ngx_dns_udp_socket_t  *socket;
    uint16_t               id;
} ngx_dns_udp_soft_t;


typedef struct {
    ngx_dns_attempt_t   **buckets;
    ngx_uint_t            shift;
    ngx_uint_t            sockets;          /* for one server */

    ngx_array_t           endpoints;        /* of ngx_dns_udp_endpoint_t * */

    ngx_dns_udp_slot_t   *free;
    ngx_queue_t           dirty;            /* sockets */
    ngx_queue_t           failed;           /* attempts: the server refuses */
    ngx_queue_t           unsent;           /* the same, for want of ours */

    ngx_dns_udp_soft_t    soft[NGX_DNS_UDP_BATCH];
    ngx_uint_t            nsoft;

    ngx_event_t           posted;
} ngx_dns_udp_t;


static ngx_int_t ngx_dns_udp_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_uint_t servers);
static void ngx_dns_udp_done(void);
static ngx_int_t ngx_dns_udp_send(ngx_dns_attempt_t *a, const u_char *query,
    size_t len);
static void ngx_dns_udp_cancel(ngx_dns_attempt_t *a);
static ngx_dns_udp_endpoint_t *ngx_dns_udp_endpoint(ngx_dns_peer_t *peer);
static ngx_dns_udp_slot_t *ngx_dns_udp_slot(void);
static ngx_int_t ngx_dns_udp_insert(ngx_dns_udp_socket_t *s,
    ngx_dns_attempt_t *a);
static void ngx_dns_udp_flush(ngx_uint_t reap);
static void ngx_dns_udp_tell(ngx_dns_udp_soft_t *soft);
static void ngx_dns_udp_report(ngx_queue_t *queue, ngx_dns_event_e event);
static void ngx_dns_udp_end(ngx_dns_attempt_t *a, ngx_dns_event_e event);
static void ngx_dns_udp_post(void);
static void ngx_dns_udp_posted_handler(ngx_event_t *ev);


ngx_dns_transport_t  ngx_dns_udp_out = {
    ngx_string("udp"),
    ngx_dns_udp_init,
    ngx_dns_udp_done,
    ngx_dns_udp_send,
    ngx_dns_udp_cancel,
    &ngx_dns_tcp_out,
    NULL
};


/* of this worker */

static ngx_dns_udp_t  ngx_dns_udp;

/* "channel" of an attempt that waits in the failed queue */

static u_char  ngx_dns_udp_failed;


static ngx_int_t
ngx_dns_udp_init(ngx_cycle_t *cycle, ngx_uint_t attempts, ngx_uint_t servers)
{
    ngx_uint_t           i, bits;
    ngx_dns_udp_slot_t  *slot;

    ngx_memzero(&ngx_dns_udp, sizeof(ngx_dns_udp_t));

    for (bits = 10; ((ngx_uint_t) 1 << bits) < attempts; bits++) {
        /* void */
    }

    ngx_dns_udp.shift = 64 - bits;

    ngx_dns_udp.buckets = ngx_pcalloc(cycle->pool, sizeof(void *) << bits);
    slot = ngx_palloc(cycle->pool,
                      NGX_DNS_UDP_SLOTS * sizeof(ngx_dns_udp_slot_t));

    if (ngx_dns_udp.buckets == NULL || slot == NULL
        || ngx_array_init(&ngx_dns_udp.endpoints, cycle->pool, 8,
                          sizeof(ngx_dns_udp_endpoint_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = NGX_DNS_UDP_SLOTS; i; i--) {
        ngx_dns_udp_slot_free(&slot[i - 1]);
    }

    /* the rest is for connections over TCP */

    i = ngx_dns_reserve_limit() * 3 / 4 / ngx_max(servers, 1);

    ngx_dns_udp.sockets = ngx_max(1, ngx_min(i, NGX_DNS_UDP_SOCKETS));

    ngx_queue_init(&ngx_dns_udp.dirty);
    ngx_queue_init(&ngx_dns_udp.failed);
    ngx_queue_init(&ngx_dns_udp.unsent);

    ngx_dns_udp.posted.handler = ngx_dns_udp_posted_handler;
    ngx_dns_udp.posted.log = cycle->log;

    return NGX_OK;
}


static void
ngx_dns_udp_done(void)
{
    ngx_uint_t                i, k;
    ngx_queue_t              *q;
    ngx_dns_udp_socket_t     *s;
    ngx_dns_udp_endpoint_t  **ep;

    if (ngx_dns_udp.buckets == NULL) {
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

    while (!ngx_queue_empty(&ngx_dns_udp.dirty)) {
        q = ngx_queue_head(&ngx_dns_udp.dirty);
        ngx_queue_remove(q);

        s = ngx_queue_data(q, ngx_dns_udp_socket_t, dirty);
        s->queued = 0;

        if (s->connection) {
            ngx_dns_udp_socket_close(s);
        }
    }

    if (ngx_dns_udp.posted.posted) {
        ngx_delete_posted_event(&ngx_dns_udp.posted);
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

    ngx_memcpy(slot->data, query, len);
    ngx_dns_put16(slot->data, a->id);

    if (len == NGX_DNS_HEADER_SIZE + a->question_len) {
        ngx_dns_put16(slot->data + NGX_DNS_OFF_ARCOUNT, 0);
    }

    slot->len = len;
    slot->next = NULL;
    *s->last = slot;
    s->last = &slot->next;
    s->pending++;
    s->uses++;

    a->sent = ngx_dns_usec;
    a->guesses = 0;

    if (ep->since == 0) {
        ep->since = ngx_max(ngx_current_msec, 1);
    }

    ngx_dns_udp_touch(s);

    if (s->pending >= NGX_DNS_UDP_BATCH && !s->blocked) {
        ngx_dns_udp_socket_flush(s);
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

    if (a->channel == &ngx_dns_udp_failed) {
        ngx_queue_remove(&a->queue);
        a->channel = NULL;
        return;
    }

    ngx_dns_udp_remove(a);
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

    if (ngx_dns_udp.free == NULL) {
        ngx_dns_udp_flush(0);
    }

    slot = ngx_dns_udp.free;

    if (slot) {
        ngx_dns_udp.free = slot->next;
    }

    return slot;
}


void
ngx_dns_udp_slot_free(ngx_dns_udp_slot_t *slot)
{
    slot->next = ngx_dns_udp.free;
    ngx_dns_udp.free = slot;
}


static ngx_inline ngx_dns_attempt_t **
ngx_dns_udp_bucket(ngx_dns_udp_socket_t *s, uint16_t id)
{
    uint64_t  n;

    n = ((uint64_t) s->number << 16 | id) * 0x9e3779b97f4a7c15ULL;

    return &ngx_dns_udp.buckets[n >> ngx_dns_udp.shift];
}


static ngx_inline ngx_dns_attempt_t *
ngx_dns_udp_lookup(ngx_dns_attempt_t *a, ngx_dns_udp_socket_t *s, uint16_t id)
{
    while (a && (a->id != id || a->channel != s)) {
        a = a->next;
    }

    return a;
}


ngx_dns_attempt_t *
ngx_dns_udp_find(ngx_dns_udp_socket_t *s, uint16_t id)
{
    return ngx_dns_udp_lookup(*ngx_dns_udp_bucket(s, id), s, id);
}


static ngx_int_t
ngx_dns_udp_insert(ngx_dns_udp_socket_t *s, ngx_dns_attempt_t *a)
{
    uint16_t             id;
    ngx_uint_t           n;
    ngx_dns_attempt_t  **bucket;

    for (n = 0; n < NGX_DNS_UDP_ID_TRIES; n++) {
        id = ngx_dns_random16();
        bucket = ngx_dns_udp_bucket(s, id);

        if (ngx_dns_udp_lookup(*bucket, s, id) == NULL) {
            a->id = id;
            a->channel = s;
            a->next = *bucket;
            *bucket = a;

            ngx_queue_insert_tail(&s->attempts, &a->queue);

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


void
ngx_dns_udp_remove(ngx_dns_attempt_t *a)
{
    ngx_dns_attempt_t     **p;
    ngx_dns_udp_socket_t   *s;

    s = a->channel;

    for (p = ngx_dns_udp_bucket(s, a->id); *p != a; p = &(*p)->next) {
        /* void */
    }

    *p = a->next;

    ngx_queue_remove(&a->queue);
    a->channel = NULL;

    if (s->retired && ngx_queue_empty(&s->attempts)) {
        ngx_dns_udp_touch(s);
    }
}


void
ngx_dns_udp_fail(ngx_dns_attempt_t *a, ngx_dns_event_e event)
{
    ngx_dns_udp_remove(a);
    ngx_dns_udp_end(a, event);
}


/* it is on no socket any more, and is told so in the posted event */

static void
ngx_dns_udp_end(ngx_dns_attempt_t *a, ngx_dns_event_e event)
{
    a->channel = &ngx_dns_udp_failed;
    ngx_queue_insert_tail(event == NGX_DNS_EVENT_LOCAL ? &ngx_dns_udp.unsent
                                                       : &ngx_dns_udp.failed,
                          &a->queue);
    ngx_dns_udp_post();
}


static void
ngx_dns_udp_post(void)
{
    if (!ngx_dns_udp.posted.posted) {
        ngx_post_event(&ngx_dns_udp.posted, &ngx_posted_events);
    }
}


/* told of in the posted event, since this may be called from inside send() */

void
ngx_dns_udp_soft(ngx_dns_attempt_t *a)
{
    ngx_dns_udp_soft_t  *soft;

    if (ngx_dns_udp.nsoft == NGX_DNS_UDP_BATCH) {
        return;
    }

    soft = &ngx_dns_udp.soft[ngx_dns_udp.nsoft++];

    soft->socket = a->channel;
    soft->id = a->id;

    ngx_dns_udp_post();
}


void
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


/* something is left to be done with the socket before the loop sleeps */

void
ngx_dns_udp_touch(ngx_dns_udp_socket_t *s)
{
    if (!s->queued) {
        s->queued = 1;
        ngx_queue_insert_tail(&ngx_dns_udp.dirty, &s->dirty);
    }

    ngx_dns_udp_post();
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

    while (!ngx_queue_empty(&ngx_dns_udp.dirty)) {
        q = ngx_queue_head(&ngx_dns_udp.dirty);
        ngx_queue_remove(q);

        s = ngx_queue_data(q, ngx_dns_udp_socket_t, dirty);

        if (s->endpoint->current == s) {
            s->endpoint->current = NULL;
        }

        if (s->pending && !s->blocked) {
            ngx_dns_udp_socket_flush(s);
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
        ngx_queue_add(&ngx_dns_udp.dirty, &done);
    }
}


/*
 * An attempt that failed can make the query layer send another one, which is
 * to leave in this round, too; its tries are counted, so this ends.
 */

static void
ngx_dns_udp_posted_handler(ngx_event_t *ev)
{
    ngx_uint_t  i;

    do {
        /* before any socket of theirs is closed */

        for (i = 0; i < ngx_dns_udp.nsoft; i++) {
            ngx_dns_udp_tell(&ngx_dns_udp.soft[i]);
        }

        ngx_dns_udp.nsoft = 0;

        ngx_dns_udp_flush(1);

        ngx_dns_udp_report(&ngx_dns_udp.failed, NGX_DNS_EVENT_NETWORK);
        ngx_dns_udp_report(&ngx_dns_udp.unsent, NGX_DNS_EVENT_LOCAL);

    } while (ngx_dns_udp.nsoft || !ngx_queue_empty(&ngx_dns_udp.dirty)
             || !ngx_queue_empty(&ngx_dns_udp.failed)
             || !ngx_queue_empty(&ngx_dns_udp.unsent));

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


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_tcp_socket.h"
#include "../base/ngx_dns_clock.h"
#include "../peers/ngx_dns_peer_usual.h"


#define NGX_DNS_TCP_AGAIN    8            /* connections for one query */
#define NGX_DNS_TCP_LEARNED  60000        /* milliseconds */
#define NGX_DNS_TCP_MUTE     500          /* milliseconds without a response,
                                             at least, before another one */
#define NGX_DNS_TCP_HUNG     3            /* times that is doubled, for one that
                                             is not established */
#define NGX_DNS_TCP_KEPT     8            /* connections that were not closed,
                                             before more is tried */


static ngx_int_t ngx_dns_tcp_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_uint_t servers);
static void ngx_dns_tcp_done(void);
static ngx_dns_tcp_endpoint_t *ngx_dns_tcp_endpoint(ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_tcp_choose(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t **tp);
static ngx_dns_tcp_t *ngx_dns_tcp_replace(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t *hung);
static ngx_uint_t ngx_dns_tcp_worn(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t *t);
static ngx_uint_t ngx_dns_tcp_usable(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t *t);
static void ngx_dns_tcp_wait(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_attempt_t *a);
static ngx_dns_attempt_t *ngx_dns_tcp_next(ngx_dns_tcp_endpoint_t *ep);
static void ngx_dns_tcp_pump(ngx_dns_tcp_endpoint_t *ep);
static void ngx_dns_tcp_lost(ngx_dns_tcp_endpoint_t *ep, ngx_queue_t *attempts,
    const ngx_dns_tcp_end_t *end);
static void ngx_dns_tcp_learn(ngx_dns_tcp_endpoint_t *ep,
    const ngx_dns_tcp_end_t *end);
static void ngx_dns_tcp_unlearn(ngx_dns_tcp_endpoint_t *ep);
static void ngx_dns_tcp_room(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *t);
static void ngx_dns_tcp_fail(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_event_e event);
static ngx_uint_t ngx_dns_tcp_silent(ngx_dns_tcp_endpoint_t *ep,
    ngx_dns_tcp_t *t);
static ngx_uint_t ngx_dns_tcp_idle(ngx_dns_tcp_endpoint_t *ep);


ngx_dns_transport_t  ngx_dns_tcp_out = {
    ngx_string("tcp"),
    ngx_dns_tcp_init,
    ngx_dns_tcp_done,
    ngx_dns_tcp_send,
    ngx_dns_tcp_cancel,
    ngx_dns_tcp_leave,
    NULL,
    &ngx_dns_bytes_plain,
    ngx_dns_tcp_mute
};


/* of this worker */

static ngx_pool_t  *ngx_dns_tcp_pool;
static ngx_queue_t  ngx_dns_tcp_endpoints;

/* "channel" of an attempt that waits for a connection */

static u_char       ngx_dns_tcp_waiting;


static ngx_int_t
ngx_dns_tcp_init(ngx_cycle_t *cycle, ngx_uint_t attempts, ngx_uint_t servers)
{
    ngx_queue_init(&ngx_dns_tcp_endpoints);

    ngx_dns_tcp_pool = cycle->pool;

    return NGX_OK;
}


static void
ngx_dns_tcp_done(void)
{
    ngx_queue_t             *q, *c;
    ngx_dns_tcp_endpoint_t  *ep;

    if (ngx_dns_tcp_pool == NULL) {
        return;
    }

    for (q = ngx_queue_head(&ngx_dns_tcp_endpoints);
         q != ngx_queue_sentinel(&ngx_dns_tcp_endpoints);
         q = ngx_queue_next(q))
    {
        ep = ngx_queue_data(q, ngx_dns_tcp_endpoint_t, queue);

        while (!ngx_queue_empty(&ep->all)) {
            c = ngx_queue_head(&ep->all);
            ngx_dns_tcp_socket_close(ngx_queue_data(c, ngx_dns_tcp_t, queue));
        }
    }

    ngx_dns_tcp_pool = NULL;
}


ngx_int_t
ngx_dns_tcp_send(ngx_dns_attempt_t *a, const u_char *query, size_t len)
{
    ngx_int_t                rc;
    ngx_dns_tcp_t           *t;
    ngx_dns_tcp_endpoint_t  *ep;

    ep = a->peer->channels[NGX_DNS_TRANSPORT_STREAM];

    if (ep == NULL) {
        ep = ngx_dns_tcp_endpoint(a->peer);
        if (ep == NULL) {
            return NGX_BUSY;
        }
    }

    a->query = query;
    a->query_len = len;
    a->again = 0;
    a->sent = ngx_dns_usec;

    rc = ngx_dns_tcp_choose(ep, &t);

    if (rc == NGX_OK) {
        return ngx_dns_tcp_socket_insert(t, a) == NGX_OK ? NGX_OK : NGX_BUSY;
    }

    if (rc != NGX_AGAIN) {
        return rc;
    }

    if (ep->nwaiting == NGX_DNS_TCP_QUERIES) {
        return NGX_BUSY;
    }

    ngx_dns_tcp_wait(ep, a);

    return NGX_OK;
}


void
ngx_dns_tcp_cancel(ngx_dns_attempt_t *a)
{
    ngx_dns_tcp_t           *t;
    ngx_dns_tcp_endpoint_t  *ep;

    t = a->channel;

    if (t == NULL) {
        return;
    }

    if (a->channel == &ngx_dns_tcp_waiting) {
        ep = a->peer->channels[NGX_DNS_TRANSPORT_STREAM];

        ngx_queue_remove(&a->queue);
        ep->nwaiting--;
        a->channel = NULL;
        return;
    }

    ngx_dns_tcp_socket_give_up(t);
    ngx_dns_tcp_socket_remove(a);
}


void
ngx_dns_tcp_leave(ngx_dns_peer_t *peer)
{
    ngx_uint_t               i;
    ngx_queue_t             *q;
    ngx_dns_tcp_t           *t;
    ngx_dns_tcp_endpoint_t  *ep;

    ep = peer->channels[NGX_DNS_TRANSPORT_STREAM];

    if (ep == NULL) {
        return;
    }

    for (i = 0; i < ep->places; i++) {
        if (ep->connections[i]) {
            ngx_dns_tcp_socket_retire(ep->connections[i]);
        }
    }

    for (q = ngx_queue_head(&ep->all);
         q != ngx_queue_sentinel(&ep->all);
         q = ngx_queue_next(q))
    {
        t = ngx_queue_data(q, ngx_dns_tcp_t, queue);
        t->left = 1;
    }

    ep->open = 0;
    ep->most = 0;
}


static ngx_dns_tcp_endpoint_t *
ngx_dns_tcp_endpoint(ngx_dns_peer_t *peer)
{
    ngx_uint_t               places;
    ngx_dns_tcp_endpoint_t  *ep;

    places = peer->upstream->keepalive;

    ep = ngx_pcalloc(ngx_dns_tcp_pool, sizeof(ngx_dns_tcp_endpoint_t)
                                       + places * sizeof(ngx_dns_tcp_t *));
    if (ep == NULL) {
        return NULL;
    }

    ep->places = places;

    ngx_queue_init(&ep->all);
    ngx_queue_init(&ep->waiting);
    ngx_queue_insert_tail(&ngx_dns_tcp_endpoints, &ep->queue);

    ep->lost = ngx_dns_tcp_lost;
    ep->room = ngx_dns_tcp_room;
    ep->peer = peer;
    ep->bytes = ngx_dns_transport_stream(peer)->bytes;
    peer->channels[NGX_DNS_TRANSPORT_STREAM] = ep;

    return ep;
}


/*
 * The connection with the fewest queries, or a new one if all are busy, or hear
 * nothing: the way of one may have gone without a word, as with a server that
 * another one has taken the place of.
 * NGX_OK; NGX_AGAIN: all have as many as they may, one will have room later;
 * NGX_ERROR: the server can't be reached; NGX_BUSY: for want of ours.
 */

static ngx_int_t
ngx_dns_tcp_choose(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t **tp)
{
    ngx_int_t       rc;
    ngx_uint_t      i, place;
    ngx_dns_tcp_t  *t, *best, *mute;

    if (ep->most && ngx_current_msec - ep->learned > NGX_DNS_TCP_LEARNED) {
        ep->most = 0;
    }

    best = NULL;
    mute = NULL;
    place = ep->places;

    for (i = 0; i < ep->places; i++) {
        t = ep->connections[i];

        if (t && ngx_dns_tcp_worn(ep, t)) {
            ngx_dns_tcp_socket_retire(t);
            t = NULL;
        }

        if (t == NULL) {
            place = ngx_min(place, i);

        } else if (!ngx_dns_tcp_usable(ep, t)) {
            continue;

        } else if (ngx_dns_tcp_silent(ep, t)) {
            mute = t;

        } else if (best == NULL || t->n < best->n) {
            best = t;
        }
    }

    *tp = best;

    if (best && best->n < NGX_DNS_TCP_PIPELINE) {
        return NGX_OK;
    }

    rc = NGX_AGAIN;

    /* those that end get no more queries, but the server has them, too */

    if (place < ep->places && ep->open < ep->places) {
        rc = ngx_dns_tcp_socket_open(ep, &t);

        if (rc == NGX_OK) {
            ep->connections[place] = t;
            ep->open++;
            *tp = t;
            return NGX_OK;
        }
    }

    if (best || mute) {
        *tp = best ? best : ngx_dns_tcp_replace(ep, mute);
        return NGX_OK;
    }

    /*
     * Others are under way, and make room when they are closed, as are those
     * that have ended, if it is room of ours that is wanting.
     */

    if (rc == NGX_BUSY && ep->open) {
        return NGX_AGAIN;
    }

    return ngx_dns_tcp_idle(ep) ? rc : NGX_AGAIN;
}


/*
 * With as many open as there may be, one that is not even established makes
 * room for another, which gets its queries: none of them has left.  But one
 * that is only slow must come to its end, so the next one has twice the time,
 * and all of them that which the last one took.
 */

static ngx_dns_tcp_t *
ngx_dns_tcp_replace(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *hung)
{
    ngx_uint_t          i;
    ngx_msec_t          least;
    ngx_queue_t        *q;
    ngx_dns_tcp_t      *t;
    ngx_dns_attempt_t  *a;

    least = ngx_max((ngx_msec_t) NGX_DNS_TCP_MUTE << ep->hung, 2 * ep->took);

    if (hung->connected || ngx_current_msec - hung->heard < least
        || ngx_dns_tcp_socket_open(ep, &t) != NGX_OK)
    {
        return hung;
    }

    while (!ngx_queue_empty(&hung->attempts)) {
        q = ngx_queue_head(&hung->attempts);
        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        ngx_queue_remove(q);
        hung->n--;

        if (ngx_dns_tcp_socket_insert(t, a) != NGX_OK) {
            ngx_dns_tcp_wait(ep, a);
        }
    }

    for (i = 0; ep->connections[i] != hung; i++) { /* void */ }

    ngx_dns_tcp_socket_close(hung);

    ep->connections[i] = t;
    ep->open++;
    ep->hung = ngx_min(ep->hung + 1, NGX_DNS_TCP_HUNG);

    return t;
}


/*
 * For its time, or for so many queries; or it was to be closed by now, if a
 * worker that was held up had come to it: the server may have closed it.
 */

static ngx_uint_t
ngx_dns_tcp_worn(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *t)
{
    ngx_event_t         *rev;
    ngx_dns_upstream_t  *u;

    u = ep->peer->upstream;
    rev = t->connection->read;

    return (u->keepalive_requests && t->asked >= u->keepalive_requests)
           || ngx_current_msec - t->opened >= u->keepalive_time
           || (rev->timer_set
               && (ngx_msec_int_t) (ngx_current_msec - rev->timer.key) >= 0);
}


static ngx_uint_t
ngx_dns_tcp_usable(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *t)
{
    return t->n < NGX_DNS_TCP_QUERIES
           && (ep->most == 0 || t->asked < ep->most);
}


/*
 * Has it been asked, and brought nothing for longer than it should take?  So
 * has one that is still being established, over TLS with its handshake: if
 * that hangs there is nothing to wait for, and if it is only slow another one
 * does no harm.
 */

static ngx_uint_t
ngx_dns_tcp_silent(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *t)
{
    ngx_msec_t  silence;

    silence = ngx_current_msec - t->heard;

    return (t->n || t->given_up)
           && silence >= NGX_DNS_TCP_MUTE
           && ngx_dns_peer_overdue(ep->peer, silence);
}


ngx_uint_t
ngx_dns_tcp_mute(const ngx_dns_attempt_t *a)
{
    ngx_dns_tcp_t  *t;

    t = a->channel;

    return t && a->channel != &ngx_dns_tcp_waiting
           && ngx_dns_tcp_silent(t->endpoint, t);
}


/* is nothing outstanding on any connection? */

static ngx_uint_t
ngx_dns_tcp_idle(ngx_dns_tcp_endpoint_t *ep)
{
    ngx_uint_t  i;

    for (i = 0; i < ep->places; i++) {
        if (ep->connections[i] && ep->connections[i]->n) {
            return 0;
        }
    }

    return 1;
}


static void
ngx_dns_tcp_wait(ngx_dns_tcp_endpoint_t *ep, ngx_dns_attempt_t *a)
{
    a->channel = &ngx_dns_tcp_waiting;

    ngx_queue_insert_tail(&ep->waiting, &a->queue);
    ep->nwaiting++;
}


static ngx_dns_attempt_t *
ngx_dns_tcp_next(ngx_dns_tcp_endpoint_t *ep)
{
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

    q = ngx_queue_head(&ep->waiting);
    a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

    ngx_queue_remove(q);
    ep->nwaiting--;
    a->channel = NULL;

    return a;
}


/* those who wait, as long as there is a connection for them */

static void
ngx_dns_tcp_pump(ngx_dns_tcp_endpoint_t *ep)
{
    ngx_int_t           rc;
    ngx_dns_tcp_t      *t;
    ngx_dns_attempt_t  *a;

    while (!ngx_queue_empty(&ep->waiting)) {

        rc = ngx_dns_tcp_choose(ep, &t);

        if (rc == NGX_AGAIN) {
            return;
        }

        if (rc != NGX_OK) {
            ngx_dns_tcp_fail(ep, rc == NGX_BUSY ? NGX_DNS_EVENT_LOCAL
                                                : NGX_DNS_EVENT_NETWORK);
            return;
        }

        a = ngx_dns_tcp_next(ep);

        if (ngx_dns_tcp_socket_insert(t, a) != NGX_OK) {
            a->handler(a, NGX_DNS_EVENT_LOCAL, NULL, 0);
        }
    }
}


/* all who wait; they may ask again, which is not their end */

static void
ngx_dns_tcp_fail(ngx_dns_tcp_endpoint_t *ep, ngx_dns_event_e event)
{
    ngx_uint_t          n;
    ngx_dns_attempt_t  *a;

    for (n = ep->nwaiting; n && !ngx_queue_empty(&ep->waiting); n--) {
        a = ngx_dns_tcp_next(ep);
        a->handler(a, event, NULL, 0);
    }
}


/*
 * RFC 7766, 6.2.4: a server may close a connection at any time, and the client
 * asks again.  What was outstanding waits for another connection: as often as
 * it takes where connections bring responses, once where they bring none.
 */

static void
ngx_dns_tcp_lost(ngx_dns_tcp_endpoint_t *ep, ngx_queue_t *attempts,
    const ngx_dns_tcp_end_t *end)
{
    ngx_uint_t          most;
    ngx_queue_t        *q, failed;
    ngx_dns_event_e     event;
    ngx_dns_attempt_t  *a;

    most = (end->how != NGX_DNS_TCP_CLOSED && end->how != NGX_DNS_TCP_MOVED) ? 0
           : end->answers ? NGX_DNS_TCP_AGAIN : 1;

    event = end->how == NGX_DNS_TCP_TLS ? NGX_DNS_EVENT_TLS
                                        : NGX_DNS_EVENT_NETWORK;

    if (end->how == NGX_DNS_TCP_CLOSED && !ngx_queue_empty(attempts)) {
        ngx_dns_tcp_learn(ep, end);
    }

    ngx_queue_init(&failed);

    while (!ngx_queue_empty(attempts)) {
        q = ngx_queue_head(attempts);
        ngx_queue_remove(q);

        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        if (a->again < most) {
            a->again++;
            ngx_dns_tcp_wait(ep, a);
            continue;
        }

        /* cancel() may come for it while others are told of the end */

        a->channel = &ngx_dns_tcp_waiting;
        ep->nwaiting++;
        ngx_queue_insert_tail(&failed, q);
    }

    while (!ngx_queue_empty(&failed)) {
        q = ngx_queue_head(&failed);
        ngx_queue_remove(q);
        ep->nwaiting--;

        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);
        a->channel = NULL;

        a->handler(a, event, NULL, 0);
    }

    if ((end->how == NGX_DNS_TCP_REFUSED || end->how == NGX_DNS_TCP_TLS)
        && ngx_dns_tcp_idle(ep))
    {
        ngx_dns_tcp_fail(ep, event);
        return;
    }

    ngx_dns_tcp_pump(ep);
}


/*
 * More was outstanding when it was closed: so many are too many for one.  A
 * server that restarts closes connections, too, whatever they have brought, so
 * this is soon forgotten when later ones are not closed.
 */

static void
ngx_dns_tcp_learn(ngx_dns_tcp_endpoint_t *ep, const ngx_dns_tcp_end_t *end)
{
    ngx_uint_t  answers;

    answers = ngx_max(end->answers, 1);

    if (ep->most == 0 || answers < ep->most) {
        ep->most = answers;
    }

    ep->kept = 0;
    ep->learned = ngx_current_msec;
}


/* a connection has had its queries, and nobody has closed it */

static void
ngx_dns_tcp_unlearn(ngx_dns_tcp_endpoint_t *ep)
{
    if (++ep->kept < NGX_DNS_TCP_KEPT) {
        return;
    }

    ep->kept = 0;
    ep->most = ep->most < NGX_DNS_TCP_QUERIES ? ep->most * 2 : 0;
}


/* a connection has brought responses */

static void
ngx_dns_tcp_room(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t *t)
{
    ep->hung = 0;

    if (ep->most && t->n == 0 && t->asked >= ep->most) {

        /* the server is about to close it, and is spared the wait for us */

        ngx_dns_tcp_socket_close(t);
        ngx_dns_tcp_unlearn(ep);
    }

    ngx_dns_tcp_pump(ep);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_source.h"
#include "ngx_dns_tcp_frame.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_message.h"
#include "../wire/ngx_dns_question.h"


#define NGX_DNS_TCP_ID_TRIES  16
#define NGX_DNS_TCP_FRAME     (2 + NGX_DNS_MAX_MESSAGE)
#define NGX_DNS_TCP_READS     16          /* in one wake-up */
#define NGX_DNS_TCP_STRANGE   64          /* messages in a row that nobody
                                             asked for */
#define NGX_DNS_TCP_CONNECT   2000        /* milliseconds */
#define NGX_DNS_TCP_LOOK      200         /* milliseconds */
#define NGX_DNS_TCP_GIVEN_UP  3           /* queries in a row, ... */
#define NGX_DNS_TCP_SILENCE   100         /* ... and milliseconds: it is dead */


static ngx_dns_attempt_t *ngx_dns_tcp_socket_find(ngx_dns_tcp_t *t,
    uint16_t id);
static void ngx_dns_tcp_socket_keepalive(ngx_dns_tcp_t *t,
    ngx_dns_attempt_t *a, const u_char *msg, size_t len);
static void ngx_dns_tcp_socket_posted_handler(ngx_event_t *ev);
static ngx_uint_t ngx_dns_tcp_socket_silent(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_write_handler(ngx_event_t *wev);
static ngx_int_t ngx_dns_tcp_socket_look(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_watch(ngx_dns_tcp_t *t);
static ngx_int_t ngx_dns_tcp_socket_connected(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_dns_tcp_socket_frames(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_rest(ngx_dns_tcp_t *t);
static ngx_int_t ngx_dns_tcp_socket_response(ngx_dns_tcp_t *t, u_char *msg,
    size_t len);
static void ngx_dns_tcp_socket_broken(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_detach(ngx_dns_tcp_t *t);


/* of this worker: what is being read */

static u_char  ngx_dns_tcp_socket_data[NGX_DNS_TCP_FRAME + NGX_DNS_READ_PAD];


ngx_int_t
ngx_dns_tcp_socket_open(ngx_dns_tcp_endpoint_t *ep, ngx_dns_tcp_t **tp)
{
    ngx_int_t          rc;
    ngx_uint_t         first;
    ngx_dns_tcp_t     *t;
    ngx_connection_t  *c;

    t = ngx_calloc(sizeof(ngx_dns_tcp_t), ngx_cycle->log);
    if (t == NULL) {
        return NGX_BUSY;
    }

    /* a server that is asked over UDP has its first socket there */

    first = ep->open == 0 && ep->peer->transport->whole == NULL;

    rc = ep->bytes->connect(ep->peer, first, &c);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_free(t);
        return rc;
    }

    t->connection = c;
    t->connected = rc == NGX_OK;
    t->endpoint = ep;
    t->idle = ep->peer->upstream->keepalive_timeout;
    t->opened = ngx_current_msec;
    ngx_queue_init(&t->attempts);

    t->posted.handler = ngx_dns_tcp_socket_posted_handler;
    t->posted.data = t;
    t->posted.log = ngx_cycle->log;

    c->data = t;
    c->read->handler = ngx_dns_tcp_socket_read_handler;
    c->write->handler = ngx_dns_tcp_socket_write_handler;

    if (!t->connected) {
        ngx_add_timer(c->write, NGX_DNS_TCP_CONNECT);
    }

    ngx_queue_insert_tail(&ep->all, &t->queue);

    *tp = t;

    return NGX_OK;
}


ngx_int_t
ngx_dns_tcp_socket_insert(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a)
{
    ngx_uint_t  n;

    for (n = 0; n < NGX_DNS_TCP_ID_TRIES; n++) {
        a->id = ngx_dns_random16();

        if (ngx_dns_tcp_socket_find(t, a->id) != NULL) {
            continue;
        }

        if (ngx_dns_tcp_frame_append(t, a) != NGX_OK) {
            return NGX_ERROR;
        }

        if (t->connected && !t->posted.posted) {
            ngx_post_event(&t->posted, &ngx_posted_events);
        }

        if (t->n == 0 && t->given_up == 0) {
            t->heard = ngx_current_msec;
        }

        a->channel = t;
        ngx_queue_insert_tail(&t->attempts, &a->queue);
        t->n++;
        t->asked++;

        t->connection->idle = 0;

        if (t->connected && !t->connection->write->timer_set) {
            ngx_dns_tcp_socket_watch(t);
        }

        if (t->connection->read->timer_set) {
            ngx_del_timer(t->connection->read);
        }

        return NGX_OK;
    }

    return NGX_ERROR;
}


/* there are few: off the hot path */

static ngx_dns_attempt_t *
ngx_dns_tcp_socket_find(ngx_dns_tcp_t *t, uint16_t id)
{
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

    for (q = ngx_queue_head(&t->attempts);
         q != ngx_queue_sentinel(&t->attempts);
         q = ngx_queue_next(q))
    {
        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        if (a->id == id) {
            return a;
        }
    }

    return NULL;
}


/* the connection waits for the next query, but not for ever */

void
ngx_dns_tcp_socket_remove(ngx_dns_attempt_t *a)
{
    ngx_dns_tcp_t  *t;

    t = a->channel;

    ngx_queue_remove(&a->queue);
    a->channel = NULL;

    if (--t->n == 0) {
        t->connection->idle = 1;
        ngx_add_timer(t->connection->read,
                      (ngx_exiting || t->idle == 0) ? 1 : t->idle);
    }
}


/* in units of 100 milliseconds; 0: the connection is not to be used again */

static void
ngx_dns_tcp_socket_keepalive(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a,
    const u_char *msg, size_t len)
{
    ngx_uint_t  n;

    if (ngx_dns_message_keepalive(msg, len, NGX_DNS_HEADER_SIZE
                                            + a->question_len, &n)
        != NGX_OK)
    {
        return;
    }

    if (n == 0) {
        ngx_dns_tcp_socket_retire(t);

    } else if (!t->retired) {
        t->idle = ngx_min((ngx_msec_t) n * 100, NGX_DNS_TCP_IDLE_MAX);
    }
}


static void
ngx_dns_tcp_socket_posted_handler(ngx_event_t *ev)
{
    ngx_dns_tcp_t  *t;

    t = ev->data;

    if (!t->retired && ngx_dns_tcp_socket_silent(t)) {
        ngx_dns_tcp_socket_retire(t);
    }

    if (t->connected) {
        ngx_dns_tcp_socket_write_handler(t->connection->write);
    }
}


void
ngx_dns_tcp_socket_give_up(ngx_dns_tcp_t *t)
{
    t->given_up++;

    if (ngx_dns_tcp_socket_silent(t) && !t->posted.posted) {
        ngx_post_event(&t->posted, &ngx_posted_events);
    }
}


/*
 * A server that is slower than another one leaves queries, too, which are asked
 * there beside it: that is not for long without any response.
 */

static ngx_uint_t
ngx_dns_tcp_socket_silent(ngx_dns_tcp_t *t)
{
    return t->given_up >= NGX_DNS_TCP_GIVEN_UP
           && ngx_current_msec - t->heard >= NGX_DNS_TCP_SILENCE;
}


static void
ngx_dns_tcp_socket_write_handler(ngx_event_t *wev)
{
    ssize_t            n;
    ngx_int_t          rc;
    ngx_dns_tcp_t     *t;
    ngx_connection_t  *c;

    c = wev->data;
    t = c->data;

    rc = wev->timedout ? ngx_dns_tcp_socket_look(t) : NGX_OK;

    if (rc == NGX_OK) {
        rc = ngx_dns_tcp_socket_connected(t);
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_dns_tcp_socket_broken(t);
        return;
    }

    while (t->out_len) {
        n = t->endpoint->bytes->write(c, t->out, t->out_len);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            ngx_dns_tcp_socket_broken(t);
            return;
        }

        t->out_len -= (size_t) n;
        ngx_memmove(t->out, t->out + n, t->out_len);
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_dns_tcp_socket_broken(t);
    }
}


/*
 * No response for a while: nobody tells of it if our address is not there any
 * more.  What is outstanding is asked again on another connection then.
 */

static ngx_int_t
ngx_dns_tcp_socket_look(ngx_dns_tcp_t *t)
{
    ngx_dns_source_t   source;
    ngx_connection_t  *c;

    c = t->connection;

    if (!t->connected) {
        return NGX_ERROR;
    }

    c->write->timedout = 0;

    if (t->n == 0 && t->given_up == 0) {
        return NGX_OK;
    }

    if (t->answers == t->looked
        && ngx_dns_source_get(t->endpoint->peer, &source) == NGX_OK
        && ngx_dns_source_moved(c->fd, &source))
    {
        t->moved = 1;
        return NGX_ERROR;
    }

    ngx_dns_tcp_socket_watch(t);

    return NGX_OK;
}


static void
ngx_dns_tcp_socket_watch(ngx_dns_tcp_t *t)
{
    t->looked = t->answers;

    /* a worker that exits does not wait for it */

    t->connection->write->cancelable = 1;

    ngx_add_timer(t->connection->write, NGX_DNS_TCP_LOOK);
}


static ngx_int_t
ngx_dns_tcp_socket_connected(ngx_dns_tcp_t *t)
{
    ngx_int_t  rc;

    if (t->connected) {
        return NGX_OK;
    }

    rc = t->endpoint->bytes->ready(t->connection);

    if (rc != NGX_OK) {
        return rc;
    }

    t->connected = 1;
    t->endpoint->took = ngx_current_msec - t->opened;

    if (t->connection->write->timer_set) {
        ngx_del_timer(t->connection->write);
    }

    ngx_dns_tcp_socket_watch(t);

    return NGX_OK;
}


static void
ngx_dns_tcp_socket_read_handler(ngx_event_t *rev)
{
    ngx_int_t          rc;
    ngx_uint_t         reads;
    ngx_dns_tcp_t     *t;
    ngx_connection_t  *c;

    c = rev->data;
    t = c->data;

    ngx_dns_clock_update();

    rc = rev->timedout || (c->close && (t->n == 0 || c->error))
         ? NGX_ERROR : ngx_dns_tcp_socket_connected(t);

    if (rc == NGX_AGAIN) {
        return;
    }

    for (reads = 0; rc == NGX_OK && reads < NGX_DNS_TCP_READS; reads++) {
        rc = ngx_dns_tcp_socket_frames(t);
    }

    if (rc == NGX_OK) {
        ngx_post_event(rev, &ngx_posted_next_events);
        return;
    }

    if (rc == NGX_ERROR || ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_dns_tcp_socket_broken(t);
        return;
    }

    t->endpoint->room(t->endpoint, t);
}


/* one read, and all frames that it completes */

static ngx_int_t
ngx_dns_tcp_socket_frames(ngx_dns_tcp_t *t)
{
    size_t             len, size;
    ssize_t            n;
    u_char            *p, *end;
    ngx_connection_t  *c;

    c = t->connection;

    len = t->in_len;
    p = ngx_dns_tcp_socket_data;

    if (len) {
        ngx_memcpy(p, t->in, len);
    }

    n = t->endpoint->bytes->read(c, p + len, NGX_DNS_TCP_FRAME - len);

    if (n == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (n <= 0) {
        return NGX_ERROR;
    }

    end = p + len + n;

    while (end - p >= 2) {
        size = ngx_dns_get16(p);

        if ((size_t) (end - p) < 2 + size) {
            break;
        }

        if (ngx_dns_tcp_socket_response(t, p + 2, size) != NGX_OK) {
            return NGX_ERROR;
        }

        p += 2 + size;
    }

    ngx_dns_tcp_socket_rest(t);

    len = (size_t) (end - p);

    if (len) {
        t->in = ngx_alloc(len, c->log);
        if (t->in == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(t->in, p, len);
        t->in_len = len;
    }

    return NGX_OK;
}


/* forgets the part of a frame that was kept */

static void
ngx_dns_tcp_socket_rest(ngx_dns_tcp_t *t)
{
    if (t->in) {
        ngx_free(t->in);
        t->in = NULL;
        t->in_len = 0;
    }
}


/*
 * As over UDP, but that a forger has no way here.  A server that goes on with
 * what nobody has asked for would only cost time: NGX_ERROR ends its
 * connection.  A response may be late, to each query once.  One that repeats
 * its responses has the next one among them, which must not be lost.
 */

static ngx_int_t
ngx_dns_tcp_socket_response(ngx_dns_tcp_t *t, u_char *msg, size_t len)
{
    ngx_dns_event_e     event;
    ngx_dns_attempt_t  *a;

    if (!ngx_dns_transport_response(msg, len)) {
        goto strange;
    }

    /* late or not, there is somebody */

    t->given_up = 0;
    t->heard = ngx_current_msec;

    a = ngx_dns_tcp_socket_find(t, ngx_dns_get16(msg));

    if (a == NULL) {
        ngx_dns_count(late);
        goto strange;
    }

    if (ngx_dns_transport_matches(a, msg, len, &event) != NGX_OK) {
        goto strange;
    }

    t->answers++;
    t->strange = 0;

    if (event == NGX_DNS_EVENT_RESPONSE) {
        ngx_dns_tcp_socket_keepalive(t, a, msg, len);
    }

    ngx_dns_tcp_socket_remove(a);

    if (ngx_dns_transport_tap) {
        ngx_dns_transport_tap(a, t->connection, 1, msg, len);
    }

    a->handler(a, event, msg, len);

    return NGX_OK;

strange:

    t->strange++;

    return t->strange > NGX_DNS_TCP_STRANGE + t->asked ? NGX_ERROR : NGX_OK;
}


/*
 * The end of a connection: what is outstanding is the endpoint's again.  Nobody
 * calls this from inside send().
 */

static void
ngx_dns_tcp_socket_broken(ngx_dns_tcp_t *t)
{
    ngx_queue_t              attempts;
    ngx_connection_t        *c;
    ngx_dns_tcp_end_t        end;
    ngx_dns_tcp_endpoint_t  *ep;

    c = t->connection;
    ep = t->endpoint;

    end.answers = t->answers;

    /* one that ends by us says nothing of the server */

    if (t->retired && t->n == 0) {
        end.how = NGX_DNS_TCP_CLOSED;

    } else if (t->answers == 0 && ep->bytes->failed && ep->bytes->failed(c)) {
        end.how = NGX_DNS_TCP_TLS;

    } else {
        end.how = !t->connected ? NGX_DNS_TCP_REFUSED
                  : c->error ? NGX_DNS_TCP_STOPPED
                  : t->moved ? NGX_DNS_TCP_MOVED : NGX_DNS_TCP_CLOSED;
    }

    ngx_queue_init(&attempts);

    if (!ngx_queue_empty(&t->attempts)) {
        ngx_queue_add(&attempts, &t->attempts);
        ngx_queue_init(&t->attempts);
    }

    ngx_dns_tcp_socket_close(t);

    ep->lost(ep, &attempts, &end);
}


static void
ngx_dns_tcp_socket_detach(ngx_dns_tcp_t *t)
{
    ngx_uint_t  i;

    for (i = 0; i < t->endpoint->places; i++) {
        if (t->endpoint->connections[i] == t) {
            t->endpoint->connections[i] = NULL;
        }
    }
}


void
ngx_dns_tcp_socket_retire(ngx_dns_tcp_t *t)
{
    ngx_dns_tcp_socket_detach(t);

    t->retired = 1;
    t->idle = 0;

    if (t->n == 0) {

        /* not now: it may be the one that is being read */

        ngx_add_timer(t->connection->read, 1);
    }
}


void
ngx_dns_tcp_socket_close(ngx_dns_tcp_t *t)
{
    ngx_dns_tcp_socket_detach(t);

    if (t->posted.posted) {
        ngx_delete_posted_event(&t->posted);
    }

    t->endpoint->bytes->close(t->connection);
    ngx_queue_remove(&t->queue);
    t->endpoint->open -= !t->left;

    ngx_dns_tcp_socket_rest(t);

    if (t->out) {
        ngx_free(t->out);
    }

    ngx_free(t);
}

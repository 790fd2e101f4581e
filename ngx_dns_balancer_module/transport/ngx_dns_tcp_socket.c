
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tcp_socket.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_message.h"
#include "../wire/ngx_dns_question.h"

#include <ngx_event_connect.h>


#define NGX_DNS_TCP_ID_TRIES  16
#define NGX_DNS_TCP_FRAME     (2 + NGX_DNS_MAX_MESSAGE)
#define NGX_DNS_TCP_READS     16          /* in one wake-up */
#define NGX_DNS_TCP_CONNECT   2000        /* milliseconds */
#define NGX_DNS_TCP_OPTION    4           /* a keepalive of RFC 7828 */


static ngx_int_t ngx_dns_tcp_socket_connect(ngx_dns_tcp_t *t);
static ngx_dns_attempt_t *ngx_dns_tcp_socket_find(ngx_dns_tcp_t *t,
    uint16_t id);
static ngx_int_t ngx_dns_tcp_socket_append(ngx_dns_tcp_t *t,
    ngx_dns_attempt_t *a);
static size_t ngx_dns_tcp_socket_ask(ngx_dns_attempt_t *a, u_char *msg);
static void ngx_dns_tcp_socket_keepalive(ngx_dns_tcp_t *t,
    ngx_dns_attempt_t *a, const u_char *msg, size_t len);
static void ngx_dns_tcp_socket_posted_handler(ngx_event_t *ev);
static void ngx_dns_tcp_socket_write_handler(ngx_event_t *wev);
static ngx_int_t ngx_dns_tcp_socket_connected(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_dns_tcp_socket_frames(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_rest(ngx_dns_tcp_t *t);
static void ngx_dns_tcp_socket_answer(ngx_dns_tcp_t *t, u_char *msg,
    size_t len);
static void ngx_dns_tcp_socket_broken(ngx_dns_tcp_t *t);


u_char         ngx_dns_tcp_socket_failed;

/*
 * Each query could fail to connect: who waits is told, and the log when the
 * server is left out
 */

static ngx_log_t  ngx_dns_tcp_socket_silent;

/* of this worker: what is being read */

static u_char  ngx_dns_tcp_socket_data[NGX_DNS_TCP_FRAME + NGX_DNS_READ_PAD];


ngx_dns_tcp_t *
ngx_dns_tcp_socket_open(ngx_dns_tcp_endpoint_t *ep)
{
    ngx_dns_tcp_t  *t;

    if (ngx_cycle->free_connection_n <= ngx_cycle->connection_n / 16) {
        return NULL;
    }

    t = ngx_calloc(sizeof(ngx_dns_tcp_t), ngx_cycle->log);
    if (t == NULL) {
        return NULL;
    }

    t->endpoint = ep;
    t->idle = NGX_DNS_TCP_IDLE;
    ngx_queue_init(&t->attempts);

    t->posted.handler = ngx_dns_tcp_socket_posted_handler;
    t->posted.data = t;
    t->posted.log = ngx_cycle->log;

    if (ngx_dns_tcp_socket_connect(t) != NGX_OK) {
        ngx_free(t);
        return NULL;
    }

    ngx_queue_insert_tail(&ngx_dns_tcp_all, &t->queue);

    return t;
}


static ngx_int_t
ngx_dns_tcp_socket_connect(ngx_dns_tcp_t *t)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = ngx_dns_tcp_connect(t->endpoint->peer, &rc);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->data = t;
    c->read->handler = ngx_dns_tcp_socket_read_handler;
    c->write->handler = ngx_dns_tcp_socket_write_handler;

    t->connection = c;
    t->connected = rc == NGX_OK;

    if (!t->connected) {
        ngx_add_timer(c->write, NGX_DNS_TCP_CONNECT);
    }

    return NGX_OK;
}


ngx_connection_t *
ngx_dns_tcp_connect(ngx_dns_peer_t *peer, ngx_int_t *rc)
{
    ngx_connection_t       *c;
    ngx_peer_connection_t   pc;

    ngx_memzero(&pc, sizeof(ngx_peer_connection_t));

    pc.sockaddr = peer->sockaddr;
    pc.socklen = peer->socklen;
    pc.name = &peer->name;
    pc.get = ngx_event_get_peer;
    pc.log = &ngx_dns_tcp_socket_silent;
    pc.log_error = NGX_ERROR_INFO;

    *rc = ngx_event_connect_peer(&pc);

    c = pc.connection;

    if (*rc != NGX_OK && *rc != NGX_AGAIN) {
        if (c) {
            ngx_close_connection(c);
        }

        return NULL;
    }

    c->log = ngx_cycle->log;
    c->read->log = c->log;
    c->write->log = c->log;

    /* RFC 7766, 6.2.1.1: small frames must not wait for one another */

    if (peer->sockaddr->sa_family != AF_UNIX) {
        (void) ngx_tcp_nodelay(c);
    }

    return c;
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

        if (ngx_dns_tcp_socket_append(t, a) != NGX_OK) {
            return NGX_ERROR;
        }

        a->channel = t;
        ngx_queue_insert_tail(&t->attempts, &a->queue);
        t->n++;

        t->connection->idle = 0;

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


static ngx_int_t
ngx_dns_tcp_socket_append(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a)
{
    size_t   need, size;
    u_char  *p;

    need = t->out_len + 2 + a->query_len + NGX_DNS_TCP_OPTION;

    if (need > t->out_size) {

        for (size = 1024; size < need; size *= 2) {
            /* void */
        }

        p = ngx_alloc(size, ngx_cycle->log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (t->out) {
            ngx_memcpy(p, t->out, t->out_len);
            ngx_free(t->out);
        }

        t->out = p;
        t->out_size = size;
    }

    p = t->out + t->out_len;

    ngx_memcpy(p + 2, a->query, a->query_len);
    ngx_dns_put16(p + 2, a->id);

    size = ngx_dns_tcp_socket_ask(a, p + 2);

    ngx_dns_put16(p, size);
    t->out_len += 2 + size;

    if (t->connected && !t->posted.posted) {
        ngx_post_event(&t->posted, &ngx_posted_events);
    }

    return NGX_OK;
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


/*
 * Asks how long a connection may be idle (RFC 7828, 3.2.1), which is said over
 * streams only: an option more in the OPT that ends the query, if it has one.
 * Returns the length.
 */

static size_t
ngx_dns_tcp_socket_ask(ngx_dns_attempt_t *a, u_char *msg)
{
    size_t   size;
    u_char  *opt, *end;

    size = a->query_len;

    if (ngx_dns_get16(msg + NGX_DNS_OFF_ARCOUNT) != 1) {
        return size;
    }

    opt = msg + NGX_DNS_HEADER_SIZE + a->question_len;
    end = msg + size;

    ngx_dns_put16(opt + NGX_DNS_OPT_SIZE - 2,
                  end - opt - NGX_DNS_OPT_SIZE + NGX_DNS_TCP_OPTION);
    ngx_dns_put16(end, NGX_DNS_OPTION_KEEPALIVE);
    ngx_dns_put16(end + 2, 0);

    return size + NGX_DNS_TCP_OPTION;
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

    t->idle = ngx_min((ngx_msec_t) n * 100, NGX_DNS_TCP_IDLE_MAX);

    if (n == 0) {
        ngx_dns_tcp_socket_detach(t);
    }
}


static void
ngx_dns_tcp_socket_posted_handler(ngx_event_t *ev)
{
    ngx_dns_tcp_t  *t;

    t = ev->data;

    ngx_dns_tcp_socket_write_handler(t->connection->write);
}


static void
ngx_dns_tcp_socket_write_handler(ngx_event_t *wev)
{
    ssize_t            n;
    ngx_dns_tcp_t     *t;
    ngx_connection_t  *c;

    c = wev->data;
    t = c->data;

    if (wev->timedout || ngx_dns_tcp_socket_connected(t) != NGX_OK) {
        ngx_dns_tcp_socket_broken(t);
        return;
    }

    while (t->out_len) {
        n = c->send(c, t->out, t->out_len);

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


/* who fails to connect is told once, by the outcome of its queries */

static ngx_int_t
ngx_dns_tcp_socket_connected(ngx_dns_tcp_t *t)
{
    int        err;
    socklen_t  len;

    if (t->connected) {
        return NGX_OK;
    }

    err = 0;
    len = sizeof(int);

    if (getsockopt(t->connection->fd, SOL_SOCKET, SO_ERROR, (void *) &err,
                   &len)
        == -1
        || err)
    {
        return NGX_ERROR;
    }

    t->connected = 1;

    if (t->connection->write->timer_set) {
        ngx_del_timer(t->connection->write);
    }

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

    if (rev->timedout || (c->close && (t->n == 0 || c->error))
        || ngx_dns_tcp_socket_connected(t) != NGX_OK)
    {
        ngx_dns_tcp_socket_broken(t);
        return;
    }

    rc = NGX_OK;

    for (reads = 0; rc == NGX_OK && reads < NGX_DNS_TCP_READS; reads++) {
        rc = ngx_dns_tcp_socket_frames(t);
    }

    if (rc == NGX_OK) {
        ngx_post_event(rev, &ngx_posted_next_events);
        return;
    }

    if (rc == NGX_ERROR || ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_dns_tcp_socket_broken(t);
    }
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

    n = c->recv(c, p + len, NGX_DNS_TCP_FRAME - len);

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

        ngx_dns_tcp_socket_answer(t, p + 2, size);
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


/* as over UDP, but that a forger has no way here */

static void
ngx_dns_tcp_socket_answer(ngx_dns_tcp_t *t, u_char *msg, size_t len)
{
    ngx_int_t           rc;
    ngx_dns_attempt_t  *a;

    if (len < NGX_DNS_HEADER_SIZE
        || (ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS)
            & (NGX_DNS_QR | NGX_DNS_OPCODE)) != NGX_DNS_QR)
    {
        ngx_dns_count(malformed);
        return;
    }

    a = ngx_dns_tcp_socket_find(t, ngx_dns_get16(msg));

    if (a == NULL) {
        ngx_dns_count(late);
        return;
    }

    rc = ngx_dns_message_question(msg, len, a->question, a->question_len);

    if (rc == NGX_DECLINED) {
        ngx_dns_count(foreign);
        return;
    }

    t->answers++;
    t->given_up = 0;

    if (rc == NGX_OK) {
        ngx_dns_tcp_socket_keepalive(t, a, msg, len);
    }

    ngx_dns_tcp_socket_remove(a);

    a->handler(a, rc == NGX_DONE ? NGX_DNS_OUT_FAULT : NGX_DNS_OUT_ANSWER,
               msg, len);
}


/*
 * The end of a connection.  What is outstanding is asked again on a new one
 * if this one has worked before; nobody calls this from inside send().
 */

static void
ngx_dns_tcp_socket_broken(ngx_dns_tcp_t *t)
{
    ngx_uint_t               again;
    ngx_queue_t              attempts, *q;
    ngx_dns_tcp_t           *fresh;
    ngx_dns_attempt_t       *a;
    ngx_dns_tcp_endpoint_t  *ep;

    ep = t->endpoint;
    again = t->answers && !t->connection->error;

    ngx_queue_init(&attempts);

    while (!ngx_queue_empty(&t->attempts)) {
        q = ngx_queue_head(&t->attempts);
        ngx_queue_remove(q);
        ngx_queue_insert_tail(&attempts, q);

        /* cancel() may come for it while others are told of the end */

        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);
        a->channel = &ngx_dns_tcp_socket_failed;
    }

    ngx_dns_tcp_socket_close(t);

    while (!ngx_queue_empty(&attempts)) {
        q = ngx_queue_head(&attempts);
        ngx_queue_remove(q);

        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);
        a->channel = NULL;

        if (again && !a->again) {
            a->again = 1;
            fresh = ngx_dns_tcp_choose(ep, 1);

            if (fresh && ngx_dns_tcp_socket_insert(fresh, a) == NGX_OK) {
                continue;
            }
        }

        a->handler(a, NGX_DNS_OUT_NETWORK, NULL, 0);
    }
}


void
ngx_dns_tcp_socket_detach(ngx_dns_tcp_t *t)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_TCP_CONNECTIONS; i++) {
        if (t->endpoint->connections[i] == t) {
            t->endpoint->connections[i] = NULL;
        }
    }
}


void
ngx_dns_tcp_socket_close(ngx_dns_tcp_t *t)
{
    ngx_dns_tcp_socket_detach(t);

    if (t->posted.posted) {
        ngx_delete_posted_event(&t->posted);
    }

    ngx_close_connection(t->connection);
    ngx_queue_remove(&t->queue);

    ngx_dns_tcp_socket_rest(t);

    if (t->out) {
        ngx_free(t->out);
    }

    ngx_free(t);
}

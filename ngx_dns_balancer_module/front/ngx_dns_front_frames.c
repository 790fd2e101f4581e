
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_frames.h"
#include "../base/ngx_dns_clock.h"
#include "../wire/ngx_dns_wire.h"


/* of a query that is not complete: its length and what is looked at of it */

#define NGX_DNS_FRONT_TCP_PART   (2 + NGX_DNS_FRONT_TCP_QUERY)
#define NGX_DNS_FRONT_TCP_SPARE  256       /* such buffers kept by a worker */


static ngx_uint_t ngx_dns_front_tcp_share(void);
static void ngx_dns_front_tcp_next_handler(ngx_event_t *ev);
static ssize_t ngx_dns_front_tcp_recv(ngx_dns_front_tcp_t *t, u_char *p,
    size_t size);
static size_t ngx_dns_front_tcp_frames(ngx_dns_front_tcp_t *t, u_char *p,
    size_t len, ngx_uint_t *budget);
static void ngx_dns_front_tcp_query(ngx_dns_front_tcp_t *t, u_char *p,
    size_t len);
static void ngx_dns_front_tcp_keep(ngx_dns_front_tcp_t *t, u_char *p,
    size_t len);


/* of this worker */

static u_char       ngx_dns_front_tcp_data[NGX_DNS_FRONT_TCP_READ
                                           + NGX_DNS_READ_PAD];

static ngx_uint_t   ngx_dns_front_tcp_round;      /* queries of this one */
static ngx_event_t  ngx_dns_front_tcp_next;       /* when the next begins */

static u_char      *ngx_dns_front_tcp_spare[NGX_DNS_FRONT_TCP_SPARE];
static ngx_uint_t   ngx_dns_front_tcp_nspare;


void
ngx_dns_front_tcp_read(ngx_dns_front_tcp_t *t)
{
    size_t       len;
    u_char      *p;
    ssize_t      n;
    ngx_uint_t   budget;

    if (t->eof) {
        return;
    }

    budget = ngx_dns_front_tcp_share();

    if (budget == 0) {
        ngx_post_event(t->connection->read, &ngx_posted_next_events);
        return;
    }

    p = ngx_dns_front_tcp_data;
    len = t->in_len;
    ngx_dns_front_tcp_round += budget;

    if (len) {
        ngx_memcpy(p, t->in, len);
        ngx_dns_front_tcp_release(t);
    }

    ngx_dns_clock_update();

    t->reading = 1;

    for ( ;; ) {
        t->stopped = 0;

        len = ngx_dns_front_tcp_frames(t, p, len, &budget);

        if (t->stopped) {

            if (budget && ngx_dns_front_tcp_flush(t) == NGX_OK
                && !ngx_dns_front_tcp_full(t))
            {
                continue;
            }

            break;
        }

        if (t->eof) {
            break;
        }

        n = ngx_dns_front_tcp_recv(t, p + len, NGX_DNS_FRONT_TCP_READ - len);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n > 0) {
            len += n;
            continue;
        }

        ngx_dns_front_tcp_end(t);
        t->broken = (n == NGX_ERROR);
    }

    t->reading = 0;
    ngx_dns_front_tcp_round -= budget;

    ngx_dns_front_tcp_keep(t, p, len);

    if (t->stopped && budget == 0) {
        ngx_post_event(t->connection->read, &ngx_posted_next_events);
    }
}


/* how many queries may be looked at now */

static ngx_uint_t
ngx_dns_front_tcp_share(void)
{
    ngx_uint_t    left;
    ngx_event_t  *ev;

    ev = &ngx_dns_front_tcp_next;

    if (!ev->posted) {
        ev->handler = ngx_dns_front_tcp_next_handler;
        ev->log = ngx_cycle->log;

        ngx_post_event(ev, &ngx_posted_next_events);
    }

    left = NGX_DNS_FRONT_TCP_ROUND - ngx_dns_front_tcp_round;

    return ngx_min(left, NGX_DNS_FRONT_TCP_QUERIES);
}


static void
ngx_dns_front_tcp_next_handler(ngx_event_t *ev)
{
    ngx_dns_front_tcp_round = 0;
}


/* less what is skipped; 0: the client sends no more */

static ssize_t
ngx_dns_front_tcp_recv(ngx_dns_front_tcp_t *t, u_char *p, size_t size)
{
    size_t             skip;
    ssize_t            n;
    ngx_connection_t  *c;

    c = t->connection;

    do {
        if (!c->read->ready) {
            return NGX_AGAIN;
        }

        n = c->recv(c, p, size);

        if (n <= 0) {
            return n;
        }

        skip = ngx_min(t->skip, (size_t) n);

        if (skip) {
            t->skip -= skip;
            n -= skip;
            ngx_memmove(p, p + skip, n);
        }

    } while (n == 0);

    return n;
}


/*
 * Looks at the complete queries, and moves what is left to the start; its
 * length is returned.
 */

static size_t
ngx_dns_front_tcp_frames(ngx_dns_front_tcp_t *t, u_char *p, size_t len,
    ngx_uint_t *budget)
{
    size_t   size;
    u_char  *pos, *last;

    pos = p;
    last = p + len;

    while (last - pos >= 2) {

        size = ngx_dns_get16(pos);

        if ((size_t) (last - pos) - 2 < ngx_min(size, NGX_DNS_FRONT_TCP_QUERY))
        {
            break;
        }

        if (*budget == 0 || ngx_dns_front_tcp_full(t)) {
            t->stopped = 1;
            break;
        }

        pos += 2;
        (*budget)--;

        ngx_dns_front_tcp_query(t, pos, size);

        if (t->eof) {
            return 0;
        }

        /* it was in time; so has the next one to be */

        t->used = 1;
        t->part = 0;

        if (size > (size_t) (last - pos)) {
            t->skip = size - (last - pos);
            return 0;
        }

        pos += size;
    }

    len = last - pos;

    if (pos != p && len) {
        ngx_memmove(p, pos, len);
    }

    return len;
}


/*
 * What is not a query ends the connection (RFC 7766, 8: a length that is not
 * that of a message can't be recovered from): it gets no response.
 */

static void
ngx_dns_front_tcp_query(ngx_dns_front_tcp_t *t, u_char *p, size_t len)
{
    size_t  size;

    size = ngx_min(len, NGX_DNS_FRONT_TCP_QUERY);

    if (len < NGX_DNS_HEADER_SIZE
        || (ngx_dns_get16(p + 2) & NGX_DNS_QR))
    {
        ngx_dns_query_process(t->conf, &t->client, p, size, 0);

        ngx_log_error(NGX_LOG_INFO, t->connection->log, 0,
                      "client sent what is not a query");

        ngx_dns_front_tcp_end(t);
        return;
    }

    t->queries++;

    ngx_dns_query_process(t->conf, &t->client, p, size, len > size);
}


static void
ngx_dns_front_tcp_keep(ngx_dns_front_tcp_t *t, u_char *p, size_t len)
{
    if (t->eof && (len || t->skip)) {
        ngx_dns_query_drop(t->conf, &t->client, len, NGX_DNS_EINCOMPLETE);
        len = 0;
    }

    if (len == 0) {
        return;
    }

    if (len <= NGX_DNS_FRONT_TCP_PART) {

        if (ngx_dns_front_tcp_nspare) {
            t->in = ngx_dns_front_tcp_spare[--ngx_dns_front_tcp_nspare];

        } else {
            t->in = ngx_alloc(NGX_DNS_FRONT_TCP_PART, t->connection->log);
        }

        t->in_size = NGX_DNS_FRONT_TCP_PART;

    } else {
        t->in = ngx_alloc(len, t->connection->log);
        t->in_size = len;
    }

    if (t->in == NULL) {
        t->broken = 1;
        return;
    }

    ngx_memcpy(t->in, p, len);
    t->in_len = len;
}


void
ngx_dns_front_tcp_end(ngx_dns_front_tcp_t *t)
{
    t->eof = 1;
    t->stopped = 0;

    ngx_dns_front_tcp_release(t);
}


void
ngx_dns_front_tcp_release(ngx_dns_front_tcp_t *t)
{
    if (t->in == NULL) {
        return;
    }

    if (t->in_size == NGX_DNS_FRONT_TCP_PART
        && ngx_dns_front_tcp_nspare < NGX_DNS_FRONT_TCP_SPARE)
    {
        ngx_dns_front_tcp_spare[ngx_dns_front_tcp_nspare++] = t->in;

    } else {
        ngx_free(t->in);
    }

    t->in = NULL;
    t->in_len = 0;
}


void
ngx_dns_front_tcp_read_done(void)
{
    while (ngx_dns_front_tcp_nspare) {
        ngx_free(ngx_dns_front_tcp_spare[--ngx_dns_front_tcp_nspare]);
    }
}


ngx_int_t
ngx_dns_front_tcp_flush(ngx_dns_front_tcp_t *t)
{
    ngx_int_t          rc;
    ngx_uint_t         progress;
    ngx_event_t       *wev;
    ngx_connection_t  *c;

    if (t->out.first == NULL) {
        return NGX_OK;
    }

    c = t->connection;
    wev = c->write;
    progress = 0;

    rc = ngx_dns_front_out_flush(&t->out, c, &progress);

    if (rc != NGX_AGAIN || progress) {

        if (wev->timer_set) {
            ngx_del_timer(wev);
        }
    }

    if (rc == NGX_AGAIN) {

        if (!wev->timer_set) {
            ngx_add_timer(wev, t->conf->listener.client_timeout);
        }

        if (ngx_handle_write_event(wev, 0) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (t->out.size < ngx_dns_front_out_limit()) {
        ngx_dns_front_tcp_wake(t);
    }

    return rc;
}


void
ngx_dns_front_tcp_wake(ngx_dns_front_tcp_t *t)
{
    ngx_queue_t  *q;
    ngx_event_t  *ev;

    while (!ngx_queue_empty(&t->waiting)) {
        q = ngx_queue_head(&t->waiting);
        ev = ngx_queue_data(q, ngx_event_t, queue);

        ngx_delete_posted_event(ev);
        ngx_post_event(ev, &ngx_posted_events);
    }
}

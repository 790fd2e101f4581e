
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_tcp_stream.h"
#include "../base/ngx_dns_clock.h"
#include "../wire/ngx_dns_question.h"


#define NGX_DNS_TCP_STREAM_DATA   (2 + NGX_DNS_MAX_MESSAGE)
#define NGX_DNS_TCP_STREAM_READS  8       /* in one wake-up */


struct ngx_dns_tcp_stream_s {
    ngx_connection_t        *connection;
    const ngx_dns_bytes_t   *bytes;
    ngx_dns_tcp_stream_pt    handler;
    void                    *data;
    ngx_msec_t               timeout;

    size_t                   out_len;     /* of the query, still to be sent */
    u_char                  *out;

    size_t                   in_len;
    unsigned                 ready:1;
    unsigned                 stopped:1;

    u_char                   in[NGX_DNS_TCP_STREAM_DATA + NGX_DNS_READ_PAD];
    u_char                   query[];
};


static ngx_int_t ngx_dns_tcp_stream_connect(ngx_dns_tcp_stream_t *s,
    ngx_dns_peer_t *peer);
static void ngx_dns_tcp_stream_write_handler(ngx_event_t *wev);
static ngx_int_t ngx_dns_tcp_stream_ready(ngx_dns_tcp_stream_t *s);
static void ngx_dns_tcp_stream_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_dns_tcp_stream_read(ngx_dns_tcp_stream_t *s);
static ngx_int_t ngx_dns_tcp_stream_frames(ngx_dns_tcp_stream_t *s);
static void ngx_dns_tcp_stream_failed(ngx_dns_tcp_stream_t *s,
    ngx_dns_reason_e reason);


ngx_int_t
ngx_dns_tcp_stream_open(ngx_dns_peer_t *peer, const u_char *query, size_t len,
    ngx_msec_t timeout, ngx_dns_tcp_stream_pt handler, void *data,
    ngx_dns_tcp_stream_t **sp)
{
    ngx_int_t              rc;
    ngx_dns_tcp_stream_t  *s;

    *sp = NULL;

    s = ngx_alloc(sizeof(ngx_dns_tcp_stream_t) + 2 + len, ngx_cycle->log);
    if (s == NULL) {
        return NGX_BUSY;
    }

    s->handler = handler;
    s->data = data;
    s->timeout = timeout;
    s->in_len = 0;
    s->ready = 0;
    s->stopped = 0;
    s->bytes = ngx_dns_transport_stream(peer)->bytes;

    s->out = s->query;
    s->out_len = 2 + len;

    ngx_dns_put16(s->query, len);
    ngx_memcpy(s->query + 2, query, len);

    rc = ngx_dns_tcp_stream_connect(s, peer);

    if (rc != NGX_OK) {
        ngx_free(s);
        return rc;
    }

    *sp = s;

    return NGX_OK;
}


static ngx_int_t
ngx_dns_tcp_stream_connect(ngx_dns_tcp_stream_t *s, ngx_dns_peer_t *peer)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    rc = s->bytes->connect(peer, 0, &c);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return rc;
    }

    c->data = s;
    c->read->handler = ngx_dns_tcp_stream_read_handler;
    c->write->handler = ngx_dns_tcp_stream_write_handler;

    s->connection = c;

    /* both for the connection and the first message */

    ngx_add_timer(c->read, s->timeout);

    if (rc == NGX_OK) {
        s->ready = 1;
        ngx_post_event(c->write, &ngx_posted_events);
    }

    return NGX_OK;
}


static void
ngx_dns_tcp_stream_write_handler(ngx_event_t *wev)
{
    ssize_t                n;
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_dns_tcp_stream_t  *s;

    c = wev->data;
    s = c->data;

    rc = ngx_dns_tcp_stream_ready(s);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc != NGX_OK) {
        ngx_dns_tcp_stream_failed(s, NGX_DNS_ENETWORK);
        return;
    }

    while (s->out_len) {
        n = s->bytes->write(c, s->out, s->out_len);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n <= 0) {
            ngx_dns_tcp_stream_failed(s, NGX_DNS_ENETWORK);
            return;
        }

        s->out += n;
        s->out_len -= (size_t) n;
    }

    if (ngx_handle_write_event(wev, 0) != NGX_OK) {
        ngx_dns_tcp_stream_failed(s, NGX_DNS_ENETWORK);
    }
}


static ngx_int_t
ngx_dns_tcp_stream_ready(ngx_dns_tcp_stream_t *s)
{
    ngx_int_t  rc;

    if (s->ready) {
        return NGX_OK;
    }

    rc = s->bytes->ready(s->connection);

    if (rc == NGX_OK) {
        s->ready = 1;
    }

    return rc;
}


static void
ngx_dns_tcp_stream_read_handler(ngx_event_t *rev)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_dns_tcp_stream_t  *s;

    c = rev->data;
    s = c->data;

    ngx_dns_clock_update();

    if (rev->timedout) {
        ngx_dns_tcp_stream_failed(s, NGX_DNS_ETIMEOUT);
        return;
    }

    if (c->close) {

        /* the front, which is closed as well, ends all that is under way */

        return;
    }

    if (!s->ready) {

        /* the same event; it may end the stream */

        ngx_dns_tcp_stream_write_handler(c->write);
        return;
    }

    rc = s->stopped ? NGX_AGAIN : ngx_dns_tcp_stream_read(s);

    if (rc == NGX_DONE) {
        return;
    }

    if (rc == NGX_ERROR || ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_dns_tcp_stream_failed(s, NGX_DNS_ENETWORK);
    }
}


void
ngx_dns_tcp_stream_go_on(ngx_dns_tcp_stream_t *s)
{
    s->stopped = 0;

    ngx_add_timer(s->connection->read, s->timeout);
    ngx_dns_tcp_stream_read_handler(s->connection->read);
}


/* what is there already, then what comes; so much of it at once */

static ngx_int_t
ngx_dns_tcp_stream_read(ngx_dns_tcp_stream_t *s)
{
    ssize_t            n;
    ngx_int_t          rc;
    ngx_uint_t         reads;
    ngx_connection_t  *c;

    c = s->connection;

    for (reads = 0; reads < NGX_DNS_TCP_STREAM_READS; reads++) {

        rc = ngx_dns_tcp_stream_frames(s);

        if (rc != NGX_OK) {
            return rc;
        }

        n = s->bytes->read(c, s->in + s->in_len,
                           NGX_DNS_TCP_STREAM_DATA - s->in_len);

        if (n == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        s->in_len += (size_t) n;
    }

    ngx_post_event(c->read, &ngx_posted_next_events);

    return NGX_AGAIN;
}


static ngx_int_t
ngx_dns_tcp_stream_frames(ngx_dns_tcp_stream_t *s)
{
    size_t      size;
    u_char     *p, *end;
    ngx_int_t   rc;

    p = s->in;
    end = s->in + s->in_len;
    rc = NGX_OK;

    while (rc == NGX_OK && end - p >= 2) {
        size = ngx_dns_get16(p);

        if ((size_t) (end - p) < 2 + size) {
            break;
        }

        ngx_add_timer(s->connection->read, s->timeout);

        rc = s->handler(s->data, NGX_DNS_FINE, p + 2, size);

        if (rc == NGX_DONE) {
            return NGX_DONE;
        }

        p += 2 + size;
    }

    s->in_len = (size_t) (end - p);
    ngx_memmove(s->in, p, s->in_len);

    if (rc == NGX_AGAIN) {
        s->stopped = 1;

        if (s->connection->read->timer_set) {
            ngx_del_timer(s->connection->read);
        }
    }

    return rc;
}


static void
ngx_dns_tcp_stream_failed(ngx_dns_tcp_stream_t *s, ngx_dns_reason_e reason)
{
    void                   *data;
    ngx_dns_tcp_stream_pt   handler;

    handler = s->handler;
    data = s->data;

    if (s->bytes->failed && s->bytes->failed(s->connection)) {
        reason = NGX_DNS_ETLS;
    }

    ngx_dns_tcp_stream_close(s);

    (void) handler(data, reason, NULL, 0);
}


void
ngx_dns_tcp_stream_close(ngx_dns_tcp_stream_t *s)
{
    s->bytes->close(s->connection);
    ngx_free(s);
}

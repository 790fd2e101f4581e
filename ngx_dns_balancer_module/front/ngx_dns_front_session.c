
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_batch.h"
#include "ngx_dns_front_session.h"
#include "ngx_dns_front_tcp.h"
#include "../base/ngx_dns_clock.h"


typedef struct {
    ngx_connection_t        *connection;
    ngx_dns_conf_t          *conf;
    ngx_queue_t              queue;        /* of all, for the end */
    ngx_event_t              posted;       /* the last query has its response */
    ngx_uint_t               queries;      /* in flight */

    ngx_dns_client_t         client;       /* its handle is this */
    ngx_dns_client_t         via;          /* the same for the batch */
} ngx_dns_front_session_t;


static void ngx_dns_front_session_read_handler(ngx_event_t *rev);
static void ngx_dns_front_session_write_handler(ngx_event_t *wev);
static void ngx_dns_front_session_posted_handler(ngx_event_t *ev);
static void ngx_dns_front_session_query(ngx_dns_front_session_t *s,
    const u_char *p, size_t len);
static u_char *ngx_dns_front_session_reserve(ngx_dns_client_t *client,
    size_t size);
static void ngx_dns_front_session_commit(ngx_dns_client_t *client,
    size_t size, uint64_t *counter, ngx_int_t ttl);
static void ngx_dns_front_session_drop(ngx_dns_client_t *client);


static ngx_dns_front_t  ngx_dns_front_session = {
    ngx_dns_front_session_reserve,
    ngx_dns_front_session_commit,
    NULL,
    NULL,
    ngx_dns_front_session_drop,
    NULL,
    NULL,
    SOCK_DGRAM,
    0
};


/* of this worker */

static ngx_queue_t  ngx_dns_front_sessions;

static u_char       ngx_dns_front_session_data[NGX_DNS_FRONT_QUERY
                                               + NGX_DNS_READ_PAD];


void
ngx_dns_front_session_open(ngx_connection_t *c, ngx_dns_conf_t *conf)
{
    ngx_buf_t                *b;
    ngx_dns_front_session_t  *s;

    s = ngx_pcalloc(c->pool, sizeof(ngx_dns_front_session_t));

    if (s == NULL || ngx_dns_front_udp_client(c, &s->via) != NGX_OK) {
        ngx_dns_count(unsent);
        ngx_dns_front_tcp_close_connection(c);
        return;
    }

    if (ngx_dns_front_sessions.next == NULL) {
        ngx_queue_init(&ngx_dns_front_sessions);
    }

    ngx_queue_insert_tail(&ngx_dns_front_sessions, &s->queue);

    s->connection = c;
    s->conf = conf;
    s->posted.handler = ngx_dns_front_session_posted_handler;
    s->posted.data = s;
    s->posted.log = ngx_cycle->log;

    s->via.checked = 1;
    s->client = s->via;
    s->client.front = &ngx_dns_front_session;
    s->client.handle = s;

    c->data = s;
    c->read->handler = ngx_dns_front_session_read_handler;
    c->write->handler = ngx_dns_front_session_write_handler;

    b = c->buffer;

    ngx_dns_front_session_query(s, b->pos, b->last - b->pos);
}


void
ngx_dns_front_session_done(void)
{
    ngx_queue_t              *q;
    ngx_dns_front_session_t  *s;

    if (ngx_dns_front_sessions.next == NULL) {
        return;
    }

    while (!ngx_queue_empty(&ngx_dns_front_sessions)) {
        q = ngx_queue_head(&ngx_dns_front_sessions);
        s = ngx_queue_data(q, ngx_dns_front_session_t, queue);

        s->queries = 0;
        ngx_dns_front_session_posted_handler(&s->posted);
    }
}


/* another datagram of the client; or worker_shutdown_timeout is over */

static void
ngx_dns_front_session_read_handler(ngx_event_t *rev)
{
    ssize_t                   n;
    ngx_connection_t         *c;
    ngx_dns_front_session_t  *s;

    static u_char  data[65535];

    c = rev->data;
    s = c->data;

    if (c->close) {
        ngx_dns_query_quit(1);
        return;
    }

    n = c->recv(c, data, sizeof(data));

    if (n >= 0) {
        ngx_dns_front_session_query(s, data, n);
    }
}


static void
ngx_dns_front_session_write_handler(ngx_event_t *wev)
{
    /* responses leave by another descriptor */
}


static void
ngx_dns_front_session_query(ngx_dns_front_session_t *s, const u_char *p,
    size_t len)
{
    size_t  size;

    size = ngx_min(len, NGX_DNS_FRONT_QUERY);

    ngx_memcpy(ngx_dns_front_session_data, p, size);

    ngx_dns_clock_update();

    /* it ends after this, even if there is to be no response */

    ngx_post_event(&s->posted, &ngx_posted_events);

    if (size >= NGX_DNS_HEADER_SIZE
        && !(ngx_dns_get16(ngx_dns_front_session_data + 2) & NGX_DNS_QR))
    {
        s->queries++;
    }

    ngx_dns_query_process(s->conf, &s->client, ngx_dns_front_session_data,
                          size, len > size);
}


static void
ngx_dns_front_session_posted_handler(ngx_event_t *ev)
{
    ngx_dns_front_session_t  *s;

    s = ev->data;

    if (s->queries) {
        return;
    }

    if (ev->posted) {
        ngx_delete_posted_event(ev);
    }

    ngx_queue_remove(&s->queue);
    ngx_dns_front_tcp_close_connection(s->connection);
}


static u_char *
ngx_dns_front_session_reserve(ngx_dns_client_t *client, size_t size)
{
    ngx_dns_front_session_t  *s;

    s = client->handle;

    return ngx_dns_front_batch_reserve(&s->via, size);
}


static void
ngx_dns_front_session_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl)
{
    ngx_dns_front_session_t  *s;

    s = client->handle;

    ngx_dns_front_batch_commit(&s->via, size, counter, ttl);
    ngx_dns_front_session_drop(client);
}


/* with a response or without: when its last query has ended, so does it */

static void
ngx_dns_front_session_drop(ngx_dns_client_t *client)
{
    ngx_dns_front_session_t  *s;

    s = client->handle;

    s->queries--;

    if (!s->posted.posted) {
        ngx_post_event(&s->posted, &ngx_posted_events);
    }
}

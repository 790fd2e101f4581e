
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_frames.h"
#include "../query/ngx_dns_gone.h"


static void ngx_dns_front_tcp_read_handler(ngx_event_t *rev);
static void ngx_dns_front_tcp_write_handler(ngx_event_t *wev);
static void ngx_dns_front_tcp_posted_handler(ngx_event_t *ev);
static void ngx_dns_front_tcp_close_handler(ngx_dns_front_tcp_t *t);
static void ngx_dns_front_tcp_timeout(ngx_dns_front_tcp_t *t);
static void ngx_dns_front_tcp_settle(ngx_dns_front_tcp_t *t);
static ngx_uint_t ngx_dns_front_tcp_overstays(ngx_dns_front_tcp_t *t);
static void ngx_dns_front_tcp_timers(ngx_dns_front_tcp_t *t);
static void ngx_dns_front_tcp_close(ngx_dns_front_tcp_t *t);
static void ngx_dns_front_tcp_drain(ngx_connection_t *c);
static void ngx_dns_front_tcp_free(ngx_dns_front_tcp_t *t);
static u_char *ngx_dns_front_tcp_reserve(ngx_dns_client_t *client,
    size_t size);
static void ngx_dns_front_tcp_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl);
static ngx_int_t ngx_dns_front_tcp_part(ngx_dns_client_t *client, size_t size);
static void ngx_dns_front_tcp_room(ngx_dns_client_t *client, ngx_event_t *ev);
static void ngx_dns_front_tcp_drop(ngx_dns_client_t *client);
static ngx_connection_t *ngx_dns_front_tcp_connection(
    ngx_dns_client_t *client);
static void ngx_dns_front_tcp_post(ngx_dns_front_tcp_t *t);


static ngx_dns_front_t  ngx_dns_front_tcp = {
    ngx_dns_front_tcp_reserve,
    ngx_dns_front_tcp_commit,
    ngx_dns_front_tcp_part,
    ngx_dns_front_tcp_room,
    ngx_dns_front_tcp_drop,
    NULL,
    ngx_dns_front_tcp_connection,
    SOCK_STREAM,
    0
};


/* of this worker: clients, also those that have gone, until no query is left */

static ngx_queue_t  ngx_dns_front_tcp_all;
static ngx_uint_t   ngx_dns_front_tcp_n;
static time_t       ngx_dns_front_tcp_logged;
static ngx_msec_t   ngx_dns_front_tcp_quits;      /* since then; 0: not yet */


void
ngx_dns_front_tcp_open(ngx_connection_t *c, ngx_dns_conf_t *conf)
{
    ngx_dns_front_tcp_t  *t;

    t = ngx_calloc(sizeof(ngx_dns_front_tcp_t), c->log);

    if (t == NULL) {
        ngx_dns_front_tcp_close_connection(c);
        return;
    }

    if (ngx_dns_front_tcp_all.next == NULL) {
        ngx_queue_init(&ngx_dns_front_tcp_all);
    }

    ngx_queue_insert_tail(&ngx_dns_front_tcp_all, &t->queue);
    ngx_dns_gauge_used(NGX_DNS_GAUGE_CLIENTS, ++ngx_dns_front_tcp_n);
    ngx_queue_init(&t->waiting);

    t->connection = c;
    t->conf = conf;

    t->posted.handler = ngx_dns_front_tcp_posted_handler;
    t->posted.data = t;
    t->posted.log = ngx_cycle->log;

    t->client.front = &ngx_dns_front_tcp;
    t->client.handle = t;
    t->client.listening = c->listening;
    t->client.checked = 1;
    t->client.proto = NGX_DNS_PROTO_TCP;

#if (NGX_SSL)
    if (c->ssl) {
        t->client.proto = NGX_DNS_PROTO_TLS;
        c->ssl->no_wait_shutdown = 1;
    }
#endif

    t->client.socklen = ngx_min(c->socklen, sizeof(ngx_dns_sockaddr_t));
    ngx_memcpy(&t->client.sockaddr, c->sockaddr, t->client.socklen);

#if (NGX_HAVE_UNIX_DOMAIN)
    if (c->sockaddr->sa_family == AF_UNIX) {
        t->client.socklen = offsetof(struct sockaddr_un, sun_path);
    }
#endif

    c->data = t;
    c->read->handler = ngx_dns_front_tcp_read_handler;
    c->write->handler = ngx_dns_front_tcp_write_handler;

    ngx_dns_front_tcp_read_handler(c->read);
}


static ngx_connection_t *
ngx_dns_front_tcp_connection(ngx_dns_client_t *client)
{
    ngx_dns_front_tcp_t  *t;

    t = client->handle;

    return t->connection;
}


void
ngx_dns_front_tcp_done(void)
{
    ngx_queue_t          *q;
    ngx_dns_front_tcp_t  *t;

    while (ngx_dns_front_tcp_all.next
           && !ngx_queue_empty(&ngx_dns_front_tcp_all))
    {
        q = ngx_queue_head(&ngx_dns_front_tcp_all);
        t = ngx_queue_data(q, ngx_dns_front_tcp_t, queue);

        if (t->queries) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "%ui dns queries of a client over a stream have "
                          "not ended", t->queries);
            t->queries = 0;
        }

        if (t->connection == NULL) {
            ngx_dns_front_tcp_free(t);
            continue;
        }

        t->connection->timedout = 1;

        (void) ngx_dns_front_tcp_flush(t);
        ngx_dns_front_tcp_close(t);
    }

    ngx_dns_front_tcp_read_done();
    ngx_dns_front_out_done();
}


static void
ngx_dns_front_tcp_read_handler(ngx_event_t *rev)
{
    ngx_connection_t     *c;
    ngx_dns_front_tcp_t  *t;

    c = rev->data;
    t = c->data;

    if (c->close) {
        ngx_dns_front_tcp_close_handler(t);
        return;
    }

    if (rev->timedout) {
        rev->timedout = 0;
        ngx_dns_front_tcp_timeout(t);
        return;
    }

    /*
     * While it is being read it must not be one of those that nginx closes
     * when it is short of connections, from wherever one is asked for
     */

    ngx_reusable_connection(c, 0);

    ngx_dns_front_tcp_read(t);
    ngx_dns_front_tcp_settle(t);
}


static void
ngx_dns_front_tcp_write_handler(ngx_event_t *wev)
{
    ngx_connection_t     *c;
    ngx_dns_front_tcp_t  *t;

    c = wev->data;
    t = c->data;

    if (wev->timedout) {
        ngx_log_error(NGX_LOG_INFO, c->log, NGX_ETIMEDOUT,
                      "client does not read, %uz octets of answers dropped",
                      t->out.size);

        ngx_dns_front_tcp_close(t);
        return;
    }

    if (t->out.first) {
        ngx_dns_front_tcp_settle(t);
    }
}


static void
ngx_dns_front_tcp_posted_handler(ngx_event_t *ev)
{
    ngx_dns_front_tcp_t  *t;

    t = ev->data;

    if (t->connection == NULL) {
        ngx_dns_front_tcp_free(t);
        return;
    }

    ngx_dns_front_tcp_settle(t);
}


/*
 * nginx calls it for idle connections, when the worker is to quit or has too
 * few of them, and with "error" set, when worker_shutdown_timeout is over.
 */

static void
ngx_dns_front_tcp_close_handler(ngx_dns_front_tcp_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;

    if (c->error) {
        ngx_dns_query_quit(1);

        (void) ngx_dns_front_tcp_flush(t);
        ngx_dns_front_tcp_close(t);
        return;
    }

    if (!ngx_exiting) {

        if (t->in) {
            ngx_dns_query_drop(t->conf, &t->client, t->in_len,
                               NGX_DNS_EINCOMPLETE);
        }

        ngx_dns_front_tcp_close(t);
        return;
    }

    /* what has come in the meantime is still answered */

    c->close = 0;
    ngx_dns_front_tcp_read(t);
    ngx_dns_front_tcp_settle(t);
}


static void
ngx_dns_front_tcp_timeout(ngx_dns_front_tcp_t *t)
{
    if (!t->part && (t->queries || t->out.first)) {

        /* what it waits for has a time of its own */

        ngx_dns_front_tcp_timers(t);
        return;
    }

    if (t->part) {
        ngx_log_error(NGX_LOG_INFO, t->connection->log, NGX_ETIMEDOUT,
                      "client timed out in a query");

        ngx_dns_query_drop(t->conf, &t->client, t->in_len,
                           NGX_DNS_EINCOMPLETE);
    }

    t->connection->timedout = 1;
    ngx_dns_front_tcp_close(t);
}


/* after anything that has happened: writes, then waits for more or closes */

static void
ngx_dns_front_tcp_settle(ngx_dns_front_tcp_t *t)
{
    ngx_int_t          rc;
    ngx_uint_t         idle;
    ngx_event_t       *rev;
    ngx_connection_t  *c;

    c = t->connection;
    rev = c->read;

    if (t->posted.posted) {
        ngx_delete_posted_event(&t->posted);
    }

    rc = ngx_dns_front_tcp_flush(t);

    if (ngx_exiting && ngx_dns_front_tcp_overstays(t)) {
        ngx_dns_front_tcp_end(t);
    }

    idle = (t->queries == 0 && t->out.first == NULL);

    if (rc == NGX_ERROR || t->broken || (t->eof && idle)) {
        ngx_dns_front_tcp_close(t);
        return;
    }

    if (t->stopped && !rev->posted && !ngx_dns_front_tcp_full(t)) {
        ngx_post_event(rev, &ngx_posted_events);
    }

    /* half a query is no reason to keep a connection that others need */

    ngx_reusable_connection(c, idle);

    idle = (idle && t->in == NULL && t->skip == 0);

    if (idle && ngx_exiting && t->used) {
        ngx_dns_front_tcp_close(t);
        return;
    }

    /* "idle" has nginx call the handler when the worker is to quit */

    c->idle = idle;

    if (!t->eof) {
        rc = ngx_handle_read_event(rev, 0);

    } else if (rev->active && !(ngx_event_flags & NGX_USE_CLEAR_EVENT)) {
        rc = ngx_del_event(rev, NGX_READ_EVENT, 0);

    } else {
        rc = NGX_OK;
    }

    if (rc != NGX_OK) {
        ngx_dns_front_tcp_close(t);
        return;
    }

    ngx_dns_front_tcp_timers(t);
}


/*
 * A client that asks without a pause would keep the worker, and what it was
 * configured for, for ever: what is read of it by now is the last.
 */

static ngx_uint_t
ngx_dns_front_tcp_overstays(ngx_dns_front_tcp_t *t)
{
    if (ngx_dns_front_tcp_quits == 0) {
        ngx_dns_front_tcp_quits = ngx_max(ngx_current_msec, 1);
    }

    return t->used && !t->eof
           && ngx_current_msec - ngx_dns_front_tcp_quits
              >= NGX_DNS_FRONT_TCP_STAY;
}


static void
ngx_dns_front_tcp_timers(ngx_dns_front_tcp_t *t)
{
    ngx_msec_t    timeout;
    ngx_event_t  *rev;

    rev = t->connection->read;

    if (t->eof) {
        if (rev->timer_set) {
            ngx_del_timer(rev);
        }

        return;
    }

    if (!t->stopped && (t->in || t->skip)) {

        /* it does not get longer by sending it octet by octet */

        if (!t->part) {
            t->part = 1;
            ngx_add_timer(rev, t->conf->listener.client_timeout);
        }

        return;
    }

    t->part = 0;
    timeout = t->conf->listener.idle_timeout;

    if (ngx_exiting) {
        timeout = ngx_min(timeout, NGX_DNS_FRONT_TCP_STAY);
    }

    ngx_add_timer(rev, timeout);
}


static void
ngx_dns_front_tcp_close(ngx_dns_front_tcp_t *t)
{
    ngx_connection_t  *c;

    c = t->connection;
    t->connection = NULL;

    ngx_dns_gauge_used(NGX_DNS_GAUGE_CLIENTS, --ngx_dns_front_tcp_n);

    if (t->posted.posted) {
        ngx_delete_posted_event(&t->posted);
    }

    ngx_dns_front_out_drop(&t->out);
    ngx_dns_front_tcp_release(t);
    ngx_dns_front_tcp_wake(t);

    if (ngx_exiting) {
        ngx_dns_front_tcp_drain(c);
    }

    ngx_dns_front_tcp_close_connection(c);

    if (t->queries == 0) {
        ngx_dns_front_tcp_free(t);
        return;
    }

    ngx_dns_gone_add(t->conf, &t->client, t->queries);
}


/*
 * With something left to be read the kernel resets the connection, and some
 * systems then take away the responses that their program has not read yet
 */

static void
ngx_dns_front_tcp_drain(ngx_connection_t *c)
{
    u_char      data[4096];
    ngx_uint_t  n;

    for (n = 0; n < NGX_DNS_FRONT_TCP_DRAIN / sizeof(data); n++) {
        if (recv(c->fd, data, sizeof(data), MSG_DONTWAIT) <= 0) {
            return;
        }
    }
}


static void
ngx_dns_front_tcp_free(ngx_dns_front_tcp_t *t)
{
    if (t->posted.posted) {
        ngx_delete_posted_event(&t->posted);
    }

    ngx_queue_remove(&t->queue);
    ngx_free(t);
}


void
ngx_dns_front_tcp_close_connection(ngx_connection_t *c)
{
    ngx_pool_t  *pool;

    ngx_reusable_connection(c, 0);
    c->idle = 0;

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

#if (NGX_SSL)
    if (c->ssl) {
        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
            c->ssl->handler = ngx_dns_front_tcp_close_connection;
            return;
        }
    }
#endif

#if (NGX_STAT_STUB)
    (void) ngx_atomic_fetch_add(ngx_stat_active, -1);
#endif

    pool = c->pool;

    ngx_close_connection(c);
    ngx_destroy_pool(pool);
}


static u_char *
ngx_dns_front_tcp_reserve(ngx_dns_client_t *client, size_t size)
{
    ngx_dns_front_tcp_t  *t;

    t = client->handle;

    t->room = ngx_dns_front_out_reserve(&t->out, t->connection ? size
                                                     : NGX_DNS_MAX_MESSAGE);

    return t->room;
}


static void
ngx_dns_front_tcp_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl)
{
    ngx_dns_front_tcp_t  *t;

    t = client->handle;

    t->queries--;

    if (t->connection == NULL) {
        ngx_dns_gone_end(t->conf, &t->client);

        if (size) {
            ngx_dns_count(unsent);
        }

        /* whoever commits may still look at its client */

        if (t->queries == 0) {
            ngx_post_event(&t->posted, &ngx_posted_events);
        }

        return;
    }

    if (size == 0) {
        ngx_dns_front_tcp_end(t);

    } else if (ngx_dns_front_out_commit(&t->out, t->room, size, counter)
               != NGX_OK)
    {
        /* of many, as there may be */

        if (ngx_dns_front_tcp_logged != ngx_time()) {
            ngx_dns_front_tcp_logged = ngx_time();

            ngx_log_error(NGX_LOG_ERR, t->connection->log, 0,
                          "no memory for answers, clients do not read");
        }

        ngx_dns_count(unsent);
        ngx_dns_front_tcp_end(t);
    }

    ngx_dns_front_tcp_post(t);
}


static ngx_int_t
ngx_dns_front_tcp_part(ngx_dns_client_t *client, size_t size)
{
    ngx_dns_front_tcp_t  *t;

    t = client->handle;

    if (t->connection == NULL
        || ngx_dns_front_out_commit(&t->out, t->room, size, NULL) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_dns_front_tcp_post(t);

    return t->out.size < ngx_dns_front_out_limit() ? NGX_OK : NGX_AGAIN;
}


static void
ngx_dns_front_tcp_drop(ngx_dns_client_t *client)
{
    ngx_dns_front_tcp_commit(client, 0, NULL, NGX_DECLINED);
}


/* the event waits in a queue of ours as it would in one of nginx */

static void
ngx_dns_front_tcp_room(ngx_dns_client_t *client, ngx_event_t *ev)
{
    ngx_dns_front_tcp_t  *t;

    t = client->handle;

    if (t->connection && t->out.size >= ngx_dns_front_out_limit()) {
        ngx_post_event(ev, &t->waiting);

    } else {
        ngx_post_event(ev, &ngx_posted_events);
    }
}


/* who reads now writes after that */

static void
ngx_dns_front_tcp_post(ngx_dns_front_tcp_t *t)
{
    if (!t->reading && !t->posted.posted) {
        ngx_post_event(&t->posted, &ngx_posted_events);
    }
}

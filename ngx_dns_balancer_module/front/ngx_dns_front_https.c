
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_https.h"
#include "../base/ngx_dns_clock.h"
#include "../query/ngx_dns_gone.h"
#include "../query/ngx_dns_stage.h"


static u_char *ngx_dns_front_https_reserve(ngx_dns_client_t *client,
    size_t size);
static void ngx_dns_front_https_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl);
static void ngx_dns_front_https_drop(ngx_dns_client_t *client);
static void ngx_dns_front_https_deny(ngx_dns_client_t *client,
    uint64_t *counter);
static ngx_connection_t *ngx_dns_front_https_connection(
    ngx_dns_client_t *client);
static void ngx_dns_front_https_note(ngx_dns_logged_t *r);
static void ngx_dns_front_https_gone(ngx_dns_front_https_t *h);
static void ngx_dns_front_https_end(ngx_dns_front_https_t *h);
static void ngx_dns_front_https_free(ngx_dns_front_https_t *h);
static void ngx_dns_front_https_posted_handler(ngx_event_t *ev);


static ngx_dns_front_t  ngx_dns_front_https = {
    ngx_dns_front_https_reserve,
    ngx_dns_front_https_commit,
    NULL,
    NULL,
    ngx_dns_front_https_drop,
    ngx_dns_front_https_deny,
    ngx_dns_front_https_connection,
    SOCK_STREAM,
    1
};


const ngx_dns_stage_t  ngx_dns_stage_https = {
    NULL,
    NULL,
    ngx_dns_front_https_note
};


/* of this worker: a query and a response, of any client */

static u_char  ngx_dns_front_https_in[NGX_DNS_FRONT_HTTPS_QUERY
                                      + NGX_DNS_READ_PAD];
static u_char  ngx_dns_front_https_out[NGX_DNS_MAX_MESSAGE];


/* of this worker: clients, whose requests may have gone */

static ngx_queue_t  ngx_dns_front_https_all;

/* the worker exits: what ends now is not sent */

static ngx_uint_t   ngx_dns_front_https_ended;


ngx_dns_front_https_t *
ngx_dns_front_https_open(ngx_dns_conf_t *conf, ngx_connection_t *c,
    ngx_pool_t *pool, void *request)
{
    ngx_dns_front_https_t  *h;

    h = ngx_calloc(sizeof(ngx_dns_front_https_t), c->log);
    if (h == NULL) {
        return NULL;
    }

    if (ngx_dns_front_https_all.next == NULL) {
        ngx_queue_init(&ngx_dns_front_https_all);
    }

    ngx_queue_insert_tail(&ngx_dns_front_https_all, &h->queue);

    h->conf = conf;
    h->request = request;
    h->connection = c;
    h->pool = pool;

    h->posted.handler = ngx_dns_front_https_posted_handler;
    h->posted.data = h;
    h->posted.log = ngx_cycle->log;

    h->client.front = &ngx_dns_front_https;
    h->client.handle = h;
    h->client.listening = c->listening;
    h->client.proto = NGX_DNS_PROTO_HTTPS;
    h->client.socklen = ngx_min(c->socklen, sizeof(ngx_dns_sockaddr_t));
    ngx_memcpy(&h->client.sockaddr, c->sockaddr, h->client.socklen);

#if (NGX_HAVE_UNIX_DOMAIN)
    if (c->sockaddr->sa_family == AF_UNIX) {
        h->client.socklen = offsetof(struct sockaddr_un, sun_path);
    }
#endif

    return h;
}


ngx_int_t
ngx_dns_front_https_query(ngx_dns_front_https_t *h, const u_char *p,
    size_t len, void (*handler)(void *request))
{
    size_t  size;

    h->counted = 1;

    if (len < NGX_DNS_HEADER_SIZE || ngx_dns_get16(p + 2) & NGX_DNS_QR) {
        ngx_dns_query_drop(h->conf, &h->client, len,
                           len < NGX_DNS_HEADER_SIZE ? NGX_DNS_EHEADER
                                                     : NGX_DNS_ERESPONSE);
        return NGX_DECLINED;
    }

    size = ngx_min(len, NGX_DNS_FRONT_HTTPS_QUERY);

    ngx_memcpy(ngx_dns_front_https_in, p, size);

    ngx_dns_clock_update();

    h->handler = handler;
    h->waiting = 1;
    h->now = 1;

    ngx_dns_query_process(h->conf, &h->client, ngx_dns_front_https_in, size,
                          len > size);

    h->now = 0;

    return h->waiting ? NGX_AGAIN : NGX_OK;
}


void
ngx_dns_front_https_refuse(ngx_dns_front_https_t *h, size_t len)
{
    h->counted = 1;

    ngx_dns_query_drop(h->conf, &h->client, len, NGX_DNS_EHTTP);
}


static void
ngx_dns_front_https_note(ngx_dns_logged_t *r)
{
    ngx_dns_front_https_t  *h;

    h = r->client->handle;

    h->logged = *r;
    h->logged.client = &h->client;
    h->end_usec = ngx_dns_usec;
    h->noted = 1;

    if (r->name) {
        ngx_memcpy(h->name, r->name, r->name_len);
        h->logged.name = h->name;
    }
}


void
ngx_dns_front_https_leave(void *data)
{
    ngx_dns_front_https_t *h = data;

    if (!h->counted) {

        /* its body has not come, or not as HTTP has it */

        h->counted = 1;
        ngx_dns_query_drop(h->conf, &h->client, 0, NGX_DNS_EINCOMPLETE);
    }

    ngx_dns_front_https_gone(h);
}


void
ngx_dns_front_https_close(void *data)
{
    ngx_dns_front_https_t *h = data;

    ngx_dns_front_https_gone(h);
    h->closed = 1;

    if (!h->waiting && !h->posted.posted) {
        ngx_dns_front_https_free(h);
    }
}


static void
ngx_dns_front_https_gone(ngx_dns_front_https_t *h)
{
    h->request = NULL;
    h->connection = NULL;

    if (h->waiting && !h->gone) {
        h->gone = 1;
        ngx_dns_gone_add(h->conf, &h->client, 1);
    }
}


void
ngx_dns_front_https_quit(void)
{
    ngx_dns_front_https_ended = 1;
}


void
ngx_dns_front_https_done(void)
{
    ngx_queue_t            *q;
    ngx_dns_front_https_t  *h;

    /* the others are nginx's, and end with the process as its requests do */

    for (q = ngx_dns_front_https_all.next;
         q && q != &ngx_dns_front_https_all;
         /* void */)
    {
        h = ngx_queue_data(q, ngx_dns_front_https_t, queue);
        q = ngx_queue_next(q);

        if (h->waiting) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "dns query of a client over https has not ended");
        }

        if (h->closed) {
            ngx_dns_front_https_free(h);
        }
    }
}


static u_char *
ngx_dns_front_https_reserve(ngx_dns_client_t *client, size_t size)
{
    return ngx_dns_front_https_out;
}


static void
ngx_dns_front_https_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl)
{
    ngx_dns_front_https_t  *h;

    h = client->handle;

    if (h->request && !ngx_dns_front_https_ended) {
        h->response = ngx_pnalloc(h->pool, size);
    }

    if (h->response) {
        ngx_memcpy(h->response, ngx_dns_front_https_out, size);
        h->size = size;
        h->counter = counter;
        h->ttl = ttl;

    } else {
        ngx_dns_count(unsent);
    }

    ngx_dns_front_https_end(h);
}


static void
ngx_dns_front_https_drop(ngx_dns_client_t *client)
{
    ngx_dns_front_https_t  *h;

    h = client->handle;
    h->dropped = 1;

    ngx_dns_front_https_end(h);
}


static void
ngx_dns_front_https_deny(ngx_dns_client_t *client, uint64_t *counter)
{
    ngx_dns_front_https_t  *h;

    h = client->handle;
    h->denied = 1;
    h->counter = counter;

    ngx_dns_front_https_end(h);
}


static ngx_connection_t *
ngx_dns_front_https_connection(ngx_dns_client_t *client)
{
    ngx_dns_front_https_t  *h;

    h = client->handle;

    return h->connection;
}


/* whoever ends a query may still look at its client: the rest comes later */

static void
ngx_dns_front_https_end(ngx_dns_front_https_t *h)
{
    h->waiting = 0;

    if (h->gone) {
        h->gone = 0;
        ngx_dns_gone_end(h->conf, &h->client);
    }

    if (!h->now) {
        ngx_post_event(&h->posted, &ngx_posted_events);
    }
}


static void
ngx_dns_front_https_posted_handler(ngx_event_t *ev)
{
    ngx_dns_front_https_t  *h;

    h = ev->data;

    if (h->request) {

        /* it may end in this, and "h" with it */

        h->handler(h->request);
        return;
    }

    if (h->response) {
        ngx_dns_count(unsent);
    }

    if (h->closed) {
        ngx_dns_front_https_free(h);
    }
}


static void
ngx_dns_front_https_free(ngx_dns_front_https_t *h)
{
    if (h->posted.posted) {
        ngx_delete_posted_event(&h->posted);
    }

    ngx_queue_remove(&h->queue);
    ngx_free(h);
}

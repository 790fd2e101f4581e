
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_reserve.h"
#include "ngx_dns_source.h"


static ngx_int_t ngx_dns_plain_connect(ngx_dns_peer_t *peer,
    ngx_uint_t first, ngx_connection_t **cp);
static ngx_int_t ngx_dns_plain_open(ngx_dns_peer_t *peer,
    ngx_connection_t **cp);
static ngx_int_t ngx_dns_plain_bind(ngx_dns_peer_t *peer, ngx_socket_t fd);
static ngx_int_t ngx_dns_plain_start(ngx_connection_t *c,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_plain_events(ngx_connection_t *c,
    ngx_uint_t connected);
static ngx_int_t ngx_dns_plain_ready(ngx_connection_t *c);
static ssize_t ngx_dns_plain_read(ngx_connection_t *c, u_char *p, size_t size);
static ssize_t ngx_dns_plain_write(ngx_connection_t *c, u_char *p,
    size_t size);


const ngx_dns_bytes_t  ngx_dns_bytes_plain = {
    0,
    ngx_dns_plain_connect,
    ngx_dns_plain_ready,
    NULL,
    ngx_dns_plain_read,
    ngx_dns_plain_write,
    ngx_dns_reserve_close
};


static ngx_int_t
ngx_dns_plain_connect(ngx_dns_peer_t *peer, ngx_uint_t first,
    ngx_connection_t **cp)
{
    ngx_int_t  rc;

    *cp = NULL;

    rc = ngx_dns_reserve_begin(first);

    if (rc == NGX_OK) {
        rc = ngx_dns_plain_open(peer, cp);
        ngx_dns_reserve_end(*cp);
    }

    return rc;
}


static ngx_int_t
ngx_dns_plain_open(ngx_dns_peer_t *peer, ngx_connection_t **cp)
{
    int                on;
    ngx_int_t          rc;
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    fd = ngx_socket(peer->sockaddr->sa_family, SOCK_STREAM, 0);
    if (fd == (ngx_socket_t) -1) {
        return NGX_BUSY;
    }

    if (ngx_nonblocking(fd) == -1 || ngx_dns_plain_bind(peer, fd) != NGX_OK) {
        ngx_close_socket(fd);
        return NGX_BUSY;
    }

    /* RFC 7766, 6.2.1.1: small frames must not wait for one another */

    if (peer->sockaddr->sa_family != AF_UNIX) {
        on = 1;
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(int));
    }

    c = ngx_get_connection(fd, ngx_cycle->log);
    if (c == NULL) {
        ngx_close_socket(fd);
        return NGX_BUSY;
    }

    c->type = SOCK_STREAM;
    c->recv = ngx_recv;
    c->send = ngx_send;
    c->log = ngx_cycle->log;
    c->log_error = NGX_ERROR_INFO;
    c->read->log = c->log;
    c->write->log = c->log;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;
    c->tcp_nodelay = NGX_TCP_NODELAY_SET;

    rc = ngx_dns_plain_start(c, peer);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        ngx_close_connection(c);
        return rc;
    }

    *cp = c;

    return rc;
}


/* as long as it fails that is said once: it may be so for every query */

static ngx_int_t
ngx_dns_plain_bind(ngx_dns_peer_t *peer, ngx_socket_t fd)
{
    ngx_dns_upstream_t  *u;

    u = peer->upstream;

    if (ngx_dns_source_bind(fd, peer) == NGX_OK) {
        u->unbound = 0;
        return NGX_OK;
    }

    if (!u->unbound) {
        u->unbound = 1;
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, ngx_socket_errno,
                      "dns upstream \"%V\": no socket to server %V",
                      &u->name, &peer->name);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_dns_plain_start(ngx_connection_t *c, ngx_dns_peer_t *peer)
{
    ngx_err_t  err;

    /* edge-triggered events have to be there before what they are about */

    if (ngx_add_conn && ngx_add_conn(c) == NGX_ERROR) {
        return NGX_BUSY;
    }

    if (connect(c->fd, peer->sockaddr, peer->socklen) == 0) {
        return ngx_dns_plain_events(c, 1);
    }

    err = ngx_socket_errno;

    switch (err) {

    case NGX_EINPROGRESS:
        return ngx_dns_plain_events(c, 0);

    case EADDRNOTAVAIL:
    case EADDRINUSE:
    case ENOBUFS:
    case NGX_ENOMEM:
        return NGX_BUSY;

    default:
        return NGX_ERROR;
    }
}


static ngx_int_t
ngx_dns_plain_events(ngx_connection_t *c, ngx_uint_t connected)
{
    ngx_uint_t  flags;

    if (!ngx_add_conn) {
        flags = (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? NGX_CLEAR_EVENT
                                                        : NGX_LEVEL_EVENT;

        if (ngx_add_event(c->read, NGX_READ_EVENT, flags) != NGX_OK
            || (!connected
                && ngx_add_event(c->write, NGX_WRITE_EVENT, flags) != NGX_OK))
        {
            return NGX_BUSY;
        }
    }

    c->write->ready = connected;

    return connected ? NGX_OK : NGX_AGAIN;
}


static ngx_int_t
ngx_dns_plain_ready(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1
        || err)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ssize_t
ngx_dns_plain_read(ngx_connection_t *c, u_char *p, size_t size)
{
    return c->recv(c, p, size);
}


static ssize_t
ngx_dns_plain_write(ngx_connection_t *c, u_char *p, size_t size)
{
    return c->send(c, p, size);
}

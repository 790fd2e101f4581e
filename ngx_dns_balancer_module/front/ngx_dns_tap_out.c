
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tap.h"
#include "../transport/ngx_dns_reserve.h"

#include <fstrm.h>


#define NGX_DNS_TAP_TYPE  "protobuf:dnstap.Dnstap"


typedef enum {
    NGX_DNS_TAP_ECONNECT = 0,
    NGX_DNS_TAP_ESOCKET,
    NGX_DNS_TAP_ELEFT,
    NGX_DNS_TAP_EEVENT,
    NGX_DNS_TAP_ESEND,
    NGX_DNS_TAP_ECLOSED,
    NGX_DNS_TAP_EACCEPT,
    NGX_DNS_TAP_ETYPE
} ngx_dns_tap_lost_e;


static void ngx_dns_tap_out_flush(ngx_dns_tap_t *tap);
static void ngx_dns_tap_out_posted_handler(ngx_event_t *ev);
static void ngx_dns_tap_out_timer_handler(ngx_event_t *ev);
static void ngx_dns_tap_out_connect(ngx_dns_tap_t *tap);
static ngx_connection_t *ngx_dns_tap_out_socket(ngx_dns_tap_t *tap);
static ngx_int_t ngx_dns_tap_out_events(ngx_connection_t *c);
static void ngx_dns_tap_out_connected(ngx_dns_tap_t *tap);
static ngx_int_t ngx_dns_tap_out_control(ngx_dns_tap_t *tap,
    fstrm_control_type type);
static ngx_int_t ngx_dns_tap_out_accepted(ngx_dns_tap_t *tap);
static void ngx_dns_tap_out_read_handler(ngx_event_t *rev);
static ngx_int_t ngx_dns_tap_out_accept(ngx_dns_tap_t *tap);
static void ngx_dns_tap_out_write_handler(ngx_event_t *wev);
static void ngx_dns_tap_out_lost(ngx_dns_tap_t *tap, ngx_err_t err,
    ngx_dns_tap_lost_e reason);


static const char  *ngx_dns_tap_reasons[] = {
    "connect() failed",
    "socket() failed",
    "no connection is left",
    "no event for it",
    "send() failed",
    "the reader has closed the connection",
    "the reader does not accept",
    "the reader does not take protobuf:dnstap.Dnstap"
};


ngx_int_t
ngx_dns_tap_out_open(ngx_cycle_t *cycle, ngx_dns_tap_t *tap)
{
    tap->ring = ngx_alloc(NGX_DNS_TAP_RING, cycle->log);
    if (tap->ring == NULL) {
        return NGX_ERROR;
    }

    tap->timer.handler = ngx_dns_tap_out_timer_handler;
    tap->timer.data = tap;
    tap->timer.log = cycle->log;
    tap->timer.cancelable = 1;

    tap->posted.handler = ngx_dns_tap_out_posted_handler;
    tap->posted.data = tap;
    tap->posted.log = cycle->log;

    /* from the event loop: events of connections are not there yet */

    ngx_add_timer(&tap->timer, 1);

    return NGX_OK;
}


void
ngx_dns_tap_out_close(ngx_dns_tap_t *tap)
{
    if (tap->ring == NULL) {
        return;
    }

    if (tap->state == NGX_DNS_TAP_RUNNING) {
        ngx_dns_tap_out_flush(tap);
    }

    /* in the middle of a frame nothing else can be said */

    if (tap->state == NGX_DNS_TAP_RUNNING && tap->sent == 0) {
        (void) ngx_dns_tap_out_control(tap, FSTRM_CONTROL_STOP);
    }

    /* the rest is not written by anybody */

    while (ngx_dns_tap_ring_waits(tap)) {
        ngx_dns_count_in(tap->counters, dnstap_dropped);
        ngx_dns_tap_ring_next(tap);
    }

    if (tap->timer.timer_set) {
        ngx_del_timer(&tap->timer);
    }

    if (tap->posted.posted) {
        ngx_delete_posted_event(&tap->posted);
    }

    if (tap->connection) {
        ngx_dns_reserve_close(tap->connection);
        tap->connection = NULL;
    }

    tap->state = NGX_DNS_TAP_DOWN;

    ngx_free(tap->ring);
    tap->ring = NULL;
}


void
ngx_dns_tap_out_commit(ngx_dns_tap_t *tap, size_t size)
{
    ngx_dns_put32(tap->ring + tap->head, (uint32_t) size);
    tap->head += NGX_DNS_TAP_LENGTH + size;

    if (tap->state == NGX_DNS_TAP_RUNNING && !tap->blocked
        && !tap->posted.posted)
    {
        ngx_post_event(&tap->posted, &ngx_posted_events);
    }
}


/* as much as the reader takes at once */

static void
ngx_dns_tap_out_flush(ngx_dns_tap_t *tap)
{
    size_t      from;
    ssize_t     n;
    ngx_err_t   err;

    while (ngx_dns_tap_ring_waits(tap)) {
        from = tap->tail + tap->sent;

        n = send(tap->connection->fd, tap->ring + from,
                 (tap->wrapped ? tap->end : tap->head) - from, MSG_NOSIGNAL);

        if (n > 0) {
            ngx_dns_tap_ring_written(tap, (size_t) n);
            continue;
        }

        err = ngx_socket_errno;

        if (n == -1 && err == NGX_EINTR) {
            continue;
        }

        if (n == -1 && err == NGX_EAGAIN) {
            tap->blocked = 1;
            tap->connection->write->ready = 0;

            if (ngx_handle_write_event(tap->connection->write, 0) == NGX_OK) {
                return;
            }
        }

        ngx_dns_tap_out_lost(tap, n == -1 ? err : 0, NGX_DNS_TAP_ESEND);
        return;
    }
}


static void
ngx_dns_tap_out_posted_handler(ngx_event_t *ev)
{
    ngx_dns_tap_t  *tap;

    tap = ev->data;

    if (tap->state == NGX_DNS_TAP_RUNNING && !tap->blocked) {
        ngx_dns_tap_out_flush(tap);
    }
}


static void
ngx_dns_tap_out_timer_handler(ngx_event_t *ev)
{
    ngx_dns_tap_t  *tap;

    tap = ev->data;

    if (tap->state == NGX_DNS_TAP_DOWN) {
        ngx_dns_tap_out_connect(tap);
        return;
    }

    ngx_dns_tap_out_lost(tap, 0, NGX_DNS_TAP_EACCEPT);
}


static void
ngx_dns_tap_out_connect(ngx_dns_tap_t *tap)
{
    ngx_err_t          err;
    ngx_connection_t  *c;

    if (ngx_dns_reserve_begin(0) != NGX_OK) {
        ngx_dns_tap_out_lost(tap, 0, NGX_DNS_TAP_ELEFT);
        return;
    }

    c = ngx_dns_tap_out_socket(tap);

    ngx_dns_reserve_end(c);

    if (c == NULL) {
        ngx_dns_tap_out_lost(tap, ngx_errno, NGX_DNS_TAP_ESOCKET);
        return;
    }

    tap->connection = c;
    tap->state = NGX_DNS_TAP_CONNECTING;

    if (ngx_dns_tap_out_events(c) != NGX_OK) {
        ngx_dns_tap_out_lost(tap, 0, NGX_DNS_TAP_EEVENT);
        return;
    }

    if (connect(c->fd, tap->sockaddr, tap->socklen) == 0) {
        ngx_dns_tap_out_connected(tap);
        return;
    }

    err = ngx_socket_errno;

    if (err != NGX_EINPROGRESS) {
        ngx_dns_tap_out_lost(tap, err, NGX_DNS_TAP_ECONNECT);
        return;
    }

    ngx_add_timer(&tap->timer, NGX_DNS_TAP_HANDSHAKE);
}


static ngx_connection_t *
ngx_dns_tap_out_socket(ngx_dns_tap_t *tap)
{
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    fd = ngx_socket(tap->sockaddr->sa_family, SOCK_STREAM, 0);
    if (fd == (ngx_socket_t) -1) {
        return NULL;
    }

    if (ngx_nonblocking(fd) == -1) {
        ngx_close_socket(fd);
        return NULL;
    }

    c = ngx_get_connection(fd, ngx_cycle->log);
    if (c == NULL) {
        ngx_close_socket(fd);
        return NULL;
    }

    c->data = tap;
    c->type = SOCK_STREAM;
    c->log = ngx_cycle->log;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_dns_tap_out_read_handler;
    c->write->handler = ngx_dns_tap_out_write_handler;
    c->number = ngx_atomic_fetch_add(ngx_connection_counter, 1);
    c->start_time = ngx_current_msec;

    return c;
}


/* edge-triggered events have to be there before what they are about */

static ngx_int_t
ngx_dns_tap_out_events(ngx_connection_t *c)
{
    ngx_uint_t  flags;

    if (ngx_add_conn) {
        return ngx_add_conn(c);
    }

    flags = (ngx_event_flags & NGX_USE_CLEAR_EVENT) ? NGX_CLEAR_EVENT
                                                    : NGX_LEVEL_EVENT;

    if (ngx_add_event(c->read, NGX_READ_EVENT, flags) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_add_event(c->write, NGX_WRITE_EVENT, flags);
}


static void
ngx_dns_tap_out_connected(ngx_dns_tap_t *tap)
{
    tap->state = NGX_DNS_TAP_WAITING;
    tap->in_len = 0;
    tap->blocked = 0;

    if (ngx_dns_tap_out_control(tap, FSTRM_CONTROL_READY) != NGX_OK) {
        ngx_dns_tap_out_lost(tap, ngx_socket_errno, NGX_DNS_TAP_ESEND);
        return;
    }

    ngx_add_timer(&tap->timer, NGX_DNS_TAP_HANDSHAKE);
}


/* between frames only; a few octets, which a socket has room for or is dead */

static ngx_int_t
ngx_dns_tap_out_control(ngx_dns_tap_t *tap, fstrm_control_type type)
{
    size_t                 len;
    fstrm_res              rc;
    uint8_t                frame[NGX_DNS_TAP_CONTROL];
    struct fstrm_control  *control;

    len = sizeof(frame);
    control = fstrm_control_init();

    rc = fstrm_control_set_type(control, type);

    if (rc == fstrm_res_success && type != FSTRM_CONTROL_STOP) {
        rc = fstrm_control_add_field_content_type(control,
                                              (uint8_t *) NGX_DNS_TAP_TYPE,
                                              sizeof(NGX_DNS_TAP_TYPE) - 1);
    }

    if (rc == fstrm_res_success) {
        rc = fstrm_control_encode(control, frame, &len,
                                  FSTRM_CONTROL_FLAG_WITH_HEADER);
    }

    fstrm_control_destroy(&control);

    if (rc != fstrm_res_success) {
        return NGX_ERROR;
    }

    return send(tap->connection->fd, frame, len, MSG_NOSIGNAL) == (ssize_t) len
           ? NGX_OK : NGX_ERROR;
}


/* NGX_OK; NGX_DECLINED: of something else than frames of dnstap */

static ngx_int_t
ngx_dns_tap_out_accepted(ngx_dns_tap_t *tap)
{
    fstrm_res              rc;
    fstrm_control_type     type;
    struct fstrm_control  *control;

    type = FSTRM_CONTROL_STOP;
    control = fstrm_control_init();

    rc = fstrm_control_decode(control, tap->in, tap->in_len,
                              FSTRM_CONTROL_FLAG_WITH_HEADER);

    if (rc == fstrm_res_success) {
        rc = fstrm_control_get_type(control, &type);
    }

    if (rc == fstrm_res_success) {
        rc = type == FSTRM_CONTROL_ACCEPT
             ? fstrm_control_match_field_content_type(control,
                                              (uint8_t *) NGX_DNS_TAP_TYPE,
                                              sizeof(NGX_DNS_TAP_TYPE) - 1)
             : fstrm_res_failure;
    }

    fstrm_control_destroy(&control);

    return rc == fstrm_res_success ? NGX_OK : NGX_DECLINED;
}


static void
ngx_dns_tap_out_read_handler(ngx_event_t *rev)
{
    size_t             size;
    ssize_t            n;
    ngx_dns_tap_t     *tap;
    ngx_connection_t  *c;

    c = rev->data;
    tap = c->data;

    if (tap->state == NGX_DNS_TAP_CONNECTING) {
        return;
    }

    /* what a reader says once it has begun to read is of no interest */

    for ( ;; ) {

        if (tap->state == NGX_DNS_TAP_RUNNING) {
            tap->in_len = 0;
        }

        size = NGX_DNS_TAP_CONTROL - tap->in_len;

        n = recv(c->fd, tap->in + tap->in_len, size, 0);

        if (n == -1 && ngx_socket_errno == NGX_EINTR) {
            continue;
        }

        if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
            rev->ready = 0;
            break;
        }

        if (n <= 0) {
            ngx_dns_tap_out_lost(tap, n == -1 ? ngx_socket_errno : 0,
                                 NGX_DNS_TAP_ECLOSED);
            return;
        }

        tap->in_len += (size_t) n;

        if (tap->state == NGX_DNS_TAP_WAITING
            && ngx_dns_tap_out_accept(tap) == NGX_ERROR)
        {
            return;
        }
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_dns_tap_out_lost(tap, 0, NGX_DNS_TAP_EEVENT);
    }
}


/* NGX_AGAIN: it is not complete; NGX_ERROR: the connection is gone */

static ngx_int_t
ngx_dns_tap_out_accept(ngx_dns_tap_t *tap)
{
    uint32_t  size;

    if (tap->in_len < 2 * NGX_DNS_TAP_LENGTH) {
        return NGX_AGAIN;
    }

    size = ngx_dns_get32(tap->in + NGX_DNS_TAP_LENGTH);

    if (ngx_dns_get32(tap->in) != 0
        || size > NGX_DNS_TAP_CONTROL - 2 * NGX_DNS_TAP_LENGTH)
    {
        goto strange;
    }

    size += 2 * NGX_DNS_TAP_LENGTH;

    if (tap->in_len < size) {
        return NGX_AGAIN;
    }

    tap->in_len = size;

    if (ngx_dns_tap_out_accepted(tap) != NGX_OK) {
        goto strange;
    }

    if (ngx_dns_tap_out_control(tap, FSTRM_CONTROL_START) != NGX_OK) {
        ngx_dns_tap_out_lost(tap, ngx_socket_errno, NGX_DNS_TAP_ESEND);
        return NGX_ERROR;
    }

    if (tap->timer.timer_set) {
        ngx_del_timer(&tap->timer);
    }

    if (tap->told) {
        tap->told = 0;

        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "\"dns_dnstap\" \"%V\" has a reader again", &tap->name);
    }

    tap->state = NGX_DNS_TAP_RUNNING;

    ngx_post_event(&tap->posted, &ngx_posted_events);

    return NGX_OK;

strange:

    ngx_dns_tap_out_lost(tap, 0, NGX_DNS_TAP_ETYPE);
    return NGX_ERROR;
}


static void
ngx_dns_tap_out_write_handler(ngx_event_t *wev)
{
    int                err;
    socklen_t          len;
    ngx_dns_tap_t     *tap;
    ngx_connection_t  *c;

    c = wev->data;
    tap = c->data;

    if (tap->state == NGX_DNS_TAP_CONNECTING) {
        err = 0;
        len = sizeof(int);

        if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1)
        {
            err = ngx_socket_errno;
        }

        if (err) {
            ngx_dns_tap_out_lost(tap, err, NGX_DNS_TAP_ECONNECT);
            return;
        }

        ngx_dns_tap_out_connected(tap);

    } else if (tap->state == NGX_DNS_TAP_RUNNING && tap->blocked) {
        tap->blocked = 0;
        ngx_dns_tap_out_flush(tap);
    }
}


/*
 * Each reason is logged once, until there is a reader again; frames are kept
 * for it.
 */

static void
ngx_dns_tap_out_lost(ngx_dns_tap_t *tap, ngx_err_t err,
    ngx_dns_tap_lost_e reason)
{
    if ((tap->told & (1 << reason)) == 0 && !ngx_exiting) {
        tap->told |= 1 << reason;

        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                      "\"dns_dnstap\" \"%V\": %s, tried again each second",
                      &tap->name, ngx_dns_tap_reasons[reason]);
    }

    if (tap->connection) {
        ngx_dns_reserve_close(tap->connection);
        tap->connection = NULL;
    }

    /* the next reader gets the whole of a frame that was cut */

    tap->sent = 0;
    tap->blocked = 0;
    tap->state = NGX_DNS_TAP_DOWN;

    ngx_add_timer(&tap->timer, NGX_DNS_TAP_RETRY);
}

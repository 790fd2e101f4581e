
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_udp_table.h"
#include "../wire/ngx_dns_wire.h"


#define NGX_DNS_UDP_RETRIES   3         /* of a send that met an old error */


static void ngx_dns_udp_send_init(void);
static ngx_uint_t ngx_dns_udp_socket_send(ngx_dns_udp_socket_t *s,
    ngx_uint_t n);
static ngx_int_t ngx_dns_udp_socket_block(ngx_dns_udp_socket_t *s);


/* of this worker: what a batch is sent from */

static struct iovec    ngx_dns_udp_out_iov[NGX_DNS_UDP_BATCH];
static struct mmsghdr  ngx_dns_udp_sent[NGX_DNS_UDP_BATCH];
static ngx_uint_t      ngx_dns_udp_send_ready;


static void
ngx_dns_udp_send_init(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_UDP_BATCH; i++) {
        ngx_dns_udp_sent[i].msg_hdr.msg_iov = &ngx_dns_udp_out_iov[i];
        ngx_dns_udp_sent[i].msg_hdr.msg_iovlen = 1;
    }

    ngx_dns_udp_send_ready = 1;
}


void
ngx_dns_udp_socket_write_handler(ngx_event_t *wev)
{
    ngx_connection_t      *c;
    ngx_dns_udp_socket_t  *s;

    c = wev->data;
    s = c->data;

    if (!s->blocked) {
        return;
    }

    s->blocked = 0;

    if (wev->active) {
        (void) ngx_del_event(wev, NGX_WRITE_EVENT, 0);
    }

    ngx_dns_udp_touch(s);
}


ngx_int_t
ngx_dns_udp_socket_flush(ngx_dns_udp_socket_t *s)
{
    ngx_uint_t           i, n, sent;
    ngx_dns_udp_slot_t  *slot;

    if (!ngx_dns_udp_send_ready) {
        ngx_dns_udp_send_init();
    }

    while (s->pending && !s->blocked) {

        slot = s->first;

        for (n = 0; slot && n < NGX_DNS_UDP_BATCH; n++) {
            ngx_dns_udp_out_iov[n].iov_base = slot->data;
            ngx_dns_udp_out_iov[n].iov_len = slot->len;
            slot = slot->next;
        }

        sent = ngx_dns_udp_socket_send(s, n);

        if (s->failed) {
            return NGX_ERROR;
        }

        for (i = 0; i < sent; i++) {
            slot = s->first;
            s->first = slot->next;
            ngx_dns_udp_slot_free(slot);
        }

        s->pending -= sent;

        if (s->first == NULL) {
            s->last = &s->first;
            s->moved = 0;
        }
    }

    return NGX_OK;
}


/*
 * Returns how many of the n messages are done with: sent, or failed by an
 * error of their own.  An error that was waiting on the socket, of another
 * datagram, is fetched first and does not count against the message.  An error
 * that stays is the socket's: its address may not be there any more.
 */

static ngx_uint_t
ngx_dns_udp_socket_send(ngx_dns_udp_socket_t *s, ngx_uint_t n)
{
    int                 rc;
    ngx_err_t           err;
    ngx_uint_t          tries;
    ngx_dns_attempt_t  *a;

    err = 0;

    for (tries = 0; tries < NGX_DNS_UDP_RETRIES; tries++) {

        if (n > 1) {
            rc = sendmmsg(s->connection->fd, ngx_dns_udp_sent, n, 0);

            if (rc > 0) {
                return (ngx_uint_t) rc;
            }

        } else if (send(s->connection->fd, s->first->data, s->first->len, 0)
                   != -1)
        {
            return 1;
        }

        err = ngx_socket_errno;

        if (err == NGX_EAGAIN && ngx_dns_udp_socket_block(s) == NGX_OK) {
            return 0;
        }

        if (err != NGX_EINTR) {
            ngx_dns_udp_socket_errors(s);
        }
    }

    if (err != NGX_EAGAIN && err != NGX_EINTR && err != ENOBUFS) {
        ngx_dns_udp_socket_complain(s->endpoint, err);
        s->failed = 1;
        return 0;
    }

    a = ngx_dns_udp_find(s, ngx_dns_get16(s->first->data));

    if (a) {
        ngx_dns_udp_fail(a, NGX_DNS_EVENT_LOCAL);
    }

    return 1;
}


static ngx_int_t
ngx_dns_udp_socket_block(ngx_dns_udp_socket_t *s)
{
    if (ngx_add_event(s->connection->write, NGX_WRITE_EVENT,
                      (ngx_event_flags & NGX_USE_CLEAR_EVENT)
                      ? NGX_CLEAR_EVENT : NGX_LEVEL_EVENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    s->blocked = 1;

    return NGX_OK;
}

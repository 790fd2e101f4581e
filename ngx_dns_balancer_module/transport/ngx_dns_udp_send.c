
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_udp_table.h"
#include "../wire/ngx_dns_wire.h"

#include <netinet/udp.h>


#define NGX_DNS_UDP_RETRIES   3         /* of a send that met an old error */

#define NGX_DNS_UDP_CONTROL                                                   \
    (CMSG_SPACE(sizeof(uint16_t)) / sizeof(size_t))


static void ngx_dns_udp_send_init(void);
static void ngx_dns_udp_order(ngx_dns_udp_socket_t *s, ngx_uint_t n);
static ngx_uint_t ngx_dns_udp_gather(ngx_dns_udp_socket_t *s, ngx_uint_t n);
static void ngx_dns_udp_run(ngx_uint_t m, ngx_uint_t first, ngx_uint_t n);
static ngx_uint_t ngx_dns_udp_socket_send(ngx_dns_udp_socket_t *s,
    ngx_uint_t n);
static ngx_uint_t ngx_dns_udp_done_with(ngx_uint_t n);
static ngx_int_t ngx_dns_udp_socket_block(ngx_dns_udp_socket_t *s);


/* of this worker: what a batch is sent from */

static struct iovec         ngx_dns_udp_out_iov[NGX_DNS_UDP_BATCH];
static struct mmsghdr       ngx_dns_udp_sent[NGX_DNS_UDP_BATCH];
static size_t               ngx_dns_udp_control[NGX_DNS_UDP_BATCH]
                                               [NGX_DNS_UDP_CONTROL];
static ngx_dns_udp_slot_t  *ngx_dns_udp_length[NGX_DNS_MAX_QUERY + 1];
static ngx_uint_t           ngx_dns_udp_send_ready;


static void
ngx_dns_udp_send_init(void)
{
    ngx_uint_t       i;
    struct cmsghdr  *cmsg;

    for (i = 0; i < NGX_DNS_UDP_BATCH; i++) {
        cmsg = (struct cmsghdr *) ngx_dns_udp_control[i];

        cmsg->cmsg_level = SOL_UDP;
        cmsg->cmsg_type = UDP_SEGMENT;
        cmsg->cmsg_len = CMSG_LEN(sizeof(uint16_t));
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

        n = ngx_min(s->pending, NGX_DNS_UDP_BATCH);

        if (n > 1) {
            if (s->mixed && s->segments) {
                ngx_dns_udp_order(s, n);
            }

            n = ngx_dns_udp_gather(s, n);
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
            s->mixed = 0;
        }
    }

    return NGX_OK;
}


/* the first n: those of one length follow each other, in whatever order */

static void
ngx_dns_udp_order(ngx_dns_udp_socket_t *s, ngx_uint_t n)
{
    size_t                len[NGX_DNS_UDP_BATCH];
    ngx_uint_t            i, lens;
    ngx_dns_udp_slot_t   *slot, *next, *rest, **last;

    lens = 0;
    slot = s->first;

    for (i = 0; i < n; i++) {
        next = slot->next;

        if (ngx_dns_udp_length[slot->len] == NULL) {
            len[lens++] = slot->len;
        }

        slot->next = ngx_dns_udp_length[slot->len];
        ngx_dns_udp_length[slot->len] = slot;

        slot = next;
    }

    rest = slot;
    last = &s->first;

    for (i = 0; i < lens; i++) {
        *last = ngx_dns_udp_length[len[i]];
        ngx_dns_udp_length[len[i]] = NULL;

        while (*last) {
            last = &(*last)->next;
        }
    }

    *last = rest;

    if (rest == NULL) {
        s->last = last;
    }
}


/*
 * What the kernel is given of the first n: messages, of which each is a query,
 * or a run of queries of one length, that it makes datagrams of.
 */

static ngx_uint_t
ngx_dns_udp_gather(ngx_dns_udp_socket_t *s, ngx_uint_t n)
{
    size_t               len;
    ngx_uint_t           i, m, first;
    ngx_dns_udp_slot_t  *slot;

    m = 0;
    first = 0;
    slot = s->first;

    /* no query has that length: where there are no runs */

    len = s->segments ? slot->len : 0;

    for (i = 0; i < n; i++) {

        if (slot->len != len && i > first) {
            ngx_dns_udp_run(m++, first, i - first);
            first = i;
            len = len ? slot->len : 0;
        }

        ngx_dns_udp_out_iov[i].iov_base = slot->data;
        ngx_dns_udp_out_iov[i].iov_len = slot->len;
        slot = slot->next;
    }

    ngx_dns_udp_run(m++, first, n - first);

    return m;
}


static void
ngx_dns_udp_run(ngx_uint_t m, ngx_uint_t first, ngx_uint_t n)
{
    struct msghdr  *msg;

    msg = &ngx_dns_udp_sent[m].msg_hdr;

    msg->msg_iov = &ngx_dns_udp_out_iov[first];
    msg->msg_iovlen = n;

    if (n == 1) {
        msg->msg_control = NULL;
        msg->msg_controllen = 0;
        return;
    }

    msg->msg_control = ngx_dns_udp_control[m];
    msg->msg_controllen = sizeof(ngx_dns_udp_control[0]);

    *(uint16_t *) (void *) CMSG_DATA((struct cmsghdr *) msg->msg_control)
        = (uint16_t) ngx_dns_udp_out_iov[first].iov_len;
}


/*
 * Returns how many queries of the n messages are done with: sent, or failed by
 * an error of their own.  An error that was waiting on the socket, of another
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

        if (s->pending > 1) {
            rc = sendmmsg(s->connection->fd, ngx_dns_udp_sent, n, 0);

            if (rc > 0) {
                return ngx_dns_udp_done_with((ngx_uint_t) rc);
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

    /* this device, or this way, may have no runs: each query by itself */

    if (s->pending > 1 && ngx_dns_udp_sent[0].msg_hdr.msg_iovlen > 1) {
        s->segments = 0;
        return 0;
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


static ngx_uint_t
ngx_dns_udp_done_with(ngx_uint_t n)
{
    ngx_uint_t  i, queries;

    queries = 0;

    for (i = 0; i < n; i++) {
        queries += ngx_dns_udp_sent[i].msg_hdr.msg_iovlen;
    }

    return queries;
}


static ngx_int_t
ngx_dns_udp_socket_block(ngx_dns_udp_socket_t *s)
{
    /* epoll has one kind of event for both directions */

    if (ngx_add_event(s->connection->write, NGX_WRITE_EVENT, NGX_LEVEL_EVENT)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    s->blocked = 1;

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reserve.h"
#include "ngx_dns_source.h"
#include "ngx_dns_udp_table.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_message.h"

#include <linux/errqueue.h>


#define NGX_DNS_UDP_READS     4         /* batches in one wake-up */
#define NGX_DNS_UDP_RETRIES   3         /* of a send that met an old error */
#define NGX_DNS_UDP_COMPLAIN  10000     /* milliseconds from log to log */

/* not a multiple of a page, or all buffers would share their cache sets */

#define NGX_DNS_UDP_STRIDE    (NGX_DNS_UDP_OUT_MESSAGE + 320)


static ngx_int_t ngx_dns_udp_socket_connect(ngx_dns_udp_socket_t *s,
    ngx_dns_udp_endpoint_t *ep);
static ngx_int_t ngx_dns_udp_socket_set(ngx_socket_t fd,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_udp_socket_failed(ngx_dns_udp_endpoint_t *ep,
    ngx_err_t err);
static void ngx_dns_udp_socket_complain(ngx_dns_udp_endpoint_t *ep,
    ngx_err_t err);
static void ngx_dns_udp_socket_read_handler(ngx_event_t *rev);
static void ngx_dns_udp_socket_write_handler(ngx_event_t *wev);
static void ngx_dns_udp_socket_response(ngx_dns_udp_socket_t *s, u_char *msg,
    size_t len, ngx_uint_t cut);
static ngx_uint_t ngx_dns_udp_socket_send(ngx_dns_udp_socket_t *s,
    ngx_uint_t n);
static ngx_int_t ngx_dns_udp_socket_block(ngx_dns_udp_socket_t *s);
static void ngx_dns_udp_socket_errors(ngx_dns_udp_socket_t *s);
static ngx_dns_event_e ngx_dns_udp_socket_error(struct msghdr *msg);
static void ngx_dns_udp_socket_fail_all(ngx_dns_udp_socket_t *s);
static void ngx_dns_udp_socket_init_scratch(void);


/* of this worker: what a batch is read into and sent from */

static u_char          ngx_dns_udp_data[NGX_DNS_UDP_BATCH]
                                       [NGX_DNS_UDP_STRIDE];
static struct iovec    ngx_dns_udp_in_iov[NGX_DNS_UDP_BATCH];
static struct iovec    ngx_dns_udp_out_iov[NGX_DNS_UDP_BATCH];
static struct mmsghdr  ngx_dns_udp_in[NGX_DNS_UDP_BATCH];
static struct mmsghdr  ngx_dns_udp_sent[NGX_DNS_UDP_BATCH];
static ngx_uint_t      ngx_dns_udp_ready;
static uint32_t        ngx_dns_udp_number;

static ngx_dns_udp_socket_t  *ngx_dns_udp_socket_free;


static void
ngx_dns_udp_socket_init_scratch(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_UDP_BATCH; i++) {
        ngx_dns_udp_in_iov[i].iov_base = ngx_dns_udp_data[i];
        ngx_dns_udp_in_iov[i].iov_len = NGX_DNS_UDP_OUT_MESSAGE;

        ngx_dns_udp_in[i].msg_hdr.msg_iov = &ngx_dns_udp_in_iov[i];
        ngx_dns_udp_in[i].msg_hdr.msg_iovlen = 1;

        ngx_dns_udp_sent[i].msg_hdr.msg_iov = &ngx_dns_udp_out_iov[i];
        ngx_dns_udp_sent[i].msg_hdr.msg_iovlen = 1;
    }

    ngx_dns_udp_ready = 1;
}


ngx_int_t
ngx_dns_udp_socket_open(ngx_dns_udp_endpoint_t *ep, ngx_dns_udp_socket_t **sp)
{
    ngx_int_t              rc;
    ngx_dns_udp_socket_t  *s;

    if (!ngx_dns_udp_ready) {
        ngx_dns_udp_socket_init_scratch();
    }

    s = ngx_dns_udp_socket_free;

    if (s) {
        ngx_dns_udp_socket_free = *(ngx_dns_udp_socket_t **) (void *) s;

    } else {
        s = ngx_alloc(sizeof(ngx_dns_udp_socket_t), ngx_cycle->log);
        if (s == NULL) {
            return NGX_BUSY;
        }
    }

    ngx_memzero(s, sizeof(ngx_dns_udp_socket_t));

    rc = ngx_dns_reserve_begin();

    if (rc == NGX_OK) {
        rc = ngx_dns_udp_socket_connect(s, ep);
        ngx_dns_reserve_end(s->connection);
    }

    if (rc == NGX_OK) {
        s->endpoint = ep;
        s->last = &s->first;
        s->number = (uint64_t) ++ngx_dns_udp_number << 16;
        s->opened = ngx_current_msec;
        ngx_queue_init(&s->attempts);

        *sp = s;

        return NGX_OK;
    }

    *(ngx_dns_udp_socket_t **) (void *) s = ngx_dns_udp_socket_free;
    ngx_dns_udp_socket_free = s;

    return rc;
}


static ngx_int_t
ngx_dns_udp_socket_connect(ngx_dns_udp_socket_t *s, ngx_dns_udp_endpoint_t *ep)
{
    ngx_err_t          err;
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    fd = ngx_socket(ep->peer->sockaddr->sa_family, SOCK_DGRAM, 0);

    if (fd == (ngx_socket_t) -1) {
        return ngx_dns_udp_socket_failed(ep, ngx_socket_errno);
    }

    if (ngx_dns_udp_socket_set(fd, ep->peer) != NGX_OK) {
        err = ngx_socket_errno;
        ngx_close_socket(fd);
        return ngx_dns_udp_socket_failed(ep, err);
    }

    c = ngx_get_connection(fd, ngx_cycle->log);
    if (c == NULL) {
        ngx_close_socket(fd);
        return NGX_BUSY;
    }

    c->data = s;
    c->type = SOCK_DGRAM;
    c->log = ngx_cycle->log;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = ngx_dns_udp_socket_read_handler;
    c->write->handler = ngx_dns_udp_socket_write_handler;

    if (ngx_add_event(c->read, NGX_READ_EVENT,
                      (ngx_event_flags & NGX_USE_CLEAR_EVENT)
                      ? NGX_CLEAR_EVENT : NGX_LEVEL_EVENT)
        != NGX_OK)
    {
        ngx_close_connection(c);
        return NGX_BUSY;
    }

    s->connection = c;

    return NGX_OK;
}


static ngx_int_t
ngx_dns_udp_socket_set(ngx_socket_t fd, ngx_dns_peer_t *peer)
{
    int  on, omit, rc;

    on = 1;

    if (ngx_nonblocking(fd) == -1) {
        return NGX_ERROR;
    }

    /*
     * All ICMP errors, each with the datagram it is about: ip(7).  What
     * somebody says of the path's MTU is not believed: no query needs more
     * than any path has to take (RFC 8200, 5).
     */

    if (peer->sockaddr->sa_family == AF_INET6) {
        omit = IPV6_PMTUDISC_OMIT;
        rc = setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(int));
        (void) setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &omit,
                          sizeof(int));

    } else {
        omit = IP_PMTUDISC_OMIT;
        rc = setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(int));
        (void) setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &omit, sizeof(int));
    }

    if (rc == -1 || ngx_dns_source_bind(fd, peer) != NGX_OK
        || connect(fd, peer->sockaddr, peer->socklen) == -1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* is it the way to the server that is missing, or something here? */

static ngx_int_t
ngx_dns_udp_socket_failed(ngx_dns_udp_endpoint_t *ep, ngx_err_t err)
{
    ngx_dns_udp_socket_complain(ep, err);

    switch (err) {

    case NGX_ENETUNREACH:
    case NGX_EHOSTUNREACH:
    case NGX_ENETDOWN:
    case EACCES:
    case EPERM:
        return NGX_ERROR;

    default:
        return NGX_BUSY;
    }
}


/* it may be so for every query: a line in ten seconds has to do */

static void
ngx_dns_udp_socket_complain(ngx_dns_udp_endpoint_t *ep, ngx_err_t err)
{
    if (ep->logged
        && ngx_current_msec - ep->logged < NGX_DNS_UDP_COMPLAIN)
    {
        ep->failures++;
        return;
    }

    if (ep->failures) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                      "dns upstream \"%V\": no socket to server %V; the same "
                      "happened %ui times since it was last logged",
                      &ep->peer->upstream->name, &ep->peer->name,
                      ep->failures);

    } else {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                      "dns upstream \"%V\": no socket to server %V",
                      &ep->peer->upstream->name, &ep->peer->name);
    }

    ep->failures = 0;
    ep->logged = ngx_max(ngx_current_msec, 1);
}


void
ngx_dns_udp_socket_close(ngx_dns_udp_socket_t *s)
{
    ngx_dns_udp_slot_t  *slot;

    while (s->first) {
        slot = s->first;
        s->first = slot->next;
        ngx_dns_udp_slot_free(slot);
    }

    if (s->endpoint->current == s) {
        s->endpoint->current = NULL;
    }

    ngx_dns_reserve_close(s->connection);
    s->connection = NULL;

    if (s->queued) {
        ngx_queue_remove(&s->dirty);
    }

    *(ngx_dns_udp_socket_t **) (void *) s = ngx_dns_udp_socket_free;
    ngx_dns_udp_socket_free = s;
}


static void
ngx_dns_udp_socket_read_handler(ngx_event_t *rev)
{
    int                    n, i;
    ngx_err_t              err;
    ngx_uint_t             reads;
    ngx_connection_t      *c;
    ngx_dns_udp_socket_t  *s;

    c = rev->data;
    s = c->data;

    if (c->close) {

        /* worker_shutdown_timeout: what is still in flight ends here */

        c->close = 0;

        ngx_dns_udp_socket_fail_all(s);
        return;
    }

    ngx_dns_clock_update();

    for (reads = 0; reads < NGX_DNS_UDP_READS; reads++) {

        n = recvmmsg(c->fd, ngx_dns_udp_in, NGX_DNS_UDP_BATCH, 0, NULL);

        if (n == -1) {
            err = ngx_socket_errno;

            if (err == NGX_EAGAIN) {
                return;
            }

            if (err != NGX_EINTR) {
                ngx_dns_udp_socket_errors(s);
            }

            continue;
        }

        for (i = 0; i < n; i++) {

            ngx_dns_udp_socket_response(s, ngx_dns_udp_data[i],
                                        ngx_dns_udp_in[i].msg_len,
                                        ngx_dns_udp_in[i].msg_hdr.msg_flags
                                        & MSG_TRUNC);
        }

        if (n < NGX_DNS_UDP_BATCH) {
            return;
        }
    }

    /* the event is edge-triggered: the rest is read in the next round */

    ngx_post_event(rev, &ngx_posted_next_events);
}


/* RFC 5452, 9.1: what a response must match */

static void
ngx_dns_udp_socket_response(ngx_dns_udp_socket_t *s, u_char *msg, size_t len,
    ngx_uint_t cut)
{
    ngx_dns_event_e     event;
    ngx_dns_attempt_t  *a;

    if (!ngx_dns_transport_response(msg, len)) {
        return;
    }

    a = ngx_dns_udp_find(s, ngx_dns_get16(msg));

    if (a == NULL) {
        ngx_dns_count(late);
        ngx_dns_udp_guess(s, msg, len);
        return;
    }

    if (ngx_dns_transport_matches(a, msg, len, &event) != NGX_OK) {
        return;
    }

    s->endpoint->since = 0;

    ngx_dns_udp_remove(a);

    if (ngx_dns_transport_tap) {
        ngx_dns_transport_tap(a, s->connection, 1, msg, len);
    }

    a->handler(a, cut ? NGX_DNS_EVENT_WHOLE : event, msg, len);
}


static void
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

        rc = sendmmsg(s->connection->fd, ngx_dns_udp_sent, n, 0);

        if (rc > 0) {
            return (ngx_uint_t) rc;
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


/*
 * The error queue has the start of each datagram that an error is about.  A
 * router need not quote more than eight octets of it, the UDP header (RFC 792):
 * then nobody knows which query it was, and anybody may have made it up.
 */

static void
ngx_dns_udp_socket_errors(ngx_dns_udp_socket_t *s)
{
    u_char              data[NGX_DNS_HEADER_SIZE];
    size_t              control[512 / sizeof(size_t)];
    ssize_t             n;
    ngx_uint_t          i;
    struct iovec        iov;
    struct msghdr       msg;
    ngx_dns_event_e     event;
    ngx_dns_attempt_t  *a;

    for (i = 0; i < NGX_DNS_UDP_BATCH; i++) {

        ngx_memzero(&msg, sizeof(struct msghdr));

        iov.iov_base = data;
        iov.iov_len = NGX_DNS_HEADER_SIZE;

        msg.msg_iov = &iov;
        msg.msg_iovlen = 1;
        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);

        n = recvmsg(s->connection->fd, &msg, MSG_ERRQUEUE|MSG_DONTWAIT);

        if (n == -1) {
            return;
        }

        a = n < 2 ? NULL : ngx_dns_udp_find(s, ngx_dns_get16(data));

        if (a == NULL) {
            ngx_dns_count(foreign);
            continue;
        }

        event = ngx_dns_udp_socket_error(&msg);

        if (event == NGX_DNS_EVENT_SOFT) {
            ngx_dns_udp_soft(a);

        } else {
            ngx_dns_udp_fail(a, event);
        }
    }
}


/*
 * RFC 1122, 4.2.3.9: that a port is not open is the end of it; that a network
 * or host can't be reached, or the time is exceeded, may pass.
 */

static ngx_dns_event_e
ngx_dns_udp_socket_error(struct msghdr *msg)
{
    struct cmsghdr            *cmsg;
    struct sock_extended_err  *ee;

    for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {

        if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR)
            || (cmsg->cmsg_level == IPPROTO_IPV6
                && cmsg->cmsg_type == IPV6_RECVERR))
        {
            ee = (struct sock_extended_err *) (void *) CMSG_DATA(cmsg);

            if (ee->ee_errno == NGX_ECONNREFUSED) {
                return NGX_DNS_EVENT_NETWORK;
            }
        }
    }

    return NGX_DNS_EVENT_SOFT;
}


static void
ngx_dns_udp_socket_fail_all(ngx_dns_udp_socket_t *s)
{
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

    while (!ngx_queue_empty(&s->attempts)) {
        q = ngx_queue_head(&s->attempts);
        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        ngx_dns_udp_fail(a, NGX_DNS_EVENT_LOCAL);
    }
}

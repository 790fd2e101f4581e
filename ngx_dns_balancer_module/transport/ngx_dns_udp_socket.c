
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reserve.h"
#include "ngx_dns_source.h"
#include "ngx_dns_udp_table.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_message.h"

#include <netinet/udp.h>


#define NGX_DNS_UDP_READS     4         /* batches in one wake-up */
#define NGX_DNS_UDP_ALONE     4         /* batches of one, until they are read
                                           by another call */
#define NGX_DNS_UDP_SINGLE    16        /* so often, until a batch is tried */

/* not a multiple of a page, or all buffers would share their cache sets */

#define NGX_DNS_UDP_STRIDE    (NGX_DNS_UDP_OUT_MESSAGE + 320)


static ngx_uint_t ngx_dns_udp_socket_segments(ngx_dns_udp_socket_t *s);
static ngx_int_t ngx_dns_udp_socket_connect(ngx_dns_udp_socket_t *s,
    ngx_dns_udp_endpoint_t *ep);
static ngx_int_t ngx_dns_udp_socket_set(ngx_socket_t fd,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_udp_socket_failed(ngx_dns_udp_endpoint_t *ep,
    ngx_err_t err);
static void ngx_dns_udp_socket_read_handler(ngx_event_t *rev);
static int ngx_dns_udp_socket_receive(ngx_socket_t fd);
static void ngx_dns_udp_socket_response(ngx_dns_udp_socket_t *s, u_char *msg,
    size_t len, ngx_uint_t cut);
static void ngx_dns_udp_socket_fail_all(ngx_dns_udp_socket_t *s);
static void ngx_dns_udp_socket_init_scratch(void);


/* of this worker: what a batch is read into */

static u_char          ngx_dns_udp_data[NGX_DNS_UDP_BATCH]
                                       [NGX_DNS_UDP_STRIDE];
static struct iovec    ngx_dns_udp_in_iov[NGX_DNS_UDP_BATCH];
static struct mmsghdr  ngx_dns_udp_in[NGX_DNS_UDP_BATCH];
static ngx_uint_t      ngx_dns_udp_ready;
static uint32_t        ngx_dns_udp_number;
static ngx_uint_t      ngx_dns_udp_alone;       /* batches of one, in a row */
static ngx_uint_t      ngx_dns_udp_single;      /* to be read one by one */

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
    }

    ngx_dns_udp_ready = 1;
}


ngx_int_t
ngx_dns_udp_socket_open(ngx_dns_udp_endpoint_t *ep, ngx_uint_t first,
    ngx_dns_udp_socket_t **sp)
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

    rc = ngx_dns_reserve_begin(first);

    if (rc == NGX_OK) {
        rc = ngx_dns_udp_socket_connect(s, ep);
        ngx_dns_reserve_end(s->connection);
    }

    if (rc == NGX_OK) {
        s->endpoint = ep;
        s->last = &s->first;
        s->number = (uint64_t) ++ngx_dns_udp_number << 16;
        s->opened = ngx_current_msec;
        s->segments = ngx_dns_udp_socket_segments(s);

        ngx_queue_init(&s->attempts);

        *sp = s;

        return NGX_OK;
    }

    *(ngx_dns_udp_socket_t **) (void *) s = ngx_dns_udp_socket_free;
    ngx_dns_udp_socket_free = s;

    return rc;
}


/*
 * A kernel that does not know UDP_SEGMENT would send a run of queries as one
 * datagram.  On this machine one error is about a whole run, and a hint for all
 * but the first: where no other server answers they would wait for a timeout.
 */

static ngx_uint_t
ngx_dns_udp_socket_segments(ngx_dns_udp_socket_t *s)
{
    int                  value;
    socklen_t            len;
    ngx_sockaddr_t       own;
    ngx_dns_peer_t      *peer;
    struct sockaddr_in  *sin;

    peer = s->endpoint->peer;
    sin = (struct sockaddr_in *) (void *) peer->sockaddr;

    if (sin->sin_family == AF_INET
        && ntohl(sin->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET)
    {
        return 0;
    }

    len = sizeof(int);

    if (getsockopt(s->connection->fd, SOL_UDP, UDP_SEGMENT, &value, &len) == -1)
    {
        return 0;
    }

    len = sizeof(ngx_sockaddr_t);

    return getsockname(s->connection->fd, &own.sockaddr, &len) == 0
           && ngx_cmp_sockaddr(&own.sockaddr, len, peer->sockaddr,
                               peer->socklen, 0)
              != NGX_OK;
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

    if (ngx_add_event(c->read, NGX_READ_EVENT, NGX_LEVEL_EVENT) != NGX_OK) {
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

        n = ngx_dns_udp_socket_receive(c->fd);

        if (n == -1) {
            err = ngx_socket_errno;

            if (err == NGX_EINTR) {
                continue;
            }

            /* the event comes again as long as there are errors in the queue */

            ngx_dns_udp_socket_errors(s);

            if (err == NGX_EAGAIN) {
                return;
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
}


/*
 * As in ngx_dns_front_udp.c: a response that comes alone is read by the call
 * for one.  Of all sockets together, since each has few.
 */

static int
ngx_dns_udp_socket_receive(ngx_socket_t fd)
{
    int      n;
    ssize_t  size;

    if (ngx_dns_udp_single) {
        ngx_dns_udp_single--;

        size = recv(fd, ngx_dns_udp_data[0], NGX_DNS_UDP_OUT_MESSAGE,
                    MSG_TRUNC);
        if (size == -1) {
            return -1;
        }

        ngx_dns_udp_in[0].msg_hdr.msg_flags
            = size > NGX_DNS_UDP_OUT_MESSAGE ? MSG_TRUNC : 0;
        ngx_dns_udp_in[0].msg_len
            = (unsigned) ngx_min(size, NGX_DNS_UDP_OUT_MESSAGE);

        return 1;
    }

    n = recvmmsg(fd, ngx_dns_udp_in, NGX_DNS_UDP_BATCH, 0, NULL);

    if (n != 1) {
        ngx_dns_udp_alone = 0;

    } else if (++ngx_dns_udp_alone >= NGX_DNS_UDP_ALONE) {
        ngx_dns_udp_single = NGX_DNS_UDP_SINGLE;
    }

    return n;
}


/* RFC 5452, 9.1: what a response must match */

static void
ngx_dns_udp_socket_response(ngx_dns_udp_socket_t *s, u_char *msg, size_t len,
    ngx_uint_t cut)
{
    ngx_dns_event_e     event;
    ngx_dns_attempt_t  *a, **p;

    if (!ngx_dns_transport_response(msg, len)) {
        return;
    }

    p = ngx_dns_udp_place(s, ngx_dns_get16(msg));
    a = *p;

    if (a == NULL) {
        ngx_dns_count(late);
        ngx_dns_udp_guess(s, msg, len);
        return;
    }

    if (ngx_dns_transport_matches(a, msg, len, &event) != NGX_OK) {
        return;
    }

    s->since = 0;
    s->endpoint->since = 0;
    s->endpoint->answered = ngx_max(s->endpoint->answered, a->sent);

    ngx_dns_udp_take(p);

    if (ngx_dns_transport_tap) {
        ngx_dns_transport_tap(a, s->connection, 1, msg, len);
    }

    a->handler(a, cut ? NGX_DNS_EVENT_WHOLE : event, msg, len);
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

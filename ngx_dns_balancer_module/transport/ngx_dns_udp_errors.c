
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_udp_table.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_wire.h"

#include <linux/errqueue.h>


#define NGX_DNS_UDP_COMPLAIN      10000     /* milliseconds from log to log */
#define NGX_DNS_UDP_COMPLAIN_MAX  640000


static void ngx_dns_udp_socket_refused(ngx_dns_udp_socket_t *s,
    ngx_dns_attempt_t *a, ngx_dns_event_e event);
static ngx_dns_event_e ngx_dns_udp_socket_error(struct msghdr *msg);


/* it may be so for every query: a line in ten seconds has to do */

void
ngx_dns_udp_socket_complain(ngx_dns_udp_endpoint_t *ep, ngx_err_t err)
{
    /* as long as nothing is answered it is said less and less often */

    if (ep->quiet == 0 || ep->heard != ep->answered) {
        ep->heard = ep->answered;
        ep->quiet = NGX_DNS_UDP_COMPLAIN;
    }

    if (ep->logged && ngx_current_msec - ep->logged < ep->quiet) {
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

    if (ep->logged) {
        ep->quiet = ngx_min(2 * ep->quiet, NGX_DNS_UDP_COMPLAIN_MAX);
    }

    ep->failures = 0;
    ep->logged = ngx_max(ngx_current_msec, 1);
}


/*
 * The error queue has the start of each datagram that an error is about.  A
 * router need not quote more than eight octets of it, the UDP header (RFC 792):
 * then nobody knows which query it was, and anybody may have made it up.
 */

void
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
            ngx_dns_udp_socket_refused(s, a, event);
        }
    }
}


/*
 * To a container on this machine a run of queries is one packet until its port
 * is found, and if that is closed the error has the ID of the first of them
 * only.  For the others it is a hint, no more: who knows the ID of one may have
 * made it up.
 */

static void
ngx_dns_udp_socket_refused(ngx_dns_udp_socket_t *s, ngx_dns_attempt_t *a,
    ngx_dns_event_e event)
{
    uint64_t            sent;
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *other;

    sent = a->sent;

    ngx_dns_udp_fail(a, event);

    if (!s->segments) {
        return;
    }

    for (q = ngx_queue_head(&s->attempts);
         q != &s->attempts;
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        if (other->sent == sent) {
            ngx_dns_udp_soft(other);
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

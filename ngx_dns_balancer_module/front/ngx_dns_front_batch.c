
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_batch.h"
#include "ngx_dns_front_pktinfo.h"
#include "../store/ngx_dns_metrics.h"


static void ngx_dns_front_batch_posted(ngx_event_t *ev);
static void ngx_dns_front_batch_retry(ngx_event_t *ev);
static ngx_int_t ngx_dns_front_batch_send(ngx_dns_front_batch_t *b,
    struct mmsghdr *msg, ngx_uint_t n, ngx_uint_t *sent);
static int ngx_dns_front_batch_send_one(ngx_dns_front_batch_t *b,
    struct msghdr *msg);
static void ngx_dns_front_batch_keep(ngx_dns_front_batch_t *b, ngx_uint_t i);
static void ngx_dns_front_batch_backlog(ngx_dns_front_batch_t *b);


ngx_int_t
ngx_dns_front_batch_init(ngx_dns_front_batch_t *b, ngx_pool_t *pool)
{
    ngx_uint_t      i;
    struct msghdr  *msg;

    b->arena = ngx_palloc(pool, NGX_DNS_FRONT_ARENA);
    if (b->arena == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < NGX_DNS_FRONT_BATCH; i++) {
        msg = &b->msg[i].msg_hdr;

        msg->msg_name = &b->name[i];
        msg->msg_iov = &b->iov[i];
        msg->msg_iovlen = 1;
    }

    b->last = &b->first;

    b->posted.handler = ngx_dns_front_batch_posted;
    b->posted.data = b;
    b->posted.log = b->connection->log;

    b->retry.handler = ngx_dns_front_batch_retry;
    b->retry.data = b;
    b->retry.log = b->connection->log;

    return NGX_OK;
}


u_char *
ngx_dns_front_batch_reserve(ngx_dns_client_t *client, size_t size)
{
    ngx_dns_front_batch_t  *b;

    b = client->handle;

    if (b->n == NGX_DNS_FRONT_BATCH
        || b->used + size > NGX_DNS_FRONT_ARENA)
    {
        ngx_dns_front_batch_flush(b);
    }

    return b->arena + b->used;
}


void
ngx_dns_front_batch_commit(ngx_dns_client_t *client, size_t size,
    uint64_t *counter, ngx_int_t ttl)
{
    ngx_uint_t              n;
    struct msghdr          *msg;
    ngx_dns_front_batch_t  *b;

    b = client->handle;
    n = b->n;
    msg = &b->msg[n].msg_hdr;

    b->iov[n].iov_base = b->arena + b->used;
    b->iov[n].iov_len = size;
    b->counter[n] = counter;

    b->name[n] = client->sockaddr;
    msg->msg_namelen = client->socklen;

    if (client->local) {
        msg->msg_control = b->control[n];
        msg->msg_controllen = ngx_dns_front_pktinfo_write(b->control[n],
                                                     &client->local_sockaddr);

    } else {
        msg->msg_controllen = 0;
    }

    b->n = n + 1;
    b->used += ngx_align(size, NGX_DNS_CACHELINE);

    if (!b->posted.posted) {
        ngx_post_event(&b->posted, &ngx_posted_events);
    }
}


static void
ngx_dns_front_batch_posted(ngx_event_t *ev)
{
    ngx_dns_front_batch_flush(ev->data);
}


void
ngx_dns_front_batch_flush(ngx_dns_front_batch_t *b)
{
    ngx_int_t   rc;
    ngx_uint_t  i, sent;

    i = 0;

    while (i < b->n && !b->blocked) {

        rc = ngx_dns_front_batch_send(b, b->msg + i, b->n - i, &sent);

        if (rc == NGX_AGAIN) {
            break;
        }

        if (rc == NGX_DECLINED) {
            i++;
            continue;
        }

        while (sent--) {
            ngx_dns_count_at(b->counter[i]);
            i++;
        }
    }

    for ( /* void */ ; i < b->n; i++) {
        ngx_dns_front_batch_keep(b, i);
    }

    b->n = 0;
    b->used = 0;
}


/*
 * NGX_OK with the number of messages that have left, at least one; NGX_AGAIN
 * if there is no room now; NGX_DECLINED if the kernel will never take the first
 * one (its client's port is 0, no route, a filter), which is counted.
 */

static ngx_int_t
ngx_dns_front_batch_send(ngx_dns_front_batch_t *b, struct mmsghdr *msg,
    ngx_uint_t n, ngx_uint_t *sent)
{
    int        rc;
    ngx_err_t  err;

    for ( ;; ) {
        if (n > 1) {
            rc = sendmmsg(b->connection->fd, msg, n, 0);

        } else {
            rc = ngx_dns_front_batch_send_one(b, &msg->msg_hdr);
        }

        if (rc > 0) {
            *sent = (ngx_uint_t) rc;
            return NGX_OK;
        }

        err = ngx_socket_errno;

        if (err != NGX_EINTR) {
            break;
        }
    }

    if (err == NGX_EAGAIN) {

        /*
         * A moment is all that a socket of datagrams needs.  The kernel would
         * tell, but not of a descriptor that one of several processes is to
         * be woken for (EPOLLEXCLUSIVE).
         */

        b->blocked = 1;
        ngx_add_timer(&b->retry, NGX_DNS_FRONT_RETRY);

        return NGX_AGAIN;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, b->connection->log, err,
                   "dns answer not sent, fd:%d", b->connection->fd);

    ngx_dns_count(unsent);

    return NGX_DECLINED;
}


/* the calls for one message are cheaper; as sendmmsg() of one */

static int
ngx_dns_front_batch_send_one(ngx_dns_front_batch_t *b, struct msghdr *msg)
{
    ssize_t  size;

    if (msg->msg_controllen) {
        size = sendmsg(b->connection->fd, msg, 0);

    } else {
        size = sendto(b->connection->fd, msg->msg_iov->iov_base,
                      msg->msg_iov->iov_len, 0, msg->msg_name,
                      msg->msg_namelen);
    }

    return size == -1 ? -1 : 1;
}


static void
ngx_dns_front_batch_keep(ngx_dns_front_batch_t *b, ngx_uint_t i)
{
    size_t                 len;
    struct msghdr         *msg;
    ngx_dns_front_late_t  *late;

    msg = &b->msg[i].msg_hdr;
    len = msg->msg_iov->iov_len;
    late = NULL;

    if (b->late < NGX_DNS_FRONT_BACKLOG) {
        late = ngx_alloc(sizeof(ngx_dns_front_late_t) + len,
                         b->connection->log);
    }

    if (late == NULL) {
        ngx_dns_count(unsent);
        return;
    }

    late->next = NULL;
    ngx_memcpy(&late->sockaddr, msg->msg_name, sizeof(ngx_dns_sockaddr_t));
    late->socklen = msg->msg_namelen;
    late->controllen = msg->msg_controllen;
    late->len = len;
    late->counter = b->counter[i];

    if (msg->msg_controllen) {
        ngx_memcpy(late->control, msg->msg_control, msg->msg_controllen);
    }

    ngx_memcpy(late->data, msg->msg_iov->iov_base, len);

    *b->last = late;
    b->last = &late->next;
    b->late++;
}


static void
ngx_dns_front_batch_retry(ngx_event_t *ev)
{
    ngx_dns_front_batch_t  *b;

    b = ev->data;
    b->blocked = 0;

    ngx_dns_front_batch_backlog(b);
}


static void
ngx_dns_front_batch_backlog(ngx_dns_front_batch_t *b)
{
    ngx_int_t              rc;
    ngx_uint_t             n, sent;
    struct iovec           iov[NGX_DNS_FRONT_BATCH];
    struct mmsghdr         msg[NGX_DNS_FRONT_BATCH];
    ngx_dns_front_late_t  *late;

    while (b->first) {
        ngx_memzero(msg, sizeof(msg));

        late = b->first;

        for (n = 0; late && n < NGX_DNS_FRONT_BATCH; n++) {
            iov[n].iov_base = late->data;
            iov[n].iov_len = late->len;

            msg[n].msg_hdr.msg_name = &late->sockaddr;
            msg[n].msg_hdr.msg_namelen = late->socklen;
            msg[n].msg_hdr.msg_iov = &iov[n];
            msg[n].msg_hdr.msg_iovlen = 1;

            if (late->controllen) {
                msg[n].msg_hdr.msg_control = late->control;
                msg[n].msg_hdr.msg_controllen = late->controllen;
            }

            late = late->next;
        }

        rc = ngx_dns_front_batch_send(b, msg, n, &sent);

        if (rc == NGX_AGAIN) {
            return;
        }

        if (rc == NGX_DECLINED) {
            sent = 1;
        }

        while (sent--) {
            late = b->first;
            b->first = late->next;
            b->late--;

            if (rc == NGX_OK) {
                ngx_dns_count_at(late->counter);
            }

            ngx_free(late);
        }
    }

    b->last = &b->first;
}


void
ngx_dns_front_batch_done(ngx_dns_front_batch_t *b)
{
    ngx_dns_front_late_t  *late;

    ngx_dns_front_batch_flush(b);

    if (b->posted.posted) {
        ngx_delete_posted_event(&b->posted);
    }

    if (b->retry.timer_set) {
        ngx_del_timer(&b->retry);
    }

    while (b->first) {
        late = b->first;
        b->first = late->next;

        ngx_dns_count(unsent);
        ngx_free(late);
    }
}

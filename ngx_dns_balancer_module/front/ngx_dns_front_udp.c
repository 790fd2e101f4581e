
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_batch.h"
#include "ngx_dns_front_pktinfo.h"
#include "ngx_dns_front_proxy.h"
#include "ngx_dns_front_socket.h"
#include "../base/ngx_dns_clock.h"


/* not a multiple of a page, or all buffers would share their cache sets */

#define NGX_DNS_FRONT_STRIDE  (NGX_DNS_FRONT_QUERY + 192)

#define NGX_DNS_FRONT_ALONE   4         /* batches of one, until they are read
                                           by another call */
#define NGX_DNS_FRONT_SINGLE  16        /* so often, until a batch is tried */


typedef struct {
    ngx_listening_t         *listening;
    ngx_dns_front_addr_t    *addrs;
    ngx_uint_t               naddrs;
    ngx_uint_t               wildcard;
    ngx_uint_t               special;       /* it is, or has proxies */
    ngx_dns_client_t         client;        /* of the datagram looked at */

    ngx_uint_t               alone;         /* batches of one, in a row */
    ngx_uint_t               single;        /* to be read one by one */

    ngx_event_t              quit;
    ngx_msec_t               stay;       /* until then, for a reader to come */
    ngx_uint_t               last;

    ngx_dns_front_batch_t    batch;
} ngx_dns_front_udp_t;


static ngx_connection_t *ngx_dns_front_udp_connection(ngx_cycle_t *cycle,
    ngx_listening_t *ls);
static ngx_int_t ngx_dns_front_udp_listen(ngx_dns_front_udp_t *u,
    ngx_connection_t *c);
static void ngx_dns_front_udp_event_handler(ngx_event_t *rev);
static void ngx_dns_front_udp_session_handler(ngx_event_t *rev);
static void ngx_dns_front_udp_idle_handler(ngx_event_t *rev);
static ngx_dns_front_udp_t *ngx_dns_front_udp_of(ngx_connection_t *c);
static void ngx_dns_front_udp_read(ngx_dns_front_udp_t *u, ngx_socket_t fd,
    ngx_uint_t reads);
static int ngx_dns_front_udp_receive(ngx_dns_front_udp_t *u,
    ngx_socket_t fd);
static void ngx_dns_front_udp_datagram(ngx_dns_front_udp_t *u, ngx_uint_t i);
static void ngx_dns_front_udp_special(ngx_dns_front_udp_t *u, ngx_uint_t i);
static void ngx_dns_front_udp_quit_handler(ngx_event_t *rev);
static void ngx_dns_front_udp_leave_handler(ngx_event_t *ev);
static ngx_int_t ngx_dns_front_udp_leave(ngx_dns_front_udp_t *u);
static void ngx_dns_front_udp_init_scratch(void);


static ngx_dns_front_t  ngx_dns_front_udp = {
    ngx_dns_front_batch_reserve,
    ngx_dns_front_batch_commit,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    SOCK_DGRAM,
    0
};


/* of this worker: its listeners, and what a batch is read into */

static ngx_array_t         ngx_dns_fronts;  /* of ngx_dns_front_udp_t * */

static u_char              ngx_dns_front_data[NGX_DNS_FRONT_BATCH]
                                             [NGX_DNS_FRONT_STRIDE];
static struct iovec        ngx_dns_front_iov[NGX_DNS_FRONT_BATCH];
static struct mmsghdr      ngx_dns_front_msg[NGX_DNS_FRONT_BATCH];
static ngx_dns_sockaddr_t  ngx_dns_front_name[NGX_DNS_FRONT_BATCH];
static size_t              ngx_dns_front_control[NGX_DNS_FRONT_BATCH]
                                                [NGX_DNS_FRONT_CONTROL];


ngx_int_t
ngx_dns_front_udp_open(ngx_cycle_t *cycle, ngx_listening_t *ls,
    ngx_dns_front_addr_t *addrs, ngx_uint_t naddrs, ngx_uint_t sessions)
{
    ngx_uint_t             i;
    ngx_connection_t      *c;
    ngx_dns_front_udp_t   *u, **p;

    if (ngx_dns_fronts.elts == NULL) {
        ngx_dns_front_udp_init_scratch();

        if (ngx_array_init(&ngx_dns_fronts, cycle->pool, 4,
                           sizeof(ngx_dns_front_udp_t *))
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    u = ngx_pcalloc(cycle->pool, sizeof(ngx_dns_front_udp_t));
    p = ngx_array_push(&ngx_dns_fronts);

    if (u == NULL || p == NULL) {
        return NGX_ERROR;
    }

    *p = u;

    c = ngx_dns_front_udp_connection(cycle, ls);
    if (c == NULL) {
        return NGX_ERROR;
    }

    /* "idle" has nginx call the handler when the worker is to quit */

    c->type = SOCK_DGRAM;
    c->log = cycle->log;
    c->data = &u->batch;
    c->idle = 1;
    c->read->log = c->log;
    c->write->log = c->log;
    c->read->handler = sessions ? ngx_dns_front_udp_session_handler
                                : ngx_dns_front_udp_event_handler;

    /* what nginx's own handler for sessions needs */

    c->listening = ls;

    u->addrs = addrs;
    u->naddrs = naddrs;
    u->wildcard = ls->wildcard;
    u->special = ls->wildcard;

    for (i = 0; i < naddrs; i++) {
        u->special |= addrs[i].conf->listener.proxies != NULL;
    }

    u->listening = ls;

    u->client.front = &ngx_dns_front_udp;
    u->client.handle = &u->batch;
    u->client.listening = ls;
    u->client.bounded = 1;
    u->client.proto = NGX_DNS_PROTO_UDP;

    u->quit.handler = ngx_dns_front_udp_leave_handler;
    u->quit.data = u;
    u->quit.log = cycle->log;

    u->batch.connection = c;

    if (ngx_dns_front_batch_init(&u->batch, cycle->pool) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_dns_front_udp_listen(u, c);
}


/* a descriptor of our own for the listening socket, and its connection */

static ngx_connection_t *
ngx_dns_front_udp_connection(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    ngx_socket_t       fd;
    ngx_connection_t  *c;

    if (ngx_dns_front_socket_hold(ls->fd, NGX_DNS_FRONT_READER) != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, ngx_errno,
                      "fcntl(F_SETLK) of %V failed, queries may get lost "
                      "when a worker quits", &ls->addr_text);
    }

    ngx_dns_front_socket_join(ls->fd);

    fd = fcntl(ls->fd, F_DUPFD_CLOEXEC, 0);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, ngx_socket_errno,
                      "fcntl(F_DUPFD_CLOEXEC) of %V failed", &ls->addr_text);
        return NULL;
    }

    c = ngx_get_connection(fd, cycle->log);
    if (c == NULL) {
        ngx_close_socket(fd);
    }

    return c;
}


/*
 * The socket is read by the duplicate.  When an accept() fails for want of
 * descriptors nginx stops to read from all listening sockets it knows of for
 * half a second, again and again, and UDP needs no descriptor.
 */

static ngx_int_t
ngx_dns_front_udp_listen(ngx_dns_front_udp_t *u, ngx_connection_t *c)
{
    ngx_uint_t    flags;
    ngx_event_t  *rev;

    flags = 0;
    rev = u->listening->connection->read;

#if (NGX_HAVE_EPOLLEXCLUSIVE)

    /* as nginx does, so that one of its processes is woken */

    if (ngx_use_exclusive_accept && !u->listening->reuseport) {
        flags = NGX_EXCLUSIVE_EVENT;
    }

#endif

    if (rev->active && ngx_del_event(rev, NGX_READ_EVENT, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nginx may have it active again, after such a time */

    u->listening->connection->data = u;
    rev->handler = ngx_dns_front_udp_idle_handler;

    return ngx_add_event(c->read, NGX_READ_EVENT, flags);
}


ngx_int_t
ngx_dns_front_udp_client(ngx_connection_t *c, ngx_dns_client_t *client)
{
    ngx_uint_t             i;
    ngx_dns_front_udp_t  **u;

    u = ngx_dns_fronts.elts;

    for (i = 0; i < ngx_dns_fronts.nelts; i++) {

        if (u[i]->listening == c->listening) {
            *client = u[i]->client;

            client->socklen = ngx_min(c->socklen, sizeof(ngx_dns_sockaddr_t));
            ngx_memcpy(&client->sockaddr, c->sockaddr, client->socklen);

            client->local = u[i]->wildcard ? 1 : 0;

            if (client->local) {
                ngx_memcpy(&client->local_sockaddr, c->local_sockaddr,
                           ngx_min(c->local_socklen,
                                   sizeof(ngx_dns_sockaddr_t)));
            }

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


void
ngx_dns_front_udp_done(void)
{
    ngx_uint_t             i;
    ngx_dns_front_udp_t  **u;

    u = ngx_dns_fronts.elts;

    for (i = 0; i < ngx_dns_fronts.nelts; i++) {
        if (u[i]->batch.connection) {

            if (u[i]->quit.timer_set) {
                ngx_del_timer(&u[i]->quit);
            }

            ngx_dns_front_batch_done(&u[i]->batch);
            ngx_close_connection(u[i]->batch.connection);
            u[i]->batch.connection = NULL;
        }
    }

    ngx_dns_fronts.elts = NULL;
    ngx_dns_fronts.nelts = 0;
}


static void
ngx_dns_front_udp_init_scratch(void)
{
    ngx_uint_t      i;
    struct msghdr  *msg;

    for (i = 0; i < NGX_DNS_FRONT_BATCH; i++) {
        ngx_dns_front_iov[i].iov_base = ngx_dns_front_data[i];
        ngx_dns_front_iov[i].iov_len = NGX_DNS_FRONT_QUERY;

        msg = &ngx_dns_front_msg[i].msg_hdr;

        msg->msg_name = &ngx_dns_front_name[i];
        msg->msg_namelen = sizeof(ngx_dns_sockaddr_t);
        msg->msg_iov = &ngx_dns_front_iov[i];
        msg->msg_iovlen = 1;
        msg->msg_control = ngx_dns_front_control[i];
    }
}


static void
ngx_dns_front_udp_event_handler(ngx_event_t *rev)
{
    ngx_connection_t  *c;

    c = rev->data;

    if (c->close) {
        ngx_dns_front_udp_quit_handler(rev);
        return;
    }

    rev->ready = 0;

    ngx_dns_front_udp_read(ngx_dns_front_udp_of(c), c->fd,
                           NGX_DNS_FRONT_READS);
}


/* the same where nginx makes sessions */

static void
ngx_dns_front_udp_session_handler(ngx_event_t *rev)
{
    ngx_connection_t  *c;

    c = rev->data;

    if (c->close) {
        ngx_dns_front_udp_quit_handler(rev);
        return;
    }

    ngx_event_recvmsg(rev);
}


/* of nginx's own descriptor: there is another event for the same */

static void
ngx_dns_front_udp_idle_handler(ngx_event_t *rev)
{
    rev->ready = 0;

    if (rev->active) {
        (void) ngx_del_event(rev, NGX_READ_EVENT, 0);
    }
}


static ngx_dns_front_udp_t *
ngx_dns_front_udp_of(ngx_connection_t *c)
{
    return (ngx_dns_front_udp_t *) ((u_char *) c->data
                                    - offsetof(ngx_dns_front_udp_t, batch));
}


/* until there is nothing more, but so many batches at most */

static void
ngx_dns_front_udp_read(ngx_dns_front_udp_t *u, ngx_socket_t fd,
    ngx_uint_t reads)
{
    int        n, i;
    ngx_err_t  err;

    while (reads--) {

        if (u->wildcard) {
            for (i = 0; i < NGX_DNS_FRONT_BATCH; i++) {
                ngx_dns_front_msg[i].msg_hdr.msg_controllen =
                                              sizeof(ngx_dns_front_control[0]);
            }
        }

        n = ngx_dns_front_udp_receive(u, fd);

        if (n == -1) {
            err = ngx_socket_errno;

            if (err != NGX_EAGAIN && err != NGX_EINTR) {
                ngx_log_error(NGX_LOG_ERR, u->quit.log, err,
                              "recvmmsg() on %V failed",
                              &u->listening->addr_text);
            }

            break;
        }

        ngx_dns_clock_update();

        for (i = 0; i < n; i++) {
            ngx_dns_front_udp_datagram(u, i);
        }

        if (n < NGX_DNS_FRONT_BATCH) {
            break;
        }
    }

    if (u->wildcard) {
        for (i = 0; i < NGX_DNS_FRONT_BATCH; i++) {
            ngx_dns_front_msg[i].msg_hdr.msg_controllen = 0;
        }
    }
}


/*
 * Where batches had one datagram each, the call for one is cheaper, and there
 * is no need to know whether there are more: the event is level-triggered.
 * Now and then a batch is read again, to see whether there are.
 */

static int
ngx_dns_front_udp_receive(ngx_dns_front_udp_t *u, ngx_socket_t fd)
{
    int             n;
    ssize_t         size;
    struct msghdr  *msg;

    if (u->single) {
        u->single--;

        msg = &ngx_dns_front_msg[0].msg_hdr;

        size = recvfrom(fd, ngx_dns_front_data[0], NGX_DNS_FRONT_QUERY,
                        MSG_DONTWAIT|MSG_TRUNC, msg->msg_name,
                        &msg->msg_namelen);
        if (size == -1) {
            return -1;
        }

        msg->msg_flags = size > NGX_DNS_FRONT_QUERY ? MSG_TRUNC : 0;
        ngx_dns_front_msg[0].msg_len = (unsigned) ngx_min(size,
                                                          NGX_DNS_FRONT_QUERY);
        return 1;
    }

    n = recvmmsg(fd, ngx_dns_front_msg, NGX_DNS_FRONT_BATCH, MSG_DONTWAIT,
                 NULL);

    if (n != 1) {
        u->alone = 0;

    } else if (++u->alone >= NGX_DNS_FRONT_ALONE && !u->wildcard) {
        u->single = NGX_DNS_FRONT_SINGLE;
    }

    return n;
}


static void
ngx_dns_front_udp_datagram(ngx_dns_front_udp_t *u, ngx_uint_t i)
{
    struct msghdr     *msg;
    ngx_dns_client_t  *client;

    msg = &ngx_dns_front_msg[i].msg_hdr;

    client = &u->client;
    client->sockaddr = ngx_dns_front_name[i];
    client->socklen = msg->msg_namelen;

    if (u->special) {
        ngx_dns_front_udp_special(u, i);

    } else {
        ngx_dns_query_process(u->addrs[0].conf, client, ngx_dns_front_data[i],
                              ngx_dns_front_msg[i].msg_len,
                              msg->msg_flags & MSG_TRUNC);
    }

    /* the kernel has changed it */

    msg->msg_namelen = sizeof(ngx_dns_sockaddr_t);
}


/* several servers may be meant, or another client than who has sent it */

static void
ngx_dns_front_udp_special(ngx_dns_front_udp_t *u, ngx_uint_t i)
{
    size_t             len, skip;
    u_char            *p;
    struct msghdr     *msg;
    ngx_dns_conf_t    *conf;
    ngx_dns_client_t  *client;

    msg = &ngx_dns_front_msg[i].msg_hdr;
    client = &u->client;
    conf = u->addrs[0].conf;
    p = ngx_dns_front_data[i];
    len = ngx_dns_front_msg[i].msg_len;

    if (u->wildcard) {
        conf = ngx_dns_front_pktinfo_read(msg, u->addrs, u->naddrs, client);
    }

    client->proxied = 0;

    if (conf->listener.proxies) {
        skip = 0;

        if (ngx_cidr_match(&client->sockaddr.sockaddr, conf->listener.proxies)
            == NGX_OK)
        {
            skip = ngx_dns_front_proxy_read(client, p, len);
        }

        if (skip == 0) {
            ngx_dns_query_drop(conf, client, len, NGX_DNS_EPROXY);
            return;
        }

        p += skip;
        len -= skip;
    }

    ngx_dns_query_process(conf, client, p, len, msg->msg_flags & MSG_TRUNC);
}


/*
 * nginx calls it when the worker begins to quit, and once more, with "error"
 * set, when worker_shutdown_timeout is over.
 */

static void
ngx_dns_front_udp_quit_handler(ngx_event_t *rev)
{
    ngx_connection_t     *c;
    ngx_dns_front_udp_t  *u;

    c = rev->data;
    u = ngx_dns_front_udp_of(c);
    c->close = 0;
    c->idle = 0;

    if (rev->active) {
        (void) ngx_del_event(rev, NGX_READ_EVENT, 0);
    }

    if (c->error) {
        if (u->quit.timer_set) {
            ngx_del_timer(&u->quit);
        }

        ngx_dns_query_quit(1);
        return;
    }

    /* what follows posts events, which nginx looks at after its timers */

    u->stay = ngx_current_msec + NGX_DNS_FRONT_STAY;
    ngx_add_timer(&u->quit, 0);
}


static void
ngx_dns_front_udp_leave_handler(ngx_event_t *ev)
{
    ngx_int_t             rc;
    ngx_dns_front_udp_t  *u;

    u = ev->data;

    rc = ngx_dns_front_udp_leave(u);

    /*
     * With a reader, too: of several processes the kernel has woken but one
     * for what is there now, which may be us.
     */

    u->single = 0;
    ngx_dns_front_udp_read(u, u->batch.connection->fd, NGX_DNS_FRONT_DRAIN);

    if (rc == NGX_AGAIN) {
        ngx_add_timer(&u->quit, NGX_DNS_FRONT_LOOK);
    }

    ngx_dns_query_quit(0);
}


/*
 * NGX_OK: what is read now is the last of it.  A socket of a master without
 * a reader is one that a new worker will read soon, or that a master told to
 * quit will close soon.  Without either it is left only if the master is dead,
 * or nobody else has it: a living one has done so before, or knows of readers
 * that do not lock, as those of an nginx without this module.
 */

static ngx_int_t
ngx_dns_front_udp_leave(ngx_dns_front_udp_t *u)
{
    ngx_socket_t  fd;

    fd = u->batch.connection->fd;

    if (u->last || ngx_dns_front_socket_held(fd, NGX_DNS_FRONT_READER)) {
        return NGX_OK;
    }

    if (ngx_dns_front_socket_held(fd, NGX_DNS_FRONT_MASTER)) {
        return (ngx_msec_int_t) (u->stay - ngx_current_msec) > 0 ? NGX_AGAIN
                                                                 : NGX_OK;
    }

    if (ngx_getppid() != ngx_parent
        || ngx_dns_front_socket_own(u->listening))
    {
        (void) ngx_dns_front_socket_leave(fd);

        /* a reader locks it, then joins: one of us sees the other */

        if (ngx_dns_front_socket_held(fd, NGX_DNS_FRONT_READER)) {
            ngx_dns_front_socket_join(fd);
            return NGX_OK;
        }
    }

    /* the kernel may have chosen it just before: it is read twice */

    u->last = 1;

    return NGX_AGAIN;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "tcp.h"


link_t              links[LINKS];
unsigned            nlinks;
ngx_int_t           opens;
ngx_int_t           handles;

ngx_dns_attempt_t   attempts[ATTEMPTS];
ngx_dns_event_e     events[ATTEMPTS];
unsigned            nevents[ATTEMPTS];
ngx_dns_peer_t      peer;
ngx_dns_upstream_t  upstream;
unsigned            moved;

static ngx_dns_peer_shm_t  peer_shm;

ngx_queue_t         ngx_posted_events;
ngx_queue_t         ngx_posted_next_events;


ngx_int_t
ngx_handle_read_event(ngx_event_t *rev, ngx_uint_t flags)
{
    return handles;
}


ngx_int_t
ngx_handle_write_event(ngx_event_t *wev, size_t lowat)
{
    return handles;
}


ngx_int_t
ngx_dns_source_get(ngx_dns_peer_t *p, ngx_dns_source_t *source)
{
    return moved ? NGX_OK : NGX_DECLINED;
}


ngx_uint_t
ngx_dns_source_moved(ngx_socket_t fd, ngx_dns_source_t *source)
{
    return moved;
}


static ngx_int_t
fake_connect(ngx_dns_peer_t *p, ngx_uint_t first, ngx_connection_t **cp)
{
    link_t  *l;

    if (opens != NGX_OK && opens != NGX_AGAIN) {
        return opens;
    }

    l = &links[nlinks++];
    memset(l, 0, sizeof(link_t));

    l->c.read = &l->read;
    l->c.write = &l->write;
    l->c.log = &unit_log;
    l->read.data = &l->c;
    l->write.data = &l->c;
    l->read.log = &unit_log;
    l->write.log = &unit_log;
    l->write.write = 1;
    l->room = 1024;
    l->ready = NGX_AGAIN;

    *cp = &l->c;

    return opens;
}


static ngx_int_t
fake_ready(ngx_connection_t *c)
{
    return ((link_t *) c)->ready;
}


static ssize_t
fake_read(ngx_connection_t *c, u_char *p, size_t size)
{
    size_t   n;
    link_t  *l;

    l = (link_t *) c;
    n = ngx_min(l->in_len, size);
    n = l->step ? ngx_min(n, l->step) : n;

    if (n == 0) {
        return l->eof ? 0 : NGX_AGAIN;
    }

    memcpy(p, l->in, n);
    memmove(l->in, l->in + n, l->in_len - n);
    l->in_len -= n;

    return (ssize_t) n;
}


static ssize_t
fake_write(ngx_connection_t *c, u_char *p, size_t size)
{
    size_t   n;
    link_t  *l;

    l = (link_t *) c;

    if (l->broken) {
        return NGX_ERROR;
    }

    n = ngx_min(l->room, size);

    if (n == 0) {
        return NGX_AGAIN;
    }

    memcpy(l->out + l->out_len, p, n);
    l->out_len += n;
    l->room -= n;
    l->writes++;

    return (ssize_t) n;
}


static void
fake_close(ngx_connection_t *c)
{
    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    ((link_t *) c)->closed = 1;
}


/* in place of the real one, which needs sockets */

const ngx_dns_bytes_t  ngx_dns_bytes_plain = {
    0, fake_connect, fake_ready, NULL, fake_read, fake_write, fake_close
};


static void
handler(ngx_dns_attempt_t *a, ngx_dns_event_e event, u_char *msg, size_t len)
{
    events[a - attempts] = event;
    nevents[a - attempts]++;
}


void
tcp_start(ngx_int_t rc)
{
    ngx_queue_init(&ngx_posted_events);
    ngx_queue_init(&ngx_posted_next_events);

    memset(attempts, 0, sizeof(attempts));
    memset(nevents, 0, sizeof(nevents));
    memset(&peer, 0, sizeof(peer));

    peer.transport = &ngx_dns_tcp_out;
    peer.shm = &peer_shm;
    peer.upstream = &upstream;
    upstream.keepalive = NGX_DNS_TCP_CONNECTIONS;
    upstream.keepalive_requests = 0;
    upstream.keepalive_timeout = NGX_DNS_TCP_IDLE;
    upstream.keepalive_time = 3600000;
    nlinks = 0;
    opens = rc;
    handles = NGX_OK;
    moved = 0;

    (void) ngx_dns_tcp_out.init(&unit_cycle, 1000, 1);
}


ngx_int_t
send_it(unsigned n)
{
    ngx_dns_attempt_t  *a;

    a = &attempts[n];

    a->peer = &peer;
    a->handler = handler;
    a->question = (u_char *) QUESTION "is read as padding";
    a->question_len = sizeof(QUESTION) - 1;
    a->channel = NULL;

    return ngx_dns_tcp_out.send(a, (u_char *) QUERY, sizeof(QUERY) - 1);
}


void
turn(void)
{
    ngx_event_t  *ev;

    while (!ngx_queue_empty(&ngx_posted_events)) {
        ev = ngx_queue_data(ngx_queue_head(&ngx_posted_events), ngx_event_t,
                            queue);
        ngx_delete_posted_event(ev);
        ev->handler(ev);
    }
}


void
readable(unsigned n)
{
    links[n].read.handler(&links[n].read);
    turn();
}


void
writable(unsigned n)
{
    links[n].write.handler(&links[n].write);
    turn();
}


void
tcp_reply(unsigned link, unsigned n)
{
    size_t   len;
    u_char  *p;

    len = sizeof(QUERY) - 1;
    p = links[link].in + links[link].in_len;

    ngx_dns_put16(p, len);
    memcpy(p + 2, QUERY, len);
    ngx_dns_put16(p + 2, attempts[n].id);
    p[4] = 0x81;

    links[link].in_len += 2 + len;
}

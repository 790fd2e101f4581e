
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The TCP transport over octets of the test's own: what a server sends, how
 * much it takes, and when it closes.
 */


#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "store/ngx_dns_metrics.h"
#include "transport/ngx_dns_bytes.h"
#include "transport/ngx_dns_source.h"
#include "transport/ngx_dns_tcp_out.h"
#include "wire/ngx_dns_wire.h"


#define QUESTION  "\1a\4test\0\0\1\0\1"
#define QUERY     "\0\0\1\0\0\1\0\0\0\0\0\0" QUESTION
#define LINKS     32


/* a connection: octets to and from the server */

typedef struct {
    ngx_connection_t   c;
    ngx_event_t        read;
    ngx_event_t        write;
    ngx_int_t          ready;           /* what ready() says */
    ngx_uint_t         room;            /* octets that it takes */
    ngx_uint_t         writes;
    u_char             in[1024];
    size_t             in_len;
    u_char             out[1024];
    size_t             out_len;
    unsigned           eof;
    unsigned           closed;
} link_t;


static link_t             links[LINKS];
static unsigned           nlinks;
static ngx_int_t          opens;        /* what connect() says */

static ngx_dns_attempt_t  attempts[2000];
static ngx_dns_event_e    events[2000];
static unsigned           nevents[2000];
static ngx_dns_peer_t     peer;
static ngx_dns_upstream_t  upstream;
static unsigned           moved;

ngx_queue_t               ngx_posted_events;
ngx_queue_t               ngx_posted_next_events;


ngx_int_t
ngx_handle_read_event(ngx_event_t *rev, ngx_uint_t flags)
{
    return NGX_OK;
}


ngx_int_t
ngx_handle_write_event(ngx_event_t *wev, size_t lowat)
{
    return NGX_OK;
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
fake_connect(ngx_dns_peer_t *p, ngx_connection_t **cp)
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


static void
start(ngx_int_t rc)
{
    ngx_queue_init(&ngx_posted_events);
    ngx_queue_init(&ngx_posted_next_events);

    memset(attempts, 0, sizeof(attempts));
    memset(nevents, 0, sizeof(nevents));
    memset(&peer, 0, sizeof(peer));

    peer.transport = &ngx_dns_tcp_out;
    peer.upstream = &upstream;
    upstream.keepalive = NGX_DNS_TCP_CONNECTIONS;
    upstream.keepalive_requests = 0;
    upstream.keepalive_timeout = NGX_DNS_TCP_IDLE;
    upstream.keepalive_time = 3600000;
    nlinks = 0;
    opens = rc;
    moved = 0;

    (void) ngx_dns_tcp_out.init(&unit_cycle, 1000, 1);
}


static ngx_int_t
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


/* what has been posted */

static void
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


static void
readable(unsigned n)
{
    links[n].read.handler(&links[n].read);
    turn();
}


static void
writable(unsigned n)
{
    links[n].write.handler(&links[n].write);
    turn();
}


/* puts a response to an attempt among what the server has sent */

static void
reply(unsigned link, unsigned n)
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


static void
established(void)
{
    unsigned  i;

    start(NGX_AGAIN);

    is_int(send_it(0), NGX_OK, "sent");
    is_int(send_it(1), NGX_OK, "another");
    turn();
    is_int(links[0].out_len, 0, "nothing leaves before it is established");

    writable(0);
    is_int(links[0].out_len, 0, "nor after an event that says nothing");

    links[0].ready = NGX_OK;
    writable(0);
    is_int(links[0].writes, 1, "one write");
    is_int(links[0].out_len, 2 * (2 + sizeof(QUERY) - 1), "for both");

    reply(0, 1);
    reply(0, 0);

    /* octet by octet */

    memcpy(links[1].in, links[0].in, links[0].in_len);
    links[1].in_len = links[0].in_len;
    links[0].in_len = 1;

    for (i = 0; i < links[1].in_len; i++) {
        links[0].in[0] = links[1].in[i];
        links[0].in_len = 1;
        readable(0);

        if (i == links[1].in_len / 2) {
            is_int(nevents[1], 1, "the second is answered");
            is_int(nevents[0], 0, "before the first");
        }
    }

    is_int(nevents[0], 1, "in any order");
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "an answer");
    is_int(nlinks, 1, "one connection");

    unit_pass(NGX_DNS_TCP_IDLE - 10);
    is_int(links[0].closed, 0, "idle");
    unit_pass(20);
    is_int(links[0].closed, 1, "closed after its time");
    is_int(unit_timers(), 0, "no timer is left");
}


static void
slow_reader(void)
{
    start(NGX_OK);

    (void) send_it(0);
    links[0].room = 5;
    turn();
    is_int(links[0].out_len, 5, "as much as it takes");
    (void) send_it(1);
    turn();
    links[0].room = 1000;
    writable(0);
    is_int(links[0].out_len, 2 * (2 + sizeof(QUERY) - 1), "then the rest");
    ok(memcmp(links[0].out + 4, QUERY + 2, sizeof(QUERY) - 3) == 0,
       "in order");

    ngx_dns_tcp_out.done();
    is_int(links[0].closed, 1, "closed at the end of the worker");
    is_int(nevents[0], 0, "nobody is told");
}


static void
broken(void)
{
    start(NGX_OK);

    (void) send_it(0);
    turn();
    links[0].eof = 1;
    readable(0);
    is_int(nevents[0], 0, "closed without an answer: asked again");
    is_int(nlinks, 2, "on a new connection");
    is_int(links[1].out_len, 2 + sizeof(QUERY) - 1, "the same");
    links[1].eof = 1;
    readable(1);
    is_int(nevents[0], 1, "closed again");
    is_int(events[0], NGX_DNS_EVENT_NETWORK, "it is the server's failure");
    is_int(nlinks, 2, "and not asked again");

    start(NGX_OK);

    (void) send_it(0);
    (void) send_it(1);
    turn();
    reply(0, 0);
    links[0].eof = 1;
    readable(0);
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "an answer before the end");
    is_int(nevents[1], 0, "the other one is asked again");
    reply(1, 1);
    readable(1);
    is_int(events[1], NGX_DNS_EVENT_RESPONSE, "and answered");
    ngx_dns_tcp_out.done();

    start(NGX_AGAIN);

    (void) send_it(0);
    (void) send_it(1);
    links[0].ready = NGX_ERROR;
    readable(0);
    is_int(nevents[0] + nevents[1], 2, "refused: both are told");
    is_int(events[1], NGX_DNS_EVENT_NETWORK, "of the network");
    is_int(links[0].closed, 1, "closed");
    is_int(nlinks, 1, "once");

    start(NGX_AGAIN);

    (void) send_it(0);
    unit_pass(3000);
    is_int(events[0], NGX_DNS_EVENT_NETWORK, "not established in its time");
    is_int(links[0].closed, 1, "closed");

    start(NGX_ERROR);
    is_int(send_it(0), NGX_ERROR, "no way to it");
    start(NGX_BUSY);
    is_int(send_it(0), NGX_BUSY, "no connection for it");
    is_int(unit_timers(), 0, "no timer is left");
}


static void
cancelled(void)
{
    unsigned  i;

    start(NGX_OK);

    for (i = 0; i < 4; i++) {
        (void) send_it(i);
    }

    turn();

    for (i = 0; i < 3; i++) {
        ngx_dns_tcp_out.cancel(&attempts[i]);
    }

    turn();
    (void) send_it(5);
    is_int(nlinks, 1, "three given up at once: it may only be slow");

    turn();
    unit_pass(100);
    ngx_dns_tcp_out.cancel(&attempts[5]);
    turn();

    (void) send_it(6);
    is_int(nlinks, 2, "nothing for 100 ms: others get another connection");

    reply(0, 0);
    reply(0, 3);
    readable(0);
    is_int(nevents[0], 0, "nothing after cancel()");
    is_int(nevents[3], 1, "one that was sent before is answered");

    moved = 1;
    unit_pass(250);
    is_int(nlinks, 3, "our address is another one: asked again");
    ngx_dns_tcp_out.done();

    /* garbage */

    start(NGX_OK);
    (void) send_it(0);
    turn();
    reply(0, 0);
    links[0].in[16] = 'x';
    readable(0);
    is_int(nevents[0], 0, "another question");
    reply(0, 0);
    links[0].in[4] = 1;
    readable(0);
    is_int(nevents[0], 0, "a query");
    memcpy(links[0].in, "\0\0\0\1x", 5);
    links[0].in_len = 5;
    readable(0);
    is_int(nevents[0], 0, "short ones");
    reply(0, 0);
    readable(0);
    is_int(nevents[0], 1, "the answer after all that");
    ngx_dns_tcp_out.done();
}


static void
many(void)
{
    unsigned  i, n;

    start(NGX_OK);

    for (i = 0; i < 8 * NGX_DNS_TCP_PIPELINE; i++) {
        (void) send_it(i);
    }

    is_int(nlinks, NGX_DNS_TCP_CONNECTIONS, "a new one when all are busy");

    for (n = 0; i < 600; i++) {
        n += send_it(i) == NGX_OK;
    }

    is_int(n, 600 - 8 * NGX_DNS_TCP_PIPELINE, "more on each");
    is_int(nlinks, NGX_DNS_TCP_CONNECTIONS, "no more connections");
    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "no timer is left");
}


/* keepalive, keepalive_requests, keepalive_time */

static void
worn(void)
{
    unsigned  i;

    start(NGX_OK);
    upstream.keepalive = 2;

    for (i = 0; i < 4 * NGX_DNS_TCP_PIPELINE; i++) {
        (void) send_it(i);
    }

    is_int(nlinks, 2, "no more than two connections");
    ngx_dns_tcp_out.done();

    start(NGX_OK);
    upstream.keepalive = 1;
    upstream.keepalive_requests = 2;

    for (i = 0; i < 3; i++) {
        is_int(send_it(i), NGX_OK, "sent");
    }

    turn();
    is_int(nlinks, 2, "the third has another connection");
    reply(0, 0);
    readable(0);
    is_int(links[0].closed, 0, "one is outstanding on the first");
    reply(0, 1);
    readable(0);
    unit_pass(10);
    is_int(links[0].closed, 1, "then it is closed");
    is_int(links[1].closed, 0, "the second is not");
    ngx_dns_tcp_out.done();

    start(NGX_OK);
    upstream.keepalive_time = 5000;
    (void) send_it(0);
    turn();
    reply(0, 0);
    readable(0);
    unit_pass(4990);
    (void) send_it(1);
    is_int(nlinks, 1, "in its time");
    turn();
    reply(0, 1);
    readable(0);
    unit_pass(20);
    (void) send_it(2);
    is_int(nlinks, 2, "past its time");
    unit_pass(10);
    is_int(links[0].closed, 1, "closed");
    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "no timer is left");
}


int
main(void)
{
    ngx_pid = getpid();
    ngx_dns_clock_update();

    established();
    slow_reader();
    broken();
    cancelled();
    many();
    worn();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The TCP transport over octets of the test's own: what a server sends, how
 * much it takes, and when it closes.
 */


#include "tap.h"
#include "tcp.h"


static void
established(void)
{
    unsigned  i;

    tcp_start(NGX_AGAIN);

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

    tcp_reply(0, 1);
    tcp_reply(0, 0);

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
    tcp_start(NGX_OK);

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
    tcp_start(NGX_OK);

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

    tcp_start(NGX_OK);

    (void) send_it(0);
    (void) send_it(1);
    turn();
    tcp_reply(0, 0);
    links[0].eof = 1;
    readable(0);
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "an answer before the end");
    is_int(nevents[1], 0, "the other one is asked again");
    tcp_reply(1, 1);
    readable(1);
    is_int(events[1], NGX_DNS_EVENT_RESPONSE, "and answered");
    ngx_dns_tcp_out.done();

    tcp_start(NGX_AGAIN);

    (void) send_it(0);
    (void) send_it(1);
    links[0].ready = NGX_ERROR;
    readable(0);
    is_int(nevents[0] + nevents[1], 2, "refused: both are told");
    is_int(events[1], NGX_DNS_EVENT_NETWORK, "of the network");
    is_int(links[0].closed, 1, "closed");
    is_int(nlinks, 1, "once");

    tcp_start(NGX_AGAIN);

    (void) send_it(0);
    unit_pass(3000);
    is_int(events[0], NGX_DNS_EVENT_NETWORK, "not established in its time");
    is_int(links[0].closed, 1, "closed");

    tcp_start(NGX_AGAIN);

    (void) send_it(0);
    unit_pass(400);
    is_int(ngx_dns_tcp_out.mute(&attempts[0]), 0, "a connection takes time");
    unit_pass(200);
    is_int(ngx_dns_tcp_out.mute(&attempts[0]), 1, "too much of it");
    (void) send_it(1);
    is_int(nlinks, 2, "and others get another one");
    is_int(nevents[0], 0, "which ends nothing");
    ngx_dns_tcp_out.cancel(&attempts[0]);
    ngx_dns_tcp_out.cancel(&attempts[1]);
    ngx_dns_tcp_out.done();

    tcp_start(NGX_ERROR);
    is_int(send_it(0), NGX_ERROR, "no way to it");
    tcp_start(NGX_BUSY);
    is_int(send_it(0), NGX_BUSY, "no connection for it");
    is_int(unit_timers(), 0, "no timer is left");
}


static void
cancelled(void)
{
    unsigned  i;

    tcp_start(NGX_OK);

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

    tcp_reply(0, 0);
    tcp_reply(0, 3);
    readable(0);
    is_int(nevents[0], 0, "nothing after cancel()");
    is_int(nevents[3], 1, "one that was sent before is answered");

    moved = 1;
    unit_pass(250);
    is_int(nlinks, 3, "our address is another one: asked again");
    ngx_dns_tcp_out.done();

    /* garbage */

    tcp_start(NGX_OK);
    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    links[0].in[16] = 'x';
    readable(0);
    is_int(nevents[0], 0, "another question");
    tcp_reply(0, 0);
    links[0].in[4] = 1;
    readable(0);
    is_int(nevents[0], 0, "a query");
    memcpy(links[0].in, "\0\0\0\1x", 5);
    links[0].in_len = 5;
    readable(0);
    is_int(nevents[0], 0, "short ones");
    tcp_reply(0, 0);
    readable(0);
    is_int(nevents[0], 1, "the answer after all that");
    ngx_dns_tcp_out.done();
}


static void
many(void)
{
    unsigned  i, n;

    tcp_start(NGX_OK);

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

    tcp_start(NGX_OK);
    upstream.keepalive = 2;

    for (i = 0; i < 4 * NGX_DNS_TCP_PIPELINE; i++) {
        (void) send_it(i);
    }

    is_int(nlinks, 2, "no more than two connections");
    ngx_dns_tcp_out.done();

    tcp_start(NGX_OK);
    upstream.keepalive = 1;
    upstream.keepalive_requests = 2;

    for (i = 0; i < 3; i++) {
        is_int(send_it(i), NGX_OK, "sent");
    }

    turn();
    is_int(nlinks, 1, "the third waits where one is the most");
    tcp_reply(0, 0);
    tcp_reply(0, 1);
    readable(0);
    unit_pass(10);
    is_int(links[0].closed, 1, "until the first is closed");
    is_int(nlinks, 2, "then it has another connection");
    ngx_dns_tcp_out.done();

    tcp_start(NGX_OK);
    upstream.keepalive = 2;
    upstream.keepalive_requests = 2;

    for (i = 0; i < 3; i++) {
        is_int(send_it(i), NGX_OK, "sent");
    }

    turn();
    is_int(nlinks, 2, "the third has another connection");
    tcp_reply(0, 0);
    readable(0);
    is_int(links[0].closed, 0, "one is outstanding on the first");
    tcp_reply(0, 1);
    readable(0);
    unit_pass(10);
    is_int(links[0].closed, 1, "then it is closed");
    is_int(links[1].closed, 0, "the second is not");
    ngx_dns_tcp_out.done();

    tcp_start(NGX_OK);
    upstream.keepalive_time = 5000;
    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    readable(0);
    unit_pass(4990);
    (void) send_it(1);
    is_int(nlinks, 1, "in its time");
    turn();
    tcp_reply(0, 1);
    readable(0);
    unit_pass(20);
    (void) send_it(2);
    is_int(nlinks, 2, "past its time");
    unit_pass(10);
    is_int(links[0].closed, 1, "closed");
    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "no timer is left");
}


/* a worker that was held up comes to its timers after what clients have sent */

static void
late(void)
{
    tcp_start(NGX_OK);

    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    readable(0);
    ngx_current_msec += NGX_DNS_TCP_IDLE - 1;
    (void) send_it(1);
    is_int(nlinks, 1, "an idle connection is used again");
    turn();
    tcp_reply(0, 1);
    readable(0);
    ngx_current_msec += NGX_DNS_TCP_IDLE;
    (void) send_it(2);
    is_int(nlinks, 2, "not one that only a late worker has left open");
    unit_pass(10);
    is_int(links[0].closed, 1, "closed");
    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "no timer is left");

    /* where there is no other one to be had, it makes room */

    tcp_start(NGX_OK);

    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    readable(0);
    ngx_current_msec += NGX_DNS_TCP_IDLE;
    opens = NGX_BUSY;
    is_int(send_it(1), NGX_OK, "waits for the one that is to be closed");
    is_int(nevents[1], 0, "no failure");
    opens = NGX_OK;
    unit_pass(10);
    is_int(links[0].closed, 1, "closed");
    is_int(nlinks, 2, "another one instead");
    turn();
    tcp_reply(1, 1);
    readable(1);
    is_int(events[1], NGX_DNS_EVENT_RESPONSE, "answered");
    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "no timer is left");
}


int
main(void)
{
    ngx_pid = getpid();

    established();
    slow_reader();
    broken();
    cancelled();
    many();
    worn();
    late();

    return done_testing();
}

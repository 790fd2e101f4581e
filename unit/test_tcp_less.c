
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The TCP transport with less than it needs: memory, room on connections, and
 * calls that fail.  Nobody is told twice, and nothing is left.
 */


#include "tap.h"
#include "tcp.h"


static void
end(const char *name)
{
    ngx_dns_tcp_out.done();

    is_int(unit_timers(), 0, "%s: no timer is left", name);
}


/* more than one connection can have at once */

static void
waiting(void)
{
    unsigned  i, n;

    tcp_start(NGX_OK);
    upstream.keepalive = 1;

    for (i = 0, n = 0; i < NGX_DNS_TCP_QUERIES; i++) {
        n += send_it(i) == NGX_OK;
    }

    is_int(n, NGX_DNS_TCP_QUERIES, "as many as one connection may have");
    is_int(send_it(i), NGX_OK, "one more waits");
    ok(attempts[i].channel != attempts[0].channel, "and is not on it");

    ngx_dns_tcp_out.cancel(&attempts[i]);
    ok(attempts[i].channel == NULL, "it is cancelled");
    ngx_dns_tcp_out.cancel(&attempts[i]);
    ok(attempts[i].channel == NULL, "which it is already");

    for (n = 0; i < 2 * NGX_DNS_TCP_QUERIES; i++) {
        n += send_it(i) == NGX_OK;
    }

    is_int(n, NGX_DNS_TCP_QUERIES, "as many wait");
    is_int(send_it(i), NGX_BUSY, "and no more");
    is_int(nlinks, 1, "all for one connection");

    tcp_reply(0, 7);
    readable(0);
    is_int(nevents[7], 1, "one is answered");
    ok(attempts[NGX_DNS_TCP_QUERIES].channel == attempts[0].channel,
       "who has waited longest is next");
    is_int(send_it(i), NGX_OK, "and there is room for one to wait");

    end("waiting");
}


/* what a server was found to do is forgotten after a while */

static void
learned(void)
{
    tcp_start(NGX_OK);
    upstream.keepalive = 1;

    (void) send_it(0);
    (void) send_it(1);
    turn();
    tcp_reply(0, 0);
    links[0].eof = 1;
    readable(0);
    is_int(nevents[0], 1, "one response, and closed");
    is_int(nlinks, 2, "the other is asked on a new connection");

    is_int(send_it(2), NGX_OK, "sent");
    is_int(links[1].writes, 1, "not on this one: a response is all it brings");
    tcp_reply(1, 1);
    readable(1);
    is_int(links[1].closed, 1, "so it is closed after that");
    is_int(nlinks, 3, "and the third has one of its own");
    tcp_reply(2, 2);
    readable(2);

    unit_pass(61000);
    (void) send_it(3);
    (void) send_it(4);
    turn();
    is_int(nlinks, 4, "a minute later two are on one again");

    end("learned");
}


static void
memory(void)
{
    unsigned   n;
    ngx_int_t  rc;

    for (n = 1; n < 10; n++) {
        tcp_start(NGX_OK);

        unit_no_memory = n;
        rc = send_it(0);

        if (unit_no_memory) {
            unit_no_memory = 0;
            break;
        }

        is_int(rc, NGX_BUSY, "no memory, at call %u: for want of ours", n);
        ok(attempts[0].channel == NULL, "it is not sent");
        is_int(send_it(1), NGX_OK, "the next is");
        turn();
        tcp_reply(nlinks - 1, 1);
        readable(nlinks - 1);
        is_int(nevents[1], 1, "and answered");
        is_int(nevents[0], 0, "nobody is told of the first");

        end("no memory");
    }

    is_int(rc, NGX_OK, "sent, with all that it needs");
    ok(n > 3, "which is three at least");
    end("memory");

    /* for what is asked again: neither a connection, nor what is written */

    for (n = 1; n < 3; n++) {
        tcp_start(NGX_OK);
        (void) send_it(0);
        turn();
        links[0].eof = 1;
        unit_no_memory = n;
        readable(0);
        unit_no_memory = 0;
        is_int(nevents[0], 1, "no memory to ask again, at call %u", n);
        is_int(events[0], NGX_DNS_EVENT_LOCAL, "for want of ours");
        end("again");
    }

    /* for half of a response */

    tcp_start(NGX_OK);
    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    links[0].in_len = 9;
    unit_no_memory = 1;
    readable(0);
    is_int(links[0].closed, 1, "no memory for half of a response: closed");
    is_int(nevents[0], 0, "asked again");
    tcp_reply(1, 0);
    readable(1);
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "and answered");
    end("half");
}


static void
calls(void)
{
    tcp_start(NGX_OK);
    (void) send_it(0);
    links[0].broken = 1;
    turn();
    is_int(links[0].closed, 1, "it can't be written to: closed");
    is_int(nlinks, 2, "asked again");
    tcp_reply(1, 0);
    readable(1);
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "and answered");
    end("write");

    tcp_start(NGX_OK);
    (void) send_it(0);
    turn();
    handles = NGX_ERROR;
    writable(0);
    handles = NGX_OK;
    turn();
    is_int(links[0].closed, 1, "no event for writing: closed");
    is_int(nlinks, 2, "asked again");
    end("write event");

    tcp_start(NGX_OK);
    (void) send_it(0);
    turn();
    handles = NGX_ERROR;
    readable(0);
    handles = NGX_OK;
    turn();
    is_int(links[0].closed, 1, "no event for reading: closed");
    is_int(nlinks, 2, "asked again");
    end("read event");
}


/* a server that never ends does not keep the worker from others */

static void
bounded(void)
{
    unsigned  n;

    tcp_start(NGX_OK);
    (void) send_it(0);
    turn();
    tcp_reply(0, 0);
    links[0].step = 1;
    readable(0);
    is_int(nevents[0], 0, "so many reads in a row, and no more");

    for (n = 1; !ngx_queue_empty(&ngx_posted_next_events) && n < 10; n++) {
        ngx_delete_posted_event(&links[0].read);
        readable(0);
    }

    is_int(n, 2, "the rest in the next round");
    is_int(events[0], NGX_DNS_EVENT_RESPONSE, "answered");
    end("bounded");
}


/* one that hangs, where no other may be open beside it */

static void
replaced(void)
{
    unsigned  i;

    tcp_start(NGX_AGAIN);
    upstream.keepalive = 1;

    (void) send_it(0);
    unit_pass(400);
    (void) send_it(1);
    is_int(nlinks, 1, "replaced: it takes time");

    unit_pass(200);
    opens = NGX_BUSY;
    is_int(send_it(2), NGX_OK, "replaced: no other can be had");
    is_int(links[0].closed, 0, "replaced: it stays");

    opens = NGX_AGAIN;
    is_int(send_it(3), NGX_OK, "replaced: by another");
    is_int(nlinks, 2, "replaced: one more");
    is_int(links[0].closed, 1, "replaced: it is closed");

    links[1].ready = NGX_OK;
    writable(1);
    is_int(links[1].out_len, 4 * (2 + sizeof(QUERY) - 1), "replaced: all of "
           "its queries");

    for (i = 0; i < 4; i++) {
        is_int(nevents[i], 0, "replaced: no event");
        tcp_reply(1, i);
    }

    readable(1);

    for (i = 0; i < 4; i++) {
        is_int(events[i], NGX_DNS_EVENT_RESPONSE, "replaced: answered");
    }

    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "replaced: no timer is left");
}


static void
slow(void)
{
    tcp_start(NGX_AGAIN);
    upstream.keepalive = 1;

    (void) send_it(0);
    unit_pass(600);
    (void) send_it(1);
    is_int(nlinks, 2, "slow: the first is replaced");

    unit_pass(900);
    (void) send_it(2);
    is_int(nlinks, 2, "slow: the next one has twice the time");

    links[1].ready = NGX_OK;
    writable(1);
    tcp_reply(1, 0);
    tcp_reply(1, 1);
    tcp_reply(1, 2);
    links[1].eof = 1;
    readable(1);
    is_int(nevents[0] + nevents[1] + nevents[2], 3, "slow: answered");

    (void) send_it(3);
    is_int(nlinks, 3, "slow: another");
    unit_pass(1700);
    (void) send_it(4);
    is_int(nlinks, 3, "slow: it has twice what the last one took");
    unit_pass(200);
    (void) send_it(5);
    is_int(nlinks, 4, "slow: no more");

    ngx_dns_tcp_out.done();
    is_int(unit_timers(), 0, "slow: no timer is left");
}


int
main(void)
{
    ngx_pid = getpid();

    waiting();
    learned();
    memory();
    calls();
    bounded();
    replaced();
    slow();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The life of a question, as faults of it were seen; servers that don't know
 * EDNS; and questions that come before the first server is found.  Cell by
 * cell it is in test_life.c.
 */


#include "query.h"


/* the last one fails at once, the first answers a little later */

static void
late(void)
{
    start("sequential", "a b c");
    policy.next = NGX_DNS_NEXT_TIMEOUT;
    policy.upstream_timeout = 400;
    ask_it("\0\1");
    unit_pass(100);
    reply(1, "\x81\x82", 0, "", 0);
    is_int(answers, 0, "SERVFAIL of the second does not end it");
    unit_pass(50);
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "the first answers");
    clean("B3");
}


/* TC, and no TCP */

static void
truncated(void)
{
    start("sequential", "a b");
    count(unit_peer(zone.upstream, 0));
    ask_it("\0\1");
    reply(0, "\x83\x80", 0, "", 0);
    is_int(nsent, 2, "TC: asked again");
    is_int(tcp[1], 1, "over TCP");
    network_error(1);
    is_int(nsent, 3, "which is refused: the next server");
    ok(sent[2]->peer == unit_peer(zone.upstream, 1), "the second");
    reply(2, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "its answer counts");
    is_int(got[2] & 2, 0, "whole");
    is_int(counted(errors), 1, "counted");
    clean("B4");

    start("sequential", "a");
    ask_it("\0\1");
    reply(0, "\x87\x80", 0, "", 0);
    network_error(1);
    is_int(rcode(), NGX_DNS_NOERROR, "no other server: the client gets TC");
    is_int(got[2] & 6, 6, "and AA as the server has it");
    clean("B4, UDP");

    start("sequential", "a");
    ask_from("\0\1\1\0\0\1\0\0\0\0\0\0" ASKED, 29, 1, 1);
    reply(0, "\x83\x80", 0, "", 0);
    network_error(1);
    is_int(rcode(), NGX_DNS_SERVFAIL, "over TCP: SERVFAIL");
    is_int(got[2] & 2, 0, "without TC");
    is_int(logged.reason, NGX_DNS_ECUT, "the reason");
    clean("B4, TCP");

    start("sequential", "a/tcp b");
    ask_it("\0\1");
    unit_peer(zone.upstream, 0)->transport = &fakes[1];
    reply(0, "\x81\x80", 1, ANSWER, 16);
    ask_it("\0\1");
    is_int(tcp[1], 1, "a server over TCP");
    reply(1, "\x83\x80", 0, "", 0);
    is_int(nsent, 3, "TC over TCP is malformed: the next");
    reply(2, "\x81\x80", 1, ANSWER, 16);
    clean("B4, TC over TCP");
}


/* a lost datagram */

static void
lost(void)
{
    start("sequential", "a");
    count(unit_peer(zone.upstream, 0));
    unit_peer(zone.upstream, 0)->shm->rtt = 10000;
    ask_it("\0\1");
    unit_pass(100);
    is_int(nsent, 2, "silent for its measured time: asked again");
    is_int(unit_peer(zone.upstream, 0)->shm->outstanding, 2, "both count");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "answered");
    is_int(counted(timeouts), 0, "no failure");
    clean("B6");

    start("sequential", "a");
    unit_peer(zone.upstream, 0)->shm->rtt = 400000;
    ask_from("\0\1\1\0\0\1\0\0\0\0\0\0" ASKED, 29, 1, 0);
    unit_pass(50);
    ask_from("\0\2\1\0\0\1\0\0\0\0\0\0" ASKED, 29, 2, 0);
    is_int(nsent, 1, "another client is no reason");
    ask_from("\0\3\1\0\0\1\0\0\0\0\0\0" ASKED, 29, 1, 0);
    is_int(nsent, 1, "nor is another query");
    ask_from("\0\1\1\0\0\1\0\0\0\0\0\0" ASKED, 29, 1, 0);
    is_int(nsent, 2, "the same one again is");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 4, "all are answered");
    clean("B6, repeat");

    start("sequential", "a b");
    policy.next = NGX_DNS_NEXT_OFF;
    ask_it("\0\1");
    unit_pass(1999);
    is_int(nsent, 1, "dns_next_upstream off: not even that");
    unit_pass(1);
    is_int(answers, 1, "but the end");
    clean("off");
}


/* a stream loses nothing, but its way may be gone */

static void
silent_stream(void)
{
    start("sequential", "a");
    count(unit_peer(zone.upstream, 0));
    unit_peer(zone.upstream, 0)->transport = &fakes[1];
    unit_peer(zone.upstream, 0)->shm->rtt = 10000;
    ask_it("\0\1");
    unit_pass(1000);
    is_int(nsent, 1, "a connection that lives: nothing is asked again");
    is_int(unit_peer(zone.upstream, 0)->shm->late, 0, "nor is it late");
    mute = 1;
    unit_pass(250);
    is_int(nsent, 2, "one that is silent: asked again");
    mute = 0;
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "answered");
    is_int(counted(timeouts), 0, "no failure");
    clean("silent stream");

    start("sequential", "a");
    unit_peer(zone.upstream, 0)->transport = &fakes[1];
    ask_it("\0\1");
    mute = 1;
    unit_pass(1999);
    is_int(nsent, 3, "twice at most");
    unit_pass(1);
    is_int(answers, 1, "within the time of the server");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    mute = 0;
    clean("silent streams");

    start("sequential", "a b");
    unit_peer(zone.upstream, 0)->transport = &fakes[1];
    unit_peer(zone.upstream, 1)->transport = &fakes[1];
    ask_it("\0\1");
    mute = 1;
    unit_pass(600);
    is_int(nsent, 2, "another server goes before");
    is_int(sent[1]->peer == unit_peer(zone.upstream, 1), 1, "it is asked");
    mute = 0;
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "and answers");
    clean("silent stream, two servers");
}


/* not sent for want of ours */

static void
local(void)
{
    start("sequential", "a b");
    count(unit_peer(zone.upstream, 0));
    refuse = NGX_BUSY;
    refusals = 1;
    policy.next = NGX_DNS_NEXT_OFF;
    ask_it("\0\1");
    is_int(nsent, 1, "no socket for the first: the second, in any case");
    is_int(unit_peer(zone.upstream, 0)->shm->fails, 0, "nobody is blamed");
    is_int(counted(errors), 0, "nor counted");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("local");

    start("sequential", "a b");
    refuse = NGX_BUSY;
    refusals = 2;
    ask_it("\0\1");
    is_int(rcode(), NGX_DNS_SERVFAIL, "nor for the other: SERVFAIL");
    is_int(logged.reason, NGX_DNS_EINTERNAL, "the reason");
    is_int(unit_peer(zone.upstream, 1)->shm->fails, 0, "nobody is blamed");
    clean("local, all");
}


/* a hint that there is no way */

static void
hint(void)
{
    start("sequential", "a b");
    ask_it("\0\1");
    event(0, NGX_DNS_EVENT_SOFT);
    is_int(nsent, 2, "unreachable, says somebody: another is asked beside");
    is_int(unit_peer(zone.upstream, 0)->shm->fails & 0xffff, 0, "no failure");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "it may still answer");
    clean("H2");
}


/* dns_next_upstream is for what fails at once, too, but not for our own */

static void
at_once(void)
{
    ngx_uint_t  i;

    for (i = 0; i < 4; i++) {
        start("sequential", "a b");
        policy.next = i & 1 ? NGX_DNS_NEXT_ERROR : NGX_DNS_NEXT_SERVFAIL;
        refuse = i & 2 ? NGX_BUSY : NGX_ERROR;
        refusals = 1;
        ask_it("\0\1");
        is_int(nsent, i ? 1 : 0, "it can't be sent, %s, %s",
               i & 2 ? "for want of ours" : "no way to the server",
               i & 1 ? "error" : "no error");

        if (nsent) {
            reply(0, "\x81\x80", 1, ANSWER, 16);
        }

        is_int(rcode(), i ? 0 : NGX_DNS_SERVFAIL, "told");
        clean("at once");
    }
}


/* somebody guesses IDs */

static void
guesses(void)
{
    start("sequential", "a");
    ask_it("\0\1");
    event(0, NGX_DNS_EVENT_GUESSED);
    is_int(tcp[1], 1, "asked over TCP");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "answered");
    clean("H1, guesses");

    start("sequential", "a");
    ask_it("\0\2");
    is_int(tcp[0], 1, "over TCP at once, the next time");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("H1, guesses remembered");

    ngx_dns_sec += 60;
    start("sequential", "a");
    ask_it("\0\3");
    is_int(tcp[0], 0, "for a minute");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("H1, guesses forgotten");
}


/* identical questions */

static void
same(void)
{
    ngx_uint_t  i;

    start("sequential", "a");
    policy.subnet = NGX_DNS_SUBNET_FORWARD;
    policy.subnet_v4 = 32;

    for (i = 0; i < NGX_DNS_INFLIGHT_SAME + 5; i++) {
        char  q[29 + 23];

        memcpy(q, "\0\1\1\0\0\1\0\0\0\0\0\1" ASKED OPT, 40);
        memcpy(q + 38, "\0\xc\0\x8\0\x8\0\1\x20\0\xc0\0\2", 13);
        q[51] = (char) i;
        ask(q, 52);
    }

    is_int(nsent, NGX_DNS_INFLIGHT_SAME + 5, "differ by their subnets alone");
    is_int(tcp[NGX_DNS_INFLIGHT_SAME - 1], 0, "so many over UDP");
    is_int(tcp[NGX_DNS_INFLIGHT_SAME], 1, "the rest over TCP");

    for (i = 0; i < NGX_DNS_INFLIGHT_SAME + 5; i++) {
        network_error(i);
    }

    clean("H1, same");
}


/* RFC 6891, 7: servers that don't know EDNS */

static void
plain(void)
{
    ngx_dns_peer_t  *a;

    start("sequential", "a");
    a = unit_peer(zone.upstream, 0);
    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED OPT, 40);
    is_int(wire_len, 40, "with an OPT");
    reply(0, "\x81\x81", 0, "", 0);
    is_int(nsent, 2, "FORMERR without one: asked again");
    is_mem(wire + 2, wire_len - 2, "\1\x20\0\1\0\0\0\0\0\0" ASKED, 27,
           "without");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "answered");
    is_int(got_len, 29 + 16 + 11, "with our OPT");
    clean("C3");

    nsent = 0;
    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED OPT, 40);
    is_int(wire_len, 29, "remembered");
    reply(0, "\x81\x81", 0, "", 0);
    is_int(rcode(), NGX_DNS_FORMERR, "FORMERR is passed on");
    is_int(got_len, 29, "without an OPT, which would say it was understood");
    is_int(a->shm->fails, 0, "nobody is blamed");
    clean("C3, remembered");

    start("sequential", "a b");
    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED OPT, 40);
    reply_opt(0, "\x81\x84", 0, OPT, 11);
    is_int(nsent, 2, "NOTIMP with an OPT: the next server");
    ok(sent[1]->peer == unit_peer(zone.upstream, 1), "the second");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    clean("C3, NOTIMP");

    start("sequential", "a b");
    ask_it("\0\1");
    reply(0, "\x81\x81", 0, "", 0);
    is_int(nsent, 2, "FORMERR to a query without EDNS: the next server");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    clean("C3, FORMERR");
}


/* the first servers are being found */

static void
expected(void)
{
    ngx_uint_t  n;

    /* these have no seats: those that come are in the groups already */

    start("round_robin", "a b");
    zone.upstream->live = 0;
    ask_it("\0\1");
    is_int(rcode(), NGX_DNS_SERVFAIL, "none, and none is expected");
    clean("none");

    start("round_robin", "a b");
    zone.upstream->live = 0;
    zone.upstream->expects = ngx_current_msec + 2000;
    ask_it("\0\1");
    unit_pass(500);
    is_int(answers + nsent, 0, "it waits");
    zone.upstream->live = 2;
    unit_pass(25);
    is_int(nsent, 1, "until there is one");
    unit_pass(600);
    is_int(nsent, 2, "and another beside it");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "the answer");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("expected");

    for (n = 0; n < 2; n++) {
        start("round_robin", "a b");
        policy.next_timeout = n ? 1000 : 6000;
        zone.upstream->live = 0;
        zone.upstream->expects = ngx_current_msec + 2000;
        ask_it("\0\1");
        unit_pass(n ? 990 : 1990);
        is_int(answers, 0, "not for ever");
        unit_pass(40);
        is_int(rcode(), NGX_DNS_SERVFAIL, n ? "a question has its time"
                                            : "nor has a start");
        clean("not found");
    }
}


int
main(void)
{
    query_init();

    late();
    truncated();
    lost();
    silent_stream();
    local();
    hint();
    at_once();
    guesses();
    same();
    plain();
    expected();

    return done_testing();
}

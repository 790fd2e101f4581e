
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* The life of a query: what is asked, when, of whom, and what is answered. */


#include "query.h"


static void
answered(void)
{
    start("sequential", "a b");
    ask_it("\xab\xcd");

    is_int(nsent, 1, "asked once");
    is_mem(wire + 2, wire_len - 2, "\1\x20\0\1\0\0\0\0\0\0" ASKED, 27,
           "as the client did, letter case too");

    reply(0, "\x85\x80", 1, ANSWER, 16);

    is_mem(got, got_len, "\xab\xcd\x85\x80\0\1\0\1\0\0\0\0" ASKED ANSWER, 45,
           "the client's ID and question, the server's flags and answer");
    is_int(logged.reason, NGX_DNS_FINE, "no reason");
    is_int(logged.tries, 1, "one try");
    ok(logged.peer == unit_peer(zone.upstream, 0), "the server is known");

    clean("answered");
}


/* RFC 8484, 5.1: how long it may be kept is told to those who ask for it */

static void
aged(void)
{
    start("sequential", "a");

    ask_it("\xab\xcd");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(got_ttl, NGX_DECLINED, "no TTL for a front without ages");

    front.aged = 1;

    ask_it("\xab\xcd");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(got_ttl, 60, "the TTL of the answer");

    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED
        "\0\0\x29\x10\0\0\0\0\0\0\1" "c", 12 + 17 + 12);
    is_int(got_ttl, NGX_DECLINED, "none of an error of our own");

    front.aged = 0;

    clean("aged");
}


static void
edns(void)
{
    start("sequential", "a");
    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED
        "\0\0\x29\x10\0\0\0\x80\0\0\x0c\0\x0a\0\x8" "cookie!!", 12 + 17 + 23);

    is_mem(wire + 29, wire_len - 29, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11,
           "our OPT upstream: our size, DO, no cookie");

    reply(0, "\x81\x80", 1, ANSWER, 16);

    is_mem(got + 45, got_len - 45, "\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11,
           "our OPT to the client");

    clean("EDNS");
}


static void
patience(void)
{
    start("sequential", "a b c");
    unit_peer(zone.upstream, 0)->shm->rtt = 30000;
    unit_peer(zone.upstream, 0)->shm->rttvar = 5000;

    ask_it("\0\1");
    unit_pass(50);
    is_int(nsent, 1, "50 ms: still patient with a server of 30 +- 5");
    unit_pass(5);
    is_int(nsent, 2, "55 ms: the next one is asked");
    ok(sent[1]->peer == unit_peer(zone.upstream, 1), "another one");
    is_int(cancelled, 0, "the first may still answer");

    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 1, "its late answer is used");
    is_int(rcode(), 0, "and good");
    is_int(cancelled, 1, "the other attempt is over");

    clean("late");
}


static void
silence(void)
{
    ngx_msec_t  before;

    start("sequential", "a b");
    before = ngx_current_msec;

    ask_it("\0\1");
    unit_pass(499);
    is_int(nsent, 1, "unmeasured: a quarter of the timeout");
    unit_pass(1);
    is_int(nsent, 2, "then the next");

    while (answers == 0 && ngx_current_msec - before < 10000) {
        unit_pass(10);
    }

    is_int(ngx_current_msec - before, 2500, "the last has all of its time");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    is_int(logged.reason, NGX_DNS_ETIMEOUT, "the reason");
    is_int(nsent, 4, "the last one twice more");
    is_int(unit_peer(zone.upstream, 0)->shm->fails, 1, "one failure each");
    is_int(unit_peer(zone.upstream, 1)->shm->fails, 1, "of both");
    clean("silence");

    start("sequential", "a b c d e");
    policy.next_timeout = 1200;
    before = ngx_current_msec;
    ask_it("\0\1");

    while (answers == 0 && ngx_current_msec - before < 10000) {
        unit_pass(10);
    }

    is_int(ngx_current_msec - before, 1200, "the total deadline holds");
    is_int(nsent, 3, "and so do the tries");
    clean("deadline");
}


static void
errors(void)
{
    start("sequential", "a b");
    ask_it("\0\1");
    network_error(0);
    is_int(nsent, 2, "an ICMP error: the next at once");
    network_error(1);
    is_int(answers, 1, "no server is left");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    is_int(logged.reason, NGX_DNS_ENETWORK, "the reason");
    clean("errors");

    start("sequential", "a b");
    refuse = NGX_ERROR;
    refusals = 1;
    ask_it("\0\1");
    is_int(nsent, 1, "can't be sent to the first: to the second");
    ok(sent[0]->peer == unit_peer(zone.upstream, 1), "the second");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("no socket");

    start("sequential", "a");
    refuse = NGX_ERROR;
    refusals = 1;
    ask_it("\0\1");
    is_int(rcode(), NGX_DNS_SERVFAIL, "nor to any: SERVFAIL");
    clean("no socket at all");

    start("sequential", "a/down b/down");
    ask_it("\0\1");
    is_int(rcode(), NGX_DNS_SERVFAIL, "all down: SERVFAIL");
    is_int(logged.reason, NGX_DNS_EPEERS, "the reason");
    clean("all down");
}


static void
rcodes(void)
{
    start("sequential", "a b");
    ask_it("\0\1");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(nsent, 2, "SERVFAIL: the next");
    reply(1, "\x81\x85", 0, "", 0);
    is_int(answers, 1, "REFUSED by the last");
    is_int(rcode(), NGX_DNS_REFUSED, "is passed on");
    is_int(got[3] & 0x80, 0x80, "with RA");
    clean("rcodes");

    start("sequential", "a b");
    policy.next = NGX_DNS_NEXT_ERROR;
    ask_it("\0\1");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(nsent, 1, "not a reason for another server");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL is passed on");
    is_int(logged.reason, NGX_DNS_ERCODE, "the reason");
    clean("no next");

    start("sequential", "a b");
    ask_it("\0\1");
    reply(0, "\x81\x83", 0, "", 0);
    is_int(nsent, 1, "NXDOMAIN is an answer");
    is_int(rcode(), NGX_DNS_NXDOMAIN, "passed on");
    clean("NXDOMAIN");

    start("sequential", "a b");
    ask_it("\0\1");
    reply(0, "\x81\x80", 2, ANSWER, 16);
    is_int(nsent, 2, "a malformed answer: the next");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "which answers");
    clean("malformed");

    start("sequential", "a b");
    ask_it("\0\1");
    unit_pass(500);
    reply(1, "\x81\x82", 0, "", 0);
    is_int(answers, 0, "SERVFAIL of the second: the first may still answer");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "and does");
    clean("late after SERVFAIL");
}


static void
off(void)
{
    start("sequential", "a b");
    policy.next = 0;
    ask_it("\0\1");
    unit_pass(1900);
    is_int(nsent, 1, "dns_next_upstream off: no second attempt");
    unit_pass(200);
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL after the timeout");
    clean("off");
}


static void
joined(void)
{
    start("sequential", "a b");
    ask_it("\0\1");
    ask("\0\2\1\0\0\1\0\0\0\0\0\0" "\3wWw\7EXAMPLE\0\0\1\0\1", 29);
    is_int(nsent, 1, "one question of two clients");

    ask("\0\3\1\0\0\1\0\0\0\0\0\0" "\3www\7example\0\0\x1c\0\1", 29);
    is_int(nsent, 2, "another type");
    ask("\0\4\1\x10\0\1\0\0\0\0\0\0" ASKED, 29);
    is_int(nsent, 3, "CD");
    ask("\0\5\1\0\0\1\0\0\0\0\0\1" ASKED "\0\0\x29\x04\xd0\0\0\0\0\0\0", 40);
    is_int(nsent, 4, "EDNS");
    is_int(conf.runtime.queries, 5, "five wait");

    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 2, "both are answered");
    is_mem(got, 29, "\0\2\x81\x80\0\1\0\1\0\0\0\0" "\3wWw\7EXAMPLE\0\0\1\0\1",
           29, "each with its own ID and case");

    reply(1, "\x81\x80", 0, "", 0);
    reply(2, "\x81\x80", 0, "", 0);
    reply(3, "\x81\x80", 0, "", 0);
    clean("joined");
}


static void
bounds(void)
{
    start("sequential", "a");
    conf.listener.max_queries = 2;

    ask_it("\0\1");
    ask_it("\0\2");
    ask_it("\0\3");
    is_int(answers, 1, "the third is answered at once");
    is_int(rcode(), NGX_DNS_REFUSED, "REFUSED");
    is_int(logged.reason, NGX_DNS_EOVERLOAD, "the reason");

    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 3, "the others get theirs");
    clean("bounds");
}


static void
stopped(void)
{
    start("sequential", "a b");
    ask_it("\0\1");
    ask("\0\3\1\0\0\1\0\0\0\0\0\0" "\3www\7example\0\0\x1c\0\1", 29);
    ngx_dns_query_quit(1);
    is_int(answers, 2, "the worker exits: all are answered");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    is_int(logged.reason, NGX_DNS_ESHUTDOWN, "the reason");
    is_int(unit_timers(), 0, "no timer is left");
    clean("stopped");
}


static void
policies(void)
{
    static const struct {
        const char        *name;
        const char        *question;
        size_t             len;
        ngx_uint_t         rcode;
        ngx_dns_reason_e   reason;
    } cases[] = {
        { "class CH", "\0\0\x10\0\3", 5, NGX_DNS_REFUSED, NGX_DNS_ECLASS },
        { "AXFR", "\0\0\xfc\0\1", 5, NGX_DNS_REFUSED, NGX_DNS_ETRANSFER },
        { "IXFR", "\0\0\xfb\0\1", 5, NGX_DNS_REFUSED, NGX_DNS_ETRANSFER },
        { "type OPT", "\0\0\x29\0\1", 5, NGX_DNS_REFUSED, NGX_DNS_EMETA },
        { "type 0", "\0\0\0\0\1", 5, NGX_DNS_REFUSED, NGX_DNS_EMETA }
    };

    size_t    i;
    char      msg[64];
    uint64_t  before;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        start("sequential", "a");
        before = ngx_dns_counters->reason[cases[i].reason];
        memcpy(msg, "\0\1\1\0\0\1\0\0\0\0\0\0", 12);
        memcpy(msg + 12, cases[i].question, cases[i].len);
        ask(msg, 12 + cases[i].len);

        is_int(rcode(), cases[i].rcode, "%s", cases[i].name);
        is_int(logged.reason, cases[i].reason, "%s: reason", cases[i].name);
        is_int(ngx_dns_counters->reason[cases[i].reason], before + 1,
               "%s: counted", cases[i].name);
        clean(cases[i].name);
    }

    /* what is malformed is counted by its reason, too */

    start("sequential", "a");
    ask("\0\1\x81\0\0\1\0\0\0\0\0\0" ASKED, 29);
    is_int(answers, 0, "a response gets no answer");
    is_int(logged.reason, NGX_DNS_ERESPONSE, "but a reason");
    is_int(ngx_dns_counters->reason[NGX_DNS_ERESPONSE], 1, "is counted");
    is_int(dones, 1, "and logged");

    ask("\0\1\1\0\0\1\0\0\0\0\0\0" ASKED "x", 30);
    is_int(rcode(), NGX_DNS_FORMERR, "trailing octets");
    is_int(ngx_dns_counters->reason[NGX_DNS_ETRAILING], 1, "counted");

    ask("\0\1\x20\0\0\1\0\0\0\0\0\0" ASKED, 29);
    is_int(rcode(), NGX_DNS_NOTIMP, "NOTIFY");
    is_int(ngx_dns_counters->reason[NGX_DNS_EOPCODE], 1, "counted");

    ask("\0\1\1\0\0\1\0\0\0\0\0\1" ASKED
        "\0\0\x29\x04\xd0\0\1\0\0\0\0", 40);
    is_int(rcode(), NGX_DNS_NOERROR, "version 1: BADVERS, lower bits");
    is_int(ngx_dns_counters->reason[NGX_DNS_EVERSION], 1, "counted");
}


/* answers that another server contradicts; what no server has, blames none */

static void
contradicted(void)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *a;

    start("sequential", "a b");
    a = unit_peer(zone.upstream, 0);

    for (i = 0; i < 20; i++) {
        nsent = 0;
        ask_it("\1\2");
        reply(0, "\x81\x82", 0, "", 0);
        reply(1, "\x81\x82", 0, "", 0);
    }

    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0,
           "SERVFAIL of all servers ejects none");

    for (i = 0; i < 20; i++) {
        is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0, "answer %u",
               (unsigned) i);
        nsent = 0;
        ask_it("\1\2");
        reply(0, "\x81\x85", 0, "", 0);
        reply(1, "\x81\x80", 1, ANSWER, 16);
    }

    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1,
           "REFUSED where another had an answer");

    nsent = 0;
    ask_it("\1\2");
    ok(sent[0]->peer != a, "left out");
    reply(0, "\x81\x80", 1, ANSWER, 16);

    /* its turn comes once in fail_timeout, and an answer of use ends it */

    unit_pass(10001);
    nsent = 0;
    ask_it("\1\2");
    ok(sent[0]->peer == a, "tried again");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(a->shm->fails, 0, "and back");

    clean("refusals");
}


static void
budget(void)
{
    ngx_uint_t  i;

    start("sequential", "a b");

    policy.budget = 10;
    zone.upstream->budget[NGX_DNS_ACCOUNT_FAILING] = 250;
    zone.upstream->budget_sec = ngx_dns_sec;

    for (i = 0; i < 3; i++) {
        nsent = 0;
        ask_it("\1\2");
        reply(0, "\x81\x82", 0, "", 0);
        is_int(nsent, i < 2 ? 2 : 1, "attempts of query %u", (unsigned) i);

        if (nsent == 2) {
            reply(1, "\x81\x80", 1, ANSWER, 16);
        }
    }

    is_int(logged.rcode, NGX_DNS_SERVFAIL, "what there was is the answer");
    is_int(answers, 3, "all are answered");

    unit_pass(1000);
    ngx_dns_sec++;
    nsent = 0;
    ask_it("\1\2");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(nsent, 2, "each second adds some");
    reply(1, "\x81\x80", 1, ANSWER, 16);

    clean("budget");
}


/* where a zone's queries go may be decided for each query */

static const ngx_dns_choice_t  *chosen;


static const ngx_dns_choice_t *
choose(ngx_dns_logged_t *r)
{
    is_int(r->upstream != NULL, 0, "nothing is chosen yet");
    return chosen;
}


static void
chosen_anew(void)
{
    ngx_dns_choice_t  one, two;

    start("sequential", "a b");

    memset(&one, 0, sizeof(one));
    one.upstream = zone.upstream;
    one.partition = 1;

    two = one;
    two.only = unit_peer(zone.upstream, 1);
    two.partition = 2;

    zone.special = NGX_DNS_ZONE_CHOICE;
    zone.chained = 1;
    conf.listener.choose = choose;

    chosen = &one;
    ask_it("\0\1");
    ask_it("\0\2");
    is_int(nsent, 1, "the same choice is joined");

    chosen = &two;
    ask_it("\0\3");
    is_int(nsent, 2, "another is not");
    ok(sent[1]->peer == two.only, "one server alone");

    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 2, "two have their response");

    reply(1, "\x81\x82", 0, "", 0);
    is_int(nsent, 2, "no other server is asked");
    is_int(answers, 3, "the third has its own");
    ok(logged.upstream == zone.upstream, "the record has the upstream");

    chosen = NULL;
    ask_it("\0\4");
    is_int(rcode(), NGX_DNS_SERVFAIL, "nowhere: SERVFAIL");
    is_int(logged.reason, NGX_DNS_ETARGET, "with a reason");

    clean("chosen anew");
}


int
main(void)
{
    query_init();

    answered();
    aged();
    edns();
    patience();
    silence();
    errors();
    rcodes();
    off();
    joined();
    bounds();
    stopped();
    policies();
    contradicted();
    budget();
    chosen_anew();

    return done_testing();
}

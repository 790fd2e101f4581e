
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * Servers that are asked beside each other: "hedge" and "race", with the HOLD
 * column of the life of a question, and a walk over what they combine with.
 */


#include "query.h"
#include "query/ngx_dns_life.c"


static ngx_dns_fallback_t  chain;


static ngx_dns_inflight_t *
question(void)
{
    return sent[0]->data;
}


static void
racers(const char *servers, ngx_uint_t n, ngx_uint_t positive)
{
    start("sequential", servers);

    zone.upstream->race = n;
    zone.upstream->race_positive = positive;
    zone.upstream->race_wait = 200;
    zone.chained = 1;
}


static void
first(void)
{
    uint64_t         retries;
    ngx_dns_peer_t  *b;

    racers("a b c", 2, 0);
    b = unit_peer(zone.upstream, 1);
    retries = b->counters->retries;
    policy.tries = 1;
    policy.budget = 0;
    ask_it("\0\1");
    is_int(nsent, 2, "two at once, whatever the tries");
    ok(sent[1]->peer == b, "different ones");
    is_int(b->counters->retries - retries, 0, "which is no retry");
    reply(1, "\x81\x83", 0, "", 0);
    is_int(rcode(), NGX_DNS_NXDOMAIN, "the first response counts");
    is_int(unit_peer(zone.upstream, 0)->witnesses, 1, "the other is watched");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 1, "and measured, no more");
    clean("first");

    racers("a b", 2, 0);
    ask_it("\0\1");
    reply(1, "\x81\x82", 0, "", 0);
    is_int(answers, 0, "a failure does not end it");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "while another may answer");
    clean("failure");

    racers("a b c d", 3, 0);
    policy.budget = 10;
    zone.upstream->budget[NGX_DNS_ACCOUNT_LOSS] = 0;
    zone.upstream->budget_sec = ngx_dns_sec;
    ask_it("\0\1");
    is_int(nsent, 3, "no budget is needed for three");
    unit_pass(500);
    is_int(nsent, 3, "but for a fourth");
    reply(2, "\x81\x80", 1, ANSWER, 16);
    clean("budget");

    racers("a b/down c/down", 3, 1);
    ask_it("\0\1");
    is_int(nsent, 1, "one that can be asked: no race");
    reply(0, "\x81\x83", 0, "", 0);
    is_int(rcode(), NGX_DNS_NXDOMAIN, "and nothing to hold for");
    clean("alone");
}


static void
in_state(ngx_dns_life_state_e state)
{
    racers("a b", 2, 1);
    policy.next = NGX_DNS_NEXT_OFF;

    if (state == NGX_DNS_LIFE_ASKING) {
        racers("a b c", 2, 1);
    }

    ask_it("\0\1");
    is_int(nsent, 2, "a race");
    is_int(question()->state, state, "state %d", (int) state);
}


static void
hold(void)
{
    ngx_uint_t  i;

    for (i = NGX_DNS_LIFE_ASKING; i <= NGX_DNS_LIFE_WAITING; i++) {
        in_state(i);
        reply(0, "\x81\x83", 0, "", 0);
        is_int(answers, 0, "HOLD: NXDOMAIN is held");
        reply(1, "\x81\x80", 1, ANSWER, 16);
        is_int(rcode(), NGX_DNS_NOERROR, "a positive response: it counts");
        clean("hold, positive");

        in_state(i);
        reply(0, "\x81\x83", 0, "", 0);
        reply(1, "\x81\x83", 0, "", 0);
        is_int(answers, 1, "all have answered: it ends");
        is_int(rcode(), NGX_DNS_NXDOMAIN, "as they say");
        clean("hold, all");

        in_state(i);
        policy.next = NGX_DNS_NEXT_OFF;
        reply(0, "\x81\x83", 0, "", 0);
        reply(1, "\x81\x82", 0, "", 0);
        is_int(answers, 1, "the other fails: it ends");
        is_int(rcode(), NGX_DNS_NXDOMAIN, "with what was held");
        clean("hold, failure");

        in_state(i);
        policy.next = NGX_DNS_NEXT_OFF;
        unit_pass(50);
        reply(1, "\x81\x80", 0, "", 0);
        unit_pass(149);
        is_int(answers, 0, "no data is held");
        unit_pass(1);
        is_int(answers, 1, "for 200 ms from the start");
        is_int(rcode(), NGX_DNS_NOERROR, "then told");
        clean("hold, wait");

        in_state(i);
        policy.next = NGX_DNS_NEXT_OFF;
        unit_pass(200);
        reply(1, "\x81\x83", 0, "", 0);
        is_int(answers, 1, "later than that nothing is held");
        clean("hold, too late");
    }

    /* OVER */

    in_state(NGX_DNS_LIFE_WAITING);
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(question()->state, NGX_DNS_LIFE_OVER, "OVER");
    ngx_dns_life_event(question(), NGX_DNS_LIFE_HOLD);
    is_int(answers, 1, "OVER, HOLD: answers nobody");
    clean("hold, over");

    /* a server that knows the name is worth more */

    racers("a b c", 3, 1);
    ask_it("\0\1");
    reply(0, "\x81\x83", 0, "", 0);
    reply(1, "\x81\x80", 0, "", 0);
    unit_pass(200);
    is_int(rcode(), NGX_DNS_NOERROR, "no data takes NXDOMAIN's place");
    clean("no data");

    racers("a b", 2, 1);
    ask_it("\0\1");
    reply(0, "\x81\x80", 0, "", 0);
    reply(1, "\x81\x83", 0, "", 0);
    is_int(answers, 1, "nor of the last one");
    is_int(rcode(), NGX_DNS_NOERROR, "which says NXDOMAIN");
    clean("no data, all");

    racers("a b c", 3, 1);
    ask_it("\0\1");
    reply(0, "\x81\x80", 0, "", 0);
    reply(1, "\x81\x83", 0, "", 0);
    unit_pass(200);
    is_int(rcode(), NGX_DNS_NOERROR, "not the other way round");
    clean("no data first");

    /* the worker exits */

    racers("a b", 2, 1);
    ask_it("\0\1");
    reply(0, "\x81\x83", 0, "", 0);
    ngx_dns_life_abort(1);
    is_int(rcode(), NGX_DNS_NXDOMAIN, "at the end of a worker it is told");
    clean("abort");
}


/* a race, then a fallback for what it came to */

static void
falls(void)
{
    racers("a b", 2, 1);
    conf.listener.points = 0;

    memset(&chain, 0, sizeof(chain));
    chain.upstream = query_upstream("sequential", "c d");
    chain.upstream->race = 2;
    chain.on = NGX_DNS_ON_NXDOMAIN;
    zone.fallback = &chain;
    zone.fallbacks = 1;

    ask_it("\0\1");
    reply(0, "\x81\x83", 0, "", 0);
    is_int(nsent, 2, "held: the fallback is not asked yet");
    unit_pass(200);
    is_int(nsent, 4, "then it is, and races");
    reply(3, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "and answers");
    unit_pass(policy.upstream_timeout);
    is_int(ngx_dns_inflight_count(), 0, "nothing in flight");
}


static void
hedges(void)
{
    start("sequential", "a b");
    zone.upstream->hedge = 50;
    ask_it("\0\1");
    unit_pass(49);
    is_int(nsent, 1, "hedge 50ms: not yet");
    unit_pass(1);
    is_int(nsent, 2, "now");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    clean("hedge, time");

    start("sequential", "a b");
    zone.upstream->hedge = NGX_DNS_HEDGE_OFF;
    ask_it("\0\1");
    event(0, NGX_DNS_EVENT_SOFT);
    unit_pass(1999);
    is_int(nsent, 1, "hedge off: none beside");
    unit_pass(1);
    is_int(nsent, 2, "but after a failure");
    is_int(question()->state, NGX_DNS_LIFE_ASKING, "and the last one again");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    clean("hedge, off");
}


/* each method, who is usable, hedge, race and fallback: the same rules */

typedef struct {
    const char  *method;
    const char  *servers;
    ngx_uint_t   usable;
    ngx_msec_t   hedge;
    ngx_uint_t   race;
    ngx_uint_t   positive;
    ngx_uint_t   fallback;
} combination_t;


static const char  *methods[] = {
    "round_robin", "random", "random two least_conn", "random two least_time",
    "sequential", "least_conn", "least_time", "hash", "hash consistent"
};


static const char  *groups[] = {
    "a b c", "a b/down c/backup", "a/down b/backup c/backup", "a/down b/down"
};


static const ngx_uint_t  usables[] = { 3, 2, 2, 0 };


static void
combine(const combination_t *c)
{
    ngx_uint_t  n, asked;

    start(c->method, c->servers);
    conf.listener.points = 0;
    zone.upstream->hedge = c->hedge;
    zone.upstream->race = c->race;
    zone.upstream->race_positive = c->positive;
    zone.upstream->race_wait = 200;
    zone.chained = c->race > 1 || c->fallback;

    if (c->fallback) {
        memset(&chain, 0, sizeof(chain));
        chain.upstream = query_upstream("round_robin", "f");
        chain.on = NGX_DNS_ON_SERVFAIL|NGX_DNS_ON_DOWN;
        zone.fallback = &chain;
        zone.fallbacks = 1;
    }

    ask_it("\0\1");

    asked = c->usable ? ngx_min(ngx_max(c->race, 1), c->usable)
                      : c->fallback;

    is_int(nsent, asked, "asked at once");

    if (c->usable == 0) {
        goto end;
    }

    /* patience of a server that was not measured, or "hedge" */

    unit_pass(500);

    if (c->hedge != NGX_DNS_HEDGE_OFF && asked < c->usable) {
        asked++;
    }

    ok(nsent >= asked, "asked beside");
    ok(c->hedge != NGX_DNS_HEDGE_OFF || asked == c->usable || nsent == asked,
       "off is off");

    for (n = 0; n < nsent && answers == 0; n++) {
        reply(n, "\x81\x82", 0, "", 0);
    }

    is_int(answers, 1, "all fail: it ends, by the fallback or without");

end:

    unit_pass(3 * policy.upstream_timeout);
    is_int(ngx_dns_inflight_count(), 0, "nothing in flight");
    is_int(conf.runtime.queries, 0, "no query waits");
    is_int(outstanding(), 0, "nothing outstanding");
}


static void
combinations(void)
{
    ngx_uint_t     m, g, h, r, f;
    combination_t  c;

    static const ngx_msec_t  hedge[] = {
        NGX_DNS_HEDGE_AUTO, NGX_DNS_HEDGE_OFF, 50
    };

    for (m = 0; m < sizeof(methods) / sizeof(methods[0]); m++) {
        for (g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
            for (h = 0; h < sizeof(hedge) / sizeof(hedge[0]); h++) {
                for (r = 1; r <= 4; r++) {
                    for (f = 0; f < 2; f++) {
                        c.method = methods[m];
                        c.servers = groups[g];
                        c.usable = usables[g];
                        c.hedge = hedge[h];
                        c.race = r == 4 ? 2 : r;
                        c.positive = r == 4;
                        c.fallback = f;
                        combine(&c);
                    }
                }
            }
        }
    }
}


int
main(void)
{
    query_init();

    first();
    hold();
    falls();
    hedges();
    combinations();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The life of a question: every cell of the table of states and events.  The
 * source itself is included, since its states are its own.
 */


#include "query.h"
#include "query/ngx_dns_life.c"


/* what an action has led to */

static ngx_dns_inflight_t *
question(void)
{
    return sent[0]->data;
}


static void
in_state(ngx_dns_life_state_e state)
{
    start("sequential", "a b c");

    if (state == NGX_DNS_LIFE_WAITING) {

        /* two tries, and no repeat */

        policy.tries = 2;
        count(unit_peer(zone.upstream, 0));
        ask_it("\0\1");
        unit_pass(500);
        question()->repeats = NGX_DNS_ASK_AGAIN;
        ngx_dns_life_wait(question());

        is_int(question()->state, state, "in state %d", (int) state);
        return;
    }

    count(unit_peer(zone.upstream, 0));
    ask_it("\0\1");

    if (state == NGX_DNS_LIFE_OVER) {
        unit_pass(500);
        reply(1, "\x81\x80", 1, ANSWER, 16);
    }

    is_int(question()->state, state, "in state %d", (int) state);
}


/* what must not happen is said, and does nothing */

static void
nevers(void)
{
    ngx_uint_t            i, logged;
    ngx_dns_inflight_t   *f;

    static const struct {
        ngx_dns_life_state_e  state;
        ngx_dns_life_event_e  event;
    } cells[] = {
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_GOOD },
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_HOLD },
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_NEGATIVE },
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_NEXT },
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_FINAL },
        { NGX_DNS_LIFE_FRESH, NGX_DNS_LIFE_PATIENCE },
        { NGX_DNS_LIFE_ASKING, NGX_DNS_LIFE_START },
        { NGX_DNS_LIFE_WAITING, NGX_DNS_LIFE_START },
        { NGX_DNS_LIFE_OVER, NGX_DNS_LIFE_START },
        { NGX_DNS_LIFE_OVER, NGX_DNS_LIFE_PATIENCE }
    };

    for (i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
        start("sequential", "a b");
        ask_it("\0\1");
        f = question();
        f->state = cells[i].state;
        logged = unit_logged;

        ngx_dns_life_event(f, cells[i].event);

        is_int(unit_logged, logged + 1, "state %d, event %d: is said",
               (int) cells[i].state, (int) cells[i].event);
        is_int(f->state, cells[i].state, "and changes nothing");

        f->state = NGX_DNS_LIFE_ASKING;
        reply(0, "\x81\x80", 1, ANSWER, 16);
        clean("never");
    }
}


static void
fresh(void)
{
    /* START: in_state() of the others */

    in_state(NGX_DNS_LIFE_ASKING);
    is_int(nsent, 1, "FRESH, START: one is asked");

    /* END: the worker exits before anything could be asked */

    question()->state = NGX_DNS_LIFE_FRESH;
    ngx_dns_life_event(question(), NGX_DNS_LIFE_END);
    is_int(answers, 1, "FRESH, END: answered");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    clean("fresh");
}


static void
asking(void)
{
    in_state(NGX_DNS_LIFE_ASKING);
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 1, "ASKING, GOOD: ends");
    clean("asking, good");

    in_state(NGX_DNS_LIFE_ASKING);
    reply(0, "\x81\x82", 0, "", 0);
    is_int(nsent, 2, "ASKING, NEXT: another is asked");
    is_int(question()->state, NGX_DNS_LIFE_ASKING, "and one more may be");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    clean("asking, next");

    in_state(NGX_DNS_LIFE_ASKING);
    policy.next = NGX_DNS_NEXT_TIMEOUT;
    unit_pass(500);
    network_error(1);
    is_int(nsent, 2, "ASKING, FINAL: none is asked");
    is_int(answers, 0, "and nothing ends: the first may answer (B3)");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "and does");
    clean("asking, final");

    in_state(NGX_DNS_LIFE_ASKING);
    policy.next = NGX_DNS_NEXT_TIMEOUT;
    network_error(0);
    is_int(answers, 1, "ASKING, FINAL of the only one: ends");
    clean("asking, final, alone");

    in_state(NGX_DNS_LIFE_ASKING);
    unit_pass(500);
    is_int(nsent, 2, "ASKING, PATIENCE: another is asked beside");
    is_int(unit_peer(zone.upstream, 0)->shm->fails & 0xffff, 0,
           "which is no failure (B10)");
    is_int(counted(timeouts), 0, "nor counted");
    is_int(counted(hedges), 1, "but as a hedge");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("asking, patience");

    in_state(NGX_DNS_LIFE_ASKING);
    ngx_dns_life_event(question(), NGX_DNS_LIFE_END);
    is_int(answers, 1, "ASKING, END: ends");
    is_int(logged.reason, NGX_DNS_ETIMEOUT, "the reason");
    clean("asking, end");
}


static void
waiting(void)
{
    in_state(NGX_DNS_LIFE_WAITING);
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 1, "WAITING, GOOD: ends");
    clean("waiting, good");

    in_state(NGX_DNS_LIFE_WAITING);
    reply(1, "\x81\x82", 0, "", 0);
    is_int(answers, 0, "WAITING, NEXT: none is left, the first is waited for");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(answers, 1, "WAITING, NEXT of the last one: ends");
    is_int(rcode(), NGX_DNS_SERVFAIL, "SERVFAIL");
    clean("waiting, next");

    in_state(NGX_DNS_LIFE_WAITING);
    policy.next = NGX_DNS_NEXT_TIMEOUT;
    network_error(1);
    is_int(answers, 0, "WAITING, FINAL: the first is waited for");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), 0, "and answers");
    clean("waiting, final");

    in_state(NGX_DNS_LIFE_WAITING);
    ngx_dns_life_event(question(), NGX_DNS_LIFE_PATIENCE);
    is_int(nsent, 2, "WAITING, PATIENCE: nothing is to be done");
    is_int(question()->state, NGX_DNS_LIFE_WAITING, "but to wait");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    clean("waiting, patience");

    in_state(NGX_DNS_LIFE_WAITING);
    ngx_dns_life_event(question(), NGX_DNS_LIFE_END);
    is_int(answers, 1, "WAITING, END: ends");
    clean("waiting, end");
}


static void
over(void)
{
    ngx_dns_peer_t  *a;

    in_state(NGX_DNS_LIFE_OVER);
    a = unit_peer(zone.upstream, 0);
    is_int(answers, 1, "OVER: answered");
    is_int(a->witnesses, 1, "the first is watched");
    is_int(ngx_dns_inflight_count(), 0, "for nobody who waits");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(answers, 1, "OVER, GOOD: answers nobody");
    is_int(a->witnesses, 0, "and it is not watched any more");
    ok(a->shm->rtt != 0, "but measured");
    clean("over, good");

    in_state(NGX_DNS_LIFE_OVER);
    reply(0, "\x81\x82", 0, "", 0);
    is_int(nsent, 2, "OVER, NEXT: none is asked");
    is_int(a->witnesses, 0, "and it is over");
    clean("over, next");

    in_state(NGX_DNS_LIFE_OVER);
    policy.next = NGX_DNS_NEXT_TIMEOUT;
    network_error(0);
    is_int(nsent, 2, "OVER, FINAL: none is asked");
    is_int(unit_peer(zone.upstream, 0)->shm->fails & 0xffff, 1, "a failure");
    clean("over, final");

    in_state(NGX_DNS_LIFE_OVER);
    a = unit_peer(zone.upstream, 0);
    unit_pass(1499);
    is_int(a->shm->fails & 0xffff, 0, "OVER: not yet silent");
    unit_pass(1);
    is_int(a->shm->fails & 0xffff, 1, "OVER, END: silent, a failure");
    is_int(counted(timeouts), 1, "counted");
    is_int(a->witnesses, 0, "and it is over");
    is_int(unit_timers(), 0, "no timer is left");
    clean("over, end");
}


/* NEGATIVE, and the end of an upstream that has a fallback */

static ngx_dns_fallback_t  chain[2];


static ngx_dns_peer_t *
with_fallback(ngx_uint_t on)
{
    start("sequential", "a b");
    conf.listener.points = 0;

    memset(chain, 0, sizeof(chain));
    chain[0].upstream = query_upstream("sequential", "c d");
    chain[0].on = on;

    zone.fallback = &chain[0];
    zone.fallbacks = 1;
    zone.chained = 1;

    return unit_peer(chain[0].upstream, 0);
}


static void
fallen(const char *name)
{
    ngx_uint_t  i;

    unit_pass(policy.upstream_timeout);

    for (i = 0; i < 2; i++) {
        is_int(unit_peer(zone.upstream, i)->shm->outstanding
               + unit_peer(chain[0].upstream, i)->shm->outstanding, 0,
               "%s: nothing outstanding", name);
    }

    is_int(ngx_dns_inflight_count(), 0, "%s: nothing in flight", name);
    is_int(conf.runtime.queries, 0, "%s: no query waits", name);
}


static void
negative(void)
{
    ngx_dns_peer_t     *c;
    ngx_dns_message_t   m;

    c = with_fallback(NGX_DNS_ON_NXDOMAIN);
    count(c);
    ask_it("\0\1");
    reply(0, "\x81\x83", 0, "", 0);
    is_int(answers, 0, "ASKING, NEGATIVE: does not end it");
    ok(nsent == 2 && sent[1]->peer == c, "the fallback is asked");
    is_int(counted(retries), 0, "which is no retry");
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "and answers");
    fallen("asking, negative");

    c = with_fallback(NGX_DNS_ON_NXDOMAIN);
    policy.tries = 1;
    ask_it("\0\1");
    question()->repeats = NGX_DNS_ASK_AGAIN;
    ngx_dns_life_wait(question());
    is_int(question()->state, NGX_DNS_LIFE_WAITING, "WAITING");
    reply(0, "\x81\x83", 0, "", 0);
    ok(nsent == 2 && sent[1]->peer == c, "WAITING, NEGATIVE: the fallback");
    reply(1, "\x81\x82", 0, "", 0);
    is_int(rcode(), NGX_DNS_NXDOMAIN, "which fails: NXDOMAIN is worth more");
    fallen("waiting, negative");

    /* over, late */

    with_fallback(NGX_DNS_ON_NXDOMAIN);
    ask_it("\0\1");
    unit_pass(500);
    reply(1, "\x81\x80", 1, ANSWER, 16);
    is_int(question()->state, NGX_DNS_LIFE_OVER, "OVER");
    reply(0, "\x81\x83", 0, "", 0);
    is_int(nsent, 2, "OVER, NEGATIVE: nobody is asked");
    fallen("over, negative");

    /* a better one of the first upstream is on its way */

    with_fallback(NGX_DNS_ON_NXDOMAIN);
    ask_it("\0\1");
    unit_pass(500);
    reply(1, "\x81\x83", 0, "", 0);
    is_int(nsent, 3, "the second says NXDOMAIN: the fallback");
    reply(2, "\x81\x82", 0, "", 0);
    reply(3, "\x81\x82", 0, "", 0);
    is_int(answers, 0, "which fails, but the first is live");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "and answers");
    fallen("first is live");

    with_fallback(NGX_DNS_ON_NXDOMAIN);
    ask_it("\0\1");
    unit_pass(500);
    reply(1, "\x81\x83", 0, "", 0);
    reply(0, "\x81\x83", 0, "", 0);
    is_int(answers, 0, "NXDOMAIN of both: the fallback is waited for");
    reply(0 + 2, "\x81\x80", 1, ANSWER, 16);
    is_int(rcode(), NGX_DNS_NOERROR, "and answers");
    fallen("both negative");

    /* too long to be kept: it is the response */

    with_fallback(NGX_DNS_ON_NXDOMAIN);
    ask_it("\0\1");

    memset(&m, 0, sizeof(m));
    m.rcode = NGX_DNS_NXDOMAIN;
    is_int(ngx_dns_fallback_negative(question(), &question()->attempt, &m,
                                     wire, NGX_DNS_KEEP_MAX + 1),
           0, "too long to be kept");
    reply(0, "\x81\x80", 1, ANSWER, 16);
    fallen("too long");
}


/* each end of an upstream with each "on=" */

static void
fallbacks(void)
{
    ngx_uint_t  i, k;

    static const struct {
        const char  *flags;             /* NULL: silence */
        unsigned     on;
    } ends[] = {
        { NULL, NGX_DNS_ON_ERROR },
        { "\x81\x81", NGX_DNS_ON_ERROR },
        { "\x81\x82", NGX_DNS_ON_SERVFAIL },
        { "\x81\x85", NGX_DNS_ON_REFUSED },
        { "\x81\x83", NGX_DNS_ON_NXDOMAIN },
        { "\x81\x80", NGX_DNS_ON_NODATA },
        { "down", NGX_DNS_ON_DOWN },
        { "full", NGX_DNS_ON_BUSY }
    };

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {

        for (k = NGX_DNS_ON_DOWN; k <= NGX_DNS_ON_NODATA; k *= 2) {

            with_fallback(k);
            policy.tries = 1;
            zone.upstream->all_down = NGX_DNS_ALL_DOWN_SERVFAIL;

            if (ends[i].on & (NGX_DNS_ON_DOWN|NGX_DNS_ON_BUSY)) {
                zone.upstream = query_upstream("sequential",
                                               ends[i].on == NGX_DNS_ON_DOWN
                                               ? "a/down b/down"
                                               : "a/down b/max1");
                zone.upstream->all_down = NGX_DNS_ALL_DOWN_SERVFAIL;
                unit_peer(zone.upstream, 1)->shm->outstanding = 1;
                ask_it("\0\1");
                unit_peer(zone.upstream, 1)->shm->outstanding = 0;

            } else {
                ask_it("\0\1");
                question()->repeats = NGX_DNS_ASK_AGAIN;

                if (ends[i].flags == NULL) {
                    unit_pass(policy.upstream_timeout);

                } else {
                    reply(0, ends[i].flags, 0, "", 0);
                }
            }

            is_int(answers, k == ends[i].on ? 0 : 1,
                   "end %d, on %x: answered or not", (int) i, (int) k);

            if (answers == 0) {
                reply(nsent - 1, "\x81\x80", 1, ANSWER, 16);
                is_int(rcode(), NGX_DNS_NOERROR, "by the fallback");
            }

            fallen("an end");
        }
    }
}


int
main(void)
{
    query_init();

    nevers();
    fresh();
    asking();
    waiting();
    over();
    negative();
    fallbacks();

    return done_testing();
}

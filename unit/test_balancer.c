
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Which server gets a query: every method, with servers up, down and full. */


#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_random.h"


static ngx_dns_peer_t  *tried[NGX_DNS_MAX_TRIES];
static unsigned         counts[16];


/* N picks, each given back at once; counts by server */

static void
picks(ngx_dns_upstream_t *u, unsigned n, uint64_t hash, unsigned ntried)
{
    unsigned         i;
    ngx_dns_pick_t   pick;
    ngx_dns_peer_t  *peer;

    memset(counts, 0, sizeof(counts));

    for (i = 0; i < n; i++) {
        pick.now = ngx_current_msec;
        pick.hash = hash ? hash : ngx_dns_random64();
        pick.tried = tried;
        pick.ntried = ntried;

        peer = ngx_dns_balancer_pick(u, &pick);

        if (peer) {
            counts[peer - (ngx_dns_peer_t *) u->peers.elts]++;
            ngx_dns_peer_release(peer);
        }
    }
}


static void
fail(ngx_dns_peer_t *peer, unsigned n)
{
    while (n--) {
        ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
    }
}


static void
round_robin(void)
{
    unsigned             i;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    picks(u, 1000, 0, 0);
    is_int(counts[0], 500, "two servers: half");

    u = unit_upstream("round_robin", "a=3 b");
    picks(u, 1000, 0, 0);
    is_int(counts[0], 750, "weight 3 to 1");

    u = unit_upstream("round_robin", "a=5 b=1 c=1");
    picks(u, 7, 0, 0);
    is_int(counts[0], 5, "5 of 7");

    /* over any N picks: the share, plus or minus one */

    u = unit_upstream("round_robin", "a=3 b=2 c=2");

    for (i = 1; i < 50; i++) {
        picks(u, i, 0, 0);

        if (counts[0] * 7 + 7 < 3 * i || counts[0] * 7 > 3 * i + 7) {
            break;
        }
    }

    is_int(i, 50, "every stretch is near its share");

    /* the load of one that is out is shared by all others */

    u = unit_upstream("round_robin", "a b c");
    fail(unit_peer(u, 0), 3);
    picks(u, 1000, 0, 0);
    is_int(counts[0], 0, "ejected");
    is_int(counts[1], 500, "the second has half");

    u = unit_upstream("round_robin", "a b/down c");
    picks(u, 1000, 0, 0);
    is_int(counts[1], 0, "down");
    is_int(counts[0], 500, "the others half");

    u = unit_upstream("round_robin", "a b c");
    tried[0] = unit_peer(u, 1);
    picks(u, 1000, 0, 1);
    is_int(counts[1], 0, "tried");

    u = unit_upstream("round_robin", "a=60000 b=1");
    fail(unit_peer(u, 0), 3);
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "a light one beside a heavy one that is out");

    ok(unit_upstream("round_robin", "a=65535 b=65521 c=65519 d=65500 e=65498 "
                     "f=65497 g=65496 h=65495 i=65494 j=65493 k=65492 l=65491 "
                     "m=65490 n=65489 o=65488 p=65487") == NULL,
       "weights over the longest sequence");
}


static void
backups(void)
{
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b c/backup");
    picks(u, 100, 0, 0);
    is_int(counts[2], 0, "no backup while a primary is up");

    fail(unit_peer(u, 0), 3);
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "nor while one of them is");

    fail(unit_peer(u, 1), 3);
    picks(u, 100, 0, 0);
    is_int(counts[2], 100, "then it has all");

    fail(unit_peer(u, 2), 3);
    picks(u, 100, 0, 0);
    is_int(counts[2], 100, "the last one is not ejected");

    tried[0] = unit_peer(u, 2);
    picks(u, 100, 0, 1);
    is_int(counts[0] + counts[1], 100, "an ejected one is better than none");

    unit_peer(u, 0)->shm->marks = 1;
    picks(u, 100, 0, 1);
    is_int(counts[1], 100, "but not one that fails health checks");

    unit_peer(u, 1)->shm->marks = 1;
    unit_peer(u, 2)->shm->marks = 1;
    picks(u, 100, 0, 0);
    is_int(counts[0] + counts[1], 100, "all do: fail open");

    tried[0] = unit_peer(u, 0);
    picks(u, 100, 0, 1);
    is_int(counts[1] + counts[2], 100, "and for the next attempt, too");

    u->all_down = NGX_DNS_ALL_DOWN_SERVFAIL;
    picks(u, 100, 0, 0);
    is_int(counts[0] + counts[1] + counts[2], 0, "or none");
}


/* what is set by hand goes before all else */

static void
by_hand(void)
{
    ngx_dns_pick_t       pick;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");

    ngx_dns_peer_force(unit_peer(u, 0), ngx_current_msec, NGX_DNS_MARK_DOWN);
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "down by hand");

    unit_peer(u, 1)->shm->marks = NGX_DNS_MARK_SICK;
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "an unhealthy one is better than that");

    ngx_dns_peer_force(unit_peer(u, 1), ngx_current_msec, NGX_DNS_MARK_DOWN);
    picks(u, 100, 0, 0);
    is_int(counts[0] + counts[1], 0, "both are down: none is tried");

    memset(&pick, 0, sizeof(pick));
    pick.now = ngx_current_msec;
    ok(ngx_dns_balancer_only(unit_peer(u, 0), &pick) == NULL,
       "nor one that is asked for by name");

    ngx_dns_peer_force(unit_peer(u, 1), ngx_current_msec, NGX_DNS_MARK_UP);
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "up by hand goes over failed checks");

    unit_peer(u, 1)->down = 1;
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "and over the configuration");

    ngx_dns_peer_force(unit_peer(u, 0), ngx_current_msec, 0);
    ngx_dns_peer_force(unit_peer(u, 1), ngx_current_msec, 0);
    picks(u, 100, 0, 0);
    is_int(counts[0], 100, "as configured again");
    is_int(unit_peer(u, 1)->shm->marks, NGX_DNS_MARK_SICK,
           "what checks said is still known");

    unit_peer(u, 1)->down = 0;
    unit_peer(u, 1)->shm->marks = 0;
    fail(unit_peer(u, 0), 3);
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "ejected by queries");

    ngx_dns_peer_force(unit_peer(u, 0), ngx_current_msec, NGX_DNS_MARK_UP);
    picks(u, 100, 0, 0);
    is_int(counts[0], 50, "up by hand: queries begin anew with it");
}


static void
slow_start(void)
{
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    unit_peer(u, 0)->slow_start = 10000;
    u->ramps = 1;

    picks(u, 1000, 0, 0);
    is_int(counts[0], 500, "it was never out: no slow start");

    unit_peer(u, 0)->shm->back = ngx_current_msec;
    picks(u, 1000, 0, 0);
    ok(counts[0] < 50, "just back: %u of 500", counts[0]);

    unit_peer(u, 0)->shm->back = ngx_current_msec + 3;
    picks(u, 1000, 0, 0);
    ok(counts[0] < 50, "by a worker whose clock is ahead: %u", counts[0]);
    unit_peer(u, 0)->shm->back = ngx_current_msec;

    unit_pass(5000);
    picks(u, 10000, 0, 0);
    ok(counts[0] > 3000 && counts[0] < 3700, "after half the time half the "
       "tickets, a third of all: %u", counts[0]);

    unit_peer(u, 1)->down = 1;
    picks(u, 100, 0, 0);
    is_int(counts[0], 100, "alone: all at once");
    unit_peer(u, 1)->down = 0;

    unit_pass(5000);
    picks(u, 1000, 0, 0);
    is_int(counts[0], 500, "the end of it");
}


static void
ejection(void)
{
    ngx_dns_pick_t       pick;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("sequential", "a b");
    unit_logged = 0;

    fail(unit_peer(u, 0), 2);
    picks(u, 10, 0, 0);
    is_int(counts[0], 10, "two failures of three");

    ngx_dns_peer_success(unit_peer(u, 0), ngx_current_msec, 1000, &unit_log);
    fail(unit_peer(u, 0), 2);
    picks(u, 10, 0, 0);
    is_int(counts[0], 10, "an answer between them: not in a row");
    is_int(unit_logged, 0, "nothing logged");

    fail(unit_peer(u, 0), 5);
    picks(u, 10, 0, 0);
    is_int(counts[0], 0, "ejected");
    is_int(unit_logged, 1, "logged once");

    unit_pass(10000);

    pick.now = ngx_current_msec;
    pick.tried = tried;
    pick.ntried = 0;

    peer = ngx_dns_balancer_pick(u, &pick);
    ok(peer == unit_peer(u, 0), "after fail_timeout one query tries it");

    picks(u, 10, 0, 0);
    is_int(counts[0], 0, "and no other");

    ngx_dns_peer_release(peer);
    ngx_dns_peer_success(peer, ngx_current_msec, 1000, &unit_log);
    picks(u, 10, 0, 0);
    is_int(counts[0], 10, "it answers: back");
    is_int(unit_logged, 2, "logged");

    u = unit_upstream("round_robin", "a");
    fail(unit_peer(u, 0), 100);
    picks(u, 10, 0, 0);
    is_int(counts[0], 10, "a lone server is never left out");
}


static void
full(void)
{
    ngx_uint_t           i;
    ngx_dns_pick_t       pick;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("sequential", "a/max2 b/max3");

    pick.now = ngx_current_msec;
    pick.tried = tried;
    pick.ntried = 0;

    for (i = 0; i < 2; i++) {
        ok(ngx_dns_balancer_pick(u, &pick) == unit_peer(u, 0), "room in a");
    }

    for (i = 0; i < 3; i++) {
        ok(ngx_dns_balancer_pick(u, &pick) == unit_peer(u, 1), "room in b");
    }

    ok(ngx_dns_balancer_pick(u, &pick) == NULL, "all full");

    is_int(unit_peer(u, 0)->shm->outstanding, 2, "none too many in a");

    ngx_dns_peer_release(unit_peer(u, 0));
    ok(ngx_dns_balancer_pick(u, &pick) == unit_peer(u, 0), "room again");

    unit_peer(u, 0)->shm->outstanding = (uint32_t) -1;
    ok(ngx_dns_balancer_pick(u, &pick) == unit_peer(u, 0), "under zero: room");
    is_int(unit_peer(u, 0)->shm->outstanding, 0, "and counted");
    is_int(ngx_dns_balancer_full(u, ngx_current_msec), 1, "b is full");
    unit_peer(u, 1)->shm->outstanding = (uint32_t) -2;
    is_int(ngx_dns_balancer_full(u, ngx_current_msec), 0, "neither is");
}


static void
chance(void)
{
    ngx_dns_upstream_t  *u;

    u = unit_upstream("random", "a=3 b c/down");
    picks(u, 10000, 0, 0);

    ok(counts[0] > 7200 && counts[0] < 7800, "random by weight: %u of 10000",
       counts[0]);
    is_int(counts[2], 0, "down");

    u = unit_upstream("random two least_conn", "a b c");
    unit_peer(u, 0)->shm->outstanding = 100;
    picks(u, 3000, 0, 0);
    is_int(counts[0], 0, "random two: the loaded one loses every pair");
    ok(counts[1] > 1300 && counts[2] > 1300, "the others share");

    u = unit_upstream("random two least_time", "a b c");
    unit_peer(u, 0)->shm->rtt = 100000;
    unit_peer(u, 1)->shm->rtt = 1000;
    unit_peer(u, 2)->shm->rtt = 1000;
    unit_peer(u, 0)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    unit_peer(u, 1)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    unit_peer(u, 2)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    picks(u, 3000, 0, 0);
    is_int(counts[0], 0, "random two: the slow one loses every pair");
}


static void
least(void)
{
    ngx_dns_upstream_t  *u;

    u = unit_upstream("least_conn", "a b c");
    picks(u, 300, 0, 0);
    is_int(counts[0], 100, "idle: round robin");

    unit_peer(u, 0)->shm->outstanding = 2;
    unit_peer(u, 1)->shm->outstanding = 1;
    unit_peer(u, 2)->shm->outstanding = 3;
    picks(u, 100, 0, 0);
    is_int(counts[1], 100, "fewest outstanding");

    /* settled while one was stopped in between, who then goes on */

    unit_peer(u, 0)->shm->outstanding = (uint32_t) -1;
    unit_peer(u, 1)->shm->outstanding = 1;
    unit_peer(u, 2)->shm->outstanding = 3;
    picks(u, 100, 0, 0);
    is_int(counts[0], 100, "under zero is few");

    u = unit_upstream("least_conn", "a=4 b");
    unit_peer(u, 0)->shm->outstanding = 7;
    unit_peer(u, 1)->shm->outstanding = 2;
    picks(u, 100, 0, 0);
    is_int(counts[0], 100, "for its weight");

    u = unit_upstream("least_time", "a b");
    unit_peer(u, 0)->shm->rtt = 20000;
    unit_peer(u, 1)->shm->rtt = 1000;
    unit_peer(u, 0)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    unit_peer(u, 1)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    picks(u, 1000, 0, 0);
    ok(counts[1] > 950, "least_time: %u of 1000 to the fast one", counts[1]);

    unit_peer(u, 0)->shm->rtt_msec = (uint32_t) ngx_current_msec + 3;
    picks(u, 1000, 0, 0);
    ok(counts[1] > 950, "the slow one was measured by a worker whose clock is "
       "ahead: %u of 1000", counts[1]);

    unit_pass(60000);
    unit_peer(u, 1)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    picks(u, 1000, 0, 0);
    ok(counts[0] > 400, "a measure of a minute ago has decayed");
}


/* shares of 10,000 by chance: within 4 standard deviations */

static void
nearest(void)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    static uint32_t  rtt[4] = { 5000, 9000, 30000, 0 };

    u = unit_upstream("nearest", "a=2 b far new");

    for (i = 0; i < 4; i++) {
        unit_peer(u, i)->shm->rtt = rtt[i];
        unit_peer(u, i)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    }

    picks(u, 10000, 0, 0);
    ok(counts[0] > 4800 && counts[0] < 5200, "near, by weight: %u", counts[0]);
    ok(counts[1] > 2320 && counts[1] < 2680, "not much farther: %u",
       counts[1]);
    is_int(counts[2], 0, "far");
    ok(counts[3] > 2320 && counts[3] < 2680, "not known: %u", counts[3]);

    unit_peer(u, 3)->shm->rtt = 40000;
    unit_peer(u, 3)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    unit_peer(u, 0)->down = 1;
    unit_peer(u, 1)->down = 1;
    picks(u, 10000, 0, 0);
    ok(counts[2] > 4800 && counts[2] < 5200, "the far ones are left: %u",
       counts[2]);
    is_int(counts[2] + counts[3], 10000, "and get all");

    unit_peer(u, 1)->down = 0;
    unit_pass(30000);
    unit_peer(u, 1)->shm->rtt_msec = (uint32_t) ngx_current_msec;
    picks(u, 1000, 0, 0);
    ok(counts[2] > 200, "what was far half a minute ago is tried: %u",
       counts[2]);

    for (i = 0; i < 4; i++) {
        unit_peer(u, i)->shm->rtt = 1 + 400 * (uint32_t) i;
        unit_peer(u, i)->down = 0;
    }

    picks(u, 1000, 0, 0);
    ok(counts[3] > 100, "less than two milliseconds are no distance: %u",
       counts[3]);
}


static void
hashes(void)
{
    unsigned             i, moved, where[2000];
    ngx_dns_pick_t       pick;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u, *less;
    const char          *method;

    for (i = 0; i < 2; i++) {
        method = i ? "hash consistent" : "hash";

        u = unit_upstream(method, "a=2 b c");

        picks(u, 10000, 0, 0);
        ok(counts[0] > 4300 && counts[0] < 5700, "%s: weight 2 of 4: %u",
           method, counts[0]);

        picks(u, 100, 0x1234567890abcdefULL, 0);
        ok(counts[0] == 100 || counts[1] == 100 || counts[2] == 100,
           "%s: one key, one server", method);

        fail(unit_peer(u, counts[0] ? 0 : counts[1] ? 1 : 2), 3);
        picks(u, 100, 0x1234567890abcdefULL, 0);
        ok(counts[0] == 100 || counts[1] == 100 || counts[2] == 100,
           "%s: one key, one other server", method);

        u = unit_upstream(method, "a b");
        picks(u, 1, 0x42, 0);
        unit_peer(u, counts[0] ? 0 : 1)->shm->outstanding = 100;
        moved = counts[0] ? 1 : 0;
        picks(u, 100, 0x42, 0);
        is_int(counts[moved], 100, "%s: bounded load", method);
    }

    /* one of five leaves: only its keys move */

    u = unit_upstream("hash consistent", "a b c d e");
    less = unit_upstream("hash consistent", "a b c d");
    moved = 0;

    pick.now = ngx_current_msec;
    pick.tried = tried;
    pick.ntried = 0;

    for (i = 0; i < 2000; i++) {
        pick.hash = (uint64_t) i * 0x9e3779b97f4a7c15ULL;
        peer = ngx_dns_balancer_pick(u, &pick);
        ngx_dns_peer_release(peer);
        where[i] = (unsigned) (peer - unit_peer(u, 0));
    }

    for (i = 0; i < 2000; i++) {
        pick.hash = (uint64_t) i * 0x9e3779b97f4a7c15ULL;
        peer = ngx_dns_balancer_pick(less, &pick);
        ngx_dns_peer_release(peer);

        if (where[i] != 4 && where[i] != (unsigned) (peer - unit_peer(less, 0)))
        {
            moved++;
        }
    }

    is_int(moved, 0, "hash consistent: no other key moves");
}


int
main(void)
{
    ngx_pid = getpid();

    round_robin();
    backups();
    by_hand();
    slow_start();
    ejection();
    full();
    chance();
    least();
    nearest();
    hashes();

    return done_testing();
}

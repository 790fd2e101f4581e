
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Round robin among many servers: queries of one batch go to them in runs. */


#include <stdio.h>

#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "base/ngx_dns_random.h"


#define MANY  128


static unsigned  counts[MANY];


/* n servers, the first of them as it says */

static ngx_dns_upstream_t *
of_many(unsigned n, const char *first)
{
    char  list[MANY * 8], *p;

    p = list + sprintf(list, "%s", first);

    while (--n) {
        p += sprintf(p, " s%u", n);
    }

    return unit_upstream("round_robin", list);
}


/* the servers of a batch of so many queries, and its longest run */

static unsigned
batch(ngx_dns_upstream_t *u, unsigned n, unsigned *run)
{
    unsigned         servers, same;
    ngx_dns_pick_t   pick;
    ngx_dns_peer_t  *peer, *last;

    ngx_dns_usec++;

    *run = 0;
    same = 0;
    servers = 0;
    last = NULL;

    while (n--) {
        memset(&pick, 0, sizeof(pick));
        pick.now = ngx_current_msec;

        peer = ngx_dns_balancer_pick(u, &pick);

        if (peer != last) {
            servers++;
            same = 0;
        }

        same++;
        *run = same > *run ? same : *run;
        last = peer;

        if (peer) {
            counts[peer - (ngx_dns_peer_t *) u->peers.elts]++;
        }
    }

    return servers;
}


/* how far the servers are from n queries each, at most */

static unsigned
off(unsigned n)
{
    unsigned  i, far, most;

    most = 0;

    for (i = 0; i < MANY; i++) {
        far = counts[i] > n ? counts[i] - n : n - counts[i];
        most = far > most ? far : most;
    }

    return most;
}


/* with many servers some queries of a batch go to one, as one system call */

static void
runs(void)
{
    unsigned             i, run;
    ngx_dns_upstream_t  *u;

    u = of_many(63, "a");
    is_int(batch(u, 60, &run), 60, "63 servers: each query to the next one");

    u = of_many(64, "a");
    is_int(batch(u, 64, &run), 4, "64 servers: four of them for 64 queries");
    is_int(run, 16, "sixteen queries in a row");

    for (i = 0; i < 64; i++) {
        if (batch(u, 1, &run) != 1 || batch(u, 2, &run) != 1) {
            break;
        }
    }

    is_int(i, 64, "a batch of two is one server's");

    u = of_many(MANY, "a");
    memset(counts, 0, sizeof(counts));

    for (i = 0; i < MANY; i++) {
        (void) batch(u, 1, &run);
    }

    is_int(off(1), 0, "queries of their own: each server one");

    u = of_many(MANY, "a=5");
    memset(counts, 0, sizeof(counts));

    for (i = 0; i < 400; i++) {
        (void) batch(u, MANY + 4, &run);
    }

    ok(counts[0] >= 2000 - 80 && counts[0] <= 2000 + 80,
       "weights count: %u of 52800", counts[0]);
}


/* batches of any size: each server has its share */

static void
shares(void)
{
    unsigned             n, sent, run;
    ngx_dns_upstream_t  *u;

    for (n = 1; n <= 64; n++) {
        u = of_many(MANY, "a");
        memset(counts, 0, sizeof(counts));
        sent = 0;

        while (sent < MANY * 100) {
            (void) batch(u, n, &run);
            sent += n;
        }

        if (off(100) > 16 || run > 16) {
            break;
        }
    }

    is_int(n, 65, "each server has its share: %u off, run of %u, batches of %u",
           off(100), run, n);

    u = of_many(MANY, "a");
    memset(counts, 0, sizeof(counts));
    sent = 0;

    while (sent < MANY * 100) {
        n = 1 + ngx_dns_random_below(64);
        sent += n;
        (void) batch(u, n, &run);
    }

    ok(off(100) <= 16, "of batches by chance, too: %u off", off(100));
}


/* what a run ends with, and what does not count within one */

static void
ends(void)
{
    unsigned             i, run;
    ngx_dns_upstream_t  *u;

    u = of_many(MANY, "a/max3");
    memset(counts, 0, sizeof(counts));
    (void) batch(u, MANY * 8, &run);
    is_int(counts[0], 3, "a server with three places has three queries");

    u = of_many(MANY, "a");
    unit_peer(u, 0)->slow_start = 10000;
    unit_peer(u, 0)->shm->back = ngx_current_msec - 5000;
    u->ramps = 1;
    memset(counts, 0, sizeof(counts));

    for (i = 0; i < 1000; i++) {
        (void) batch(u, MANY * 8, &run);
    }

    ok(counts[0] > 3600 && counts[0] < 4400,
       "half of a slow start: half of the share, %u of 8000", counts[0]);

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_failure(unit_peer(u, 1), ngx_current_msec,
                             NGX_DNS_ETIMEOUT, &unit_log);
    }

    memset(counts, 0, sizeof(counts));
    (void) batch(u, MANY * 8, &run);
    is_int(counts[1], 0, "an ejected one has none");
}


int
main(void)
{
    ngx_pid = getpid();

    runs();
    shares();
    ends();

    return done_testing();
}

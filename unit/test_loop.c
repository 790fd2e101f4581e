
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Queries that find loops, with a transport and a clock of the test's own. */


#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "query/ngx_dns_loop.h"
#include "query/ngx_dns_probe.h"


#define OUT  5000                       /* between queries to one that is out */


static ngx_dns_attempt_t    *sent;
static unsigned              nsent;

static ngx_dns_lease_t       lease;
static ngx_dns_zone_t        zone;
static ngx_dns_loop_conf_t   conf;


static ngx_int_t
fake_send(ngx_dns_attempt_t *a, const u_char *p, size_t len)
{
    a->sent = ngx_dns_usec;
    sent = a;
    nsent++;

    return NGX_OK;
}


static void
fake_cancel(ngx_dns_attempt_t *a)
{
    sent = NULL;
}


static ngx_dns_transport_t  fake = { ngx_string("fake"), NULL, NULL,
                                     fake_send, fake_cancel, NULL, NULL,
                                     NULL, NULL };


/* a server that leads back */

static ngx_dns_peer_t *
start(void)
{
    ngx_dns_peer_t  *peer;

    ngx_dns_probe_done();

    zone.name.data = (u_char *) "\4test\0" "is read as padding";
    zone.name.len = 6;

    memset(&conf, 0, sizeof(conf));
    conf.upstream = unit_upstream("round_robin", "a");
    ngx_dns_loop_add(&conf, &zone);

    peer = unit_peer(conf.upstream, 0);
    peer->transport = &fake;

    sent = NULL;
    nsent = 0;

    is_int(ngx_dns_loop_init(&unit_cycle, &conf), NGX_OK, "started");

    (void) ngx_dns_lease_hold(&lease, 1, ngx_current_msec, 1000);
    ngx_dns_probe_start(&lease, 1);

    ngx_dns_peer_loops(peer, &unit_log);

    return peer;
}


static void
next(void)
{
    unsigned  n, i;

    n = nsent;

    for (i = 0; nsent == n && i < 2 * OUT; i++) {
        unit_pass(1);
    }
}


static ngx_uint_t
out(ngx_dns_peer_t *peer)
{
    return (ngx_dns_load(&peer->shm->marks) & NGX_DNS_MARK_LOOP) != 0;
}


static void
silent(void)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = start();

    for (i = 0; i < 3; i++) {
        next();
        ngx_dns_store(&peer->shm->loops, i == 0);
        is_int(out(peer), 1, "query %u", (unsigned) i);
    }

    next();
    is_int(out(peer), 1, "one was seen again: two in vain");
    unit_pass(OUT);
    is_int(out(peer), 0, "three: it leads elsewhere");
}


/* who goes on after a stop no longer says what is */

static void
stopped(void)
{
    ngx_dns_peer_t  *peer;

    peer = start();

    next();
    next();
    next();
    is_int(out(peer), 1, "two in vain, and a third query");

    /* another has taken over, and has just asked */

    lease.owner = 1ULL << 32 | 1;
    ngx_dns_store(&peer->shm->loop, 77);

    unit_pass(OUT);
    is_int(out(peer), 1, "it is for the other to say");
}


int
main(void)
{
    ngx_pid = getpid();
    ngx_dns_clock_update();

    silent();
    stopped();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* State of servers in shared memory: reload, death of a process, drift. */


#include "tap.h"
#include "peers.h"

#include <sys/mman.h>
#include <sys/wait.h>


static ngx_dns_upstream_t *
shared(const char *servers)
{
    ngx_dns_upstream_t   *u;
    ngx_dns_peers_shm_t  *shm;

    u = unit_upstream("round_robin", servers);
    ngx_dns_peers_detach(u);

    shm = mmap(NULL, ngx_dns_peers_size(u->peers.nelts), PROT_READ|PROT_WRITE,
               MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    return unit_upstream_zone(u, shm) == NGX_OK ? u : NULL;
}


static void
reload(void)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u, *next;

    u = unit_upstream("round_robin", "a b c");
    unit_peer(u, 1)->shm->rtt = 77;

    next = unit_upstream("round_robin", "x b");
    is_int(unit_upstream_zone(next, u->shm), NGX_OK, "reload");

    is_int(unit_peer(next, 1)->shm->rtt, 77, "b kept its state");
    is_int(unit_peer(next, 0)->shm->rtt, 0, "x is new");
    ok(unit_peer(next, 0)->shm != unit_peer(u, 0)->shm
       && unit_peer(next, 0)->shm != unit_peer(u, 2)->shm,
       "and has no slot that old workers use");

    for (i = 0; i < 20; i++) {
        next = unit_upstream("round_robin", i % 2 ? "a b c" : "p q r");

        if (unit_upstream_zone(next, u->shm) != NGX_OK) {
            break;
        }
    }

    is_int(i, 20, "slots of long ago are used again");

    next = unit_upstream("round_robin", "a b c d e f g h i j k l m n o p q");
    is_int(unit_upstream_zone(next, u->shm), NGX_ERROR,
           "more servers than slots");
}


static void
death(void)
{
    int                  status;
    pid_t                pid;
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    u = shared("a b");

    is_int(ngx_dns_peer_acquire(unit_peer(u, 0), ngx_current_msec, 0), NGX_OK,
           "one of ours");

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();
        (void) ngx_dns_peers_attach(u, ngx_current_msec);

        for (i = 0; i < 5; i++) {
            (void) ngx_dns_peer_acquire(unit_peer(u, 0), ngx_current_msec, 0);
        }

        (void) ngx_dns_peer_acquire(unit_peer(u, 1), ngx_current_msec, 0);
        kill(getpid(), SIGKILL);
    }

    (void) waitpid(pid, &status, 0);

    is_int(unit_peer(u, 0)->shm->outstanding, 6, "what the dead one left");

    ngx_dns_peers_check(u, ngx_current_msec, 1);

    is_int(unit_peer(u, 0)->shm->outstanding, 1, "is taken back");
    is_int(unit_peer(u, 1)->shm->outstanding, 0, "from all servers");

    /* a kill between two instructions leaves a difference that stays */

    unit_peer(u, 1)->shm->outstanding = 1;

    for (i = 0; i < 3; i++) {
        is_int(unit_peer(u, 1)->shm->outstanding, 1, "may be in passing");
        ngx_dns_peers_check(u, ngx_current_msec, 1);
    }

    is_int(unit_peer(u, 1)->shm->outstanding, 0, "it was not");
    is_int(unit_peer(u, 0)->shm->outstanding, 1, "what is right stays");

    ngx_dns_peers_detach(u);

    is_int(unit_peer(u, 0)->shm->outstanding, 0, "a row given back");
}


static void
times(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    peer = unit_peer(u, 0);

    is_int(ngx_dns_peer_patience(peer, 500), 500, "not measured");

    for (i = 0; i < 100; i++) {
        ngx_dns_peer_success(peer, ngx_current_msec, 1000, &unit_log);
    }

    is_int(peer->shm->rtt, 1000, "a steady time");
    is_int(ngx_dns_peer_patience(peer, 500), 20, "never under 20 ms");

    for (i = 0; i < 100; i++) {
        ngx_dns_peer_success(peer, ngx_current_msec, i % 2 ? 10000 : 110000,
                             &unit_log);
    }

    ok(ngx_dns_peer_patience(peer, 500) > 110
       && ngx_dns_peer_patience(peer, 500) < 400,
       "an unsteady one: %u ms", (unsigned) ngx_dns_peer_patience(peer, 500));
    is_int(ngx_dns_peer_patience(peer, 100), 100, "never over the bound");

    /* it becomes slow, and others answer before it does */

    u = unit_upstream("round_robin", "a b");
    peer = unit_peer(u, 0);

    ngx_dns_peer_waited(peer, ngx_current_msec, 50000);
    is_int(peer->shm->rtt, 0, "no measure of what was never answered");

    ngx_dns_peer_success(peer, ngx_current_msec, 1000, &unit_log);
    ngx_dns_peer_waited(peer, ngx_current_msec, 500);
    is_int(peer->shm->rtt, 1000, "less than the measure: says nothing");

    for (i = 0; i < 10; i++) {
        ngx_dns_peer_waited(peer, ngx_current_msec,
                            1000 * (uint32_t) ngx_dns_peer_patience(peer,
                                                                    500));
    }

    ok(ngx_dns_peer_patience(peer, 500) > 100, "patience grows: %u ms",
       (unsigned) ngx_dns_peer_patience(peer, 500));
}


int
main(void)
{
    ngx_pid = getpid();

    reload();
    death();
    times();

    return done_testing();
}

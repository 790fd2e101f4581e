
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * What configurations leave each other in the state of servers: reloads that
 * fail, workers of the old configuration, rows and pids.
 */


#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "peers/ngx_dns_peer_usual.h"

#include <sys/wait.h>


static void
failed(void)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u, *next;

    u = unit_upstream("round_robin", "a b");
    unit_peer(u, 0)->shm->rtt = 77;
    unit_peer(u, 1)->shm->marks = 1;

    for (i = 0; i < 5; i++) {
        next = unit_upstream("round_robin", "b/down p q r");
        is_int(unit_upstream_try(next, u->shm), NGX_OK, "tried");

        ok(unit_peer(next, 1)->shm != unit_peer(u, 0)->shm
           && unit_peer(next, 3)->shm != unit_peer(u, 0)->shm,
           "the slot of a is not given away");
        ok(unit_peer(next, 0)->shm == unit_peer(u, 1)->shm, "b would stay");
    }

    is_int(unit_peer(u, 0)->shm->rtt, 77, "a is as it was");
    is_int(unit_peer(u, 1)->shm->marks, 1, "and b, though not checked");

    next = unit_upstream("round_robin", "a b");
    is_int(unit_upstream_zone(next, u->shm), NGX_OK, "then a reload");
    is_int(unit_peer(next, 0)->shm->rtt, 77, "a was kept");
}


/* what a worker of the old configuration says of a server */

static void
outdated(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *was, *is;
    ngx_dns_upstream_t  *u, *next;

    u = unit_upstream("round_robin", "a b");
    was = unit_peer(u, 0);
    was->checked = 1;

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_checked(was, ngx_current_msec, NGX_DNS_ETIMEOUT, 0, 0, 2,
                             2, &unit_log);
    }

    is_int(was->shm->marks, 1, "unhealthy");

    next = unit_upstream("round_robin", "a b");
    (void) unit_upstream_zone(next, u->shm);
    is = unit_peer(next, 0);

    is_int(is->shm->marks, 0, "health_check off: it is not");

    for (i = 0; i < 30; i++) {
        ngx_dns_peer_checked(was, ngx_current_msec, NGX_DNS_ETIMEOUT, 0, 0, 2,
                             2, &unit_log);
        ngx_dns_peer_failure(was, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
        ngx_dns_peer_judge(was, ngx_current_msec, 1, &unit_log);
    }

    is_int(is->shm->marks, 0, "nor after its checks");
    is_int(is->shm->fails, 0, "nor left out");
    ok(!ngx_dns_peer_ejected(is, ngx_current_msec), "it is usable");

    /* written at the very moment of the commit */

    is->shm->marks = 1;
    ngx_dns_peers_check(next, ngx_current_msec, 1);
    is_int(is->shm->marks, 0, "mended soon");

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_failure(is, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
    }

    ok(ngx_dns_peer_ejected(is, ngx_current_msec), "the new one's count");

    ngx_dns_peer_success(was, ngx_current_msec, 1000, &unit_log);
    ok(ngx_dns_peer_ejected(is, ngx_current_msec), "in both ways");
}


static void
times(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u, *next;

    u = unit_upstream("round_robin", "a b");
    peer = unit_peer(u, 0);
    peer->fail_timeout = 3600000;

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
    }

    next = unit_upstream("round_robin", "a b");
    (void) unit_upstream_zone(next, u->shm);
    peer = unit_peer(next, 0);

    ok(ngx_dns_peer_ejected(peer, ngx_current_msec), "left out");
    ok(ngx_dns_peer_ejected(peer, ngx_current_msec + 9999),
       "over the reload");
    ok(!ngx_dns_peer_ejected(peer, ngx_current_msec + 10001),
       "as long as fail_timeout is now");

    ngx_dns_usec = 7200000000;
    is_int(ngx_dns_clock_since(0), NGX_DNS_CLOCK_MAX, "two hours");
    is_int(ngx_dns_clock_since(ngx_dns_usec - 5), 5, "five microseconds");

    for (i = 0; i < 20; i++) {
        ngx_dns_peer_success(peer, ngx_current_msec, 4000000000u, &unit_log);
        ngx_dns_peer_success(peer, ngx_current_msec, 1, &unit_log);
    }

    ok(peer->shm->rtt < NGX_DNS_CLOCK_MAX, "a long time");
    is_int(ngx_dns_peer_patience(peer, 500), 500, "is only long");
}


static void
inherit(void)
{
    ngx_dns_peer_status_t  status;
    ngx_dns_upstream_t    *u, *next;

    u = unit_upstream("round_robin", "a b");
    unit_peer(u, 0)->shm->rtt = 77;
    unit_peer(u, 0)->shm->outstanding = 5;

    next = unit_upstream("round_robin", "c a d");
    is_int(unit_upstream_try(next, NULL), NGX_OK, "a zone of another size");
    ngx_dns_peers_inherit(next, u->shm);
    ngx_dns_peers_commit(next, ngx_current_msec);

    is_int(unit_peer(next, 1)->shm->rtt, 77, "state");
    is_int(unit_peer(next, 0)->shm->rtt, 0, "of whom it knows");
    is_int(unit_peer(next, 1)->shm->outstanding, 0, "without queries");

    next->shm->attempt++;
    is_int(unit_upstream_zone(next, next->shm), NGX_OK, "reload");
    is_int(unit_peer(next, 1)->shm->rtt, 77, "and so on");

    unit_peer(next, 1)->shm->outstanding = (uint32_t) -1;
    ngx_dns_peer_status(unit_peer(next, 1), ngx_current_msec, &status);
    is_int(status.outstanding, 0, "no four billion");
}


static void
rows(void)
{
    int                  status;
    pid_t                pid;
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a");
    ngx_dns_peers_detach(u);

    /* an earlier process of the same number died with something */

    u->shm->pid[3] = (uint32_t) ngx_pid;
    is_int(ngx_dns_peers_attach(u, ngx_current_msec), NGX_OK, "attached");
    is_int(u->shm->pid[3], 0, "the old row is free");
    is_int(u->shm->pid[0], ngx_pid, "one row of its own");

    (void) ngx_dns_peer_acquire(unit_peer(u, 0), ngx_current_msec, 0);
    ngx_dns_peers_check(u, ngx_current_msec, 1);
    is_int(unit_peer(u, 0)->shm->outstanding, 1, "a living row stays");

    /* who died while it took back what another had */

    pid = fork();

    if (pid == 0) {
        _exit(0);
    }

    (void) waitpid(pid, &status, 0);

    u->shm->pid[5] = (uint32_t) pid | 0x80000000u;
    ngx_dns_peers_check(u, ngx_current_msec, 1);
    is_int(u->shm->pid[5], 0, "is followed by another");

    ngx_dns_peer_release(unit_peer(u, 0));
    ngx_dns_peers_detach(u);

    /* all rows are taken */

    pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }

    for (i = 0; i < NGX_DNS_PEER_PROCS; i++) {
        u->shm->pid[i] = (uint32_t) pid;
    }

    is_int(ngx_dns_peers_attach(u, 1000), NGX_DECLINED, "no row");

    (void) ngx_dns_peer_acquire(unit_peer(u, 0), 1000, 0);

    for (i = 0; i < 10; i++) {
        ngx_dns_peers_check(u, 1000 + 1000 * i, 1);
    }

    is_int(unit_peer(u, 0)->shm->outstanding, 1, "is not settled meanwhile");

    ngx_dns_peers_detach(u);
    u->row = 0;

    for (i = 0; i < 10; i++) {
        ngx_dns_peers_check(u, 20000 + 1000 * i, 1);
    }

    is_int(unit_peer(u, 0)->shm->outstanding, 0, "but when it has gone");

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);
}


int
main(void)
{
    ngx_pid = getpid();

    failed();
    outdated();
    times();
    inherit();
    rows();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* State of servers in shared memory: reload, death of a process, drift. */


#include "tap.h"
#include "peers.h"
#include "peers/ngx_dns_peer_text.h"
#include "peers/ngx_dns_peer_usual.h"

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

    /* who would have taken it back has died before it did */

    unit_peer(u, 1)->shm->outstanding = 1;
    unit_peer(u, 1)->shm->drift = 1;
    unit_peer(u, 1)->shm->drifts = 2;

    for (i = 0; i < 3; i++) {
        ngx_dns_peers_check(u, ngx_current_msec, 1);
    }

    is_int(unit_peer(u, 1)->shm->outstanding, 0, "another does it");

    ngx_dns_peers_detach(u);

    is_int(unit_peer(u, 0)->shm->outstanding, 0, "a row given back");
}


/* workers at both sides of a minute's end share its lines of the log */

static void
says(void)
{
    ngx_uint_t           i, logged;
    ngx_msec_t           was;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    was = ngx_current_msec;
    logged = unit_logged;

    for (i = 0; i < 100; i++) {
        ngx_current_msec = 60000 * 100 - i % 2;
        ngx_dns_peer_say(unit_peer(u, 0), &unit_log, "is up");
    }

    ok(unit_logged - logged <= 12, "lines at the end of a minute: %u",
       (unsigned) (unit_logged - logged));

    logged = unit_logged;
    ngx_current_msec = 60000 * 101;
    ngx_dns_peer_say(unit_peer(u, 0), &unit_log, "is up");
    is_int(unit_logged - logged, 1, "one of the next minute");

    ngx_current_msec = was;
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
}


static void
answers(ngx_dns_peer_t *peer, uint32_t rtt)
{
    ngx_uint_t  i;

    for (i = 0; i < 100; i++) {
        ngx_dns_peer_success(peer, ngx_current_msec, rtt, &unit_log);
    }
}


/* what is slow is known from the best server, not from the slow one */

static void
slow(void)
{
    ngx_msec_t           wait;
    ngx_dns_peer_t      *a, *b;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    a = unit_peer(u, 0);
    b = unit_peer(u, 1);
    a->max_fails = 2;
    b->max_fails = 2;

    answers(a, 500000);
    answers(b, 1000);

    is_int(ngx_dns_peer_patience(a, 1000), 501, "before it is known");
    ngx_dns_peers_check(u, ngx_current_msec, 0);
    is_int(ngx_dns_peer_patience(a, 1000), 61, "a slow one");
    is_int(ngx_dns_peer_patience(b, 1000), 20, "the best one");

    ngx_dns_peer_late(a, ngx_current_msec);
    answers(a, 500000);
    ngx_dns_peer_late(a, ngx_current_msec);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1,
           "a slow answer does not interrupt the row");
    answers(a, 500000);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1,
           "and does not end the doubt");

    for (wait = 200, ngx_current_msec += 100; wait < 5000; wait *= 2) {
        is_int(ngx_dns_peer_acquire(a, ngx_current_msec, 0), NGX_OK,
               "one tries");
        is_int(ngx_dns_peer_acquire(a, ngx_current_msec, 0), NGX_DECLINED,
               "one alone");
        ngx_dns_peer_late(a, ngx_current_msec);

        ngx_current_msec += ngx_min(wait, 2000) - 1;
        is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1, "late again");
        ngx_current_msec++;
        is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0,
               "for twice as long, 2 s at most");
    }

    ngx_dns_peer_success(a, ngx_current_msec, 60000, &unit_log);
    is_int(a->shm->fails, 0, "in time: it is as any other");
    is_int(unit_logged, 0, "nothing is said");

    /* it is the only one in use */

    b->shm->marks = 1;
    ngx_dns_peers_check(u, ngx_current_msec, 0);
    ok(ngx_dns_peer_patience(a, 1000) > 400, "its own time then");

    /* the order of servers is the operator's */

    u = unit_upstream("sequential", "a b");
    answers(unit_peer(u, 0), 500000);
    answers(unit_peer(u, 1), 1000);
    ngx_dns_peers_check(u, ngx_current_msec, 0);
    is_int(ngx_dns_peer_patience(unit_peer(u, 0), 1000), 501, "sequential");
}


/* longer than its measured time: no failure, but others are preferred */

static void
doubts(void)
{
    ngx_dns_peer_t      *a, *b;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    a = unit_peer(u, 0);
    b = unit_peer(u, 1);
    a->max_fails = 2;
    b->max_fails = 2;

    ngx_dns_peer_late(a, ngx_current_msec);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0, "late once");
    ngx_dns_peer_late(a, ngx_current_msec);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1, "twice: doubted");
    is_int(unit_logged, 0, "nothing is said");

    ngx_dns_peer_late(b, ngx_current_msec);
    ngx_dns_peer_late(b, ngx_current_msec);
    is_int(ngx_dns_peer_ejected(b, ngx_current_msec), 0, "not the last one");

    ngx_dns_peer_success(a, ngx_current_msec, 120000, &unit_log);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0,
           "it answers, and nothing faster is known");
    is_int(unit_logged, 0, "and nothing is said");

    ngx_dns_peer_success(b, ngx_current_msec, 1000, &unit_log);
    ngx_dns_peer_late(a, ngx_current_msec);
    ngx_dns_peer_late(a, ngx_current_msec);
    ngx_dns_peer_answered(a, ngx_current_msec, 1000);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0, "SERVFAIL is life");

    ngx_dns_peer_late(a, ngx_current_msec);
    ngx_dns_peer_late(a, ngx_current_msec);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec + 99), 1, "for 100 ms");
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec + 100), 0, "at most");

    ngx_dns_peer_failure(a, ngx_current_msec, NGX_DNS_ETIMEOUT, &unit_log);
    is_int(a->shm->fails, 1, "silent for all of its time: a failure");
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 0, "the first");
    ngx_dns_peer_failure(a, ngx_current_msec, NGX_DNS_ETIMEOUT, &unit_log);
    is_int(ngx_dns_peer_ejected(a, ngx_current_msec), 1, "the second");
    is_int(unit_logged, 1, "now it is said");
}


/* RFC 6891, 7 */

static void
plain(void)
{
    ngx_dns_peer_t  *a;

    a = unit_peer(unit_upstream("round_robin", "a"), 0);

    is_int(ngx_dns_peer_plain(a, 100), 0, "with EDNS");
    ngx_dns_peer_set_plain(a, 100);
    is_int(ngx_dns_peer_plain(a, 100 + NGX_DNS_PEER_PLAIN - 1), 1, "without");
    is_int(ngx_dns_peer_plain(a, 100 + NGX_DNS_PEER_PLAIN), 0,
           "and tried again");
}


/* what fails for a name does not take what lost datagrams need */

static void
accounts(void)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a b");
    u->budget[NGX_DNS_ACCOUNT_LOSS] = 0;
    u->budget[NGX_DNS_ACCOUNT_FAILING] = 0;
    u->budget_sec = 5;

    for (i = 0; i < 10; i++) {
        ngx_dns_peers_earn(u, 20);
    }

    is_int(ngx_dns_peers_pay(u, NGX_DNS_ACCOUNT_FAILING, 5), NGX_OK, "one");
    is_int(ngx_dns_peers_pay(u, NGX_DNS_ACCOUNT_FAILING, 5), NGX_OK, "two");
    is_int(ngx_dns_peers_pay(u, NGX_DNS_ACCOUNT_FAILING, 5), NGX_DECLINED,
           "ten queries at 20 percent");
    is_int(ngx_dns_peers_pay(u, NGX_DNS_ACCOUNT_LOSS, 5), NGX_OK,
           "the other account is untouched");
    is_int(ngx_dns_peers_pay(u, NGX_DNS_ACCOUNT_FAILING, 6), NGX_OK,
           "each second adds to both");
}


int
main(void)
{
    ngx_pid = getpid();

    reload();
    death();
    times();
    slow();
    doubts();
    plain();
    accounts();
    says();

    return done_testing();
}

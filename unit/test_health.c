
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Health checks, with a transport and a clock of the test's own. */


#include "tap.h"
#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "query/ngx_dns_health.h"

#include <sys/wait.h>


#define OK_ANSWER  "\0\0\x81\x80\0\1\0\0\0\0\0\0\0\0\2\0\1"


static u_char                 query[] = "\0\0\1\0\0\1\0\0\0\0\0\0\0\0\2\0\1";
static u_char                 question[32] = "\0\0\2\0\1";
static ngx_dns_attempt_t     *sent;
static unsigned               nsent;
static unsigned               cancelled;
static ngx_int_t              refuse;             /* what send() returns */

static ngx_dns_lease_t        lease;

static ngx_dns_health_conf_t  conf = {
    1000, 500, 2, 3, 0, ~((1u << NGX_DNS_SERVFAIL) | (1u << NGX_DNS_REFUSED)),
    0, query, 17, question, 5
};


static ngx_int_t
fake_send(ngx_dns_attempt_t *a, const u_char *p, size_t len)
{
    if (refuse) {
        return refuse;
    }

    a->sent = ngx_dns_usec;
    sent = a;
    nsent++;

    return NGX_OK;
}


static void
fake_cancel(ngx_dns_attempt_t *a)
{
    sent = NULL;
    cancelled++;
}


static ngx_dns_transport_t  fake = { ngx_string("fake"), NULL, NULL,
                                     fake_send, fake_cancel, NULL, NULL,
                                     NULL, NULL };


static ngx_dns_upstream_t *
start(void)
{
    ngx_dns_upstream_t  *u;

    ngx_dns_probe_done();

    u = unit_upstream("round_robin", "a b");
    unit_peer(u, 0)->checked = 1;
    unit_peer(u, 0)->transport = &fake;

    nsent = 0;
    cancelled = 0;
    refuse = 0;
    sent = NULL;

    is_int(ngx_dns_health_init(&unit_cycle, u, &conf), NGX_OK, "started");

    (void) ngx_dns_lease_hold(&lease, 1, ngx_current_msec, 1000);
    ngx_dns_probe_start(&lease, 1);

    return u;
}


static void
answer(ngx_uint_t rcode)
{
    u_char             msg[] = OK_ANSWER;
    ngx_dns_attempt_t  *a;

    msg[3] = (u_char) (msg[3] | rcode);

    a = sent;
    sent = NULL;
    a->handler(a, NGX_DNS_EVENT_RESPONSE, msg, sizeof(msg) - 1);
}


/* until a check has been sent */

static ngx_msec_t
next(void)
{
    ngx_msec_t  begin;

    begin = ngx_current_msec;

    while (sent == NULL && ngx_current_msec - begin < 20000) {
        unit_pass(10);
    }

    return ngx_current_msec - begin;
}


static void
rises_and_falls(void)
{
    ngx_dns_peer_t         *peer;
    ngx_dns_upstream_t     *u;
    ngx_dns_peer_status_t   s;

    u = start();
    peer = unit_peer(u, 0);

    ok(next() <= 1010, "the first check, within an interval");
    is_int(nsent, 1, "of the server that has checks");
    answer(NGX_DNS_NOERROR);

    ngx_dns_peer_status(peer, ngx_current_msec, &s);
    ok(s.up && s.checked && s.changed == 0, "up, and never was anything else");

    ok(next() >= 980, "the second after an interval");
    answer(NGX_DNS_SERVFAIL);
    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 0, "one failure");

    (void) next();
    unit_logged = 0;
    unit_pass(490);
    is_int(cancelled, 0, "it may take its time");
    unit_pass(20);
    is_int(cancelled, 1, "a timeout");
    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 1, "two: down");
    is_int(unit_logged, 1, "is logged");

    ngx_dns_peer_status(peer, ngx_current_msec, &s);
    ok(s.up == 0 && s.changed, "state");
    ok(s.reason.len == 22
       && memcmp(s.reason.data, "health check timed out", 22) == 0, "reason");

    is_int(ngx_dns_peer_acquire(peer, ngx_current_msec, 0), NGX_DECLINED,
           "gets no query");
    is_int(ngx_dns_peer_acquire(peer, ngx_current_msec,
                                NGX_DNS_OPEN_ALL), NGX_OK,
           "but if all are down");

    (void) next();
    answer(NGX_DNS_NXDOMAIN);
    (void) next();
    answer(NGX_DNS_NOERROR);
    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 1, "two passes");

    (void) next();
    answer(NGX_DNS_NOERROR);
    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 0, "three: up");
    is_int(unit_logged, 2, "is logged");
}


static void
ends_ejection(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
    }

    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 1, "ejected");

    (void) next();
    answer(NGX_DNS_NOERROR);

    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 0,
           "the first pass brings it back");

    /* but not if live queries would not have waited so long */

    for (i = 0; i < 3; i++) {
        ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
    }

    (void) next();
    ngx_dns_usec += 400000;
    answer(NGX_DNS_NOERROR);

    is_int(peer->shm->fails, 3, "a slow pass does not");
    is_int(ngx_dns_peer_acquire(peer, ngx_current_msec, 0), NGX_OK,
           "but a query may try");
    is_int(ngx_dns_peer_acquire(peer, ngx_current_msec, 0), NGX_DECLINED,
           "one");
}


static void
takes_turns(void)
{
    uint64_t             due;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    (void) next();
    answer(NGX_DNS_NOERROR);

    /* another process takes the check that is due */

    due = peer->shm->probe;
    unit_pass((ngx_msec_t) (due - ngx_current_msec) - 5);
    peer->shm->probe = due + 1000;
    nsent = 0;
    unit_pass(900);

    is_int(nsent, 0, "one of another process");
    ok(next() <= 120, "and the next one");
    answer(NGX_DNS_NOERROR);

    /* a worker that quits sends no more */

    ngx_exiting = 1;
    nsent = 0;
    unit_pass(3000);
    is_int(nsent, 0, "none while the worker quits");
    ngx_exiting = 0;
}


static void
backs_off(void)
{
    ngx_uint_t           i;
    ngx_msec_t           t;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    (void) next();

    for (i = 0; i < 59; i++) {
        answer(NGX_DNS_REFUSED);
        t = next();
    }

    ok(t <= 1010, "an interval after %u failures", (unsigned) i);

    for (i = 0; i < 40; i++) {
        answer(NGX_DNS_REFUSED);
        t = next();
    }

    ok(t >= 1900 && t <= 2010, "two after %u ms", (unsigned) t);

    for (i = 0; i < 500; i++) {
        answer(NGX_DNS_REFUSED);
        t = next();
    }

    ok(t >= 7900 && t <= 8010, "eight at the most: %u ms", (unsigned) t);

    answer(NGX_DNS_NOERROR);
    ok(next() <= 1010, "one again after a pass");
    answer(NGX_DNS_NOERROR);
    (void) next();
    answer(NGX_DNS_NOERROR);
    is_int(ngx_dns_peer_ejected(peer, ngx_current_msec), 0, "up");
}


static void
network(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_attempt_t   *a;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    /* the first one is at a time of its own within the interval */

    refuse = NGX_ERROR;

    for (i = 0; i < 101 && peer->shm->misses == 0; i++) {
        unit_pass(10);
    }

    refuse = 0;
    is_int(peer->shm->misses, 1, "a check that can't be sent fails");

    (void) next();
    a = sent;
    sent = NULL;
    a->handler(a, NGX_DNS_EVENT_NETWORK, NULL, 0);
    is_int(peer->shm->misses, 2, "an ICMP error, too");

    (void) next();
    a = sent;
    sent = NULL;
    a->handler(a, NGX_DNS_EVENT_RESPONSE, (u_char *) OK_ANSWER, 15);
    is_int(peer->shm->misses, 3, "and an answer cut off");
    is_int(peer->shm->reason & 0xff, NGX_DNS_ENETWORK,
           "the reason is that of the change");

    ngx_dns_probe_done();
    unit_pass(5000);
    is_int(nsent, 2, "the end");
}


static void
event(ngx_dns_event_e e)
{
    ngx_dns_attempt_t  *a;

    a = sent;
    sent = NULL;
    a->handler(a, e, NULL, 0);
}


/* what says nothing of a server, and what says that it is there */

static void
neither(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    refuse = NGX_BUSY;
    unit_pass(5000);
    is_int(nsent, 0, "no socket for a check");
    is_int(peer->shm->misses, 0, "is not the server's failure");
    is_int(peer->shm->passes, 0, "nor a pass");

    refuse = NGX_OK;
    ok(next() <= 1010, "it is tried at the next interval");
    answer(NGX_DNS_SERVFAIL);
    is_int(peer->shm->misses, 1, "a failure is one");

    for (i = 0; i < 2; i++) {
        (void) next();
        event(i ? NGX_DNS_EVENT_GUESSED : NGX_DNS_EVENT_LOCAL);
        is_int(peer->shm->misses, 1, i ? "somebody guesses IDs: no failure"
                                       : "a socket is lost: no failure");
        is_int(peer->shm->passes, 0, "and no pass");
    }

    ok(next() <= 1010, "checked again at the next interval");
    event(NGX_DNS_EVENT_WHOLE);
    is_int(peer->shm->misses, 0, "a truncated response is a response");
    is_int(peer->shm->passes, 1, "and a pass");

    (void) next();
    event(NGX_DNS_EVENT_TLS);
    is_int(peer->shm->misses, 1, "a handshake that fails is a failure");
    is_int(peer->shm->passes, 0, "and the end of passes");

    ngx_dns_probe_done();
}


/* the lease is lost to another process, which then says what is */

static void
lost(void)
{
    ngx_uint_t           n;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = start();
    peer = unit_peer(u, 0);

    (void) next();
    lease.owner++;
    answer(NGX_DNS_SERVFAIL);
    is_int(peer->shm->misses, 0, "an outcome of before does not count");

    n = nsent;
    unit_pass(5000);
    is_int(nsent, n, "no check is sent any more");

    lease.owner--;
    ngx_dns_probe_start(&lease, 1);
    (void) next();
    is_int(nsent, n + 1, "but when it is back");

    ngx_dns_probe_stop();
    unit_pass(5000);
    is_int(nsent, n + 1, "stopped");

    ngx_dns_probe_done();
}


/* who holds a lease */

static void
leases(void)
{
    int              status;
    pid_t            pid;
    ngx_dns_lease_t  l;

    ngx_memzero(&l, sizeof(l));

    is_int(ngx_dns_lease_held(&l, 1), 0, "nobody");
    is_int(ngx_dns_lease_hold(&l, 1, 1000, 300), 1, "the first");
    is_int(ngx_dns_lease_held(&l, 1), 1, "held");

    pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }

    l.owner = 1ULL << 32 | (uint32_t) pid;

    is_int(ngx_dns_lease_hold(&l, 1, 1299, 300), 0, "another was seen");
    is_int(ngx_dns_lease_hold(&l, 1, 990, 300), 0, "by a clock ahead of ours");
    is_int(ngx_dns_lease_hold(&l, 1, 1300, 300), 1, "not seen for long");

    l.owner = 1ULL << 32 | (uint32_t) pid;
    l.seen = 2000;

    is_int(ngx_dns_lease_hold(&l, 0, 9000, 300), 0,
           "an older configuration does not get it");
    is_int(ngx_dns_lease_hold(&l, 2, 2000, 300), 1, "a newer one at once");

    ngx_dns_lease_leave(&l, 1);
    is_int(ngx_dns_lease_held(&l, 2), 1, "left by the wrong one");
    ngx_dns_lease_leave(&l, 2);
    is_int(ngx_dns_lease_held(&l, 2), 0, "left");
    is_int(ngx_dns_lease_hold(&l, 1, 2000, 300), 0, "not for older ones");
    is_int(ngx_dns_lease_hold(&l, 2, 2000, 300), 1, "but for this");

    l.owner = 2ULL << 32 | (uint32_t) pid;

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);

    is_int(ngx_dns_lease_hold(&l, 2, 2000, 300), 1, "the other is dead");
}


int
main(void)
{
    ngx_pid = getpid();

    leases();
    lost();

    rises_and_falls();
    ends_ejection();
    takes_turns();
    backs_off();
    network();
    neither();

    return done_testing();
}

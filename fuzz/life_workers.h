
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The workers of fuzz_life.c: processes that share the cache and what is known
 * of servers, and have all else of their own.  One of them runs at a time; what
 * is static in the query layer is put away with it.  Each one's clock may be
 * behind that of the furthest by NGX_DNS_CLOCK_LATE.
 */


#ifndef _LIFE_WORKERS_H_INCLUDED_
#define _LIFE_WORKERS_H_INCLUDED_


#include "unit/nginx.h"
#include "unit/peers.h"
#include "unit/query.h"
#include "base/ngx_dns_process.h"
#include "query/ngx_dns_inflight.c"
#include "query/ngx_dns_life_over.c"
#include "query/ngx_dns_timer.c"


#define WORKERS   3
#define PIDS      1024
#define QUERIES   128


typedef struct {
    unit_process_t             nginx;
    ngx_dns_inflight_table_t   inflights;
    ngx_dns_timer_class_t      timers[NGX_DNS_TIMER_CLASSES];
    ngx_msec_t                 timer_last;
    ngx_dns_timer_class_t     *timer_class;
    ngx_queue_t                overs;
    uint64_t                   usec;
    uint32_t                   sec;
    unsigned                   pid;
    ngx_uint_t                 queries;
    ngx_dns_upstream_t        *upstream[2];
} worker_t;


uint64_t                     ngx_dns_usec;
uint32_t                     ngx_dns_sec;

static worker_t              worker[WORKERS];
static ngx_dns_inflight_table_t  empty[WORKERS];
static unsigned              me;
static unsigned              npids;
static u_char                gone[PIDS];
static unsigned              owner[512];      /* of what was sent */
static unsigned              nowned;
static uint32_t              seconds;         /* begin here */
static ngx_dns_fallback_t    chain[2];


/* of the worker at hand, whose milliseconds may be behind */

void
ngx_dns_clock_update(void)
{
    ngx_dns_usec = (uint64_t) ngx_current_msec * 1000;
    ngx_dns_sec = seconds + (uint32_t) (ngx_current_msec / 1000);
}


ngx_uint_t
ngx_dns_process_gone(uint32_t pid)
{
    return gone[pid % PIDS];
}


/* whatever the one at hand has sent is its own */

static void
owned(void)
{
    while (nowned < nsent) {
        owner[nowned++] = me;
    }
}


static void
put_away(void)
{
    worker_t  *w;

    w = &worker[me];
    owned();

    unit_process_save(&w->nginx);
    memcpy(&w->inflights, &ngx_dns_inflights, sizeof(ngx_dns_inflights));
    memcpy(w->timers, ngx_dns_timers, sizeof(ngx_dns_timers));

    w->timer_last = ngx_dns_timer_last;
    w->timer_class = ngx_dns_timer_last_class;
    w->overs = ngx_dns_life_overs;
    w->usec = ngx_dns_usec;
    w->sec = ngx_dns_sec;
    w->queries = conf.runtime.queries;
}


static void
take(unsigned n)
{
    worker_t  *w;

    me = n;
    w = &worker[me];

    unit_process_load(&w->nginx);
    memcpy(&ngx_dns_inflights, &w->inflights, sizeof(ngx_dns_inflights));
    memcpy(ngx_dns_timers, w->timers, sizeof(ngx_dns_timers));

    ngx_dns_timer_last = w->timer_last;
    ngx_dns_timer_last_class = w->timer_class;
    ngx_dns_life_overs = w->overs;
    ngx_dns_usec = w->usec;
    ngx_dns_sec = w->sec;
    conf.runtime.queries = w->queries;

    ngx_pid = (ngx_pid_t) w->pid;
    zone.upstream = w->upstream[0];
    chain[0].upstream = w->upstream[1];
}


static void
turn(unsigned n)
{
    if (n != me) {
        put_away();
        take(n);
    }
}


/* an upstream as another worker has it: its own, but for what is shared */

static ngx_dns_upstream_t *
like(const ngx_dns_upstream_t *from, const char *servers)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer, *other;
    ngx_dns_upstream_t  *u;

    u = query_upstream((const char *) from->balancer->name.data, servers);

    u->shm = from->shm;
    u->generation = from->generation;
    u->group[0].ticket = from->group[0].ticket;
    u->group[1].ticket = from->group[1].ticket;
    u->race = from->race;
    u->race_positive = from->race_positive;
    u->race_wait = from->race_wait;
    u->hedge = from->hedge;

    peer = u->peers.elts;
    other = from->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].shm = other[i].shm;
        peer[i].slot = other[i].slot;
    }

    return u;
}


/* memory that workers of all inputs have in turn */

static void
workers_init(void)
{
    unsigned  i;

    for (i = 0; i < WORKERS; i++) {
        must(ngx_dns_inflight_init(&unit_cycle, QUERIES, WORKERS) == NGX_OK);
        empty[i] = ngx_dns_inflights;
    }
}


/* one begins in this place; the upstreams are its own by now */

static void
begins(unsigned n, ngx_msec_t now)
{
    unsigned                   i;
    worker_t                  *w;
    ngx_dns_inflight_table_t  *t;

    me = n;
    w = &worker[n];

    memset(&w->nginx, 0, sizeof(unit_process_t));
    w->nginx.now = now;
    unit_process_load(&w->nginx);

    w->pid = npids++;
    ngx_pid = (ngx_pid_t) w->pid;
    conf.runtime.queries = 0;
    ngx_dns_life_overs.next = NULL;

    ngx_dns_clock_update();
    ngx_dns_timer_init(&unit_log);

    t = &ngx_dns_inflights;
    *t = empty[n];
    memset(t->table, 0, (t->mask + 1) * sizeof(ngx_dns_inflight_t *));
    memset(t->same, 0, t->same_mask + 1);

    for (i = 0; i < 2; i++) {
        if (w->upstream[i]) {
            must(ngx_dns_peers_attach(w->upstream[i], now) == NGX_OK);
        }
    }

    put_away();
    take(n);
}


/* the furthest clock, which is the time */

static ngx_msec_t
furthest(void)
{
    unsigned    i;
    ngx_msec_t  now;

    worker[me].nginx.now = ngx_current_msec;

    for (i = 0, now = 0; i < WORKERS; i++) {
        now = ngx_max(now, worker[i].nginx.now);
    }

    return now;
}


/* time passes for this one, and for others so far that none is too late */

static void
pass(ngx_msec_t msec)
{
    unsigned    i, was;
    ngx_msec_t  now;

    was = me;

    while (msec) {
        now = ngx_min(msec, NGX_DNS_CLOCK_LATE / 2);
        msec -= now;

        unit_pass(now);
        ngx_dns_clock_update();

        now = furthest();

        for (i = 0; i < WORKERS; i++) {
            if (worker[i].nginx.now + NGX_DNS_CLOCK_LATE < now) {
                turn(i);
                unit_pass(now - NGX_DNS_CLOCK_LATE - ngx_current_msec);
                ngx_dns_clock_update();
            }
        }

        turn(was);
    }
}


#endif /* _LIFE_WORKERS_H_INCLUDED_ */

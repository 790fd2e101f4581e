
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The model of fuzz_peers.c: what docs/architecture.md says of a server, as a
 * struct for each server, which all workers share, and one for each worker.
 */


#ifndef _PEERS_MODEL_H_INCLUDED_
#define _PEERS_MODEL_H_INCLUDED_


#include "fuzz/input.h"
#include "unit/nginx.h"
#include "unit/peers.h"
#include "peers/ngx_dns_peer_text.h"


#define SERVERS    5
#define MODELS     256
#define WORKERS    4                        /* of the old and the new ones */
#define PIDS       4096
#define TIMEOUT    10000
#define FAILS      3


typedef struct {
    unsigned     fails, doubted, refuses, late, trials;
    uint64_t     retry;
    unsigned     sick, forced, loop, passes, misses;
    unsigned     outstanding;
} model_t;


/* as the configuration has it */

typedef struct {
    unsigned     id;                        /* of the model */
    unsigned     backup, down, max, weight;
} line_t;


typedef struct {
    ngx_dns_upstream_t  *u;                 /* NULL: there is none */
    unsigned             pid, dead, generation, n, max_fails;
    unsigned             behind;            /* its clock, msec */
    line_t               line[SERVERS];
    unsigned             taken[SERVERS], judged[SERVERS], refused[SERVERS];
} worker_t;


static model_t    model[MODELS];
static worker_t   worker[WORKERS];
static unsigned   generation;               /* in use */


static model_t *
of(worker_t *w, unsigned i)
{
    return &model[w->line[i].id];
}


static unsigned
outdated(worker_t *w)
{
    return w->generation != generation;
}


static unsigned
barred(model_t *m)
{
    return (m->sick || m->loop || m->forced)
           && m->forced != NGX_DNS_MARK_UP;
}


static unsigned
is_down(worker_t *w, unsigned i)
{
    model_t  *m;

    m = of(w, i);

    return m->forced ? m->forced == NGX_DNS_MARK_DOWN : w->line[i].down;
}


/* does it have as many failures as are allowed? */

static unsigned
failed(worker_t *w, unsigned i)
{
    model_t  *m;

    m = of(w, i);

    return w->max_fails
           && (m->doubted || m->refuses || m->fails >= w->max_fails);
}


static unsigned
ejected(worker_t *w, unsigned i)
{
    return barred(of(w, i))
           || (failed(w, i) && of(w, i)->retry > ngx_current_msec);
}


static unsigned
last(worker_t *w, unsigned me)
{
    unsigned  i;

    for (i = 0; i < w->n; i++) {
        if (i != me && !is_down(w, i) && !ejected(w, i)) {
            return 0;
        }
    }

    return 1;
}


static void
fresh(model_t *m)
{
    m->fails = 0;
    m->doubted = 0;
    m->refuses = 0;
}


/* may it be picked?  "open" as pick->fail_open */

static unsigned
may(worker_t *w, unsigned i, unsigned tried, unsigned open)
{
    model_t  *m;

    m = of(w, i);

    if ((tried & 1 << i) || is_down(w, i)
        || (w->line[i].max && m->outstanding >= w->line[i].max))
    {
        return 0;
    }

    if (open == NGX_DNS_OPEN_ALL) {
        return !m->loop || m->forced == NGX_DNS_MARK_UP;
    }

    if (open) {
        return !barred(m);
    }

    return !ejected(w, i) && !(failed(w, i) && outdated(w));
}


static int
one_that_may(worker_t *w, unsigned backup, unsigned tried, unsigned open)
{
    unsigned  i;

    for (i = 0; i < w->n; i++) {
        if (w->line[i].backup == backup && may(w, i, tried, open)) {
            return (int) i;
        }
    }

    return -1;
}


static void
expect(worker_t *w, ngx_dns_peer_t *peer, unsigned tried, unsigned open)
{
    int        first;
    unsigned   i, backup;
    uint64_t   wait;
    model_t   *m;

    backup = 0;
    first = one_that_may(w, 0, tried, open);

    if (first == -1) {
        backup = 1;
        first = one_that_may(w, 1, tried, open);
    }

    if (peer == NULL) {
        must(first == -1);
        return;
    }

    must(first != -1);

    i = (unsigned) (peer - unit_peer(w->u, 0));
    m = of(w, i);

    must(i < w->n);
    must(w->line[i].backup == backup);
    must(may(w, i, tried, open));
    must(!w->u->balancer->ordered || i == (unsigned) first);

    m->outstanding++;
    w->taken[i]++;

    if (open || !failed(w, i)) {
        return;
    }

    /* it is tried by this one */

    wait = TIMEOUT;

    if (m->doubted) {
        wait = ngx_min(100 << ngx_min(m->trials + 1, 8), 2000);
        m->trials++;

    } else {
        m->refuses = 0;
        m->fails = w->max_fails;
    }

    m->retry = ngx_current_msec + wait;
}


static void
judge(worker_t *w, unsigned i, unsigned refused)
{
    model_t   *m;
    unsigned   n;

    m = of(w, i);

    w->refused[i] += refused;

    if (++w->judged[i] < NGX_DNS_PEER_WINDOW) {
        return;
    }

    n = w->refused[i];
    w->judged[i] = 0;
    w->refused[i] = 0;

    if (2 * n > NGX_DNS_PEER_WINDOW && w->max_fails && !outdated(w)
        && !m->refuses && !last(w, i))
    {
        fresh(m);
        m->refuses = 1;
        m->fails = w->max_fails;
        m->retry = ngx_current_msec + TIMEOUT;
    }
}


static void
fails(worker_t *w, unsigned i)
{
    model_t  *m;

    m = of(w, i);

    if (w->max_fails == 0 || outdated(w)) {
        return;
    }

    m->doubted = 0;

    if (!m->refuses && m->fails + 1 == w->max_fails && last(w, i)) {
        return;
    }

    m->retry = ngx_current_msec + TIMEOUT;
    m->fails++;
}


static void
slow(worker_t *w, unsigned i)
{
    model_t  *m;

    m = of(w, i);

    if (w->max_fails == 0 || ++m->late < w->max_fails || failed(w, i)
        || last(w, i))
    {
        return;
    }

    m->trials = 0;
    m->retry = ngx_current_msec + 100;
    m->doubted = 1;
}


static void
check(worker_t *w, unsigned i, unsigned fine, uint32_t rtt)
{
    model_t  *m;

    m = of(w, i);

    if (outdated(w)) {
        return;
    }

    if (!fine) {
        m->passes = 0;
        m->sick |= ++m->misses >= 2;
        return;
    }

    m->misses = 0;
    m->passes++;

    if (m->sick) {
        if (m->passes >= 2) {
            fresh(m);
            m->sick = 0;
        }

        return;
    }

    if (w->max_fails && (m->refuses || m->fails >= w->max_fails)) {

        if (rtt > 20000) {
            m->retry = ngx_current_msec;

        } else {
            fresh(m);
        }

    } else if (m->doubted && rtt <= 20000) {
        m->retry = ngx_current_msec;
    }
}


static void
compare(void)
{
    unsigned              i, k;
    uint32_t              fails, marks;
    model_t              *m;
    worker_t             *w;
    ngx_dns_peer_shm_t   *s;

    for (k = 0; k < WORKERS; k++) {
        w = &worker[k];

        for (i = 0; w->u && i < w->n; i++) {
            m = of(w, i);
            s = unit_peer(w->u, i)->shm;

            fails = m->fails | (m->doubted ? NGX_DNS_PEER_DOUBTED : 0)
                    | (m->refuses ? NGX_DNS_PEER_REFUSES : 0);
            marks = m->forced | (m->sick ? NGX_DNS_MARK_SICK : 0)
                    | (m->loop ? NGX_DNS_MARK_LOOP : 0);

            must(s->outstanding == m->outstanding);
            must(s->fails == fails);
            must(s->marks == marks);
            must(*unit_peer(w->u, i)->row == w->taken[i]);
        }
    }
}


#endif /* _PEERS_MODEL_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The servers of an upstream as a sequence: workers of two configurations pick
 * by each method, servers answer, fail, are slow, are checked, loop and are
 * forced by hand, workers quit and die, configurations are tried and come into
 * use.  Beside them the plainest model: a struct for each server.  Who is
 * picked is one that may be, nobody is picked only if none may be, and all
 * counts and states are the model's.
 */


#include "peers_model.h"
#include "base/ngx_dns_process.h"


static unsigned               nmodels;
static unsigned               npids, checks;
static uint64_t               clock_msec;   /* that workers may be behind */
static const char            *method;
static ngx_dns_peers_shm_t   *shm;
static u_char                 gone[PIDS];

static const char            *methods[] = {
    "round_robin", "random", "random two least_conn", "random two least_time",
    "sequential", "least_conn", "least_time", "hash", "hash consistent",
    "nearest"
};


ngx_uint_t
ngx_dns_process_gone(uint32_t pid)
{
    return gone[pid % PIDS];
}


static void
pick(worker_t *w)
{
    unsigned         i, n, k, tried, all;
    ngx_dns_pick_t   p;
    ngx_dns_peer_t  *peer, *who[SERVERS];

    n = octet();
    tried = n & 0x80 ? octet() & ((1 << w->n) - 1) : 0;

    memset(&p, 0, sizeof(p));
    p.now = ngx_current_msec;
    p.hash = n * 0x9e3779b97f4a7c15ULL;
    p.tried = who;

    for (i = 0; i < w->n; i++) {
        if (tried & 1 << i) {
            who[p.ntried++] = unit_peer(w->u, i);
        }
    }

    k = (unsigned) p.ntried;

    peer = ngx_dns_balancer_pick_usable(w->u, &p);
    expect(w, peer, tried, 0);

    must(p.ntried == k && p.tried == who);

    if (peer) {
        return;
    }

    for (i = 0, all = 1; i < w->n; i++) {
        all &= is_down(w, i) || barred(of(w, i));
    }

    peer = ngx_dns_balancer_pick_down(w->u, &p);

    if (one_that_may(w, 0, tried, 1) == -1
        && one_that_may(w, 1, tried, 1) == -1 && (k == 0 || all))
    {
        expect(w, peer, tried, NGX_DNS_OPEN_ALL);

    } else {
        expect(w, peer, tried, NGX_DNS_OPEN_EJECTED);
    }
}


static void
answer(worker_t *w)
{
    model_t         *m;
    uint32_t         rtt;
    unsigned         i, n, quick;
    ngx_dns_peer_t  *peer;

    n = octet();
    i = n % w->n;
    m = of(w, i);
    peer = unit_peer(w->u, i);
    rtt = (uint32_t) 1000 << octet() % 12;
    quick = rtt <= w->u->quick;

    /* it may be one that was given up before */

    if (w->taken[i] && n & 0x80) {
        ngx_dns_peer_release(peer);
        w->taken[i]--;
        m->outstanding--;
    }

    switch (n / 8 % 8) {

    case 0:
    case 1:
        ngx_dns_peer_success(peer, ngx_current_msec, rtt, &unit_log);
        judge(w, i, 0);
        m->late = quick ? 0 : m->late;

        if (quick && !outdated(w) && !m->refuses) {
            fresh(m);
        }

        break;

    case 2:
        ngx_dns_peer_answered(peer, ngx_current_msec, rtt);
        m->late = quick ? 0 : m->late;
        m->doubted = quick ? 0 : m->doubted;
        break;

    case 3:
        ngx_dns_peer_late(peer, ngx_current_msec);
        slow(w, i);
        break;

    case 4:
        for (n = 1 + octet() % 24; n; n--) {
            ngx_dns_peer_judge(peer, ngx_current_msec, 1, &unit_log);
            judge(w, i, 1);
        }

        break;

    default:
        ngx_dns_peer_failure(peer, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
        fails(w, i);
    }
}


static void
probe(worker_t *w)
{
    model_t         *m;
    uint32_t         rtt, mark;
    unsigned         i, n;
    ngx_dns_peer_t  *peer;

    n = octet();
    i = n % w->n;
    m = of(w, i);
    peer = unit_peer(w->u, i);

    switch (n / 8 % 6) {

    case 0:
        mark = n & 64 ? NGX_DNS_MARK_DOWN : n & 128 ? NGX_DNS_MARK_UP : 0;
        ngx_dns_peer_force(peer, ngx_current_msec, mark);
        m->forced = mark;

        if (mark != NGX_DNS_MARK_DOWN) {
            fresh(m);
            m->late = 0;
        }

        break;

    case 1:
        ngx_dns_peer_loops(peer, &unit_log);
        m->loop |= !outdated(w);
        break;

    case 2:
        ngx_dns_peer_led(peer, ngx_current_msec, &unit_log);

        if (m->loop && !outdated(w)) {
            m->loop = 0;
            fresh(m);
        }

        break;

    default:
        if (checks) {
            rtt = n & 64 ? 1000 : 50000;
            ngx_dns_peer_checked(peer, ngx_current_msec,
                                 n & 128 ? NGX_DNS_FINE : NGX_DNS_ETIMEOUT, 0,
                                 rtt, 2, 2, &unit_log);
            check(w, i, n & 128, rtt);
        }
    }
}


/* what a dead process had is taken back by the next one that looks, and was */

static void
bury(void)
{
    unsigned   i, k;
    worker_t  *w;

    for (k = 0; k < WORKERS; k++) {
        w = &worker[k];

        if (!w->dead) {
            continue;
        }

        for (i = 0; i < w->n; i++) {
            of(w, i)->outstanding -= w->taken[i];
        }

        memset(w, 0, sizeof(worker_t));
    }
}


static void
settle(void)
{
    if (worker[0].u) {
        ngx_pid = (ngx_pid_t) worker[0].pid;
        ngx_dns_peers_check(worker[0].u, ngx_current_msec, 1);
    }

    bury();
}


static void
attach(worker_t *w)
{
    unsigned  i;

    w->pid = npids++;
    w->generation = generation;
    w->max_fails = w->n == 1 ? 0 : FAILS;
    w->dead = 0;

    for (i = 0; i < w->n; i++) {
        unit_peer(w->u, i)->checked = checks;
    }

    ngx_pid = (ngx_pid_t) w->pid;
    must(ngx_dns_peers_attach(w->u, ngx_current_msec) == NGX_OK);
    bury();
}


/* the second worker: the same configuration, forked */

static void
forked(worker_t *w, const worker_t *from, const char *words)
{
    unsigned         i;
    ngx_dns_peer_t  *peer, *other;

    memset(w, 0, sizeof(worker_t));
    memcpy(w->line, from->line, sizeof(w->line));

    w->n = from->n;
    w->u = unit_upstream(method, words);
    w->u->shm = shm;
    w->u->generation = from->u->generation;
    w->u->group[0].ticket = from->u->group[0].ticket;
    w->u->group[1].ticket = from->u->group[1].ticket;

    for (i = 0; i < w->n; i++) {
        peer = unit_peer(w->u, i);
        other = unit_peer(from->u, i);
        peer->shm = other->shm;
        peer->slot = other->slot;
    }

    attach(w);
}


static void
quit(worker_t *w)
{
    unsigned  i;

    if (w->u == NULL || w->dead) {
        return;
    }

    ngx_pid = (ngx_pid_t) w->pid;
    ngx_dns_peers_detach(w->u);

    for (i = 0; i < w->n; i++) {
        of(w, i)->outstanding -= w->taken[i];
    }

    memset(w, 0, sizeof(worker_t));
}


/* servers that stay, and others with names that nobody had */

static void
lines(worker_t *w, const worker_t *was, char *words)
{
    unsigned  i, n;

    memset(w, 0, sizeof(worker_t));

    w->n = 1 + octet() % SERVERS;

    for (i = 0; i < w->n; i++) {
        n = octet();
        w->line[i].id = was && i < was->n && n & 1 ? was->line[i].id
                                                   : nmodels++;
        w->line[i].backup = i && (n & 6) == 6;
        w->line[i].down = (n & 24) == 24;
        w->line[i].max = n & 32 ? 1 + n / 64 : 0;
        w->line[i].weight = 1 + n / 64;

        words += sprintf(words, "%ss%03u=%u", i ? " " : "", w->line[i].id,
                         w->line[i].weight);

        if (w->line[i].backup) {
            words += sprintf(words, "/backup");
        }

        if (w->line[i].down) {
            words += sprintf(words, "/down");
        }

        if (w->line[i].max) {
            words += sprintf(words, "/max%u", w->line[i].max);
        }
    }
}


static void
reload(void)
{
    char       words[256];
    unsigned   i, n;
    model_t   *m;
    worker_t   next, *was;

    if (nmodels + SERVERS > MODELS || npids + WORKERS > PIDS) {
        return;
    }

    n = octet();
    method = methods[n % 10];
    was = worker[0].u ? &worker[0] : worker[1].u ? &worker[1] : NULL;

    lines(&next, was, words);
    next.u = unit_upstream(method, words);

    must(next.u != NULL);

    /*
     * Those before the last ones are gone: slots of servers that these alone
     * have may be given away, also by one that is only tried.
     */

    settle();
    quit(&worker[2]);
    quit(&worker[3]);

    if (n & 0x40 && shm) {
        must(unit_upstream_try(next.u, shm) == NGX_OK);
        return;
    }

    worker[2] = worker[0];
    worker[3] = worker[1];
    memset(worker, 0, 2 * sizeof(worker_t));

    checks = n & 0x80 ? 1 : 0;

    must(unit_upstream_try(next.u, shm) == NGX_OK);
    shm = next.u->shm;

    for (i = 0; i < next.n; i++) {
        unit_peer(next.u, i)->checked = checks;
    }

    ngx_dns_peers_commit(next.u, ngx_current_msec);
    generation++;

    for (i = 0; i < next.n; i++) {
        m = of(&next, i);

        if (!checks) {
            m->sick = 0;
            m->misses = 0;
        }

        if (m->retry > ngx_current_msec + TIMEOUT) {
            m->retry = ngx_current_msec + TIMEOUT;
        }
    }

    worker[0] = next;
    attach(&worker[0]);
    forked(&worker[1], &worker[0], words);
}


/* dies, and another one begins in its place */

static void
dies(unsigned k)
{
    char       words[256], *p;
    unsigned   i;
    worker_t  *w, dead;

    w = &worker[k];

    if (npids + WORKERS > PIDS) {
        return;
    }

    gone[w->pid] = 1;
    w->dead = 1;

    if (k >= 2) {
        return;
    }

    dead = *w;
    p = words;

    for (i = 0; i < w->n; i++) {
        p += sprintf(p, "%ss%03u=%u%s%s", i ? " " : "", w->line[i].id,
                     w->line[i].weight, w->line[i].backup ? "/backup" : "",
                     w->line[i].down ? "/down" : "");

        if (w->line[i].max) {
            p += sprintf(p, "/max%u", w->line[i].max);
        }

        of(w, i)->outstanding -= w->taken[i];
        w->taken[i] = 0;
    }

    forked(w, &dead, words);
}


static void
look(worker_t *w)
{
    unsigned               i;
    ngx_dns_peer_status_t  status;

    ngx_dns_peers_check(w->u, ngx_current_msec, !outdated(w));

    if (!outdated(w)) {
        bury();
    }

    for (i = 0; i < w->n; i++) {
        ngx_dns_peer_status(unit_peer(w->u, i), ngx_current_msec, &status);
        must(status.outstanding == of(w, i)->outstanding);
        must(status.up == (!is_down(w, i) && !ejected(w, i)) || failed(w, i));
    }
}


static void
step(unsigned op)
{
    unsigned   k;
    worker_t  *w;

    k = op / 16 % 4;
    w = &worker[k];

    if (w->u == NULL || w->dead) {
        k %= 2;
        w = &worker[k];
    }

    ngx_pid = (ngx_pid_t) w->pid;
    ngx_current_msec = clock_msec - w->behind;

    switch (op % 16) {

    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        pick(w);
        break;

    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        answer(w);
        break;

    case 10:
    case 11:
        probe(w);
        break;

    case 12:
        if (op & 0x40) {
            w->behind = octet();

        } else {
            clock_msec += octet() * (op & 0x80 ? 100 : 1);
        }

        break;

    case 13:
        look(w);
        break;

    case 14:
        dies(k);
        break;

    default:
        reload();
    }
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    unsigned  k;

    input(data, size);

    unit_track();

    memset(model, 0, sizeof(model));
    memset(worker, 0, sizeof(worker));
    memset(gone, 0, sizeof(gone));

    clock_msec = 1000000;
    ngx_current_msec = clock_msec;
    shm = NULL;
    generation = 0;
    nmodels = 0;
    npids = 1;

    reload();                               /* the first one */

    while (left) {
        step(octet());
        compare();
    }

    /* in the end nothing is outstanding */

    settle();

    for (k = 0; k < WORKERS; k++) {
        quit(&worker[k]);
    }

    for (k = 0; k < nmodels; k++) {
        must(model[k].outstanding == 0);
    }

    for (k = 0; k < shm->slots; k++) {
        must(ngx_dns_peers_slot(shm)[k].outstanding == 0);
    }

    return 0;
}

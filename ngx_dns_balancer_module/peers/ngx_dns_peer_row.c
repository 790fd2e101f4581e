
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer.h"
#include "../base/ngx_dns_process.h"


#define NGX_DNS_PEERS_DRIFTS   3

/* in a row's pid: the process only takes back what is in the row */

#define NGX_DNS_PEERS_REAPS    0x80000000u

/* for so long after a process without a row nothing is settled */

#define NGX_DNS_PEERS_UNKNOWN  5000


static uint32_t *ngx_dns_peers_row(ngx_dns_peers_shm_t *shm, ngx_uint_t proc);
static ngx_uint_t ngx_dns_peers_gone(uint32_t pid, ngx_uint_t self);
static void ngx_dns_peers_reap(ngx_dns_peers_shm_t *shm, ngx_uint_t proc,
    uint32_t pid);
static void ngx_dns_peers_settle(ngx_dns_peers_shm_t *shm, ngx_uint_t i);


static uint32_t *
ngx_dns_peers_row(ngx_dns_peers_shm_t *shm, ngx_uint_t proc)
{
    uint32_t  *rows;

    rows = (uint32_t *) (void *) (ngx_dns_peers_slot(shm) + shm->slots);

    return rows + proc * shm->slots;
}


ngx_int_t
ngx_dns_peers_attach(ngx_dns_upstream_t *u, ngx_msec_t now)
{
    uint32_t         *row, pid;
    ngx_uint_t        i, n;
    ngx_dns_peer_t   *peer;

    row = NULL;
    u->row = NGX_DNS_PEER_PROCS;

    for (n = 0; n < NGX_DNS_PEER_PROCS; n++) {
        pid = ngx_dns_load(&u->shm->pid[n]);

        /* one that has its pid already is an earlier process's */

        if (pid != 0 && ngx_dns_peers_gone(pid, 1)) {
            ngx_dns_peers_reap(u->shm, n, pid);
        }

        if (row == NULL
            && ngx_dns_cas(&u->shm->pid[n], 0, (uint32_t) ngx_pid))
        {
            row = ngx_dns_peers_row(u->shm, n);
            u->row = n;
        }
    }

    if (row == NULL) {
        ngx_dns_store(&u->shm->unknown, (uint64_t) now);
    }

    u->budget[NGX_DNS_ACCOUNT_LOSS] = NGX_DNS_BUDGET_MAX;
    u->budget[NGX_DNS_ACCOUNT_FAILING] = NGX_DNS_BUDGET_MAX;
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].judged = 0;
        peer[i].refused = 0;
        peer[i].witnesses = 0;
        peer[i].row = row ? &row[peer[i].slot] : NULL;
        ngx_memzero(peer[i].channels, sizeof(peer[i].channels));
        peer[i].counters = ngx_dns_metrics_peer(peer[i].metrics.slot);
    }

    ngx_dns_peers_quick(u, now);

    return row ? NGX_OK : NGX_DECLINED;
}


void
ngx_dns_peers_detach(ngx_dns_upstream_t *u)
{
    if (u->row != NGX_DNS_PEER_PROCS) {
        ngx_dns_peers_reap(u->shm, u->row, (uint32_t) ngx_pid);
    }
}


/* "self": a row of this process's pid is of one that was before it */

static ngx_uint_t
ngx_dns_peers_gone(uint32_t pid, ngx_uint_t self)
{
    uint32_t  process;

    process = pid & ~NGX_DNS_PEERS_REAPS;

    if (process == (uint32_t) ngx_pid) {
        return self || pid != process;
    }

    return ngx_dns_process_gone(process);
}


/*
 * Takes back what process "pid" had outstanding.  The row goes to this
 * process first, so nobody else is at it, and it can't have got a new owner
 * since "pid" was found to be gone.  Who dies at it leaves a drift.
 */

static void
ngx_dns_peers_reap(ngx_dns_peers_shm_t *shm, ngx_uint_t proc, uint32_t pid)
{
    uint32_t            *row, self, n;
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    self = (uint32_t) ngx_pid | NGX_DNS_PEERS_REAPS;

    if (!ngx_dns_cas(&shm->pid[proc], pid, self)) {
        return;
    }

    row = ngx_dns_peers_row(shm, proc);
    slot = ngx_dns_peers_slot(shm);

    for (i = 0; i < shm->slots; i++) {
        if (ngx_dns_load(&row[i]) == 0) {
            continue;
        }

        n = ngx_dns_xchg(&row[i], 0);
        (void) ngx_dns_add(&slot[i].outstanding, (uint32_t) -n);
    }

    (void) ngx_dns_cas(&shm->pid[proc], self, 0);
}


void
ngx_dns_peers_check(ngx_dns_upstream_t *u, ngx_msec_t now, ngx_uint_t settle)
{
    uint32_t              pid;
    uint64_t              unknown;
    ngx_uint_t            i, n;
    ngx_dns_peer_t       *peer;
    ngx_dns_peers_shm_t  *shm;

    shm = u->shm;

    if (u->row == NGX_DNS_PEER_PROCS) {
        ngx_dns_store(&shm->unknown, (uint64_t) now);
    }

    ngx_dns_peers_quick(u, now);

    if (!settle) {
        return;
    }

    for (n = 0; n < NGX_DNS_PEER_PROCS; n++) {
        pid = ngx_dns_load(&shm->pid[n]);

        if (pid != 0 && ngx_dns_peers_gone(pid, 0)) {
            ngx_dns_peers_reap(shm, n, pid);
        }
    }

    /* a check that an old worker was about to write down at the commit */

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (!peer[i].checked
            && (ngx_dns_load(&peer[i].shm->marks) & NGX_DNS_MARK_SICK))
        {
            (void) ngx_dns_peer_mark(peer[i].shm, NGX_DNS_MARK_SICK, 0);
        }
    }

    /* what a process without a row has outstanding is nowhere but there */

    unknown = ngx_dns_load(&shm->unknown);

    if (unknown && (int64_t) (now - unknown) < NGX_DNS_PEERS_UNKNOWN) {
        return;
    }

    for (i = 0; i < shm->slots; i++) {
        ngx_dns_peers_settle(shm, i);
    }
}


static void
ngx_dns_peers_settle(ngx_dns_peers_shm_t *shm, ngx_uint_t i)
{
    int32_t              drift;
    uint32_t             sum;
    ngx_uint_t           n;
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm) + i;

    if (slot->generation == 0) {
        return;
    }

    sum = 0;

    for (n = 0; n < NGX_DNS_PEER_PROCS; n++) {
        if (ngx_dns_load(&shm->pid[n])) {
            sum += ngx_dns_load(&ngx_dns_peers_row(shm, n)[i]);
        }
    }

    drift = (int32_t) (ngx_dns_load(&slot->outstanding) - sum);

    if (drift == 0 || drift != slot->drift) {
        slot->drift = drift;
        slot->drifts = 0;
        return;
    }

    /* or more: who would have taken it back may have died before it did */

    if (++slot->drifts >= NGX_DNS_PEERS_DRIFTS - 1) {
        (void) ngx_dns_add(&slot->outstanding, (uint32_t) -drift);
        slot->drift = 0;
        slot->drifts = 0;
    }
}

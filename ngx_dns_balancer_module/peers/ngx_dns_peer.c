
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer.h"


#define NGX_DNS_PEERS_LAYOUT   0x444e5303      /* a change of it: a change
                                                  of any struct in the zone */
#define NGX_DNS_PEERS_DRIFTS   3


static uint32_t ngx_dns_peers_slots(ngx_uint_t servers);
static ngx_dns_peer_shm_t *ngx_dns_peers_slot(ngx_dns_peers_shm_t *shm);
static uint32_t *ngx_dns_peers_row(ngx_dns_peers_shm_t *shm, ngx_uint_t proc);
static ngx_int_t ngx_dns_peers_known(ngx_dns_peers_shm_t *shm,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_dns_peers_fresh(ngx_dns_peers_shm_t *shm,
    ngx_dns_peer_t *peer);
static void ngx_dns_peers_take(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer,
    ngx_uint_t i);
static void ngx_dns_peers_reap(ngx_dns_peers_shm_t *shm, ngx_uint_t proc);
static void ngx_dns_peers_settle(ngx_dns_peers_shm_t *shm, ngx_uint_t i);
static ngx_uint_t ngx_dns_peers_alive(uint32_t pid);


_Static_assert(sizeof(ngx_dns_peer_shm_t) % NGX_DNS_CACHELINE == 0,
               "a slot fills whole cache lines");
_Static_assert(sizeof(ngx_dns_peers_shm_t) % NGX_DNS_CACHELINE == 0,
               "slots start on a cache line");


/* twice the servers: all of them may be replaced at once */

static uint32_t
ngx_dns_peers_slots(ngx_uint_t servers)
{
    uint32_t  n;

    n = 16;

    while (n < 2 * servers) {
        n *= 2;
    }

    return n;
}


size_t
ngx_dns_peers_size(ngx_uint_t servers)
{
    size_t  n;

    n = ngx_dns_peers_slots(servers);

    return sizeof(ngx_dns_peers_shm_t) + n * sizeof(ngx_dns_peer_shm_t)
           + NGX_DNS_PEER_PROCS * n * sizeof(uint32_t);
}


static ngx_dns_peer_shm_t *
ngx_dns_peers_slot(ngx_dns_peers_shm_t *shm)
{
    return (ngx_dns_peer_shm_t *) (shm + 1);
}


static uint32_t *
ngx_dns_peers_row(ngx_dns_peers_shm_t *shm, ngx_uint_t proc)
{
    uint32_t  *rows;

    rows = (uint32_t *) (void *) (ngx_dns_peers_slot(shm) + shm->slots);

    return rows + proc * shm->slots;
}


ngx_int_t
ngx_dns_peers_init(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm,
    ngx_uint_t servers)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    if (shm->layout == 0) {
        shm->slots = ngx_dns_peers_slots(servers);
        shm->layout = NGX_DNS_PEERS_LAYOUT;
    }

    if (shm->layout != NGX_DNS_PEERS_LAYOUT) {
        return NGX_ERROR;
    }

    shm->generation++;

    u->shm = shm;
    u->group[0].ticket = &shm->ticket[0];
    u->group[1].ticket = &shm->ticket[1];

    /* first those that stay, so that none of them loses its slot */

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].shm = NULL;
        (void) ngx_dns_peers_known(shm, &peer[i]);
    }

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].shm == NULL
            && ngx_dns_peers_fresh(shm, &peer[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * The slot a server had before.  A server listed twice has two slots: one
 * that is of this generation already is taken.
 */

static ngx_int_t
ngx_dns_peers_known(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer)
{
    size_t               len;
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm);
    len = ngx_min(peer->name.len, NGX_DNS_PEER_KEY - 1);

    for (i = 0; i < shm->slots; i++) {

        if (slot[i].generation != 0
            && slot[i].generation != shm->generation
            && ngx_strncmp(slot[i].key, peer->name.data, len) == 0
            && slot[i].key[len] == '\0')
        {
            ngx_dns_peers_take(shm, peer, i);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/* a slot never used, or not used by the last configuration */

static ngx_int_t
ngx_dns_peers_fresh(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer)
{
    size_t               len;
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm);
    len = ngx_min(peer->name.len, NGX_DNS_PEER_KEY - 1);

    for (i = 0; i < shm->slots; i++) {

        if (slot[i].generation == 0
            || slot[i].generation + 1 < shm->generation)
        {
            ngx_memzero(&slot[i], sizeof(ngx_dns_peer_shm_t));
            ngx_memcpy(slot[i].key, peer->name.data, len);

            ngx_dns_peers_take(shm, peer, i);
            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


static void
ngx_dns_peers_take(ngx_dns_peers_shm_t *shm, ngx_dns_peer_t *peer,
    ngx_uint_t i)
{
    ngx_dns_peer_shm_t  *slot;

    slot = ngx_dns_peers_slot(shm) + i;
    slot->generation = shm->generation;

    peer->slot = (uint32_t) i;
    peer->shm = slot;

    /* nobody would find out that it is well again */

    if (!peer->checked) {
        ngx_dns_store(&slot->unhealthy, 0);
    }
}


void
ngx_dns_peers_attach(ngx_dns_upstream_t *u)
{
    uint32_t         *row, pid;
    ngx_uint_t        i, n;
    ngx_dns_peer_t   *peer;

    row = NULL;
    u->row = NGX_DNS_PEER_PROCS;

    for (n = 0; n < NGX_DNS_PEER_PROCS; n++) {
        pid = ngx_dns_load(&u->shm->pid[n]);

        if (pid != 0) {

            if (ngx_dns_peers_alive(pid)) {
                continue;
            }

            ngx_dns_peers_reap(u->shm, n);
        }

        if (row == NULL
            && ngx_dns_cas(&u->shm->pid[n], 0, (uint32_t) ngx_pid))
        {
            row = ngx_dns_peers_row(u->shm, n);
            u->row = n;
        }
    }

    if (row == NULL) {
        (void) ngx_dns_add(&u->shm->unknown, 1);
    }

    u->budget[NGX_DNS_ACCOUNT_LOSS] = NGX_DNS_BUDGET_MAX;
    u->budget[NGX_DNS_ACCOUNT_FAILING] = NGX_DNS_BUDGET_MAX;
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        peer[i].judged = 0;
        peer[i].refused = 0;
        peer[i].witnesses = 0;
        peer[i].row = row ? &row[peer[i].slot] : NULL;
        peer[i].endpoint = NULL;
        peer[i].stream = NULL;
        peer[i].counters = ngx_dns_metrics_peer(peer[i].metrics.slot);
    }
}


void
ngx_dns_peers_detach(ngx_dns_upstream_t *u)
{
    if (u->row == NGX_DNS_PEER_PROCS) {
        (void) ngx_dns_add(&u->shm->unknown, (uint32_t) -1);
        return;
    }

    ngx_dns_peers_reap(u->shm, u->row);
}


static ngx_uint_t
ngx_dns_peers_alive(uint32_t pid)
{
    return kill((ngx_pid_t) pid, 0) != -1 || ngx_errno != NGX_ESRCH;
}


/*
 * Takes back what a process had outstanding.  Whoever else is at it gets
 * zeroes; who dies at it leaves a drift.
 */

static void
ngx_dns_peers_reap(ngx_dns_peers_shm_t *shm, ngx_uint_t proc)
{
    uint32_t            *row, pid, n;
    ngx_uint_t           i;
    ngx_dns_peer_shm_t  *slot;

    pid = ngx_dns_load(&shm->pid[proc]);
    row = ngx_dns_peers_row(shm, proc);
    slot = ngx_dns_peers_slot(shm);

    for (i = 0; i < shm->slots; i++) {
        if (ngx_dns_load(&row[i]) == 0) {
            continue;
        }

        n = ngx_dns_xchg(&row[i], 0);
        (void) ngx_dns_add(&slot[i].outstanding, (uint32_t) -n);
    }

    (void) ngx_dns_cas(&shm->pid[proc], pid, 0);
}


void
ngx_dns_peers_check(ngx_dns_upstream_t *u)
{
    uint32_t              pid;
    ngx_uint_t            i, n;
    ngx_dns_peers_shm_t  *shm;

    shm = u->shm;

    for (n = 0; n < NGX_DNS_PEER_PROCS; n++) {
        pid = ngx_dns_load(&shm->pid[n]);

        if (pid != 0 && !ngx_dns_peers_alive(pid)) {
            ngx_dns_peers_reap(shm, n);
        }
    }

    if (ngx_dns_load(&shm->unknown)) {
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

    if (++slot->drifts == NGX_DNS_PEERS_DRIFTS - 1) {
        (void) ngx_dns_add(&slot->outstanding, (uint32_t) -drift);
        slot->drift = 0;
        slot->drifts = 0;
    }
}

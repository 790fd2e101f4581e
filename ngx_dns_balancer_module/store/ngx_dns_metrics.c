
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_metrics.h"
#include "../base/ngx_dns_hash.h"
#include "../base/ngx_dns_process.h"


#define NGX_DNS_METRICS_LAYOUT                                                \
    (0x444f0000 + (uint32_t) (sizeof(ngx_dns_counters_t)                      \
                              + sizeof(ngx_dns_server_counters_t)             \
                              + sizeof(ngx_dns_peer_counters_t)))


typedef struct {
    uint64_t    key[2];
    uint32_t    generation;           /* 0: never used */
    uint32_t    claim;                /* the attempt that takes it */
} ngx_dns_metrics_slot_t;


static size_t ngx_dns_metrics_head(uint32_t servers, uint32_t peers);
static size_t ngx_dns_metrics_stride(uint32_t servers, uint32_t peers);
static ngx_dns_metrics_slot_t *ngx_dns_metrics_slot(ngx_dns_metrics_shm_t *shm,
    ngx_dns_metrics_kind_e kind, uint32_t i);
static ngx_int_t ngx_dns_metrics_known(ngx_dns_metrics_shm_t *shm,
    ngx_dns_metrics_kind_e kind, ngx_dns_metrics_id_t *id);
static ngx_int_t ngx_dns_metrics_fresh(ngx_dns_metrics_shm_t *shm,
    ngx_dns_metrics_kind_e kind, ngx_dns_metrics_id_t *id);
static void ngx_dns_metrics_clear(ngx_dns_metrics_shm_t *shm, ngx_uint_t row,
    ngx_dns_metrics_kind_e kind, uint32_t slot);
static u_char *ngx_dns_metrics_row(ngx_dns_metrics_shm_t *shm, ngx_uint_t i);
static size_t ngx_dns_metrics_offset(ngx_dns_metrics_shm_t *shm,
    ngx_dns_metrics_kind_e kind, uint32_t slot);
static void ngx_dns_metrics_add(ngx_dns_metrics_shm_t *shm, size_t offset,
    uint64_t *sum, size_t size);
static void ngx_dns_metrics_add_row(ngx_dns_metrics_shm_t *shm, ngx_uint_t i,
    size_t offset, uint64_t *sum, size_t size);


/* those that have counters of their own in a row */

static const size_t  ngx_dns_metrics_sizes[] = {
    sizeof(ngx_dns_server_counters_t), sizeof(ngx_dns_peer_counters_t)
};


/* of this process */

static ngx_dns_counters_t          ngx_dns_metrics_no_row;
static ngx_dns_server_counters_t   ngx_dns_metrics_no_server;
static ngx_dns_peer_counters_t     ngx_dns_metrics_no_peer;

static ngx_dns_metrics_shm_t      *ngx_dns_metrics_own;     /* NULL: no row */

ngx_dns_counters_t  *ngx_dns_counters = &ngx_dns_metrics_no_row;


/* twice as many: all of them may be replaced at once */

uint32_t
ngx_dns_metrics_slots(ngx_uint_t n)
{
    uint32_t  slots;

    slots = 16;

    while (slots < 2 * n) {
        slots *= 2;
    }

    return slots;
}


static size_t
ngx_dns_metrics_head(uint32_t servers, uint32_t peers)
{
    return ngx_align(sizeof(ngx_dns_metrics_shm_t)
                     + (servers + peers + NGX_DNS_LIMIT_SLOTS)
                       * sizeof(ngx_dns_metrics_slot_t),
                     2 * NGX_DNS_CACHELINE);
}


static size_t
ngx_dns_metrics_stride(uint32_t servers, uint32_t peers)
{
    return ngx_align(sizeof(ngx_dns_counters_t)
                     + servers * sizeof(ngx_dns_server_counters_t)
                     + peers * sizeof(ngx_dns_peer_counters_t),
                     2 * NGX_DNS_CACHELINE);
}


size_t
ngx_dns_metrics_size(uint32_t servers, uint32_t peers)
{
    return ngx_dns_metrics_head(servers, peers)
           + NGX_DNS_METRICS_PROCS * ngx_dns_metrics_stride(servers, peers);
}


ngx_int_t
ngx_dns_metrics_init(ngx_dns_metrics_shm_t *shm, uint32_t servers,
    uint32_t peers)
{
    if (shm->layout == 0) {
        ngx_memzero(shm, ngx_dns_metrics_head(servers, peers));

        shm->layout = NGX_DNS_METRICS_LAYOUT;
        shm->slots[NGX_DNS_METRICS_SERVER] = servers;
        shm->slots[NGX_DNS_METRICS_PEER] = peers;
        shm->slots[NGX_DNS_METRICS_LIMIT] = NGX_DNS_LIMIT_SLOTS;
    }

    if (shm->layout != NGX_DNS_METRICS_LAYOUT
        || shm->slots[NGX_DNS_METRICS_SERVER] != servers
        || shm->slots[NGX_DNS_METRICS_PEER] != peers)
    {
        return NGX_ERROR;
    }

    shm->attempt++;

    return NGX_OK;
}


void
ngx_dns_metrics_commit(ngx_dns_metrics_shm_t *shm)
{
    ngx_dns_metrics_slot_t  *slot, *last;

    shm->generation++;

    slot = ngx_dns_metrics_slot(shm, NGX_DNS_METRICS_SERVER, 0);
    last = ngx_dns_metrics_slot(shm, NGX_DNS_METRICS_LIMIT,
                                NGX_DNS_LIMIT_SLOTS);

    for ( /* void */ ; slot < last; slot++) {
        if (slot->claim == shm->attempt) {
            slot->generation = shm->generation;
        }
    }
}


void
ngx_dns_metrics_identify(ngx_dns_metrics_id_t *id, const ngx_str_t *group,
    const ngx_str_t *name)
{
    ngx_uint_t          i;
    ngx_dns_hash_key_t  key;

    for (i = 0; i < 2; i++) {
        key.k0 = i;
        key.k1 = 0;

        id->key[i] = ngx_dns_hash(&key, group->data, group->len, 0);

        if (name) {
            id->key[i] = ngx_dns_hash(&key, name->data, name->len,
                                      id->key[i]);
        }
    }
}


static ngx_dns_metrics_slot_t *
ngx_dns_metrics_slot(ngx_dns_metrics_shm_t *shm, ngx_dns_metrics_kind_e kind,
    uint32_t i)
{
    ngx_uint_t               k;
    ngx_dns_metrics_slot_t  *slot;

    slot = (ngx_dns_metrics_slot_t *) (void *) (shm + 1);

    for (k = 0; k < kind; k++) {
        slot += shm->slots[k];
    }

    return slot + i;
}


ngx_int_t
ngx_dns_metrics_place(ngx_dns_metrics_shm_t *shm, ngx_dns_metrics_kind_e kind,
    ngx_dns_metrics_id_t **ids, ngx_uint_t n)
{
    ngx_uint_t  i;

    /* first those that stay, so that none of them loses its slot */

    for (i = 0; i < n; i++) {
        ids[i]->slot = shm->slots[kind];
        (void) ngx_dns_metrics_known(shm, kind, ids[i]);
    }

    for (i = 0; i < n; i++) {
        if (ids[i]->slot == shm->slots[kind]
            && ngx_dns_metrics_fresh(shm, kind, ids[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_metrics_known(ngx_dns_metrics_shm_t *shm, ngx_dns_metrics_kind_e kind,
    ngx_dns_metrics_id_t *id)
{
    uint32_t                 i;
    ngx_dns_metrics_slot_t  *slot;

    for (i = 0; i < shm->slots[kind]; i++) {
        slot = ngx_dns_metrics_slot(shm, kind, i);

        if (slot->generation != 0 && slot->claim != shm->attempt
            && slot->key[0] == id->key[0] && slot->key[1] == id->key[1])
        {
            slot->claim = shm->attempt;
            id->slot = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_dns_metrics_fresh(ngx_dns_metrics_shm_t *shm, ngx_dns_metrics_kind_e kind,
    ngx_dns_metrics_id_t *id)
{
    uint32_t                 i;
    ngx_uint_t               n;
    ngx_dns_metrics_slot_t  *slot;

    for (i = 0; i < shm->slots[kind]; i++) {
        slot = ngx_dns_metrics_slot(shm, kind, i);

        if (slot->claim == shm->attempt
            || (slot->generation != 0
                && slot->generation >= shm->generation))
        {
            continue;
        }

        for (n = 0; n < NGX_DNS_METRICS_PROCS; n++) {
            if (ngx_dns_load(&shm->used[n])) {
                ngx_dns_metrics_clear(shm, n, kind, i);
            }
        }

        slot->key[0] = id->key[0];
        slot->key[1] = id->key[1];
        slot->generation = 0;
        slot->claim = shm->attempt;
        id->slot = i;

        return NGX_OK;
    }

    return NGX_ERROR;
}


/* what a slot counted before; of a limit, in all servers */

static void
ngx_dns_metrics_clear(ngx_dns_metrics_shm_t *shm, ngx_uint_t row,
    ngx_dns_metrics_kind_e kind, uint32_t slot)
{
    u_char                     *p;
    uint32_t                    i;
    ngx_dns_server_counters_t  *server;

    p = ngx_dns_metrics_row(shm, row);

    if (kind != NGX_DNS_METRICS_LIMIT) {
        ngx_memzero(p + ngx_dns_metrics_offset(shm, kind, slot),
                    ngx_dns_metrics_sizes[kind]);
        return;
    }

    p += ngx_dns_metrics_offset(shm, NGX_DNS_METRICS_SERVER, 0);
    server = (ngx_dns_server_counters_t *) (void *) p;

    for (i = 0; i < shm->slots[NGX_DNS_METRICS_SERVER]; i++) {
        ngx_memzero(server[i].limited[slot], sizeof(server[i].limited[slot]));
    }
}


static u_char *
ngx_dns_metrics_row(ngx_dns_metrics_shm_t *shm, ngx_uint_t i)
{
    uint32_t  servers, peers;

    servers = shm->slots[NGX_DNS_METRICS_SERVER];
    peers = shm->slots[NGX_DNS_METRICS_PEER];

    return (u_char *) shm + ngx_dns_metrics_head(servers, peers)
           + i * ngx_dns_metrics_stride(servers, peers);
}


/* of a slot in a row, not of a limit */

static size_t
ngx_dns_metrics_offset(ngx_dns_metrics_shm_t *shm, ngx_dns_metrics_kind_e kind,
    uint32_t slot)
{
    size_t  offset;

    offset = sizeof(ngx_dns_counters_t) + slot * ngx_dns_metrics_sizes[kind];

    if (kind == NGX_DNS_METRICS_PEER) {
        offset += shm->slots[NGX_DNS_METRICS_SERVER]
                  * ngx_dns_metrics_sizes[NGX_DNS_METRICS_SERVER];
    }

    return offset;
}


ngx_int_t
ngx_dns_metrics_attach(ngx_dns_metrics_shm_t *shm)
{
    u_char      *row;
    uint32_t     pid;
    ngx_uint_t   i;

    ngx_dns_counters = &ngx_dns_metrics_no_row;
    ngx_dns_metrics_own = NULL;

    if (shm == NULL) {
        return NGX_OK;
    }

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        pid = ngx_dns_load(&shm->pid[i]);

        /* a row of this pid is of an earlier process */

        if (pid != 0 && pid != (uint32_t) ngx_pid
            && !ngx_dns_process_gone(pid))
        {
            continue;
        }

        if (!ngx_dns_cas(&shm->pid[i], pid, (uint32_t) ngx_pid)) {
            continue;
        }

        row = ngx_dns_metrics_row(shm, i);

        /* memory of rows that were never needed is never touched */

        if (!ngx_dns_load(&shm->used[i])) {
            ngx_memzero(row,
                        ngx_dns_metrics_stride(
                                          shm->slots[NGX_DNS_METRICS_SERVER],
                                          shm->slots[NGX_DNS_METRICS_PEER]));

            __atomic_store_n(&shm->used[i], 1, __ATOMIC_RELEASE);
        }

        ngx_dns_counters = (ngx_dns_counters_t *) (void *) row;
        ngx_dns_metrics_own = shm;

        ngx_memzero(ngx_dns_counters->gauges,
                    sizeof(ngx_dns_counters->gauges));
        return NGX_OK;
    }

    return NGX_DECLINED;
}


void
ngx_dns_metrics_detach(ngx_dns_metrics_shm_t *shm)
{
    ngx_uint_t  i;

    ngx_memzero(ngx_dns_counters->gauges, sizeof(ngx_dns_counters->gauges));

    ngx_dns_counters = &ngx_dns_metrics_no_row;
    ngx_dns_metrics_own = NULL;

    if (shm == NULL) {
        return;
    }

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        if (ngx_dns_cas(&shm->pid[i], (uint32_t) ngx_pid, 0)) {
            return;
        }
    }
}


ngx_dns_server_counters_t *
ngx_dns_metrics_server(uint32_t slot)
{
    u_char  *p;

    if (ngx_dns_metrics_own == NULL) {
        return &ngx_dns_metrics_no_server;
    }

    p = (u_char *) ngx_dns_counters
        + ngx_dns_metrics_offset(ngx_dns_metrics_own, NGX_DNS_METRICS_SERVER,
                                 slot);

    return (ngx_dns_server_counters_t *) (void *) p;
}


ngx_dns_peer_counters_t *
ngx_dns_metrics_peer(uint32_t slot)
{
    u_char  *p;

    if (ngx_dns_metrics_own == NULL) {
        return &ngx_dns_metrics_no_peer;
    }

    p = (u_char *) ngx_dns_counters
        + ngx_dns_metrics_offset(ngx_dns_metrics_own, NGX_DNS_METRICS_PEER,
                                 slot);

    return (ngx_dns_peer_counters_t *) (void *) p;
}


static void
ngx_dns_metrics_add(ngx_dns_metrics_shm_t *shm, size_t offset, uint64_t *sum,
    size_t size)
{
    ngx_uint_t  i;

    ngx_memzero(sum, size);

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        if (__atomic_load_n(&shm->used[i], __ATOMIC_ACQUIRE)) {
            ngx_dns_metrics_add_row(shm, i, offset, sum, size);
        }
    }
}


static void
ngx_dns_metrics_add_row(ngx_dns_metrics_shm_t *shm, ngx_uint_t i,
    size_t offset, uint64_t *sum, size_t size)
{
    uint64_t    *from;
    ngx_uint_t   k;

    from = (uint64_t *) (void *) (ngx_dns_metrics_row(shm, i) + offset);

    for (k = 0; k < size / sizeof(uint64_t); k++) {
        sum[k] += ngx_dns_load(&from[k]);
    }
}


void
ngx_dns_metrics_sum(ngx_dns_metrics_shm_t *shm, ngx_dns_counters_t *sum)
{
    uint32_t    pid;
    ngx_uint_t  i;

    ngx_dns_metrics_add(shm, 0, (uint64_t *) (void *) sum,
                        sizeof(ngx_dns_counters_t));

    /* a process that was killed has left its gauges as they were */

    ngx_memzero(sum->gauges, sizeof(sum->gauges));

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        pid = ngx_dns_load(&shm->pid[i]);

        if (pid == 0
            || !__atomic_load_n(&shm->used[i], __ATOMIC_ACQUIRE)
            || (pid != (uint32_t) ngx_pid && ngx_dns_process_gone(pid)))
        {
            continue;
        }

        ngx_dns_metrics_add_row(shm, i, offsetof(ngx_dns_counters_t, gauges),
                                (uint64_t *) (void *) sum->gauges,
                                sizeof(sum->gauges));
    }
}


void
ngx_dns_metrics_sum_server(ngx_dns_metrics_shm_t *shm, uint32_t slot,
    ngx_dns_server_counters_t *sum)
{
    ngx_dns_metrics_add(shm,
                        ngx_dns_metrics_offset(shm, NGX_DNS_METRICS_SERVER,
                                               slot),
                        (uint64_t *) (void *) sum,
                        sizeof(ngx_dns_server_counters_t));
}


void
ngx_dns_metrics_sum_peer(ngx_dns_metrics_shm_t *shm, uint32_t slot,
    ngx_dns_peer_counters_t *sum)
{
    ngx_dns_metrics_add(shm,
                        ngx_dns_metrics_offset(shm, NGX_DNS_METRICS_PEER,
                                               slot),
                        (uint64_t *) (void *) sum,
                        sizeof(ngx_dns_peer_counters_t));
}

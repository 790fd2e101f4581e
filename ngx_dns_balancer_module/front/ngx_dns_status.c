
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_status.h"
#include "../peers/ngx_dns_seat.h"


static ngx_int_t ngx_dns_status_servers(ngx_dns_status_t *st,
    ngx_dns_figures_t *f, ngx_pool_t *pool);
static void ngx_dns_status_xdp(uint32_t slot, ngx_dns_server_counters_t *sum);
static ngx_int_t ngx_dns_status_peers(ngx_dns_status_t *st,
    ngx_dns_figures_t *f, ngx_pool_t *pool);
static void ngx_dns_status_peer(ngx_dns_status_t *st, ngx_dns_peer_t *peer,
    ngx_dns_figures_peer_t *fp);
static ngx_int_t ngx_dns_status_caches(ngx_dns_status_t *st,
    ngx_dns_figures_t *f, ngx_pool_t *pool);
static ngx_int_t ngx_dns_status_changes(ngx_dns_status_t *st,
    ngx_dns_figures_t *f, ngx_pool_t *pool);


ngx_dns_figures_t *
ngx_dns_status_figures(ngx_dns_status_t *st, ngx_pool_t *pool)
{
    ngx_dns_figures_t  *f;

    f = ngx_pcalloc(pool, sizeof(ngx_dns_figures_t));

    if (f == NULL || st == NULL || st->metrics == NULL) {
        return f;
    }

    ngx_dns_metrics_sum(st->metrics, &f->sum);

    f->xdp_used = ngx_dns_xdp_table.control != NULL;
    ngx_dns_xdp_stat(&ngx_dns_xdp_table, &f->xdp);

    if (ngx_dns_status_peers(st, f, pool) != NGX_OK
        || ngx_dns_status_servers(st, f, pool) != NGX_OK
        || ngx_dns_status_caches(st, f, pool) != NGX_OK
        || ngx_dns_status_changes(st, f, pool) != NGX_OK)
    {
        return NULL;
    }

    return f;
}


static ngx_int_t
ngx_dns_status_servers(ngx_dns_status_t *st, ngx_dns_figures_t *f,
    ngx_pool_t *pool)
{
    ngx_uint_t                i;
    ngx_dns_status_server_t  *server;

    f->nservers = st->servers.nelts;
    f->servers = ngx_palloc(pool, ngx_max(f->nservers, 1)
                                  * sizeof(ngx_dns_figures_server_t));
    if (f->servers == NULL) {
        return NGX_ERROR;
    }

    server = st->servers.elts;

    for (i = 0; i < f->nservers; i++) {
        f->servers[i].conf = &server[i];

        ngx_dns_metrics_sum_server(st->metrics, server[i].metrics->slot,
                                   &f->servers[i].sum);
        ngx_dns_status_xdp(server[i].metrics->slot, &f->servers[i].sum);
    }

    return NGX_OK;
}


/* what never came to a socket is counted by the program in the kernel */

static void
ngx_dns_status_xdp(uint32_t slot, ngx_dns_server_counters_t *sum)
{
    ngx_uint_t            i;
    ngx_dns_xdp_counts_t  xdp;

    ngx_dns_xdp_sum(&ngx_dns_xdp_table, slot, &xdp);

    for (i = 0; i < NGX_DNS_XDP_TYPES; i++) {
        sum->queries[NGX_DNS_PROTO_UDP][i] += xdp.queries[i];
    }

    for (i = 0; i < NGX_DNS_XDP_RCODES; i++) {
        sum->responses[NGX_DNS_SOURCE_XDP][i] += xdp.responses[i];
    }
}


static ngx_int_t
ngx_dns_status_peers(ngx_dns_status_t *st, ngx_dns_figures_t *f,
    ngx_pool_t *pool)
{
    ngx_uint_t                   i, k, n;
    ngx_dns_peer_t              *peer;
    ngx_dns_upstream_t         **u;
    ngx_dns_figures_peer_t      *fp;
    ngx_dns_figures_upstream_t  *fu;

    n = 0;
    u = st->upstreams.elts;

    for (i = 0; i < st->upstreams.nelts; i++) {
        n += u[i]->live;
    }

    fp = ngx_palloc(pool, ngx_max(n, 1) * sizeof(ngx_dns_figures_peer_t));
    fu = ngx_palloc(pool, ngx_max(st->upstreams.nelts, 1)
                          * sizeof(ngx_dns_figures_upstream_t));

    if (fp == NULL || fu == NULL) {
        return NGX_ERROR;
    }

    f->peers = fp;
    f->npeers = n;
    f->upstreams = fu;
    f->nupstreams = st->upstreams.nelts;

    for (i = 0; i < st->upstreams.nelts; i++) {
        fu[i].upstream = u[i];
        fu[i].peers = fp;
        fu[i].npeers = u[i]->live;

        peer = u[i]->peers.elts;

        for (k = 0; k < u[i]->peers.nelts; k++) {
            if (!peer[k].vacant) {
                ngx_dns_status_peer(st, &peer[k], fp++);
            }
        }
    }

    return NGX_OK;
}


static void
ngx_dns_status_peer(ngx_dns_status_t *st, ngx_dns_peer_t *peer,
    ngx_dns_figures_peer_t *fp)
{
    fp->upstream = peer->upstream;
    fp->peer = peer;

    ngx_dns_metrics_sum_peer(st->metrics, peer->metrics.slot, &fp->sum);
    ngx_dns_seat_counters(peer, &fp->sum);
    ngx_dns_peer_status(peer, ngx_current_msec, &fp->status);
}


static ngx_int_t
ngx_dns_status_caches(ngx_dns_status_t *st, ngx_dns_figures_t *f,
    ngx_pool_t *pool)
{
    ngx_uint_t                 i;
    ngx_shm_zone_t           **zone;
    ngx_dns_cache_shm_t       *cache;
    ngx_dns_figures_cache_t   *fc;

    f->limits = st->limits->elts;
    f->nlimits = st->limits->nelts;
    f->ncaches = st->caches.nelts;
    f->caches = ngx_palloc(pool, ngx_max(f->ncaches, 1)
                                 * sizeof(ngx_dns_figures_cache_t));
    if (f->caches == NULL) {
        return NGX_ERROR;
    }

    zone = st->caches.elts;

    for (i = 0; i < f->ncaches; i++) {
        fc = &f->caches[i];
        cache = zone[i]->data;

        fc->name = &zone[i]->shm.name;
        fc->size = zone[i]->shm.size;

        ngx_dns_cache_stat(cache, &fc->stat);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_status_changes(ngx_dns_status_t *st, ngx_dns_figures_t *f,
    ngx_pool_t *pool)
{
    f->changes = ngx_palloc(pool, NGX_DNS_DESK_CHANGES
                                  * sizeof(ngx_dns_desk_change_t));
    if (f->changes == NULL) {
        return NGX_ERROR;
    }

    f->nchanges = ngx_dns_desk_changes(st->desk, f->changes);
    f->drained = ngx_dns_load(&st->desk->drained) != 0;

    return NGX_OK;
}


uint64_t
ngx_dns_status_source(const ngx_dns_server_counters_t *sum,
    ngx_dns_source_e source)
{
    uint64_t    n;
    ngx_uint_t  i;

    /* the kernel's are hits of the cache, too */

    n = source == NGX_DNS_SOURCE_CACHE
        ? ngx_dns_status_source(sum, NGX_DNS_SOURCE_XDP) : 0;

    for (i = 0; i < NGX_DNS_METRICS_RCODES; i++) {
        n += sum->responses[source][i];
    }

    return n;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_budget.h"


static ngx_int_t ngx_stream_dns_metrics_status(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_metrics_server(ngx_conf_t *cf,
    ngx_dns_status_t *st, ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_metrics_name(ngx_conf_t *cf,
    ngx_dns_status_t *st, ngx_str_t *name);
static ngx_int_t ngx_stream_dns_metrics_zone(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_metrics_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_stream_dns_metrics_place(ngx_dns_status_t *st,
    ngx_log_t *log);
static ngx_uint_t ngx_stream_dns_metrics_peers(ngx_dns_status_t *st,
    ngx_dns_metrics_id_t **ids);


ngx_int_t  (*ngx_stream_dns_http_check)(ngx_stream_dns_main_conf_t *dmcf,
    ngx_log_t *log);


ngx_int_t
ngx_stream_dns_metrics_init(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    if (ngx_stream_dns_metrics_status(cf, dmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_dns_metrics_zone(cf, dmcf);
}


static ngx_int_t
ngx_stream_dns_metrics_status(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, k;
    ngx_dns_peer_t               *peer;
    ngx_dns_status_t             *st;
    ngx_dns_upstream_t           *u, **up;
    ngx_stream_dns_srv_conf_t   **dscf;
    ngx_stream_dns_upstream_t   **us;

    st = &dmcf->status;

    if (ngx_array_init(&st->servers, cf->pool, dmcf->servers.nelts,
                       sizeof(ngx_dns_status_server_t))
        != NGX_OK
        || ngx_array_init(&st->upstreams, cf->pool,
                          ngx_max(dmcf->upstreams.nelts, 1),
                          sizeof(ngx_dns_upstream_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    st->limits = &dmcf->limit_zones;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (ngx_stream_dns_metrics_server(cf, st, dscf[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        u = &us[i]->upstream;

        up = ngx_array_push(&st->upstreams);
        if (up == NULL) {
            return NGX_ERROR;
        }

        *up = u;
        u->used = us[i]->used || us[i]->file == NULL;

        peer = u->peers.elts;

        for (k = 0; k < u->peers.nelts; k++) {
            ngx_dns_metrics_identify(&peer[k].metrics, &u->name,
                                     &peer[k].name);
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_metrics_server(ngx_conf_t *cf, ngx_dns_status_t *st,
    ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_dns_status_server_t  *server;

    if (ngx_stream_dns_metrics_name(cf, st, &dscf->name) != NGX_OK) {
        return NGX_ERROR;
    }

    server = ngx_array_push(&st->servers);
    if (server == NULL) {
        return NGX_ERROR;
    }

    server->name = dscf->name;
    server->listens = dscf->listens;
    server->zones = dscf->zones;
    server->cache = dscf->policy.cache_zone;
    server->metrics = &dscf->metrics;

    ngx_dns_metrics_identify(&dscf->metrics, &server->name, NULL);

    return NGX_OK;
}


/* as where UDP and TCP of an address have a server each */

static ngx_int_t
ngx_stream_dns_metrics_name(ngx_conf_t *cf, ngx_dns_status_t *st,
    ngx_str_t *name)
{
    u_char                   *p;
    ngx_uint_t                i, n;
    ngx_dns_status_server_t  *server;

    n = 0;
    server = st->servers.elts;

    for (i = 0; i < st->servers.nelts; i++) {
        if (server[i].name.len >= name->len
            && ngx_memcmp(server[i].name.data, name->data, name->len) == 0
            && (server[i].name.len == name->len
                || server[i].name.data[name->len] == '#'))
        {
            n++;
        }
    }

    if (n == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(cf->pool, name->len + 1 + NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name->len = ngx_sprintf(p, "%V#%ui", name, n + 1) - p;
    name->data = p;

    return NGX_OK;
}


/* its slots are in its name: a zone of another layout is another zone */

static ngx_int_t
ngx_stream_dns_metrics_zone(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    size_t      size;
    u_char     *p;
    uint32_t    servers, peers;
    ngx_str_t   name;

    servers = ngx_dns_metrics_slots(dmcf->status.servers.nelts);
    peers = ngx_dns_metrics_slots(ngx_stream_dns_metrics_peers(&dmcf->status,
                                                               NULL));

    p = ngx_pnalloc(cf->pool, sizeof("dns_metrics:x") + 2 * NGX_INT32_LEN);
    if (p == NULL) {
        return NGX_ERROR;
    }

    name.data = p;
    name.len = ngx_sprintf(p, "dns_metrics:%uDx%uD", servers, peers) - p;

    size = ngx_stream_dns_shm_size(ngx_dns_metrics_size(servers, peers));

    dmcf->cycle = cf->cycle;
    dmcf->metrics = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_METRICS,
                                           &name, size,
                                           ngx_stream_dns_metrics_init_zone,
                                           dmcf);

    return dmcf->metrics ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_metrics_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_stream_dns_main_conf_t *old = data;

    uint32_t                     servers, peers;
    ngx_slab_pool_t             *shpool;
    ngx_dns_metrics_shm_t       *shm;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /*
     * Without a master nginx starts nothing of a module after a reload, and
     * timers go on with memory that is another configuration's.
     */

    if (ngx_process == NGX_PROCESS_SINGLE && !ngx_is_init_cycle(ngx_cycle)) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "with \"master_process off\" servers with \"dns_*\" "
                      "directives can't be reloaded, restart nginx");
        return NGX_ERROR;
    }

    /* here all has been read, and an error only refuses the configuration */

    if (ngx_stream_dns_budget_check(dmcf->cycle, dmcf, shm_zone->shm.log)
        != NGX_OK
        || (ngx_stream_dns_http_check
            && ngx_stream_dns_http_check(dmcf, shm_zone->shm.log) != NGX_OK))
    {
        return NGX_ERROR;
    }

    servers = ngx_dns_metrics_slots(dmcf->status.servers.nelts);
    peers = ngx_dns_metrics_slots(ngx_stream_dns_metrics_peers(&dmcf->status,
                                                               NULL));

    if (old) {
        shm = old->status.metrics;

    } else if (shm_zone->shm.exists) {
        shm = shpool->data;

    } else {
        shm = ngx_slab_alloc(shpool, ngx_dns_metrics_size(servers, peers));
        if (shm == NULL) {
            return NGX_ERROR;
        }

        shm->layout = 0;
        shpool->data = shm;
    }

    if (ngx_dns_metrics_init(shm, servers, peers) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" was made by another version of the module",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    dmcf->status.metrics = shm;

    return ngx_stream_dns_metrics_place(&dmcf->status, shm_zone->shm.log);
}


static ngx_int_t
ngx_stream_dns_metrics_place(ngx_dns_status_t *st, ngx_log_t *log)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i, n;
    ngx_dns_limit_zone_t     **limit;
    ngx_dns_metrics_id_t     **ids;
    ngx_dns_status_server_t   *server;

    n = ngx_max(ngx_stream_dns_metrics_peers(st, NULL), st->servers.nelts);
    n = ngx_max(n, st->limits->nelts);

    ids = ngx_alloc(n * sizeof(ngx_dns_metrics_id_t *), log);
    if (ids == NULL) {
        return NGX_ERROR;
    }

    server = st->servers.elts;

    for (i = 0; i < st->servers.nelts; i++) {
        ids[i] = server[i].metrics;
    }

    rc = ngx_dns_metrics_place(st->metrics, NGX_DNS_METRICS_SERVER, ids,
                               st->servers.nelts);

    if (rc == NGX_OK) {
        n = ngx_stream_dns_metrics_peers(st, ids);

        rc = ngx_dns_metrics_place(st->metrics, NGX_DNS_METRICS_PEER, ids, n);
    }

    limit = st->limits->elts;

    for (i = 0; i < st->limits->nelts; i++) {
        ids[i] = &limit[i]->metrics;
    }

    if (rc == NGX_OK) {
        rc = ngx_dns_metrics_place(st->metrics, NGX_DNS_METRICS_LIMIT, ids,
                                   st->limits->nelts);
    }

    ngx_free(ids);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "zone \"dns_metrics\" has no room for all servers");
    }

    return rc;
}


/* of all upstreams: their number, and their identities */

static ngx_uint_t
ngx_stream_dns_metrics_peers(ngx_dns_status_t *st, ngx_dns_metrics_id_t **ids)
{
    ngx_uint_t            i, k, n;
    ngx_dns_peer_t       *peer;
    ngx_dns_upstream_t  **u;

    n = 0;
    u = st->upstreams.elts;

    for (i = 0; i < st->upstreams.nelts; i++) {
        peer = u[i]->peers.elts;

        for (k = 0; k < u[i]->peers.nelts; k++) {
            if (ids) {
                ids[n] = &peer[k].metrics;
            }

            n++;
        }
    }

    return n;
}

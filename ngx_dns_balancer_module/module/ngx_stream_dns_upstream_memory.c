
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


static ngx_int_t ngx_stream_dns_upstream_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);


ngx_int_t
ngx_stream_dns_upstream_memory(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    size_t       size;
    u_char      *p;
    ngx_uint_t   n;

    static ngx_str_t  prefix = ngx_string("dns_upstream:");

    n = us->upstream.peers.nelts;
    size = ngx_stream_dns_shm_size(ngx_dns_peers_size(n));

    if (us->shm_size && us->shm_size < size) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small for dns_upstream \"%V\" "
                           "with %ui server%s, it must be at least %uz",
                           &us->shm_name, &us->upstream.name, n,
                           n == 1 ? "" : "s", size);
        return NGX_ERROR;
    }

    if (us->shm_size == 0) {
        /* a few more servers make no other zone */

        for (size = 8; size < n; size *= 2) { /* void */ }

        size = ngx_stream_dns_shm_size(ngx_dns_peers_size(size));

        p = ngx_pnalloc(cf->pool, prefix.len + us->upstream.name.len);
        if (p == NULL) {
            return NGX_ERROR;
        }

        us->shm_name.data = p;
        us->shm_name.len = prefix.len + us->upstream.name.len;

        p = ngx_cpymem(p, prefix.data, prefix.len);
        ngx_memcpy(p, us->upstream.name.data, us->upstream.name.len);

        us->shm_size = size;
    }

    us->shm_zone = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_PEERS,
                                          &us->shm_name, us->shm_size,
                                          ngx_stream_dns_upstream_init_zone,
                                          us);

    return us->shm_zone ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_upstream_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_stream_dns_upstream_t *old = data;

    size_t                      size;
    ngx_slab_pool_t            *shpool;
    ngx_shm_zone_t             *running;
    ngx_dns_peers_shm_t        *shm;
    ngx_stream_dns_upstream_t  *us;

    us = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;
    size = ngx_stream_dns_shm_room(shm_zone->shm.size);

    if (old) {
        shm = old->upstream.shm;

    } else if (shm_zone->shm.exists) {
        shm = shpool->data;

    } else {
        shm = ngx_slab_alloc(shpool, size);
        if (shm == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(shm, size);
        shpool->data = shm;
    }

    if (ngx_dns_peers_init(&us->upstream, shm, size) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" has no room for the servers of "
                      "dns_upstream \"%V\", or another version of the module "
                      "made it: change its size or name",
                      &shm_zone->shm.name, &us->upstream.name);
        return NGX_ERROR;
    }

    /* the zone has another size now */

    running = old ? NULL : ngx_stream_dns_shm_running(shm_zone);

    if (running) {
        old = running->data;
        ngx_dns_peers_inherit(&us->upstream, old->upstream.shm);
    }

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


static ngx_int_t ngx_stream_dns_desk_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);


/* its size never changes, so that it is kept whatever is reloaded */

ngx_int_t
ngx_stream_dns_desk_init(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    static ngx_str_t  name = ngx_string("dns_desk:");

    return ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_DESK, &name,
                                  ngx_stream_dns_shm_size(
                                                  sizeof(ngx_dns_desk_shm_t)),
                                  ngx_stream_dns_desk_init_zone,
                                  &dmcf->status)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_desk_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_dns_status_t *old = data;

    ngx_slab_pool_t     *shpool;
    ngx_dns_status_t    *st;
    ngx_dns_desk_shm_t  *desk;

    st = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        desk = old->desk;

    } else if (shm_zone->shm.exists) {
        desk = shpool->data;

    } else {
        desk = ngx_slab_calloc(shpool, sizeof(ngx_dns_desk_shm_t));
        if (desk == NULL) {
            return NGX_ERROR;
        }

        shpool->data = desk;
    }

    if (ngx_dns_desk_init(desk) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" was made by another version of the module",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    st->desk = desk;

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


ngx_int_t
ngx_stream_dns_forward_init(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_int_t                  rc;
    ngx_uint_t                 i;
    ngx_dns_zone_t            *zone, **p;
    ngx_stream_dns_target_t   *target;
    ngx_stream_dns_forward_t  *forward;

    dscf->dns.listener.forward = ngx_dns_forward_create(cf->pool);
    if (dscf->dns.listener.forward == NULL
        || ngx_array_init(&dscf->zones, cf->pool, 4, sizeof(ngx_dns_zone_t *))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (dscf->forwards == NULL) {
        return NGX_OK;
    }

    forward = dscf->forwards->elts;

    for (i = 0; i < dscf->forwards->nelts; i++) {

        /* the lines may be those of the level above: each server has its own */

        zone = ngx_palloc(cf->pool, sizeof(ngx_dns_zone_t));
        p = ngx_array_push(&dscf->zones);

        if (zone == NULL || p == NULL) {
            return NGX_ERROR;
        }

        *p = zone;
        *zone = forward[i].zone;

        target = forward[i].target;

        zone->policy = target->policy ? target->policy : &dscf->policy;
        zone->returns = target->returns;

        zone->choice = target->variables ? target : NULL;

        if (zone->returns == NULL && zone->choice == NULL) {
            zone->upstream = ngx_stream_dns_target(cf, target, &target->text);
            if (zone->upstream == NULL) {
                return NGX_ERROR;
            }
        }

        if (ngx_stream_dns_fallback_init(cf, target, zone) != NGX_OK) {
            return NGX_ERROR;
        }

        rc = ngx_dns_forward_add(dscf->dns.listener.forward, zone);

        if (rc == NGX_BUSY) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%s\": duplicate zone \"%V\" in %s:%ui",
                          target->block, &zone->text, target->file,
                          target->line);
        }

        if (rc != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

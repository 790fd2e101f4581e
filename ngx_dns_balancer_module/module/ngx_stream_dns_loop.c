
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


static void ngx_stream_dns_loop_zone(ngx_stream_dns_main_conf_t *dmcf,
    ngx_dns_zone_t *zone);
static void ngx_stream_dns_loop_add(ngx_dns_upstream_t *u,
    ngx_dns_zone_t *zone);


/* which zones each upstream is asked for, or may be */

void
ngx_stream_dns_loop_init(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, k;
    ngx_dns_zone_t              **zone;
    ngx_stream_dns_srv_conf_t   **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        zone = dscf[i]->zones.elts;

        for (k = 0; k < dscf[i]->zones.nelts; k++) {
            ngx_stream_dns_loop_zone(dmcf, zone[k]);
        }
    }
}


static void
ngx_stream_dns_loop_zone(ngx_stream_dns_main_conf_t *dmcf,
    ngx_dns_zone_t *zone)
{
    ngx_uint_t                i;
    ngx_dns_fallback_t       *f;
    ngx_stream_dns_choice_t  *c;

    if (zone->upstream) {
        ngx_stream_dns_loop_add(zone->upstream, zone);
    }

    for (f = zone->fallback; f; f = f->next) {
        ngx_stream_dns_loop_add(f->upstream, zone);
    }

    if (zone->choice) {
        c = dmcf->choices.elts;

        for (i = 0; i < dmcf->choices.nelts; i++) {
            ngx_stream_dns_loop_add(c[i].choice.upstream, zone);
        }
    }
}


/* it is the first of what the module has of it */

static void
ngx_stream_dns_loop_add(ngx_dns_upstream_t *u, ngx_dns_zone_t *zone)
{
    ngx_stream_dns_upstream_t  *us;

    us = (ngx_stream_dns_upstream_t *) u;

    us->loop.upstream = u;
    ngx_dns_loop_add(&us->loop, zone);
}

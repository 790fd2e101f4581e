
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_xdp.h"


#define NGX_STREAM_DNS_XDP_ADDRESSES  10   /* ticks: a second */


static void ngx_stream_dns_xdp_tick_handler(ngx_event_t *ev);


/*
 * Handlers of other modules are not known before all of them are there.  What
 * the server would ask is then asked, for none of its answers gets into the
 * kernel.
 */

void
ngx_stream_dns_xdp_open(ngx_cycle_t *cycle, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_dns_listener_t  *listener;

    listener = &dscf->dns.listener;

    if (!dscf->xdp || ngx_dns_xdp_table.control == NULL) {
        return;
    }

    if (listener->enter || listener->points) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "\"dns_xdp on\" has no effect where another module "
                      "looks at each query, in server in %s:%ui",
                      dscf->core->file_name, dscf->core->line);
        return;
    }

    listener->xdp = dscf->metrics.slot;

    ngx_dns_stage_add(listener, &ngx_dns_stage_hot);
}


void
ngx_stream_dns_xdp_hold(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_event_t  *ev;

    if (dmcf->xdp == NULL || ngx_dns_xdp_table.control == NULL) {
        return;
    }

    ev = &dmcf->xdp->event;

    ev->handler = ngx_stream_dns_xdp_tick_handler;
    ev->data = dmcf;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    dmcf->xdp->ticks = 0;

    ngx_stream_dns_xdp_tick_handler(ev);
}


void
ngx_stream_dns_xdp_let(ngx_stream_dns_main_conf_t *dmcf)
{
    if (dmcf->xdp && dmcf->xdp->event.timer_set) {
        ngx_del_timer(&dmcf->xdp->event);
    }
}


static void
ngx_stream_dns_xdp_tick_handler(ngx_event_t *ev)
{
    ngx_stream_dns_xdp_t        *xdp;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ev->data;
    xdp = dmcf->xdp;

    if (ngx_exiting || !ngx_stream_dns_once(dmcf)) {
        return;
    }

    ngx_dns_hot_look();

    if (xdp->wildcard && ++xdp->ticks % NGX_STREAM_DNS_XDP_ADDRESSES == 0) {
        (void) ngx_stream_dns_xdp_addresses(dmcf->cycle, xdp);
    }

    ngx_add_timer(ev, NGX_DNS_HOT_TICK);
}

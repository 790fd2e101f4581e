
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"


/* of the upstream, or of stream {} */

ngx_int_t
ngx_stream_dns_seats_check(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_uint_t                 i;
    ngx_stream_dns_source_t  **src;

    if (us->sources == NULL) {
        return NGX_OK;
    }

    if (us->resolver == NULL) {
        us->resolver = us->core->resolver;
    }

    if (us->resolver_timeout == 0) {
        us->resolver_timeout = us->core->resolver_timeout;

        ngx_conf_init_msec_value(us->resolver_timeout, 30000);
    }

    src = us->sources->elts;

    for (i = 0; i < us->sources->nelts; i++) {

        if (src[i]->host.len == 0) {
            if (ngx_stream_dns_resolv_conf_check(cf, src[i]) != NGX_OK) {
                return NGX_ERROR;
            }

            continue;
        }

        if ((us->resolver == NULL || us->resolver->connections.nelts == 0))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "no \"resolver\" for \"resolve\" of server \"%V\" "
                          "in dns_upstream \"%V\" in %s:%ui",
                          &src[i]->text, &us->upstream.name, us->file,
                          us->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


void
ngx_stream_dns_seats_commit(ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        us[i]->dmcf = dmcf;

        if (us[i]->sources) {
            ngx_stream_dns_seats_settle(us[i], log);
        }
    }
}


ngx_uint_t
ngx_stream_dns_seats_tick(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, none;
    ngx_stream_dns_upstream_t   **us;

    none = 0;
    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->sources) {
            ngx_stream_dns_seats_apply(us[i], (ngx_log_t *) ngx_cycle->log);
            none |= us[i]->upstream.live == 0;
        }
    }

    return none;
}


void
ngx_stream_dns_seats_open(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->sources) {
            us[i]->upstream.expects = ngx_current_msec
                                      + NGX_STREAM_DNS_SEATS_EXPECT;
        }
    }

    (void) ngx_stream_dns_seats_tick(dmcf);
}


void
ngx_stream_dns_seats_start(ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log)
{
    ngx_uint_t                    i, k;
    ngx_stream_dns_source_t     **src;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {

        src = us[i]->sources ? us[i]->sources->elts : NULL;

        for (k = 0; src && k < us[i]->sources->nelts; k++) {
            src[k]->known = 0;
            src[k]->fails = 0;
            src[k]->sign = 0;
            src[k]->seen = 0;

            src[k]->event.handler = src[k]->host.len
                                    ? ngx_stream_dns_names_handler
                                    : ngx_stream_dns_resolv_conf_handler;
            src[k]->event.data = src[k];
            src[k]->event.log = log;
            src[k]->event.cancelable = 1;

            ngx_add_timer(&src[k]->event, 1);
        }
    }
}


void
ngx_stream_dns_seats_stop(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, k;
    ngx_stream_dns_source_t     **src;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {

        src = us[i]->sources ? us[i]->sources->elts : NULL;

        for (k = 0; src && k < us[i]->sources->nelts; k++) {
            if (src[k]->event.timer_set) {
                ngx_del_timer(&src[k]->event);
            }

            if (src[k]->ctx) {
                ngx_resolve_name_done(src[k]->ctx);
                src[k]->ctx = NULL;
            }
        }
    }
}

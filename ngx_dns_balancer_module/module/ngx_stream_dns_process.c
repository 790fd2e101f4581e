
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../base/ngx_dns_random.h"
#include "../front/ngx_dns_front_session.h"
#include "../front/ngx_dns_front_tcp.h"
#include "../front/ngx_dns_front_udp.h"
#include "../query/ngx_dns_attempt.h"
#include "../query/ngx_dns_health.h"
#include "../transport/ngx_dns_tcp_out.h"
#include "../transport/ngx_dns_udp_out.h"


#define NGX_STREAM_DNS_CHECK  1000         /* milliseconds */


static void ngx_stream_dns_attach(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static void ngx_stream_dns_check_handler(ngx_event_t *ev);


/*
 * In the master, when nothing of the new configuration can fail any more:
 * from here on shared memory is its, and not that of the old workers.
 */

ngx_int_t
ngx_stream_dns_init_module(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);

    if (dmcf && dmcf->servers.nelts) {
        us = dmcf->upstreams.elts;

        for (i = 0; i < dmcf->upstreams.nelts; i++) {
            ngx_dns_peers_commit(&us[i]->upstream, ngx_current_msec);
        }

        ngx_dns_metrics_commit(dmcf->status.metrics);
    }

    return ngx_stream_dns_listen_hold(cycle);
}


ngx_int_t
ngx_stream_dns_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i, servers;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_srv_conf_t   **dscf;
    ngx_stream_dns_main_conf_t   *dmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);
    if (dmcf == NULL || dmcf->servers.nelts == 0) {
        return NGX_OK;
    }

    ngx_dns_random_reset();
    ngx_dns_timer_init(cycle->log);
    ngx_dns_tcp_out_init(cycle);
    ngx_dns_attempt_init(&ngx_dns_udp_out, &ngx_dns_tcp_out);

    ngx_stream_dns_attach(cycle, dmcf);

    us = dmcf->upstreams.elts;
    servers = 0;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        servers += us[i]->upstream.peers.nelts;
    }

    if (ngx_dns_inflight_init(cycle, dmcf->queries) != NGX_OK
        || ngx_dns_udp_out_init(cycle, dmcf->queries, servers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (ngx_stream_dns_session_create(cycle, dscf[i]) != NGX_OK) {
            return NGX_ERROR;
        }

        ngx_stream_dns_cache_open(dscf[i]);

        dscf[i]->dns.counters =
                          ngx_dns_metrics_server(dscf[i]->metrics.slot);
    }

    if (ngx_stream_dns_listen_open(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    dmcf->check.handler = ngx_stream_dns_check_handler;
    dmcf->check.data = dmcf;
    dmcf->check.log = cycle->log;
    dmcf->check.cancelable = 1;

    ngx_add_timer(&dmcf->check, NGX_STREAM_DNS_CHECK);

    /* work that is needed once: the master respawns this worker if it dies */

    if (ngx_worker == 0) {
        ngx_stream_dns_hosts_start(cycle, dmcf);

        for (i = 0; i < dmcf->upstreams.nelts; i++) {
            if (ngx_dns_health_start(cycle, &us[i]->upstream, &us[i]->health,
                                     &ngx_dns_udp_out, &ngx_dns_tcp_out)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static void
ngx_stream_dns_attach(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    rc = ngx_dns_metrics_attach(dmcf->status.metrics);

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (ngx_dns_peers_attach(&us[i]->upstream, ngx_current_msec)
            != NGX_OK)
        {
            rc = NGX_DECLINED;
        }
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "more than %d worker processes, old ones included, use "
                      "dns_upstream: what this one counts is not shown",
                      NGX_DNS_PEER_PROCS);
    }
}


static void
ngx_stream_dns_check_handler(ngx_event_t *ev)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ev->data;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_check(&us[i]->upstream, ngx_current_msec,
                            ngx_worker == 0);
    }

    if (!ngx_exiting) {
        ngx_add_timer(ev, NGX_STREAM_DNS_CHECK);
    }
}


void
ngx_stream_dns_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return;
    }

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);
    if (dmcf == NULL || dmcf->servers.nelts == 0) {
        return;
    }

    if (dmcf->check.timer_set) {
        ngx_del_timer(&dmcf->check);
    }

    ngx_stream_dns_hosts_stop(dmcf);
    ngx_dns_health_done();

    /* whoever still waits gets an answer */

    ngx_dns_query_quit(1);
    ngx_dns_timer_done();
    ngx_dns_udp_out_done();
    ngx_dns_tcp_out_done();
    ngx_dns_front_session_done();
    ngx_dns_front_udp_done();
    ngx_dns_front_tcp_done();

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_detach(&us[i]->upstream);
    }

    ngx_dns_metrics_detach(dmcf->status.metrics);
}

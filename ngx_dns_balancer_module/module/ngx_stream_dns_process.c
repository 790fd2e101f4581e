
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
#include "../query/ngx_dns_inflight.h"
#include "../query/ngx_dns_transfer.h"
#include "../transport/ngx_dns_reserve.h"
#include "../transport/ngx_dns_tcp_out.h"
#include "../transport/ngx_dns_udp_out.h"


#define NGX_STREAM_DNS_CHECK        1000   /* milliseconds */
#define NGX_STREAM_DNS_CONNECTIONS  (32 + NGX_DNS_TCP_CONNECTIONS)


static ngx_uint_t ngx_stream_dns_workers(ngx_cycle_t *cycle);
static void ngx_stream_dns_check_handler(ngx_event_t *ev);


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
    ngx_dns_metrics_attach(dmcf->status.metrics);
    ngx_dns_timer_init(cycle->log);
    ngx_dns_tcp_out_init(cycle);
    ngx_dns_attempt_init(&ngx_dns_udp_out, &ngx_dns_tcp_out);

    us = dmcf->upstreams.elts;
    servers = 0;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_attach(&us[i]->upstream);
        servers += us[i]->upstream.peers.nelts;
    }

    /* sockets, connections, and those of transfers */

    ngx_dns_reserve_init(cycle, servers * NGX_STREAM_DNS_CONNECTIONS
                                + NGX_DNS_TRANSFERS);

    if (ngx_dns_inflight_init(cycle, dmcf->queries,
                              ngx_stream_dns_workers(cycle))
        != NGX_OK
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

    /* work that is needed once: the master respawns this worker if it dies */

    if (ngx_worker == 0) {
        dmcf->check.handler = ngx_stream_dns_check_handler;
        dmcf->check.data = dmcf;
        dmcf->check.log = cycle->log;
        dmcf->check.cancelable = 1;

        ngx_add_timer(&dmcf->check, NGX_STREAM_DNS_CHECK);

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


static ngx_uint_t
ngx_stream_dns_workers(ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    return ngx_process == NGX_PROCESS_SINGLE
           ? 1 : (ngx_uint_t) ccf->worker_processes;
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
        ngx_dns_peers_check(&us[i]->upstream);
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
    ngx_dns_reserve_done();
    ngx_dns_front_session_done();
    ngx_dns_front_udp_done();
    ngx_dns_front_tcp_done();

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_detach(&us[i]->upstream);
    }

    ngx_dns_metrics_detach(dmcf->status.metrics);
}

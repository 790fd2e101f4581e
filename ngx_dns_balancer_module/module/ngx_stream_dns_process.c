
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_budget.h"
#include "ngx_stream_dns_cache_file.h"
#include "ngx_stream_dns_rights.h"
#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_xdp.h"
#include "../base/ngx_dns_random.h"
#include "../front/ngx_dns_front_https.h"
#include "../front/ngx_dns_front_out.h"
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


/* milliseconds: who does what is needed once */

#define NGX_STREAM_DNS_TICK_MIN  50
#define NGX_STREAM_DNS_TICK_MAX  1000
#define NGX_STREAM_DNS_SETTLE    1000


static ngx_stream_dns_main_conf_t *ngx_stream_dns_worker_conf(
    ngx_cycle_t *cycle);
static ngx_int_t ngx_stream_dns_servers_open(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_upstreams_open(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_uint_t ngx_stream_dns_reserve(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_uint_t ngx_stream_dns_transfers(ngx_uint_t others);
static ngx_uint_t ngx_stream_dns_workers(ngx_cycle_t *cycle);
static void ngx_stream_dns_attach(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_msec_t ngx_stream_dns_tick(ngx_stream_dns_main_conf_t *dmcf);
static void ngx_stream_dns_check_handler(ngx_event_t *ev);
static void ngx_stream_dns_hold(ngx_stream_dns_main_conf_t *dmcf,
    ngx_uint_t holds);


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
        dmcf->generation = dmcf->status.metrics->generation;

        ngx_stream_dns_seats_commit(dmcf, cycle->log);
        ngx_stream_dns_rights_check(cycle, dmcf);
    }

    ngx_stream_dns_xdp_start(cycle, dmcf);

    return ngx_stream_dns_listen_hold(cycle);
}


ngx_int_t
ngx_stream_dns_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   servers;
    ngx_stream_dns_main_conf_t  *dmcf;

    if (ngx_process != NGX_PROCESS_SINGLE) {
        ngx_stream_dns_xdp_links_leave();
    }

    dmcf = ngx_stream_dns_worker_conf(cycle);

    if (dmcf == NULL) {
        return NGX_OK;
    }

    ngx_dns_random_reset();
    ngx_dns_timer_init(cycle->log);

    ngx_stream_dns_attach(cycle, dmcf);

    servers = ngx_stream_dns_reserve(cycle, dmcf);

    if (ngx_dns_inflight_init(cycle, dmcf->queries,
                              ngx_stream_dns_workers(cycle))
        != NGX_OK
        || ngx_dns_transports_init(cycle, dmcf->queries, servers) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_stream_dns_secret_open(dmcf);

    if (ngx_stream_dns_servers_open(cycle, dmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_stream_dns_cache_open(dmcf);

    if (ngx_stream_dns_listen_open(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dns_gauge_limit(NGX_DNS_GAUGE_CLIENTS, cycle->free_connection_n);
    ngx_dns_gauge_limit(NGX_DNS_GAUGE_QUERIES, dmcf->queries);
    ngx_dns_gauge_limit(NGX_DNS_GAUGE_UNREAD, NGX_DNS_FRONT_OUT_TOTAL);

    if (ngx_stream_dns_upstreams_open(cycle, dmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    dmcf->check.handler = ngx_stream_dns_check_handler;
    dmcf->check.data = dmcf;
    dmcf->check.log = cycle->log;
    dmcf->check.cancelable = 1;
    dmcf->tick = ngx_stream_dns_tick(dmcf);

    ngx_stream_dns_check_handler(&dmcf->check);

    return NGX_OK;
}


/* NULL: this process, or this configuration, answers no queries */

static ngx_stream_dns_main_conf_t *
ngx_stream_dns_worker_conf(ngx_cycle_t *cycle)
{
    ngx_stream_dns_main_conf_t  *dmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NULL;
    }

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);

    return (dmcf && dmcf->servers.nelts) ? dmcf : NULL;
}


static ngx_int_t
ngx_stream_dns_servers_open(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        dscf[i]->dns.runtime.counters =
                          ngx_dns_metrics_server(dscf[i]->metrics.slot);

        if (ngx_stream_dns_dnstap_open(cycle, dscf[i]) != NGX_OK
            || ngx_stream_dns_session_create(cycle, dscf[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_stream_dns_xdp_open(cycle, dscf[i]);
        ngx_stream_dns_service_open(dscf[i]);
    }

    ngx_dns_hot_open(&dmcf->status.caches, cycle->log);

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_upstreams_open(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i;
    ngx_stream_dns_upstream_t  **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (ngx_dns_health_init(cycle, &us[i]->upstream, &us[i]->health)
            != NGX_OK
            || (us[i]->loop.n
                && ngx_dns_loop_init(cycle, &us[i]->loop) != NGX_OK))
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* connections are set apart for servers, whose number is returned */

static ngx_uint_t
ngx_stream_dns_reserve(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, n, servers, others;
    ngx_stream_dns_budget_t       budget;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;
    servers = 0;

    /* sockets and connections */

    others = ngx_stream_dns_dnstap_count(dmcf);

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        servers += ngx_stream_dns_seats_most(us[i]);
        others += ngx_stream_dns_seats_most(us[i])
                  * (NGX_DNS_UDP_SOCKETS + us[i]->upstream.keepalive);
    }

    ngx_stream_dns_budget_count(cycle, dmcf, &budget);

    n = ngx_stream_dns_budget_left(&budget);

    ngx_dns_reserve_init(cycle, ngx_min(others + NGX_DNS_TRANSFERS, n),
                         budget.connections[NGX_STREAM_DNS_NEED_SERVERS]);

    ngx_dns_transfer_init(ngx_stream_dns_transfers(others));

    return servers;
}


/*
 * How many connections transfers may have: what sockets to servers leave of
 * the reserve.  Where it is short they get an eighth, half of what the sockets
 * leave to connections (ngx_dns_udp_out.c).
 */

static ngx_uint_t
ngx_stream_dns_transfers(ngx_uint_t others)
{
    ngx_uint_t  limit;

    limit = ngx_dns_reserve_limit();

    return limit > others ? ngx_max(limit - others, limit / 8) : limit / 8;
}


static ngx_uint_t
ngx_stream_dns_workers(ngx_cycle_t *cycle)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    return ngx_process == NGX_PROCESS_SINGLE
           ? 1 : (ngx_uint_t) ccf->worker_processes;
}


/* half the shortest interval of health checks; or as often as seats want */

static ngx_msec_t
ngx_stream_dns_tick(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_msec_t                    tick;
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    tick = ngx_stream_dns_seats_used(dmcf) ? NGX_STREAM_DNS_SEATS_TICK
                                           : NGX_STREAM_DNS_TICK_MAX;
    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->checks == NGX_STREAM_DNS_CHECKS_ON) {
            tick = ngx_min(tick, us[i]->health.interval / 2);
        }
    }

    return ngx_max(tick, NGX_STREAM_DNS_TICK_MIN);
}


static void
ngx_stream_dns_attach(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_int_t                     rc;
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    ngx_dns_desk = dmcf->status.desk;

    rc = ngx_dns_metrics_attach(dmcf->status.metrics);

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (ngx_dns_peers_attach(&us[i]->upstream, ngx_current_msec)
            != NGX_OK)
        {
            rc = NGX_DECLINED;
        }
    }

    ngx_stream_dns_seats_open(dmcf);

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_WARN, cycle->log, 0,
                      "more than %d worker processes, old ones included, use "
                      "dns_upstream: what this one counts is not shown",
                      NGX_DNS_PEER_PROCS);
    }
}


/*
 * Health checks, hosts files and the like are the work of one worker.  It says
 * so at each tick; after three without a word of it another takes over, so
 * that neither a stopped worker nor one that waits for a disk ends them.
 */

static void
ngx_stream_dns_check_handler(ngx_event_t *ev)
{
    ngx_uint_t                    i, none, holds, settle;
    ngx_dns_lease_t              *lease;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ev->data;
    lease = &dmcf->status.metrics->lease;

    if (ngx_exiting) {
        ngx_dns_lease_leave(lease, dmcf->generation);
        ngx_stream_dns_hold(dmcf, 0);
        return;
    }

    /* lost in a stop, and perhaps to be had again at once */

    if (dmcf->holds && !ngx_stream_dns_once(dmcf)) {
        ngx_stream_dns_hold(dmcf, 0);
    }

    holds = ngx_dns_lease_hold(lease, dmcf->generation, ngx_current_msec,
                               3 * dmcf->tick);

    if (holds != dmcf->holds) {
        ngx_stream_dns_hold(dmcf, holds);
    }

    settle = holds
             && ngx_current_msec - dmcf->settled >= NGX_STREAM_DNS_SETTLE;

    if (settle) {
        dmcf->settled = ngx_current_msec;
        ngx_stream_dns_secret_look(dmcf, ev->log);
        ngx_stream_dns_cache_file_tick(dmcf);
    }

    none = ngx_stream_dns_seats_tick(dmcf);

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_check(&us[i]->upstream, ngx_current_msec, settle);
    }

    ngx_add_timer(ev, none ? NGX_STREAM_DNS_SEATS_SOON : dmcf->tick);
}


static void
ngx_stream_dns_hold(ngx_stream_dns_main_conf_t *dmcf, ngx_uint_t holds)
{
    dmcf->holds = holds;

    if (holds) {
        ngx_stream_dns_hosts_start((ngx_cycle_t *) ngx_cycle, dmcf);
        ngx_stream_dns_seats_start(dmcf, (ngx_log_t *) ngx_cycle->log);
        ngx_dns_probe_start(&dmcf->status.metrics->lease, dmcf->generation);
        ngx_stream_dns_xdp_hold(dmcf);
        return;
    }

    ngx_stream_dns_xdp_let(dmcf);
    ngx_stream_dns_cache_file_stop(dmcf);
    ngx_stream_dns_hosts_stop(dmcf);
    ngx_stream_dns_seats_stop(dmcf);
    ngx_dns_probe_stop();
}


void
ngx_stream_dns_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_dns_worker_conf(cycle);

    if (dmcf == NULL) {
        return;
    }

    if (dmcf->check.timer_set) {
        ngx_del_timer(&dmcf->check);
    }

    ngx_dns_lease_leave(&dmcf->status.metrics->lease, dmcf->generation);
    ngx_stream_dns_hold(dmcf, 0);
    ngx_dns_probe_done();

    /* whoever still waits gets a response, but for http, which has ended */

    ngx_dns_front_https_quit();
    ngx_dns_query_quit(1);
    ngx_stream_dns_dnstap_close(dmcf);
    ngx_dns_timer_done();
    ngx_dns_transports_done();
    ngx_dns_reserve_done();
    ngx_dns_front_session_done();
    ngx_dns_front_udp_done();
    ngx_dns_front_tcp_done();
    ngx_dns_front_https_done();

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        ngx_dns_peers_detach(&us[i]->upstream);
    }

    ngx_dns_metrics_detach(dmcf->status.metrics);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_budget.h"
#include "ngx_stream_dns_seats.h"
#include "../transport/ngx_dns_reserve.h"

#include <sys/resource.h>


/* of a worker: standard ones, epoll, eventfds, a hosts file, the resolver */

#define NGX_STREAM_DNS_BUDGET_FILES  16


static void ngx_stream_dns_budget_listen(ngx_cycle_t *cycle,
    ngx_stream_dns_budget_t *b, ngx_uint_t workers);
static void ngx_stream_dns_budget_servers(ngx_stream_dns_main_conf_t *dmcf,
    ngx_stream_dns_budget_t *b);
static ngx_uint_t ngx_stream_dns_budget_spares(ngx_dns_peer_t *peer,
    ngx_uint_t i);
static void ngx_stream_dns_budget_free(ngx_stream_dns_main_conf_t *dmcf,
    ngx_stream_dns_budget_t *b);
static ngx_uint_t ngx_stream_dns_budget_fixed(ngx_stream_dns_budget_t *b);
static void ngx_stream_dns_budget_sum(ngx_stream_dns_budget_t *b);


void
ngx_stream_dns_budget_count(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf, ngx_stream_dns_budget_t *b)
{
    ngx_uint_t        n, workers;
    ngx_list_part_t  *part;
    struct rlimit     limit;
    ngx_core_conf_t  *ccf;

    ngx_memzero(b, sizeof(ngx_stream_dns_budget_t));

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);
    workers = ccf->worker_processes > 0 ? (ngx_uint_t) ccf->worker_processes
                                        : 1;

    ngx_stream_dns_budget_listen(cycle, b, workers);
    ngx_stream_dns_budget_servers(dmcf, b);

    /* the channel to the master; descriptors of those of all workers */

    b->connections[NGX_STREAM_DNS_NEED_NGINX] = 1;

    n = NGX_STREAM_DNS_BUDGET_FILES + workers + 1;

    for (part = &cycle->open_files.part; part; part = part->next) {
        n += part->nelts;
    }

    b->files[NGX_STREAM_DNS_NEED_NGINX] = n;

    b->limit_connections = cycle->connection_n;

    if (ccf->rlimit_nofile != NGX_CONF_UNSET) {
        b->limit_files = (ngx_uint_t) ccf->rlimit_nofile;

    } else if (getrlimit(RLIMIT_NOFILE, &limit) == 0
               && limit.rlim_cur != RLIM_INFINITY)
    {
        b->limit_files = (ngx_uint_t) limit.rlim_cur;
    }

    ngx_stream_dns_budget_free(dmcf, b);
    ngx_stream_dns_budget_sum(b);
}


/* with "reuseport" there is a socket for each worker, which all workers have */

static void
ngx_stream_dns_budget_listen(ngx_cycle_t *cycle, ngx_stream_dns_budget_t *b,
    ngx_uint_t workers)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ls[i].reuseport && ls[i].worker != 0) {
            continue;
        }

        b->connections[NGX_STREAM_DNS_NEED_LISTEN]++;
        b->files[NGX_STREAM_DNS_NEED_LISTEN] += ls[i].reuseport ? workers : 1;

        if (ngx_stream_dns_listen_ours(&ls[i], NULL, NULL) == NGX_OK) {
            b->connections[NGX_STREAM_DNS_NEED_UDP]++;
            b->files[NGX_STREAM_DNS_NEED_UDP]++;
        }
    }
}


static void
ngx_stream_dns_budget_servers(ngx_stream_dns_main_conf_t *dmcf,
    ngx_stream_dns_budget_t *b)
{
    ngx_uint_t                    i, k, n;
    ngx_dns_peer_t               *peer;
    ngx_stream_dns_upstream_t   **us;

    n = 0;
    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {

        if (us[i]->file && !us[i]->used
            && us[i]->checks != NGX_STREAM_DNS_CHECKS_ON)
        {
            continue;
        }

        peer = us[i]->upstream.peers.elts;

        for (k = 0; k < us[i]->upstream.peers.nelts; k++) {
            if (ngx_stream_dns_budget_spares(&peer[k], k)) {
                continue;
            }

            n += 1 + (peer[k].checked && us[i]->health.tcp
                      && peer[k].transport->whole);
        }
    }

    /* for a response that is asked for over TCP, or a new socket */

    n += n ? 1 : 0;

    n += ngx_stream_dns_dnstap_count(dmcf);

    b->connections[NGX_STREAM_DNS_NEED_SERVERS] = n;
    b->files[NGX_STREAM_DNS_NEED_SERVERS] = n;
}


/* one that is never asked; half of the seats are always empty */

static ngx_uint_t
ngx_stream_dns_budget_spares(ngx_dns_peer_t *peer, ngx_uint_t i)
{
    if (peer->seats == NULL) {
        return peer->down;
    }

    return peer->seats->down || i - peer->seats->first >= NGX_DNS_SEATS_SERVERS;
}


/*
 * nginx accepts a connection only if more than an eighth of all are free: the
 * least number of all for which that is so.
 */

static void
ngx_stream_dns_budget_free(ngx_stream_dns_main_conf_t *dmcf,
    ngx_stream_dns_budget_t *b)
{
    ngx_uint_t                   i, n, streams;
    ngx_stream_dns_srv_conf_t  **dscf;

    streams = 0;
    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        streams |= dscf[i]->tcp || dscf[i]->limited;
    }

    if (streams) {

        /* of N - N/8 as of the rest: N is 8/7 of it */

        n = ngx_stream_dns_budget_fixed(b)
            + b->connections[NGX_STREAM_DNS_NEED_SERVERS];
        n = ngx_max(n + n / 7 + 2, b->limit_connections);

        b->connections[NGX_STREAM_DNS_NEED_CLIENTS] = n / 8 + 1;
        b->files[NGX_STREAM_DNS_NEED_CLIENTS] = 1;
    }
}


static ngx_uint_t
ngx_stream_dns_budget_fixed(ngx_stream_dns_budget_t *b)
{
    return b->connections[NGX_STREAM_DNS_NEED_LISTEN]
           + b->connections[NGX_STREAM_DNS_NEED_UDP]
           + b->connections[NGX_STREAM_DNS_NEED_NGINX];
}


ngx_uint_t
ngx_stream_dns_budget_left(ngx_stream_dns_budget_t *b)
{
    ngx_uint_t  n;

    n = ngx_stream_dns_budget_fixed(b)
        + b->connections[NGX_STREAM_DNS_NEED_CLIENTS];

    return b->limit_connections > n ? b->limit_connections - n : 0;
}


/*
 * Servers have half of the connections.  Where there are less descriptors than
 * connections, a quarter of these is set apart for servers.
 */

static void
ngx_stream_dns_budget_sum(ngx_stream_dns_budget_t *b)
{
    ngx_uint_t  i, n;

    for (i = 0; i < NGX_STREAM_DNS_NEEDS; i++) {
        b->all_connections += b->connections[i];
        b->all_files += b->files[i];
    }

    n = b->connections[NGX_STREAM_DNS_NEED_SERVERS];
    b->all_connections = ngx_max(b->all_connections, 2 * n);

    if (b->limit_files < b->limit_connections + NGX_DNS_RESERVE_FILES) {
        n = b->files[NGX_STREAM_DNS_NEED_SERVERS];
        b->all_files = ngx_max(4 * n, (b->all_files - n) * 4 / 3 + 1);
    }
}


ngx_int_t
ngx_stream_dns_budget_check(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log)
{
    ngx_uint_t                   i, udp;
    ngx_stream_dns_budget_t      b;
    ngx_stream_dns_srv_conf_t  **dscf;

    ngx_stream_dns_budget_count(cycle, dmcf, &b);

    udp = 0;
    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        udp |= dscf[i]->udp;
    }

    if (udp && b.connections[NGX_STREAM_DNS_NEED_UDP] == 0) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "the UDP sockets of this nginx are not as "
                      "ngx_dns_balancer_module needs them: those of DNS "
                      "servers are not found");
        return NGX_ERROR;
    }

    if (b.all_connections > b.limit_connections) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "%ui worker_connections are not enough, %ui are needed: "
                      "for sockets that nginx listens on %ui, for those over "
                      "UDP of DNS servers %ui more, for servers of upstreams "
                      "%ui, free %ui, for nginx %ui",
                      b.limit_connections, b.all_connections,
                      b.connections[NGX_STREAM_DNS_NEED_LISTEN],
                      b.connections[NGX_STREAM_DNS_NEED_UDP],
                      b.connections[NGX_STREAM_DNS_NEED_SERVERS],
                      b.connections[NGX_STREAM_DNS_NEED_CLIENTS],
                      b.connections[NGX_STREAM_DNS_NEED_NGINX]);
        return NGX_ERROR;
    }

    if (b.limit_files && b.all_files > b.limit_files) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "the limit of %ui open files is not enough, "
                      "worker_rlimit_nofile must be at least %ui: for sockets "
                      "that nginx listens on %ui, for those over UDP of DNS "
                      "servers %ui more, for servers of upstreams %ui, for "
                      "clients %ui, for nginx %ui",
                      b.limit_files, b.all_files,
                      b.files[NGX_STREAM_DNS_NEED_LISTEN],
                      b.files[NGX_STREAM_DNS_NEED_UDP],
                      b.files[NGX_STREAM_DNS_NEED_SERVERS],
                      b.files[NGX_STREAM_DNS_NEED_CLIENTS],
                      b.files[NGX_STREAM_DNS_NEED_NGINX]);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a configuration needs of worker_connections and of descriptors in each
 * worker, kind by kind, at least: with less a worker does not start, or can't
 * ask a server.  nginx counts one connection for a socket that it listens on;
 * one over UDP that a DNS server reads takes two.
 */


#ifndef _NGX_STREAM_DNS_BUDGET_H_INCLUDED_
#define _NGX_STREAM_DNS_BUDGET_H_INCLUDED_


#include "ngx_stream_dns.h"


typedef enum {
    NGX_STREAM_DNS_NEED_LISTEN = 0,     /* sockets, nginx's and ours */
    NGX_STREAM_DNS_NEED_UDP,            /* ours over UDP, once more */
    NGX_STREAM_DNS_NEED_SERVERS,        /* one for each server, and a spare */
    NGX_STREAM_DNS_NEED_CLIENTS,        /* set apart for clients over TCP */
    NGX_STREAM_DNS_NEED_NGINX,          /* its channel; files: logs and so on */
    NGX_STREAM_DNS_NEEDS
} ngx_stream_dns_need_e;


typedef struct {
    ngx_uint_t    connections[NGX_STREAM_DNS_NEEDS];
    ngx_uint_t    files[NGX_STREAM_DNS_NEEDS];

    ngx_uint_t    all_connections;      /* sums: what is needed ... */
    ngx_uint_t    all_files;
    ngx_uint_t    limit_connections;    /* ... and what there is */
    ngx_uint_t    limit_files;          /* 0: no limit */
} ngx_stream_dns_budget_t;


#pragma GCC visibility push(hidden)

/* of a configuration that is read; in the master or in a worker */
void ngx_stream_dns_budget_count(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf, ngx_stream_dns_budget_t *b);

/* what is left of the connections for sockets to servers */
ngx_uint_t ngx_stream_dns_budget_left(ngx_stream_dns_budget_t *b);

/* at nginx -t, at the start and at a reload: NGX_ERROR, and it is said why */
ngx_int_t ngx_stream_dns_budget_check(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_BUDGET_H_INCLUDED_ */

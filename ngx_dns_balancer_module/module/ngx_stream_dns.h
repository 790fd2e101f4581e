
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The stream module's configuration and the parts that fill it.  The only
 * layer that knows ngx_stream: it reads directives, makes from them the
 * plain structs of the layers below, and lends queries a stream session
 * where a rule, a log or a variable needs one.
 */


#ifndef _NGX_STREAM_DNS_H_INCLUDED_
#define _NGX_STREAM_DNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_stream.h>

#include "../front/ngx_dns_front_udp.h"
#include "../front/ngx_dns_status.h"
#include "../front/ngx_dns_tap.h"
#include "../query/ngx_dns_health.h"
#include "../query/ngx_dns_loop.h"
#include "../query/ngx_dns_query.h"
#include "../query/ngx_dns_stage.h"
#include "../store/ngx_dns_hosts_build.h"
#include "../store/ngx_dns_secret.h"
#include "../wire/ngx_dns_name.h"
#include "ngx_stream_dns_shm.h"
#include "ngx_stream_dns_stock.h"
#include "ngx_stream_dns_tls.h"


#define NGX_STREAM_DNS_CHECKS_DEFAULT  0
#define NGX_STREAM_DNS_CHECKS_ON       1
#define NGX_STREAM_DNS_CHECKS_OFF      2


/*
 * The context of directives inside dns_zone {}, a bit that nginx has no use for
 * in stream; and that of what a query runs under, at all levels
 */

#define NGX_STREAM_DNS_ZONE_CONF   0x10000000

#define NGX_STREAM_DNS_QUERY_CONF                                             \
    (NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_STREAM_DNS_ZONE_CONF)


#define NGX_STREAM_DNS_UDP_SIZE  1232       /* octets of a response */

#define NGX_STREAM_DNS_STALE_AFTER  1800    /* milliseconds */


/* the longest values of variables are names */

#define NGX_STREAM_DNS_VALUE  (NGX_DNS_NAME_TEXT + 1)


typedef struct ngx_stream_dns_cache_file_s  ngx_stream_dns_cache_file_t;
typedef struct ngx_stream_dns_main_conf_s  ngx_stream_dns_main_conf_t;
typedef struct ngx_stream_dns_xdp_s  ngx_stream_dns_xdp_t;


/* dns_upstream {}, or the server of a dns_forward that names an address */

typedef struct {
    ngx_dns_upstream_t           upstream;
    ngx_shm_zone_t              *shm_zone;
    ngx_str_t                    shm_name;
    size_t                       shm_size;
    ngx_stream_complex_value_t  *key;       /* of hash, unless ... */
    ngx_uint_t                   qname;     /* ... it is $dns_qname alone */
    ngx_dns_health_conf_t        health;
    ngx_dns_loop_conf_t          loop;
    ngx_uint_t                   checks;    /* NGX_STREAM_DNS_CHECKS_* */
    ngx_uint_t                   all_down;  /* the line was there */
    ngx_uint_t                   hedged;    /* so was "hedge" */
    ngx_uint_t                   bound;     /* and "bind" */
    ngx_addr_t                  *bind;      /* NULL: any */
    ngx_stream_dns_tls_conf_t    tls;
    ngx_array_t                 *sources;   /* of ngx_stream_dns_source_t *:
                                               servers to be found; or NULL */
    ngx_resolver_t              *resolver;
    ngx_msec_t                   resolver_timeout;
    ngx_stream_core_srv_conf_t  *core;      /* of stream {} */
    ngx_stream_dns_main_conf_t  *dmcf;
    ngx_uint_t                   used;      /* a dns_forward names it */
    u_char                      *file;      /* NULL: made for an address */
    ngx_uint_t                   line;
} ngx_stream_dns_upstream_t;


/* where queries of zones go: a dns_forward, or what a dns_zone {} says */

typedef struct {
    ngx_str_t                    text;      /* dns_pass; empty: none */
    ngx_stream_complex_value_t  *value;     /* of it, with variables, ... */
    ngx_int_t                    index;     /* ... or it is just this one */
    ngx_uint_t                   variables;
    ngx_array_t                 *fallbacks; /* of ..._fallback_t; or NULL */
    const ngx_dns_return_t      *returns;   /* dns_return; NULL: none */
    ngx_dns_policy_t            *policy;    /* NULL: the server's */
    const char                  *block;     /* the directive of the zone ... */
    const char                  *directive; /* ... and of the target */
    u_char                      *file;
    ngx_uint_t                   line;
} ngx_stream_dns_target_t;


/* a "fallback=" of dns_pass, with its "on=" */

typedef struct {
    ngx_str_t                    text;
    ngx_uint_t                   on;        /* NGX_DNS_ON_*; 0: no "on=" */
} ngx_stream_dns_fallback_t;


/* dns_zone {}, for all of its names */

typedef struct {
    ngx_dns_policy_t             policy;    /* first, as in a server */
    ngx_stream_dns_target_t      target;
    ngx_uint_t                   merged;
} ngx_stream_dns_zone_conf_t;


/* a name of a dns_zone {} or dns_forward */

typedef struct {
    ngx_dns_zone_t               zone;
    ngx_stream_dns_target_t     *target;
    ngx_stream_dns_zone_conf_t  *conf;      /* NULL: a dns_forward */
} ngx_stream_dns_forward_t;


/* what the variables of a dns_pass may name */

typedef struct {
    ngx_str_t                    name;
    ngx_dns_choice_t             choice;
} ngx_stream_dns_choice_t;


/*
 * Where something stands, for errors; and what a policy is of: "server" or
 * "dns_zone"
 */

typedef struct {
    const char                  *block;
    u_char                      *file;
    ngx_uint_t                   line;
} ngx_stream_dns_place_t;


/* dns_hosts as it stands in the file: all lines of a level */

typedef struct {
    ngx_array_t                  files;     /* of ngx_str_t */
    ngx_array_t                  blocks;    /* of u_char, of each */
    ngx_array_t                  places;    /* of ngx_stream_dns_place_t */
    ngx_str_t                    text;      /* of dns_host lines */
    size_t                       room;      /* for it */
    ngx_int_t                    ttl;       /* NGX_CONF_UNSET */
    ngx_uint_t                   fallthrough;
    ngx_uint_t                   no_reverse;
    ngx_uint_t                   off;
} ngx_stream_dns_hosts_conf_t;


/* the table of a list of files, for all servers that have this list */

typedef struct ngx_stream_dns_hosts_bad_s  ngx_stream_dns_hosts_bad_t;

typedef struct {
    ngx_dns_hosts_t              hosts;
    ngx_stream_dns_main_conf_t  *dmcf;
    ngx_str_t                    key;       /* the name of its zone */
    ngx_array_t                 *files;
    const u_char                *blocks;
    ngx_stream_dns_place_t      *places;    /* of the files */
    ngx_str_t                    text;
    size_t                       size;      /* of a table */
    ngx_uint_t                   no_reverse;

    /* of the process that builds */
    ngx_event_t                  event;
    ngx_log_t                   *log;
    ngx_dns_hosts_build_t       *build;     /* NULL: not at work */
    ngx_uint_t                   release;   /* this table, from 1 on, may be
                                               of no use; 0: none */
    size_t                       released;
    uint64_t                     sign;      /* of the files it reads */
    uint64_t                     seen;      /* at the last look */
    uint64_t                     refused;   /* failed, as was logged ... */
    ngx_uint_t                   retry;     /* ... but may work later */
    ngx_uint_t                   missing;   /* said that a file is not there */
    ngx_uint_t                   bad;       /* lines of the file being read */
    ngx_uint_t                   bad_file;
    ngx_stream_dns_hosts_bad_t  *lines;     /* the first of them */
} ngx_stream_dns_hosts_t;


/* secrets of cookies, of a file or drawn by chance */

typedef struct {
    ngx_dns_secret_shm_t        *shm;
    ngx_str_t                    file;      /* empty: drawn */
    ngx_stream_dns_place_t       place;
    ngx_dns_secret_set_t         set;       /* of it, as it was at the start */

    /* of the process that looks at it */
    ngx_msec_t                   looked;
    const char                  *refused;   /* what was wrong, as was logged */
} ngx_stream_dns_secret_t;


struct ngx_stream_dns_main_conf_s {
    ngx_array_t                  upstreams; /* of ngx_stream_dns_upstream_t * */
    ngx_array_t                  servers;   /* of ngx_stream_dns_srv_conf_t * */
    ngx_array_t                  hosts;     /* of ngx_stream_dns_hosts_t * */
    ngx_array_t                  cache_places;  /* of
                                               ngx_stream_dns_place_t, as
                                               status.caches */
    ngx_array_t                  cache_files;   /* of
                                               ngx_stream_dns_cache_file_t * */
    ngx_array_t                  uses;      /* of ngx_stream_dns_cache_use_t */
    ngx_array_t                  choices;   /* of ngx_stream_dns_choice_t */
    uint32_t                    *places;    /* their numbers, by their names */
    uint32_t                     places_mask;
    ngx_stream_dns_choice_t     *chosen;    /* the last one, in a worker */
    ngx_array_t                  limit_zones;   /* of
                                               ngx_dns_limit_zone_t * */
    ngx_array_t                  limit_places;  /* of
                                               ngx_stream_dns_place_t */
    ngx_array_t                  secrets;   /* of ngx_stream_dns_secret_t * */
    ngx_array_t                  policies;  /* of ngx_dns_policy_t *: all that
                                               queries run under */
    ngx_shm_zone_t              *metrics;
    ngx_cycle_t                 *cycle;
    ngx_dns_status_t             status;
    ngx_stream_dns_stock_t       stock[NGX_STREAM_DNS_STOCKS];
    ngx_uint_t                   queries;   /* of all servers together */
    ngx_stream_dns_xdp_t        *xdp;       /* NULL: no dns_xdp */

    /* of a worker: who does what is needed once */
    ngx_event_t                  check;
    ngx_msec_t                   tick;
    ngx_msec_t                   settled;
    ngx_uint_t                   holds;
    uint32_t                     generation;    /* of the configuration */
};


typedef struct {
    ngx_dns_policy_t             policy;    /* first: directives that a zone
                                               has, too, are given this */
    ngx_dns_conf_t               dns;
    ngx_dns_local_t              local;
    ngx_array_t                 *forwards;  /* of ngx_stream_dns_forward_t */
    ngx_dns_conf_t               https;     /* for clients over HTTPS: the
                                               same, with facts noted */
    ngx_str_t                    service;   /* empty: no dns_service */
    ngx_dns_tap_t               *tap;       /* NULL: no dns_dnstap */
    ngx_stream_dns_secret_t     *secret;    /* NULL: no cookies */
    ngx_stream_dns_hosts_conf_t *hosts;
    ngx_uint_t                   locals;    /* mask of NGX_STREAM_DNS_LOCAL_* */
    ngx_str_t                    server_id;
    ngx_str_t                    whoami;    /* on the wire */

    ngx_array_t                  zones;     /* of ngx_dns_zone_t * */
    ngx_array_t                  listens;   /* of ngx_str_t */
    ngx_str_t                    name;      /* of all, only this has it */
    ngx_dns_metrics_id_t         metrics;
    ngx_stream_core_srv_conf_t  *core;
    ngx_stream_session_t        *session;   /* in a worker, if one is needed */
    ngx_uint_t                   text;      /* rules may read the client's
                                               address as text */
    ngx_uint_t                   preaccess; /* "set" is in use */
    ngx_uint_t                   stock;     /* bits, those that are in use */
    ngx_uint_t                   own;       /* bits, what stands in the server
                                               itself: see lint */
    unsigned                     set:1;     /* a dns_* directive is in the
                                               server itself */
    unsigned                     enabled:1; /* it answers queries */
    unsigned                     limited:1; /* by limit_conn */
    unsigned                     served:1;  /* a dns_over_https names it */
    unsigned                     udp:1;     /* it listens on */
    unsigned                     tcp:1;
    unsigned                     xdp:1;     /* dns_xdp on */
    unsigned                     xdp_set:1;
} ngx_stream_dns_srv_conf_t;


/* a way to a resolver that its clients are told of: see dns_resolver_name */

typedef struct {
    ngx_uint_t                   priority;
    ngx_str_t                    alpn;
    in_port_t                    port;
    ngx_str_t                    path;      /* of HTTPS; empty: none */
} ngx_stream_dns_offer_t;


/* a dns_cache as it stands in the file */

typedef struct {
    ngx_dns_policy_t            *policy;
    ngx_str_t                    name;
    u_char                      *file;
    ngx_uint_t                   line;
} ngx_stream_dns_cache_use_t;


#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_dns_balancer_module;

/*
 * The http module's, where there is one: are the upstreams there that it
 * names?  Called when all of the configuration has been read.
 */
extern ngx_int_t  (*ngx_stream_dns_http_check)(
    ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log);

/* the memory of ngx_dns_desk.h */
ngx_int_t ngx_stream_dns_desk_init(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);

/* in a server {}, a dns_* directive makes it ours */
void ngx_stream_dns_claim(ngx_conf_t *cf);

/* where the directive stands that is being read; or into an array of places */
void ngx_stream_dns_place(ngx_conf_t *cf, ngx_stream_dns_place_t *place);
ngx_int_t ngx_stream_dns_place_add(ngx_conf_t *cf, ngx_array_t *places);

/* the content handler of such a server */
void ngx_stream_dns_handler(ngx_stream_session_t *s);

/* directives; each file has the ones it is named after */

char *ngx_stream_dns_upstream_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_forward(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_zone_block(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_dnstap(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_xdp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_xdp_server(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* what excludes "dns_xdp on", once all of a server is known */
ngx_int_t ngx_stream_dns_xdp_check(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);

/* parameters of dns_pass; then the chain of a zone */
char *ngx_stream_dns_fallback(ngx_conf_t *cf, ngx_stream_dns_target_t *target);
ngx_int_t ngx_stream_dns_fallback_init(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_dns_zone_t *zone);
ngx_dns_upstream_t *ngx_stream_dns_target(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *text);

/* zones inherit what their server has */
char *ngx_stream_dns_zone_merge(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);

/* a "server" line of dns_upstream {}; a server with default parameters */
char *ngx_stream_dns_server(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
ngx_dns_peer_t *ngx_stream_dns_server_add(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_addr_t *addr,
    ngx_dns_transport_t *transport, ngx_stream_dns_tls_server_t *tls);

/*
 * What is in front of an address is taken off it: the transport, and its port
 * and name.  NULL: it is not there in this nginx.
 */
ngx_dns_transport_t *ngx_stream_dns_server_scheme(ngx_url_t *u);
ngx_int_t ngx_stream_dns_server_name(ngx_conf_t *cf, ngx_addr_t *addr,
    ngx_dns_transport_t *transport);

/* "keepalive..." lines */
void ngx_stream_dns_keepalive_create(ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_keepalive(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_limit_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* finds the zones of a policy's limits; what was found is left alone */
ngx_int_t ngx_stream_dns_limit_init(ngx_conf_t *cf, ngx_dns_policy_t *policy);

/* is one of its limits of this zone?  Once they have been found */
ngx_uint_t ngx_stream_dns_limit_uses(const ngx_dns_policy_t *policy,
    const ngx_dns_limit_zone_t *zone);


/*
 * A directive that says where secrets come from; servers of a worker are given
 * theirs; the worker that does what is needed once looks at the files.
 */
char *ngx_stream_dns_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
void ngx_stream_dns_secret_open(ngx_stream_dns_main_conf_t *dmcf);

/*
 * dns_dnstap in a worker: before other stages of the server; at the exit, when
 * no query is in flight any more.  The last one: how many servers have it.
 */
ngx_int_t ngx_stream_dns_dnstap_open(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf);
void ngx_stream_dns_dnstap_close(ngx_stream_dns_main_conf_t *dmcf);
ngx_uint_t ngx_stream_dns_dnstap_count(ngx_stream_dns_main_conf_t *dmcf);
void ngx_stream_dns_secret_look(ngx_stream_dns_main_conf_t *dmcf,
    ngx_log_t *log);

/* what servers are asked to find out whether they lead back here */
void ngx_stream_dns_loop_init(ngx_stream_dns_main_conf_t *dmcf);

/* why the address of a server with a device is none; NULL: it is one */
const char *ngx_stream_dns_scope_cut(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *scope);
const char *ngx_stream_dns_scope_set(ngx_conf_t *cf, ngx_url_t *u,
    ngx_str_t *scope);

char *ngx_stream_dns_bind(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
ngx_int_t ngx_stream_dns_bind_init(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_hedge(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_race(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
void ngx_stream_dns_keepalive_init(ngx_stream_dns_upstream_t *us);

/* "health_check" and "all_down" lines; then what they mean */
char *ngx_stream_dns_health_check(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
char *ngx_stream_dns_all_down(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
ngx_int_t ngx_stream_dns_health_init(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);

char *ngx_stream_dns_cache_zone(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_cache_find(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
char *ngx_stream_dns_cache_negative_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_cache_stale(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_cache_prefetch(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

char *ngx_stream_dns_udp_size(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_next_upstream(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_stream_dns_client_subnet(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * A policy that nothing is set in; what is inherited from "prev", or the
 * default; a policy that is complete is one for queries.
 */
void ngx_stream_dns_policy_unset(ngx_dns_policy_t *policy);
ngx_uint_t ngx_stream_dns_policy_is_unset(const ngx_dns_policy_t *policy);
char *ngx_stream_dns_policy_merge(ngx_conf_t *cf, ngx_dns_policy_t *policy,
    ngx_dns_policy_t *prev, ngx_stream_dns_place_t *place);
ngx_int_t ngx_stream_dns_policy_add(ngx_conf_t *cf, ngx_dns_policy_t *policy);

char *ngx_stream_dns_nsid(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_proxy_protocol(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* values of the cache: unset, merged; and, in a worker */
void ngx_stream_dns_cache_unset(ngx_dns_policy_t *policy);
char *ngx_stream_dns_cache_merge(ngx_conf_t *cf, ngx_dns_policy_t *policy,
    ngx_dns_policy_t *prev, ngx_stream_dns_place_t *place);
void ngx_stream_dns_cache_open(ngx_stream_dns_main_conf_t *dmcf);

/* an upstream of one server by its address, made when first asked for */
ngx_stream_dns_upstream_t *ngx_stream_dns_upstream_address(ngx_conf_t *cf,
    ngx_url_t *url, ngx_dns_transport_t *transport);

char *ngx_stream_dns_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_stream_dns_local(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* what is inherited of dns_local, then what it means */
void ngx_stream_dns_local_merge(ngx_stream_dns_srv_conf_t *prev,
    ngx_stream_dns_srv_conf_t *conf);
void ngx_stream_dns_local_init(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);

/* the table of a server's hosts files; and, in the worker that keeps it */
ngx_int_t ngx_stream_dns_hosts_init(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);
ngx_int_t ngx_stream_dns_hosts_need(ngx_stream_dns_hosts_t *h, ngx_log_t *log,
    size_t *need);
ngx_int_t ngx_stream_dns_hosts_init_zone(ngx_shm_zone_t *shm_zone, void *data);
void ngx_stream_dns_hosts_start(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
void ngx_stream_dns_hosts_stop(ngx_stream_dns_main_conf_t *dmcf);

/* after all is read: names of dns_forward to upstreams */
ngx_int_t ngx_stream_dns_forward_init(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);

/* a target, with or without variables; what these may name; what they do */
char *ngx_stream_dns_choose_target(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *text);
ngx_int_t ngx_stream_dns_choose_init(ngx_conf_t *cf);
const ngx_dns_choice_t *ngx_stream_dns_choose(ngx_stream_session_t *s,
    ngx_dns_logged_t *r);

/* the zone of an upstream that is complete */
ngx_int_t ngx_stream_dns_upstream_memory(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);

/* an upstream by its name, or NULL */
ngx_stream_dns_upstream_t *ngx_stream_dns_upstream_find(ngx_conf_t *cf,
    ngx_str_t *name);

/* the same in all processes, and over reloads */
uint64_t ngx_stream_dns_partition(const ngx_str_t *name);

/* does a server listen in a way that works here?  in the master; a worker */
ngx_int_t ngx_stream_dns_listen_check(ngx_conf_t *cf);
ngx_int_t ngx_stream_dns_listen_ours(ngx_listening_t *ls,
    ngx_dns_front_addr_t *addrs, ngx_uint_t *sessions);
ngx_int_t ngx_stream_dns_listen_hold(ngx_cycle_t *cycle);
ngx_int_t ngx_stream_dns_listen_open(ngx_cycle_t *cycle);

/* which of a server's phases and logs are in use; sets callbacks of "dns" */
ngx_int_t ngx_stream_dns_session_init(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);
ngx_int_t ngx_stream_dns_session_create(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf);

ngx_int_t ngx_stream_dns_add_variables(ngx_conf_t *cf);

/*
 * The same for others who have a record.  NULL: there are no more of them.  A
 * value is at most NGX_STREAM_DNS_VALUE octets, which are returned.
 */
ngx_str_t *ngx_stream_dns_variable_name(ngx_uint_t i);

/*
 * Warns of what has no value when a directive asks for it: the response's, and
 * $dns_upstream unless the upstream is "chosen".
 */
void ngx_stream_dns_variable_warn(ngx_conf_t *cf, ngx_str_t *text,
    ngx_uint_t chosen);

/*
 * The value of the directive that is read, with variables; warns as above.
 * NULL: it is wrong, which has been said, or there is no memory
 */
ngx_stream_complex_value_t *ngx_stream_dns_variable_compile(ngx_conf_t *cf,
    ngx_str_t *text, ngx_uint_t chosen);

size_t ngx_stream_dns_variable_value(ngx_uint_t i, ngx_dns_logged_t *r,
    u_char *p);

/*
 * dns_service: the directive; names of all servers; one by its name, or NULL;
 * those that nobody names; in a worker, what clients over HTTPS get
 */
char *ngx_stream_dns_service(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_stream_dns_service_init(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
ngx_stream_dns_srv_conf_t *ngx_stream_dns_service_find(
    ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name);
void ngx_stream_dns_service_lint(ngx_log_t *log,
    ngx_stream_dns_main_conf_t *dmcf);

/* dns_resolver_name: the directive; a record for it; names with none */
char *ngx_stream_dns_resolver(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_stream_dns_resolver_offer(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf, ngx_stream_dns_offer_t *offer);
void ngx_stream_dns_resolver_lint(ngx_log_t *log,
    ngx_stream_dns_main_conf_t *dmcf);

void ngx_stream_dns_service_open(ngx_stream_dns_srv_conf_t *dscf);

/* directives of the proxy that stand in a server of ours */
ngx_int_t ngx_stream_dns_proxy_check(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);

/*
 * Warnings: of a server before it is merged, then of all; of a zone before and
 * after that, in one call, since nothing else has to be known
 */
void ngx_stream_dns_lint_note(ngx_stream_dns_srv_conf_t *conf);
void ngx_stream_dns_lint_zone(ngx_conf_t *cf, ngx_dns_policy_t *own,
    ngx_stream_dns_target_t *target);
void ngx_stream_dns_lint(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf);

/* the zone of counters; what status pages show */
ngx_int_t ngx_stream_dns_metrics_init(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);

/* a new configuration counts; start and end of a worker */
ngx_int_t ngx_stream_dns_init_module(ngx_cycle_t *cycle);
ngx_int_t ngx_stream_dns_init_process(ngx_cycle_t *cycle);
void ngx_stream_dns_exit_process(ngx_cycle_t *cycle);

#pragma GCC visibility pop


/* does this worker do what is needed once for all? */

static ngx_inline ngx_uint_t
ngx_stream_dns_once(ngx_stream_dns_main_conf_t *dmcf)
{
    return ngx_dns_lease_held(&dmcf->status.metrics->lease, dmcf->generation);
}


#endif /* _NGX_STREAM_DNS_H_INCLUDED_ */

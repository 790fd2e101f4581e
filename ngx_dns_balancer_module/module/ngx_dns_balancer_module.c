
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_slot.h"
#include "../front/ngx_dns_front_session.h"
#include "../front/ngx_dns_front_tcp.h"


#define NGX_STREAM_DNS_QUERIES  16384
#define NGX_STREAM_DNS_PIPELINE 128


static void *ngx_stream_dns_create_main_conf(ngx_conf_t *cf);
static char *ngx_stream_dns_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_stream_dns_create_srv_conf(ngx_conf_t *cf);
static char *ngx_stream_dns_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_stream_dns_next_upstream(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void ngx_stream_dns_handler(ngx_stream_session_t *s);
static ngx_int_t ngx_stream_dns_init(ngx_conf_t *cf);


static ngx_conf_bitmask_t  ngx_stream_dns_next_upstream_masks[] = {
    { ngx_string("error"), NGX_DNS_NEXT_ERROR },
    { ngx_string("timeout"), NGX_DNS_NEXT_TIMEOUT },
    { ngx_string("servfail"), NGX_DNS_NEXT_SERVFAIL },
    { ngx_string("refused"), NGX_DNS_NEXT_REFUSED },
    { ngx_string("off"), NGX_DNS_NEXT_OFF },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_stream_dns_commands[] = {

    { ngx_string("dns_upstream"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_BLOCK|NGX_CONF_TAKE1,
      ngx_stream_dns_upstream_block,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_forward"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE2,
      ngx_stream_dns_forward,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_hosts"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_hosts,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_host"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_2MORE,
      ngx_stream_dns_host,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_local"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_local,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_udp_max_size"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, udp_max_size),
      &ngx_stream_dns_udp_max_size },

    { ngx_string("dns_upstream_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, upstream_timeout),
      &ngx_stream_dns_timeout },

    { ngx_string("dns_next_upstream"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_next_upstream,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, next_upstream),
      &ngx_stream_dns_next_upstream_masks },

    { ngx_string("dns_next_upstream_tries"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, tries),
      &ngx_stream_dns_tries },

    { ngx_string("dns_next_upstream_budget"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, budget),
      &ngx_stream_dns_budget },

    { ngx_string("dns_next_upstream_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, next_timeout),
      &ngx_stream_dns_timeout },

    { ngx_string("dns_max_queries"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, max_queries),
      &ngx_stream_dns_max_queries },

    { ngx_string("dns_idle_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, idle_timeout),
      &ngx_stream_dns_timeout },

    { ngx_string("dns_client_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, client_timeout),
      &ngx_stream_dns_timeout },

    { ngx_string("dns_pipeline"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, pipeline),
      &ngx_stream_dns_pipeline },

    { ngx_string("dns_nsid"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_nsid,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_client_subnet"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE123,
      ngx_stream_dns_client_subnet,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_udp_proxy_protocol"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_proxy_protocol,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_zone"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_cache_zone,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_cache,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_min_ttl"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, min_ttl),
      &ngx_stream_dns_ttl },

    { ngx_string("dns_cache_max_ttl"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, max_ttl),
      &ngx_stream_dns_ttl },

    { ngx_string("dns_cache_negative_ttl"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE2,
      ngx_stream_dns_cache_negative_ttl,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_servfail_ttl"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, servfail_ttl),
      &ngx_stream_dns_servfail_ttl },

    { ngx_string("dns_cache_stale"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE123,
      ngx_stream_dns_cache_stale,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_prefetch"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE12,
      ngx_stream_dns_cache_prefetch,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_nxdomain_cut"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_FLAG,
      ngx_stream_dns_cache_nxdomain_cut,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, nxdomain_cut),
      NULL },

      ngx_null_command
};


static ngx_stream_module_t  ngx_dns_balancer_module_ctx = {
    ngx_stream_dns_add_variables,          /* preconfiguration */
    ngx_stream_dns_init,                   /* postconfiguration */

    ngx_stream_dns_create_main_conf,       /* create main configuration */
    ngx_stream_dns_init_main_conf,         /* init main configuration */

    ngx_stream_dns_create_srv_conf,        /* create server configuration */
    ngx_stream_dns_merge_srv_conf          /* merge server configuration */
};


ngx_module_t  ngx_dns_balancer_module = {
    NGX_MODULE_V1,
    &ngx_dns_balancer_module_ctx,          /* module context */
    ngx_stream_dns_commands,               /* module directives */
    NGX_STREAM_MODULE,                     /* module type */
    NULL,                                  /* init master */
    ngx_stream_dns_init_module,            /* init module */
    ngx_stream_dns_init_process,           /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_stream_dns_exit_process,           /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_stream_dns_create_main_conf(ngx_conf_t *cf)
{
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_main_conf_t));
    if (dmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&dmcf->upstreams, cf->pool, 4,
                       sizeof(ngx_stream_dns_upstream_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&dmcf->hosts, cf->pool, 4,
                       sizeof(ngx_stream_dns_hosts_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&dmcf->servers, cf->pool, 4,
                       sizeof(ngx_stream_dns_srv_conf_t *))
        != NGX_OK)
    {
        return NULL;
    }

    if (ngx_array_init(&dmcf->status.caches, cf->pool, 4,
                       sizeof(ngx_shm_zone_t *))
        != NGX_OK
        || ngx_array_init(&dmcf->uses, cf->pool, 4,
                          sizeof(ngx_stream_dns_cache_use_t))
           != NGX_OK)
    {
        return NULL;
    }

    return dmcf;
}


/* all is read, nothing is merged */

static char *
ngx_stream_dns_init_main_conf(ngx_conf_t *cf, void *conf)
{
    return ngx_stream_dns_cache_find(cf, conf);
}


static void *
ngx_stream_dns_create_srv_conf(ngx_conf_t *cf)
{
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_srv_conf_t));
    if (dscf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     dscf->dns = { 0 };
     *     dscf->local = { 0 };
     *     dscf->locals = 0;
     *     dscf->server_id = { 0, NULL };
     *     dscf->nsid = { 0, NULL };
     *     dscf->next_upstream = 0;
     *     dscf->zones = { 0 };
     *     dscf->listens = { 0 };
     *     dscf->metrics = { 0 };
     *     dscf->core = NULL;
     *     dscf->session = NULL;
     *     dscf->set = 0;
     *     dscf->enabled = 0;
     */

    dscf->forwards = NGX_CONF_UNSET_PTR;
    dscf->hosts = NGX_CONF_UNSET_PTR;
    dscf->udp_max_size = NGX_CONF_UNSET_SIZE;
    dscf->subnet = NGX_CONF_UNSET_UINT;
    dscf->proxies = NGX_CONF_UNSET_PTR;
    dscf->idle_timeout = NGX_CONF_UNSET_MSEC;
    dscf->client_timeout = NGX_CONF_UNSET_MSEC;
    dscf->pipeline = NGX_CONF_UNSET_UINT;
    dscf->upstream_timeout = NGX_CONF_UNSET_MSEC;
    dscf->next_timeout = NGX_CONF_UNSET_MSEC;
    dscf->tries = NGX_CONF_UNSET_UINT;
    dscf->budget = NGX_CONF_UNSET_UINT;
    dscf->max_queries = NGX_CONF_UNSET_UINT;

    ngx_stream_dns_cache_unset(dscf);

    return dscf;
}


static char *
ngx_stream_dns_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_dns_srv_conf_t *prev = parent;
    ngx_stream_dns_srv_conf_t *conf = child;

    ngx_stream_dns_srv_conf_t   **p;
    ngx_stream_core_srv_conf_t   *cscf;
    ngx_stream_dns_main_conf_t   *dmcf;

    ngx_stream_dns_lint_note(conf);

    ngx_conf_merge_ptr_value(conf->forwards, prev->forwards, NULL);
    ngx_conf_merge_ptr_value(conf->hosts, prev->hosts, NULL);
    ngx_stream_dns_local_merge(prev, conf);
    ngx_conf_merge_size_value(conf->udp_max_size, prev->udp_max_size, 1232);
    ngx_conf_merge_msec_value(conf->idle_timeout, prev->idle_timeout, 10000);
    ngx_conf_merge_msec_value(conf->client_timeout, prev->client_timeout,
                              5000);
    ngx_conf_merge_uint_value(conf->pipeline, prev->pipeline,
                              NGX_STREAM_DNS_PIPELINE);
    ngx_conf_merge_msec_value(conf->upstream_timeout, prev->upstream_timeout,
                              2000);
    ngx_conf_merge_msec_value(conf->next_timeout, prev->next_timeout, 5000);
    ngx_conf_merge_bitmask_value(conf->next_upstream, prev->next_upstream,
                              (NGX_CONF_BITMASK_SET|NGX_DNS_NEXT_ERROR
                               |NGX_DNS_NEXT_TIMEOUT|NGX_DNS_NEXT_SERVFAIL
                               |NGX_DNS_NEXT_REFUSED));
    ngx_conf_merge_uint_value(conf->tries, prev->tries, 3);
    ngx_conf_merge_uint_value(conf->budget, prev->budget, 20);
    ngx_conf_merge_uint_value(conf->max_queries, prev->max_queries,
                              NGX_STREAM_DNS_QUERIES);

    ngx_stream_dns_client_merge(conf, prev);

    if (ngx_stream_dns_cache_merge(cf, conf, prev) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (!conf->set) {
        return NGX_CONF_OK;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler != ngx_stream_dns_handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "a \"dns_*\" directive and \"proxy_pass\", \"return\" "
                      "or the like exclude each other in server in %s:%ui",
                      cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    if (conf->forwards == NULL && (conf->hosts == NULL || conf->hosts->off))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"dns_forward\" for server in %s:%ui, "
                      "nor \"dns_hosts\"",
                      cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    conf->core = cscf;
    conf->enabled = 1;

    conf->dns.data = conf;
    conf->dns.log = cscf->error_log;
    conf->dns.udp_max_size = conf->udp_max_size;
    conf->dns.idle_timeout = conf->idle_timeout;
    conf->dns.client_timeout = conf->client_timeout;
    conf->dns.pipeline = conf->pipeline;
    conf->dns.upstream_timeout = conf->upstream_timeout;
    conf->dns.next_timeout = conf->next_timeout;
    conf->dns.next = (conf->next_upstream & NGX_DNS_NEXT_OFF)
                     ? 0 : conf->next_upstream;
    conf->dns.tries = conf->tries ? conf->tries : NGX_DNS_MAX_TRIES;
    conf->dns.budget = (uint32_t) conf->budget;
    conf->dns.max_queries = conf->max_queries;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    p = ngx_array_push(&dmcf->servers);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    *p = conf;
    dmcf->queries += conf->max_queries;

    return NGX_CONF_OK;
}


/* all dns_* directives of a server make it ours */

void
ngx_stream_dns_claim(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_stream_core_srv_conf_t  *cscf;

    if (cf->cmd_type != NGX_STREAM_SRV_CONF) {
        return;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler == NULL) {
        cscf->handler = ngx_stream_dns_handler;
    }

    dscf->set = 1;
}


/* the phases of a connection have come to its content */

static void
ngx_stream_dns_handler(ngx_stream_session_t *s)
{
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = ngx_stream_get_module_srv_conf(s, ngx_dns_balancer_module);

    if (s->connection->type == SOCK_DGRAM) {
        ngx_dns_front_session_open(s->connection, &dscf->dns);
        return;
    }

    ngx_dns_front_tcp_open(s->connection, &dscf->dns);
}


static char *
ngx_stream_dns_next_upstream(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t           *value;
    ngx_uint_t           i, m;
    ngx_conf_bitmask_t  *mask;

    ngx_stream_dns_claim(cf, conf);

    if (dscf->next_upstream) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mask = cmd->post;

    for (i = 1; i < cf->args->nelts; i++) {

        for (m = 0; mask[m].name.len; m++) {
            if (mask[m].name.len == value[i].len
                && ngx_strcmp(mask[m].name.data, value[i].data) == 0)
            {
                break;
            }
        }

        if (mask[m].name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\": invalid value \"%V\", it must be "
                               "\"error\", \"timeout\", \"servfail\", "
                               "\"refused\" or \"off\"",
                               &value[0], &value[i]);
            return NGX_CONF_ERROR;
        }

        dscf->next_upstream |= NGX_CONF_BITMASK_SET | mask[m].mask;
    }

    if ((dscf->next_upstream & NGX_DNS_NEXT_OFF) && cf->args->nelts > 2) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": \"off\" allows no other value",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_init(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_srv_conf_t   **dscf;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    if (dmcf->servers.nelts
        && ngx_stream_dns_stock_init(cf, dmcf->stock) != NGX_OK)
    {
        return NGX_ERROR;
    }

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {

        ngx_stream_dns_local_init(cf, dscf[i]);

        if (ngx_stream_dns_forward_init(cf, dscf[i]) != NGX_OK
            || ngx_stream_dns_hosts_init(cf, dscf[i]) != NGX_OK
            || ngx_stream_dns_session_init(cf, dscf[i]) != NGX_OK
            || ngx_stream_dns_proxy_check(cf, dscf[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (ngx_stream_dns_listen_check(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_stream_dns_lint(cf, dmcf);

    if (dmcf->servers.nelts == 0) {
        return NGX_OK;
    }

    return ngx_stream_dns_metrics_init(cf, dmcf);
}

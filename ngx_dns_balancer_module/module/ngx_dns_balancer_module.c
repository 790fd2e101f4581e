
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_cache_file.h"
#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_slot.h"


static void *ngx_stream_dns_create_main_conf(ngx_conf_t *cf);
static char *ngx_stream_dns_init_main_conf(ngx_conf_t *cf, void *conf);
static void *ngx_stream_dns_create_srv_conf(ngx_conf_t *cf);
static char *ngx_stream_dns_merge_srv_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_stream_dns_enable(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *conf);
static ngx_int_t ngx_stream_dns_init(ngx_conf_t *cf);


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

    { ngx_string("dns_zone"),
      NGX_STREAM_SRV_CONF|NGX_CONF_BLOCK|NGX_CONF_1MORE,
      ngx_stream_dns_zone_block,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_pass"),
      NGX_STREAM_DNS_ZONE_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_pass,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_return"),
      NGX_STREAM_DNS_ZONE_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_return,
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

    { ngx_string("dns_service"),
      NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_service,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_dnstap"),
      NGX_STREAM_SRV_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_dnstap,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_xdp"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_xdp,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_xdp"),
      NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_xdp_server,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_resolver_name"),
      NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_resolver,
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
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE12,
      ngx_stream_dns_udp_size,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_upstream_timeout"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, upstream_timeout),
      &ngx_stream_dns_upstream_timeout },

    { ngx_string("dns_next_upstream"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_next_upstream,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_next_upstream_tries"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, tries),
      &ngx_stream_dns_tries },

    { ngx_string("dns_next_upstream_budget"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, budget),
      &ngx_stream_dns_budget },

    { ngx_string("dns_next_upstream_timeout"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, next_timeout),
      &ngx_stream_dns_next_timeout },

    { ngx_string("dns_max_queries"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, dns.listener.max_queries),
      &ngx_stream_dns_max_queries },

    { ngx_string("dns_idle_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, dns.listener.idle_timeout),
      &ngx_stream_dns_idle_timeout },

    { ngx_string("dns_client_timeout"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, dns.listener.client_timeout),
      &ngx_stream_dns_client_timeout },

    { ngx_string("dns_pipeline"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_stream_dns_srv_conf_t, dns.listener.pipeline),
      &ngx_stream_dns_pipeline },

    { ngx_string("dns_nsid"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_nsid,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cookie"),
      NGX_STREAM_MAIN_CONF|NGX_STREAM_SRV_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_secret,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_client_subnet"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE123,
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
      NGX_STREAM_MAIN_CONF|NGX_CONF_TAKE12,
      ngx_stream_dns_cache_zone,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_cache,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_min_ttl"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, min_ttl),
      &ngx_stream_dns_min_ttl },

    { ngx_string("dns_cache_max_ttl"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, max_ttl),
      &ngx_stream_dns_max_ttl },

    { ngx_string("dns_cache_negative_ttl"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE2,
      ngx_stream_dns_cache_negative_ttl,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_servfail_ttl"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, servfail_ttl),
      &ngx_stream_dns_servfail_ttl },

    { ngx_string("dns_cache_stale"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE123,
      ngx_stream_dns_cache_stale,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_prefetch"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE12,
      ngx_stream_dns_cache_prefetch,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_cache_nxdomain_cut"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, nxdomain_cut),
      &ngx_stream_dns_nxdomain_cut },

    { ngx_string("dns_limit_zone"),
      NGX_STREAM_MAIN_CONF|NGX_CONF_2MORE,
      ngx_stream_dns_limit_zone,
      NGX_STREAM_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_limit"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_1MORE,
      ngx_stream_dns_limit,
      NGX_STREAM_SRV_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_any"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, any),
      &ngx_stream_dns_any },

    { ngx_string("dns_rotate"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, rotate),
      &ngx_stream_dns_rotate },

    { ngx_string("dns_minimal"),
      NGX_STREAM_DNS_QUERY_CONF|NGX_CONF_TAKE1,
      ngx_stream_dns_slot,
      NGX_STREAM_SRV_CONF_OFFSET,
      offsetof(ngx_dns_policy_t, minimal),
      &ngx_stream_dns_minimal },

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
    ngx_stream_dns_cache_file_exit,        /* exit master */
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
        || ngx_array_init(&dmcf->cache_places, cf->pool, 4,
                          sizeof(ngx_stream_dns_place_t))
           != NGX_OK
        || ngx_array_init(&dmcf->cache_files, cf->pool, 1,
                          sizeof(ngx_stream_dns_cache_file_t *))
           != NGX_OK
        || ngx_array_init(&dmcf->uses, cf->pool, 4,
                          sizeof(ngx_stream_dns_cache_use_t))
           != NGX_OK
        || ngx_array_init(&dmcf->choices, cf->pool, 4,
                          sizeof(ngx_stream_dns_choice_t))
           != NGX_OK
        || ngx_array_init(&dmcf->limit_zones, cf->pool, 4,
                          sizeof(ngx_dns_limit_zone_t *))
           != NGX_OK
        || ngx_array_init(&dmcf->limit_places, cf->pool, 4,
                          sizeof(ngx_stream_dns_place_t))
           != NGX_OK
        || ngx_array_init(&dmcf->secrets, cf->pool, 4,
                          sizeof(ngx_stream_dns_secret_t *))
           != NGX_OK
        || ngx_array_init(&dmcf->policies, cf->pool, 4,
                          sizeof(ngx_dns_policy_t *))
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
     *     dscf->https = { 0 };
     *     dscf->service = { 0, NULL };
     *     dscf->tap = NULL;
     *     dscf->local = { 0 };
     *     dscf->locals = 0;
     *     dscf->server_id = { 0, NULL };
     *     dscf->dns.listener.nsid = { 0, NULL };
     *     dscf->zones = { 0 };
     *     dscf->listens = { 0 };
     *     dscf->metrics = { 0 };
     *     dscf->core = NULL;
     *     dscf->session = NULL;
     *     dscf->set = 0;
     *     dscf->enabled = 0;
     *     dscf->xdp = 0;
     */

    if (ngx_array_init(&dscf->local.designated, cf->pool, 2, sizeof(ngx_str_t))
        != NGX_OK)
    {
        return NULL;
    }

    dscf->forwards = NGX_CONF_UNSET_PTR;
    dscf->hosts = NGX_CONF_UNSET_PTR;
    dscf->secret = NGX_CONF_UNSET_PTR;
    dscf->dns.listener.proxies = NGX_CONF_UNSET_PTR;
    dscf->dns.listener.udp_max_size = NGX_CONF_UNSET_SIZE;
    dscf->dns.listener.udp_unproven = NGX_CONF_UNSET_SIZE;

    ngx_stream_dns_policy_unset(&dscf->policy);
    ngx_stream_dns_slot_unset(dscf, NGX_STREAM_SRV_CONF);

    return dscf;
}


static char *
ngx_stream_dns_merge_srv_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_stream_dns_srv_conf_t *prev = parent;
    ngx_stream_dns_srv_conf_t *conf = child;

    ngx_stream_dns_place_t       place;
    ngx_stream_core_srv_conf_t  *cscf;

    ngx_stream_dns_lint_note(conf);

    ngx_conf_merge_ptr_value(conf->forwards, prev->forwards, NULL);
    ngx_conf_merge_ptr_value(conf->hosts, prev->hosts, NULL);
    ngx_conf_merge_ptr_value(conf->secret, prev->secret, NULL);
    ngx_stream_dns_local_merge(prev, conf);
    ngx_conf_merge_str_value(conf->dns.listener.nsid, prev->dns.listener.nsid,
                             "");
    ngx_conf_merge_size_value(conf->dns.listener.udp_max_size,
                              prev->dns.listener.udp_max_size,
                              NGX_STREAM_DNS_UDP_SIZE);
    ngx_conf_merge_size_value(conf->dns.listener.udp_unproven,
                              prev->dns.listener.udp_unproven,
                              NGX_STREAM_DNS_UDP_SIZE);
    ngx_conf_merge_ptr_value(conf->dns.listener.proxies,
                             prev->dns.listener.proxies, NULL);

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    place.block = "server";
    place.file = cscf->file_name;
    place.line = cscf->line;

    if (ngx_stream_dns_policy_merge(cf, &conf->policy, &prev->policy, &place)
        != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_stream_dns_slot_merge(conf, prev, NGX_STREAM_SRV_CONF);

    if (!conf->set) {
        return NGX_CONF_OK;
    }

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
                      "nor \"dns_zone\", \"dns_hosts\" or \"dns_host\"",
                      cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    conf->core = cscf;
    conf->policy.log = cscf->error_log;

    return ngx_stream_dns_enable(cf, conf);
}


static char *
ngx_stream_dns_enable(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *conf)
{
    ngx_stream_dns_srv_conf_t   **p;
    ngx_stream_dns_main_conf_t   *dmcf;

    conf->enabled = 1;

    conf->dns.listener.data = conf;
    conf->dns.listener.log = conf->core->error_log;
    conf->dns.policy = &conf->policy;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    p = ngx_array_push(&dmcf->servers);

    if (p == NULL
        || ngx_stream_dns_policy_add(cf, &conf->policy) != NGX_OK
        || ngx_stream_dns_zone_merge(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    *p = conf;
    dmcf->queries += conf->dns.listener.max_queries;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_init(ngx_conf_t *cf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
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

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (ngx_stream_dns_seats_check(cf, us[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (ngx_stream_dns_choose_init(cf) != NGX_OK
        || ngx_stream_dns_listen_check(cf) != NGX_OK
        || ngx_stream_dns_xdp_check(cf, dmcf) != NGX_OK
        || ngx_stream_dns_service_init(cf, dmcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_stream_dns_loop_init(dmcf);
    ngx_stream_dns_lint(cf, dmcf);

    if (dmcf->servers.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_stream_dns_desk_init(cf, dmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_stream_dns_metrics_init(cf, dmcf);
}

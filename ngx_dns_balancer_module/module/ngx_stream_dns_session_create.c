
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_session.h"


#define NGX_STREAM_DNS_POOL    4096

#define NGX_STREAM_DNS_STOCK   1
#define NGX_STREAM_DNS_OTHERS  2


static ngx_uint_t ngx_stream_dns_session_phase(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf, ngx_uint_t phase);
static ngx_uint_t ngx_stream_dns_session_limited(
    ngx_stream_dns_srv_conf_t *dscf);
static void **ngx_stream_dns_session_confs(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_session_connect(ngx_stream_dns_session_t *ds,
    ngx_stream_dns_srv_conf_t *dscf);


/* what is set in the server and needs sessions, or would do nothing */

ngx_int_t
ngx_stream_dns_session_init(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_stock_t       *stock;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);
    stock = dmcf->stock;

    for (i = 0; i < NGX_STREAM_DNS_STOCKS; i++) {
        if (ngx_stream_dns_stock_used(&stock[i], dscf->core->ctx->srv_conf)) {
            dscf->stock |= 1u << i;
        }
    }

    if (dscf->stock & (1u << NGX_STREAM_DNS_STOCK_SSL_PREREAD)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"ssl_preread\" is not supported in a server with "
                      "\"dns_forward\" in %s:%ui",
                      dscf->core->file_name, dscf->core->line);
        return NGX_ERROR;
    }

    dscf->limited = (dscf->stock >> NGX_STREAM_DNS_STOCK_LIMIT_CONN) & 1;

    if (dscf->limited && dscf->dns.listener.proxies) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"limit_conn\" and \"dns_udp_proxy_protocol\" exclude "
                      "each other in server in %s:%ui",
                      dscf->core->file_name, dscf->core->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_int_t
ngx_stream_dns_session_create(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_uint_t                 i, used, rules;
    ngx_stream_session_t      *s;
    ngx_stream_dns_session_t  *ds;

    ds = ngx_pcalloc(cycle->pool, sizeof(ngx_stream_dns_session_t));
    if (ds == NULL) {
        return NGX_ERROR;
    }

    s = &ds->session;

    s->signature = NGX_STREAM_MODULE;
    s->connection = &ds->connection;
    s->main_conf = dscf->core->ctx->main_conf;
    s->srv_conf = ngx_stream_dns_session_confs(cycle, dscf);

    ds->main = ngx_stream_get_module_main_conf(s, ngx_stream_core_module);

    /* both are emptied after each use, by one call */

    ds->state_size = sizeof(void *) * ngx_stream_max_module
                     + ds->main->variables.nelts
                       * sizeof(ngx_stream_variable_value_t);

    s->ctx = ngx_pcalloc(cycle->pool, ds->state_size);

    if (s->srv_conf == NULL || s->ctx == NULL
        || ngx_stream_dns_session_connect(ds, dscf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    s->variables = (ngx_stream_variable_value_t *)
                   (s->ctx + ngx_stream_max_module);

    rules = 0;

    for (i = NGX_STREAM_POST_ACCEPT_PHASE; i <= NGX_STREAM_ACCESS_PHASE; i++) {
        used = ngx_stream_dns_session_phase(cycle, dscf, i);
        rules |= used;

        /* what "set" sets is read by rules after it, keys, and the log */

        if (i == NGX_STREAM_PREACCESS_PHASE) {
            dscf->preaccess = used;
        }
    }

    dscf->text = rules & NGX_STREAM_DNS_OTHERS || dscf->preaccess;

    if (rules) {
        dscf->dns.listener.access = ngx_stream_dns_session_access;
        ngx_dns_stage_add(&dscf->dns.listener, &ngx_dns_stage_access);
    }

    if (ngx_stream_dns_session_limited(dscf)) {
        dscf->dns.listener.limit_key = ngx_stream_dns_session_limit_key;
        ngx_dns_stage_add(&dscf->dns.listener, &ngx_dns_stage_limit);
    }

    if (ngx_stream_dns_session_phase(cycle, dscf, NGX_STREAM_LOG_PHASE)) {
        ngx_dns_stage_add(&dscf->dns.listener, &ngx_stream_dns_session_log);
    }

    dscf->dns.listener.key = ngx_stream_dns_session_key;
    dscf->dns.listener.choose = ngx_stream_dns_session_choose;
    dscf->session = s;

    return NGX_OK;
}


/*
 * Is a phase of use in the server: a rule or a log of a stock module that is
 * configured, or any handler of another module?
 */

static ngx_uint_t
ngx_stream_dns_session_phase(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf, ngx_uint_t phase)
{
    ngx_uint_t                    i, known, used;
    ngx_stream_dns_main_conf_t   *dmcf;
    ngx_stream_core_main_conf_t  *cmcf;

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);
    known = 0;
    used = 0;

    for (i = 0; i < NGX_STREAM_DNS_STOCKS; i++) {

        if (dmcf->stock[i].index == -1
            || ngx_stream_dns_stock_phase(i) != phase)
        {
            continue;
        }

        known++;

        /* refused, or without effect, on UDP */

        if (i == NGX_STREAM_DNS_STOCK_REALIP
            || i == NGX_STREAM_DNS_STOCK_LIMIT_CONN)
        {
            continue;
        }

        used |= dscf->stock & (1u << i);
    }

    cmcf = dscf->core->ctx->main_conf[ngx_stream_core_module.ctx_index];

    if (cmcf->phases[phase].handlers.nelts > known) {
        return NGX_STREAM_DNS_OTHERS;
    }

    return used ? NGX_STREAM_DNS_STOCK : 0;
}


/* are queries of the server, or of one of its zones, limited? */

static ngx_uint_t
ngx_stream_dns_session_limited(ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_uint_t        i;
    ngx_dns_zone_t  **zone;

    if (dscf->policy.limits) {
        return 1;
    }

    zone = dscf->zones.elts;

    for (i = 0; i < dscf->zones.nelts; i++) {
        if (zone[i]->policy->limits) {
            return 1;
        }
    }

    return 0;
}


/*
 * Those of the server, without limits: connections are what is limited, and
 * they have sessions of their own.
 */

static void **
ngx_stream_dns_session_confs(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf)
{
    void                        **confs;
    ngx_stream_dns_stock_t       *limits;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);

    confs = ngx_palloc(cycle->pool, sizeof(void *) * ngx_stream_max_module);
    if (confs == NULL) {
        return NULL;
    }

    ngx_memcpy(confs, dscf->core->ctx->srv_conf,
               sizeof(void *) * ngx_stream_max_module);

    limits = &dmcf->stock[NGX_STREAM_DNS_STOCK_LIMIT_CONN];

    if (limits->index != -1) {
        confs[limits->index] = limits->fresh;
    }

    return confs;
}


static ngx_int_t
ngx_stream_dns_session_connect(ngx_stream_dns_session_t *ds,
    ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_connection_t  *c;

    c = &ds->connection;

    ds->log = *dscf->core->error_log;
    ds->log.handler = ngx_stream_dns_session_log_error;
    ds->log.data = ds;

    c->pool = ngx_create_pool(NGX_STREAM_DNS_POOL, &ds->log);
    if (c->pool == NULL) {
        return NGX_ERROR;
    }

    c->fd = (ngx_socket_t) -1;
    c->type = SOCK_DGRAM;
    c->log = &ds->log;
    c->read = &ds->read;
    c->write = &ds->write;
    c->data = &ds->session;
    c->addr_text.data = ds->text;

    ds->read.data = c;
    ds->read.log = &ds->log;
    ds->write.data = c;
    ds->write.log = &ds->log;
    ds->write.write = 1;

    return NGX_OK;
}

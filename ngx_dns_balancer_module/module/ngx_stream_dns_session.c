
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../base/ngx_dns_hash.h"


#define NGX_STREAM_DNS_POOL    4096

#define NGX_STREAM_DNS_STOCK   1
#define NGX_STREAM_DNS_OTHERS  2


/*
 * The one session of a server in a worker.  It is filled from the flat
 * record of a query for the time of a rule, a log or a variable, and empty
 * again after; nothing in it lives longer than that.
 */

typedef struct {
    ngx_stream_session_t          session;
    ngx_connection_t              connection;
    ngx_event_t                   read;
    ngx_event_t                   write;
    ngx_log_t                     log;
    ngx_dns_sockaddr_t            local_sockaddr;
    ngx_stream_core_main_conf_t  *main;
    u_char                        text[NGX_SOCKADDR_STRLEN];
    in_addr_t                     ipv4;     /* what "text" is, ... */
    size_t                        ipv4_len; /* ... if it is not 0 */
} ngx_stream_dns_session_t;


static ngx_uint_t ngx_stream_dns_session_phase(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf, ngx_uint_t phase);
static void **ngx_stream_dns_session_confs(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_session_connect(ngx_stream_dns_session_t *ds,
    ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_session_run(ngx_stream_dns_session_t *ds,
    ngx_uint_t phase);
static void ngx_stream_dns_session_fill(ngx_stream_dns_session_t *ds,
    ngx_dns_record_t *r, ngx_uint_t text);
static void ngx_stream_dns_session_stream(ngx_connection_t *c,
    ngx_dns_client_t *client);
static void ngx_stream_dns_session_text(ngx_stream_dns_session_t *ds);
static void ngx_stream_dns_session_empty(ngx_stream_dns_session_t *ds);
static ngx_int_t ngx_stream_dns_session_access(ngx_dns_record_t *r);
static void ngx_stream_dns_session_end(ngx_dns_record_t *r);
static uint64_t ngx_stream_dns_session_key(ngx_dns_record_t *r,
    ngx_dns_upstream_t *u);
static ngx_uint_t ngx_stream_dns_session_limited(
    ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_session_limit_key(ngx_dns_record_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash);
static const ngx_dns_choice_t *ngx_stream_dns_session_choose(
    ngx_dns_record_t *r);
static u_char *ngx_stream_dns_session_log_error(ngx_log_t *log, u_char *buf,
    size_t len);


static const ngx_dns_stage_t  ngx_stream_dns_session_log = {
    NULL,
    NULL,
    ngx_stream_dns_session_end
};


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

    s->ctx = ngx_pcalloc(cycle->pool, sizeof(void *) * ngx_stream_max_module);
    s->variables = ngx_pcalloc(cycle->pool,
                               ngx_max(ds->main->variables.nelts, 1)
                               * sizeof(ngx_stream_variable_value_t));

    if (s->srv_conf == NULL || s->ctx == NULL || s->variables == NULL
        || ngx_stream_dns_session_connect(ds, dscf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    rules = 0;

    for (i = NGX_STREAM_POST_ACCEPT_PHASE; i <= NGX_STREAM_ACCESS_PHASE; i++) {
        used = ngx_stream_dns_session_phase(cycle, dscf, i);
        rules |= used;

        /* what "set" sets is read by the rules after it and by the log */

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


static void
ngx_stream_dns_session_fill(ngx_stream_dns_session_t *ds, ngx_dns_record_t *r,
    ngx_uint_t text)
{
    time_t                 sec;
    ngx_msec_t             msec, past;
    ngx_time_t            *tp;
    ngx_connection_t      *c;
    ngx_dns_client_t      *client;
    ngx_stream_session_t  *s;

    s = &ds->session;
    c = &ds->connection;
    client = r->client;

    c->listening = client->listening;
    c->type = client->front->type;
    c->sockaddr = ngx_dns_client_source(client);
    c->socklen = client->proxied ? sizeof(ngx_dns_sockaddr_t)
                                 : client->socklen;
    c->sent = (off_t) r->sent;
    c->addr_text.len = 0;

    c->local_sockaddr = client->listening->sockaddr;
    c->local_socklen = client->listening->socklen;

    if (client->local) {
        ds->local_sockaddr = client->local_sockaddr;
        c->local_sockaddr = &ds->local_sockaddr.sockaddr;

        ngx_inet_set_port(c->local_sockaddr,
                          ngx_inet_get_port(client->listening->sockaddr));

    } else if (client->front->connection) {
        ngx_stream_dns_session_stream(c, client);
    }

    if (text) {
        ngx_stream_dns_session_text(ds);
    }

    /* $session_time is a difference of the wall clock */

    tp = ngx_timeofday();
    past = ngx_current_msec - r->start_msec;

    sec = tp->sec;
    msec = tp->msec;

    if (past) {
        sec -= (time_t) (past / 1000);
        past %= 1000;

        if (msec < past) {
            msec += 1000;
            sec--;
        }
    }

    s->start_sec = sec;
    s->start_msec = msec - past;
    s->received = (off_t) r->received;
    s->status = r->reason == NGX_DNS_FINE
                ? NGX_STREAM_OK
                : ngx_stream_dns_text_status(r->reason);

    ngx_stream_set_ctx(s, r, ngx_dns_balancer_module);
}


/* what logs and variables may want of a connection, if it is still there */

static void
ngx_stream_dns_session_stream(ngx_connection_t *c, ngx_dns_client_t *client)
{
    ngx_connection_t  *stream;

    stream = client->front->connection(client);

    if (stream == NULL) {
        return;
    }

    c->proxy_protocol = stream->proxy_protocol;
#if (NGX_SSL)
    c->ssl = stream->ssl;
#endif

    if (client->listening->wildcard
        && ngx_connection_local_sockaddr(stream, NULL, 0) == NGX_OK)
    {
        c->local_sockaddr = stream->local_sockaddr;
        c->local_socklen = stream->local_socklen;
    }
}


static void
ngx_stream_dns_session_text(ngx_stream_dns_session_t *ds)
{
    in_addr_t          addr;
    ngx_connection_t  *c;

    c = &ds->connection;

    if (c->addr_text.len) {
        return;
    }

    if (c->sockaddr->sa_family == AF_INET) {
        addr = ((struct sockaddr_in *) c->sockaddr)->sin_addr.s_addr;

        /* often the same client asks again */

        if (ds->ipv4_len == 0 || addr != ds->ipv4) {
            ds->ipv4 = addr;
            ds->ipv4_len = ngx_stream_dns_text_ipv4(ds->text, c->sockaddr);
        }

        c->addr_text.len = ds->ipv4_len;
        return;
    }

    ds->ipv4_len = 0;
    c->addr_text.len = ngx_sock_ntop(c->sockaddr, c->socklen, ds->text,
                                     NGX_SOCKADDR_STRLEN, 0);
}


static void
ngx_stream_dns_session_empty(ngx_stream_dns_session_t *ds)
{
    ngx_pool_t            *pool;
    ngx_pool_cleanup_t    *cln;
    ngx_stream_session_t  *s;

    s = &ds->session;
    pool = ds->connection.pool;

    ds->connection.proxy_protocol = NULL;
#if (NGX_SSL)
    ds->connection.ssl = NULL;
#endif

    ngx_memzero(s->ctx, sizeof(void *) * ngx_stream_max_module);
    ngx_memzero(s->variables, ds->main->variables.nelts
                              * sizeof(ngx_stream_variable_value_t));

    for (cln = pool->cleanup; cln; cln = cln->next) {
        if (cln->handler) {
            cln->handler(cln->data);
        }
    }

    pool->cleanup = NULL;

    if (pool->large || pool->current->d.last
                       != (u_char *) pool + sizeof(ngx_pool_t))
    {
        ngx_reset_pool(pool);
    }
}


static ngx_int_t
ngx_stream_dns_session_access(ngx_dns_record_t *r)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;

    if (r->client->checked) {
        return NGX_OK;
    }

    dscf = r->conf->listener.data;
    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, dscf->text);

    rc = NGX_OK;

    for (i = NGX_STREAM_POST_ACCEPT_PHASE;
         i <= NGX_STREAM_ACCESS_PHASE && rc == NGX_OK;
         i++)
    {
        rc = ngx_stream_dns_session_run(ds, i);
    }

    ngx_stream_dns_session_empty(ds);

    return rc;
}


/* as ngx_stream_core_generic_phase(), but nothing can be waited for */

static ngx_int_t
ngx_stream_dns_session_run(ngx_stream_dns_session_t *ds, ngx_uint_t phase)
{
    ngx_int_t               rc;
    ngx_uint_t              i;
    ngx_stream_handler_pt  *handler;

    handler = ds->main->phases[phase].handlers.elts;

    for (i = 0; i < ds->main->phases[phase].handlers.nelts; i++) {

        rc = handler[i](&ds->session);

        if (rc == NGX_OK) {
            return NGX_OK;
        }

        if (rc != NGX_DECLINED) {
            return NGX_DECLINED;
        }
    }

    return NGX_OK;
}


static void
ngx_stream_dns_session_end(ngx_dns_record_t *r)
{
    ngx_uint_t                  i;
    ngx_stream_phase_t         *phase;
    ngx_stream_handler_pt      *handler;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = r->conf->listener.data;
    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, 1);

    if (dscf->preaccess) {
        (void) ngx_stream_dns_session_run(ds, NGX_STREAM_PREACCESS_PHASE);
    }

    ds->connection.number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    phase = &ds->main->phases[NGX_STREAM_LOG_PHASE];
    handler = phase->handlers.elts;

    for (i = 0; i < phase->handlers.nelts; i++) {
        (void) handler[i](&ds->session);
    }

    ngx_stream_dns_session_empty(ds);
}


/* the same for all workers, restarts and machines */

static uint64_t
ngx_stream_dns_session_key(ngx_dns_record_t *r, ngx_dns_upstream_t *u)
{
    size_t                      len;
    u_char                      name[NGX_DNS_MAX_NAME];
    uint64_t                    hash;
    ngx_str_t                   value;
    ngx_dns_hash_key_t          key;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;
    ngx_stream_dns_upstream_t  *us;

    us = u->key;
    dscf = r->conf->listener.data;

    ngx_memzero(&key, sizeof(ngx_dns_hash_key_t));

    if (us->qname) {
        for (len = 0; len < r->name_len; len++) {
            name[len] = ngx_tolower(r->name[len]);
        }

        return ngx_dns_hash(&key, name, len, 0);
    }

    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, 1);

    hash = 0;

    if (ngx_stream_complex_value(&ds->session, us->key, &value) == NGX_OK) {
        hash = ngx_dns_hash(&key, value.data, value.len, 0);
    }

    ngx_stream_dns_session_empty(ds);

    return hash;
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


static ngx_int_t
ngx_stream_dns_session_limit_key(ngx_dns_record_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash)
{
    ngx_int_t                   rc;
    ngx_str_t                   value;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = r->conf->listener.data;
    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, 1);

    rc = NGX_DECLINED;

    if (ngx_stream_complex_value(&ds->session, zone->key, &value) == NGX_OK
        && value.len)
    {
        *hash = ngx_dns_hash(&zone->rate.shm->key, value.data, value.len, 0);
        rc = NGX_OK;
    }

    ngx_stream_dns_session_empty(ds);

    return rc;
}


/* "dns_pass" with variables */

static const ngx_dns_choice_t *
ngx_stream_dns_session_choose(ngx_dns_record_t *r)
{
    const ngx_dns_choice_t     *choice;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = r->conf->listener.data;
    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, 1);

    choice = ngx_stream_dns_choose(&ds->session, r);

    ngx_stream_dns_session_empty(ds);

    return choice;
}


static u_char *
ngx_stream_dns_session_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    ngx_stream_dns_session_t  *ds;

    ds = log->data;

    if (ds->connection.listening == NULL) {
        return buf;
    }

    ngx_stream_dns_session_text(ds);

    return ngx_snprintf(buf, len, ", %sclient: %V, server: %V",
                        ds->connection.type == SOCK_DGRAM ? "udp " : "",
                        &ds->connection.addr_text,
                        &ds->connection.listening->addr_text);
}

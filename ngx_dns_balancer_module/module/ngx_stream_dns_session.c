
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_session.h"
#include "ngx_stream_dns_text.h"
#include "../base/ngx_dns_hash.h"


static ngx_int_t ngx_stream_dns_session_run(ngx_stream_dns_session_t *ds,
    ngx_uint_t phase);
static void ngx_stream_dns_session_end(ngx_dns_logged_t *r);
static ngx_stream_dns_session_t *ngx_stream_dns_session_begin(
    ngx_dns_logged_t *r);
static void ngx_stream_dns_session_fill(ngx_stream_dns_session_t *ds,
    ngx_dns_logged_t *r, ngx_uint_t text);
static void ngx_stream_dns_session_stream(ngx_connection_t *c,
    ngx_dns_client_t *client);
static void ngx_stream_dns_session_text(ngx_stream_dns_session_t *ds);
static void ngx_stream_dns_session_empty(ngx_stream_dns_session_t *ds);


const ngx_dns_stage_t  ngx_stream_dns_session_log = {
    NULL,
    NULL,
    ngx_stream_dns_session_end
};


ngx_int_t
ngx_stream_dns_session_access(ngx_dns_logged_t *r)
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
ngx_stream_dns_session_end(ngx_dns_logged_t *r)
{
    ngx_uint_t                 i;
    ngx_stream_phase_t        *phase;
    ngx_stream_handler_pt     *handler;
    ngx_stream_dns_session_t  *ds;

    ds = ngx_stream_dns_session_begin(r);

    ds->connection.number = ngx_atomic_fetch_add(ngx_connection_counter, 1);

    phase = &ds->main->phases[NGX_STREAM_LOG_PHASE];
    handler = phase->handlers.elts;

    for (i = 0; i < phase->handlers.nelts; i++) {
        (void) handler[i](&ds->session);
    }

    ngx_stream_dns_session_empty(ds);
}


/* the same for all workers, restarts and machines */

uint64_t
ngx_stream_dns_session_key(ngx_dns_logged_t *r, ngx_dns_upstream_t *u)
{
    size_t                      len;
    u_char                      name[NGX_DNS_MAX_NAME];
    uint64_t                    hash;
    ngx_str_t                   value;
    ngx_dns_hash_key_t          key;
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_upstream_t  *us;

    us = u->key;

    ngx_memzero(&key, sizeof(ngx_dns_hash_key_t));

    if (us->qname) {
        for (len = 0; len < r->name_len; len++) {
            name[len] = ngx_tolower(r->name[len]);
        }

        return ngx_dns_hash(&key, name, len, 0);
    }

    ds = ngx_stream_dns_session_begin(r);
    hash = 0;

    if (ngx_stream_complex_value(&ds->session, us->key, &value) == NGX_OK) {
        hash = ngx_dns_hash(&key, value.data, value.len, 0);
    }

    ngx_stream_dns_session_empty(ds);

    return hash;
}


ngx_int_t
ngx_stream_dns_session_limit_key(ngx_dns_logged_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash)
{
    ngx_int_t                  rc;
    ngx_str_t                  value;
    ngx_stream_dns_session_t  *ds;

    ds = ngx_stream_dns_session_begin(r);
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

const ngx_dns_choice_t *
ngx_stream_dns_session_choose(ngx_dns_logged_t *r)
{
    const ngx_dns_choice_t    *choice;
    ngx_stream_dns_session_t  *ds;

    ds = ngx_stream_dns_session_begin(r);

    choice = ngx_stream_dns_choose(&ds->session, r);

    ngx_stream_dns_session_empty(ds);

    return choice;
}


/* for whoever reads variables: those of "set" have their values, too */

static ngx_stream_dns_session_t *
ngx_stream_dns_session_begin(ngx_dns_logged_t *r)
{
    ngx_stream_dns_session_t   *ds;
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = r->conf->listener.data;
    ds = (ngx_stream_dns_session_t *) dscf->session;

    ngx_stream_dns_session_fill(ds, r, 1);

    if (dscf->preaccess) {
        (void) ngx_stream_dns_session_run(ds, NGX_STREAM_PREACCESS_PHASE);
    }

    return ds;
}


static void
ngx_stream_dns_session_fill(ngx_stream_dns_session_t *ds, ngx_dns_logged_t *r,
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

    ngx_memzero(s->ctx, ds->state_size);

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


u_char *
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

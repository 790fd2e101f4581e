
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "../base/ngx_dns_hash.h"
#include "../transport/ngx_dns_tcp_out.h"
#include "../transport/ngx_dns_udp_out.h"
#include "../peers/ngx_dns_address.h"


static ngx_int_t ngx_stream_dns_seats_first(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static void ngx_stream_dns_seats_cleanup(void *data);
static ngx_int_t ngx_stream_dns_seats_peer(ngx_conf_t *cf,
    ngx_stream_dns_source_t *src, ngx_stream_dns_server_line_t *line,
    ngx_uint_t i);
static ngx_int_t ngx_stream_dns_seats_scheme(ngx_conf_t *cf,
    ngx_stream_dns_source_t *src);


ngx_stream_dns_source_t *
ngx_stream_dns_seats_add(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_stream_dns_server_line_t *line, ngx_str_t *text)
{
    ngx_uint_t                 i;
    ngx_stream_dns_source_t   *src, **p;

    src = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_source_t));

    if (src == NULL
        || (us->sources == NULL
            && ngx_stream_dns_seats_first(cf, us) != NGX_OK))
    {
        return NULL;
    }

    p = ngx_array_push(us->sources);
    if (p == NULL) {
        return NULL;
    }

    *p = src;

    src->us = us;
    src->transport = line->transport;
    src->text = *text;
    ngx_stream_dns_place(cf, &src->place);
    src->service = line->service;
    src->weight = line->peer.weight;
    src->backup = line->peer.backup;

    src->seats.upstream = &us->upstream;
    src->seats.first = us->upstream.peers.nelts;
    src->seats.n = NGX_DNS_SEATS;
    src->seats.down = line->peer.down;

    if (ngx_stream_dns_seats_scheme(cf, src) != NGX_OK) {
        return NULL;
    }

    for (i = 0; i < NGX_DNS_SEATS; i++) {
        if (ngx_stream_dns_seats_peer(cf, src, line, i) != NGX_OK) {
            return NULL;
        }
    }

    return src;
}


static ngx_int_t
ngx_stream_dns_seats_first(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_pool_cleanup_t  *cln;

    us->core = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);
    us->sources = ngx_array_create(cf->pool, 2,
                                   sizeof(ngx_stream_dns_source_t *));
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (us->sources == NULL || cln == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_stream_dns_seats_cleanup;
    cln->data = &us->upstream;

    return NGX_OK;
}


/* the groups of a worker */

static void
ngx_stream_dns_seats_cleanup(void *data)
{
    ngx_dns_upstream_t *u = data;

    if (u->pool) {
        ngx_destroy_pool(u->pool);
        u->pool = NULL;
    }
}


/* a server at no address; its state is found again by a name of its own */

static ngx_int_t
ngx_stream_dns_seats_peer(ngx_conf_t *cf, ngx_stream_dns_source_t *src,
    ngx_stream_dns_server_line_t *line, ngx_uint_t i)
{
    size_t           size;
    uint64_t         id;
    ngx_addr_t       addr;
    ngx_dns_peer_t  *peer;

    static const ngx_dns_hash_key_t  key = { 0x646e735f73656174ULL, 2 };

    size = sizeof("#0123456789abcdef00 ") + src->text.len
           + src->seats.scheme.len + NGX_DNS_ADDRESS_LEN;

    addr.name.data = ngx_pnalloc(cf->pool, size);
    addr.sockaddr = ngx_pcalloc(cf->pool, sizeof(ngx_sockaddr_t));

    if (addr.name.data == NULL || addr.sockaddr == NULL) {
        return NGX_ERROR;
    }

    id = ngx_dns_hash(&key, src->text.data, src->text.len, 0);
    id = ngx_dns_hash(&key, src->service.data, src->service.len, id);

    addr.name.len = ngx_sprintf(addr.name.data, "#%xL%02ui %V", id, i,
                                &src->text)
                    - addr.name.data;
    addr.sockaddr->sa_family = AF_INET;
    addr.socklen = sizeof(struct sockaddr_in);

    peer = ngx_stream_dns_server_add(cf, src->us, &addr, line->transport,
                                     &line->tls);
    if (peer == NULL) {
        return NGX_ERROR;
    }

    peer->weight = line->peer.weight;
    peer->max_fails = line->peer.max_fails;
    peer->fail_timeout = line->peer.fail_timeout;
    peer->slow_start = line->peer.slow_start;
    peer->max_outstanding = line->peer.max_outstanding;
    peer->backup = line->peer.backup;
    peer->seats = &src->seats;
    peer->vacant = 1;
    peer->down = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_seats_scheme(ngx_conf_t *cf, ngx_stream_dns_source_t *src)
{
    ngx_str_t  *name, *scheme;

    name = &src->transport->name;
    scheme = &src->seats.scheme;

    if (src->transport == &ngx_dns_udp_out) {
        ngx_str_set(scheme, "");
        return NGX_OK;
    }

    scheme->data = ngx_pnalloc(cf->pool, name->len + sizeof("://") - 1);
    if (scheme->data == NULL) {
        return NGX_ERROR;
    }

    scheme->len = ngx_sprintf(scheme->data, "%V://", name) - scheme->data;

    return NGX_OK;
}


char *
ngx_stream_dns_seats_resolver(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t  *value;

    if (us->resolver) {
        return "is duplicate";
    }

    value = cf->args->elts;

    us->resolver = ngx_resolver_create(cf, &value[1], cf->args->nelts - 1);

    return us->resolver ? NGX_CONF_OK : NGX_CONF_ERROR;
}


char *
ngx_stream_dns_seats_timeout(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_int_t   t;
    ngx_str_t  *value;

    if (us->resolver_timeout) {
        return "is duplicate";
    }

    value = cf->args->elts;
    t = ngx_parse_time(&value[1], 0);

    if (t == NGX_ERROR || t < 1 || t > 3600000) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"resolver_timeout\": invalid value \"%V\", it "
                           "must be a time from 1ms to 1h", &value[1]);
        return NGX_CONF_ERROR;
    }

    us->resolver_timeout = (ngx_msec_t) t;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_stream_dns_seats_most(ngx_stream_dns_upstream_t *us)
{
    if (us->sources == NULL) {
        return us->upstream.peers.nelts;
    }

    return us->upstream.peers.nelts
           - us->sources->nelts * (NGX_DNS_SEATS - NGX_DNS_SEATS_SERVERS);
}


ngx_uint_t
ngx_stream_dns_seats_used(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->sources) {
            return 1;
        }
    }

    return 0;
}

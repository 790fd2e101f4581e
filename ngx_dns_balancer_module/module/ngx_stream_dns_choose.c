
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


#define NGX_STREAM_DNS_CHOOSE_LOG   60    /* seconds from line to line */
#define NGX_STREAM_DNS_CHOOSE_TEXT  128   /* octets of a value that is logged */


static ngx_uint_t ngx_stream_dns_choose_single(ngx_str_t *text,
    ngx_str_t *name);
static ngx_uint_t ngx_stream_dns_choose_used(ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_choose_peer(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf, ngx_dns_upstream_t *u,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_stream_dns_choose_add(ngx_stream_dns_main_conf_t *dmcf,
    ngx_str_t *name, ngx_dns_upstream_t *u, ngx_dns_peer_t *only);
static uint32_t *ngx_stream_dns_choose_place(
    ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name);
static ngx_int_t ngx_stream_dns_choose_index(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
static const ngx_dns_choice_t *ngx_stream_dns_choose_find(
    ngx_stream_session_t *s, ngx_str_t *name);
static void ngx_stream_dns_choose_failed(ngx_dns_logged_t *r,
    ngx_str_t *value);


/* of this worker */

static time_t      ngx_stream_dns_choose_logged;
static ngx_uint_t  ngx_stream_dns_choose_silent;


char *
ngx_stream_dns_choose_target(ngx_conf_t *cf, ngx_stream_dns_target_t *target,
    ngx_str_t *text)
{
    ngx_str_t  name;

    target->text = *text;
    target->variables = ngx_stream_script_variables_count(text);

    if (target->variables == 0) {
        return NGX_CONF_OK;
    }

    /* the commonest value, which needs no text to be put together */

    if (ngx_stream_dns_choose_single(text, &name)) {
        ngx_stream_dns_variable_warn(cf, text, 0);

        target->index = ngx_stream_get_variable_index(cf, &name);

        return target->index == NGX_ERROR ? NGX_CONF_ERROR : NGX_CONF_OK;
    }

    target->value = ngx_stream_dns_variable_compile(cf, text, 0);

    return target->value ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* is it "$name" and nothing else? */

static ngx_uint_t
ngx_stream_dns_choose_single(ngx_str_t *text, ngx_str_t *name)
{
    size_t  i;
    u_char  c;

    for (i = 1; i < text->len; i++) {
        c = text->data[i];

        if (!(c == '_' || (c >= '0' && c <= '9')
              || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')))
        {
            return 0;
        }
    }

    name->data = text->data + 1;
    name->len = text->len - 1;

    return text->data[0] == '$' && name->len
           && (name->data[0] < '0' || name->data[0] > '9');
}


/*
 * Names of upstreams, and the addresses of their servers.  Any of them may be
 * what a variable says, so all of them are in use.
 */

ngx_int_t
ngx_stream_dns_choose_init(ngx_conf_t *cf)
{
    ngx_uint_t                    i, k;
    ngx_dns_peer_t               *peer;
    ngx_dns_upstream_t           *u;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    if (!ngx_stream_dns_choose_used(dmcf)) {
        return NGX_OK;
    }

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        us[i]->used = 1;
        u = &us[i]->upstream;

        if (ngx_stream_dns_choose_add(dmcf, &u->name, u, NULL) != NGX_OK) {
            return NGX_ERROR;
        }

        peer = u->peers.elts;

        for (k = 0; k < u->peers.nelts; k++) {
            if (peer[k].seats == NULL
                && ngx_stream_dns_choose_peer(cf, dmcf, u, &peer[k]) != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return ngx_stream_dns_choose_index(cf, dmcf);
}


static ngx_uint_t
ngx_stream_dns_choose_used(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, k;
    ngx_dns_zone_t              **zone;
    ngx_stream_dns_srv_conf_t   **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        zone = dscf[i]->zones.elts;

        for (k = 0; k < dscf[i]->zones.nelts; k++) {
            if (zone[k]->choice) {
                return 1;
            }
        }
    }

    return 0;
}


/*
 * As logs have it, as an address with its port, and without the default one.
 * An address alone does not mean TLS: that would depend on what else is there.
 */

static ngx_int_t
ngx_stream_dns_choose_peer(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf,
    ngx_dns_upstream_t *u, ngx_dns_peer_t *peer)
{
    ngx_str_t   name;
    ngx_uint_t  port;

    name = peer->name;

    if (ngx_strncmp(name.data, "tls://", 6) == 0) {
        port = NGX_DNS_TLS_PORT;
        goto add;
    }

    port = NGX_DNS_PORT;

    name.data = ngx_pnalloc(cf->pool, NGX_SOCKADDR_STRLEN);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    name.len = ngx_sock_ntop(peer->sockaddr, peer->socklen, name.data,
                             NGX_SOCKADDR_STRLEN, 1);

    if (ngx_stream_dns_choose_add(dmcf, &name, u, peer) != NGX_OK) {
        return NGX_ERROR;
    }

add:

    if (ngx_stream_dns_choose_add(dmcf, &peer->name, u, peer) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_inet_get_port(peer->sockaddr) != port) {
        return NGX_OK;
    }

    while (name.data[--name.len] != ':') {
        /* void */
    }

    return ngx_stream_dns_choose_add(dmcf, &name, u, peer);
}


static ngx_int_t
ngx_stream_dns_choose_add(ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name,
    ngx_dns_upstream_t *u, ngx_dns_peer_t *only)
{
    ngx_stream_dns_choice_t  *c;

    c = ngx_array_push(&dmcf->choices);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->name = *name;
    c->choice.upstream = u;
    c->choice.only = only;
    c->choice.partition = only ? ngx_stream_dns_partition(&only->name)
                               : u->partition;

    return NGX_OK;
}


const ngx_dns_choice_t *
ngx_stream_dns_choose(ngx_stream_session_t *s, ngx_dns_logged_t *r)
{
    ngx_str_t                     value;
    const ngx_dns_choice_t       *choice;
    ngx_stream_dns_target_t      *target;
    ngx_stream_variable_value_t  *vv;

    target = r->zone->choice;

    if (target->value) {

        if (ngx_stream_complex_value(s, target->value, &value) != NGX_OK) {
            return NULL;
        }

    } else {
        ngx_str_null(&value);

        vv = ngx_stream_get_indexed_variable(s, target->index);

        if (vv && !vv->not_found) {
            value.data = vv->data;
            value.len = vv->len;
        }
    }

    choice = ngx_stream_dns_choose_find(s, &value);

    if (choice == NULL) {
        ngx_stream_dns_choose_failed(r, &value);
    }

    return choice;
}


static const ngx_dns_choice_t *
ngx_stream_dns_choose_find(ngx_stream_session_t *s, ngx_str_t *name)
{
    uint32_t                     *place;
    ngx_stream_dns_choice_t      *c;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_get_module_main_conf(s, ngx_dns_balancer_module);

    /* most often it is what it was the last time */

    c = dmcf->chosen;

    if (c && c->name.len == name->len
        && ngx_memcmp(c->name.data, name->data, name->len) == 0)
    {
        return &c->choice;
    }

    c = dmcf->choices.elts;
    place = ngx_stream_dns_choose_place(dmcf, name);

    if (*place == 0) {
        return NULL;
    }

    c += *place - 1;
    dmcf->chosen = c;

    return &c->choice;
}


/*
 * Where the number of the choice with this name is, counted from 1, or would
 * be: open addressing, at most half of the places are taken.  Names are of the
 * configuration, so that nobody can choose ones that meet.
 */

static uint32_t *
ngx_stream_dns_choose_place(ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name)
{
    size_t                    i;
    uint32_t                  hash, *place;
    ngx_stream_dns_choice_t  *c;

    hash = (uint32_t) name->len;

    for (i = 0; i < name->len; i++) {
        hash = (hash ^ name->data[i]) * 16777619;
    }

    hash ^= hash >> 15;

    for ( ;; ) {
        place = &dmcf->places[hash++ & dmcf->places_mask];
        c = (ngx_stream_dns_choice_t *) dmcf->choices.elts + *place - 1;

        if (*place == 0
            || (c->name.len == name->len
                && ngx_memcmp(c->name.data, name->data, name->len) == 0))
        {
            return place;
        }
    }
}


/* of servers with one address the first counts */

static ngx_int_t
ngx_stream_dns_choose_index(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    uint32_t                 *place, n;
    ngx_uint_t                i;
    ngx_stream_dns_choice_t  *c;

    for (n = 8; n < 2 * dmcf->choices.nelts; n *= 2) { /* void */ }

    dmcf->places = ngx_pcalloc(cf->pool, n * sizeof(uint32_t));
    if (dmcf->places == NULL) {
        return NGX_ERROR;
    }

    dmcf->places_mask = n - 1;
    c = dmcf->choices.elts;

    for (i = 0; i < dmcf->choices.nelts; i++) {
        place = ngx_stream_dns_choose_place(dmcf, &c[i].name);

        if (*place == 0) {
            *place = (uint32_t) i + 1;
        }
    }

    return NGX_OK;
}


/* a client may be the author of the value: few lines, and printable ones */

static void
ngx_stream_dns_choose_failed(ngx_dns_logged_t *r, ngx_str_t *value)
{
    size_t   i, len;
    u_char  *last, text[NGX_STREAM_DNS_CHOOSE_TEXT],
             silent[NGX_INT_T_LEN + sizeof("; more were not logged ")];

    if (ngx_stream_dns_choose_logged
        && ngx_time() - ngx_stream_dns_choose_logged
           < NGX_STREAM_DNS_CHOOSE_LOG)
    {
        ngx_stream_dns_choose_silent++;
        return;
    }

    len = ngx_min(value->len, NGX_STREAM_DNS_CHOOSE_TEXT);

    for (i = 0; i < len; i++) {
        text[i] = value->data[i] < 0x20 || value->data[i] > 0x7e
                  ? '?' : value->data[i];
    }

    last = silent;

    if (ngx_stream_dns_choose_silent) {
        last = ngx_sprintf(silent, "; %ui more were not logged",
                           ngx_stream_dns_choose_silent);
    }

    ngx_log_error(NGX_LOG_ERR, r->conf->listener.log, 0,
                  "\"dns_pass\" of zone \"%V\": \"%*s\" is not the name of a "
                  "\"dns_upstream\", nor the address of a server in one%*s",
                  &r->zone->text, len, text, (size_t) (last - silent), silent);

    ngx_stream_dns_choose_logged = ngx_time();
    ngx_stream_dns_choose_silent = 0;
}

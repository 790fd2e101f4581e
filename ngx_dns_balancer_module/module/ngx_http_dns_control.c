
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns.h"
#include "../front/ngx_dns_status.h"


/* what there is: its first part, how many parts it has, and the last of them */

typedef struct {
    ngx_str_t      word;
    ngx_uint_t     nparts;
    const char    *last;            /* NULL: a name */
    ngx_uint_t     args;            /* bits */
    ngx_int_t    (*handler)(ngx_http_dns_call_t *call);
} ngx_http_dns_thing_t;


#define NGX_HTTP_DNS_CONTROL_THINGS                                           \
    "upstreams/UPSTREAM/SERVER?state=, caches/ZONE/purge, ready?state="


static const ngx_http_dns_thing_t *ngx_http_dns_control_thing(
    ngx_http_dns_call_t *call);
static ngx_int_t ngx_http_dns_control_state(ngx_http_dns_call_t *call);
static ngx_int_t ngx_http_dns_control_server(ngx_http_dns_call_t *call,
    ngx_dns_peer_t *peer);
static ngx_int_t ngx_http_dns_control_ready(ngx_http_dns_call_t *call);
static ngx_int_t ngx_http_dns_control_mark(ngx_str_t *state, ngx_uint_t up);
static ngx_dns_upstream_t *ngx_http_dns_control_upstream(
    ngx_http_dns_call_t *call, ngx_str_t *names);
static ngx_dns_peer_t *ngx_http_dns_control_peer(ngx_http_dns_call_t *call,
    ngx_dns_upstream_t *u, ngx_dns_peer_t *after);
static void ngx_http_dns_control_peers(ngx_http_dns_call_t *call,
    ngx_dns_upstream_t *u, ngx_str_t *names);
static ngx_int_t ngx_http_dns_control_not_allowed(ngx_http_dns_call_t *call);


static ngx_http_dns_thing_t  ngx_http_dns_control_things[] = {

    { ngx_string("upstreams"), 3, NULL,
      1 << NGX_HTTP_DNS_STATE,
      ngx_http_dns_control_state },

    { ngx_string("caches"), 3, "purge",
      1 << NGX_HTTP_DNS_NAME | 1 << NGX_HTTP_DNS_BELOW
      | 1 << NGX_HTTP_DNS_TYPE,
      ngx_http_dns_control_purge },

    { ngx_string("ready"), 1, "ready",
      1 << NGX_HTTP_DNS_STATE,
      ngx_http_dns_control_ready },

    { ngx_null_string, 0, NULL, 0, NULL }
};


ngx_int_t
ngx_http_dns_control_handler(ngx_http_request_t *r)
{
    ngx_int_t                    rc;
    const char                  *error;
    ngx_http_dns_call_t         *call;
    const ngx_http_dns_thing_t  *thing;

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    call = ngx_pcalloc(r->pool, sizeof(ngx_http_dns_call_t));
    if (call == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    call->request = r;
    call->dmcf = ngx_http_dns_current();

    if (ngx_http_dns_call_foreign(r)) {
        return ngx_http_dns_refuse(call, NGX_HTTP_FORBIDDEN,
                                   "a page of another site may not ask for "
                                   "this", NULL);
    }

    rc = ngx_http_dns_call_path(call);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    thing = (rc == NGX_OK) ? ngx_http_dns_control_thing(call) : NULL;

    if (thing == NULL) {
        return ngx_http_dns_refuse(call, NGX_HTTP_NOT_FOUND,
                                   "there is no such thing here, but "
                                   NGX_HTTP_DNS_CONTROL_THINGS, NULL);
    }

    if (r->method != NGX_HTTP_POST) {
        return ngx_http_dns_control_not_allowed(call);
    }

    rc = ngx_http_dns_call_args(call, thing->args, &error);

    if (rc == NGX_ABORT) {
        return ngx_http_dns_refuse(call, NGX_HTTP_BAD_REQUEST, error, NULL);
    }

    return rc == NGX_OK ? thing->handler(call)
                        : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static const ngx_http_dns_thing_t *
ngx_http_dns_control_thing(ngx_http_dns_call_t *call)
{
    ngx_str_t              *last;
    ngx_http_dns_thing_t   *thing;

    last = &call->part[call->nparts - 1];

    for (thing = ngx_http_dns_control_things; thing->handler; thing++) {

        if (call->part[0].len == thing->word.len
            && ngx_memcmp(call->part[0].data, thing->word.data,
                          thing->word.len)
               == 0
            && call->nparts == thing->nparts
            && (thing->last == NULL
                || ngx_strcmp(last->data, thing->last) == 0))
        {
            return thing;
        }
    }

    return NULL;
}


/* upstreams/UPSTREAM/SERVER */

static ngx_int_t
ngx_http_dns_control_state(ngx_http_dns_call_t *call)
{
    ngx_int_t            mark;
    ngx_str_t            names, *state;
    ngx_dns_peer_t      *first, *peer;
    ngx_dns_upstream_t  *u;

    u = ngx_http_dns_control_upstream(call, &names);

    if (u == NULL) {
        return ngx_http_dns_refuse(call, NGX_HTTP_NOT_FOUND,
                                   "there is no such upstream", &names);
    }

    first = ngx_http_dns_control_peer(call, u, NULL);

    if (first == NULL) {
        ngx_http_dns_control_peers(call, u, &names);

        return ngx_http_dns_refuse(call, NGX_HTTP_NOT_FOUND,
                                   "the upstream has no such server", &names);
    }

    state = &call->arg[NGX_HTTP_DNS_STATE];
    mark = ngx_http_dns_control_mark(state, 1);

    if (mark == NGX_ERROR) {
        return ngx_http_dns_refuse(call, NGX_HTTP_BAD_REQUEST,
                                   "\"state=\" must be \"down\", \"up\" or "
                                   "\"auto\"", NULL);
    }

    /* a worker that a reload has told to quit: its servers may be others' */

    if (ngx_dns_peer_outdated(first)) {
        return ngx_http_dns_refuse(call, NGX_HTTP_SERVICE_UNAVAILABLE,
                                   "nginx has been reloaded: try again on a "
                                   "new connection", NULL);
    }

    /* it may be listed twice, with weights of their own */

    for (peer = first; peer; peer = ngx_http_dns_control_peer(call, u, peer)) {
        ngx_dns_peer_force(peer, ngx_current_msec, (uint32_t) mark);
    }

    ngx_log_error(NGX_LOG_NOTICE, call->request->connection->log, 0,
                  "dns upstream \"%V\": server %V was set to \"%V\" by hand",
                  &u->name, &first->name, state);

    return ngx_http_dns_control_server(call, first);
}


static ngx_int_t
ngx_http_dns_control_server(ngx_http_dns_call_t *call, ngx_dns_peer_t *peer)
{
    ngx_uint_t          i;
    ngx_dns_text_t      text;
    ngx_dns_figures_t  *f;

    f = ngx_dns_status_figures(&call->dmcf->status, call->request->pool);
    if (f == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_dns_text_init(&text, call->request->pool);

    for (i = 0; i < f->npeers; i++) {
        if (f->peers[i].peer == peer) {
            ngx_dns_json_server_of(&text, &f->peers[i]);
        }
    }

    return ngx_http_dns_reply(call, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_dns_control_ready(ngx_http_dns_call_t *call)
{
    ngx_int_t            mark;
    ngx_str_t            state, none;
    ngx_dns_text_t       text;
    ngx_dns_desk_shm_t  *desk;

    static ngx_str_t  reason = ngx_string("set by hand");
    static ngx_str_t  words[] = { ngx_string("ready"),
                                  ngx_string("not ready") };

    mark = ngx_http_dns_control_mark(&call->arg[NGX_HTTP_DNS_STATE], 0);

    if (mark == NGX_ERROR) {
        return ngx_http_dns_refuse(call, NGX_HTTP_BAD_REQUEST,
                                   "\"state=\" must be \"down\" or \"auto\"",
                                   NULL);
    }

    desk = call->dmcf ? call->dmcf->status.desk : NULL;

    if (desk == NULL) {
        return ngx_http_dns_refuse(call, NGX_HTTP_NOT_FOUND,
                                   "there is no DNS server", NULL);
    }

    state = call->arg[NGX_HTTP_DNS_STATE];

    if (ngx_dns_xchg(&desk->drained, mark != 0) != (mark != 0)) {
        ngx_str_null(&none);
        ngx_dns_desk_note(&none, &none, &words[mark != 0], &reason);
    }

    ngx_log_error(NGX_LOG_NOTICE, call->request->connection->log, 0,
                  "\"dns_status ready\" was set to \"%V\" by hand", &state);

    ngx_dns_text_init(&text, call->request->pool);
    ngx_dns_text_c(&text, "{\"ready\":");
    ngx_dns_text_json(&text, &state);
    ngx_dns_text_c(&text, "}\n");

    return ngx_http_dns_reply(call, NGX_HTTP_OK, &text);
}


static ngx_int_t
ngx_http_dns_control_mark(ngx_str_t *state, ngx_uint_t up)
{
    if (state->data == NULL) {
        return NGX_ERROR;
    }

    if (ngx_strcmp(state->data, "down") == 0) {
        return NGX_DNS_MARK_DOWN;
    }

    if (ngx_strcmp(state->data, "auto") == 0) {
        return 0;
    }

    return up && ngx_strcmp(state->data, "up") == 0 ? NGX_DNS_MARK_UP
                                                    : NGX_ERROR;
}


/* by the second part; else the names of those there are */

static ngx_dns_upstream_t *
ngx_http_dns_control_upstream(ngx_http_dns_call_t *call, ngx_str_t *names)
{
    ngx_uint_t            i;
    ngx_array_t          *list;
    ngx_dns_upstream_t  **u;

    ngx_str_null(names);

    if (call->dmcf == NULL || call->dmcf->status.metrics == NULL) {
        return NULL;
    }

    list = &call->dmcf->status.upstreams;
    u = list->elts;

    for (i = 0; i < list->nelts; i++) {
        if (u[i]->name.len == call->part[1].len
            && ngx_memcmp(u[i]->name.data, call->part[1].data, u[i]->name.len)
               == 0)
        {
            return u[i];
        }
    }

    for (i = 0; i < list->nelts; i++) {
        ngx_http_dns_list(call->request->pool, names, &u[i]->name);
    }

    return NULL;
}


/* by the third part, the next one; "after" NULL: the first */

static ngx_dns_peer_t *
ngx_http_dns_control_peer(ngx_http_dns_call_t *call, ngx_dns_upstream_t *u,
    ngx_dns_peer_t *after)
{
    ngx_dns_peer_t  *peer, *last;

    peer = u->peers.elts;
    last = peer + u->peers.nelts;

    for (peer = after ? after + 1 : peer; peer < last; peer++) {
        if (!peer->vacant && peer->name.len == call->part[2].len
            && ngx_memcmp(peer->name.data, call->part[2].data, peer->name.len)
               == 0)
        {
            return peer;
        }
    }

    return NULL;
}


static void
ngx_http_dns_control_peers(ngx_http_dns_call_t *call, ngx_dns_upstream_t *u,
    ngx_str_t *names)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    ngx_str_null(names);
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (!peer[i].vacant) {
            ngx_http_dns_list(call->request->pool, names, &peer[i].name);
        }
    }
}


static ngx_int_t
ngx_http_dns_control_not_allowed(ngx_http_dns_call_t *call)
{
    static ngx_str_t  key = ngx_string("Allow");
    static ngx_str_t  value = ngx_string("POST");

    if (ngx_http_dns_header(call->request, &key, &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_dns_refuse(call, NGX_HTTP_NOT_ALLOWED,
                               "this takes POST", NULL);
}


char *
ngx_http_dns_control(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_dns_loc_conf_t *dlcf = conf;

    ngx_http_dns_srv_conf_t   *dscf;
    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->control) {
        return "is duplicate";
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->exact_match || clcf->named || clcf->noname
#if (NGX_PCRE)
        || clcf->regex
#endif
       )
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_control\" must be in a location that is a "
                           "prefix, as \"location /dns/ {\"");
        return NGX_CONF_ERROR;
    }

    /* another one may follow: see ngx_http_dns_merge_loc_conf() */

    if (clcf->handler == NULL) {
        clcf->handler = ngx_http_dns_control_handler;
    }

    dlcf->control = 1;
    dlcf->place.block = "dns_control";
    dlcf->place.file = cf->conf_file->file.name.data;
    dlcf->place.line = cf->conf_file->line;

    dscf = ngx_http_conf_get_module_srv_conf(cf, ngx_http_dns_module);

    if (dscf->control.len == 0) {
        dscf->control = clcf->name;
    }

    return NGX_CONF_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns_https.h"
#include "../base/ngx_dns_clock.h"


#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_dns_https_link_module;

#pragma GCC visibility pop


static ngx_int_t ngx_http_dns_https_add_variables(ngx_conf_t *cf);
static ngx_int_t ngx_http_dns_https_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static void *ngx_http_dns_https_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_dns_https_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_dns_https_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_dns_over_https(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_dns_https_link(ngx_cycle_t *cycle, void *conf);


static ngx_command_t  ngx_http_dns_https_commands[] = {

    { ngx_string("dns_over_https"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_dns_over_https,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_dns_https_module_ctx = {
    ngx_http_dns_https_add_variables,      /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_dns_https_create_main_conf,   /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_dns_https_create_loc_conf,    /* create location configuration */
    ngx_http_dns_https_merge_loc_conf      /* merge location configuration */
};


ngx_module_t  ngx_http_dns_https_module = {
    NGX_MODULE_V1,
    &ngx_http_dns_https_module_ctx,        /* module context */
    ngx_http_dns_https_commands,           /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


/*
 * http {} may stand before or after stream {}: the two are linked when all is
 * read, which only a module of the core is told of in time to refuse it.
 */

static ngx_core_module_t  ngx_dns_https_link_module_ctx = {
    ngx_null_string,
    NULL,
    ngx_dns_https_link
};


ngx_module_t  ngx_dns_https_link_module = {
    NGX_MODULE_V1,
    &ngx_dns_https_link_module_ctx,        /* module context */
    NULL,                                  /* module directives */
    NGX_CORE_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_int_t
ngx_http_dns_https_add_variables(ngx_conf_t *cf)
{
    ngx_str_t            *name;
    ngx_uint_t            i;
    ngx_http_variable_t  *var;

    for (i = 0; (name = ngx_stream_dns_variable_name(i)) != NULL; i++) {

        var = ngx_http_add_variable(cf, name, NGX_HTTP_VAR_NOCACHEABLE);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_http_dns_https_variable;
        var->data = i;
    }

    return NGX_OK;
}


/* before there is a response, and in other requests: not found */

static ngx_int_t
ngx_http_dns_https_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                     len;
    u_char                     buf[NGX_STREAM_DNS_VALUE];
    ngx_dns_logged_t           logged;
    ngx_http_dns_https_ctx_t  *ctx;

    len = 0;
    ctx = ngx_http_get_module_ctx(r, ngx_http_dns_https_module);

    if (ctx && ctx->client && ctx->client->noted) {
        logged = ctx->client->logged;

        /* the time of the query, not that of the request */

        logged.start_usec += ngx_dns_usec - ctx->client->end_usec;

        len = ngx_stream_dns_variable_value(data, &logged, buf);
    }

    if (len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = ngx_pnalloc(r->pool, len);
    if (v->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(v->data, buf, len);

    v->len = (unsigned) len;
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


static void *
ngx_http_dns_https_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_dns_https_main_conf_t  *dmcf;

    dmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_dns_https_main_conf_t));
    if (dmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&dmcf->uses, cf->pool, 4,
                       sizeof(ngx_http_dns_https_loc_conf_t *))
        != NGX_OK)
    {
        return NULL;
    }

    return dmcf;
}


static void *
ngx_http_dns_https_create_loc_conf(ngx_conf_t *cf)
{
    /*
     * set by ngx_pcalloc():
     *
     *     conf->service = { 0, NULL };
     *     conf->server = NULL;
     *
     * a handler is not inherited
     */

    return ngx_pcalloc(cf->pool, sizeof(ngx_http_dns_https_loc_conf_t));
}


static char *
ngx_http_dns_https_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_dns_https_loc_conf_t *conf = child;

    if (conf->service.len == 0) {
        return NGX_CONF_OK;
    }

    return ngx_http_dns_handler_alone(cf, ngx_http_dns_https_handler,
                                      &conf->place);
}


static char *
ngx_http_dns_over_https(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_dns_https_loc_conf_t *dlcf = conf;

    ngx_str_t                        *value;
    ngx_http_core_loc_conf_t         *clcf;
    ngx_http_dns_https_loc_conf_t   **use;
    ngx_http_dns_https_main_conf_t   *dmcf;

    if (dlcf->service.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": the name is empty, it must be that of a "
                           "\"dns_service\" in stream", &value[0]);
        return NGX_CONF_ERROR;
    }

    dmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_dns_https_module);

    use = ngx_array_push(&dmcf->uses);
    if (use == NULL) {
        return NGX_CONF_ERROR;
    }

    *use = dlcf;

    dlcf->service = value[1];
    dlcf->place.block = "dns_over_https";
    dlcf->place.file = cf->conf_file->file.name.data;
    dlcf->place.line = cf->conf_file->line;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    dlcf->core = ngx_http_conf_get_module_srv_conf(cf, ngx_http_core_module);

    if (clcf->name.len && clcf->name.data[0] == '/'
#if (NGX_PCRE)
        && clcf->regex == NULL
#endif
       )
    {
        dlcf->path = clcf->name;
    }

    /* another one may follow: see ngx_http_dns_https_merge_loc_conf() */

    if (clcf->handler == NULL) {
        clcf->handler = ngx_http_dns_https_handler;
    }

    return NGX_CONF_OK;
}


static char *
ngx_dns_https_link(ngx_cycle_t *cycle, void *conf)
{
    ngx_uint_t                        i;
    ngx_stream_dns_main_conf_t       *dmcf;
    ngx_http_dns_https_loc_conf_t   **use;
    ngx_http_dns_https_main_conf_t   *hmcf;

    /* NULL without a stream {} or an http {} */

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);
    hmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_dns_https_module);

    use = hmcf ? hmcf->uses.elts : NULL;

    for (i = 0; hmcf && i < hmcf->uses.nelts; i++) {

        use[i]->server = dmcf ? ngx_stream_dns_service_find(dmcf,
                                                            &use[i]->service)
                              : NULL;

        if (use[i]->server == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                          "\"dns_over_https\": unknown service \"%V\", it must "
                          "be that of \"dns_service\" of a server in stream, "
                          "in %s:%ui",
                          &use[i]->service, use[i]->place.file,
                          use[i]->place.line);
            return NGX_CONF_ERROR;
        }

        use[i]->server->served = 1;

        if (ngx_http_dns_https_offer(cycle, use[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (dmcf) {
        ngx_stream_dns_service_lint(cycle->log, dmcf);
        ngx_stream_dns_resolver_lint(cycle->log, dmcf);
    }

    return NGX_CONF_OK;
}

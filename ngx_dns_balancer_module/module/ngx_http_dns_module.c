
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns.h"


#define NGX_HTTP_DNS_STATUS_WORDS                                           \
    "\"prometheus\", \"json\", \"html\" or \"ready\""


static ngx_int_t ngx_http_dns_status_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_dns_status_render(ngx_http_request_t *r,
    const ngx_dns_page_t *page, ngx_dns_page_request_t *pr);
static ngx_uint_t ngx_http_dns_status_openmetrics(ngx_http_request_t *r);
static ngx_int_t ngx_http_dns_status_headers(ngx_http_request_t *r,
    ngx_dns_page_request_t *pr);
static ngx_uint_t ngx_http_dns_status_quits(ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_http_dns_check(ngx_stream_dns_main_conf_t *dmcf,
    ngx_log_t *log);
static ngx_str_t *ngx_http_dns_upstream(ngx_stream_dns_main_conf_t *dmcf,
    ngx_str_t *name);
static char *ngx_http_dns_status(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_dns_status_upstreams(ngx_conf_t *cf,
    ngx_http_dns_loc_conf_t *dlcf);
static void *ngx_http_dns_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_dns_create_srv_conf(ngx_conf_t *cf);
static void *ngx_http_dns_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_dns_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);


static ngx_command_t  ngx_http_dns_commands[] = {

    { ngx_string("dns_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_dns_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("dns_control"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_dns_control,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_dns_module_ctx = {
    NULL,                                  /* preconfiguration */
    NULL,                                  /* postconfiguration */

    ngx_http_dns_create_main_conf,         /* create main configuration */
    NULL,                                  /* init main configuration */

    ngx_http_dns_create_srv_conf,          /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_dns_create_loc_conf,          /* create location configuration */
    ngx_http_dns_merge_loc_conf            /* merge location configuration */
};


ngx_module_t  ngx_http_dns_module = {
    NGX_MODULE_V1,
    &ngx_http_dns_module_ctx,              /* module context */
    ngx_http_dns_commands,                 /* module directives */
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


static ngx_int_t
ngx_http_dns_status_handler(ngx_http_request_t *r)
{
    ngx_int_t                 rc;
    ngx_dns_text_t            text;
    const ngx_dns_page_t     *page;
    ngx_dns_page_request_t    pr;
    ngx_http_dns_loc_conf_t  *dlcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);
    if (rc != NGX_OK) {
        return rc;
    }

    dlcf = ngx_http_get_module_loc_conf(r, ngx_http_dns_module);

    ngx_dns_text_init(&text, r->pool);
    pr.text = &text;

    pr.upstreams = dlcf->upstreams;

    page = dlcf->page;

    /* the page of html has its figures from where it is itself */

    if (page == &ngx_dns_page_html && r->args.len == 4
        && ngx_memcmp(r->args.data, "json", 4) == 0)
    {
        page = &ngx_dns_page_json;
    }

    rc = ngx_http_dns_status_render(r, page, &pr);

    if (rc == NGX_HTTP_INTERNAL_SERVER_ERROR
        || (pr.policy.len && ngx_http_dns_status_headers(r, &pr) != NGX_OK))
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_dns_send(r, (ngx_uint_t) rc, &pr.type, &text);
}


/* the status of HTTP */

static ngx_int_t
ngx_http_dns_status_render(ngx_http_request_t *r, const ngx_dns_page_t *page,
    ngx_dns_page_request_t *pr)
{
    ngx_int_t                    rc;
    ngx_http_dns_srv_conf_t     *dscf;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ngx_http_dns_current();

    pr->figures = ngx_dns_status_figures(dmcf ? &dmcf->status : NULL, r->pool);
    if (pr->figures == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    dscf = ngx_http_get_module_srv_conf(r, ngx_http_dns_module);

    pr->type = page->type;
    pr->control = dscf->control;
    ngx_str_null(&pr->policy);
    pr->openmetrics = ngx_http_dns_status_openmetrics(r);
    pr->quits = ngx_http_dns_status_quits(dmcf);

    rc = (ngx_int_t) page->render(pr);

    return pr->text->failed ? NGX_HTTP_INTERNAL_SERVER_ERROR : rc;
}


static ngx_int_t
ngx_http_dns_status_headers(ngx_http_request_t *r, ngx_dns_page_request_t *pr)
{
    ngx_uint_t  i;

    ngx_str_t  headers[] = {
        ngx_string("Content-Security-Policy"), pr->policy,
        ngx_string("X-Content-Type-Options"), ngx_string("nosniff"),
        ngx_string("Referrer-Policy"), ngx_string("no-referrer"),
        ngx_string("Cache-Control"), ngx_string("no-store"),
        ngx_null_string
    };

    for (i = 0; headers[i].len; i += 2) {
        if (ngx_http_dns_header(r, &headers[i], &headers[i + 1]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* is it nginx that quits, or, after a reload, just this worker? */

static ngx_uint_t
ngx_http_dns_status_quits(ngx_stream_dns_main_conf_t *dmcf)
{
    if (!ngx_exiting && !ngx_quit && !ngx_terminate) {
        return 0;
    }

    return dmcf == NULL || dmcf->status.metrics == NULL
           || dmcf->generation
              == ngx_dns_load(&dmcf->status.metrics->generation);
}


static ngx_uint_t
ngx_http_dns_status_openmetrics(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static u_char  type[] = "application/openmetrics-text";

    part = &r->headers_in.headers.part;

    for ( /* void */ ; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len == sizeof("Accept") - 1
                && ngx_memcmp(header[i].lowcase_key, "accept", 6) == 0
                && ngx_strlcasestrn(header[i].value.data,
                                    header[i].value.data
                                    + header[i].value.len,
                                    type, sizeof(type) - 2)
                   != NULL)
            {
                return 1;
            }
        }
    }

    return 0;
}


static char *
ngx_http_dns_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_dns_loc_conf_t *dlcf = conf;

    ngx_str_t                 *value;
    ngx_http_core_loc_conf_t  *clcf;

    if (dlcf->page) {
        return "is duplicate";
    }

    value = cf->args->elts;

    dlcf->page = ngx_dns_page_find(&value[1]);

    if (dlcf->page == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be "
                           NGX_HTTP_DNS_STATUS_WORDS, &value[0], &value[1]);
        return NGX_CONF_ERROR;
    }

    if (cf->args->nelts > 2
        && ngx_http_dns_status_upstreams(cf, dlcf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    /* another one may follow: see ngx_http_dns_merge_loc_conf() */

    if (clcf->handler == NULL) {
        clcf->handler = ngx_http_dns_status_handler;
    }

    dlcf->place.block = "dns_status";
    dlcf->place.file = cf->conf_file->file.name.data;
    dlcf->place.line = cf->conf_file->line;

    return NGX_CONF_OK;
}


/* upstream=NAME ..., of ready alone; the names are looked up later */

static char *
ngx_http_dns_status_upstreams(ngx_conf_t *cf, ngx_http_dns_loc_conf_t *dlcf)
{
    ngx_str_t                 *value, *name;
    ngx_uint_t                 i;
    ngx_http_dns_loc_conf_t  **ready;
    ngx_http_dns_main_conf_t  *dhcf;

    value = cf->args->elts;
    dhcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_dns_module);

    dlcf->upstreams = ngx_array_create(cf->pool, cf->args->nelts,
                                       sizeof(ngx_str_t));
    ready = ngx_array_push(&dhcf->ready);

    if (dlcf->upstreams == NULL || ready == NULL) {
        return NGX_CONF_ERROR;
    }

    *ready = dlcf;

    for (i = 2; i < cf->args->nelts; i++) {

        if (dlcf->page != &ngx_dns_page_ready
            || ngx_strncmp(value[i].data, "upstream=", 9) != 0
            || value[i].len == 9)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\": invalid parameter \"%V\", it must be "
                               "\"upstream=\" and the name of an upstream, "
                               "with \"ready\" only", &value[0], &value[i]);
            return NGX_CONF_ERROR;
        }

        name = ngx_array_push(dlcf->upstreams);
        if (name == NULL) {
            return NGX_CONF_ERROR;
        }

        name->data = value[i].data + 9;
        name->len = value[i].len - 9;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_dns_check(ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log)
{
    ngx_str_t                  *name, *found;
    ngx_uint_t                  i, k;
    ngx_http_dns_loc_conf_t   **ready;
    ngx_http_dns_main_conf_t   *dhcf;

    dhcf = ngx_http_cycle_get_module_main_conf(dmcf->cycle,
                                               ngx_http_dns_module);
    if (dhcf == NULL) {
        return NGX_OK;
    }

    ready = dhcf->ready.elts;

    for (i = 0; i < dhcf->ready.nelts; i++) {
        name = ready[i]->upstreams->elts;

        for (k = 0; k < ready[i]->upstreams->nelts; k++) {
            found = ngx_http_dns_upstream(dmcf, &name[k]);

            if (found) {
                name[k] = *found;
                continue;
            }

            ngx_log_error(NGX_LOG_EMERG, log, 0,
                          "\"dns_status\": \"upstream=%V\" is not the name of "
                          "a \"dns_upstream\", nor the address of a server "
                          "that a zone is forwarded to, in %s:%ui", &name[k],
                          ready[i]->place.file, ready[i]->place.line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* of an address the default port may be left out, as in "dns_forward" */

static ngx_str_t *
ngx_http_dns_upstream(ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name)
{
    u_char               *rest;
    ngx_str_t            *found;
    ngx_uint_t            i;
    ngx_dns_upstream_t  **u;

    u = dmcf->status.upstreams.elts;
    found = NULL;

    for (i = 0; i < dmcf->status.upstreams.nelts; i++) {

        if (u[i]->name.len < name->len
            || ngx_memcmp(u[i]->name.data, name->data, name->len) != 0)
        {
            continue;
        }

        if (u[i]->name.len == name->len) {
            return &u[i]->name;
        }

        rest = u[i]->name.data + name->len;

        if (u[i]->name.len - name->len == 3 && ngx_memcmp(rest, ":53", 3) == 0)
        {
            found = &u[i]->name;

        } else if (u[i]->name.len - name->len == 4
                   && ngx_memcmp(rest, ":853", 4) == 0
                   && ngx_strncmp(name->data, "tls://", 6) == 0)
        {
            found = &u[i]->name;
        }
    }

    return found;
}


static void *
ngx_http_dns_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_dns_main_conf_t  *dhcf;

    dhcf = ngx_palloc(cf->pool, sizeof(ngx_http_dns_main_conf_t));

    if (dhcf == NULL
        || ngx_array_init(&dhcf->ready, cf->pool, 1,
                          sizeof(ngx_http_dns_loc_conf_t *))
           != NGX_OK)
    {
        return NULL;
    }

    ngx_stream_dns_http_check = ngx_http_dns_check;

    return dhcf;
}


static void *
ngx_http_dns_create_srv_conf(ngx_conf_t *cf)
{
    return ngx_pcalloc(cf->pool, sizeof(ngx_http_dns_srv_conf_t));
}


static void *
ngx_http_dns_create_loc_conf(ngx_conf_t *cf)
{
    /* set by ngx_pcalloc(): conf->page = NULL; a handler is not inherited */

    return ngx_pcalloc(cf->pool, sizeof(ngx_http_dns_loc_conf_t));
}


static char *
ngx_http_dns_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_dns_loc_conf_t *conf = child;

    if (conf->page
        && ngx_http_dns_handler_alone(cf, ngx_http_dns_status_handler,
                                      &conf->place)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (conf->control) {
        return ngx_http_dns_handler_alone(cf, ngx_http_dns_control_handler,
                                          &conf->place);
    }

    return NGX_CONF_OK;
}

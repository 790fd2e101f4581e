
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_stock.h"

#if (NGX_DEBUG_PALLOC)
#include <malloc.h>
#endif


#define NGX_STREAM_DNS_STOCK_POOL  4096


typedef struct {
    const char   *module;
    ngx_uint_t    phase;
    ngx_str_t     off[2];         /* a directive, and "off"; or empty */
} ngx_stream_dns_stock_name_t;


static ngx_int_t ngx_stream_dns_stock_make(ngx_conf_t *cf,
    ngx_module_t *module, ngx_stream_dns_stock_t *stock, ngx_str_t *off);
static size_t ngx_stream_dns_stock_size(ngx_pool_t *pool, u_char *conf);
static ngx_int_t ngx_stream_dns_stock_line(ngx_conf_t *cf,
    ngx_module_t *module, ngx_str_t *line, void *conf);


static ngx_stream_dns_stock_name_t
    ngx_stream_dns_stock_names[NGX_STREAM_DNS_STOCKS] =
{
    { "ngx_stream_access_module", NGX_STREAM_ACCESS_PHASE,
      { ngx_null_string, ngx_null_string } },
    { "ngx_stream_set_module", NGX_STREAM_PREACCESS_PHASE,
      { ngx_null_string, ngx_null_string } },
    { "ngx_stream_realip_module", NGX_STREAM_POST_ACCEPT_PHASE,
      { ngx_null_string, ngx_null_string } },
    { "ngx_stream_limit_conn_module", NGX_STREAM_PREACCESS_PHASE,
      { ngx_null_string, ngx_null_string } },
    { "ngx_stream_log_module", NGX_STREAM_LOG_PHASE,
      { ngx_string("access_log"), ngx_string("off") } },
    { "ngx_stream_ssl_preread_module", NGX_STREAM_PREREAD_PHASE,
      { ngx_null_string, ngx_null_string } }
};


ngx_int_t
ngx_stream_dns_stock_init(ngx_conf_t *cf, ngx_stream_dns_stock_t *stock)
{
    ngx_uint_t                    i;
    ngx_module_t                 *module;
    ngx_stream_dns_stock_name_t  *name;

    name = ngx_stream_dns_stock_names;

    for (i = 0; i < NGX_STREAM_DNS_STOCKS; i++) {
        stock[i].index = -1;

        module = ngx_stream_dns_stock_module(cf, name[i].module);

        if (module
            && ngx_stream_dns_stock_make(cf, module, &stock[i], name[i].off)
               != NGX_OK)
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "the module \"%s\" of this nginx is not as "
                          "ngx_dns_balancer_module needs it: whether it is in "
                          "use in a server can't be found out",
                          name[i].module);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_module_t *
ngx_stream_dns_stock_module(ngx_conf_t *cf, const char *name)
{
    ngx_uint_t      i;
    ngx_module_t  **modules;

    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {
        if (modules[i]->type == NGX_STREAM_MODULE
            && ngx_strcmp(modules[i]->name, name) == 0)
        {
            return modules[i];
        }
    }

    return NULL;
}


static ngx_int_t
ngx_stream_dns_stock_make(ngx_conf_t *cf, ngx_module_t *module,
    ngx_stream_dns_stock_t *stock, ngx_str_t *off)
{
    size_t  size;

    stock->fresh = ngx_stream_dns_stock_conf(cf, module, NULL, 1, NULL,
                                             &stock->size);
    stock->off = NULL;

    if (off[0].len) {
        stock->off = ngx_stream_dns_stock_conf(cf, module, off, 1, NULL,
                                               &size);

        if (stock->off == NULL || size != stock->size) {
            return NGX_ERROR;
        }
    }

    if (stock->fresh == NULL || stock->size == 0) {
        return NGX_ERROR;
    }

    stock->index = (ngx_int_t) module->ctx_index;

    return NGX_OK;
}


void *
ngx_stream_dns_stock_conf(ngx_conf_t *cf, ngx_module_t *module,
    ngx_str_t *line, ngx_uint_t merge, void *parent, size_t *size)
{
    void                 *conf;
    ngx_conf_t            scratch;
    ngx_pool_cleanup_t   *cln;
    ngx_stream_module_t  *ctx;

    ctx = module->ctx;
    cln = ngx_pool_cleanup_add(cf->pool, 0);

    if (ctx->create_srv_conf == NULL || cln == NULL) {
        return NULL;
    }

    scratch = *cf;

    /*
     * With a pool of its own the size can be seen.  It lives as long as the
     * cycle, so its log must not be that of the one before.
     */

    scratch.pool = ngx_create_pool(NGX_STREAM_DNS_STOCK_POOL,
                                   &cf->cycle->new_log);
    if (scratch.pool == NULL) {
        return NULL;
    }

    cln->handler = (ngx_pool_cleanup_pt) ngx_destroy_pool;
    cln->data = scratch.pool;

    conf = ctx->create_srv_conf(&scratch);
    if (conf == NULL) {
        return NULL;
    }

    *size = ngx_stream_dns_stock_size(scratch.pool, conf);

    if (parent == NULL) {
        parent = ctx->create_srv_conf(&scratch);
    }

    if (parent == NULL
        || (line && ngx_stream_dns_stock_line(&scratch, module, line, conf)
                    != NGX_OK))
    {
        return NULL;
    }

    if (merge && ctx->merge_srv_conf
        && ctx->merge_srv_conf(&scratch, parent, conf) != NGX_CONF_OK)
    {
        return NULL;
    }

    return conf;
}


/* of the one piece that the pool was asked for; 0: it is not there */

static size_t
ngx_stream_dns_stock_size(ngx_pool_t *pool, u_char *conf)
{
    if (conf > (u_char *) pool && conf < pool->d.last) {
        return (size_t) (pool->d.last - conf);
    }

#if (NGX_DEBUG_PALLOC)

    /* each piece is malloc()'ed, for a sanitizer, which knows its end */

    if (pool->large && pool->large->alloc == conf) {
        return malloc_usable_size(conf);
    }

#endif

    return 0;
}


static ngx_int_t
ngx_stream_dns_stock_line(ngx_conf_t *cf, ngx_module_t *module,
    ngx_str_t *line, void *conf)
{
    ngx_conf_t      own;
    ngx_array_t     args;
    ngx_command_t  *cmd;

    ngx_memzero(&args, sizeof(ngx_array_t));

    args.elts = line;
    args.nelts = 2;
    args.nalloc = 2;
    args.size = sizeof(ngx_str_t);

    own = *cf;
    own.args = &args;

    for (cmd = module->commands; cmd->name.len; cmd++) {
        if (cmd->name.len == line[0].len
            && ngx_strcmp(cmd->name.data, line[0].data) == 0)
        {
            return cmd->set(&own, cmd, conf) == NGX_CONF_OK ? NGX_OK
                                                            : NGX_ERROR;
        }
    }

    return NGX_ERROR;
}


ngx_uint_t
ngx_stream_dns_stock_used(ngx_stream_dns_stock_t *stock, void **srv_conf)
{
    void  *conf;

    if (stock->index == -1) {
        return 0;
    }

    conf = srv_conf[stock->index];

    if (ngx_memcmp(conf, stock->fresh, stock->size) == 0) {
        return 0;
    }

    return stock->off == NULL
           || ngx_memcmp(conf, stock->off, stock->size) != 0;
}


ngx_uint_t
ngx_stream_dns_stock_phase(ngx_stream_dns_stock_e i)
{
    return ngx_stream_dns_stock_names[i].phase;
}

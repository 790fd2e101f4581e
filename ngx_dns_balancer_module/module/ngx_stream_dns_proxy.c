
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


static ngx_uint_t ngx_stream_dns_proxy_differs(const u_char *with,
    const u_char *without, const u_char *conf, const u_char *base,
    size_t size);


/*
 * Directives of the proxy that a server does not heed any more when
 * "dns_forward" has replaced its "proxy_pass", and that some rely upon.
 */

static ngx_str_t  ngx_stream_dns_proxy_lines[][2] = {
    { ngx_string("proxy_bind"), ngx_string("127.0.0.1") },
    { ngx_string("proxy_protocol"), ngx_string("on") },
    { ngx_string("proxy_ssl"), ngx_string("on") },
    { ngx_null_string, ngx_null_string }
};


/*
 * What stands in the server itself makes its configuration differ from one
 * that has all from the level above.  Where it differs in those octets that a
 * directive changes, it is that directive.
 */

ngx_int_t
ngx_stream_dns_proxy_check(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    void                   *parent, *base, *conf, *with, *without;
    size_t                  size;
    ngx_uint_t              i;
    ngx_module_t           *module;
    ngx_stream_conf_ctx_t  *ctx;

    module = ngx_stream_dns_stock_module(cf, "ngx_stream_proxy_module");

    if (module == NULL) {
        return NGX_OK;
    }

    /* cf->ctx is that of the last server by now */

    ctx = (ngx_stream_conf_ctx_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                                 ngx_stream_module);
    parent = ctx->srv_conf[module->ctx_index];
    conf = dscf->core->ctx->srv_conf[module->ctx_index];

    base = ngx_stream_dns_stock_conf(cf, module, NULL, 1, parent, &size);

    if (base == NULL || ngx_memcmp(conf, base, size) == 0) {
        return NGX_OK;
    }

    without = ngx_stream_dns_stock_conf(cf, module, NULL, 0, NULL, &size);

    for (i = 0; without && ngx_stream_dns_proxy_lines[i][0].len; i++) {

        with = ngx_stream_dns_stock_conf(cf, module,
                                         ngx_stream_dns_proxy_lines[i], 0,
                                         NULL, &size);

        if (with && ngx_stream_dns_proxy_differs(with, without, conf, base,
                                                 size))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"%V\" is not supported in a server with "
                          "\"dns_forward\" in %s:%ui",
                          &ngx_stream_dns_proxy_lines[i][0],
                          dscf->core->file_name, dscf->core->line);
            return NGX_ERROR;
        }
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"proxy_*\" directives have no effect in a server with "
                  "\"dns_forward\" in %s:%ui",
                  dscf->core->file_name, dscf->core->line);

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_dns_proxy_differs(const u_char *with, const u_char *without,
    const u_char *conf, const u_char *base, size_t size)
{
    size_t  i;

    for (i = 0; i < size; i++) {
        if (with[i] != without[i] && conf[i] != base[i]) {
            return 1;
        }
    }

    return 0;
}

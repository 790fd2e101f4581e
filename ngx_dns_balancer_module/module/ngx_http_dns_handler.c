
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns.h"
#include "ngx_stream_dns_seats.h"


/* what ngx_http_rewrite_module has for a location starts with this */

typedef struct {
    ngx_array_t  *codes;
} ngx_http_dns_rewrite_t;


static ngx_uint_t ngx_http_dns_handler_returns(ngx_conf_t *cf);


char *
ngx_http_dns_handler_alone(ngx_conf_t *cf, ngx_http_handler_pt handler,
    ngx_stream_dns_place_t *place)
{
    const char                *other;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (clcf->handler != handler) {
        other = "proxy_pass";

    } else if (ngx_http_dns_handler_returns(cf)) {
        other = "return";

    } else {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"%s\" and \"%s\" or the like exclude each other in a "
                  "location, in %s:%ui",
                  place->block, other, place->file, place->line);

    return NGX_CONF_ERROR;
}


/*
 * "return" leaves no handler, it comes before all of them.  Only the first
 * code of a location can be known; behind another one, "return" may stand in
 * an "if".  nginx may be built without the module.
 */

static ngx_uint_t
ngx_http_dns_handler_returns(ngx_conf_t *cf)
{
    ngx_uint_t                 i;
    ngx_module_t             **modules;
    ngx_http_conf_ctx_t       *ctx;
    ngx_http_script_code_pt   *code;
    ngx_http_dns_rewrite_t    *rewrite;

    static char  name[] = "ngx_http_rewrite_module";

    ctx = cf->ctx;
    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {

        if (ngx_strcmp(modules[i]->name, name) != 0) {
            continue;
        }

        rewrite = ctx->loc_conf[modules[i]->ctx_index];

        if (rewrite->codes == NULL || rewrite->codes->nelts < sizeof(*code)) {
            return 0;
        }

        code = rewrite->codes->elts;

        return *code == ngx_http_script_return_code;
    }

    return 0;
}


ngx_stream_dns_main_conf_t *
ngx_http_dns_current(void)
{
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ngx_stream_cycle_get_module_main_conf(ngx_cycle,
                                                 ngx_dns_balancer_module);

    if (dmcf && dmcf->servers.nelts) {
        (void) ngx_stream_dns_seats_tick(dmcf);
    }

    return dmcf;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"


static ngx_stream_dns_forward_t *ngx_stream_dns_zone_add(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf, ngx_str_t *text);
static ngx_int_t ngx_stream_dns_zone_name(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *name);
static char *ngx_stream_dns_zone_parse(ngx_conf_t *cf,
    ngx_stream_dns_zone_conf_t *zcf);


/* short for a dns_zone {} with nothing but dns_pass */

char *
ngx_stream_dns_forward(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                 *value;
    ngx_stream_dns_target_t   *target;
    ngx_stream_dns_forward_t  *forward;

    ngx_stream_dns_claim(cf);

    value = cf->args->elts;

    target = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_target_t));
    forward = ngx_stream_dns_zone_add(cf, dscf, &value[1]);

    if (target == NULL || forward == NULL) {
        return NGX_CONF_ERROR;
    }

    target->block = "dns_forward";
    target->directive = "dns_forward";
    target->file = cf->conf_file->file.name.data;
    target->line = cf->conf_file->line;

    forward->target = target;

    return ngx_stream_dns_choose_target(cf, target, &value[2]);
}


char *
ngx_stream_dns_zone_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                   *value;
    ngx_uint_t                   i;
    ngx_stream_dns_forward_t    *forward;
    ngx_stream_dns_zone_conf_t  *zcf;

    ngx_stream_dns_claim(cf);

    zcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_zone_conf_t));
    if (zcf == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_dns_policy_unset(&zcf->policy);

    zcf->target.block = "dns_zone";
    zcf->target.file = cf->conf_file->file.name.data;
    zcf->target.line = cf->conf_file->line;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        forward = ngx_stream_dns_zone_add(cf, dscf, &value[i]);
        if (forward == NULL) {
            return NGX_CONF_ERROR;
        }

        forward->target = &zcf->target;
        forward->conf = zcf;
    }

    return ngx_stream_dns_zone_parse(cf, zcf);
}


static ngx_stream_dns_forward_t *
ngx_stream_dns_zone_add(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf,
    ngx_str_t *text)
{
    ngx_stream_dns_forward_t  *forward;

    if (dscf->forwards == NGX_CONF_UNSET_PTR) {
        dscf->forwards = ngx_array_create(cf->pool, 4,
                                          sizeof(ngx_stream_dns_forward_t));
        if (dscf->forwards == NULL) {
            return NULL;
        }
    }

    forward = ngx_array_push(dscf->forwards);
    if (forward == NULL) {
        return NULL;
    }

    ngx_memzero(forward, sizeof(ngx_stream_dns_forward_t));

    forward->zone.text = *text;

    return ngx_stream_dns_zone_name(cf, text, &forward->zone.name) == NGX_OK
           ? forward : NULL;
}


static ngx_int_t
ngx_stream_dns_zone_name(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *name)
{
    const char  *why;

    why = ngx_stream_dns_text_name(cf, text, name);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid zone \"%V\", it must be a "
                           "domain name: %s", cf->args->elts, text, why);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* what stands in the block is given the zone in place of the server */

static char *
ngx_stream_dns_zone_parse(ngx_conf_t *cf, ngx_stream_dns_zone_conf_t *zcf)
{
    char                     *rv;
    void                    **srv_conf, *saved;
    ngx_conf_t                save;
    ngx_stream_conf_ctx_t    *ctx;
    ngx_stream_dns_target_t  *target;

    ctx = cf->ctx;
    srv_conf = &ctx->srv_conf[ngx_dns_balancer_module.ctx_index];

    save = *cf;
    saved = *srv_conf;

    *srv_conf = zcf;
    cf->cmd_type = NGX_STREAM_DNS_ZONE_CONF;

    rv = ngx_conf_parse(cf, NULL);

    *srv_conf = saved;
    *cf = save;

    target = &zcf->target;

    if (rv == NGX_CONF_OK && target->directive == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "no \"dns_pass\" for dns_zone in %s:%ui, nor "
                      "\"dns_return\"", target->file, target->line);
        return NGX_CONF_ERROR;
    }

    return rv;
}


char *
ngx_stream_dns_pass(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_zone_conf_t *zcf = conf;

    ngx_str_t                *value;
    ngx_stream_dns_target_t  *target;

    target = &zcf->target;

    if (target->directive) {
        return target->returns ? "and \"dns_return\" exclude each other"
                               : "is duplicate";
    }

    value = cf->args->elts;

    target->directive = "dns_pass";

    if (ngx_stream_dns_fallback(cf, target) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_stream_dns_choose_target(cf, target, &value[1]);
}


char *
ngx_stream_dns_return(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_zone_conf_t *zcf = conf;

    ngx_str_t                *value;
    ngx_stream_dns_target_t  *target;

    target = &zcf->target;

    if (target->directive) {
        return target->returns ? "is duplicate"
                               : "and \"dns_pass\" exclude each other";
    }

    value = cf->args->elts;

    target->returns = ngx_dns_return_find(&value[1]);
    target->directive = "dns_return";

    if (target->returns == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_return\": invalid value \"%V\", it must be "
                           "\"nxdomain\", \"nodata\", \"refused\", "
                           "\"servfail\", \"notimp\" or \"drop\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_zone_merge(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_uint_t                   i;
    ngx_dns_policy_t             own;
    ngx_stream_dns_place_t       place;
    ngx_stream_dns_forward_t    *forward;
    ngx_stream_dns_zone_conf_t  *zcf;

    if (dscf->forwards == NULL) {
        return NGX_CONF_OK;
    }

    forward = dscf->forwards->elts;

    for (i = 0; i < dscf->forwards->nelts; i++) {
        zcf = forward[i].conf;

        if (zcf == NULL || zcf->merged) {
            continue;
        }

        zcf->merged = 1;

        if (ngx_stream_dns_policy_is_unset(&zcf->policy)) {
            continue;
        }

        place.block = "dns_zone";
        place.file = zcf->target.file;
        place.line = zcf->target.line;

        own = zcf->policy;
        zcf->target.policy = &zcf->policy;

        if (ngx_stream_dns_policy_merge(cf, &zcf->policy, &dscf->policy,
                                        &place)
            != NGX_CONF_OK
            || ngx_stream_dns_policy_add(cf, &zcf->policy) != NGX_OK)
        {
            return NGX_CONF_ERROR;
        }

        ngx_stream_dns_lint_zone(cf, &own, &zcf->target);
    }

    return NGX_CONF_OK;
}

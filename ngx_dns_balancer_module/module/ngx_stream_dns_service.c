
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../front/ngx_dns_front_https.h"


/* dns_service: http locations reach the server by this name */

char *
ngx_stream_dns_service(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                   *value;
    ngx_stream_core_srv_conf_t  *cscf;

    ngx_stream_dns_claim(cf);

    if (dscf->service.len) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (value[1].len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": the name is empty, any other is allowed",
                           &value[0]);
        return NGX_CONF_ERROR;
    }

    dscf->service = value[1];

    /* nginx insists on a "listen"; who is reached by http needs none */

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);
    cscf->listen = 1;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_stream_dns_service_init(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i, k;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {

        if (dscf[i]->service.len == 0) {
            continue;
        }

        for (k = 0; k < i; k++) {
            if (dscf[k]->service.len == dscf[i]->service.len
                && ngx_memcmp(dscf[k]->service.data, dscf[i]->service.data,
                              dscf[i]->service.len)
                   == 0)
            {
                ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                              "\"dns_service\": \"%V\" is the name of the "
                              "server in %s:%ui, too, it must be another one, "
                              "in server in %s:%ui",
                              &dscf[i]->service, dscf[k]->core->file_name,
                              dscf[k]->core->line, dscf[i]->core->file_name,
                              dscf[i]->core->line);
                return NGX_ERROR;
            }
        }

        /* their clients are counted for themselves */

        dmcf->queries += dscf[i]->dns.listener.max_queries;

        if (dscf[i]->name.len == 0) {
            dscf[i]->name = dscf[i]->service;
        }
    }

    return NGX_OK;
}


ngx_stream_dns_srv_conf_t *
ngx_stream_dns_service_find(ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name)
{
    ngx_uint_t                   i;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (dscf[i]->service.len == name->len
            && ngx_memcmp(dscf[i]->service.data, name->data, name->len) == 0)
        {
            return dscf[i];
        }
    }

    return NULL;
}


void
ngx_stream_dns_service_lint(ngx_log_t *log, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                   i;
    ngx_stream_dns_srv_conf_t  **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        if (dscf[i]->service.len && !dscf[i]->served) {
            ngx_log_error(NGX_LOG_WARN, log, 0,
                          "no \"dns_over_https\" uses \"dns_service\" \"%V\" "
                          "of the server in %s:%ui",
                          &dscf[i]->service, dscf[i]->core->file_name,
                          dscf[i]->core->line);
        }
    }
}


void
ngx_stream_dns_service_open(ngx_stream_dns_srv_conf_t *dscf)
{
    dscf->https = dscf->dns;
    ngx_dns_stage_add(&dscf->https.listener, &ngx_dns_stage_https);
}

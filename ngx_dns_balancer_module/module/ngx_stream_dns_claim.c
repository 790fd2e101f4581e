
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../front/ngx_dns_front_session.h"
#include "../front/ngx_dns_front_tcp.h"


/* all dns_* directives of a server make it ours */

void
ngx_stream_dns_claim(ngx_conf_t *cf)
{
    ngx_stream_dns_srv_conf_t   *dscf;
    ngx_stream_core_srv_conf_t  *cscf;

    if (cf->cmd_type != NGX_STREAM_SRV_CONF) {
        return;
    }

    cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

    if (cscf->handler == NULL) {
        cscf->handler = ngx_stream_dns_handler;
    }

    dscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_dns_balancer_module);
    dscf->set = 1;
}


void
ngx_stream_dns_place(ngx_conf_t *cf, ngx_stream_dns_place_t *place)
{
    ngx_str_t  *directive;

    directive = cf->args->elts;

    place->block = (const char *) directive->data;
    place->file = cf->conf_file->file.name.data;
    place->line = cf->conf_file->line;
}


ngx_int_t
ngx_stream_dns_place_add(ngx_conf_t *cf, ngx_array_t *places)
{
    ngx_stream_dns_place_t  *place;

    place = ngx_array_push(places);
    if (place == NULL) {
        return NGX_ERROR;
    }

    ngx_stream_dns_place(cf, place);

    return NGX_OK;
}


/* the phases of a connection have come to its content */

void
ngx_stream_dns_handler(ngx_stream_session_t *s)
{
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = ngx_stream_get_module_srv_conf(s, ngx_dns_balancer_module);

    if (s->connection->type == SOCK_DGRAM) {
        ngx_dns_front_session_open(s->connection, &dscf->dns);
        return;
    }

    ngx_dns_front_tcp_open(s->connection, &dscf->dns);
}

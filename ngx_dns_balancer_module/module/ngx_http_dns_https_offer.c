
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns_https.h"


static ngx_uint_t ngx_http_dns_https_listens(ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *core);
static ngx_uint_t ngx_http_dns_https_http2(ngx_cycle_t *cycle,
    ngx_http_conf_addr_t *addr, ngx_http_core_srv_conf_t *core);


/* RFC 9462, 4: only over TLS; the "listen" lines of the location's server */

ngx_int_t
ngx_http_dns_https_offer(ngx_cycle_t *cycle,
    ngx_http_dns_https_loc_conf_t *use)
{
    ngx_uint_t                  p, a;
    ngx_http_conf_port_t       *port;
    ngx_http_conf_addr_t       *addr;
    ngx_stream_dns_offer_t      offer;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_core_module);

    if (cmcf->ports == NULL || use->path.len == 0) {
        return NGX_OK;
    }

    offer.path = use->path;
    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {

        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {

            if (addr[a].opt.sockaddr->sa_family == AF_UNIX
                || !ngx_http_dns_https_listens(&addr[a], use->core))
            {
                continue;
            }

            offer.port = ngx_inet_get_port(addr[a].opt.sockaddr);

#if (nginx_version >= 1025000)
            if (addr[a].opt.quic) {
                offer.priority = 3;
                ngx_str_set(&offer.alpn, "h3");

            } else
#endif
            if (addr[a].opt.ssl
                && ngx_http_dns_https_http2(cycle, &addr[a], use->core))
            {
                offer.priority = 2;
                ngx_str_set(&offer.alpn, "h2");

            } else {
                continue;
            }

            if (ngx_stream_dns_resolver_offer(cycle, use->server, &offer)
                != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_dns_https_listens(ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *core)
{
    ngx_uint_t                  i;
    ngx_http_core_srv_conf_t  **server;

    server = addr->servers.elts;

    for (i = 0; i < addr->servers.nelts; i++) {
        if (server[i] == core) {
            return 1;
        }
    }

    return 0;
}


/*
 * "listen ... http2", or "http2 on": the first field of that module's
 * configuration of a server, which is not to be had by its name where nginx may
 * have been built without it.
 */

static ngx_uint_t
ngx_http_dns_https_http2(ngx_cycle_t *cycle, ngx_http_conf_addr_t *addr,
    ngx_http_core_srv_conf_t *core)
{
#if (nginx_version >= 1025001)
    ngx_flag_t  *enable;
    ngx_uint_t   i;

    static const char  name[] = "ngx_http_v2_module";

    for (i = 0; cycle->modules[i]; i++) {
        if (ngx_strcmp(cycle->modules[i]->name, name) == 0) {
            enable = core->ctx->srv_conf[cycle->modules[i]->ctx_index];

            if (*enable == 1) {
                return 1;
            }
        }
    }
#endif

    return addr->opt.http2;
}

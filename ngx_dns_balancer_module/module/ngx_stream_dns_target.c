
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"


static ngx_dns_upstream_t *ngx_stream_dns_target_address(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *text);


/* the name of a dns_upstream {}, wherever that stands, or an address */

ngx_dns_upstream_t *
ngx_stream_dns_target(ngx_conf_t *cf, ngx_stream_dns_target_t *target,
    ngx_str_t *text)
{
    ngx_stream_dns_upstream_t  *us;

    us = ngx_stream_dns_upstream_find(cf, text);

    if (us) {
        us->used = 1;
        return &us->upstream;
    }

    return ngx_stream_dns_target_address(cf, target, text);
}


static ngx_dns_upstream_t *
ngx_stream_dns_target_address(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *text)
{
    ngx_str_t                   scope;
    ngx_url_t                   u;
    const char                 *why;
    ngx_dns_transport_t        *transport;
    ngx_stream_dns_upstream_t  *us;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *text;
    u.no_resolve = 1;

    transport = ngx_stream_dns_server_scheme(&u);

    why = transport ? ngx_stream_dns_scope_cut(cf, &u.url, &scope)
                    : "the nginx that this module was built for has no SSL";

    if (why == NULL) {
        why = ngx_stream_dns_text_address(&u.url);
    }

    if (why || ngx_parse_url(cf->pool, &u) != NGX_OK || u.naddrs != 1) {

        if (why == NULL) {
            why = u.err ? u.err : "a host name works in a \"server\" of a "
                                  "\"dns_upstream\"";
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\": \"%V\" is not the name of a "
                      "\"dns_upstream\", nor an IP address with or without "
                      "a port, nor \"unix:\" and a path: %s, in %s:%ui",
                      target->directive, text, why, target->file,
                      target->line);
        return NULL;
    }

    why = ngx_stream_dns_scope_set(cf, &u, &scope);

    if (why == NULL) {
        why = ngx_stream_dns_text_sockaddr(u.addrs[0].sockaddr);
    }

    if (u.addrs[0].sockaddr->sa_family == AF_UNIX
        && u.url.data != target->text.data)
    {
        why = "a \"unix:\" socket is a plain stream";
    }

    if (why) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\": no server can be at \"%V\": %s, in %s:%ui",
                      target->directive, text, why, target->file,
                      target->line);
        return NULL;
    }

    us = ngx_stream_dns_upstream_address(cf, &u, transport);

    return us ? &us->upstream : NULL;
}

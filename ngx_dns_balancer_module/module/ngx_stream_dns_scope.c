
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"

#include <net/if.h>


/*
 * RFC 4007, 11: the zone of a link-local address, "[fe80::1%eth0]:53", which
 * nginx does not know.  It is cut out of the text, and put into the address
 * that nginx has found in the rest.
 */

const char *
ngx_stream_dns_scope_cut(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *scope)
{
    u_char  *p, *end, *copy;

    scope->len = 0;
    end = text->data + text->len;

    if (text->len == 0 || text->data[0] != '[') {
        return NULL;
    }

    p = ngx_strlchr(text->data, end, '%');
    if (p == NULL) {
        return NULL;
    }

    scope->data = p + 1;
    end = ngx_strlchr(p, end, ']');

    if (end == NULL || end == scope->data) {
        return "there must be the name of a device between \"%\" and \"]\"";
    }

    scope->len = end - scope->data;

    copy = ngx_pnalloc(cf->pool, text->len + 1);
    if (copy == NULL) {
        return "no memory";
    }

    end = ngx_cpymem(copy, text->data, p - text->data);
    end = ngx_cpymem(end, scope->data + scope->len,
                     text->data + text->len - scope->data - scope->len);
    *end = '\0';

    text->data = copy;
    text->len = end - copy;

    return NULL;
}


const char *
ngx_stream_dns_scope_set(ngx_conf_t *cf, ngx_url_t *u, ngx_str_t *scope)
{
    u_char               *p;
    unsigned              index;
    ngx_str_t             name;
    struct sockaddr_in6  *sin6;

    if (scope->len == 0) {
        return NULL;
    }

    sin6 = (struct sockaddr_in6 *) u->addrs[0].sockaddr;

    if (sin6->sin6_family != AF_INET6
        || !IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr))
    {
        return "only a link-local address has a device";
    }

    p = ngx_pnalloc(cf->pool, scope->len + 1);
    if (p == NULL) {
        return "no memory";
    }

    *ngx_cpymem(p, scope->data, scope->len) = '\0';

    index = if_nametoindex((char *) p);
    if (index == 0) {
        return "there is no such device";
    }

    sin6->sin6_scope_id = index;

    /* "[fe80::1]:53" is said with its device */

    name = u->addrs[0].name;
    p = ngx_pnalloc(cf->pool, name.len + scope->len + 1);
    if (p == NULL) {
        return "no memory";
    }

    u->addrs[0].name.data = p;

    p = ngx_cpymem(p, name.data,
                   ngx_strlchr(name.data, name.data + name.len, ']')
                   - name.data);
    *p++ = '%';
    p = ngx_cpymem(p, scope->data, scope->len);
    p = ngx_cpymem(p, ngx_strlchr(name.data, name.data + name.len, ']'),
                   name.data + name.len
                   - ngx_strlchr(name.data, name.data + name.len, ']'));

    u->addrs[0].name.len = p - u->addrs[0].name.data;

    return NULL;
}

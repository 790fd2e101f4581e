
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_address.h"


ngx_uint_t
ngx_dns_address_same(struct sockaddr *one, socklen_t onelen,
    struct sockaddr *two, socklen_t twolen)
{
    if (ngx_cmp_sockaddr(one, onelen, two, twolen, 1) != NGX_OK) {
        return 0;
    }

    return one->sa_family != AF_INET6
           || ((struct sockaddr_in6 *) one)->sin6_scope_id
              == ((struct sockaddr_in6 *) two)->sin6_scope_id;
}


u_char *
ngx_dns_address_text(u_char *p, struct sockaddr *sa, socklen_t len)
{
    char      device[IF_NAMESIZE];
    u_char   *last, *end;
    size_t    n;
    unsigned  scope;

    last = p + ngx_sock_ntop(sa, len, p, NGX_SOCKADDR_STRLEN, 1);

    scope = sa->sa_family == AF_INET6
            ? ((struct sockaddr_in6 *) sa)->sin6_scope_id : 0;

    end = scope ? ngx_strlchr(p, last, ']') : NULL;

    if (end == NULL || if_indextoname(scope, device) == NULL) {
        return last;
    }

    n = ngx_strlen(device);

    ngx_memmove(end + 1 + n, end, last - end);

    *end = '%';
    ngx_memcpy(end + 1, device, n);

    return last + 1 + n;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "cookie.h"


ngx_time_t            cookie_now;
ngx_dns_conf_t        cookie_conf;
ngx_dns_client_t      cookie_client;
ngx_dns_asked_t       cookie_asked;
ngx_dns_secret_shm_t  cookie_shm;


void
cookie_init(void)
{
    ngx_cached_time = &cookie_now;

    cookie_conf.listener.secrets = &cookie_shm;
    cookie_conf.runtime.counters = ngx_dns_metrics_server(0);

    (void) ngx_dns_secret_init(&cookie_shm);
}


void
cookie_from(const u_char *address, ngx_uint_t v6)
{
    ngx_dns_sockaddr_t  *sa;

    memset(&cookie_client, 0, sizeof(cookie_client));
    sa = &cookie_client.sockaddr;

    if (v6) {
        sa->sockaddr.sa_family = AF_INET6;
        memcpy(&sa->sockaddr_in6.sin6_addr, address, 16);
        return;
    }

    sa->sockaddr.sa_family = AF_INET;
    memcpy(&sa->sockaddr_in.sin_addr, address, 4);
}


ngx_uint_t
cookie_good(const u_char *p, size_t len, ngx_dns_reason_e *reason)
{
    u_char                  *data;
    ngx_dns_option_query_t   query;

    /* in memory of its own, so that no octet more is read */

    data = malloc(len ? len : 1);
    if (data == NULL) {
        return 0;
    }

    memcpy(data, p, len);
    memset(&query, 0, sizeof(query));
    memset(&cookie_asked, 0, sizeof(cookie_asked));

    query.conf = &cookie_conf;
    query.client = &cookie_client;
    query.asked = &cookie_asked;
    query.reason = *reason;

    cookie_asked.options = (uint16_t) ngx_dns_option_cookie.parse(&query, data,
                                                                  len);
    *reason = query.reason;

    free(data);

    return cookie_asked.proven;
}


size_t
cookie_made(u_char *p)
{
    size_t                  len;
    ngx_dns_asker_t         asker;
    ngx_dns_option_place_t  place;

    memset(&asker, 0, sizeof(asker));

    asker.client = &cookie_client;
    asker.conf = &cookie_conf;
    asker.asked = &cookie_asked;
    place.asker = &asker;

    len = ngx_dns_option_cookie.write(&place, p) - p;

    return len == ngx_dns_option_cookie.size(&asker) ? len : 0;
}

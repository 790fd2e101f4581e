
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"


static ngx_uint_t ngx_dns_option_keepalive_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static size_t ngx_dns_option_keepalive_size(const ngx_dns_asker_t *asker);
static u_char *ngx_dns_option_keepalive_write(
    const ngx_dns_option_place_t *place, u_char *p);


/* RFC 7828: how long a connection may be idle */

const ngx_dns_option_t  ngx_dns_option_keepalive = {
    NGX_DNS_OPTION_KEEPALIVE,
    0,
    ngx_dns_option_keepalive_parse,
    ngx_dns_option_keepalive_size,
    ngx_dns_option_keepalive_write
};


static ngx_uint_t
ngx_dns_option_keepalive_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len)
{
    /* 3.2.1: a client leaves TIMEOUT out */

    return len == 0;
}


static size_t
ngx_dns_option_keepalive_size(const ngx_dns_asker_t *asker)
{
    /* 3.2.2: not over UDP; RFC 8484 has means of its own */

    return asker->client->proto == NGX_DNS_PROTO_TCP
           || asker->client->proto == NGX_DNS_PROTO_TLS
           ? 2 : NGX_DNS_OPTION_NONE;
}


static u_char *
ngx_dns_option_keepalive_write(const ngx_dns_option_place_t *place, u_char *p)
{
    ngx_msec_t  timeout;

    /* in units of 100 milliseconds; 0 asks the client to close */

    timeout = ngx_exiting ? 0
                          : place->asker->conf->listener.idle_timeout / 100;

    ngx_dns_put16(p, ngx_min(timeout, 65535));

    return p + 2;
}

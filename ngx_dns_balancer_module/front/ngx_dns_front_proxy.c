
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_proxy.h"
#include "../wire/ngx_dns_wire.h"


#define NGX_DNS_PROXY_HEADER   16         /* signature, command, family, len */
#define NGX_DNS_PROXY_LOCAL    0x20       /* version 2, and a command */
#define NGX_DNS_PROXY_PROXY    0x21
#define NGX_DNS_PROXY_INET     0x1        /* upper half of the family */
#define NGX_DNS_PROXY_INET6    0x2
#define NGX_DNS_PROXY_LEN      12         /* two addresses, two ports */
#define NGX_DNS_PROXY_LEN6     36


static const u_char  ngx_dns_proxy_signature[] =
    "\r\n\r\n\0\r\nQUIT\n";


size_t
ngx_dns_front_proxy_read(ngx_dns_client_t *client, const u_char *p,
    size_t len)
{
    size_t               size;
    struct sockaddr_in  *sin;
    struct sockaddr_in6 *sin6;

    if (len < NGX_DNS_PROXY_HEADER
        || ngx_memcmp(p, ngx_dns_proxy_signature, 12) != 0)
    {
        return 0;
    }

    size = ngx_dns_get16(p + 14);

    if (len - NGX_DNS_PROXY_HEADER < size) {
        return 0;
    }

    client->proxied = 0;

    if (p[12] == NGX_DNS_PROXY_LOCAL) {

        /* of the proxy itself, as its health checks are */

        return NGX_DNS_PROXY_HEADER + size;
    }

    if (p[12] != NGX_DNS_PROXY_PROXY) {
        return 0;
    }

    ngx_memzero(&client->source, sizeof(ngx_dns_sockaddr_t));

    if (p[13] >> 4 == NGX_DNS_PROXY_INET && size >= NGX_DNS_PROXY_LEN) {
        sin = &client->source.sockaddr_in;

        sin->sin_family = AF_INET;
        ngx_memcpy(&sin->sin_addr, p + NGX_DNS_PROXY_HEADER, 4);
        ngx_memcpy(&sin->sin_port, p + NGX_DNS_PROXY_HEADER + 8, 2);

    } else if (p[13] >> 4 == NGX_DNS_PROXY_INET6
               && size >= NGX_DNS_PROXY_LEN6)
    {
        sin6 = &client->source.sockaddr_in6;

        sin6->sin6_family = AF_INET6;
        ngx_memcpy(&sin6->sin6_addr, p + NGX_DNS_PROXY_HEADER, 16);
        ngx_memcpy(&sin6->sin6_port, p + NGX_DNS_PROXY_HEADER + 32, 2);

    } else {
        return 0;
    }

    client->proxied = 1;

    return NGX_DNS_PROXY_HEADER + size;
}

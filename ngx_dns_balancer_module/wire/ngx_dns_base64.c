
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_base64.h"


static ngx_inline ngx_int_t
ngx_dns_base64url_value(u_char ch)
{
    if (ch >= 'A' && ch <= 'Z') {
        return ch - 'A';
    }

    if (ch >= 'a' && ch <= 'z') {
        return ch - 'a' + 26;
    }

    if (ch >= '0' && ch <= '9') {
        return ch - '0' + 52;
    }

    return ch == '-' ? 62 : ch == '_' ? 63 : NGX_ERROR;
}


ssize_t
ngx_dns_base64url(u_char *dst, size_t size, const u_char *src, size_t len)
{
    size_t     i, n;
    uint32_t   bits;
    ngx_int_t  value;

    n = 0;
    bits = 0;

    for (i = 0; i < len; i++) {
        value = ngx_dns_base64url_value(src[i]);

        if (value == NGX_ERROR) {
            return NGX_ERROR;
        }

        bits = (bits << 6) | (uint32_t) value;

        if (i % 4 == 0) {
            continue;
        }

        if (n < size) {
            dst[n] = (u_char) (bits >> (6 - 2 * (i % 4)));
        }

        n++;
    }

    /* one character makes no octet; RFC 4648, 3.5: the bits left over are 0 */

    if (len % 4 == 1
        || (len % 4 == 2 && (bits & 0x0f))
        || (len % 4 == 3 && (bits & 0x03)))
    {
        return NGX_ERROR;
    }

    return (ssize_t) n;
}

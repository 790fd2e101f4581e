
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_base64.h"


static u_char ngx_dns_base64url_escape(const u_char *src, const u_char *last);


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


static ngx_inline ngx_int_t
ngx_dns_base64url_hex(u_char ch)
{
    if (ch >= '0' && ch <= '9') {
        return ch - '0';
    }

    ch |= 0x20;

    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : NGX_ERROR;
}


/* the character that an escape stands for; 0, which is none: it is no escape */

static u_char
ngx_dns_base64url_escape(const u_char *src, const u_char *last)
{
    ngx_int_t  high, low;

    if (last - src < 3) {
        return 0;
    }

    high = ngx_dns_base64url_hex(src[1]);
    low = ngx_dns_base64url_hex(src[2]);

    if (high == NGX_ERROR || low == NGX_ERROR) {
        return 0;
    }

    return (u_char) (high << 4 | low);
}


ssize_t
ngx_dns_base64url(u_char *dst, size_t size, const u_char *src, size_t len)
{
    u_char         ch;
    size_t         i, n;
    uint32_t       bits;
    ngx_int_t      value;
    const u_char  *last;

    n = 0;
    bits = 0;
    last = src + len;

    for (i = 0; src < last; i++) {
        ch = *src;

        if (ch == '%') {
            ch = ngx_dns_base64url_escape(src, last);
            src += ch ? 2 : 0;
        }

        src++;

        value = ngx_dns_base64url_value(ch);

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

    if (i % 4 == 1
        || (i % 4 == 2 && (bits & 0x0f))
        || (i % 4 == 3 && (bits & 0x03)))
    {
        return NGX_ERROR;
    }

    return (ssize_t) n;
}


ssize_t
ngx_dns_base64url_argument(u_char *dst, size_t size, const u_char *args,
    size_t len)
{
    size_t         n;
    const u_char  *p, *end, *last, *value;

    n = 0;
    value = NULL;
    last = args + len;

    for (p = args; p < last; p = end + 1) {

        for (end = p; end < last && *end != '&'; end++) { /* void */ }

        if (end - p < 4 || ngx_memcmp(p, "dns=", 4) != 0) {
            continue;
        }

        if (value) {
            return NGX_ERROR;
        }

        value = p + 4;
        n = (size_t) (end - value);
    }

    return value ? ngx_dns_base64url(dst, size, value, n) : NGX_ERROR;
}

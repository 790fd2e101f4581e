
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_name.h"


#define NGX_DNS_ONES  0x0101010101010101ULL


static ngx_inline uint64_t ngx_dns_lower8(uint64_t v);
static ngx_inline ngx_uint_t ngx_dns_name_differs(const u_char *lower,
    const u_char *name);
static ngx_uint_t ngx_dns_name_target(const u_char *p, size_t pos,
    size_t len, size_t size, ngx_uint_t *work);


/*
 * Eight octets at once: bit 7 of "heptets + const" tells whether the octet
 * is at least the bound; octets from 128 on are kept by the last mask.
 */

static ngx_inline uint64_t
ngx_dns_lower8(uint64_t v)
{
    uint64_t  heptets, above, from, upper;

    heptets = v & (0x7f * NGX_DNS_ONES);
    above = heptets + (0x7f - 'Z') * NGX_DNS_ONES;
    from = heptets + (0x80 - 'A') * NGX_DNS_ONES;
    upper = (from ^ above) & ~v & (0x80 * NGX_DNS_ONES);

    return v | (upper >> 2);
}


size_t
ngx_dns_name_skip(const u_char *p, size_t pos, size_t len)
{
    ngx_uint_t  work;

    work = NGX_DNS_NAME_WORK;

    return ngx_dns_name_walk(p, pos, len, &work);
}


size_t
ngx_dns_name_walk_any(const u_char *p, size_t pos, size_t len, ngx_uint_t *work)
{
    size_t  size, start, target;

    size = 0;
    start = pos;

    while (pos < len) {

        if (p[pos] == 0) {
            return size < NGX_DNS_MAX_NAME ? pos + 1 : 0;
        }

        if (p[pos] <= NGX_DNS_MAX_LABEL) {
            size += p[pos] + 1;
            pos += p[pos] + 1;
            continue;
        }

        if (p[pos] < 0xc0 || pos + 1 >= len) {
            return 0;
        }

        target = ngx_dns_get16(p + pos) & 0x3fff;

        if (target >= start || target < NGX_DNS_HEADER_SIZE
            || !ngx_dns_name_target(p, target, start, size, work))
        {
            return 0;
        }

        return pos + 2;
    }

    return 0;
}


/*
 * Follows a pointer.  Each jump goes below the start of the part before it,
 * and nothing from there on is read, so that a name does not depend on what
 * comes after it, which may be cut off or replaced.  So there is an end, but
 * a message could make it a long way off: jumps are bounded for a name, and
 * labels for all names of a message.
 */

static ngx_uint_t
ngx_dns_name_target(const u_char *p, size_t pos, size_t len, size_t size,
    ngx_uint_t *work)
{
    size_t      start, target;
    ngx_uint_t  jumps;

    start = pos;
    jumps = 1;

    while (size < NGX_DNS_MAX_NAME && pos < len && *work) {

        (*work)--;

        if (p[pos] == 0) {
            return 1;
        }

        if (p[pos] <= NGX_DNS_MAX_LABEL) {
            size += p[pos] + 1;
            pos += p[pos] + 1;
            continue;
        }

        if (p[pos] < 0xc0 || pos + 1 >= len) {
            return 0;
        }

        target = ngx_dns_get16(p + pos) & 0x3fff;

        if (target >= start || target < NGX_DNS_HEADER_SIZE
            || ++jumps > NGX_DNS_NAME_JUMPS)
        {
            return 0;
        }

        pos = target;
        len = start;
        start = target;
    }

    return 0;
}


ngx_uint_t
ngx_dns_name_equal(const u_char *lower, const u_char *name, size_t len)
{
    u_char    c;
    size_t    i;
    uint64_t  a, b;

    if (len >= sizeof(ngx_dns_octets_t)) {

        for (i = 0; i + sizeof(ngx_dns_octets_t) < len;
             i += sizeof(ngx_dns_octets_t))
        {
            if (ngx_dns_name_differs(lower + i, name + i)) {
                return 0;
            }
        }

        /* the last ones may be compared twice */

        i = len - sizeof(ngx_dns_octets_t);

        return !ngx_dns_name_differs(lower + i, name + i);
    }

    if (len >= 8) {
        memcpy(&a, lower, 8);
        memcpy(&b, name, 8);

        if (a != ngx_dns_lower8(b)) {
            return 0;
        }

        memcpy(&a, lower + len - 8, 8);
        memcpy(&b, name + len - 8, 8);

        return a == ngx_dns_lower8(b);
    }

    while (len--) {
        c = *name++;

        if (*lower++ != ngx_tolower(c)) {
            return 0;
        }
    }

    return 1;
}


/* sixteen octets */

static ngx_inline ngx_uint_t
ngx_dns_name_differs(const u_char *lower, const u_char *name)
{
    uint64_t          d[2];
    ngx_dns_octets_t  a, v, upper;

    memcpy(&a, lower, sizeof(ngx_dns_octets_t));
    memcpy(&v, name, sizeof(ngx_dns_octets_t));

    upper = (ngx_dns_octets_t) (v - 'A' < 26);
    v = (v | (upper & 0x20)) ^ a;

    memcpy(d, &v, sizeof(ngx_dns_octets_t));

    return (d[0] | d[1]) != 0;
}


ngx_uint_t
ngx_dns_name_same(const u_char *p, size_t a, size_t b)
{
    u_char  len;

    for ( ;; ) {
        while (p[a] >= 0xc0) {
            a = ngx_dns_get16(p + a) & 0x3fff;
        }

        while (p[b] >= 0xc0) {
            b = ngx_dns_get16(p + b) & 0x3fff;
        }

        if (a == b) {
            return 1;
        }

        if (p[a] != p[b]) {
            return 0;
        }

        len = p[a];

        if (len == 0) {
            return 1;
        }

        a++;
        b++;

        while (len--) {
            if (ngx_tolower(p[a]) != ngx_tolower(p[b])) {
                return 0;
            }

            a++;
            b++;
        }
    }
}


u_char *
ngx_dns_name_text(u_char *dst, const u_char *name)
{
    u_char      c;
    ngx_uint_t  n;

    if (*name == 0) {
        *dst++ = '.';
        return dst;
    }

    for ( ;; ) {
        for (n = *name++; n; n--) {
            c = *name++;

            if (c <= ' ' || c >= 0x7f) {
                *dst++ = '\\';
                *dst++ = (u_char) ('0' + c / 100);
                *dst++ = (u_char) ('0' + c / 10 % 10);
                *dst++ = (u_char) ('0' + c % 10);
                continue;
            }

            if (c == '.' || c == '\\' || c == '"' || c == '(' || c == ')'
                || c == ';' || c == '@' || c == '$')
            {
                *dst++ = '\\';
            }

            *dst++ = c;
        }

        if (*name == 0) {
            return dst;
        }

        *dst++ = '.';
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_ttl.h"
#include "ngx_dns_walk.h"


#define NGX_DNS_TTL_NONE     0xffffffff
#define NGX_DNS_TTL_SOA_MIN  22           /* two root names, five numbers */


static size_t ngx_dns_ttl_question(const u_char *p, size_t size);
static uint32_t ngx_dns_ttl_record(const ngx_dns_walk_t *w);


ngx_int_t
ngx_dns_ttl(const u_char *p, size_t size)
{
    size_t          pos;
    uint16_t        flags;
    uint32_t        ttl, least;
    ngx_uint_t      answers;
    ngx_dns_walk_t  w;

    if (size < NGX_DNS_HEADER_SIZE) {
        return NGX_DECLINED;
    }

    flags = ngx_dns_get16(p + 2);

    if (flags & NGX_DNS_TC
        || ((flags & NGX_DNS_RCODE) != NGX_DNS_NOERROR
            && (flags & NGX_DNS_RCODE) != NGX_DNS_NXDOMAIN))
    {
        return NGX_DECLINED;
    }

    pos = ngx_dns_ttl_question(p, size);
    if (pos == 0) {
        return NGX_DECLINED;
    }

    answers = ngx_dns_get16(p + NGX_DNS_OFF_ANCOUNT);
    least = NGX_DNS_TTL_NONE;

    ngx_dns_walk_init(&w, p, size, pos,
                      answers + ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT));

    while (ngx_dns_walk_next(&w)) {

        if (answers) {
            answers--;
            ttl = ngx_dns_get32(p + w.fixed + 4);

        } else if (w.type == NGX_DNS_TYPE_SOA) {
            ttl = ngx_dns_ttl_record(&w);

        } else {
            continue;
        }

        /* RFC 2181, 8: with the highest bit it is none */

        if (ttl > 0x7fffffff) {
            ttl = 0;
        }

        least = ngx_min(least, ttl);
    }

    return (w.bad || least == NGX_DNS_TTL_NONE) ? NGX_DECLINED
                                                : (ngx_int_t) least;
}


/* of our own responses, which have one question or none; 0: it is malformed */

static size_t
ngx_dns_ttl_question(const u_char *p, size_t size)
{
    size_t      pos;
    ngx_uint_t  work;

    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) == 0) {
        return NGX_DNS_HEADER_SIZE;
    }

    work = NGX_DNS_NAME_WORK;
    pos = ngx_dns_name_walk(p, NGX_DNS_HEADER_SIZE, size, &work);

    return (pos == 0 || size - pos < 4) ? 0 : pos + 4;
}


static uint32_t
ngx_dns_ttl_record(const ngx_dns_walk_t *w)
{
    uint32_t  ttl, minimum;

    if (w->rdlen < NGX_DNS_TTL_SOA_MIN) {
        return 0;
    }

    ttl = ngx_dns_get32(w->p + w->fixed + 4);
    minimum = ngx_dns_get32(w->p + w->rdata + w->rdlen - 4);

    return ngx_min(ttl, minimum);
}

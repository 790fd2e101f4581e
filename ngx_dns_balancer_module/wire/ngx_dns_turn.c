
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_turn.h"
#include "ngx_dns_walk.h"


static ngx_uint_t ngx_dns_minimal_keeps(const u_char *p,
    const ngx_dns_walk_t *w);
static size_t ngx_dns_minimal_name(u_char *out, const u_char *p, size_t pos);


void
ngx_dns_turn(u_char *p, size_t size, size_t body, ngx_uint_t answers,
    ngx_uint_t turn)
{
    size_t      len, place[NGX_DNS_TURN_MAX];
    u_char      data[NGX_DNS_TURN_MAX][16];
    ngx_uint_t  i, n;

    n = ngx_dns_turn_places(p, size, body, answers, place, &len);

    for (i = 0; i < n; i++) {
        ngx_memcpy(data[i], p + place[i], len);
    }

    for (i = 0; i < n; i++) {
        ngx_memcpy(p + place[i], data[(i + turn) % n], len);
    }
}


ngx_uint_t
ngx_dns_turn_places(const u_char *p, size_t size, size_t body,
    ngx_uint_t answers, size_t *place, size_t *len)
{
    uint16_t        type;
    ngx_uint_t      n;
    ngx_dns_walk_t  w;

    n = 0;
    type = 0;
    *len = 0;

    ngx_dns_walk_init(&w, p, size, body, answers);

    while (n < NGX_DNS_TURN_MAX && ngx_dns_walk_next(&w)) {

        if (n && w.type != type) {

            if (n > 1) {
                break;
            }

            n = 0;
        }

        if ((w.type != NGX_DNS_TYPE_A || w.rdlen != 4)
            && (w.type != NGX_DNS_TYPE_AAAA || w.rdlen != 16))
        {
            continue;
        }

        type = w.type;
        *len = w.rdlen;
        place[n++] = w.rdata;
    }

    return w.bad || n < 2 ? 0 : n;
}


ngx_int_t
ngx_dns_minimal(ngx_dns_message_t *m, const u_char *p, u_char *out,
    ngx_uint_t dnssec)
{
    size_t          end;
    ngx_uint_t      n;
    ngx_dns_walk_t  w;

    if (m->rcode != NGX_DNS_NOERROR || m->answers == 0
        || (m->authority == 0 && m->additional == 0))
    {
        return NGX_DECLINED;
    }

    ngx_dns_walk_init(&w, p, m->end, m->body, m->answers);

    while (ngx_dns_walk_next(&w)) {
        /* void */
    }

    if (w.bad) {
        return NGX_DECLINED;
    }

    end = w.pos;
    ngx_memcpy(out, p, end);

    n = 0;

    if (dnssec) {
        ngx_dns_walk_init(&w, p, m->end, end, m->authority);

        while (ngx_dns_walk_next(&w)) {

            if (!ngx_dns_minimal_keeps(p, &w)) {
                continue;
            }

            /* names of these records are not compressed, but for the owner */

            if (end + NGX_DNS_MAX_NAME + w.pos - w.fixed
                > NGX_DNS_MAX_MESSAGE)
            {
                return NGX_DECLINED;
            }

            end += ngx_dns_minimal_name(out + end, p, w.owner);
            ngx_memcpy(out + end, p + w.fixed, w.pos - w.fixed);
            end += w.pos - w.fixed;
            n++;
        }

        if (w.bad) {
            return NGX_DECLINED;
        }
    }

    m->authority = (uint16_t) n;
    m->additional = 0;
    m->end = end;

    return NGX_OK;
}


static ngx_uint_t
ngx_dns_minimal_keeps(const u_char *p, const ngx_dns_walk_t *w)
{
    uint16_t  type;

    type = w->type;

    if (type == NGX_DNS_TYPE_RRSIG) {

        /* RFC 4034, 3.1.1: what it covers */

        if (w->rdlen < 18) {
            return 0;
        }

        type = ngx_dns_get16(p + w->rdata);
    }

    return type == NGX_DNS_TYPE_NSEC || type == NGX_DNS_TYPE_NSEC3;
}


/* a name that was parsed before, without pointers; returns its length */

static size_t
ngx_dns_minimal_name(u_char *out, const u_char *p, size_t pos)
{
    size_t  n;

    n = 0;

    for ( ;; ) {

        if (p[pos] >= 0xc0) {
            pos = ngx_dns_get16(p + pos) & 0x3fff;
            continue;
        }

        if (p[pos] == 0 || n + p[pos] + 2 > NGX_DNS_MAX_NAME) {
            out[n++] = 0;
            return n;
        }

        ngx_memcpy(out + n, p + pos, (size_t) p[pos] + 1);
        n += (size_t) p[pos] + 1;
        pos += (size_t) p[pos] + 1;
    }
}

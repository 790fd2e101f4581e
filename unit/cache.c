
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include <math.h>
#include <stdio.h>

#include "cache.h"


#define CACHE_BITS   0x0001000100000000
#define CACHE_SCOPE  7


static size_t cache_name(u_char *p, unsigned n);
static void cache_body(u_char *p, size_t len, unsigned n, uint64_t version);
static int cache_whole(ngx_dns_cache_view_t *v, const u_char *body,
    const uint16_t *ttl, unsigned n);


uint64_t
cache_random(uint64_t *state)
{
    uint64_t  x;

    x = *state += 0x9e3779b97f4a7c15;   /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;

    return x ^ x >> 31;
}


unsigned
cache_zipf(uint64_t *state, unsigned n)
{
    double  u;

    u = (double) (cache_random(state) >> 11) / (double) (1UL << 53);

    return (unsigned) (exp(u * log(n + 1.0)) - 1.0) % n;
}


static size_t
cache_name(u_char *p, unsigned n)
{
    size_t  pad;

    /* names of 14 to 34 octets */

    pad = n % 21;

    p[0] = (u_char) (8 + pad);
    memset(&p[1], 'x', pad);
    (void) sprintf((char *) &p[1 + pad], "%08u\3tld", n);

    return 14 + pad;
}


static void
cache_body(u_char *p, size_t len, unsigned n, uint64_t version)
{
    size_t    i;
    uint64_t  state, x;

    state = version * 1000003 + n * 7919UL + len;

    for (i = 0; i < len; i += 8) {
        x = cache_random(&state);
        memcpy(&p[i], &x, 8);
    }
}


ngx_int_t
cache_store(ngx_dns_cache_shm_t *c, unsigned n, uint64_t version)
{
    u_char                    name[64], body[CACHE_MAX_BODY + 8];
    uint16_t                  ttl[8];
    ngx_uint_t                i;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    memset(&a, 0, sizeof(a));

    when.asked = 0;
    when.now = CACHE_NOW;

    /* that of a version has always the same length, mostly short */

    a.bits = CACHE_BITS;
    a.partition = CACHE_SCOPE;
    a.stored = CACHE_NOW;
    a.expires = CACHE_NOW + 1 + (uint32_t) (version % 4000);
    a.name_len = (uint16_t) cache_name(name, n);
    a.body_len = (uint16_t) (version % 7 ? version % 120
                                         : version % CACHE_MAX_BODY);
    a.flags = (uint16_t) (0xffff - a.body_len);
    a.nttl = (uint16_t) (version % 8);
    a.answers = (uint16_t) version;
    a.authority = (uint16_t) (version >> 16);

    for (i = 0; i < a.nttl; i++) {
        ttl[i] = (uint16_t) (n + version + i);
    }

    cache_body(body, a.body_len, n, (uint32_t) version);

    return ngx_dns_cache_store(c, ngx_dns_cache_hash(c, name, a.name_len,
                                                     a.bits, a.partition),
                               name, &a, ttl, body, &when);
}


int
cache_find(ngx_dns_cache_shm_t *c, unsigned n, ngx_dns_cache_view_t *v)
{
    size_t    len;
    u_char    name[64], body[65536];
    uint16_t  ttl[8];

    len = cache_name(name, n);

    if (ngx_dns_cache_find(c, ngx_dns_cache_hash(c, name, len, CACHE_BITS,
                                                 CACHE_SCOPE),
                           name, len, CACHE_BITS, CACHE_SCOPE, v)
        != NGX_OK)
    {
        return 0;
    }

    ngx_dns_cache_copy(body, v->body, v->answer.body_len);
    ngx_dns_cache_copy(ttl, v->ttl, 2 * ngx_min(8UL, v->answer.nttl));

    if (!ngx_dns_cache_check(v)) {
        return -1;
    }

    return cache_whole(v, body, ttl, n) ? 1 : -2;
}


static int
cache_whole(ngx_dns_cache_view_t *v, const u_char *body, const uint16_t *ttl,
    unsigned n)
{
    u_char                     right[CACHE_MAX_BODY + 8];
    uint32_t                   version;
    ngx_uint_t                 i;
    ngx_dns_cache_response_t  *a;

    a = &v->answer;
    version = (uint32_t) a->authority << 16 | a->answers;

    if (a->body_len > CACHE_MAX_BODY || a->flags + a->body_len != 0xffff
        || a->nttl != version % 8
        || a->expires != CACHE_NOW + 1 + version % 4000)
    {
        return 0;
    }

    for (i = 0; i < a->nttl; i++) {
        if (ttl[i] != (uint16_t) (n + version + i)) {
            return 0;
        }
    }

    cache_body(right, a->body_len, n, version);

    return memcmp(right, body, a->body_len) == 0;
}


void
cache_load(ngx_dns_cache_shm_t *c, cache_load_t *load, unsigned n)
{
    int                    rc;
    uint64_t               version;
    unsigned               k;
    ngx_dns_cache_view_t   v;

    k = cache_zipf(&load->state, n);
    version = cache_random(&load->state) % 1000000;

    rc = cache_find(c, k, &v);

    load->hits += rc == 1;
    load->misses += rc == 0;
    load->changed += rc == -1;
    load->wrong += rc == -2;

    /* a miss is stored, a hit now and then, too, as if it had ended */

    if (rc != 1 || version % 16 == 0) {
        load->stored += cache_store(c, k, version) == NGX_OK;
        return;
    }

    ngx_dns_cache_touch(&v);

    if (version % 8 == 1) {
        load->claimed += ngx_dns_cache_claim(&v);
    }
}

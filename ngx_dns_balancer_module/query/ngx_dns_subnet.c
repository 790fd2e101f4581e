
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"


#define NGX_DNS_SUBNET_NOBODY  255        /* in place of a prefix */


static uint64_t ngx_dns_subnet_partition(const ngx_dns_policy_t *policy,
    uint64_t partition, const ngx_dns_subnet_t *subnet, ngx_uint_t prefix);
static ngx_uint_t ngx_dns_subnet_up(const ngx_dns_subnet_t *subnet,
    ngx_uint_t prefix);
static ngx_int_t ngx_dns_subnet_places(const ngx_dns_cached_key_t *key,
    const ngx_dns_subnet_t *subnet, ngx_dns_cache_view_t *view,
    uint16_t *prefix);


/* what prefixes are rounded up to, and looked for; longest first */

static const uint8_t  ngx_dns_subnet_steps[3][6] = {
    { 0 },
    { 24, 20, 16, 12, 8, 0 },             /* IPv4 */
    { 56, 48, 40, 32, 24, 0 }             /* IPv6 */
};


ngx_int_t
ngx_dns_subnet_choose(const ngx_dns_policy_t *policy, ngx_dns_client_t *client,
    ngx_dns_question_t *q)
{
    uint8_t               most;
    struct sockaddr      *source;
    ngx_dns_subnet_t     *subnet;
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    subnet = &q->subnet;
    ngx_memzero(subnet, sizeof(ngx_dns_subnet_t));

    if (q->asked.subnet_asked) {

        if (q->asked.subnet_bad) {
            return NGX_ERROR;
        }

        *subnet = q->asked.subnet;

    } else if (policy->subnet == NGX_DNS_SUBNET_ADD) {

        subnet->source = 128;

        source = ngx_dns_client_source(client);

        switch (source->sa_family) {

        case AF_INET:
            sin = (struct sockaddr_in *) source;
            subnet->family = NGX_DNS_SUBNET_IPV4;
            ngx_memcpy(subnet->addr, &sin->sin_addr, 4);
            break;

        case AF_INET6:
            sin6 = (struct sockaddr_in6 *) source;

            if (IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
                subnet->family = NGX_DNS_SUBNET_IPV4;
                ngx_memcpy(subnet->addr, &sin6->sin6_addr.s6_addr[12], 4);
                break;
            }

            subnet->family = NGX_DNS_SUBNET_IPV6;
            ngx_memcpy(subnet->addr, &sin6->sin6_addr, 16);
            break;
        }
    }

    if (subnet->family == 0) {
        return NGX_OK;
    }

    most = subnet->family == NGX_DNS_SUBNET_IPV4 ? policy->subnet_v4
                                                 : policy->subnet_v6;

    if (subnet->source > most) {
        subnet->source = most;
        ngx_dns_edns_cut(subnet, most);
    }

    return NGX_OK;
}


/* by the key of the cache, so that nobody can aim at another's place */

static uint64_t
ngx_dns_subnet_partition(const ngx_dns_policy_t *policy, uint64_t partition,
    const ngx_dns_subnet_t *subnet, ngx_uint_t prefix)
{
    u_char            text[2 + 16 + NGX_DNS_READ_PAD];
    ngx_dns_subnet_t  cut;

    ngx_memzero(text, sizeof(text));

    text[0] = (u_char) prefix;

    if (prefix != 0 && prefix != NGX_DNS_SUBNET_NOBODY) {
        cut = *subnet;
        ngx_dns_edns_cut(&cut, prefix);

        text[1] = cut.family;
        ngx_memcpy(text + 2, cut.addr, 16);
    }

    return partition ^ ngx_dns_cache_hash(policy->cache, text, 18, 0, 0);
}


uint64_t
ngx_dns_subnet_all(const ngx_dns_policy_t *policy, uint64_t partition)
{
    return ngx_dns_subnet_partition(policy, partition, NULL, 0);
}


static ngx_uint_t
ngx_dns_subnet_up(const ngx_dns_subnet_t *subnet, ngx_uint_t prefix)
{
    ngx_uint_t      i, up;
    const uint8_t  *step;

    step = ngx_dns_subnet_steps[subnet->family];
    up = subnet->source;

    for (i = 0; step[i]; i++) {
        if (step[i] >= prefix && step[i] < up) {
            up = step[i];
        }
    }

    return up;
}


ngx_int_t
ngx_dns_subnet_check(const ngx_dns_subnet_t *subnet,
    const ngx_dns_message_t *m, const u_char *msg)
{
    ngx_dns_subnet_t  said;

    /* with a prefix of 0 any network may be what the server went by */

    if (m->subnet == 0 || subnet->source == 0) {
        return NGX_OK;
    }

    if (ngx_dns_edns_subnet(&said, msg + m->subnet,
                            ngx_dns_get16(msg + m->subnet - 2))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_memcmp(&said, subnet, sizeof(ngx_dns_subnet_t)) == 0
           ? NGX_OK : NGX_ERROR;
}


uint64_t
ngx_dns_subnet_place(const ngx_dns_policy_t *policy,
    const ngx_dns_subnet_t *subnet, const ngx_dns_message_t *m,
    const u_char *msg, uint64_t partition)
{
    ngx_uint_t  prefix;

    if (subnet->family == 0 || subnet->source == 0) {

        /* RFC 7871, 7.3.1: it "MUST be distinguished" from what is for all */

        prefix = NGX_DNS_SUBNET_NOBODY;

    } else if (msg == NULL) {
        prefix = subnet->source;

    } else {
        prefix = m->scoped ? ngx_dns_subnet_up(subnet, m->scoped) : 0;
    }

    return ngx_dns_subnet_partition(policy, partition, subnet, prefix);
}


ngx_int_t
ngx_dns_subnet_lookup(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view,
    uint16_t *prefix)
{
    ngx_dns_cached_key_t  key;

    *prefix = 0;
    ngx_dns_cached_key(r, &key);

    return ngx_dns_subnet_places(&key, &r->question->subnet, view, prefix);
}


ngx_int_t
ngx_dns_subnet_lookup_of(const ngx_dns_inflight_t *f,
    ngx_dns_cache_view_t *view, uint16_t *prefix)
{
    ngx_dns_cached_key_t  key;

    *prefix = 0;
    ngx_dns_cached_key_of(f, &key);

    return key.policy->subnet
           ? ngx_dns_subnet_places(&key, &f->subnet, view, prefix)
           : ngx_dns_cached_lookup(&key, view);
}


static ngx_int_t
ngx_dns_subnet_places(const ngx_dns_cached_key_t *key,
    const ngx_dns_subnet_t *subnet, ngx_dns_cache_view_t *view,
    uint16_t *prefix)
{
    ngx_int_t              rc;
    ngx_uint_t             i, p;
    const uint8_t         *step;
    ngx_dns_cached_key_t   place;
    ngx_dns_cache_view_t   found;

    rc = NGX_DECLINED;
    place = *key;
    step = ngx_dns_subnet_steps[subnet->family];

    p = subnet->source ? subnet->source : NGX_DNS_SUBNET_NOBODY;

    i = 0;

    for ( ;; ) {

        place.partition = ngx_dns_subnet_partition(key->policy, key->partition,
                                                   subnet, p);

        if (ngx_dns_cached_lookup(&place, &found) == NGX_OK) {
            rc = NGX_OK;
            *view = found;
            *prefix = (uint16_t) (p == NGX_DNS_SUBNET_NOBODY ? 0 : p);

            if ((int32_t) (found.answer.expires - ngx_dns_sec) > 0) {
                break;
            }
        }

        if (p == 0) {
            break;
        }

        if (p == NGX_DNS_SUBNET_NOBODY) {
            p = 0;
            continue;
        }

        while (step[i] >= p) {
            i++;
        }

        p = step[i];
    }

    return rc;
}

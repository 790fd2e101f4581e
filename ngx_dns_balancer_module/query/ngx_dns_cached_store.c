
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_subnet.h"
#include "../base/ngx_dns_clock.h"


#define NGX_DNS_CACHED_TTLS  512        /* records of a response, at most */


/* what a walk over a response finds out */

typedef struct {
    uint32_t    lifetime;       /* seconds */
    uint32_t    most;           /* of any TTL */
    uint32_t    least;
    uint16_t    nttl;
    uint16_t    ttl[NGX_DNS_CACHED_TTLS];
} ngx_dns_cached_times_t;


static ngx_int_t ngx_dns_cached_kind(const ngx_dns_message_t *m,
    const u_char *msg, uint16_t type, size_t *soa);
static ngx_int_t ngx_dns_cached_bounds(ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg,
    ngx_dns_cached_times_t *t);
static ngx_int_t ngx_dns_cached_times(const ngx_dns_message_t *m,
    u_char *body, const u_char *msg, ngx_dns_cached_times_t *t);
static uint32_t ngx_dns_cached_rrsig(const u_char *rdata, size_t rdlen);
static void ngx_dns_cached_put(ngx_dns_inflight_t *f, uint64_t bits,
    uint64_t partition, const ngx_dns_message_t *m,
    ngx_dns_cached_times_t *t);
static void ngx_dns_cached_mark(ngx_dns_inflight_t *f,
    ngx_dns_cache_response_t *a, uint64_t partition);


/* of this worker: a response with its TTLs as they are to be stored */

static u_char                  ngx_dns_cached_body[NGX_DNS_MAX_MESSAGE];
static ngx_dns_cached_times_t  ngx_dns_cached_scratch;


void
ngx_dns_cached_store(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg)
{
    uint64_t                 bits, partition, all;
    const ngx_dns_policy_t  *policy;
    ngx_dns_cached_times_t  *t;

    policy = f->policy;

    t = &ngx_dns_cached_scratch;
    t->nttl = 0;

    bits = f->bits & NGX_DNS_BITS_CACHE;

    /*
     * Of a query without RD only what its server is the authority for: else it
     * may be a referral.  RFC 7871, 7.3.1: what is for a subnet of clients is
     * not for all.
     */

    if ((m->rcode != NGX_DNS_NOERROR && m->rcode != NGX_DNS_NXDOMAIN)
        || (m->scoped && !policy->subnet)
        || ((f->bits & NGX_DNS_BITS_RD) == 0
            && (m->flags & NGX_DNS_AA) == 0))
    {
        return;
    }

    partition = f->partition;
    all = partition;

    if (policy->subnet) {
        all = ngx_dns_subnet_all(policy, partition);
        partition = ngx_dns_subnet_place(policy, &f->subnet, m, msg, partition);
    }

    if (policy->nxdomain_cut && m->rcode == NGX_DNS_NOERROR) {
        ngx_dns_cached_uncut(f, all);
    }

    if (ngx_dns_cached_bounds(f, m, msg, t) != NGX_OK) {
        return;
    }

    ngx_memcpy(ngx_dns_cached_body, msg + m->body, m->end - m->body);

    if (ngx_dns_cached_times(m, ngx_dns_cached_body, msg, t) != NGX_OK
        || t->lifetime == 0)
    {
        return;
    }

    ngx_dns_cached_put(f, bits, partition, m, t);

    if (policy->nxdomain_cut && m->rcode == NGX_DNS_NXDOMAIN && partition == all
        && ngx_dns_message_denial(m, msg))
    {
        ngx_dns_cached_put(f, bits & NGX_DNS_BITS_ANY_TYPE, partition, m, t);
    }
}


/*
 * RFC 2308, 7: for a short time, where a server was asked, and never over an
 * response.  A refresh of one is tried again when that time is over.
 */

void
ngx_dns_cached_failed(ngx_dns_inflight_t *f, const ngx_dns_message_t *m)
{
    uint32_t                  lifetime;
    uint64_t                  partition, place;
    ngx_uint_t                known;
    const ngx_dns_policy_t   *policy;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    policy = f->policy;

    if (policy->cache == NULL) {
        return;
    }

    known = m->rcode == NGX_DNS_SERVFAIL && policy->servfail_ttl
            && ngx_dns_outcome_stored(f->outcome);

    if (!known && !f->refresh) {
        return;
    }

    /* the clock is in seconds: not less than was asked for */

    lifetime = ngx_max(policy->servfail_ttl, 1) + 1;

    ngx_memzero(&a, sizeof(ngx_dns_cache_response_t));

    a.bits = f->bits & NGX_DNS_BITS_CACHE;
    a.stored = ngx_dns_sec;
    a.expires = ngx_dns_sec + lifetime;
    a.name_len = (uint16_t) (f->question_len - 4);
    a.flags = (m->flags & (NGX_DNS_AA | NGX_DNS_RA | NGX_DNS_AD))
              | (known ? NGX_DNS_SERVFAIL : 0);
    a.ede = m->ede;

    partition = f->partition;
    place = partition;

    if (policy->subnet) {
        place = ngx_dns_subnet_place(policy, &f->subnet, m, NULL, partition);
        partition = ngx_dns_subnet_all(policy, partition);
    }

    a.partition = place;
    ngx_dns_cached_when(f, &when);

    if (!f->refresh && !f->has_stale
        && ngx_dns_cache_store_failure(policy->cache,
                                       ngx_dns_cache_hash(policy->cache,
                                                          f->question,
                                                          a.name_len, a.bits,
                                                          place),
                                       f->question, &a, &when)
           != NGX_BUSY)
    {
        return;
    }

    ngx_dns_cached_mark(f, &a, partition);
}


/* another hit may begin one */

void
ngx_dns_cached_unclaim(ngx_dns_inflight_t *f)
{
    uint16_t              prefix;
    ngx_dns_cache_view_t  view;

    if (f->refresh && ngx_dns_subnet_lookup_of(f, &view, &prefix) == NGX_OK) {
        ngx_dns_cache_unclaim(&view);
    }
}


/* beside a response, and gives back its claim for a refresh */

static void
ngx_dns_cached_mark(ngx_dns_inflight_t *f, ngx_dns_cache_response_t *a,
    uint64_t partition)
{
    uint64_t               hash;
    ngx_dns_cache_shm_t   *cache;
    ngx_dns_cache_when_t   when;

    cache = f->policy->cache;

    ngx_dns_cached_unclaim(f);

    a->bits |= NGX_DNS_BITS_FAILED;
    a->partition = partition;

    hash = ngx_dns_cache_hash(cache, f->question, a->name_len, a->bits,
                              partition);

    ngx_dns_cached_when(f, &when);

    (void) ngx_dns_cache_store(cache, hash, f->question, a, NULL, f->question,
                               &when);
}


/*
 * NGX_OK: there are records of the type; NGX_DONE: there are none, and an SOA
 * says how long that is so (RFC 2308, 2.1, 2.2); NGX_DECLINED: neither.
 */

static ngx_int_t
ngx_dns_cached_kind(const ngx_dns_message_t *m, const u_char *msg,
    uint16_t type, size_t *soa)
{
    size_t                 pos;
    ngx_uint_t             n, positive;
    ngx_dns_record_view_t  rr;

    pos = m->body;
    positive = 0;
    *soa = 0;

    for (n = 0; n < (ngx_uint_t) m->answers + m->authority; n++) {
        ngx_dns_message_record(&rr, msg, pos);

        if (n < m->answers) {
            positive |= rr.type == type || type == NGX_DNS_TYPE_ANY;

        } else if (rr.type == NGX_DNS_TYPE_SOA && rr.rdlen >= 22) {
            *soa = rr.fixed;
        }

        pos = rr.next;
    }

    if (positive && m->rcode == NGX_DNS_NOERROR) {
        return NGX_OK;
    }

    return *soa ? NGX_DONE : NGX_DECLINED;
}


static ngx_int_t
ngx_dns_cached_bounds(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, ngx_dns_cached_times_t *t)
{
    size_t                   soa, rdlen;
    uint32_t                 ttl, minimum;
    const ngx_dns_policy_t  *policy;

    policy = f->policy;

    switch (ngx_dns_cached_kind(m, msg, (uint16_t) (f->bits >> 48), &soa)) {

    case NGX_OK:
        t->least = policy->min_ttl;
        t->most = policy->max_ttl;
        return NGX_OK;

    case NGX_DONE:

        /* RFC 2308, 5: the lesser of the SOA's TTL and its MINIMUM */

        rdlen = ngx_dns_get16(msg + soa + 8);
        ttl = ngx_dns_get32(msg + soa + 4);
        minimum = ngx_dns_get32(msg + soa + 10 + rdlen - 4);

        ttl = ngx_min(ttl, minimum);
        ttl = ngx_max(ttl, policy->negative_min);

        t->least = policy->negative_min;
        t->most = ngx_min(ttl, policy->negative_max);
        return NGX_OK;

    default:
        return NGX_DECLINED;
    }
}


/* collects where TTLs stand, bounds them, and finds the least */

static ngx_int_t
ngx_dns_cached_times(const ngx_dns_message_t *m, u_char *body,
    const u_char *msg, ngx_dns_cached_times_t *t)
{
    size_t                 pos;
    uint32_t               ttl;
    ngx_uint_t             n, total;
    ngx_dns_record_view_t  rr;

    total = (ngx_uint_t) m->answers + m->authority + m->additional;

    if (total > NGX_DNS_CACHED_TTLS) {
        return NGX_DECLINED;
    }

    /* signatures first: nothing may outlive them (RFC 4035, 5.3.3) */

    for (n = 0, pos = m->body; n < total; n++, pos = rr.next) {
        ngx_dns_message_record(&rr, msg, pos);

        if (rr.type == NGX_DNS_TYPE_RRSIG) {
            ttl = ngx_dns_cached_rrsig(msg + rr.rdata, rr.rdlen);
            t->most = ngx_min(t->most, ttl);
        }
    }

    t->lifetime = t->most;

    for (n = 0, pos = m->body; n < total; n++, pos = rr.next) {
        ngx_dns_message_record(&rr, msg, pos);

        /* RFC 2181, 8: with its top bit set a TTL is 0 */

        ttl = rr.ttl > 0x7fffffff ? 0 : rr.ttl;
        ttl = ngx_min(ngx_max(ttl, t->least), t->most);

        t->lifetime = ngx_min(t->lifetime, ttl);

        t->ttl[t->nttl] = (uint16_t) (rr.fixed + 4 - m->body);
        ngx_dns_put32(body + t->ttl[t->nttl++], ttl);
    }

    return NGX_OK;
}


/* RFC 4034, 3.1.5: expiration in seconds of serial number arithmetic */

static uint32_t
ngx_dns_cached_rrsig(const u_char *rdata, size_t rdlen)
{
    int32_t  left;

    if (rdlen < 18) {
        return 0;
    }

    left = (int32_t) (ngx_dns_get32(rdata + 8) - (uint32_t) ngx_time());

    return left > 0 ? (uint32_t) left : 0;
}


static void
ngx_dns_cached_put(ngx_dns_inflight_t *f, uint64_t bits, uint64_t partition,
    const ngx_dns_message_t *m, ngx_dns_cached_times_t *t)
{
    uint64_t                  hash;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    ngx_dns_cached_when(f, &when);

    a.bits = bits;
    a.partition = partition;
    a.stored = when.now;
    a.expires = when.now + t->lifetime;
    a.name_len = (uint16_t) (f->question_len - 4);
    a.body_len = (uint16_t) (m->end - m->body);
    a.answers = m->answers;
    a.authority = m->authority;
    a.additional = m->additional;
    a.flags = (m->flags & (NGX_DNS_AA | NGX_DNS_RA | NGX_DNS_AD))
              | m->rcode;
    a.ede = m->ede;
    a.nttl = t->nttl;

    hash = ngx_dns_cache_hash(f->policy->cache, f->question, a.name_len, a.bits,
                              a.partition);

    (void) ngx_dns_cache_store(f->policy->cache, hash, f->question, &a, t->ttl,
                               ngx_dns_cached_body, &when);
}

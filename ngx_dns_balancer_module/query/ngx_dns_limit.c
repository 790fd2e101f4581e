
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_stage.h"
#include "../base/ngx_dns_clock.h"


/* kept out of what each query passes, where it would need registers */

#define ngx_dns_limit_rare    __attribute__((noinline, cold))


static ngx_dns_reason_e ngx_dns_limit_query(ngx_dns_request_t *r,
    ngx_dns_reason_e reason);
static ngx_inline ngx_dns_reason_e ngx_dns_limit(const ngx_dns_request_t *r,
    const ngx_dns_policy_t *policy, ngx_uint_t misses) ngx_dns_hot;
static ngx_int_t ngx_dns_limit_again(const ngx_dns_limit_t *limit,
    uint64_t hash) ngx_dns_limit_rare;
static ngx_int_t ngx_dns_limit_text(const ngx_dns_request_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash) ngx_dns_limit_rare;
static ngx_inline uint64_t ngx_dns_limit_client(ngx_dns_client_t *client,
    const ngx_dns_limit_zone_t *zone);
static uint64_t ngx_dns_limit_v6(ngx_dns_client_t *client,
    const ngx_dns_limit_zone_t *zone) ngx_dns_limit_rare;
static ngx_inline uint64_t ngx_dns_limit_fold(ngx_dns_client_t *client,
    const ngx_dns_limit_zone_t *zone, uint64_t n);
static ngx_dns_reason_e ngx_dns_limit_action(const ngx_dns_request_t *r,
    const ngx_dns_limit_t *limit) ngx_dns_limit_rare;


const ngx_dns_stage_t  ngx_dns_stage_limit = {
    ngx_dns_limit_query,
    NULL,
    NULL
};


/* of this worker: each so many a truncated response */

static ngx_uint_t  ngx_dns_limit_slips;


ngx_dns_reason_e
ngx_dns_limit_misses(const ngx_dns_request_t *r)
{
    return ngx_dns_limit(r, r->zone->policy, 1);
}


/*
 * The query is counted by the limits of the policy, those for misses or the
 * others.
 */

static ngx_inline ngx_dns_reason_e
ngx_dns_limit(const ngx_dns_request_t *r, const ngx_dns_policy_t *policy,
    ngx_uint_t misses)
{
    uint64_t               hash;
    ngx_dns_limit_t       *limit, *last;
    ngx_dns_reason_e       reason;
    ngx_dns_limit_zone_t  *zone;

    limit = policy->limits->elts;
    last = limit + policy->limits->nelts;

    for ( /* void */ ; limit < last; limit++) {
        zone = limit->zone;

        if (limit->misses != misses
            || (r->question->asked.proven && zone->by_client
                && r->client->bounded))
        {
            continue;
        }

        if (zone->key == NULL) {
            hash = ngx_dns_limit_client(r->client, zone);

        } else if (ngx_dns_limit_text(r, zone, &hash) != NGX_OK) {
            continue;
        }

        if (ngx_dns_rate_take(&zone->rate, hash, ngx_dns_usec, limit->burst)
            == NGX_OK
            || ngx_dns_limit_again(limit, hash) == NGX_OK)
        {
            continue;
        }

        reason = ngx_dns_limit_action(r, limit);

        if (reason != NGX_DNS_FINE) {
            return reason;
        }
    }

    return NGX_DNS_FINE;
}


/*
 * Our clock was read before the batch.  Since then another worker may have
 * counted the same client, and what is just in time would be ahead of it.
 */

static ngx_int_t
ngx_dns_limit_again(const ngx_dns_limit_t *limit, uint64_t hash)
{
    ngx_dns_clock_update();

    return ngx_dns_rate_take(&limit->zone->rate, hash, ngx_dns_usec,
                             limit->burst);
}


/* NGX_DECLINED: an empty value, which is not limited */

static ngx_int_t
ngx_dns_limit_text(const ngx_dns_request_t *r,
    const ngx_dns_limit_zone_t *zone, uint64_t *hash)
{
    ngx_int_t         rc;
    uint64_t          n;
    ngx_dns_logged_t  logged;

    ngx_dns_request_logged(r, &logged);
    logged.zone = r->zone;

    rc = r->conf->listener.limit_key(&logged, zone, &n);

    if (rc == NGX_OK) {
        *hash = ngx_dns_limit_fold(r->client, zone, n);
    }

    return rc;
}


static ngx_inline uint64_t
ngx_dns_limit_client(ngx_dns_client_t *client,
    const ngx_dns_limit_zone_t *zone)
{
    struct sockaddr  *sa;

    sa = ngx_dns_client_source(client);

    if (sa->sa_family != AF_INET) {
        return ngx_dns_limit_v6(client, zone);
    }

    /* the mask has the order of the network, too */

    return ngx_dns_limit_fold(client, zone,
                              ((struct sockaddr_in *) sa)->sin_addr.s_addr
                              & zone->v4_mask);
}


static uint64_t
ngx_dns_limit_v6(ngx_dns_client_t *client, const ngx_dns_limit_zone_t *zone)
{
    u_char           *p;
    uint32_t          v4;
    uint64_t          high, low;
    struct sockaddr  *sa;

    sa = ngx_dns_client_source(client);

    if (sa->sa_family != AF_INET6) {
        return ngx_dns_limit_fold(client, zone, 0);
    }

    p = ((struct sockaddr_in6 *) sa)->sin6_addr.s6_addr;

    if (IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *) sa)->sin6_addr)) {
        ngx_memcpy(&v4, p + 12, 4);

        return ngx_dns_limit_fold(client, zone, v4 & zone->v4_mask);
    }

    high = (uint64_t) ngx_dns_get32(p) << 32 | ngx_dns_get32(p + 4);
    low = (uint64_t) ngx_dns_get32(p + 8) << 32 | ngx_dns_get32(p + 12);

    if (zone->v6 <= 64) {
        low = 0;
        high &= zone->v6 ? ~(uint64_t) 0 << (64 - zone->v6) : 0;

    } else {
        low &= ~(uint64_t) 0 << (128 - zone->v6);
    }

    return ngx_dns_limit_fold(client, zone,
                              ngx_dns_hash_fold(high ^ zone->rate.shm->key.k1,
                                                low ^ zone->rate.shm->key.k0));
}


/* UDP and streams count apart */

static ngx_inline uint64_t
ngx_dns_limit_fold(ngx_dns_client_t *client, const ngx_dns_limit_zone_t *zone,
    uint64_t n)
{
    return ngx_dns_hash_fold(n ^ zone->rate.shm->key.k0,
                             zone->rate.shm->key.k1 ^ client->bounded);
}


static ngx_dns_reason_e
ngx_dns_limit_action(const ngx_dns_request_t *r, const ngx_dns_limit_t *limit)
{
    ngx_dns_reason_e        reason;
    ngx_dns_limit_action_e  action;

    if (limit->dry_run) {
        action = NGX_DNS_LIMIT_DRY_RUN;
        reason = NGX_DNS_FINE;

    } else if (!r->client->bounded) {
        action = NGX_DNS_LIMIT_REFUSE;
        reason = NGX_DNS_ELIMIT;

    } else if (limit->slip && ngx_dns_limit_slips++ % limit->slip == 0) {
        action = NGX_DNS_LIMIT_TRUNCATE;
        reason = NGX_DNS_ELIMITTC;

    } else {
        action = NGX_DNS_LIMIT_DROP;
        reason = NGX_DNS_ELIMITDROP;
    }

    ngx_dns_count_in(r->conf->runtime.counters,
                     limited[limit->zone->metrics.slot][action]);

    return reason;
}


/* all count: what is refused here or has no zone as well */

static ngx_dns_reason_e
ngx_dns_limit_query(ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    ngx_dns_reason_e         why;
    ngx_dns_forward_t       *forward;
    const ngx_dns_policy_t  *policy;

    policy = r->conf->policy;

    if (reason == NGX_DNS_FINE) {
        forward = r->conf->listener.forward;

        r->zone = forward->deepest ? ngx_dns_forward_find(forward, r->question)
                                   : forward->root;
        if (r->zone) {
            policy = r->zone->policy;
        }
    }

    if (policy->limits == NULL || reason == NGX_DNS_ERESPONSE) {
        r->zone = NULL;
        return reason;
    }

    why = ngx_dns_limit(r, policy, 0);

    if (why != NGX_DNS_FINE) {
        return why;
    }

    /* names that are answered here are in no zone */

    r->zone = NULL;

    return reason;
}

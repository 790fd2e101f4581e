
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Rules of the cache: what may be stored and for how long (RFC 2181, 2308,
 * 4035, 6840, 8767), and answers from it.  Private to the query layer; the
 * memory is store/ngx_dns_cache.h.
 *
 * A response is stored without its OPT, with its AA, RA and AD, and with the
 * offsets of its TTLs, under the name in lower case, type, class, DO, CD and a
 * partition: the upstream it came from, and for which clients it is.  With
 * dns_cache_nxdomain_cut an NXDOMAIN is also stored under type 0, for all types
 * and for the names below (RFC 8020).
 *
 * A failure never takes the place of a response, whether that is in its time or
 * past its end.  Where one is stored the failure stands beside it, under
 * NGX_DNS_BITS_FAILED: it is looked at only when the response is past its end.
 */


#ifndef _NGX_DNS_CACHED_H_INCLUDED_
#define _NGX_DNS_CACHED_H_INCLUDED_


#include "ngx_dns_response.h"
#include "ngx_dns_request.h"
#include "../base/ngx_dns_clock.h"


/* what an entry stands under; "bits" are ngx_dns_cached_bits() */

typedef struct {
    const ngx_dns_policy_t  *policy;
    const u_char            *name;       /* lower case */
    size_t                   len;
    uint64_t                 bits;
    uint64_t                 partition;
} ngx_dns_cached_key_t;


#pragma GCC visibility push(hidden)

/*
 * Looks the question up.  NGX_OK: answered, "logged" has what was sent and
 * the status; NGX_DONE: the same, and it is time for a refresh, which is said
 * to one caller in all processes.
 * NGX_AGAIN: there is a response past its end that may be used if no server
 * gives a new one.  NGX_DECLINED: there is none.
 */
ngx_int_t ngx_dns_cached_find(const ngx_dns_request_t *r,
    ngx_dns_logged_t *logged);

/*
 * Answers with the response past its end, after find() has said NGX_AGAIN; the
 * rest as above.  NGX_OK, or NGX_DECLINED if it is not there any more.
 */
ngx_int_t ngx_dns_cached_find_stale(const ngx_dns_request_t *r,
    ngx_dns_logged_t *logged);

/* answers a waiting client with the old response; 0 if it is not there */
size_t ngx_dns_cached_stale(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w,
    ngx_dns_message_t *m);

/*
 * The NXDOMAIN of the name or of a name above it, in its time, inside the
 * zone that is forwarded together.  "skip" becomes how many octets of the
 * name are below.  NGX_OK or NGX_DECLINED.
 */
ngx_int_t ngx_dns_cached_above(const ngx_dns_cached_key_t *key,
    const ngx_dns_zone_t *zone, ngx_dns_cache_view_t *view, size_t *skip);

/* a name exists: no NXDOMAIN of it or of a name above it is right any more */
void ngx_dns_cached_uncut(ngx_dns_inflight_t *f, uint64_t partition);

/* a server's useful response, parsed; only where there is a cache */
void ngx_dns_cached_store(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg);

/* no server gave one; "m" is what clients are told */
void ngx_dns_cached_failed(ngx_dns_inflight_t *f, const ngx_dns_message_t *m);

/* a refresh is over, and nothing is said of it; or it was not begun */
void ngx_dns_cached_unclaim(ngx_dns_inflight_t *f);
void ngx_dns_cached_put_off(const ngx_dns_request_t *r);

#pragma GCC visibility pop


/* ngx_dns_inflight_bits() & NGX_DNS_BITS_CACHE */

static ngx_inline uint64_t
ngx_dns_cached_bits(const ngx_dns_question_t *q)
{
    return (uint64_t) q->asked.type << 48 | (uint64_t) q->asked.class << 32
           | (q->asked.flags & NGX_DNS_CD) / (NGX_DNS_CD / NGX_DNS_BITS_CD)
           | q->asked.dnssec_ok * NGX_DNS_BITS_DO;
}


/* the keys of a query that is looked at, and of a question in flight */

static ngx_inline void
ngx_dns_cached_key(const ngx_dns_request_t *r, ngx_dns_cached_key_t *key)
{
    key->policy = r->zone->policy;
    key->name = r->question->name;
    key->len = r->question->asked.name_len;
    key->bits = ngx_dns_cached_bits(r->question);
    key->partition = r->partition;
}


static ngx_inline void
ngx_dns_cached_key_of(const ngx_dns_inflight_t *f, ngx_dns_cached_key_t *key)
{
    key->policy = f->policy;
    key->name = f->question;
    key->len = f->question_len - 4;
    key->bits = f->bits & NGX_DNS_BITS_CACHE;
    key->partition = f->partition;
}


/* the entry under exactly this key */

static ngx_inline ngx_int_t
ngx_dns_cached_lookup(const ngx_dns_cached_key_t *key,
    ngx_dns_cache_view_t *view)
{
    uint64_t              hash;
    ngx_dns_cache_shm_t  *cache;

    cache = key->policy->cache;
    hash = ngx_dns_cache_hash(cache, key->name, key->len, key->bits,
                              key->partition);

    return ngx_dns_cache_find(cache, hash, key->name, key->len, key->bits,
                              key->partition, view);
}


static ngx_inline void
ngx_dns_cached_when(const ngx_dns_inflight_t *f, ngx_dns_cache_when_t *when)
{
    when->asked = f->start_usec;
    when->now = ngx_dns_sec;
}


#endif /* _NGX_DNS_CACHED_H_INCLUDED_ */

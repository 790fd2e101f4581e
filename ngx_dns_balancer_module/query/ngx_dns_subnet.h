
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Client Subnet (RFC 7871): what of a client's network its servers are told,
 * and for whom a response may be used again.  Private to the query layer, and
 * only for servers with "dns_client_subnet forward" or "add".
 *
 * A response is stored in one of these places, apart from those of servers
 * without Client Subnet:
 *
 *   for all       its SCOPE PREFIX-LENGTH is 0, or the server does not know
 *                 the option
 *   for a prefix  its SCOPE PREFIX-LENGTH, rounded up to one of a few, so that
 *                 a look-up has few places to look at
 *   for no one's  the servers were told no network: right for clients that
 *                 do not tell theirs, or do not want it told
 */


#ifndef _NGX_DNS_SUBNET_H_INCLUDED_
#define _NGX_DNS_SUBNET_H_INCLUDED_


#include "ngx_dns_cached.h"


#pragma GCC visibility push(hidden)

/*
 * Sets q->subnet, which servers are told.  NGX_ERROR: the client's own is not
 * as the RFC says.
 */
ngx_int_t ngx_dns_subnet_choose(const ngx_dns_policy_t *policy,
    ngx_dns_client_t *client, ngx_dns_question_t *q);

/* a question's partition, for the place for all */
uint64_t ngx_dns_subnet_all(const ngx_dns_policy_t *policy, uint64_t partition);

/*
 * The same for where the parsed response "m" to a question that was asked with
 * "subnet" is to be stored; "msg" NULL: a failure.
 */
uint64_t ngx_dns_subnet_place(const ngx_dns_policy_t *policy,
    const ngx_dns_subnet_t *subnet, const ngx_dns_message_t *m,
    const u_char *msg, uint64_t partition);

/*
 * RFC 7871, 7.3: NGX_ERROR for the parsed response "m" if it is for another
 * network than "subnet", which was asked with.
 */
ngx_int_t ngx_dns_subnet_check(const ngx_dns_subnet_t *subnet,
    const ngx_dns_message_t *m, const u_char *msg);

/*
 * As ngx_dns_cached_lookup(), in all places that are right for the client's
 * subnet; a response whose time has not come is preferred.  "prefix" is what
 * the client is told as the SCOPE PREFIX-LENGTH.  Of a query that is looked at,
 * where policy->subnet is set; and of a question in flight.
 */
ngx_int_t ngx_dns_subnet_lookup(const ngx_dns_request_t *r,
    ngx_dns_cache_view_t *view, uint16_t *prefix);
ngx_int_t ngx_dns_subnet_lookup_of(const ngx_dns_inflight_t *f,
    ngx_dns_cache_view_t *view, uint16_t *prefix);

#pragma GCC visibility pop


/* the entry for a client, with Client Subnet or without it; as the above */

static ngx_inline ngx_int_t
ngx_dns_subnet_find(const ngx_dns_request_t *r, ngx_dns_cache_view_t *view,
    uint16_t *prefix)
{
    ngx_dns_cached_key_t  key;

    if (r->zone->policy->subnet) {
        return ngx_dns_subnet_lookup(r, view, prefix);
    }

    *prefix = 0;
    ngx_dns_cached_key(r, &key);

    return ngx_dns_cached_lookup(&key, view);
}


/* the key of a query for what is for all: names above, and failures */

static ngx_inline void
ngx_dns_subnet_key(const ngx_dns_request_t *r, ngx_dns_cached_key_t *key)
{
    ngx_dns_cached_key(r, key);

    if (key->policy->subnet) {
        key->partition = ngx_dns_subnet_all(key->policy, key->partition);
    }
}


#endif /* _NGX_DNS_SUBNET_H_INCLUDED_ */

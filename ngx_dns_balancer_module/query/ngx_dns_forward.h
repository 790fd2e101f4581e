
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Which upstream a name belongs to: the longest zone that it is in.  Built
 * by module/ while configuration is read, then never changed.  A look-up
 * costs one probe for each depth at which there are zones at all, and does
 * not grow with their number.
 */


#ifndef _NGX_DNS_FORWARD_H_INCLUDED_
#define _NGX_DNS_FORWARD_H_INCLUDED_


#include "ngx_dns_policy.h"
#include "ngx_dns_return.h"
#include "../peers/ngx_dns_peer.h"
#include "../wire/ngx_dns_question.h"
#include "../base/ngx_dns_hash.h"


/* a zone whose queries need more than a look-up: all others pay one test */

#define NGX_DNS_ZONE_KEY     0x01      /* of a hash method */
#define NGX_DNS_ZONE_RETURN  0x02      /* no server is asked */
#define NGX_DNS_ZONE_CHOICE  0x04      /* of variables: for each query anew */


/* outcomes of one upstream after which the next one is asked */

#define NGX_DNS_ON_DOWN      0x01      /* no server is usable */
#define NGX_DNS_ON_BUSY      0x02      /* those that are, are full */
#define NGX_DNS_ON_ERROR     0x04      /* silence, network, malformed, ... */
#define NGX_DNS_ON_SERVFAIL  0x08
#define NGX_DNS_ON_REFUSED   0x10
#define NGX_DNS_ON_NXDOMAIN  0x20
#define NGX_DNS_ON_NODATA    0x40

#define NGX_DNS_FALLBACKS    3         /* of a zone, at most */


/* the chain of a zone: the first one that is for an outcome is asked */

typedef struct ngx_dns_fallback_s  ngx_dns_fallback_t;

struct ngx_dns_fallback_s {
    ngx_dns_upstream_t   *upstream;
    ngx_uint_t            on;          /* mask of NGX_DNS_ON_* */
    ngx_dns_fallback_t   *next;
};


/* where one query goes: an upstream, or one server of it */

typedef struct {
    ngx_dns_upstream_t   *upstream;
    ngx_dns_peer_t       *only;        /* or NULL: any */
    uint64_t              partition;   /* of a cache */
} ngx_dns_choice_t;


typedef struct {
    ngx_str_t             text;        /* as configured */
    ngx_str_t             name;        /* lower case, on the wire */
    uint64_t              hash;
    ngx_dns_upstream_t   *upstream;    /* or NULL: "returns", "choice" */
    void                 *choice;      /* module/: of variables, or NULL */
    ngx_dns_fallback_t   *fallback;    /* or NULL */
    const ngx_dns_return_t  *returns;  /* or NULL */
    const ngx_dns_policy_t  *policy;

    /* set by ngx_dns_forward_add() */

    ngx_uint_t            fallbacks;
    uint64_t              chain;       /* the same of fallbacks; 0: none */
    uint64_t              partition;   /* keeps its answers apart in a cache */
    ngx_uint_t            special;     /* mask of NGX_DNS_ZONE_* */
    ngx_uint_t            chained;     /* a question may go elsewhere than to
                                          any server of "upstream" */
} ngx_dns_zone_t;


typedef struct {
    ngx_dns_zone_t      **table;       /* open addressing, half empty */
    ngx_uint_t            mask;
    ngx_uint_t            n;
    ngx_dns_zone_t       *root;        /* the zone ".", or NULL */
    ngx_uint_t            deepest;     /* labels of the longest zone */
    uint64_t              depths[2];   /* bit n: there is a zone of n labels */
    ngx_dns_hash_key_t    key;
    ngx_pool_t           *pool;
} ngx_dns_forward_t;


#pragma GCC visibility push(hidden)

ngx_dns_forward_t *ngx_dns_forward_create(ngx_pool_t *pool);

/* NGX_OK; NGX_BUSY if the zone is there already; NGX_ERROR: no memory */
ngx_int_t ngx_dns_forward_add(ngx_dns_forward_t *f, ngx_dns_zone_t *zone);

/*
 * The zone of a parsed question, or NULL.  DS of a name that is itself a zone
 * is a question to its parent, where another zone has that.
 */
ngx_dns_zone_t *ngx_dns_forward_find(ngx_dns_forward_t *f,
    ngx_dns_question_t *q);

#pragma GCC visibility pop


/* the first of a chain that is for one of the outcomes; NULL: none */

static ngx_inline ngx_dns_fallback_t *
ngx_dns_fallback_find(ngx_dns_fallback_t *fallback, ngx_uint_t on)
{
    while (fallback && (fallback->on & on) == 0) {
        fallback = fallback->next;
    }

    return fallback;
}


#endif /* _NGX_DNS_FORWARD_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_return: what a zone is answered with instead of asking servers.  A table;
 * ngx_dns_query.c sends it.  For query/, module/ and status pages.
 */


#ifndef _NGX_DNS_RETURN_H_INCLUDED_
#define _NGX_DNS_RETURN_H_INCLUDED_


#include "../base/ngx_dns.h"


/* RFC 2308, 5: how long NXDOMAIN and no data may be kept, in seconds */

#define NGX_DNS_RETURN_TTL  60


typedef struct {
    ngx_str_t          name;           /* the directive's word */
    ngx_dns_reason_e   reason;         /* NGX_DNS_FINE: a negative response,
                                          with an SOA of the zone */
    uint16_t           rcode;          /* or NGX_DNS_DROP */
} ngx_dns_return_t;


#pragma GCC visibility push(hidden)

/* by the word of the directive, or NULL */
const ngx_dns_return_t *ngx_dns_return_find(const ngx_str_t *name);

#pragma GCC visibility pop


#endif /* _NGX_DNS_RETURN_H_INCLUDED_ */

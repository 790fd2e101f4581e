
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * How long a response may be kept: for those who pass it on with an age of its
 * own, as HTTP does.
 */


#ifndef _NGX_DNS_TTL_H_INCLUDED_
#define _NGX_DNS_TTL_H_INCLUDED_


#include "ngx_dns_wire.h"


#pragma GCC visibility push(hidden)

/*
 * The seconds for which a whole response is good (RFC 8484, 5.1): the least TTL
 * of its responses, and of an SOA the lesser of TTL and MINIMUM (RFC 2308, 5).
 * NGX_DECLINED: it is not to be kept, as a failure, one that is cut, or a
 * negative response without an SOA.
 */
ngx_int_t ngx_dns_ttl(const u_char *p, size_t size);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TTL_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Unpredictable numbers for query IDs, the choice of a socket and hash keys
 * (RFC 5452, 9): octets of the kernel's generator, taken in blocks.  One
 * stream per process; ngx_dns_random_reset() must be called after fork(), or
 * workers would repeat what the master had left.  Never blocks once the
 * kernel's pool was initialized at boot.
 */


#ifndef _NGX_DNS_RANDOM_H_INCLUDED_
#define _NGX_DNS_RANDOM_H_INCLUDED_


#include "ngx_dns.h"


#pragma GCC visibility push(hidden)

void ngx_dns_random_reset(void);
uint16_t ngx_dns_random16(void);
uint32_t ngx_dns_random32(void);
uint64_t ngx_dns_random64(void);

#pragma GCC visibility pop


/* 0 .. n - 1; the bias of n / 2^32 does not matter where this is used */

static ngx_inline uint32_t
ngx_dns_random_below(uint32_t n)
{
    return (uint32_t) (((uint64_t) ngx_dns_random32() * n) >> 32);
}


#endif /* _NGX_DNS_RANDOM_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The monotonic clock, read once for each batch of datagrams and each round
 * of timers, and good for all of its queries: microseconds for measured
 * times, seconds for TTLs.  It is the same in all processes.  Timeouts go by
 * nginx's milliseconds.
 */


#ifndef _NGX_DNS_CLOCK_H_INCLUDED_
#define _NGX_DNS_CLOCK_H_INCLUDED_


#include "ngx_dns.h"


#pragma GCC visibility push(hidden)

extern uint64_t  ngx_dns_usec;
extern uint32_t  ngx_dns_sec;

void ngx_dns_clock_update(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_CLOCK_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Microseconds of the monotonic clock, read once for each batch of datagrams
 * and each round of timers, and good for all of its queries.  Timeouts go by
 * nginx's milliseconds; this is for measured times only.
 */


#ifndef _NGX_DNS_CLOCK_H_INCLUDED_
#define _NGX_DNS_CLOCK_H_INCLUDED_


#include "ngx_dns.h"


#pragma GCC visibility push(hidden)

extern uint64_t  ngx_dns_usec;

void ngx_dns_clock_update(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_CLOCK_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A clock that is never set back and goes on while the machine is suspended,
 * read once for each batch of datagrams and each round of timers, and good for
 * all of its queries: microseconds for measured times, seconds for TTLs.  It
 * is the same in all processes.  Timeouts go by nginx's milliseconds.
 */


#ifndef _NGX_DNS_CLOCK_H_INCLUDED_
#define _NGX_DNS_CLOCK_H_INCLUDED_


#include "ngx_dns.h"


#pragma GCC visibility push(hidden)

extern uint64_t  ngx_dns_usec;
extern uint32_t  ngx_dns_sec;

void ngx_dns_clock_update(void);

#pragma GCC visibility pop


/* the longest time that can be measured: 17 minutes */

#define NGX_DNS_CLOCK_MAX  0x3fffffff


/* microseconds since then; in 32 bits, with room to calculate */

static ngx_inline uint32_t
ngx_dns_clock_since(uint64_t usec)
{
    uint64_t  past;

    past = ngx_dns_usec - usec;

    return past < NGX_DNS_CLOCK_MAX ? (uint32_t) past : NGX_DNS_CLOCK_MAX;
}


/*
 * A worker reads its clock before a batch, so that what another has written
 * down may be later: by so many milliseconds or seconds, at most.
 */

#define NGX_DNS_CLOCK_LATE  2000


/* how long ago another worker's time was; both may have gone round */

static ngx_inline uint32_t
ngx_dns_clock_past(uint32_t now, uint32_t then)
{
    uint32_t  past;

    past = now - then;

    return past < (uint32_t) -NGX_DNS_CLOCK_LATE ? past : 0;
}


#endif /* _NGX_DNS_CLOCK_H_INCLUDED_ */

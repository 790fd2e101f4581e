
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_clock.h"


uint64_t  ngx_dns_usec;
uint32_t  ngx_dns_sec;


void
ngx_dns_clock_update(void)
{
    struct timespec  ts;

    /* TTLs go on while the machine is suspended */

#ifdef CLOCK_BOOTTIME
    if (clock_gettime(CLOCK_BOOTTIME, &ts) == -1)
#endif
    {
        (void) clock_gettime(CLOCK_MONOTONIC, &ts);
    }

    ngx_dns_sec = (uint32_t) ts.tv_sec;
    ngx_dns_usec = (uint64_t) ts.tv_sec * 1000000
                   + (uint64_t) ts.tv_nsec / 1000;
}

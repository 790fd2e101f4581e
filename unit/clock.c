
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * base/ngx_dns_clock.c of the tests: time goes by when a test says so, and a
 * test does the same whenever it is run.
 */


#include "base/ngx_dns_clock.h"


uint64_t  ngx_dns_usec = 1000000000;
uint32_t  ngx_dns_sec = 1000;


void
ngx_dns_clock_update(void)
{
    /* void */
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_histogram.h"


const uint64_t  ngx_dns_histogram_bounds[NGX_DNS_HISTOGRAM_BUCKETS] = {
    50, 100, 250, 500, 1000, 2500, 5000, 10000, 25000, 50000, 100000, 250000,
    500000, 1000000, 2500000, 5000000, ~0ULL
};


/* a time whose highest bit is n is at least 2^n */

const uint8_t  ngx_dns_histogram_first[64] = {
    0, 0, 0, 0, 0, 0,                             /* under 64 */
    1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 11, 12, 13,
    14, 14, 15,                                   /* from 2^22 */
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16, 16,
    16, 16, 16, 16, 16
};

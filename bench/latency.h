
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A histogram of times from nanoseconds to an hour, exact to 1/32.
 */


#ifndef _LATENCY_H_INCLUDED_
#define _LATENCY_H_INCLUDED_


#include <stdint.h>


#define LATENCY_BITS     5              /* that are kept after the highest */
#define LATENCY_BUCKETS  (42 << LATENCY_BITS)


typedef struct {
    uint64_t  n;
    uint64_t  buckets[LATENCY_BUCKETS];
} latency_t;


void latency_add(latency_t *l, uint64_t ns);

/* How long it took for so many of 100 at most, in nanoseconds; 0 if none */
uint64_t latency_percentile(const latency_t *l, double percent);


#endif /* _LATENCY_H_INCLUDED_ */

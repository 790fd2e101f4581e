
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "latency.h"


#define LATENCY_PART  (1 << LATENCY_BITS)


/*
 * Times below 32 have a bucket each; above, each power of two is divided
 * into 32: bucket = shift * 32 + the highest 6 bits of the time.
 */

void
latency_add(latency_t *l, uint64_t ns)
{
    unsigned  i, shift;

    shift = 0;

    if (ns >= 2 * LATENCY_PART) {
        shift = 63 - LATENCY_BITS - __builtin_clzll(ns);
    }

    i = shift * LATENCY_PART + (unsigned) (ns >> shift);

    if (i >= LATENCY_BUCKETS) {
        i = LATENCY_BUCKETS - 1;
    }

    l->buckets[i]++;
    l->n++;
}


uint64_t
latency_percentile(const latency_t *l, double percent)
{
    double    rank;
    uint64_t  sum;
    unsigned  i, shift;

    rank = l->n * percent / 100;
    sum = 0;

    for (i = 0; i < LATENCY_BUCKETS; i++) {
        sum += l->buckets[i];

        if (sum && sum >= rank) {
            break;
        }
    }

    if (i < 2 * LATENCY_PART || i == LATENCY_BUCKETS) {
        return i == LATENCY_BUCKETS ? 0 : i;
    }

    shift = i / LATENCY_PART - 1;

    return (uint64_t) (i - shift * LATENCY_PART) << shift;
}

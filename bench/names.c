
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#define _GNU_SOURCE

#include "bench.h"
#include "names.h"


#define NAMES_TRACE  (4 * 1024 * 1024)  /* a power of 2 */


static uint32_t names_next_one(names_t *names);
static uint32_t names_next_unique(names_t *names);
static uint32_t names_next_zipf(names_t *names);
static void names_zipf(names_t *names);
static uint32_t names_find(const double *sums, uint32_t n, double x);
static double names_random(names_t *names);


int
names_init(names_t *names, const char *mode, uint32_t n, uint64_t seed)
{
    names->n = n;
    names->pos = 0;
    names->seed = seed;

    if (strcmp(mode, "one") == 0) {
        names->next = names_next_one;
        return 0;
    }

    if (strcmp(mode, "unique") == 0) {
        names->next = names_next_unique;

        /* two runs one after the other should not ask the same names */
        names->pos = seed % NAMES_MAX;
        return 0;
    }

    if (strcmp(mode, "zipf") == 0) {
        names->next = names_next_zipf;
        names_zipf(names);
        return 0;
    }

    return -1;
}


static uint32_t
names_next_one(names_t *names)
{
    (void) names;

    return 0;
}


static uint32_t
names_next_unique(names_t *names)
{
    if (names->pos == NAMES_MAX) {
        names->pos = 0;
    }

    return names->pos++;
}


static uint32_t
names_next_zipf(names_t *names)
{
    return names->trace[names->pos++ % NAMES_TRACE];
}


/* Zipf(1.0): the name of rank r is asked for in proportion to 1 / r */

static void
names_zipf(names_t *names)
{
    double    *sums, sum;
    uint32_t   i;

    sums = malloc(names->n * sizeof(double));
    names->trace = malloc(NAMES_TRACE * sizeof(uint32_t));

    if (sums == NULL || names->trace == NULL) {
        bench_fatal("malloc() failed");
    }

    sum = 0;

    for (i = 0; i < names->n; i++) {
        sum += 1.0 / (i + 1);
        sums[i] = sum;
    }

    for (i = 0; i < NAMES_TRACE; i++) {
        names->trace[i] = names_find(sums, names->n,
                                     names_random(names) * sum);
    }

    free(sums);
}


/* The first of the growing sums that is larger than x */

static uint32_t
names_find(const double *sums, uint32_t n, double x)
{
    uint32_t  low, high, middle;

    low = 0;
    high = n - 1;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (sums[middle] > x) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return low;
}


/* splitmix64, as a number from 0 to less than 1 */

static double
names_random(names_t *names)
{
    uint64_t  z;

    names->seed += 0x9e3779b97f4a7c15;

    z = names->seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;

    return (z >> 11) * 0x1.0p-53;
}


size_t
names_write(u_char *p)
{
    static const u_char  name[] = "\011q00000000\005bench\007example";

    memcpy(p, name, sizeof(name));

    return sizeof(name);
}


void
names_number(u_char *name, uint32_t number)
{
    u_char  *p;

    /* the first label's length and its letter come before */

    for (p = name + 1 + NAMES_DIGITS; p > name + 1; p--) {
        *p = '0' + number % 10;
        number /= 10;
    }
}

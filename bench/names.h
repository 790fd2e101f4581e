
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The names that are asked for, q00000000.bench.example and so on, all of
 * the same length; and in which order.
 */


#ifndef _NAMES_H_INCLUDED_
#define _NAMES_H_INCLUDED_


#include <stdint.h>
#include <sys/types.h>


#define NAMES_DIGITS  8
#define NAMES_MAX     100000000


typedef struct names_s  names_t;

typedef uint32_t (*names_next_pt)(names_t *names);

struct names_s {
    names_next_pt    next;              /* the number of the next name */
    uint32_t         n;
    uint32_t         pos;
    uint32_t        *trace;
    uint64_t         seed;
};


/* "mode" is one, unique or zipf; -1 if it is none of them */
int names_init(names_t *names, const char *mode, uint32_t n, uint64_t seed);

/* Returns the length of the name of number 0 in wire form */
size_t names_write(u_char *p);
void names_number(u_char *name, uint32_t number);


#endif /* _NAMES_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What the targets that are sequences of operations share: the input, octet
 * by octet, and what must hold.  Included by one source of a program only.
 */


#ifndef _FUZZ_INPUT_H_INCLUDED_
#define _FUZZ_INPUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <stdio.h>
#include <stdlib.h>


#define must(condition)  ((condition) ? (void) 0 : broken(__LINE__))


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


static const u_char  *in;
static size_t         left;


static ngx_inline void
input(const u_char *data, size_t size)
{
    in = data;
    left = size;
}


/* the next one; 0 at the end, as often as it is asked for */

static ngx_inline unsigned
octet(void)
{
    if (left == 0) {
        return 0;
    }

    left--;

    return *in++;
}


static ngx_inline void
broken(int line)
{
    fprintf(stderr, "not so in line %d\n", line);
    abort();
}


#endif /* _FUZZ_INPUT_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A generator of DNS messages for tests: valid queries and responses, and
 * such that were spoiled in a known way.  The same seed gives the same
 * messages on every machine.  Knows nothing of the code that it tests.
 *
 *     gen_init(&g, seed);
 *
 *     for (i = 0; i < n; i++) {
 *         len = gen_message(&g, buf, sizeof(buf), &kind);
 *         ...
 *     }
 *
 * A message whose kind has no bit of GEN_SPOILED is well-formed: ldns reads
 * it, names are at most 255 octets, pointers go strictly backwards, there is
 * at most one OPT, and that in the additional section.  One that was spoiled
 * may still be well-formed, as the flipped bit may be one of an ID.
 */


#ifndef _GEN_H_INCLUDED_
#define _GEN_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>


#define GEN_MIN_SIZE      1024          /* of a buffer */
#define GEN_MAX_SIZE      65535
#define GEN_MARKS         256           /* places remembered in a message */


/* what a message is */

#define GEN_QUERY         0x0001
#define GEN_RESPONSE      0x0002
#define GEN_EDNS          0x0004        /* an OPT was put into it */
#define GEN_COMPRESSED    0x0008        /* there are pointers in it */
#define GEN_LARGE         0x0010        /* as many records as there is room */

/* what was done to it; one to three of these */

#define GEN_FLIP          0x0100        /* bits anywhere */
#define GEN_CUT           0x0200        /* the end is missing */
#define GEN_LENGTH        0x0400        /* of a label, string, RDATA, option */
#define GEN_COUNT         0x0800        /* of a section */
#define GEN_LOOP          0x1000        /* a pointer to itself, or in a ring */
#define GEN_FORWARD       0x2000        /* a pointer to what comes later */
#define GEN_TRAILING      0x4000        /* octets after the end */
#define GEN_TWO_OPTS      0x8000
#define GEN_OPT_SECTION   0x10000       /* OPT as an answer or authority */
#define GEN_OPT_NAME      0x20000       /* OPT whose owner is not the root */
#define GEN_NOISE         0x40000       /* random octets after the header */

#define GEN_SPOILED       0x7ff00


typedef struct {
    uint16_t      offset;
    uint16_t      length;               /* of the whole name in octets */
} gen_name_t;


typedef struct {
    gen_name_t    elts[GEN_MARKS];
    unsigned      n;
} gen_marks_t;


typedef struct {
    uint64_t      state;

    /* may be changed after gen_init(), in percent */
    unsigned      queries;              /* 50 */
    unsigned      spoiled;              /* 50 */

    /* the message that is made */
    u_char       *start;
    u_char       *pos;
    u_char       *last;
    unsigned      full;                 /* what was written did not fit */
    unsigned      kind;
    gen_marks_t   names;                /* each label of each name */
    gen_marks_t   pointers;
    gen_marks_t   lengths;
} gen_t;


void gen_init(gen_t *g, uint64_t seed);

/*
 * Writes the next message into "buf" and returns its length, which may be 0
 * if it was cut.  "size" is GEN_MIN_SIZE at least.
 */
size_t gen_message(gen_t *g, u_char *buf, size_t size, unsigned *kind);

/* Random numbers of the same sequence: 64 bits; 0 .. n - 1 */
uint64_t gen_random(gen_t *g);
unsigned gen_below(gen_t *g, unsigned n);


#endif /* _GEN_H_INCLUDED_ */

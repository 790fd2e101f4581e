
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * What the parts of the generator share: how a message is written, octet by
 * octet.  Nothing is written beyond g->last; what does not fit sets g->full,
 * and gen_message() takes the record back.  Not for tests.
 */


#ifndef _GEN_WRITE_H_INCLUDED_
#define _GEN_WRITE_H_INCLUDED_


#include "gen.h"


#define GEN_HEADER        12
#define GEN_POINTER       0x3fff        /* the largest offset */

#define GEN_A             1
#define GEN_NS            2
#define GEN_CNAME         5
#define GEN_SOA           6
#define GEN_PTR           12
#define GEN_MX            15
#define GEN_TXT           16
#define GEN_AAAA          28
#define GEN_OPT           41
#define GEN_ANY           255
#define GEN_PRIVATE       65280         /* RFC 6895, 3.1: up to 65534 */

#define gen_array_n(a)  (sizeof(a) / sizeof((a)[0]))


/* a record, an OPT */
void gen_rr(gen_t *g);
void gen_opt(gen_t *g);

/* which ways to spoil a message, bits of its kind, and that done to it */
unsigned gen_choose(gen_t *g);
void gen_spoil(gen_t *g, unsigned kinds);

/* some labels, then the root or a pointer to a name, whole or its end */
void gen_name(gen_t *g);

/* returns how many octets, the one of the length too: "max" or less */
unsigned gen_label(gen_t *g, unsigned max);

void gen_u8(gen_t *g, unsigned value);
void gen_u16(gen_t *g, unsigned value);
void gen_u32(gen_t *g, uint32_t value);

/* random ones */
void gen_octets(gen_t *g, unsigned n);

/* around what is counted by a length of two octets */
u_char *gen_length_start(gen_t *g);
void gen_length_end(gen_t *g, u_char *p);

void gen_mark(gen_marks_t *marks, size_t offset, unsigned length);
unsigned gen_percent(gen_t *g, unsigned percent);


#endif /* _GEN_WRITE_H_INCLUDED_ */

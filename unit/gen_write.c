
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "gen_write.h"


#define GEN_NAME          255           /* octets, RFC 1035, 2.3.4 */
#define GEN_LABEL         63


static unsigned gen_suffix(gen_t *g, unsigned names, unsigned used);
static u_char gen_char(gen_t *g);


/* splitmix64: one word of state, and any seed is a good one */

uint64_t
gen_random(gen_t *g)
{
    uint64_t  z;

    g->state += 0x9e3779b97f4a7c15;

    z = g->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;

    return z ^ (z >> 31);
}


unsigned
gen_below(gen_t *g, unsigned n)
{
    return (unsigned) (((gen_random(g) >> 32) * n) >> 32);
}


unsigned
gen_percent(gen_t *g, unsigned percent)
{
    return gen_below(g, 100) < percent;
}


/* Some labels, then the root or a pointer to a name, whole or its end */

void
gen_name(gen_t *g)
{
    unsigned  used, labels, length, suffix, i, first;

    first = g->names.n;
    used = 0;

    labels = gen_percent(g, 99) ? gen_below(g, 4) : gen_below(g, 128);

    for (i = 0; i < labels && used < GEN_NAME - 2; i++) {
        gen_mark(&g->names, g->pos - g->start, used);
        used += gen_label(g, GEN_NAME - 1 - used);
    }

    suffix = gen_percent(g, 60) ? gen_suffix(g, first, used) : 0;

    gen_mark(&g->names, g->pos - g->start, used);

    if (suffix) {
        length = g->names.elts[suffix - 1].length;

        gen_mark(&g->pointers, g->pos - g->start, 0);
        gen_u16(g, 0xc000 | g->names.elts[suffix - 1].offset);

    } else {
        length = 1;
        gen_u8(g, 0);
    }

    /* what was before each of its labels becomes what is left from there */

    for (i = first; i < g->names.n; i++) {
        g->names.elts[i].length = used + length - g->names.elts[i].length;
    }
}


/* One of the names before, to point to: its number plus 1, or 0 */

static unsigned
gen_suffix(gen_t *g, unsigned names, unsigned used)
{
    unsigned  i;

    if (names == 0) {
        return 0;
    }

    i = gen_below(g, names);

    if (g->names.elts[i].offset > GEN_POINTER
        || used + g->names.elts[i].length > GEN_NAME)
    {
        return 0;
    }

    return i + 1;
}


/* Returns the octets written, those of the length too */

unsigned
gen_label(gen_t *g, unsigned max)
{
    u_char    *p;
    unsigned   len, i;

    len = 1 + gen_below(g, gen_percent(g, 95) ? 12 : GEN_LABEL);

    if (len + 1 > max) {
        len = max - 1;
    }

    gen_mark(&g->lengths, g->pos - g->start, 0);
    gen_u8(g, len);

    p = g->pos;
    gen_octets(g, len);

    if (g->full) {
        return len + 1;
    }

    /* any octet is allowed in a label, but most names are of letters */

    if (gen_percent(g, 98)) {
        for (i = 0; i < len; i++) {
            p[i] = gen_char(g);
        }
    }

    return len + 1;
}


static u_char
gen_char(gen_t *g)
{
    static const char  chars[] = "abcdefghijklmnopqrstuvwxyz"
                                 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    return chars[gen_below(g, sizeof(chars) - 1)];
}


void
gen_u8(gen_t *g, unsigned value)
{
    if (g->pos < g->last) {
        *g->pos++ = value;

    } else {
        g->full = 1;
    }
}


void
gen_u16(gen_t *g, unsigned value)
{
    gen_u8(g, value >> 8);
    gen_u8(g, value & 0xff);
}


void
gen_u32(gen_t *g, uint32_t value)
{
    gen_u16(g, value >> 16);
    gen_u16(g, value & 0xffff);
}


/* Random ones */

void
gen_octets(gen_t *g, unsigned n)
{
    uint64_t  r;
    unsigned  i;

    if (g->last - g->pos < (ptrdiff_t) n) {
        g->full = 1;
        return;
    }

    r = 0;

    for (i = 0; i < n; i++) {
        r = (i % 8) ? r >> 8 : gen_random(g);
        *g->pos++ = r & 0xff;
    }
}


/* A length of two octets, one of which may be spoiled, mostly the lower */

u_char *
gen_length_start(gen_t *g)
{
    u_char  *p;

    p = g->pos;

    gen_mark(&g->lengths, p - g->start + (gen_below(g, 4) != 0), 0);
    gen_u16(g, 0);

    return p;
}


void
gen_length_end(gen_t *g, u_char *p)
{
    size_t  len;

    if (g->full) {
        return;
    }

    len = g->pos - p - 2;

    p[0] = len >> 8;
    p[1] = len;
}


void
gen_mark(gen_marks_t *marks, size_t offset, unsigned length)
{
    if (marks->n < GEN_MARKS) {
        marks->elts[marks->n].offset = offset;
        marks->elts[marks->n].length = length;
        marks->n++;
    }
}

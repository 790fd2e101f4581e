
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "gen_write.h"


/* returns 0 if the message has nothing that could be spoiled this way */

typedef unsigned (*gen_spoil_pt)(gen_t *g);

typedef struct {
    unsigned      kind;
    gen_spoil_pt  handler;              /* NULL: is made so from the start */
} gen_spoiler_t;


static unsigned gen_loop(gen_t *g);
static unsigned gen_forward(gen_t *g);
static unsigned gen_length(gen_t *g);
static unsigned gen_count(gen_t *g);
static unsigned gen_flip(gen_t *g);
static unsigned gen_cut(gen_t *g);
static unsigned gen_trailing(gen_t *g);
static unsigned gen_noise(gen_t *g);
static unsigned gen_place(gen_t *g, const gen_marks_t *marks);
static void gen_point(gen_t *g, unsigned place, unsigned target);


/* in the order in which they are done: those that need the marks first */

static const gen_spoiler_t  gen_spoilers[] = {
    { GEN_TWO_OPTS, NULL },
    { GEN_OPT_SECTION, NULL },
    { GEN_OPT_NAME, NULL },
    { GEN_LOOP, gen_loop },
    { GEN_FORWARD, gen_forward },
    { GEN_LENGTH, gen_length },
    { GEN_COUNT, gen_count },
    { GEN_FLIP, gen_flip },
    { GEN_CUT, gen_cut },
    { GEN_TRAILING, gen_trailing },
    { GEN_NOISE, gen_noise }
};


unsigned
gen_choose(gen_t *g)
{
    unsigned  kinds, n;

    kinds = 0;
    n = gen_percent(g, 80) ? 1 : 2 + gen_below(g, 2);

    while (n--) {
        kinds |= gen_spoilers[gen_below(g, gen_array_n(gen_spoilers))].kind;
    }

    return kinds;
}


void
gen_spoil(gen_t *g, unsigned kinds)
{
    unsigned              i;
    const gen_spoiler_t  *s;

    for (i = 0; i < gen_array_n(gen_spoilers); i++) {
        s = &gen_spoilers[i];

        if ((kinds & s->kind) && s->handler && !s->handler(g)) {
            g->kind &= ~s->kind;
        }
    }
}


/* A pointer to itself, or back to a label that it comes after */

static unsigned
gen_loop(gen_t *g)
{
    unsigned  i, place, label;

    place = gen_place(g, gen_percent(g, 50) ? &g->pointers : &g->names);

    if (place == 0 || place > GEN_POINTER || g->pos - g->start < place + 2) {
        return 0;
    }

    for (i = 0; i < g->names.n; i++) {
        label = g->names.elts[i].offset;

        if (label < place && label + 1 + g->start[label] == place) {
            gen_point(g, place, gen_percent(g, 50) ? label : place);
            return 1;
        }
    }

    gen_point(g, place, place);

    return 1;
}


static unsigned
gen_forward(gen_t *g)
{
    size_t    len;
    unsigned  place;

    place = gen_place(g, gen_percent(g, 50) ? &g->pointers : &g->names);
    len = g->pos - g->start;

    if (len > GEN_POINTER) {
        len = GEN_POINTER;
    }

    if (place == 0 || len < place + 3) {
        return 0;
    }

    gen_point(g, place, place + 2 + gen_below(g, len - place - 2));

    return 1;
}


static unsigned
gen_length(gen_t *g)
{
    static const u_char  values[] = { 0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff };

    u_char    *p;
    unsigned   place, old;

    place = gen_place(g, &g->lengths);
    if (place == 0) {
        return 0;
    }

    p = g->start + place;
    old = *p;

    switch (gen_below(g, 4)) {

    case 0:
        *p = old + 1;
        break;

    case 1:
        *p = old - 1;
        break;

    case 2:
        *p = values[gen_below(g, gen_array_n(values))];
        break;

    default:
        *p = gen_below(g, 256);
    }

    return *p != old;
}


static unsigned
gen_count(gen_t *g)
{
    u_char    *p;
    unsigned   old, count;

    p = g->start + 4 + gen_below(g, 4) * 2;
    old = p[0] << 8 | p[1];

    switch (gen_below(g, 4)) {

    case 0:
        count = old - 1;
        break;

    case 1:
        count = gen_below(g, 65536);
        break;

    case 2:
        count = 0;
        break;

    default:
        count = old + 1;
    }

    p[0] = count >> 8;
    p[1] = count;

    return (count & 0xffff) != old;
}


static unsigned
gen_flip(gen_t *g)
{
    unsigned  n, bit;

    for (n = 1 + gen_below(g, 8); n; n--) {
        bit = gen_below(g, (g->pos - g->start) * 8);
        g->start[bit / 8] ^= 1 << bit % 8;
    }

    return 1;
}


static unsigned
gen_cut(gen_t *g)
{
    g->pos = g->start + gen_below(g, g->pos - g->start);

    return 1;
}


static unsigned
gen_trailing(gen_t *g)
{
    u_char  *end;

    end = g->pos;

    gen_octets(g, 1 + gen_below(g, 16));

    if (g->full) {
        g->pos = end;
        return 0;
    }

    return 1;
}


static unsigned
gen_noise(gen_t *g)
{
    g->pos = g->start + (g->pos - g->start < GEN_HEADER ? 0 : GEN_HEADER);
    gen_octets(g, gen_below(g, 256));

    return 1;
}


/* One of the marks, 0 if there are none: no message starts with one */

static unsigned
gen_place(gen_t *g, const gen_marks_t *marks)
{
    return marks->n ? marks->elts[gen_below(g, marks->n)].offset : 0;
}


static void
gen_point(gen_t *g, unsigned place, unsigned target)
{
    g->start[place] = 0xc0 | target >> 8;
    g->start[place + 1] = target;
}

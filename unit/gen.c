
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include <string.h>

#include "gen_write.h"


#define GEN_OPTS          512           /* room for three of the largest */


static void gen_start(gen_t *g, u_char *buf, size_t size);
static void gen_flags(gen_t *g, unsigned response);
static void gen_question(gen_t *g);
static void gen_records(gen_t *g);
static unsigned gen_section(gen_t *g, unsigned section, unsigned n,
    unsigned opts);
static unsigned gen_room(gen_t *g, void (*write)(gen_t *g));


void
gen_init(gen_t *g, uint64_t seed)
{
    memset(g, 0, sizeof(gen_t));

    g->state = seed;
    g->queries = 50;
    g->spoiled = 50;
}


size_t
gen_message(gen_t *g, u_char *buf, size_t size, unsigned *kind)
{
    unsigned  spoil;

    gen_start(g, buf, size);

    spoil = gen_percent(g, g->spoiled) ? gen_choose(g) : 0;
    g->kind = spoil;

    gen_question(g);
    gen_records(g);

    if (g->pointers.n) {
        g->kind |= GEN_COMPRESSED;
    }

    gen_spoil(g, spoil);

    *kind = g->kind;

    return g->pos - g->start;
}


static void
gen_start(gen_t *g, u_char *buf, size_t size)
{
    if (size > GEN_MAX_SIZE) {
        size = GEN_MAX_SIZE;
    }

    g->start = buf;
    g->pos = buf;
    g->last = buf + size;
    g->full = 0;

    g->names.n = 0;
    g->pointers.n = 0;
    g->lengths.n = 0;
}


/* The header, with counts of 0 */

static void
gen_flags(gen_t *g, unsigned response)
{
    static const u_char  opcodes[] = { 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 15 };

    uint64_t  r;
    unsigned  flags;

    r = gen_random(g);

    /* a random TC, RD, RA, Z, AD and CD; AA and an rcode in responses */

    flags = (r & 0x03f0) | opcodes[gen_below(g, gen_array_n(opcodes))] << 11;

    if (response) {
        flags |= 0x8000 | (r & 0x0400);
        flags |= gen_percent(g, 60) ? 0 : (r >> 16) & 0x0f;
    }

    gen_u16(g, (unsigned) (r >> 32) & 0xffff);
    gen_u16(g, flags);
    gen_u32(g, 0);
    gen_u32(g, 0);
}


static void
gen_question(gen_t *g)
{
    static const u_char  types[] = {
        GEN_A, GEN_A, GEN_A, GEN_AAAA, GEN_AAAA, GEN_NS, GEN_CNAME, GEN_SOA,
        GEN_PTR, GEN_MX, GEN_TXT, GEN_ANY
    };

    unsigned  response;

    response = !gen_percent(g, g->queries);

    g->kind |= response ? GEN_RESPONSE : GEN_QUERY;

    gen_flags(g, response);

    /* servers answer without a question what they could not read */

    if (response && gen_percent(g, 2)) {
        return;
    }

    gen_name(g);
    gen_u16(g, gen_percent(g, 95) ? types[gen_below(g, gen_array_n(types))]
                                  : gen_below(g, 65536));
    gen_u16(g, gen_percent(g, 95) ? 1 : 3);

    g->start[5] = 1;
}


static void
gen_records(gen_t *g)
{
    unsigned  n[3], i, opts[3], count;

    memset(n, 0, sizeof(n));
    memset(opts, 0, sizeof(opts));

    if (g->kind & GEN_RESPONSE) {
        n[0] = gen_below(g, 5);
        n[1] = gen_percent(g, 50) ? 0 : gen_below(g, 4);
        n[2] = gen_percent(g, 50) ? 0 : gen_below(g, 4);

        if (gen_percent(g, 1)) {
            n[gen_below(g, 3)] = 1000;
            g->kind |= GEN_LARGE;
        }
    }

    if (gen_percent(g, 60) || (g->kind & GEN_OPT_NAME)) {
        opts[2] = 1;
    }

    if (g->kind & GEN_TWO_OPTS) {
        opts[2] = 2;
    }

    if (g->kind & GEN_OPT_SECTION) {
        opts[gen_below(g, 2)]++;
    }

    for (i = 0; i < 3; i++) {
        count = gen_section(g, i, n[i], opts[i]);

        g->start[6 + i * 2] = count >> 8;
        g->start[7 + i * 2] = count & 0xff;
    }
}


/* Writes up to n records and, anywhere between them, the OPTs; how many */

static unsigned
gen_section(gen_t *g, unsigned section, unsigned n, unsigned opts)
{
    unsigned  count, before, reserved;

    count = 0;
    before = opts ? gen_below(g, n + 1) : n;
    reserved = (opts || section < 2) ? GEN_OPTS : 0;

    g->last -= reserved;

    for ( /* void */ ; before && gen_room(g, gen_rr); before--) {
        count++;
        n--;
    }

    g->last += reserved;

    for ( /* void */ ; opts && gen_room(g, gen_opt); opts--) {
        g->kind |= GEN_EDNS;
        count++;
    }

    reserved = (section < 2) ? GEN_OPTS : 0;

    g->last -= reserved;

    for ( /* void */ ; n && gen_room(g, gen_rr); n--) {
        count++;
    }

    g->last += reserved;

    return count;
}


/* Writes a record, or nothing if there is no room for all of it */

static unsigned
gen_room(gen_t *g, void (*write)(gen_t *g))
{
    u_char    *pos;
    unsigned   names, pointers, lengths;

    pos = g->pos;
    names = g->names.n;
    pointers = g->pointers.n;
    lengths = g->lengths.n;

    write(g);

    if (!g->full) {
        return 1;
    }

    g->full = 0;
    g->pos = pos;
    g->names.n = names;
    g->pointers.n = pointers;
    g->lengths.n = lengths;

    return 0;
}

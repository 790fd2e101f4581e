
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "gen_write.h"


static void gen_rdata(gen_t *g, unsigned type);
static void gen_soa(gen_t *g);
static void gen_txt(gen_t *g);
static void gen_option(gen_t *g);
static void gen_ecs(gen_t *g);


void
gen_rr(gen_t *g)
{
    static const u_char  types[] = {
        GEN_A, GEN_A, GEN_A, GEN_AAAA, GEN_AAAA, GEN_NS, GEN_CNAME, GEN_SOA,
        GEN_PTR, GEN_MX, GEN_TXT
    };

    u_char    *length;
    unsigned   type;

    if (gen_percent(g, 90)) {
        type = types[gen_below(g, gen_array_n(types))];

    } else {
        type = GEN_PRIVATE + gen_below(g, 255);
    }

    gen_name(g);
    gen_u16(g, type);
    gen_u16(g, 1);
    gen_u32(g, gen_percent(g, 80) ? gen_below(g, 86400)
                                  : (uint32_t) gen_random(g));

    length = gen_length_start(g);
    gen_rdata(g, type);
    gen_length_end(g, length);
}


static void
gen_rdata(gen_t *g, unsigned type)
{
    switch (type) {

    case GEN_A:
        gen_octets(g, 4);
        break;

    case GEN_AAAA:
        gen_octets(g, 16);
        break;

    case GEN_MX:
        gen_u16(g, gen_below(g, 100));
        gen_name(g);
        break;

    case GEN_NS:
    case GEN_CNAME:
    case GEN_PTR:
        gen_name(g);
        break;

    case GEN_SOA:
        gen_soa(g);
        break;

    case GEN_TXT:
        gen_txt(g);
        break;

    default:
        gen_octets(g, gen_below(g, 64));
    }
}


static void
gen_soa(gen_t *g)
{
    unsigned  i;

    gen_name(g);
    gen_name(g);

    for (i = 0; i < 5; i++) {
        gen_u32(g, gen_below(g, 604800));
    }
}


static void
gen_txt(gen_t *g)
{
    unsigned  n, len;

    for (n = 1 + gen_below(g, 3); n; n--) {
        len = gen_percent(g, 95) ? gen_below(g, 40) : gen_below(g, 256);

        gen_mark(&g->lengths, g->pos - g->start, 0);
        gen_u8(g, len);
        gen_octets(g, len);
    }
}


void
gen_opt(gen_t *g)
{
    static const uint16_t  sizes[] = { 0, 512, 1232, 1280, 4096, 65535 };

    u_char    *length;
    unsigned   n;

    if (g->kind & GEN_OPT_NAME) {
        (void) gen_label(g, 10);
    }

    gen_u8(g, 0);
    gen_u16(g, GEN_OPT);
    gen_u16(g, sizes[gen_below(g, gen_array_n(sizes))]);

    /* the upper rcode, the version, DO and the rest of the flags */

    gen_u8(g, gen_percent(g, 90) ? 0 : gen_below(g, 256));
    gen_u8(g, gen_percent(g, 95) ? 0 : gen_below(g, 256));
    gen_u16(g, gen_percent(g, 50) ? 0 : 0x8000);

    length = gen_length_start(g);

    for (n = gen_percent(g, 50) ? 0 : gen_below(g, 4); n; n--) {
        gen_option(g);
    }

    gen_length_end(g, length);
}


static void
gen_option(gen_t *g)
{
    static const uint16_t  codes[] = { 3, 8, 10, 12, 15, 65001 };

    u_char    *length;
    unsigned   code;

    code = codes[gen_below(g, gen_array_n(codes))];

    gen_u16(g, code);
    length = gen_length_start(g);

    switch (code) {

    case 8:
        gen_ecs(g);
        break;

    case 10:
        gen_octets(g, gen_percent(g, 50) ? 8 : 16 + gen_below(g, 25));
        break;

    case 15:
        gen_u16(g, gen_below(g, 30));
        gen_octets(g, gen_below(g, 20));
        break;

    default:
        gen_octets(g, gen_below(g, 32));
    }

    gen_length_end(g, length);
}


/* RFC 7871, 6: as many octets as the prefix needs, no bits after it */

static void
gen_ecs(gen_t *g)
{
    unsigned  family, bits;

    family = 1 + gen_below(g, 2);
    bits = gen_below(g, family == 1 ? 33 : 129);

    gen_u16(g, family);
    gen_u8(g, bits);
    gen_u8(g, 0);
    gen_octets(g, (bits + 7) / 8);

    if (bits % 8 && !g->full) {
        g->pos[-1] &= 0xff << (8 - bits % 8);
    }
}

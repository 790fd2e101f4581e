
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Tests for the generator of messages: the same seed gives the same, what
 * was not spoiled is well-formed, and each way to spoil one happens.
 */


#include <ldns/ldns.h>

#include "gen.h"
#include "tap.h"


#define MESSAGES   50000
#define GUARD      64


typedef struct {
    unsigned     kinds[32];             /* how many had the bit */
    unsigned     valid;
    unsigned     refused;               /* valid ones, by ldns */
    unsigned     accepted;              /* spoiled ones, by ldns */
    unsigned     overrun;
} counts_t;


static void test_same_seed(void);
static void test_size(size_t size);
static void test_messages(void);
static void count(counts_t *c, const u_char *buf, size_t len, unsigned kind);
static int complete(const ldns_pkt *pkt, const u_char *buf, unsigned kind);


static u_char  first[GEN_MAX_SIZE];
static u_char  second[GEN_MAX_SIZE + GUARD];


int
main(void)
{
    test_same_seed();
    test_size(GEN_MIN_SIZE);
    test_size(GEN_MAX_SIZE);
    test_messages();

    return done_testing();
}


static void
test_same_seed(void)
{
    gen_t     a, b, c;
    size_t    len;
    unsigned  i, kind, other, equal;

    gen_init(&a, 1);
    gen_init(&b, 1);
    gen_init(&c, 2);

    for (i = 0; i < 1000; i++) {
        len = gen_message(&a, first, GEN_MAX_SIZE, &kind);

        if (gen_message(&b, second, GEN_MAX_SIZE, &other) != len
            || kind != other || memcmp(first, second, len) != 0)
        {
            break;
        }
    }

    is_int(i, 1000, "same seed");

    for (i = 0, equal = 0; i < 1000; i++) {
        len = gen_message(&a, first, GEN_MAX_SIZE, &kind);

        if (gen_message(&c, second, GEN_MAX_SIZE, &other) == len
            && memcmp(first, second, len) == 0)
        {
            equal++;
        }
    }

    /* of those that are cut, some have no octet left */
    ok(equal < 10, "another seed");
}


static void
test_size(size_t size)
{
    gen_t     g;
    size_t    len, max;
    unsigned  i, j, kind, overrun;

    gen_init(&g, 3);

    memset(&second[size], 0xa5, GUARD);

    max = 0;
    overrun = 0;

    for (i = 0; i < MESSAGES; i++) {
        len = gen_message(&g, second, size, &kind);
        max = len > max ? len : max;

        for (j = 0; j < GUARD; j++) {
            overrun += (second[size + j] != 0xa5);
        }
    }

    is_int(overrun, 0, "size %zu, not more", size);
    ok(max <= size && max > size / 2, "size %zu, made use of", size);
}


static void
test_messages(void)
{
    gen_t     g;
    size_t    len;
    unsigned  i, kind;
    counts_t  c;

    gen_init(&g, 4);
    memset(&c, 0, sizeof(c));

    for (i = 0; i < MESSAGES; i++) {
        len = gen_message(&g, first, 4096, &kind);
        count(&c, first, len, kind);
    }

    is_int(c.refused, 0, "valid messages are read by ldns, whole");
    ok(c.valid > MESSAGES * 45 / 100 && c.valid < MESSAGES * 65 / 100,
       "half of the messages are spoiled");

    /* if not, there was nothing in them to fail at */
    ok(c.accepted < (MESSAGES - c.valid) / 2,
       "most of the spoiled are not read by ldns");

    for (i = 0; i < 32; i++) {
        if ((GEN_QUERY|GEN_RESPONSE|GEN_EDNS|GEN_COMPRESSED|GEN_LARGE
             |GEN_SPOILED) & 1u << i)
        {
            ok(c.kinds[i] > MESSAGES / 500, "messages of kind 0x%x", 1u << i);
        }
    }

    diag("%u of %u valid, ldns reads %u of the spoiled", c.valid, MESSAGES,
         c.accepted);
}


static void
count(counts_t *c, const u_char *buf, size_t len, unsigned kind)
{
    unsigned   i;
    ldns_pkt  *pkt;

    for (i = 0; i < 32; i++) {
        c->kinds[i] += (kind >> i & 1);
    }

    if (ldns_wire2pkt(&pkt, buf, len) != LDNS_STATUS_OK) {
        pkt = NULL;
    }

    if (kind & GEN_SPOILED) {
        c->accepted += (pkt != NULL);

    } else {
        c->valid++;
        c->refused += (pkt == NULL || !complete(pkt, buf, kind));
    }

    ldns_pkt_free(pkt);
}


static int
complete(const ldns_pkt *pkt, const u_char *buf, unsigned kind)
{
    unsigned  i, counts[3], edns;

    for (i = 0; i < 3; i++) {
        counts[i] = buf[6 + i * 2] << 8 | buf[7 + i * 2];
    }

    /* ldns keeps the OPT apart and does not count it */

    edns = ((kind & GEN_EDNS) != 0);

    return ldns_pkt_ancount(pkt) == counts[0]
           && ldns_pkt_nscount(pkt) == counts[1]
           && ldns_pkt_arcount(pkt) + edns == counts[2]
           && !ldns_pkt_edns(pkt) == !edns;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The program of dns_xdp, run by the kernel on frames made here: what it
 * answers octet by octet, what it lets pass, frames cut and spoiled anywhere,
 * and a writer beside it.  XDP_QUERIES says how many there are of the last two.
 */


#include <pthread.h>
#include <time.h>

#include "tap.h"
#include "xdp.h"

#define PASS  2
#define TX    3

/* for the verifier, at most: it has a limit of a million */

#define INSTRUCTIONS  200000

/* "www.test" A IN, for the response; a query without and with an OPT */

#define NAME   "\3www\4test\0"
#define ASKED  "\3wWw\4tESt\0\0\1\0\1"
#define PLAIN  "\x12\x34\1\0\0\1\0\0\0\0\0\0" ASKED
#define OPT    "\0\0\51\4\xd0\0\0\0\0\0\0"
#define EDNS   "\x12\x34\1\0\0\1\0\0\0\0\0\1" ASKED OPT
#define BODY   "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"

#define lit(s)  s, sizeof(s) - 1


static ngx_dns_xdp_t     x;
static xdp_frame_t       query, reply;
static const xdp_way_t   plain;


static uint64_t
now_ms(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_BOOTTIME, &ts);

    return (uint64_t) ts.tv_sec * 1000 + (uint64_t) ts.tv_nsec / 1000000;
}


static uint32_t
now(void)
{
    return (uint32_t) (now_ms() / 1000);
}


/* an answer, stored now, with its octets all "fill" behind the first record */

static int
answer(ngx_dns_xdp_t *t, const char *name, size_t len, unsigned bits,
    size_t more, int fill)
{
    uint32_t             sec;
    ngx_dns_xdp_key_t    key;
    ngx_dns_xdp_slot_t  *slot;

    static uint32_t  version;

    memset(&key, 0, sizeof(key));

    key.type = 1;
    key.bits = (uint16_t) bits;
    key.name_len = (uint16_t) len;
    memcpy(key.name, name, len);

    ngx_dns_xdp_hash(t, &key);

    /* another one each time */

    sec = now();
    slot = ngx_dns_xdp_take(t, &key, sec, sec + 1000 + ++version % 1000,
                            ngx_dns_xdp_epoch(t));
    if (slot == NULL) {
        return 0;
    }

    slot->end = sec + 36000;
    slot->body_len = (uint16_t) (sizeof(BODY) - 1 + more);
    slot->answers = 1;
    slot->authority = 0;
    slot->additional = (uint16_t) fill;
    slot->flags = 0x0480;
    slot->ede = NGX_DNS_XDP_NO_EDE;
    slot->nttl = 1;
    slot->ttl[0] = 6;
    slot->place = 0;
    slot->hits = 1;

    memcpy(slot->body, BODY, sizeof(BODY) - 1);
    memset(slot->body + sizeof(BODY) - 1, fill, more);

    ngx_dns_xdp_give(t, slot, 1);

    return 1;
}


static int
run(const xdp_way_t *way, const char *msg, size_t len)
{
    xdp_query(&query, way, msg, len);

    return xdp_run(&query, &reply);
}


static void
is_reply(const char *msg, size_t len)
{
    is_mem(reply.p + reply.dns, reply.len - reply.dns, msg, len,
           "the response");
}


static void
test_answers(void)
{
    unsigned   i;
    xdp_way_t  way;

    for (i = 0; i < 6; i++) {
        way.vlans = i / 2;
        way.v6 = i & 1;

        is_int(run(&way, lit(PLAIN)), TX, "answered, %u tags, IPv%u",
               way.vlans, way.v6 ? 6 : 4);
        is_reply(lit("\x12\x34\x85\x80\0\1\0\1\0\0\0\0" ASKED BODY));
        ok(xdp_right(&query, &reply), "its headers");

        is_int(run(&way, lit(EDNS)), TX, "with EDNS");
        is_reply(lit("\x12\x34\x85\x80\0\1\0\1\0\0\0\1" ASKED BODY OPT));
        ok(xdp_right(&query, &reply), "its headers");
    }

    way.vlans = 3;
    is_int(run(&way, lit(PLAIN)), PASS, "three tags");
}


/* one octet of the frame is another one */

static void
test_passes(void)
{
    unsigned  i;

    static const struct {
        const char  *what;
        size_t       at;
        int          octet;
    } cases[] = {
        { "another hardware address", 5, 9 },
        { "another protocol", 13, 6 },
        { "IP options", 14, 0x46 },
        { "a fragment", 20, 0x20 },
        { "TCP", 23, 6 },
        { "a checksum of IP that is wrong", 24, 0xee },
        { "another address", 33, 7 },
        { "another port", 37, 7 },
        { "a length of UDP that is wrong", 39, 7 },
        { "a response", 44, 0x81 },
        { "an opcode", 44, 0x29 },
        { "TC", 44, 0x03 },
        { "RA", 45, 0x80 },
        { "no question", 47, 0 },
        { "an answer", 49, 1 },
        { "an authority", 51, 1 },
        { "two more records", 53, 2 },
        { "a label that is too long", 54, 64 },
        { "a pointer", 54, 0xc0 },
        { "another name", 55, 'x' },
        { "another type", 65, 2 },
        { "another class", 67, 3 },
        { "an OPT with a name", 68, 1 },
        { "another record", 70, 16 },
        { "a version", 74, 1 },
        { "octets behind the OPT", 78, 0 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        xdp_query(&query, &plain, lit(EDNS "\0"));

        /* but for the last one all are whole */

        if (i + 1 < sizeof(cases) / sizeof(cases[0])) {
            xdp_query(&query, &plain, lit(EDNS));
            query.p[cases[i].at] = (u_char) cases[i].octet;
        }

        is_int(xdp_run(&query, &reply), PASS, "%s", cases[i].what);
        ok(reply.len == query.len && memcmp(reply.p, query.p, reply.len) == 0,
           "and the frame is as it was");
    }
}


/* as if a worker had looked so many seconds ago, as the second began */

static void
slot_later(uint32_t sec)
{
    ngx_dns_xdp_alive(&x);

    x.control->clock = (x.control->clock & 0xffffffff00000000ULL)
                       | (uint32_t) (x.control->clock
                                     - sec * NGX_DNS_XDP_SECOND - 32);
}


static ngx_dns_xdp_slot_t *
first(void)
{
    uint32_t             i, seq;
    ngx_dns_xdp_slot_t  *slot;

    slot = NULL;

    for (i = 0; slot == NULL && i <= x.control->mask * 16 + 15; i++) {
        slot = ngx_dns_xdp_slot(&x, i, &seq);
    }

    return slot;
}


/*
 * The TTL of an answer that was stored "age" seconds ago, and that a worker has
 * looked at "later" seconds ago; no second begins meanwhile, nor soon, since
 * the two clocks may differ a bit
 */

static int
ttl(uint32_t age, uint32_t later)
{
    int       rc;
    u_char   *p;
    uint64_t  sec;

    do {
        sec = now();
        first()->stored = (uint32_t) sec - age;
        slot_later(later);

        rc = run(&plain, lit(PLAIN));

    } while (now_ms() > sec * 1000 + 900);

    p = reply.p + reply.dns + 26 + 6;

    return rc != TX ? -1 : p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}


static void
test_times(void)
{
    ngx_dns_xdp_slot_t  *slot;

    is_int(ttl(100, 0), 200, "the TTL 100 seconds later");

    slot = first();

    slot->end = (uint32_t) (x.control->clock >> 32);
    is_int(run(&plain, lit(PLAIN)), PASS, "at its end");

    slot->end = now() + 100;
    slot->seq++;
    is_int(run(&plain, lit(PLAIN)), PASS, "while it is written");
    slot->seq++;

    ngx_dns_xdp_flush(&x);
    is_int(run(&plain, lit(PLAIN)), PASS, "of another epoch");

    answer(&x, NAME, sizeof(NAME) - 1, 0, 0, 0);
    is_int(run(&plain, lit(PLAIN)), TX, "of this one");

    is_int(ttl(0, 3), 297, "three seconds after it was looked at they count");

    slot_later(NGX_DNS_XDP_STALE + 1);
    is_int(run(&plain, lit(PLAIN)), PASS, "nobody looks after it");

    x.control->clock = 0;
    is_int(run(&plain, lit(PLAIN)), PASS, "nobody ever did");

    ngx_dns_xdp_alive(&x);
    is_int(run(&plain, lit(PLAIN)), TX, "somebody does");

    is_int(ttl((uint32_t) -2, 0), 300, "stored by a clock that is ahead");

    answer(&x, NAME, sizeof(NAME) - 1, 0, 0, 0);
}


/* the program remembers what it has found, until it is told */

static void
test_listen(void)
{
    is_int(run(&plain, lit(PLAIN)), TX, "listened on");

    xdp_listen(0);
    x.control->listens++;
    is_int(run(&plain, lit(PLAIN)), PASS, "no more");
    is_int(run(&plain, lit(PLAIN)), PASS, "still not");

    xdp_listen(1);
    is_int(run(&plain, lit(PLAIN)), TX, "again");
}


static void
test_sizes(void)
{
    size_t  more;

    for (more = 0; more <= NGX_DNS_XDP_BODY - (sizeof(BODY) - 1); more += 73) {
        answer(&x, NAME, sizeof(NAME) - 1, 0, more, 0);

        is_int(run(&plain, lit(PLAIN)), more <= 512 - 42 ? TX : PASS,
               "%zu octets more, without EDNS", more);
        is_int(run(&plain, lit(EDNS)), TX, "and with it");
        ok(xdp_right(&query, &reply), "its headers");
    }

    answer(&x, NAME, sizeof(NAME) - 1, 0, 0, 0);
}


static uint64_t
chance(void)
{
    static uint64_t  s = 88172645463325252ULL;

    s ^= s << 13;
    s ^= s >> 7;
    s ^= s << 17;

    return s;
}


/* whatever it is given, it passes it as it was, or gives a right response */

static void
test_spoiled(unsigned n)
{
    int        rc;
    size_t     cut;
    unsigned   i, k, sent, wrong;
    xdp_way_t  way;

    sent = 0;
    wrong = 0;

    for (i = 0; i < n || (sent <= n / 100 && i < 50 * n); i++) {
        if (i % 1024 == 0) {
            ngx_dns_xdp_alive(&x);
        }

        way.vlans = (unsigned) chance() % 3;
        way.v6 = chance() & 1;

        xdp_query(&query, &way, lit(EDNS));

        for (k = (unsigned) chance() % 4; k; k--) {
            query.p[chance() % query.len] ^= (u_char) (1 << chance() % 8);
        }

        if (chance() % 4 == 0) {
            cut = 14 + chance() % (query.len - 14);
            query.len = cut;
        }

        rc = xdp_run(&query, &reply);

        if (rc == TX) {
            sent++;
            wrong += !xdp_right(&query, &reply);

        } else {
            wrong += rc != PASS || reply.len != query.len
                     || memcmp(reply.p, query.p, reply.len) != 0;
        }
    }

    is_int(wrong, 0, "%u frames spoiled at random", n);
    ok(sent > n / 20, "%u of them were answered", sent);
}


static volatile int  over;
static unsigned      written;


/* now and then it leaves the reader some time */

static void *
writer(void *data)
{
    unsigned           i;
    volatile unsigned  k;

    for (i = 0; !over; i++) {
        written += (unsigned) answer(&x, NAME, sizeof(NAME) - 1, 0, 300 + i % 7,
                                     (int) (i & 0x7f));

        for (k = i % 16 ? 0 : 4000; k; k--) { /* void */ }
    }

    return data;
}


/* each octet is of the same answer, which says so in its header */

static void
test_torn(unsigned n)
{
    size_t      k, from;
    unsigned    i, sent, torn;
    pthread_t   thread;

    sent = 0;
    torn = 0;

    (void) pthread_create(&thread, NULL, writer, NULL);

    for (i = 0; i < n || (sent <= n / 100 && i < 50 * n); i++) {
        if (i % 1024 == 0) {
            ngx_dns_xdp_alive(&x);
        }

        if (run(&plain, lit(PLAIN)) != TX) {
            continue;
        }

        sent++;
        from = reply.dns + 26 + sizeof(BODY) - 1;

        for (k = from; k < reply.len; k++) {
            if (reply.p[k] != reply.p[reply.dns + 11]) {
                break;
            }
        }

        torn += k < reply.len || !xdp_right(&query, &reply);
    }

    over = 1;
    (void) pthread_join(thread, NULL);

    is_int(torn, 0, "%u answers beside %u writes", sent, written);
    ok(sent > n / 100, "enough of them");
}


int
main(void)
{
    unsigned     n;
    const char  *why;

    why = xdp_load(&x, 64);

    if (why) {
        printf("1..0 # SKIP %s\n", why);
        return 0;
    }

    n = getenv("XDP_QUERIES") ? (unsigned) atoi(getenv("XDP_QUERIES")) : 20000;

    ok(xdp_verified() > 0 && xdp_verified() <= INSTRUCTIONS,
       "%u instructions for the verifier", xdp_verified());

    is_int(run(&plain, lit(PLAIN)), PASS, "nothing is there");

    answer(&x, NAME, sizeof(NAME) - 1, 0, 0, 0);

    test_answers();
    test_passes();
    test_times();
    test_listen();
    test_sizes();
    test_spoiled(n);
    test_torn(n);

    return done_testing();
}

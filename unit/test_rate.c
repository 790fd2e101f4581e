
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Rates of many keys: exact for each, and heavy ones stay in a flood. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_rate.h"


#define SECOND    ((uint64_t) 1000000)
#define UNITS     (SECOND * NGX_DNS_RATE_UNIT)


static u_char  mem[1 << 20] __attribute__((aligned(64)));


static ngx_dns_rate_shm_t *
table(size_t size)
{
    return ngx_dns_rate_init(mem, size);
}


static ngx_int_t
take(ngx_dns_rate_shm_t *r, uint64_t hash, uint64_t now, uint64_t interval,
    uint64_t burst)
{
    ngx_dns_rate_t  rate;

    rate.shm = r;
    rate.interval = interval;
    rate.most = interval + burst;

    return ngx_dns_rate_take(&rate, hash, now, burst);
}


/* how many of "n" in a row, "step" microseconds apart, are let through */

static unsigned
takes(ngx_dns_rate_shm_t *r, uint64_t hash, uint64_t from, uint64_t step,
    unsigned n, uint64_t interval, uint64_t burst)
{
    unsigned  i, ok;

    for (i = 0, ok = 0; i < n; i++) {
        ok += take(r, hash, from + i * step, interval, burst)
              == NGX_OK;
    }

    return ok;
}


static void
exact(void)
{
    uint64_t             now;
    unsigned             n;
    ngx_dns_rate_shm_t  *r;

    r = table(65536);
    now = 5 * SECOND;

    is_int(takes(r, 0x1234567890abcdefULL, now, 0, 20, UNITS / 10, 0), 1,
           "no burst: one at once");
    is_int(takes(r, 0x2234567890abcdefULL, now, 0, 20, UNITS / 10, UNITS), 11,
           "a burst of 10: eleven at once");
    is_int(takes(r, 0x2234567890abcdefULL, now + SECOND / 10, 0, 20,
                 UNITS / 10, UNITS), 1, "one more after its time");
    is_int(takes(r, 0x2234567890abcdefULL, now + 100 * SECOND, 0, 20,
                 UNITS / 10, UNITS), 11, "all of it after a while");

    /* a thousand a second, asked for at three thousand */

    n = takes(r, 0x3234567890abcdefULL, now, 333, 30000, UNITS / 1000,
              20 * (UNITS / 1000));
    ok(n > 9950 && n < 10050, "a rate is right: %u in ten seconds", n);

    /* as fast as rates go, and as slow */

    n = takes(r, 0x4234567890abcdefULL, now, 1, 1000000, UNITS / 300000,
              100 * (UNITS / 300000));
    ok(n > 295000 && n < 305000, "300000 a second: %u", n);

    is_int(takes(r, 0x5234567890abcdefULL, now, 30 * SECOND, 10, 60 * UNITS,
                 0), 5, "one a minute");
}


/* the clock of an entry wraps after 19 hours */

static void
wraps(void)
{
    uint64_t             now;
    ngx_dns_rate_shm_t  *r;

    r = table(65536);
    now = ((uint64_t) 1 << 40) / NGX_DNS_RATE_UNIT - SECOND;

    is_int(takes(r, 0x1234567890abcdefULL, now, 0, 20, UNITS, 4 * UNITS), 5,
           "before the clock wraps");
    is_int(takes(r, 0x1234567890abcdefULL, now + 3 * SECOND, 0, 20, UNITS,
                 4 * UNITS), 3, "after");
    is_int(takes(r, 0x1234567890abcdefULL, now + 10 * 3600 * SECOND, 0, 20,
                 UNITS, 4 * UNITS), 5, "ten hours later it is not ahead");

    /* a free entry looks like one that has to wait until then */

    r = table(65536);
    now -= 3 * SECOND;

    (void) take(r, 0x1000000000300005ULL, now, UNITS, 4 * UNITS);
    (void) take(r, 0x2000000000300005ULL, now, UNITS, 4 * UNITS);

    is_int(takes(r, 0x1000000000300005ULL, now, 0, 20, UNITS, 4 * UNITS), 4,
           "who waits is not pushed out while entries are free");
}


/* workers read the clock before a batch; one may be late with the rest of it */

static void
behind(void)
{
    uint64_t             now, late;
    unsigned             i, ok;
    ngx_dns_rate_shm_t  *r;

    r = table(65536);
    now = SECOND * 100;
    ok = 0;

    for (i = 0; i < 100000; i++) {
        late = i & 1 ? 0 : 1 + i % 3000;
        ok += take(r, 99ULL << 40, now - late, UNITS / 1000, UNITS / 5)
              == NGX_OK;
        now += 100;
    }

    ok(ok > 10100 && ok < 10300,
       "1000 a second and 200 by workers whose clocks differ: %u in ten", ok);

    (void) takes(r, 99ULL << 40, now, 0, 300, UNITS / 1000, UNITS / 5);

    is_int(takes(r, 99ULL << 40, now - SECOND, 0, 300, UNITS / 1000,
                 UNITS / 5), 0, "nor by one that is a second behind");
}


/* many that come once do not push out one that comes all the time */

static void
flood(void)
{
    uint64_t             now, x;
    unsigned             i, heavy, light;
    ngx_dns_rate_shm_t  *r;

    r = table(65536);
    now = SECOND;
    x = 88172645463325252ULL;
    heavy = 0;
    light = 0;

    for (i = 0; i < 400000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        now += 10;

        light += take(r, x, now, UNITS / 10, 5 * (UNITS / 10))
                 == NGX_OK;

        if (i % 10 == 0) {
            heavy += take(r, 0x7777777777777777ULL, now,
                                       UNITS / 10, 5 * (UNITS / 10))
                     == NGX_OK;
        }
    }

    /* 40,000 of it in 4 seconds, at 10 a second, among 100,000 others a
       second; the table has room for a thousandth of these */

    ok(heavy < 60, "a heavy one is held: %u of 40000", heavy);
    ok(light > 399000, "others are not: %u of 400000", light);
}


/* an honest client is not taken for another */

static void
apart(void)
{
    uint64_t             now, x, y;
    unsigned             i, k, bad;
    ngx_dns_rate_shm_t  *r;

    r = table(1 << 20);
    now = SECOND;
    bad = 0;
    y = 0x9e3779b97f4a7c15ULL;

    for (k = 0; k < 100; k++) {
        for (i = 0; i < 20000; i++) {
            x = (i + 1) * y;
            x ^= x >> 29;
            x *= 0xbf58476d1ce4e5b9ULL;
            x ^= x >> 32;

            bad += take(r, x, now, UNITS / 10, 0) != NGX_OK;
        }

        now += SECOND / 10;
    }

    ok(bad < 200, "fewer than one in ten thousand: %u of 2000000", bad);
}


static void
again(void)
{
    ngx_dns_rate_shm_t  *r;

    r = table(65536);
    (void) take(r, 99ULL << 40, SECOND, UNITS, 0);

    ok(ngx_dns_rate_attach(r, 65536) == r, "a table is found again");
    is_int(take(r, 99ULL << 40, SECOND, UNITS, 0), NGX_DECLINED,
           "with what was counted");
    ok(ngx_dns_rate_attach(r, 65536 * 4) == NULL, "not with another size");
}


int
main(void)
{
    exact();
    wraps();
    behind();
    flood();
    apart();
    again();

    return done_testing();
}

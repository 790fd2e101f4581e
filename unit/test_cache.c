
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/* The cache: stored answers come back whole, and the right ones stay. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_cache.h"


#define NAME_LEN  18


static ngx_dns_cache_shm_t *
cache(size_t size)
{
    void  *p;

    p = aligned_alloc(64, size);
    memset(p, 0, size);

    return ngx_dns_cache_init(p, size);
}


/* names "\7nNNNNNN", a body that tells the name */

static size_t
name(u_char *p, unsigned n)
{
    return (size_t) sprintf((char *) p, "\xbn%010u\4test", n) + 1;
}


/* when an answer is stored, and its question was asked */

static ngx_dns_cache_when_t *
at(uint64_t asked, uint32_t now)
{
    static ngx_dns_cache_when_t  when;

    when.asked = asked;
    when.now = now;

    return &when;
}


static ngx_int_t
store(ngx_dns_cache_shm_t *c, unsigned n, uint32_t expires, uint32_t now,
    size_t len)
{
    size_t                    name_len;
    u_char                    buf[64], body[5000];
    ngx_dns_cache_response_t  a;

    static const uint16_t   ttl[2] = { 6, 22 };

    memset(&a, 0, sizeof(a));
    memset(body, (int) n, sizeof(body));

    name_len = name(buf, n);

    a.bits = 0x0001000100000000;
    a.partition = 7;
    a.stored = now;
    a.expires = expires;
    a.name_len = (uint16_t) name_len;
    a.body_len = (uint16_t) len;
    a.answers = 2;
    a.nttl = 2;

    return ngx_dns_cache_store(c, ngx_dns_cache_hash(c, buf, name_len, a.bits,
                                                     a.partition),
                               buf, &a, ttl, body, at(0, now));
}


static ngx_int_t
find(ngx_dns_cache_shm_t *c, unsigned n, ngx_dns_cache_view_t *view)
{
    size_t   len;
    u_char   buf[64];

    len = name(buf, n);

    return ngx_dns_cache_find(c, ngx_dns_cache_hash(c, buf, len,
                                                    0x0001000100000000, 7),
                              buf, len, 0x0001000100000000, 7, view);
}


static unsigned
alive(ngx_dns_cache_shm_t *c, unsigned from, unsigned to)
{
    size_t                 i;
    unsigned               n, found;
    ngx_dns_cache_view_t   v;

    found = 0;

    for (n = from; n < to; n++) {
        if (find(c, n, &v) != NGX_OK) {
            continue;
        }

        for (i = 0; i < v.answer.body_len; i++) {
            if (v.body[i] != (u_char) n) {
                return 0;
            }
        }

        found += ngx_dns_cache_check(&v) && v.ttl[1] == 22;
    }

    return found;
}


static void
basic(void)
{
    size_t                 len;
    u_char                 buf[64];
    ngx_dns_cache_shm_t   *c;
    ngx_dns_cache_view_t   v;

    c = cache(1 << 20);

    is_int(find(c, 1, &v), NGX_DECLINED, "empty");
    is_int(store(c, 1, 1300, 1000, 40), NGX_OK, "stored");
    is_int(find(c, 1, &v), NGX_OK, "found");
    is_int(v.answer.expires, 1300, "its end");
    is_int(v.answer.body_len, 40, "its length");
    is_int(ngx_dns_cache_check(&v), 1, "whole");

    len = name(buf, 1);
    is_int(ngx_dns_cache_find(c, ngx_dns_cache_hash(c, buf, len,
                                                    0x0001000100000000, 8),
                              buf, len, 0x0001000100000000, 8, &v),
           NGX_DECLINED, "another partition");
    is_int(ngx_dns_cache_find(c, ngx_dns_cache_hash(c, buf, len,
                                                    0x0002000100000000, 7),
                              buf, len, 0x0002000100000000, 7, &v),
           NGX_DECLINED, "another type");

    (void) find(c, 1, &v);
    is_int(store(c, 1, 1400, 1100, 50), NGX_OK, "stored again");
    is_int(ngx_dns_cache_check(&v), 0, "the old view is no longer good");
    (void) find(c, 1, &v);
    is_int(v.answer.expires, 1400, "the new one");

    is_int(ngx_dns_cache_claim(&v), 1, "claimed");
    is_int(ngx_dns_cache_claim(&v), 0, "by one only");

    ok(ngx_dns_cache_attach(c, 1 << 20) == c, "attach");
    ok(ngx_dns_cache_attach(c, 1 << 21) == NULL, "not with another size");
}


static void
sizes(void)
{
    unsigned               i, k, n;
    size_t                 size, over, entries, whole;
    ngx_dns_cache_shm_t   *c;
    ngx_dns_cache_stat_t   stat;

    for (size = 65536; size <= (64 << 20); size *= 4) {

        /* how many go into the smallest depends on the key it draws */

        n = size > 65536 ? 1 : 16;
        entries = 0;
        whole = 0;

        for (k = 0; k < n; k++) {
            c = cache(size);

            for (i = 0; i < 2 * size / 128; i++) {
                (void) store(c, i, 5000, 1000, 40);
            }

            ngx_dns_cache_stat(c, &stat);

            entries += stat.entries;
            whole += alive(c, 0, i);
        }

        over = n * size / entries - NAME_LEN - 40;

        ok(over <= (size > 65536 ? 96 : 110),
           "%zu KB: %zu entries, %zu octets each beside name and body",
           size / 1024, entries / n, over);
        is_int(whole, entries, "and all are whole");
        is_int(stat.deferred, 0, "no store was given up");
    }

    c = cache(65536);
    is_int(store(c, 1, 5000, 1000, 4097), NGX_DECLINED,
           "larger than a segment");
}


/* 1,000,000 answers of 16 octets with names of 17 in 256 MB */

static void
million(void)
{
    unsigned              i;
    ngx_dns_cache_shm_t  *c;

    c = cache(256UL << 20);

    for (i = 0; i < 1000000; i++) {
        (void) store(c, i, 5000, 1000, 16);
    }

    ok(alive(c, 0, 1000000) > 998000, "a million names: %u are kept",
       alive(c, 0, 1000000));
}


static void
popular(void)
{
    unsigned               i, k;
    ngx_dns_cache_shm_t   *c;
    ngx_dns_cache_view_t   v;

    c = cache(1 << 20);

    /* 1,000 names asked for now and then, in a flood of others */

    for (i = 0; i < 200000; i++) {
        k = i * 7 % 1000;

        if (find(c, k, &v) == NGX_OK) {
            ngx_dns_cache_touch(&v);

        } else {
            (void) store(c, k, 5000, 1000, 40);
        }

        (void) store(c, 1000 + i, 5000, 1000, 40);
    }

    ok(alive(c, 0, 1000) > 990, "a flood does not push out what is asked: %u",
       alive(c, 0, 1000));

    /* what has ended goes first */

    c = cache(1 << 20);

    for (i = 0; i < 2000; i++) {
        (void) store(c, i, 1500, 1000, 40);
        (void) find(c, i, &v);
        ngx_dns_cache_touch(&v);
    }

    for (i = 0; i < 9000; i++) {
        (void) store(c, 10000 + i, 5000, 2000, 40);
    }

    is_int(alive(c, 0, 2000), 0, "an entry past its end is not moved on");
}


/* what has ended was not dropped for another */

static void
ended(void)
{
    unsigned              i;
    ngx_dns_cache_shm_t  *c;
    ngx_dns_cache_stat_t  stat;

    c = cache(1 << 20);

    for (i = 0; i < 4500; i++) {
        (void) store(c, i, 1500, 1000, 0);
    }

    ngx_dns_cache_stat(c, &stat);
    is_int(stat.evictions, 4500 - alive(c, 0, 4500), "dropped for others: %lu",
           stat.evictions);
    is_int(stat.inserts, 4500, "of all");

    for (i = 0; i < 4500; i++) {
        (void) store(c, 10000 + i, 5000, 2000, 0);
    }

    i = 4500 - alive(c, 10000, 14500) + (unsigned) stat.evictions;
    ok(alive(c, 0, 4500) < 4400, "some that had ended made room");

    ngx_dns_cache_stat(c, &stat);
    is_int(stat.evictions, i, "and do not count");
}


/*
 * A worker that was stopped before it could store what it was told brings that
 * when it goes on, and what it believes is the time.
 */

static void
stopped(void)
{
    ngx_dns_cache_shm_t   *c;
    ngx_dns_cache_view_t   v;

    c = cache(1 << 20);

    is_int(store(c, 1, 1400, 1100, 50), NGX_OK, "stored");
    is_int(store(c, 1, 1060, 1000, 40), NGX_BUSY, "by one that was stopped");
    is_int(find(c, 1, &v), NGX_OK, "it is there");
    is_int(v.answer.expires, 1400, "the newer one");
    is_int(store(c, 1, 1398, 1098, 40), NGX_OK,
           "by one whose clock is a little behind");

    c = cache(1 << 20);

    is_int(store(c, 1, 400, 0xfffffff0, 50), NGX_OK, "as seconds go round");
    is_int(store(c, 1, 400, 100, 40), NGX_OK, "it is later");
}


/* a failure never takes the place of an answer, in its time or not */

static void
failures(void)
{
    size_t                    len;
    u_char                    buf[64];
    uint64_t                  hash;
    ngx_dns_cache_shm_t      *c;
    ngx_dns_cache_view_t      v;
    ngx_dns_cache_response_t  a;

    c = cache(1UL << 20);

    memset(&a, 0, sizeof(a));

    len = name(buf, 1);
    a.bits = 0x0001000100000000;
    a.partition = 7;
    a.stored = 1000;
    a.expires = 1005;
    a.name_len = (uint16_t) len;
    a.flags = NGX_DNS_SERVFAIL;

    hash = ngx_dns_cache_hash(c, buf, len, a.bits, a.partition);

    is_int(ngx_dns_cache_store_failure(c, hash, buf, &a,
                                       at(0, 1000)), NGX_OK,
           "a failure where nothing is");
    is_int(ngx_dns_cache_store_failure(c, hash, buf, &a,
                                       at(0, 1000)), NGX_OK,
           "over another failure");
    is_int(find(c, 1, &v), NGX_OK, "is found");
    is_int(ngx_dns_cache_rcode(&v.answer), NGX_DNS_SERVFAIL, "as one");

    is_int(store(c, 1, 1010, 1000, 40), NGX_OK, "an answer over it");
    is_int(ngx_dns_cache_store_failure(c, hash, buf, &a,
                                       at(0, 1001)), NGX_BUSY,
           "none over the answer");
    is_int(ngx_dns_cache_store_failure(c, hash, buf, &a,
                                       at(0, 1020)), NGX_BUSY,
           "nor after its end");
    is_int(find(c, 1, &v), NGX_OK, "which is there");
    is_int(ngx_dns_cache_rcode(&v.answer), NGX_DNS_NOERROR, "still");

    is_int(ngx_dns_cache_claim(&v), 1, "a claim");
    is_int(ngx_dns_cache_claim(&v), 0, "one has it");
    ngx_dns_cache_unclaim(&v);
    is_int(ngx_dns_cache_claim(&v), 1, "given back");
}


int
main(void)
{
    ngx_pid = getpid();

    basic();
    sizes();
    million();
    popular();
    ended();
    stopped();
    failures();

    return done_testing();
}

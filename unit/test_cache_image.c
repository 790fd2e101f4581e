
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * A cache that is written down and read again: what is there afterwards, of
 * what age, and what becomes of an image that was cut or changed anywhere.
 */


#include <stdlib.h>

#include "tap.h"
#include "store/ngx_dns_cache_image.h"


#define IMAGE_SIZE   (64UL << 20)
#define IMAGE_NAMES  100000
#define IMAGE_WALL   1800000000
#define IMAGE_NOW    1000
#define IMAGE_BITS   0x0001000100000000
#define IMAGE_SCOPE  7


static size_t image_name(u_char *p, unsigned n);
static size_t image_body(u_char *p, unsigned n);
static void image_store_at(ngx_dns_cache_shm_t *c, unsigned n,
    uint32_t stored);
static void image_store(ngx_dns_cache_shm_t *c, unsigned n);
static int image_find(ngx_dns_cache_shm_t *c, unsigned n,
    ngx_dns_cache_view_t *v);
static ngx_dns_cache_shm_t *image_cache(size_t size);
static size_t image_write(ngx_dns_cache_shm_t *c, u_char *p, size_t room,
    time_t wall, uint32_t now, ngx_uint_t words);
static ngx_int_t image_read(ngx_dns_cache_shm_t *c, u_char *p, size_t size,
    time_t wall, uint32_t now, uint64_t *stored);
static void image_damaged(u_char *p, size_t size);


static size_t
image_name(u_char *p, unsigned n)
{
    memset(p, 0, 64);
    (void) sprintf((char *) p, "\10%08u\3tld", n);

    return 14;
}


static size_t
image_body(u_char *p, unsigned n)
{
    memset(p, (int) (n * 7 % 256), 512);

    return 16 + n % 400;
}


static void
image_store_at(ngx_dns_cache_shm_t *c, unsigned n, uint32_t stored)
{
    u_char                    name[64], body[512];
    uint16_t                  ttl[4] = { 0, 4, 8, 12 };
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    memset(&a, 0, sizeof(a));

    when.asked = 1;
    when.now = IMAGE_NOW;

    a.bits = IMAGE_BITS;
    a.partition = IMAGE_SCOPE;
    a.stored = stored;
    a.expires = IMAGE_NOW + 1000;
    a.name_len = (uint16_t) image_name(name, n);
    a.body_len = (uint16_t) image_body(body, n);
    a.nttl = (uint16_t) (n % 5);

    (void) ngx_dns_cache_store(c, ngx_dns_cache_hash(c, name, a.name_len,
                                                     a.bits, a.partition),
                               name, &a, ttl, body, &when);
}


static void
image_store(ngx_dns_cache_shm_t *c, unsigned n)
{
    image_store_at(c, n, IMAGE_NOW - 100 + n % 100);
}


/* is it there, as it was stored? */

static int
image_find(ngx_dns_cache_shm_t *c, unsigned n, ngx_dns_cache_view_t *v)
{
    size_t  len;
    u_char  name[64], body[512];

    len = image_name(name, n);

    return ngx_dns_cache_find(c, ngx_dns_cache_hash(c, name, len, IMAGE_BITS,
                                                    IMAGE_SCOPE),
                              name, len, IMAGE_BITS, IMAGE_SCOPE, v)
           == NGX_OK
           && v->answer.body_len == image_body(body, n)
           && v->answer.nttl == n % 5
           && memcmp(v->body, body, v->answer.body_len) == 0;
}


static ngx_dns_cache_shm_t *
image_cache(size_t size)
{
    void  *mem;

    mem = aligned_alloc(64, size);

    return ngx_dns_cache_init(memset(mem, 0, size), size);
}


static size_t
image_write(ngx_dns_cache_shm_t *c, u_char *p, size_t room, time_t wall,
    uint32_t now, ngx_uint_t words)
{
    u_char                 *end;
    ngx_dns_cache_image_t   image;

    end = ngx_dns_cache_image_begin(&image, c, p, wall, now);

    while (ngx_dns_cache_image_write(&image, &end, p + room, words)
           == NGX_AGAIN)
    {
        if ((size_t) (p + room - end) < NGX_DNS_CACHE_IMAGE_RECORD) {
            return 0;
        }
    }

    return (size_t) (ngx_dns_cache_image_end(&image, end) - p);
}


/* from a copy of exactly its size, in pieces of any */

static ngx_int_t
image_read(ngx_dns_cache_shm_t *c, u_char *data, size_t size, time_t wall,
    uint32_t now, uint64_t *stored)
{
    u_char                     *p, *copy;
    ngx_int_t                   rc;
    ngx_dns_cache_image_t       image;
    ngx_dns_cache_image_head_t  head;

    if (size < sizeof(head)) {
        return NGX_ERROR;
    }

    memcpy(&head, data, sizeof(head));

    memset(&image, 0, sizeof(image));
    image.cache = c;
    image.sec = now;
    image.usec = (uint64_t) now * 1000000;

    rc = ngx_dns_cache_image_open(&image, &head, wall);

    if (rc != NGX_OK) {
        return rc;
    }

    copy = malloc(size + 16);
    memcpy(copy, data, size);

    p = copy + sizeof(head);

    do {
        rc = ngx_dns_cache_image_read(&image, &p, copy + size);
    } while (rc == NGX_OK);

    if (rc == NGX_DONE && p != copy + size) {
        rc = NGX_ERROR;
    }

    free(copy);

    if (stored) {
        *stored = image.stored;
    }

    return rc == NGX_AGAIN ? NGX_ERROR : rc;
}


static void
image_damaged(u_char *p, size_t size)
{
    size_t      i, bad;
    ngx_uint_t  bit;

    bad = 0;

    for (i = 0; i < size; i++) {
        bad += image_read(NULL, p, i, IMAGE_WALL, IMAGE_NOW, NULL) == NGX_DONE;
    }

    ok(bad == 0, "cut at any octet");

    bad = 0;

    for (i = 0; i < size; i++) {
        for (bit = 0; bit < 8; bit++) {
            p[i] ^= (u_char) (1 << bit);
            bad += image_read(NULL, p, size, IMAGE_WALL, IMAGE_NOW, NULL)
                   == NGX_DONE;
            p[i] ^= (u_char) (1 << bit);
        }
    }

    ok(bad == 0, "each bit of it");
}


/* 60 seconds later, after a boot: the clock is another one */

static void
image_later(ngx_dns_cache_shm_t *d, u_char *p, size_t size, uint64_t entries)
{
    unsigned              n, found, aged, used;
    uint64_t              stored;
    ngx_dns_cache_view_t  v;

    ok(image_read(d, p, size, IMAGE_WALL + 60, 7, &stored) == NGX_DONE,
       "read");
    ok(stored == entries, "all of it");

    found = 0;
    aged = 0;
    used = 0;

    for (n = 0; n < IMAGE_NAMES; n++) {
        if (!image_find(d, n, &v)) {
            continue;
        }

        found++;
        aged += v.answer.stored == (uint32_t) (7 - 60 - 100 + (int) n % 100)
                && v.answer.expires == 7 - 60 + 1000;
        used += ngx_dns_cache_uses(&v) == (n % 3 == 0);
    }

    ok(found >= IMAGE_NAMES / 100 * 99, "99%% of the names");
    diag("%u of %u", found, IMAGE_NAMES);
    ok(aged == found, "aged");
    ok(used == found, "uses");
}


static void
image_again(ngx_dns_cache_shm_t *d, u_char *p, size_t size)
{
    uint64_t               stored;
    ngx_dns_cache_purge_t  purge;

    /* once more: what is there stays */

    ok(image_read(d, p, size, IMAGE_WALL + 60, 7, &stored) == NGX_DONE
       && stored == 0, "nothing is stored over another");

    /* a purge since then */

    memset(&purge, 0, sizeof(purge));
    ngx_dns_cache_purge_begin(d, &purge, 6 * 1000000UL);

    while (ngx_dns_cache_purge(d, &purge, 100000) != NGX_OK) {
        /* void */
    }

    ok(image_read(d, p, size, IMAGE_WALL + 60, 7, &stored) == NGX_DONE
       && stored == 0, "nothing that was purged");
}


static void
image_of_all(u_char *p, size_t room)
{
    size_t                 size;
    unsigned               n;
    uint64_t               stored;
    ngx_dns_cache_shm_t   *c, *d;
    ngx_dns_cache_view_t   v;
    ngx_dns_cache_stat_t   stat;

    c = image_cache(IMAGE_SIZE);

    for (n = 0; n < IMAGE_NAMES; n++) {
        image_store(c, n);

        if (n % 3 == 0 && image_find(c, n, &v)) {
            ngx_dns_cache_touch(&v);
        }
    }

    ngx_dns_cache_stat(c, &stat);

    size = image_write(c, p, room, IMAGE_WALL, IMAGE_NOW, 1000);

    ok(size > 0, "written");
    diag("%lu entries, %lu octets", (unsigned long) stat.entries,
         (unsigned long) size);

    d = image_cache(IMAGE_SIZE);
    d->key = c->key;

    image_later(d, p, size, stat.entries);
    image_again(d, p, size);

    /* into a smaller one */

    d = image_cache(4UL << 20);
    d->key = c->key;

    ok(image_read(d, p, size, IMAGE_WALL, IMAGE_NOW, &stored) == NGX_DONE,
       "into a small one");

    ok(image_read(d, p, size, IMAGE_WALL - 3, IMAGE_NOW, NULL) == NGX_ABORT,
       "of a time to come");

    p[0] ^= 2;
    ok(image_read(d, p, size, IMAGE_WALL, IMAGE_NOW, NULL) == NGX_DECLINED,
       "another version");
    p[0] ^= 2;
}


/*
 * A purge, then an image that an older process wrote before: what comes with
 * the second of the purge may be of before it.
 */

static void
image_purged(u_char *p, size_t room)
{
    size_t                 size;
    ngx_dns_cache_shm_t   *c, *d;
    ngx_dns_cache_view_t   v;
    ngx_dns_cache_purge_t  purge;

    c = image_cache(NGX_DNS_CACHE_MIN_SIZE);

    image_store_at(c, 0, IMAGE_NOW - 1);
    image_store_at(c, 1, IMAGE_NOW);
    image_store_at(c, 2, IMAGE_NOW + 1);
    image_store_at(c, 3, IMAGE_NOW + 4);

    size = image_write(c, p, room, IMAGE_WALL, IMAGE_NOW, 1000);

    d = image_cache(NGX_DNS_CACHE_MIN_SIZE);
    d->key = c->key;

    memset(&purge, 0, sizeof(purge));
    ngx_dns_cache_purge_begin(d, &purge, IMAGE_NOW * 1000000UL + 500000);

    /* in that second for the head of the image, one later for its reader */

    ok(image_read(d, p, size, IMAGE_WALL + 4, IMAGE_NOW + 5, NULL) == NGX_DONE,
       "read after a purge");

    ok(!image_find(d, 0, &v) && !image_find(d, 1, &v),
       "what was stored in the second of the purge is not there");
    ok(image_find(d, 3, &v), "what was stored after it is");

    /* what is stored while the image is written, and read at once */

    d = image_cache(NGX_DNS_CACHE_MIN_SIZE);
    d->key = c->key;
    d->purged = IMAGE_NOW * 1000000UL - 3000000;

    ok(image_read(d, p, size, IMAGE_WALL, IMAGE_NOW, NULL) == NGX_DONE,
       "read at once");
    ok(image_find(d, 2, &v) && image_find(d, 3, &v),
       "what is newer than its beginning is there");
}


/* a short one, which can be damaged everywhere */

static void
image_of_few(u_char *p, size_t room)
{
    size_t                size;
    unsigned              n;
    ngx_dns_cache_shm_t  *c;

    c = image_cache(NGX_DNS_CACHE_MIN_SIZE);

    for (n = 0; n < 5; n++) {
        image_store(c, n);
    }

    size = image_write(c, p, room, IMAGE_WALL, IMAGE_NOW, 7);

    ok(image_read(NULL, p, size, IMAGE_WALL, IMAGE_NOW, NULL) == NGX_DONE,
       "a short one");

    image_damaged(p, size);

    memset(p + size, 0, 8);
    ok(image_read(NULL, p, size + 8, IMAGE_WALL, IMAGE_NOW, NULL)
       == NGX_ERROR, "octets after its end");
}


int
main(void)
{
    size_t   room;
    u_char  *p;

    ngx_pid = 1;
    room = 128UL << 20;
    p = malloc(room);

    image_of_all(p, room);
    image_of_few(p, room);
    image_purged(p, room);

    return done_testing();
}

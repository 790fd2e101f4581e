
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/* Purges of the cache: what is named is gone, and nothing else. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_cache.h"


#define NAMES  20000


typedef struct {
    const char  *name;           /* on the wire */
    uint16_t     type;
} item_t;


/* type 0: the name is not there */

static const item_t  items[] = {
    { "\1a\4test", 1 },
    { "\1a\4test", 28 },
    { "\1b\1a\4test", 1 },
    { "\2ba\4test", 1 },         /* ends alike, in the middle of a label */
    { "\1c\4test", 0 },
    { "\1c\4test", 1 },
    { "\7xx\1a\4te\4test", 1 },  /* a label that looks like the name */
    { "\4test", 1 },
    { "", 2 },
};

#define ITEMS  (sizeof(items) / sizeof(items[0]))


typedef struct {
    const char  *label;
    const char  *name;           /* NULL: all */
    ngx_uint_t   below;
    uint16_t     type;
    unsigned     gone;           /* mask of items */
} purge_t;


static const purge_t  purges[] = {
    { "a name", "\1a\4test", 0, 0, 0x003 },
    { "one type of it", "\1a\4test", 0, 28, 0x002 },
    { "a type it does not have", "\1a\4test", 0, 15, 0 },
    { "and what is below it", "\1a\4test", 1, 0, 0x007 },
    { "one type of these", "\1a\4test", 1, 1, 0x005 },
    { "a type of a name that is not there", "\1c\4test", 0, 15, 0x010 },
    { "another name", "\1d\4test", 1, 0, 0 },
    { "all below", "\4test", 1, 0, 0x0ff },
    { "the root alone", "", 0, 0, 0x100 },
    { "all below the root", "", 1, 0, 0x1ff },
    { "everything", NULL, 0, 0, 0x1ff },
};


static ngx_int_t
put(ngx_dns_cache_shm_t *c, const char *name, uint16_t type, uint64_t asked)
{
    u_char                    buf[64];
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    memset(&a, 0, sizeof(a));
    memset(buf, 0, sizeof(buf));
    memcpy(buf, name, strlen(name));

    a.bits = (uint64_t) type << 48;
    a.expires = 1000;
    a.name_len = (uint16_t) (strlen(name) + 1);

    when.asked = asked;
    when.now = 1;

    return ngx_dns_cache_store(c, ngx_dns_cache_hash(c, buf, a.name_len,
                                                     a.bits, 0),
                               buf, &a, NULL, buf, &when);
}


static int
there(ngx_dns_cache_shm_t *c, const char *name, uint16_t type)
{
    u_char                buf[64];
    uint64_t              bits;
    ngx_dns_cache_view_t  view;

    memset(buf, 0, sizeof(buf));
    memcpy(buf, name, strlen(name));

    bits = (uint64_t) type << 48;

    return ngx_dns_cache_find(c, ngx_dns_cache_hash(c, buf, strlen(name) + 1,
                                                    bits, 0),
                              buf, strlen(name) + 1, bits, 0, &view)
           == NGX_OK;
}


static void
run(ngx_dns_cache_shm_t *c, ngx_dns_cache_purge_t *purge, uint64_t usec)
{
    ngx_int_t  rc;

    ngx_dns_cache_purge_begin(c, purge, usec);

    do {
        rc = ngx_dns_cache_purge(c, purge, 100);

    } while (rc == NGX_AGAIN);

    is_int(rc, NGX_OK, "at its end");
}


static void
test_items(void *mem, size_t size)
{
    unsigned                gone, expected;
    ngx_uint_t              i, k;
    ngx_dns_cache_shm_t    *c;
    ngx_dns_cache_purge_t   purge;

    for (i = 0; i < sizeof(purges) / sizeof(purges[0]); i++) {
        memset(mem, 0, size);
        c = ngx_dns_cache_init(mem, size);

        for (k = 0; k < ITEMS; k++) {
            (void) put(c, items[k].name, items[k].type, 0);
        }

        purge.name = (const u_char *) purges[i].name;
        purge.len = purges[i].name ? strlen(purges[i].name) + 1 : 0;
        purge.below = purges[i].below;
        purge.type = purges[i].type;

        run(c, &purge, 1);

        gone = 0;
        expected = 0;

        for (k = 0; k < ITEMS; k++) {
            gone |= (unsigned) !there(c, items[k].name, items[k].type) << k;
            expected += (purges[i].gone >> k) & 1;
        }

        is_int(gone, purges[i].gone, "%s", purges[i].label);
        is_int(purge.purged, expected, "and their number");
    }
}


static void
test_flight(void *mem, size_t size)
{
    ngx_dns_cache_shm_t    *c;
    ngx_dns_cache_stat_t    stat;
    ngx_dns_cache_purge_t   purge;

    memset(mem, 0, size);
    c = ngx_dns_cache_init(mem, size);

    purge.len = 0;
    run(c, &purge, 100);

    is_int(put(c, "\1a", 1, 100), NGX_ABORT, "what is in flight");
    is_int(there(c, "\1a", 1), 0, "is not stored");
    is_int(put(c, "\1a", 1, 101), NGX_OK, "what comes later is");

    run(c, &purge, 50);
    is_int(put(c, "\1a", 1, 100), NGX_ABORT, "that never goes back");

    ngx_dns_cache_stat(c, &stat);
    is_int(stat.entries, 0, "no entries");
    is_int(stat.bytes, 0, "no octets");
    is_int(stat.deferred, 0, "none was deferred");
}


static void
test_many(void *mem, size_t size)
{
    char                    name[32];
    unsigned                n, stored;
    ngx_dns_cache_shm_t    *c;
    ngx_dns_cache_stat_t    stat;
    ngx_dns_cache_purge_t   purge;

    memset(mem, 0, size);
    c = ngx_dns_cache_init(mem, size);
    stored = 0;

    for (n = 0; n < NAMES; n++) {
        sprintf(name, "\6%06u%s", n, n % 2 ? "\3odd" : "\4even");
        stored += put(c, name, 1, 0) == NGX_OK;
    }

    ngx_dns_cache_stat(c, &stat);
    is_int(stored, NAMES, "many names");

    n = (unsigned) stat.entries;

    purge.name = (const u_char *) "\3odd";
    purge.len = 5;
    purge.below = 1;
    purge.type = 0;
    run(c, &purge, 1);

    ngx_dns_cache_stat(c, &stat);
    is_int(stat.entries + purge.purged, n, "all are counted");
    ok(purge.purged >= n / 2 - n / 50, "half of them");
    is_int(there(c, "\6" "019999" "\3odd", 1), 0, "an odd one");
    is_int(there(c, "\6" "019998" "\4even", 1), 1, "an even one");

    purge.len = 0;
    run(c, &purge, 2);

    ngx_dns_cache_stat(c, &stat);
    is_int(stat.entries, 0, "no entries");
    is_int(stat.bytes, 0, "no octets");
}


int
main(void)
{
    size_t   size;
    void    *mem;

    size = 16 << 20;
    mem = aligned_alloc(64, size);

    test_items(mem, size);
    test_flight(mem, size);
    test_many(mem, size);

    free(mem);

    return done_testing();
}

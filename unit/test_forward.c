
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* The longest zone that a name is in, among few zones and many. */


#include "tap.h"
#include "nginx.h"
#include "query/ngx_dns_forward.h"

#include <time.h>


#define MANY  100000


static ngx_dns_zone_t *
zone(const char *name, size_t len)
{
    ngx_dns_zone_t  *z;

    z = calloc(1, sizeof(ngx_dns_zone_t));
    z->name.data = malloc(len + NGX_DNS_READ_PAD);
    z->name.len = len;
    memcpy(z->name.data, name, len);

    return z;
}


static ngx_dns_zone_t *
find_type(ngx_dns_forward_t *f, const char *name, size_t len, unsigned type)
{
    u_char              msg[300];
    ngx_dns_question_t  q;

    memset(msg, 0, sizeof(msg));
    msg[5] = 1;
    memcpy(msg + 12, name, len);
    msg[12 + len + 1] = (u_char) type;

    if (ngx_dns_question_parse(&q, msg, 12 + len + 4) != NGX_DNS_FINE) {
        abort();
    }

    return ngx_dns_forward_find(f, &q);
}


#define find(f, name, len)  find_type(f, name, len, 0)


static void
few(void)
{
    ngx_dns_zone_t     *root, *com, *sub;
    ngx_dns_forward_t  *f;

    f = ngx_dns_forward_create(&unit_pool);

    ok(find(f, "\1a\0", 3) == NULL, "no zone at all");

    com = zone("\7example\3com\0", 13);
    sub = zone("\1b\1a\7example\3com\0", 17);
    root = zone("\0", 1);

    is_int(ngx_dns_forward_add(f, com), NGX_OK, "example.com");
    is_int(ngx_dns_forward_add(f, sub), NGX_OK, "b.a.example.com");
    is_int(ngx_dns_forward_add(f, zone("\7example\3com\0", 13)), NGX_BUSY,
           "example.com again");

    ok(find(f, "\7EXAMPLE\3com\0", 13) == com, "the zone itself");
    ok(find(f, "\1x\7example\3com\0", 15) == com, "below it");
    ok(find(f, "\1a\7example\3com\0", 15) == com, "between two zones");
    ok(find(f, "\1b\1a\7example\3com\0", 17) == sub, "the longer one");
    ok(find(f, "\1c\1b\1a\7example\3com\0", 19) == sub, "below that");
    ok(find(f, "\xbnot-example\3com\0", 17) == NULL, "only whole labels");
    ok(find(f, "\3com\0", 5) == NULL, "above it");

    is_int(ngx_dns_forward_add(f, root), NGX_OK, "the root");
    ok(find(f, "\3com\0", 5) == root, "all else");
    ok(find(f, "\0", 1) == root, "the root itself");
    ok(find(f, "\7example\3com\0", 13) == com, "not what has a zone");
}


/* RFC 4035, 3.1.4.1: DS is in the parent's zone */

static void
ds(void)
{
    ngx_dns_zone_t     *root, *com, *sub;
    ngx_dns_forward_t  *f;

    f = ngx_dns_forward_create(&unit_pool);
    com = zone("\7example\3com\0", 13);
    sub = zone("\1a\7example\3com\0", 15);
    root = zone("\0", 1);

    (void) ngx_dns_forward_add(f, com);
    (void) ngx_dns_forward_add(f, sub);

    ok(find_type(f, "\1a\7example\3com\0", 15, 1) == sub, "A");
    ok(find_type(f, "\1a\7example\3com\0", 15, 43) == com, "DS");
    ok(find_type(f, "\1b\1a\7example\3com\0", 17, 43) == sub,
       "of a name below");
    ok(find_type(f, "\7example\3com\0", 13, 43) == com,
       "no other zone has the parent: its own");

    (void) ngx_dns_forward_add(f, root);
    ok(find_type(f, "\7example\3com\0", 13, 43) == root, "the root has it");
    ok(find_type(f, "\0", 1, 43) == root, "of the root");
}


static double
cost(ngx_dns_forward_t *f)
{
    size_t           len;
    unsigned         i;
    char             name[32];
    struct timespec  a, b;

    clock_gettime(CLOCK_MONOTONIC, &a);

    for (i = 0; i < MANY; i++) {
        len = sprintf(name, "\3www\7z%06u\3net", i % 1000) + 1;
        (void) find(f, name, len);
    }

    clock_gettime(CLOCK_MONOTONIC, &b);

    return (b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec);
}


static void
many(void)
{
    size_t              len;
    unsigned            i, bad;
    char                name[32];
    double              one, all;
    ngx_dns_zone_t    **zones;
    ngx_dns_forward_t  *f;

    zones = calloc(MANY, sizeof(ngx_dns_zone_t *));
    f = ngx_dns_forward_create(&unit_pool);
    one = 0;

    for (i = 0; i < MANY; i++) {
        len = sprintf(name, "\7z%06u\3net", i) + 1;
        zones[i] = zone(name, len);

        if (ngx_dns_forward_add(f, zones[i]) != NGX_OK) {
            break;
        }

        if (i == 999) {
            one = cost(f);
        }
    }

    is_int(i, MANY, "%d zones", MANY);

    bad = 0;

    for (i = 0; i < MANY; i++) {
        len = sprintf(name, "\3www\7z%06u\3net", i) + 1;
        bad += find(f, name, len) != zones[i];
    }

    is_int(bad, 0, "each is found");

    all = cost(f);

    /* a figure for the reader; time is no ground to fail */

    diag("a look-up among 1,000 zones: %.0f ns, among %d: %.0f ns",
         one / MANY, MANY, all / MANY);
}


int
main(void)
{
    few();
    ds();
    many();

    return done_testing();
}

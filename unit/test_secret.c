
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Secrets: what a file may have, and how they take turns. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_secret.h"


#define A  "00112233445566778899aabbccddeeff"
#define B  "ffeeddccbbaa99887766554433221100"
#define NO "not 32 hexadecimal digits"


static void
files(void)
{
    u_char                 many[17 * 33 + 1];
    size_t                 i;
    ngx_uint_t             line;
    const char            *why;
    ngx_dns_secret_set_t   set;

    static const struct {
        const char  *name;
        const char  *text;
        unsigned     n;
        const char  *why;
        unsigned     line;
    } cases[] = {
        { "one", A "\n", 1, NULL, 0 },
        { "no end of line", A, 1, NULL, 0 },
        { "two", A "\n" B "\n", 2, NULL, 0 },
        { "upper case", "00112233445566778899AABBCCDDEEFF\n", 1, NULL, 0 },
        { "CR, empty lines", "\n" A "\r\n\r\n\n" B "\r\n", 2, NULL, 0 },
        { "empty", "", 0, "no secret", 0 },
        { "empty lines", "\n\n", 0, "no secret", 0 },
        { "31 digits", A "\n" "0112233445566778899aabbccddeeff\n", 0, NO, 2 },
        { "33 digits", "0" A "\n", 0, NO, 1 },
        { "no digit", "0011223344556677889gaabbccddeeff\n", 0, NO, 1 },
        { "a blank", A " \n", 0, NO, 1 },
        { "a comment", A "\n# secret\n", 0, NO, 2 },
        { "a high octet", "0011223344556677\xb0" "899aabbccddeeff", 0, NO, 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        why = ngx_dns_secret_read(&set, (const u_char *) cases[i].text,
                                  strlen(cases[i].text), &line);

        is_str(why ? why : "fine", cases[i].why ? cases[i].why : "fine",
               "%s", cases[i].name);
        is_int(line, cases[i].line, "line");

        if (cases[i].why == NULL) {
            is_int(set.n, cases[i].n, "secrets");
            is_mem((u_char *) &set.key[0], 16,
                   "\x00\x11\x22\x33\x44\x55\x66\x77"
                   "\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16, "octets");
        }
    }

    for (i = 0; i < 17; i++) {
        memcpy(many + i * 33, A "\n", 33);
    }

    is_int(ngx_dns_secret_read(&set, many, 16 * 33, &line) == NULL, 1, "16");
    is_str(ngx_dns_secret_read(&set, many, 17 * 33, &line),
           "more than 16 secrets", "17");
}


static void
turns(void)
{
    ngx_dns_hash_key_t           first, second;
    ngx_dns_secret_set_t         set;
    ngx_dns_secret_shm_t         shm;
    const ngx_dns_secret_set_t  *got;

    memset(&shm, 0, sizeof(shm));
    memset(&set, 0, sizeof(set));

    is_int(ngx_dns_secret_init(&shm), NGX_OK, "new memory");
    is_int(ngx_dns_secret_get(&shm)->n, 0, "has none");

    set.n = 1;
    set.key[0].k0 = 1;

    is_int(ngx_dns_secret_put(&shm, &set), 1, "put");
    is_int(ngx_dns_secret_put(&shm, &set), 0, "the same again");
    is_int(ngx_dns_secret_get(&shm)->key[0].k0, 1, "is in use");

    set.key[0].k0 = 2;

    is_int(ngx_dns_secret_put(&shm, &set), 1, "another");
    is_int(ngx_dns_secret_get(&shm)->key[0].k0, 2, "is in use");
    is_int(ngx_dns_secret_init(&shm), NGX_OK, "over a reload");

    memset(&shm, 0, sizeof(shm));
    (void) ngx_dns_secret_init(&shm);

    ngx_dns_secret_draw(&shm, 1000000);
    got = ngx_dns_secret_get(&shm);
    first = got->key[0];
    is_int(got->n, 1, "drawn");
    ok(first.k0 && first.k1, "by chance");

    ngx_dns_secret_draw(&shm, 1000000 + NGX_DNS_SECRET_LIFE - 1);
    is_int(ngx_dns_secret_get(&shm)->n, 1, "has its time");

    ngx_dns_secret_draw(&shm, 1000000 + NGX_DNS_SECRET_LIFE);
    got = ngx_dns_secret_get(&shm);
    second = got->key[0];
    is_int(got->n, 2, "then there are two");
    ok(second.k0 != first.k0 && second.k1 != first.k1, "a new one first");
    is_int(got->key[1].k0, first.k0, "the one before second");

    ngx_dns_secret_draw(&shm, 1000000 + NGX_DNS_SECRET_LIFE - 1);
    is_int(ngx_dns_secret_get(&shm)->key[0].k0, second.k0,
           "a second earlier, by another clock: it stays");

    ngx_dns_secret_draw(&shm, 1000000 + 2 * NGX_DNS_SECRET_LIFE);
    got = ngx_dns_secret_get(&shm);
    is_int(got->n, 2, "not more");
    is_int(got->key[1].k0, second.k0, "the first is forgotten");

    ngx_dns_secret_draw(&shm, 1000000);
    is_int(ngx_dns_secret_get(&shm)->key[1].k0, got->key[0].k0,
           "the clock is set back: another one, with its time");

    shm.layout = 1;
    is_int(ngx_dns_secret_init(&shm), NGX_DECLINED, "another layout");
}


int
main(void)
{
    files();
    turns();

    return done_testing();
}

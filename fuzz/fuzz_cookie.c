
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Cookies of clients, and files of secrets.  The first octet chooses:
 *
 *   0, 1  the rest is the file; what it is said to be good for can be used
 *   2, 3  age and address (IPv4 or IPv6), then the data of the option.  It is
 *         never good: nobody has got it from us
 *   4, 5  the same, but the data is a mask over a cookie that we have just
 *         made, which is good with no bit changed, and with no other one
 */


#include "fuzz/input.h"
#include "unit/cookie.h"


#define COOKIE  24


static void
secrets(const u_char *p, size_t len)
{
    u_char                *text;
    ngx_uint_t             line, i, lines;
    const char            *wrong;
    ngx_dns_secret_set_t   set;

    text = malloc(len + 1);
    if (text == NULL) {
        return;
    }

    memcpy(text, p, len);

    for (i = 0, lines = 1; i < len; i++) {
        lines += p[i] == '\n';
    }

    line = 0;
    wrong = ngx_dns_secret_read(&set, text, len, &line);

    if (wrong) {
        must(*wrong && line <= lines);

    } else {
        must(set.n && set.n <= NGX_DNS_SECRETS);
    }

    free(text);
}


/* an answer has a cookie, or the query is FORMERR */

static ngx_uint_t
good(const u_char *p, size_t len)
{
    ngx_uint_t        proven;
    ngx_dns_reason_e  reason;

    reason = NGX_DNS_FINE;
    proven = cookie_good(p, len, &reason);

    if (cookie_asked.options) {
        must(reason == NGX_DNS_FINE);

    } else {
        must(reason == NGX_DNS_ECOOKIE && !proven);
    }

    return proven;
}


static void
masked(const u_char *mask, size_t len, time_t age)
{
    u_char      p[COOKIE];
    ngx_uint_t  i, changed;

    memcpy(cookie_asked.kept, "\1\2\3\4\5\6\7\10", 8);

    must(cookie_made(p) == COOKIE);

    for (i = 0, changed = 0; i < COOKIE && i < len; i++) {
        p[i] ^= mask[i];
        changed |= mask[i];
    }

    cookie_now.sec += age;

    must(good(p, COOKIE) == (!changed && age >= -300 && age <= 3600));
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    time_t                age;
    ngx_uint_t            what;
    ngx_dns_secret_set_t  set;

    if (cookie_conf.runtime.counters == NULL) {
        cookie_init();

        memset(&set, 0x5a, sizeof(set));
        set.n = 2;
        (void) ngx_dns_secret_put(&cookie_shm, &set);
    }

    if (size < 1) {
        return 0;
    }

    what = data[0] % 6;

    if (what < 2) {
        secrets(data + 1, size - 1);
        return 0;
    }

    if (size < 19) {
        return 0;
    }

    age = (int16_t) (data[1] << 8 | data[2]);
    cookie_now.sec = 1700000000;
    cookie_from(data + 3, what & 1);

    data += 19;
    size -= 19;

    if (what >= 4) {
        masked(data, size, age);

    } else {
        must(!good(data, size));
    }

    return 0;
}

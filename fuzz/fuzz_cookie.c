
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


#include "unit/nginx.h"
#include "query/ngx_dns_option.h"

#include <stdlib.h>


#define COOKIE  24


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


static ngx_time_t            now;
static ngx_dns_conf_t        conf;
static ngx_dns_asked_t       asked;
static ngx_dns_client_t      client;
static ngx_dns_secret_shm_t  shm;


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

    if (wrong ? (*wrong == '\0' || line > lines)
              : (set.n == 0 || set.n > NGX_DNS_SECRETS))
    {
        abort();
    }

    free(text);
}


static void
from(const u_char *p, ngx_uint_t v6)
{
    memset(&client, 0, sizeof(client));

    if (v6) {
        client.sockaddr.sockaddr.sa_family = AF_INET6;
        memcpy(&client.sockaddr.sockaddr_in6.sin6_addr, p, 16);
        return;
    }

    client.sockaddr.sockaddr.sa_family = AF_INET;
    memcpy(&client.sockaddr.sockaddr_in.sin_addr, p, 4);
}


/* data of the option, in memory of its own, so that no octet more is read */

static ngx_uint_t
good(const u_char *p, size_t len)
{
    u_char                  *data;
    ngx_dns_option_query_t   query;

    data = malloc(len ? len : 1);
    if (data == NULL) {
        return 0;
    }

    memcpy(data, p, len);
    memset(&query, 0, sizeof(query));
    memset(&asked, 0, sizeof(asked));

    query.conf = &conf;
    query.client = &client;
    query.asked = &asked;
    query.reason = NGX_DNS_FINE;

    asked.options = (uint16_t) ngx_dns_option_cookie.parse(&query, data, len);

    /* an answer has a cookie, or the query is FORMERR */

    if (asked.options ? query.reason != NGX_DNS_FINE
                      : query.reason != NGX_DNS_ECOOKIE || asked.proven)
    {
        abort();
    }

    free(data);

    return asked.proven;
}


static void
made(u_char *p)
{
    ngx_dns_asker_t         asker;
    ngx_dns_option_place_t  place;

    memset(&asker, 0, sizeof(asker));

    asker.client = &client;
    asker.conf = &conf;
    asker.asked = &asked;
    place.asker = &asker;

    if (ngx_dns_option_cookie.write(&place, p) - p != COOKIE
        || ngx_dns_option_cookie.size(&asker) != COOKIE)
    {
        abort();
    }
}


static void
masked(const u_char *mask, size_t len, time_t age)
{
    u_char      p[COOKIE];
    ngx_uint_t  i, changed;

    memcpy(asked.kept, "\1\2\3\4\5\6\7\10", 8);
    made(p);

    for (i = 0, changed = 0; i < COOKIE && i < len; i++) {
        p[i] ^= mask[i];
        changed |= mask[i];
    }

    now.sec += age;

    if (good(p, COOKIE) != (!changed && age >= -300 && age <= 3600)) {
        abort();
    }
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    time_t                age;
    ngx_uint_t            what;
    ngx_dns_secret_set_t  set;

    if (conf.runtime.counters == NULL) {
        ngx_cached_time = &now;
        conf.listener.secrets = &shm;
        conf.runtime.counters = ngx_dns_metrics_server(0);

        (void) ngx_dns_secret_init(&shm);

        memset(&set, 0x5a, sizeof(set));
        set.n = 2;
        (void) ngx_dns_secret_put(&shm, &set);
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
    now.sec = 1700000000;
    from(data + 3, what & 1);

    data += 19;
    size -= 19;

    if (what >= 4) {
        masked(data, size, age);

    } else if (good(data, size)) {
        abort();
    }

    return 0;
}

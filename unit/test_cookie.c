
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Cookies: the vectors of RFC 9018, appendix A, and what is not good. */


#include "tap.h"
#include "cookie.h"

#include <arpa/inet.h>


#define V4  "198.51.100.100"


static ngx_dns_reason_e  reason;


static size_t
octets(u_char *p, const char *hex)
{
    size_t        n;
    unsigned int  octet;

    for (n = 0; *hex; n++, hex += 2) {
        sscanf(hex, "%2x", &octet);
        p[n] = (u_char) octet;
    }

    return n;
}


static void
secrets(const char *text)
{
    ngx_uint_t            line;
    ngx_dns_secret_set_t  set;

    (void) ngx_dns_secret_read(&set, (const u_char *) text, strlen(text),
                               &line);
    (void) ngx_dns_secret_put(&cookie_shm, &set);
}


static void
from(const char *text)
{
    u_char      address[16];
    ngx_uint_t  v6;

    v6 = strchr(text, ':') != NULL;

    (void) inet_pton(v6 ? AF_INET6 : AF_INET, text, address);
    cookie_from(address, v6);
}


/* is the cookie good at that time?  "reason" is what becomes of the query */

static ngx_uint_t
good(const char *cookie, uint32_t sec, ngx_dns_reason_e before)
{
    u_char  data[64];

    cookie_now.sec = (time_t) sec;
    reason = before;

    return cookie_good(data, octets(data, cookie), &reason);
}


static void
made(const char *cookie, const char *name)
{
    u_char  p[64], expected[64];

    is_mem(p, cookie_made(p), expected, octets(expected, cookie), "%s", name);
}


static void
vectors(void)
{
    secrets("e5e973e5a6b2a43f48e7dc849e37bfcf");
    from(V4);

    is_int(good("2464c4abcf10c957", 1559731985, NGX_DNS_FINE), 0,
           "A.1: no server cookie");
    made("2464c4abcf10c957010000005cf79f111f8130c3eee29480", "a new one");

    is_int(good("2464c4abcf10c957010000005cf79f111f8130c3eee29480",
                1559734385, NGX_DNS_FINE), 1, "A.2: the same client");
    made("2464c4abcf10c957010000005cf7a871d4a564a1442aca77", "renewed");

    from("203.0.113.203");

    is_int(good("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
                1559727985, NGX_DNS_FINE), 1, "A.3: reserved octets");
    cookie_now.sec = 1559734700;
    made("fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", "renewed");

    secrets("445536bcd2513298075a5d379663c962\n"
            "dd3bdf9344b678b185a6f5cb60fca715");
    from("2001:db8:220:1:59de:d0f4:8769:82b8");

    is_int(good("22681ab97d52c298010000005cf7c57926556bd0934c72f8",
                1559741961, NGX_DNS_FINE), 1, "A.4: the secret before");
    made("22681ab97d52c298010000005cf7c609a6bb79d16625507a",
         "with the new one");
}


static void
bad(void)
{
    size_t       i;
    const char  *cookie;

    static const struct {
        const char        *name;
        const char        *cookie;
        uint32_t           time;
        ngx_uint_t         noted;
        ngx_dns_reason_e   reason;     /* with a question */
        ngx_dns_reason_e   empty;      /* without one */
    } cases[] = {
        { "another client", "2464c4abcf10c958010000005cf79f111f8130c3eee29480",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "another version", "2464c4abcf10c957020000005cf79f111f8130c3eee29480",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "another time", "2464c4abcf10c957010000005cf79f121f8130c3eee29480",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "another hash", "2464c4abcf10c957010000005cf79f111f8130c3eee29481",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "of 16 octets", "2464c4abcf10c957010000005cf79f11",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "of 40", "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
                   "00112233445566778899aabbccddeeff",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EBADCOOKIE },
        { "a client's alone", "2464c4abcf10c957",
          1559731985, 1, NGX_DNS_FINE, NGX_DNS_EASKCOOKIE },
        { "none", "", 1559731985, 0, NGX_DNS_ECOOKIE, NGX_DNS_ECOOKIE },
        { "7 octets", "2464c4abcf10c9",
          1559731985, 0, NGX_DNS_ECOOKIE, NGX_DNS_ECOOKIE },
        { "9", "2464c4abcf10c95701",
          1559731985, 0, NGX_DNS_ECOOKIE, NGX_DNS_ECOOKIE },
        { "15", "2464c4abcf10c957010000005cf79f",
          1559731985, 0, NGX_DNS_ECOOKIE, NGX_DNS_ECOOKIE },
        { "41", "2464c4abcf10c957010000005cf79f111f8130c3eee29480"
                "00112233445566778899aabbccddeeff00",
          1559731985, 0, NGX_DNS_ECOOKIE, NGX_DNS_ECOOKIE }
    };

    secrets("e5e973e5a6b2a43f48e7dc849e37bfcf");
    from(V4);

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(good(cases[i].cookie, cases[i].time, NGX_DNS_FINE), 0, "%s",
               cases[i].name);
        is_int(cookie_asked.options, cases[i].noted, "noted");
        is_int(reason, cases[i].reason, "with a question");

        (void) good(cases[i].cookie, cases[i].time, NGX_DNS_EQDCOUNT);
        is_int(reason, cases[i].empty, "without one");

        (void) good(cases[i].cookie, cases[i].time, NGX_DNS_EVERSION);
        is_int(reason, NGX_DNS_EVERSION, "another error stays");
    }

    cookie = "2464c4abcf10c957010000005cf79f111f8130c3eee29480";

    is_int(good(cookie, 1559731985 + 3600, NGX_DNS_FINE), 1, "an hour old");
    is_int(good(cookie, 1559731985 + 3601, NGX_DNS_FINE), 0, "older");
    is_int(good(cookie, 1559731985 - 300, NGX_DNS_FINE), 1, "5 minutes ahead");
    is_int(good(cookie, 1559731985 - 301, NGX_DNS_FINE), 0, "more");

    (void) good(cookie, 1559731985, NGX_DNS_EQDCOUNT);
    is_int(reason, NGX_DNS_EASKCOOKIE, "a good one without a question");

    from("::ffff:" V4);
    is_int(good(cookie, 1559731985, NGX_DNS_FINE), 1, "IPv4 by IPv6");

    from("198.51.100.101");
    is_int(good(cookie, 1559731985, NGX_DNS_FINE), 0, "another address");

    cookie_client.proxied = 1;
    cookie_client.source = cookie_client.sockaddr;
    (void) inet_pton(AF_INET, V4, &cookie_client.source.sockaddr_in.sin_addr);
    is_int(good(cookie, 1559731985, NGX_DNS_FINE), 1, "behind a proxy");

    cookie_conf.listener.secrets = NULL;
    (void) good("00", 1559731985, NGX_DNS_FINE);
    is_int(cookie_asked.options, 0, "off");
    is_int(reason, NGX_DNS_FINE, "anything goes");
}


int
main(void)
{
    cookie_init();

    vectors();
    bad();

    return done_testing();
}

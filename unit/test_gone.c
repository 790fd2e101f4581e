
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Queries of clients that have gone: how many an address may have. */


#include "tap.h"
#include "nginx.h"
#include "query/ngx_dns_gone.h"


static ngx_dns_front_t  stream = { .type = SOCK_STREAM };
static ngx_dns_front_t  datagram = { .type = SOCK_DGRAM };


static void
client(ngx_dns_client_t *c, const char *address)
{
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    memset(c, 0, sizeof(ngx_dns_client_t));
    c->front = &stream;

    if (strchr(address, ':')) {
        sin6 = &c->sockaddr.sockaddr_in6;
        sin6->sin6_family = AF_INET6;
        (void) inet_pton(AF_INET6, address, &sin6->sin6_addr);
        c->socklen = sizeof(struct sockaddr_in6);
        return;
    }

    sin = &c->sockaddr.sockaddr_in;
    sin->sin_family = AF_INET;
    (void) inet_pton(AF_INET, address, &sin->sin_addr);
    c->socklen = sizeof(struct sockaddr_in);
}


static void
addresses(void)
{
    size_t            i, k;
    ngx_dns_conf_t    conf, other;
    ngx_dns_client_t  c, d;

    static const struct {
        const char  *gone;
        const char  *asks;
        ngx_uint_t   full;
    } cases[] = {
        { "192.0.2.1", "192.0.2.1", 1 },
        { "192.0.2.1", "192.0.2.2", 0 },
        { "192.0.2.1", "::ffff:192.0.2.1", 1 },
        { "2001:db8::1", "2001:db8::1", 1 },
        { "2001:db8::1", "2001:db8::ffff:0:0:1", 1 },
        { "2001:db8::1", "2001:db8:0:1::1", 0 },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.2", 0 }
    };

    memset(&conf, 0, sizeof(ngx_dns_conf_t));
    conf.listener.max_queries = 80;
    other = conf;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        client(&c, cases[i].gone);
        client(&d, cases[i].asks);

        ngx_dns_gone_add(&conf, &c, 9);
        ok(!ngx_dns_gone_full(&conf, &d), "%s: less", cases[i].gone);

        ngx_dns_gone_add(&conf, &c, 1);
        ok(ngx_dns_gone_full(&conf, &d) == cases[i].full, "%s: %s",
           cases[i].gone, cases[i].asks);
        ok(!ngx_dns_gone_full(&other, &d), "%s: another server",
           cases[i].gone);

        d.front = &datagram;
        ok(!ngx_dns_gone_full(&conf, &d), "%s: a datagram", cases[i].gone);
        d.front = &stream;

        ngx_dns_gone_end(&conf, &c);
        ok(!ngx_dns_gone_full(&conf, &d), "%s: one has ended", cases[i].gone);

        ngx_dns_gone_add(&conf, &c, 0);
        ok(!ngx_dns_gone_full(&conf, &d), "%s: none more", cases[i].gone);

        for (k = 0; k < 9; k++) {
            ngx_dns_gone_end(&conf, &c);
        }
    }
}


int
main(void)
{
    addresses();

    return done_testing();
}

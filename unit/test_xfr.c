
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Where zone transfers end. */


#include "tap.h"
#include "wire/ngx_dns_name.h"
#include "wire/ngx_dns_xfr.h"


#define BODY  17                        /* header, root, type, class */


/*
 * A message with a record for each character: a digit is an SOA with that
 * serial, anything else an A.
 */

static size_t
message(u_char *p, const char *records)
{
    u_char  *start;
    size_t   rdlen;

    start = p;

    memset(p, 0, BODY);
    p[2] = 0x80;
    p[5] = 1;
    p[7] = (u_char) strlen(records);
    p[14] = 252;
    p[16] = 1;
    p += BODY;

    for ( /* void */ ; *records; records++) {
        rdlen = *records >= '0' && *records <= '9' ? 22 : 4;

        memset(p, 0, 11 + rdlen);
        ngx_dns_put16(p + 1, rdlen == 22 ? NGX_DNS_TYPE_SOA : NGX_DNS_TYPE_A);
        ngx_dns_put16(p + 3, 1);
        ngx_dns_put16(p + 9, rdlen);

        if (rdlen == 22) {
            ngx_dns_put32(p + 13, (uint32_t) (*records - '0'));
        }

        p += 11 + rdlen;
    }

    return p - start;
}


/* messages are apart by spaces; gives the verdict on the last */

static ngx_int_t
verdict(ngx_uint_t incremental, uint32_t have, const char *messages)
{
    char               one[64];
    size_t             len, n;
    u_char             p[4096];
    ngx_int_t          rc;
    ngx_dns_xfr_t      x;
    ngx_dns_message_t  m;

    memset(&x, 0, sizeof(x));
    x.incremental = incremental ? 1 : 0;
    x.have = have;
    rc = NGX_AGAIN;

    while (*messages) {
        if (rc != NGX_AGAIN) {
            return -100;                /* it has ended before */
        }

        n = strcspn(messages, " ");
        memcpy(one, messages, n);
        one[n] = '\0';

        messages += n + (messages[n] == ' ');

        len = message(p, one);

        if (ngx_dns_message_parse(&m, p, len, BODY) != NGX_OK) {
            return -101;
        }

        rc = ngx_dns_xfr_message(&x, &m, p);
    }

    return rc;
}


static void
whole(void)
{
    is_int(verdict(0, 0, "7aaa7"), NGX_OK, "AXFR in one message");
    is_int(verdict(0, 0, "7aaa"), NGX_AGAIN, "AXFR, more to come");
    is_int(verdict(0, 0, "7 a a aa 7"), NGX_OK, "AXFR in five");
    is_int(verdict(0, 0, "77"), NGX_OK, "AXFR of an SOA alone");
    is_int(verdict(0, 0, "7"), NGX_AGAIN, "AXFR, one SOA is not the end");
    is_int(verdict(0, 0, "a7"), NGX_ERROR, "AXFR without an SOA at first");
    is_int(verdict(0, 0, "7a8"), NGX_ERROR, "AXFR, another serial at the end");
    is_int(verdict(0, 0, "7a7a"), NGX_ERROR, "AXFR, a record after the end");
    is_int(verdict(0, 0, "7a  "), NGX_ERROR, "AXFR, an empty message");
    is_int(verdict(0, 0, "7a7 a"), -100, "AXFR, a message after the end");
}


static void
incremental(void)
{
    is_int(verdict(1, 7, "7"), NGX_OK, "IXFR, up to date");
    is_int(verdict(1, 8, "7"), NGX_OK, "IXFR, the client has a newer one");
    is_int(verdict(1, 5, "7"), NGX_AGAIN, "IXFR, one record a message");
    is_int(verdict(1, 5, "7 a a 7"), NGX_OK, "IXFR as AXFR");
    is_int(verdict(1, 5, "7aaa7"), NGX_OK, "IXFR as AXFR in one message");
    is_int(verdict(1, 5, "7aaa8"), NGX_ERROR, "IXFR as AXFR, another serial");
    is_int(verdict(1, 5, "77"), NGX_OK, "IXFR as AXFR of an SOA alone");
    is_int(verdict(1, 5, "75a7a7"), NGX_OK, "IXFR, one difference");
    is_int(verdict(1, 5, "75a7a"), NGX_AGAIN, "IXFR, not at its end");
    is_int(verdict(1, 5, "75a6a"), NGX_AGAIN, "IXFR, between differences");
    is_int(verdict(1, 5, "75a6a 6a7a7"), NGX_OK, "IXFR, two differences");
    is_int(verdict(1, 5, "7 5 6 a 6 a 7 7"), NGX_OK, "IXFR, message by record");
    is_int(verdict(1, 5, "75a7a7a"), NGX_ERROR, "IXFR, a record too many");
}


static void
query(void)
{
    size_t    len, end;
    u_char    p[256];
    uint32_t  serial;

    len = message(p, "5");
    p[7] = 0;
    p[9] = 1;

    is_int(ngx_dns_xfr_have(p, len, BODY, &serial, &end), NGX_OK, "a query");
    is_int(serial, 5, "its serial");
    is_int(end, len, "its end");
    is_int(ngx_dns_xfr_have(p, len - 1, BODY, &serial, &end), NGX_ERROR,
           "cut off");

    p[9] = 2;
    is_int(ngx_dns_xfr_have(p, len, BODY, &serial, &end), NGX_ERROR,
           "two records");

    len = message(p, "a");
    p[9] = 1;
    is_int(ngx_dns_xfr_have(p, len, BODY, &serial, &end), NGX_ERROR,
           "not an SOA");
}


int
main(void)
{
    whole();
    incremental();
    query();

    return done_testing();
}

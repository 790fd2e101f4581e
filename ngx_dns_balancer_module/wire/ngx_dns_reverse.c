
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reverse.h"


#define NGX_DNS_REVERSE_LABELS4  6        /* 4 octets, in-addr, arpa */
#define NGX_DNS_REVERSE_LABELS6  34       /* 32 nibbles, ip6, arpa */

#define ngx_dns_reverse_below(q, n, suffix)                                   \
    ((q)->labels == (n)                                                       \
     && (q)->asked.name_len - (q)->label[(n) - 2] == sizeof(suffix)           \
     && ngx_memcmp((q)->name + (q)->label[(n) - 2], suffix, sizeof(suffix))   \
        == 0)


#define NGX_DNS_ZEROS7  "\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0\1" "0"
#define NGX_DNS_ZEROS8  NGX_DNS_ZEROS7 "\1" "0"

#define ngx_dns_reverse_zone4(n, text)                                        \
    { n + 2, ngx_string(text "\7in-addr\4arpa\0") }

#define ngx_dns_reverse_zone6(n, text)                                        \
    { n + 2, ngx_string(text "\3ip6\4arpa\0") }


typedef struct {
    ngx_uint_t  labels;
    ngx_str_t   name;
} ngx_dns_reverse_zone_t;


static size_t ngx_dns_reverse_address4(const ngx_dns_question_t *q,
    u_char *addr);
static size_t ngx_dns_reverse_address6(const ngx_dns_question_t *q,
    u_char *addr);


/* RFC 6303, 4.2 to 4.6 and the private ones of 4.1 */

static const ngx_dns_reverse_zone_t  ngx_dns_reverse_zones[] = {
    ngx_dns_reverse_zone4(1, "\2" "10"),
    ngx_dns_reverse_zone4(2, "\2" "16\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "17\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "18\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "19\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "20\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "21\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "22\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "23\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "24\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "25\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "26\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "27\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "28\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "29\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "30\3" "172"),
    ngx_dns_reverse_zone4(2, "\2" "31\3" "172"),
    ngx_dns_reverse_zone4(2, "\3" "168\3" "192"),
    ngx_dns_reverse_zone4(1, "\1" "0"),
    ngx_dns_reverse_zone4(1, "\3" "127"),
    ngx_dns_reverse_zone4(2, "\3" "254\3" "169"),
    ngx_dns_reverse_zone4(3, "\1" "2\1" "0\3" "192"),
    ngx_dns_reverse_zone4(3, "\3" "100\2" "51\3" "198"),
    ngx_dns_reverse_zone4(3, "\3" "113\1" "0\3" "203"),
    ngx_dns_reverse_zone4(4, "\3" "255\3" "255\3" "255\3" "255"),
    ngx_dns_reverse_zone6(2, "\1" "d\1" "f"),
    ngx_dns_reverse_zone6(3, "\1" "8\1" "e\1" "f"),
    ngx_dns_reverse_zone6(3, "\1" "9\1" "e\1" "f"),
    ngx_dns_reverse_zone6(3, "\1" "a\1" "e\1" "f"),
    ngx_dns_reverse_zone6(3, "\1" "b\1" "e\1" "f"),
    ngx_dns_reverse_zone6(8, "\1" "8\1" "b\1" "d\1" "0\1" "1\1" "0\1" "0"
                             "\1" "2"),
    ngx_dns_reverse_zone6(32, NGX_DNS_ZEROS8 NGX_DNS_ZEROS8
                              NGX_DNS_ZEROS8 NGX_DNS_ZEROS8),
    ngx_dns_reverse_zone6(32, "\1" "1" NGX_DNS_ZEROS7 NGX_DNS_ZEROS8
                              NGX_DNS_ZEROS8 NGX_DNS_ZEROS8)
};


size_t
ngx_dns_reverse_address(const ngx_dns_question_t *q, u_char *addr)
{
    if (ngx_dns_reverse_below(q, NGX_DNS_REVERSE_LABELS4,
                              "\7in-addr\4arpa"))
    {
        return ngx_dns_reverse_address4(q, addr);
    }

    if (ngx_dns_reverse_below(q, NGX_DNS_REVERSE_LABELS6, "\3ip6\4arpa")) {
        return ngx_dns_reverse_address6(q, addr);
    }

    return 0;
}


static size_t
ngx_dns_reverse_address4(const ngx_dns_question_t *q, u_char *addr)
{
    ngx_uint_t     i, n, v;
    const u_char  *p;

    for (i = 0; i < 4; i++) {
        p = q->name + q->label[i];
        n = *p++;

        /* an octet has one name only: no leading zeros */

        if (n > 3 || (n > 1 && *p == '0')) {
            return 0;
        }

        for (v = 0; n; n--, p++) {
            if (*p < '0' || *p > '9') {
                return 0;
            }

            v = v * 10 + (ngx_uint_t) (*p - '0');
        }

        if (v > 255) {
            return 0;
        }

        addr[3 - i] = (u_char) v;
    }

    return 4;
}


static size_t
ngx_dns_reverse_address6(const ngx_dns_question_t *q, u_char *addr)
{
    u_char         c;
    ngx_uint_t     i, v;
    const u_char  *p;

    for (i = 0; i < 32; i++) {
        p = q->name + q->label[i];
        c = p[1];

        if (p[0] != 1) {
            return 0;
        }

        if (c >= '0' && c <= '9') {
            v = (ngx_uint_t) (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            v = (ngx_uint_t) (c - 'a' + 10);

        } else {
            return 0;
        }

        if (i % 2) {
            addr[15 - i / 2] |= (u_char) (v << 4);

        } else {
            addr[15 - i / 2] = (u_char) v;
        }
    }

    return 16;
}


ngx_uint_t
ngx_dns_reverse_zone(const ngx_dns_question_t *q)
{
    size_t                         from;
    ngx_uint_t                     i;
    const ngx_dns_reverse_zone_t  *zone;

    if (q->labels < 3
        || ngx_memcmp(q->name + q->label[q->labels - 1], "\4arpa", 6) != 0)
    {
        return 0;
    }

    for (i = 0;
         i < sizeof(ngx_dns_reverse_zones) / sizeof(ngx_dns_reverse_zone_t);
         i++)
    {
        zone = &ngx_dns_reverse_zones[i];

        if (q->labels < zone->labels) {
            continue;
        }

        from = q->label[q->labels - zone->labels];

        if (q->asked.name_len - from == zone->name.len
            && ngx_memcmp(q->name + from, zone->name.data, zone->name.len)
               == 0)
        {
            return zone->labels;
        }
    }

    return 0;
}

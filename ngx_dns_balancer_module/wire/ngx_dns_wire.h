
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Numbers on the wire and the fields of the header.  For every layer; knows
 * no policy, allocates nothing, logs nothing, uses no nginx function.
 * The callers check bounds before they read or write.
 *
 *                                  1  1  1  1  1  1
 *    0  1  2  3  4  5  6  7  8  9  0  1  2  3  4  5
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |                      ID                       |   RFC 1035, 4.1.1
 *  |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |   RFC 2535, 6.1
 *  |                    QDCOUNT                    |
 *  |                    ANCOUNT                    |
 *  |                    NSCOUNT                    |
 *  |                    ARCOUNT                    |
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */


#ifndef _NGX_DNS_WIRE_H_INCLUDED_
#define _NGX_DNS_WIRE_H_INCLUDED_


#include "../base/ngx_dns.h"


#define NGX_DNS_QR              0x8000
#define NGX_DNS_OPCODE          0x7800
#define NGX_DNS_AA              0x0400
#define NGX_DNS_TC              0x0200
#define NGX_DNS_RD              0x0100
#define NGX_DNS_RA              0x0080
#define NGX_DNS_AD              0x0020
#define NGX_DNS_CD              0x0010
#define NGX_DNS_RCODE           0x000f

#define NGX_DNS_OFF_ID          0
#define NGX_DNS_OFF_FLAGS       2
#define NGX_DNS_OFF_QDCOUNT     4
#define NGX_DNS_OFF_ANCOUNT     6
#define NGX_DNS_OFF_NSCOUNT     8
#define NGX_DNS_OFF_ARCOUNT     10

#define NGX_DNS_TYPE_A          1
#define NGX_DNS_TYPE_NS         2
#define NGX_DNS_TYPE_CNAME      5
#define NGX_DNS_TYPE_SOA        6
#define NGX_DNS_TYPE_PTR        12
#define NGX_DNS_TYPE_HINFO      13
#define NGX_DNS_TYPE_TXT        16
#define NGX_DNS_TYPE_AAAA       28
#define NGX_DNS_TYPE_OPT        41
#define NGX_DNS_TYPE_DS         43
#define NGX_DNS_TYPE_RRSIG      46
#define NGX_DNS_TYPE_NSEC       47
#define NGX_DNS_TYPE_NSEC3      50
#define NGX_DNS_TYPE_SVCB       64
#define NGX_DNS_TYPE_TKEY       249
#define NGX_DNS_TYPE_TSIG       250
#define NGX_DNS_TYPE_IXFR       251
#define NGX_DNS_TYPE_AXFR       252
#define NGX_DNS_TYPE_MAILB      253
#define NGX_DNS_TYPE_MAILA      254
#define NGX_DNS_TYPE_ANY        255

#define NGX_DNS_CLASS_IN        1
#define NGX_DNS_CLASS_CH        3

#define NGX_DNS_EDNS_DO         0x8000  /* RFC 6891, 6.1.3: flags */
#define NGX_DNS_OPTION_NSID     3       /* RFC 5001 */
#define NGX_DNS_OPTION_ECS      8       /* RFC 7871 */
#define NGX_DNS_OPTION_KEEPALIVE  11    /* RFC 7828 */
#define NGX_DNS_OPTION_PADDING  12      /* RFC 7830 */
#define NGX_DNS_OPTION_EDE      15      /* RFC 8914 */


static ngx_inline uint16_t
ngx_dns_get16(const u_char *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}


static ngx_inline uint32_t
ngx_dns_get32(const u_char *p)
{
    uint32_t  v;

    memcpy(&v, p, 4);

    return ntohl(v);
}


static ngx_inline void
ngx_dns_put16(u_char *p, ngx_uint_t v)
{
    uint16_t  n;

    n = htons((uint16_t) v);
    memcpy(p, &n, 2);
}


static ngx_inline void
ngx_dns_put32(u_char *p, uint32_t v)
{
    v = htonl(v);
    memcpy(p, &v, 4);
}


/* a vector of gcc and clang, on any processor */

typedef u_char  ngx_dns_octets_t __attribute__((vector_size(16)));


static ngx_inline void
ngx_dns_copy16(u_char *dst, const u_char *src)
{
    ngx_dns_octets_t  v;

    memcpy(&v, src, sizeof(ngx_dns_octets_t));
    memcpy(dst, &v, sizeof(ngx_dns_octets_t));
}


/*
 * As ngx_cpymem(), and without a call for what most names and queries are
 * long.  The parts that are copied may overlap, but "dst" and "src" not.
 */

static ngx_inline u_char *
ngx_dns_copy(u_char *dst, const u_char *src, size_t len)
{
    if (len - 16 > 64 - 16) {
        return ngx_cpymem(dst, src, len);
    }

    ngx_dns_copy16(dst, src);

    if (len > 32) {
        ngx_dns_copy16(dst + 16, src + 16);
        ngx_dns_copy16(dst + len - 32, src + len - 32);
    }

    ngx_dns_copy16(dst + len - 16, src + len - 16);

    return dst + len;
}


/* are "len" octets, 8 at least, the same?  Meant for names that mostly are */

static ngx_inline ngx_uint_t
ngx_dns_same(const u_char *a, const u_char *b, size_t len)
{
    size_t    i;
    uint64_t  v, w;

    for (i = 0; i + 8 < len; i += 8) {
        memcpy(&v, a + i, 8);
        memcpy(&w, b + i, 8);

        if (v != w) {
            return 0;
        }
    }

    memcpy(&v, a + len - 8, 8);
    memcpy(&w, b + len - 8, 8);

    return v == w;
}


#endif /* _NGX_DNS_WIRE_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * SipHash-1-3 (Aumasson, Bernstein): a keyed hash for tables whose keys come
 * from the network.  With a key that is random in each worker an attacker
 * can't choose names that meet in one bucket.  Not for values that must stay
 * equal over restarts, such as the points of a consistent hash.
 */


#ifndef _NGX_DNS_HASH_H_INCLUDED_
#define _NGX_DNS_HASH_H_INCLUDED_


#include "ngx_dns.h"


typedef struct {
    uint64_t  k0;
    uint64_t  k1;
} ngx_dns_hash_key_t;


#define ngx_dns_rotl(x, b)  (((x) << (b)) | ((x) >> (64 - (b))))


#define ngx_dns_sip_round(v0, v1, v2, v3)                                     \
    do {                                                                      \
        v0 += v1; v1 = ngx_dns_rotl(v1, 13); v1 ^= v0;                        \
        v0 = ngx_dns_rotl(v0, 32);                                            \
        v2 += v3; v3 = ngx_dns_rotl(v3, 16); v3 ^= v2;                        \
        v0 += v3; v3 = ngx_dns_rotl(v3, 21); v3 ^= v0;                        \
        v2 += v1; v1 = ngx_dns_rotl(v1, 17); v1 ^= v2;                        \
        v2 = ngx_dns_rotl(v2, 32);                                            \
    } while (0)


/* "seed" joins numbers to the key of the table: type, class, flags */

static ngx_inline uint64_t
ngx_dns_hash(const ngx_dns_hash_key_t *key, const u_char *p, size_t len,
    uint64_t seed)
{
    size_t    n;
    uint64_t  v0, v1, v2, v3, m;

    v0 = key->k0 ^ 0x736f6d6570736575ULL;
    v1 = key->k1 ^ 0x646f72616e646f6dULL;
    v2 = key->k0 ^ 0x6c7967656e657261ULL;
    v3 = key->k1 ^ 0x7465646279746573ULL;

    v3 ^= seed;
    ngx_dns_sip_round(v0, v1, v2, v3);
    v0 ^= seed;

    for (n = len; n >= 8; n -= 8, p += 8) {
        memcpy(&m, p, 8);

        v3 ^= m;
        ngx_dns_sip_round(v0, v1, v2, v3);
        v0 ^= m;
    }

    m = 0;

    switch (n) {
    case 7: m |= (uint64_t) p[6] << 48; /* fall through */
    case 6: m |= (uint64_t) p[5] << 40; /* fall through */
    case 5: m |= (uint64_t) p[4] << 32; /* fall through */
    case 4: m |= (uint64_t) p[3] << 24; /* fall through */
    case 3: m |= (uint64_t) p[2] << 16; /* fall through */
    case 2: m |= (uint64_t) p[1] << 8;  /* fall through */
    case 1: m |= (uint64_t) p[0];       /* fall through */
    default: break;
    }

    m |= (uint64_t) len << 56;

    v3 ^= m;
    ngx_dns_sip_round(v0, v1, v2, v3);
    v0 ^= m;

    v2 ^= 0xff;
    ngx_dns_sip_round(v0, v1, v2, v3);
    ngx_dns_sip_round(v0, v1, v2, v3);
    ngx_dns_sip_round(v0, v1, v2, v3);

    return v0 ^ v1 ^ v2 ^ v3;
}


#endif /* _NGX_DNS_HASH_H_INCLUDED_ */

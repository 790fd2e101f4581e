
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Two keyed hashes.
 *
 * ngx_dns_hash() is SipHash-1-3 (Aumasson, Bernstein), good for any use; with
 * a fixed key also for values that must stay equal over restarts, such as
 * the points of a consistent hash.
 *
 * ngx_dns_hash_name() is for tables of names from the network: products of
 * the words with a secret key, both halves folded together, as in wyhash and
 * foldhash.  Without the key, which is random and never leaves the process
 * (or the zone), nobody can choose names that meet in one bucket.  It costs a
 * third of the other.  Reads up to 16 octets past the end.
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


static ngx_inline uint64_t
ngx_dns_hash_fold(uint64_t a, uint64_t b)
{
    __extension__ unsigned __int128  m;

    m = a;
    m *= b;

    return (uint64_t) m ^ (uint64_t) (m >> 64);
}


static ngx_inline uint64_t
ngx_dns_hash_part(const ngx_dns_hash_key_t *key, const u_char *p, uint64_t h)
{
    uint64_t  a, b;

    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);

    return ngx_dns_hash_fold(a ^ key->k1, b ^ h);
}


static ngx_inline uint64_t
ngx_dns_hash_name(const ngx_dns_hash_key_t *key, const u_char *p, size_t len,
    uint64_t seed)
{
    size_t    n;
    uint64_t  a, b, h;

    /* a seed that met the octets as it is could make up for a change of them */

    h = ngx_dns_hash_fold(seed ^ key->k0, key->k1 ^ 0x9e3779b97f4a7c15ULL);

    n = len;

    if (n > 16) {
        h = ngx_dns_hash_part(key, p, h);

        /* few names are that long, and a loop that is entered costs more */

        for (p += 16, n -= 16; n > 16; p += 16, n -= 16) {
            h = ngx_dns_hash_part(key, p, h);
        }
    }

    memcpy(&a, p, 8);
    memcpy(&b, p + 8, 8);

    /* n is 1 .. 16: what is past the end does not count */

    if (n <= 8) {
        a &= ~0ULL >> (64 - 8 * n);
        b = 0;

    } else {
        b &= ~0ULL >> (128 - 8 * n);
    }

    h = ngx_dns_hash_fold(a ^ key->k1, b ^ h);

    return ngx_dns_hash_fold(h ^ key->k0, len ^ key->k1);
}


#endif /* _NGX_DNS_HASH_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_secret.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_SECRET_LAYOUT  0x444e535345435201ULL


static const char *ngx_dns_secret_line(ngx_dns_secret_set_t *set,
    const u_char *p, size_t len);
static ngx_int_t ngx_dns_secret_half(const u_char *p, uint64_t *half);


ngx_int_t
ngx_dns_secret_init(ngx_dns_secret_shm_t *shm)
{
    if (shm->layout == 0) {
        shm->layout = NGX_DNS_SECRET_LAYOUT;
    }

    return shm->layout == NGX_DNS_SECRET_LAYOUT ? NGX_OK : NGX_DECLINED;
}


const char *
ngx_dns_secret_read(ngx_dns_secret_set_t *set, const u_char *p, size_t len,
    ngx_uint_t *line)
{
    size_t         n;
    const char    *why;
    const u_char  *end, *last;

    ngx_memzero(set, sizeof(ngx_dns_secret_set_t));

    last = p + len;

    for (*line = 1; p < last; *line += 1) {

        end = memchr(p, '\n', (size_t) (last - p));
        end = end ? end : last;
        n = (size_t) (end - p);

        if (n && p[n - 1] == '\r') {
            n--;
        }

        why = n ? ngx_dns_secret_line(set, p, n) : NULL;

        if (why) {
            return why;
        }

        p = end + 1;
    }

    *line = 0;

    return set->n ? NULL : "no secret";
}


static const char *
ngx_dns_secret_line(ngx_dns_secret_set_t *set, const u_char *p, size_t len)
{
    ngx_dns_hash_key_t  *key;

    if (len != NGX_DNS_SECRET_DIGITS) {
        return "not 32 hexadecimal digits";
    }

    if (set->n == NGX_DNS_SECRETS) {
        return "more than 16 secrets";
    }

    key = &set->key[set->n++];

    return ngx_dns_secret_half(p, &key->k0) == NGX_OK
           && ngx_dns_secret_half(p + NGX_DNS_SECRET_DIGITS / 2, &key->k1)
              == NGX_OK
           ? NULL : "not 32 hexadecimal digits";
}


/* eight octets in the order of the file, as SipHash takes them */

static ngx_int_t
ngx_dns_secret_half(const u_char *p, uint64_t *half)
{
    u_char      c, octets[8];
    ngx_uint_t  i, digit;

    ngx_memzero(octets, sizeof(octets));

    for (i = 0; i < 16; i++) {
        c = (u_char) (p[i] | 0x20);

        if (p[i] >= '0' && p[i] <= '9') {
            digit = (ngx_uint_t) (p[i] - '0');

        } else if (c >= 'a' && c <= 'f') {
            digit = (ngx_uint_t) (c - 'a') + 10;

        } else {
            return NGX_DECLINED;
        }

        octets[i / 2] = (u_char) ((ngx_uint_t) octets[i / 2] << 4 | digit);
    }

    ngx_memcpy(half, octets, sizeof(octets));

    return NGX_OK;
}


ngx_uint_t
ngx_dns_secret_put(ngx_dns_secret_shm_t *shm, const ngx_dns_secret_set_t *set)
{
    uint32_t  next;

    if (ngx_memcmp(ngx_dns_secret_get(shm), set, sizeof(ngx_dns_secret_set_t))
        == 0)
    {
        return 0;
    }

    next = (ngx_dns_load(&shm->used) + 1) & 1;

    shm->set[next] = *set;

    /* who reads of it finds the set whole */

    __atomic_store_n(&shm->used, next, __ATOMIC_RELEASE);

    return 1;
}


void
ngx_dns_secret_draw(ngx_dns_secret_shm_t *shm, time_t now)
{
    ngx_dns_secret_set_t         set;
    const ngx_dns_secret_set_t  *old;

    old = ngx_dns_secret_get(shm);

    /* it may have been drawn by a worker whose clock is a little ahead */

    if (old->n
        && ngx_dns_clock_past((uint32_t) now, (uint32_t) shm->drawn)
           < NGX_DNS_SECRET_LIFE)
    {
        return;
    }

    ngx_memzero(&set, sizeof(ngx_dns_secret_set_t));

    set.key[0].k0 = ngx_dns_random64();
    set.key[0].k1 = ngx_dns_random64();
    set.n = 1;

    if (old->n) {
        set.key[1] = old->key[0];
        set.n = 2;
    }

    shm->drawn = (uint64_t) now;

    (void) ngx_dns_secret_put(shm, &set);
}

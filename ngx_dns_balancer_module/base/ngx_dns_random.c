
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_random.h"

#include <sys/random.h>


#define NGX_DNS_RANDOM_BLOCK  4096


static void ngx_dns_random_fill(void);
static ngx_inline const u_char *ngx_dns_random_take(size_t n);


static u_char  ngx_dns_random_block[NGX_DNS_RANDOM_BLOCK];
static size_t  ngx_dns_random_left;


void
ngx_dns_random_reset(void)
{
    ngx_dns_random_left = 0;
}


static void
ngx_dns_random_fill(void)
{
    size_t   n;
    ssize_t  r;

    n = 0;

    while (n < NGX_DNS_RANDOM_BLOCK) {

        r = getrandom(ngx_dns_random_block + n, NGX_DNS_RANDOM_BLOCK - n, 0);

        if (r == -1) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            /*
             * without getrandom() there is no secure ID; a process that goes
             * on with guessable ones would be worse than one that stops
             */

            ngx_abort();
        }

        n += (size_t) r;
    }

    ngx_dns_random_left = NGX_DNS_RANDOM_BLOCK;
}


/* "n" is known where this is called */

static ngx_inline const u_char *
ngx_dns_random_take(size_t n)
{
    if (ngx_dns_random_left < n) {
        ngx_dns_random_fill();
    }

    ngx_dns_random_left -= n;

    return ngx_dns_random_block + ngx_dns_random_left;
}


uint16_t
ngx_dns_random16(void)
{
    uint16_t  v;

    memcpy(&v, ngx_dns_random_take(sizeof(uint16_t)), sizeof(uint16_t));

    return v;
}


uint32_t
ngx_dns_random32(void)
{
    uint32_t  v;

    memcpy(&v, ngx_dns_random_take(sizeof(uint32_t)), sizeof(uint32_t));

    return v;
}


uint64_t
ngx_dns_random64(void)
{
    uint64_t  v;

    memcpy(&v, ngx_dns_random_take(sizeof(uint64_t)), sizeof(uint64_t));

    return v;
}

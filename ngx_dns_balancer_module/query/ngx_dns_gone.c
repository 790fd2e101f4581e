
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_gone.h"
#include "../base/ngx_dns_hash.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_GONE_ROWS   2
#define NGX_DNS_GONE_CELLS  2048       /* of a row; a power of two */


static uint64_t ngx_dns_gone_hash(const ngx_dns_conf_t *conf,
    ngx_dns_client_t *client);


/*
 * An address has a cell for each server in each row, which it may share: the
 * lesser number is at most too large, and only where others share both.
 */

static uint32_t            ngx_dns_gone_cells[NGX_DNS_GONE_ROWS]
                                             [NGX_DNS_GONE_CELLS];
static ngx_dns_hash_key_t  ngx_dns_gone_key;

uint64_t  ngx_dns_gone_n;


void
ngx_dns_gone_add(const ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_uint_t n)
{
    uint64_t    hash;
    ngx_uint_t  i;

    if (n == 0) {
        return;
    }

    /* nobody is to choose whom he shares cells with */

    if (ngx_dns_gone_key.k0 == 0) {
        ngx_dns_gone_key.k0 = ngx_dns_random64() | 1;
        ngx_dns_gone_key.k1 = ngx_dns_random64();
    }

    hash = ngx_dns_gone_hash(conf, client);
    ngx_dns_gone_n += n;

    for (i = 0; i < NGX_DNS_GONE_ROWS; i++) {
        ngx_dns_gone_cells[i][hash % NGX_DNS_GONE_CELLS] += (uint32_t) n;
        hash >>= 32;
    }
}


void
ngx_dns_gone_end(const ngx_dns_conf_t *conf, ngx_dns_client_t *client)
{
    uint64_t    hash;
    ngx_uint_t  i;

    hash = ngx_dns_gone_hash(conf, client);
    ngx_dns_gone_n--;

    for (i = 0; i < NGX_DNS_GONE_ROWS; i++) {
        ngx_dns_gone_cells[i][hash % NGX_DNS_GONE_CELLS]--;
        hash >>= 32;
    }
}


ngx_uint_t
ngx_dns_gone_full(const ngx_dns_conf_t *conf, ngx_dns_client_t *client)
{
    uint32_t    most;
    uint64_t    hash;
    ngx_uint_t  i;

    most = (uint32_t) ngx_max(conf->listener.max_queries / NGX_DNS_GONE_PART,
                              1);

    /* datagrams: anybody may have sent them, and no one of them can go */

    if (ngx_dns_gone_n < most || client->front->type != SOCK_STREAM) {
        return 0;
    }

    hash = ngx_dns_gone_hash(conf, client);

    for (i = 0; i < NGX_DNS_GONE_ROWS; i++) {
        if (ngx_dns_gone_cells[i][hash % NGX_DNS_GONE_CELLS] < most) {
            return 0;
        }

        hash >>= 32;
    }

    return 1;
}


/* who has an address over IPv6 may have all of its network, a /64 */

static uint64_t
ngx_dns_gone_hash(const ngx_dns_conf_t *conf, ngx_dns_client_t *client)
{
    u_char               *p;
    size_t                len;
    struct sockaddr      *sa;
    struct in6_addr      *in6;
    struct sockaddr_in   *sin;

    sa = ngx_dns_client_source(client);

    switch (sa->sa_family) {

    case AF_INET6:
        in6 = &((struct sockaddr_in6 *) (void *) sa)->sin6_addr;

        p = in6->s6_addr;
        len = 8;

        if (IN6_IS_ADDR_V4MAPPED(in6)) {
            p += 12;
            len = 4;
        }

        break;

    case AF_INET:
        sin = (struct sockaddr_in *) (void *) sa;

        p = (u_char *) &sin->sin_addr;
        len = 4;
        break;

    default: /* AF_UNIX: all of them */

        p = NULL;
        len = 0;
    }

    return ngx_dns_hash(&ngx_dns_gone_key, p, len, (uintptr_t) conf);
}

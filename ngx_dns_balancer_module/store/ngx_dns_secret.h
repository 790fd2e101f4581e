
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Secrets of server cookies (RFC 9018, 5) in shared memory, for all workers:
 * out of a file, or drawn by chance.  The first makes cookies, all are
 * accepted.  For the query layer (get) and module/ (the rest).
 *
 * One process writes, the worker that holds the lease; nobody waits.  There are
 * two sets, of which one is in use: a writer fills the other, then says so.  A
 * reader that is stopped in the middle, while the set that it reads is written
 * over, makes or refuses a cookie that is not good, once.
 */


#ifndef _NGX_DNS_SECRET_H_INCLUDED_
#define _NGX_DNS_SECRET_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"
#include "../base/ngx_dns_hash.h"


#define NGX_DNS_SECRETS        16         /* of a set, at most */
#define NGX_DNS_SECRET_DIGITS  32         /* hexadecimal, a line of a file */

/* octets of a file at most: lines may end with CR, and may be empty */

#define NGX_DNS_SECRET_FILE    4096

/* seconds that one drawn by chance makes cookies, and is accepted after that */

#define NGX_DNS_SECRET_LIFE    86400


typedef struct {
    uint32_t              n;
    uint32_t              pad;
    ngx_dns_hash_key_t    key[NGX_DNS_SECRETS];
} ngx_dns_secret_set_t;


typedef struct {
    uint64_t              layout;
    uint64_t              drawn;       /* seconds since 1970; 0: of a file */
    uint32_t              used;        /* 0, 1: the set in use */
    uint32_t              pad;
    ngx_dns_secret_set_t  set[2];
} ngx_dns_secret_shm_t;


#pragma GCC visibility push(hidden)

/*
 * Cleared memory, or what an earlier configuration had: NGX_OK, NGX_DECLINED if
 * it is of another layout.
 */
ngx_int_t ngx_dns_secret_init(ngx_dns_secret_shm_t *shm);

/*
 * Reads the text of a file.  NULL, or what is wrong with it and in which line,
 * 0 for none; then "set" is not to be used.
 */
const char *ngx_dns_secret_read(ngx_dns_secret_set_t *set, const u_char *p,
    size_t len, ngx_uint_t *line);

/* the set is in use; 0: it was already */
ngx_uint_t ngx_dns_secret_put(ngx_dns_secret_shm_t *shm,
    const ngx_dns_secret_set_t *set);

/*
 * Draws a secret if there is none, or if the last one has had its time; that
 * one goes on being accepted.
 */
void ngx_dns_secret_draw(ngx_dns_secret_shm_t *shm, time_t now);

#pragma GCC visibility pop


static ngx_inline const ngx_dns_secret_set_t *
ngx_dns_secret_get(const ngx_dns_secret_shm_t *shm)
{
    return &shm->set[ngx_dns_load(&shm->used) & 1];
}


#endif /* _NGX_DNS_SECRET_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Answers for the program in the kernel, as processes of nginx see them: the
 * memory is ngx_dns_xdp_table.h's, and is brought by the caller.  Nothing here
 * takes a lock, makes a system call or waits: a writer that does not get a slot
 * at once goes without.  For the query layer, which knows what may be answered.
 */


#ifndef _NGX_DNS_XDP_H_INCLUDED_
#define _NGX_DNS_XDP_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "ngx_dns_xdp_table.h"


#define NGX_DNS_XDP_SEEN     16384     /* names that may become hot */
#define NGX_DNS_XDP_OFTEN    2000      /* milliseconds */


/* of all processes, from the start of a configuration on */

typedef struct {
    uint64_t                 promotions;
    uint64_t                 seen[NGX_DNS_XDP_SEEN];
} ngx_dns_xdp_shm_t;


typedef struct {
    ngx_dns_xdp_control_t   *control;      /* NULL: there is no program */
    ngx_dns_xdp_set_t       *index;
    ngx_dns_xdp_slot_t      *slots;
    ngx_dns_xdp_shm_t       *shm;

    /* they are kept when there is no program any more */
    ngx_dns_xdp_counts_t    *counts;       /* NULL: nothing was ever counted */
    uint32_t                 servers;
    uint32_t                 cpus;
} ngx_dns_xdp_t;


/* what an answer is for; "name" is in lower case, zeros up to a word's end */

typedef struct {
    uint64_t                 hash;
    uint32_t                 server;
    uint16_t                 type;
    uint16_t                 bits;         /* NGX_DNS_XDP_BIT_* */
    uint16_t                 name_len;
    u_char                   name[NGX_DNS_XDP_NAME];
} ngx_dns_xdp_key_t;


/* sums of all processors */

typedef struct {
    uint64_t                 entries;
    uint64_t                 size;         /* entries, at most */
    uint64_t                 promotions;
    uint64_t                 passes[NGX_DNS_XDP_PASSES];
} ngx_dns_xdp_stat_t;


#pragma GCC visibility push(hidden)

/* that of this process; control is NULL where there is no program */
extern ngx_dns_xdp_t  ngx_dns_xdp_table;

extern const char  *ngx_dns_xdp_passes[NGX_DNS_XDP_PASSES];

/* sets that so many entries need: a power of two */
ngx_uint_t ngx_dns_xdp_sets(ngx_uint_t entries);

/* sets key->hash by its other fields */
void ngx_dns_xdp_hash(const ngx_dns_xdp_t *x, ngx_dns_xdp_key_t *key);

/* the name has been asked for: 1, if so twice in the time of OFTEN */
ngx_uint_t ngx_dns_xdp_often(ngx_dns_xdp_t *x, uint64_t hash, uint64_t usec);

/*
 * A slot for the key, to be written by the caller alone until it is given: that
 * of the same key, a free one, or that of an answer nobody has asked for since
 * it was looked at.  All but what is behind "nttl", and the key, is the
 * caller's to fill.  NULL: there is none, or the answer stored at "stored" that
 * ends at "expires" is there already.
 */
ngx_dns_xdp_slot_t *ngx_dns_xdp_take(ngx_dns_xdp_t *x,
    const ngx_dns_xdp_key_t *key, uint32_t stored, uint32_t expires,
    uint32_t epoch);

/* all is written; or, with "good" 0, it is to be free */
void ngx_dns_xdp_give(ngx_dns_xdp_t *x, ngx_dns_xdp_slot_t *slot,
    ngx_uint_t good);

/* takes an answer out that is still as it was when "seq" was read */
void ngx_dns_xdp_drop(ngx_dns_xdp_t *x, ngx_dns_xdp_slot_t *slot,
    uint32_t seq);

/*
 * The i-th slot, if there is an answer in it; "seq" is for drop().  What is
 * read of it is right if seq is the same after that.
 */
ngx_dns_xdp_slot_t *ngx_dns_xdp_slot(ngx_dns_xdp_t *x, ngx_uint_t i,
    uint32_t *seq);

/* no answer that was looked up before this counts any more */
uint32_t ngx_dns_xdp_epoch(const ngx_dns_xdp_t *x);
void ngx_dns_xdp_flush(ngx_dns_xdp_t *x);

/* answers are looked after: for NGX_DNS_XDP_STALE seconds they are given */
void ngx_dns_xdp_alive(ngx_dns_xdp_t *x);

/* figures; those of a server, added to "sum" of this layout */
void ngx_dns_xdp_stat(const ngx_dns_xdp_t *x, ngx_dns_xdp_stat_t *stat);
void ngx_dns_xdp_sum(const ngx_dns_xdp_t *x, uint32_t server,
    ngx_dns_xdp_counts_t *sum);

#pragma GCC visibility pop


#endif /* _NGX_DNS_XDP_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The table of hosts files: names to addresses, addresses to names.  For the
 * query layer (find) and module/ (init, publish); the contents come from
 * ngx_dns_hosts_build.h.
 *
 * The memory is the caller's and shared by all workers; it has three tables of
 * equal size.  One, told by the lowest bits of "generation", is in use and
 * never changed; another is written by one process, whose pid stands beside
 * it, and which then publishes it.  The third is for the process that takes
 * over from one that was stopped while it wrote, and may go on at any time.
 *
 * No lock: a reader copies what it needs, then looks whether the generation is
 * still the same.  A table is written again two seconds after it was replaced
 * at the earliest, so only a reader that was stopped for so long can see a torn
 * one: all offsets are checked, all walks have an end, and the answer counts as
 * not found if a second try fails, too.  A builder that dies leaves a table
 * that nobody reads.
 *
 * Wildcards (RFC 4592): "*.name" is for all names below "name", at any depth,
 * except those that are in the table and names below these.  Names that only
 * have names below them (empty non-terminals) are not in the table.
 */


#ifndef _NGX_DNS_HOSTS_H_INCLUDED_
#define _NGX_DNS_HOSTS_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_hash.h"
#include "../base/ngx_dns_atomic.h"
#include "../wire/ngx_dns_question.h"


#define NGX_DNS_HOSTS_ADDRS   255     /* of one name */
#define NGX_DNS_HOSTS_PTRS    16      /* names of one address */
#define NGX_DNS_HOSTS_TURNS   256
#define NGX_DNS_HOSTS_TABLES  3

/* in place of addresses: such a name is to have none */

#define NGX_DNS_HOSTS_BLOCK         1  /* it does not exist */
#define NGX_DNS_HOSTS_BLOCK_NODATA  2


/*
 * Followed by the buckets and the nodes.  All offsets are in words of four
 * octets from the start of the table; 0 is none.
 */

typedef struct {
    ngx_dns_hash_key_t       key;
    uint64_t                 sign;          /* of the files it is made from */
    uint64_t                 wildcards[2];  /* bit n: some "*." of n labels */
    uint32_t                 words;         /* room */
    uint32_t                 used;
    uint32_t                 mask;          /* of the buckets */
    uint32_t                 names;
    uint32_t                 addresses;     /* different ones */
    uint32_t                 reserved;
} ngx_dns_hosts_table_t;


typedef struct {
    uint32_t                 layout;
    uint32_t                 builder[NGX_DNS_HOSTS_TABLES];   /* pid; or 0 */
    uint64_t                 generation;    /* 0: no table */

    /* readers': which address is the first, by a hash of the question */
    uint32_t                 turn[NGX_DNS_HOSTS_TURNS];
} ngx_dns_hosts_shm_t;


/* the same memory as a process sees it */

typedef struct {
    ngx_dns_hosts_shm_t     *shm;
    size_t                   size;          /* of each table, octets */

    /* of a builder */
    uint64_t                 base;          /* the generation it replaces */
    ngx_uint_t               idle;          /* the table it writes to */
} ngx_dns_hosts_t;


/* what a table is to hold, at most */

typedef struct {
    size_t                   names;
    size_t                   octets;        /* of names, each rounded up */
    size_t                   addresses;
} ngx_dns_hosts_count_t;


/* what is known of a name: copies, good until the next look-up */

typedef struct {
    ngx_uint_t               n4;
    ngx_uint_t               n6;
    ngx_uint_t               nptr;
    ngx_uint_t               blocked;       /* NGX_DNS_HOSTS_BLOCK*; or 0 */
    u_char                   a[NGX_DNS_HOSTS_ADDRS][4];
    u_char                   aaaa[NGX_DNS_HOSTS_ADDRS][16];
    u_char                   ptr_len[NGX_DNS_HOSTS_PTRS];
    u_char                   ptr[NGX_DNS_HOSTS_PTRS][NGX_DNS_MAX_NAME];
} ngx_dns_hosts_answer_t;


#pragma GCC visibility push(hidden)

/* octets of a table; at most 100 for a name with an address, and its text */
size_t ngx_dns_hosts_table_size(const ngx_dns_hosts_count_t *count);

/* octets of all tables of that size */
size_t ngx_dns_hosts_size(size_t table);

/* for cleared memory of ngx_dns_hosts_size(); NGX_ERROR: another layout */
ngx_int_t ngx_dns_hosts_init(ngx_dns_hosts_t *h, void *mem, size_t table);

/* NGX_OK, or NGX_DECLINED for a name that is not in the table */
ngx_int_t ngx_dns_hosts_find(ngx_dns_hosts_t *h, const ngx_dns_question_t *q,
    ngx_dns_hosts_answer_t *answer);

/*
 * A number that grows by one with each call for the same name and type, over
 * all workers: addresses of a name take turns in being the first.
 */
ngx_uint_t ngx_dns_hosts_turn(ngx_dns_hosts_t *h,
    const ngx_dns_question_t *q);

/* the table in use, or NULL */
ngx_dns_hosts_table_t *ngx_dns_hosts_current(ngx_dns_hosts_t *h);

/*
 * A table to write to, which is this process's until it publishes or drops it;
 * NULL: others that were stopped have all.
 */
ngx_dns_hosts_table_t *ngx_dns_hosts_idle(ngx_dns_hosts_t *h);
void ngx_dns_hosts_drop(ngx_dns_hosts_t *h);

/*
 * All readers use it from now on.  NGX_DECLINED: another process has published
 * since it was begun, and it is dropped.
 */
ngx_int_t ngx_dns_hosts_publish(ngx_dns_hosts_t *h);

/*
 * Gives up to "n" octets of a table, "i" from 0 to NGX_DNS_HOSTS_TABLES - 1,
 * from "from" on back to the system, as far as it can, unless it is in use or
 * another process's: what tables take is needed only while one is made.
 */
void ngx_dns_hosts_release(ngx_dns_hosts_t *h, ngx_uint_t i, size_t from,
    size_t n);

/*
 * Starts a table of "size" octets; its buckets are garbage until clear() was
 * called for all of them, from 0 to t->mask.
 */
void ngx_dns_hosts_table_init(ngx_dns_hosts_table_t *t, size_t size,
    const ngx_dns_hosts_count_t *count);
void ngx_dns_hosts_table_clear(ngx_dns_hosts_table_t *t, size_t from,
    size_t n);

/*
 * A lower-case name on the wire, an address of 4 or 16 octets.  "canonical":
 * it is what the address is called.  What is there already is not added
 * again.  NGX_OK; NGX_DECLINED: the name has NGX_DNS_HOSTS_ADDRS addresses;
 * NGX_ERROR: no room.
 */
ngx_int_t ngx_dns_hosts_add(ngx_dns_hosts_table_t *t, const u_char *name,
    size_t len, const u_char *addr, size_t addr_len, ngx_uint_t canonical);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HOSTS_H_INCLUDED_ */

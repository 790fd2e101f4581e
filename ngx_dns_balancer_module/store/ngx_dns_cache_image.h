
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A cache as a row of octets, for a file: a head, a record for each entry, an
 * end.  For module/, which has the file; knows none, never allocates.  While it
 * is written and read the cache is in use by all processes.
 *
 *     head     what it is, of what time, the key of the cache, a sum
 *     record   size, uses, sum, answer, offsets of TTLs, name, body, padding
 *     end      a record of size 0
 *
 * The sum of each record is over its octets and the sum before, so that the
 * last one is of all: what was cut, changed or put elsewhere is found out, and
 * nothing of it is believed.  Numbers are as on this machine.
 */


#ifndef _NGX_DNS_CACHE_IMAGE_H_INCLUDED_
#define _NGX_DNS_CACHE_IMAGE_H_INCLUDED_


#include "ngx_dns_cache.h"


#define NGX_DNS_CACHE_IMAGE_MAGIC   0x6e67785f646e7301UL   /* a change of it: of
                                                              any struct here */

/* seconds that two processes may differ by, which look at the time now and
   then */
#define NGX_DNS_CACHE_IMAGE_AHEAD   2

/* with the longest of all parts of an entry; a buffer has room for it */
#define NGX_DNS_CACHE_IMAGE_RECORD  (256 * 1024)


typedef struct {
    uint64_t                 magic;
    uint64_t                 id;          /* of the cache that was written */
    uint64_t                 time;        /* seconds of the wall clock */
    uint64_t                 now;         /* the same of ngx_dns_clock.h */
    ngx_dns_hash_key_t       key;
    uint64_t                 number;      /* of this image, by chance */
    uint64_t                 sum;
} ngx_dns_cache_image_head_t;


typedef struct {
    uint32_t                  size;        /* in all, a multiple of 8; 0: end */
    uint32_t                  uses;        /* see ngx_dns_cache_restore() */
    uint64_t                  sum;
    ngx_dns_cache_response_t  answer;
} ngx_dns_cache_image_record_t;


/* how far one is written or read */

typedef struct {
    ngx_dns_cache_shm_t     *cache;       /* read: NULL: it is only checked */
    uint64_t                 sum;
    uint64_t                 records;

    ngx_uint_t               shard;       /* written */
    uint64_t                 word;

    uint32_t                 age;         /* read: seconds since then */
    uint32_t                 shift;       /* from its clock to that of now */
    uint64_t                 usec;        /* now, of ngx_dns_clock.h */
    uint32_t                 sec;
    uint64_t                 stored;
} ngx_dns_cache_image_t;


#pragma GCC visibility push(hidden)

/* writes the head at "p", which has room for it; returns its end */
u_char *ngx_dns_cache_image_begin(ngx_dns_cache_image_t *image,
    ngx_dns_cache_shm_t *c, u_char *p, time_t wall, uint32_t now);

/*
 * Writes records from "*p" on as there is room up to "last", of so many words
 * of the index at most.  NGX_AGAIN: there are more; NGX_OK: that was all.
 */
ngx_int_t ngx_dns_cache_image_write(ngx_dns_cache_image_t *image, u_char **p,
    u_char *last, ngx_uint_t words);

/* writes the end */
u_char *ngx_dns_cache_image_end(ngx_dns_cache_image_t *image, u_char *p);

/*
 * Reads the head.  NGX_OK; NGX_DECLINED: it is of another version;
 * NGX_ERROR: it is damaged; NGX_ABORT: it is of a time to come.
 */
ngx_int_t ngx_dns_cache_image_open(ngx_dns_cache_image_t *image,
    const ngx_dns_cache_image_head_t *head, time_t wall);

/*
 * Reads the record at "*p", aligned to 8 octets, and stores it if there is a
 * cache and it has none of that name.  NGX_OK; NGX_AGAIN: it goes on after
 * "last"; NGX_DONE: that was the end; NGX_ERROR: it is damaged.
 */
ngx_int_t ngx_dns_cache_image_read(ngx_dns_cache_image_t *image, u_char **p,
    u_char *last);

#pragma GCC visibility pop


#endif /* _NGX_DNS_CACHE_IMAGE_H_INCLUDED_ */

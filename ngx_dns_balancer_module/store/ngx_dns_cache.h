
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A cache of packed responses in memory the caller brings: shared memory, or
 * malloc() in a test.  For the query layer; knows nothing of rules (what may
 * be stored, for how long: query/ngx_dns_cached.h), never allocates, and makes
 * a system call only to see whether the holder of a lock lives.
 *
 * Memory.  A zone is divided into shards by hash.  A shard has an index,
 * buckets of eight words, and a log of segments.  Entries are only ever
 * appended, so there is no fragmentation.  When only one segment is free, the
 * oldest one is emptied, some entries with each store, and its index words are
 * cleared.  So one or two segments of some two hundred can't be used (of
 * fourteen at 64 KB).
 *
 * Eviction is S3-FIFO (Yang et al., SOSP '23) over two logs: a new entry goes
 * to the small one (a 30th).  If it is asked for again before its end there,
 * it moves to the main one; otherwise it leaves, and 16 bits of its hash are
 * remembered: if it comes back soon it goes to the main log at once.  In the
 * main log an entry that was asked for is moved to the young end instead of
 * being dropped.  A flood of names that are asked once passes through the
 * small log only.
 *
 * Readers take no lock.  They load the index word, the generation of the
 * segment it points into, and the word again.  In one generation a place is
 * written once, before its word is set, and words are cleared before the
 * generation changes: so what is read is whole if the generation is still the
 * same afterwards.  That the word is the same, too, says that nothing newer
 * was stored.  If not, it is a miss.
 *
 * Writers hold the shard's lock for the time of a copy.  A writer that finds
 * it held tries for a moment, then gives up its store, which is counted.  The
 * lock is the holder's pid, and that of a dead process is taken over.  An
 * entry counts when its index word is set, and the end of a log moves after
 * its entry is complete; a journal and the headers of the segments tell what
 * else was left half done.  A killed writer costs its entry.
 */


#ifndef _NGX_DNS_CACHE_H_INCLUDED_
#define _NGX_DNS_CACHE_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"
#include "../base/ngx_dns_hash.h"


#define NGX_DNS_CACHE_MIN_SIZE  65536UL
#define NGX_DNS_CACHE_MAX_SIZE  (64UL << 30)


/* a response to be stored; the same fields come back */

typedef struct {
    uint64_t                 bits;        /* all of the key but the name */
    uint64_t                 partition;   /* whose it is: of which servers,
                                             for which clients */
    uint32_t                 stored;      /* seconds */
    uint32_t                 expires;
    uint16_t                 name_len;
    uint16_t                 body_len;
    uint16_t                 answers;
    uint16_t                 authority;
    uint16_t                 additional;
    uint16_t                 flags;       /* as in a header, with the rcode */
    uint16_t                 ede;
    uint16_t                 nttl;        /* TTLs in the body */
} ngx_dns_cache_response_t;


/* an entry in the log: this, offsets of TTLs, the name, the body */

typedef struct {
    uint64_t                  hash;
    ngx_dns_cache_response_t  answer;
} ngx_dns_cache_entry_t;


typedef struct {
    uint64_t                 hits;        /* not counted here: see metrics */
    uint64_t                 entries;
    uint64_t                 bytes;       /* of them, with their headers */
    uint64_t                 inserts;
    uint64_t                 evictions;   /* alive when dropped */
    uint64_t                 deferred;    /* stores given up for a lock */
    uint64_t                 rejected;    /* larger than a segment */
} ngx_dns_cache_stat_t;


/* of a response that is stored */

typedef struct {
    uint64_t                 asked;       /* microseconds of ngx_dns_clock.h */
    uint32_t                 now;         /* seconds */
} ngx_dns_cache_when_t;


/* what is to be taken out of a cache, and how far that is */

typedef struct {
    const u_char            *name;        /* on the wire, in lower case */
    size_t                   len;         /* 0: all entries */
    ngx_uint_t               below;       /* those of names below it, too */
    uint16_t                 type;        /* 0: of any */

    ngx_uint_t               shard;
    uint64_t                 word;
    uint64_t                 purged;      /* entries */
} ngx_dns_cache_purge_t;


typedef struct ngx_dns_cache_shard_s  ngx_dns_cache_shard_t;


/* the head of a zone; what is behind it is ngx_dns_cache_shard.h's */

typedef struct {
    uint64_t                 layout;
    uint64_t                 size;
    ngx_dns_hash_key_t       key;
    uint32_t                 shards;
    uint32_t                 seen;        /* of the image that was last read,
                                             a part of its sum; module's */
    uint64_t                 id;          /* of this cache, by chance */
    uint64_t                 written;     /* microseconds: when its last image
                                             was begun; module's */
    uint64_t                 purged;      /* microseconds: what was asked for
                                             before is not stored any more */
    uint64_t                 shard[64];   /* offsets */
} ngx_dns_cache_shm_t;


/* what a find gives: good until check() says otherwise */

typedef struct {
    ngx_dns_cache_response_t  answer;      /* a copy */
    const uint16_t           *ttl;         /* in the zone: offsets in "body" */
    const u_char             *body;        /* in the zone */

    uint64_t                 *word;
    uint64_t                  value;
    uint32_t                 *gen;
    uint32_t                  generation;
} ngx_dns_cache_view_t;


#define NGX_DNS_CACHE_RESTORE_MAIN  4  /* it was in the main log */


#pragma GCC visibility push(hidden)

/*
 * Lays a cache out in "size" cleared octets at "mem", aligned to a cache
 * line.  Done once, by one process, before any other looks at it.
 */
ngx_dns_cache_shm_t *ngx_dns_cache_init(void *mem, size_t size);

/* a cache made before, of this layout and size; or NULL */
ngx_dns_cache_shm_t *ngx_dns_cache_attach(void *mem, size_t size);

/*
 * NGX_OK and a view, or NGX_DECLINED.  An entry past its end is found, too:
 * the caller compares answer.expires.
 */
ngx_int_t ngx_dns_cache_find(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, size_t len, uint64_t bits, uint64_t partition,
    ngx_dns_cache_view_t *view);

/* how often it was, up to 3 */
ngx_uint_t ngx_dns_cache_uses(ngx_dns_cache_view_t *view);

/*
 * Takes the entry for a refresh: 1 for one caller of all processes, until it
 * is replaced or given back.
 */
ngx_uint_t ngx_dns_cache_claim(ngx_dns_cache_view_t *view);
void ngx_dns_cache_unclaim(ngx_dns_cache_view_t *view);

/*
 * Stores, in place of an entry of the same key.  NGX_DECLINED if it was not
 * stored: too large, or the shard is being written to; NGX_ABORT if a purge has
 * begun since it was asked for; NGX_BUSY if there is one that was stored after
 * when->now, by more than two clocks may differ (ngx_dns_clock.h).
 */
ngx_int_t ngx_dns_cache_store(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    const uint16_t *ttl, const u_char *body, ngx_dns_cache_when_t *when);

/*
 * Stores a failure, an entry with the rcode SERVFAIL and without a body, but
 * never over another kind of entry, in its time or past its end: NGX_BUSY if
 * there is one.
 */
ngx_int_t ngx_dns_cache_store_failure(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    ngx_dns_cache_when_t *when);

/*
 * Stores what was written down of a cache (ngx_dns_cache_image.h), unless there
 * is an entry of the same key: NGX_BUSY.  "uses" as of uses(), and where it
 * was.
 */
ngx_int_t ngx_dns_cache_restore(ngx_dns_cache_shm_t *c, uint64_t hash,
    const u_char *name, const ngx_dns_cache_response_t *answer,
    const uint16_t *ttl, ngx_uint_t uses, ngx_dns_cache_when_t *when);

/*
 * Begins to take entries out.  What was asked for before "usec", and so is in
 * flight, is not stored any more, whatever its name.  The clock is to be read
 * for it: those of others are not later then.
 */
void ngx_dns_cache_purge_begin(ngx_dns_cache_shm_t *c,
    ngx_dns_cache_purge_t *purge, uint64_t usec);

/*
 * Looks at so many more words of the index.  NGX_OK: that was all; NGX_AGAIN:
 * there are more; NGX_BUSY: a shard is being written to, try again.
 */
ngx_int_t ngx_dns_cache_purge(ngx_dns_cache_shm_t *c,
    ngx_dns_cache_purge_t *purge, ngx_uint_t words);

/* sums over the shards */
void ngx_dns_cache_stat(ngx_dns_cache_shm_t *c, ngx_dns_cache_stat_t *stat);

#pragma GCC visibility pop


/* parts of an index word: see ngx_dns_cache_shard.h */

#define NGX_DNS_CACHE_USE    (1UL << 46)
#define NGX_DNS_CACHE_USES   (3UL << 46)
#define NGX_DNS_CACHE_PLACE  ((1UL << 45) - 1)


/* the hash of a key, for all above; reads 16 octets past the name's end */

static ngx_inline uint64_t
ngx_dns_cache_hash(const ngx_dns_cache_shm_t *c, const u_char *name,
    size_t len, uint64_t bits, uint64_t partition)
{
    return ngx_dns_hash_name(&c->key, name, len,
                             bits ^ ngx_dns_rotl(partition, 8));
}


static ngx_inline ngx_uint_t
ngx_dns_cache_rcode(const ngx_dns_cache_response_t *a)
{
    return a->flags & 0xf;
}


/* was the view the same all the time since find()? */

static ngx_inline ngx_uint_t
ngx_dns_cache_check(ngx_dns_cache_view_t *view)
{
    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    return ngx_dns_load(view->gen) == view->generation
           && (ngx_dns_load(view->word) & NGX_DNS_CACHE_PLACE)
              == (view->value & NGX_DNS_CACHE_PLACE);
}


/* the entry was used: it may be kept longer */

static ngx_inline void
ngx_dns_cache_touch(ngx_dns_cache_view_t *view)
{
    /* that of a popular entry is full: nothing is written */

    if ((view->value & NGX_DNS_CACHE_USES) != NGX_DNS_CACHE_USES) {
        (void) ngx_dns_cas(view->word, view->value,
                           view->value + NGX_DNS_CACHE_USE);
    }
}


/* copies to and from a zone; under TSan octet by octet, as what it is */

static ngx_inline void
ngx_dns_cache_copy(void *dst, const void *src, size_t len)
{
#if (NGX_DNS_THREADS)
    u_char        *d;
    const u_char  *p;

    d = dst;
    p = src;

    while (len--) {
        ngx_dns_store(d, ngx_dns_load(p));
        d++;
        p++;
    }
#else
    ngx_memcpy(dst, src, len);
#endif
}


#endif /* _NGX_DNS_CACHE_H_INCLUDED_ */

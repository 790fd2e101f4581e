
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hosts.h"
#include "../wire/ngx_dns_reverse.h"
#include "../base/ngx_dns_process.h"
#include "../base/ngx_dns_random.h"

#include <sys/mman.h>


#define NGX_DNS_HOSTS_LAYOUT   0x44480002
#define NGX_DNS_HOSTS_HEADER   (sizeof(ngx_dns_hosts_table_t) / 4)
#define NGX_DNS_HOSTS_START    ngx_align(sizeof(ngx_dns_hosts_shm_t),         \
                                         NGX_DNS_CACHELINE)
#define NGX_DNS_HOSTS_INDEX    3ULL       /* in the generation: which table */
#define NGX_DNS_HOSTS_SERIAL   4ULL
#define NGX_DNS_HOSTS_STEPS    4096       /* of any walk: a torn one ends */
#define NGX_DNS_HOSTS_BUCKETS  64

/*
 * A node is in the chain of its bucket: [NEXT] in the chain, [LIST] of links,
 * [KIND] with the length of its octets, which follow.  A name's list is its
 * addresses, an address's list is its names.  A link is two words, [NEXT] in
 * the list and [NODE].
 */

#define NGX_DNS_HOSTS_NEXT     0
#define NGX_DNS_HOSTS_LIST     1
#define NGX_DNS_HOSTS_NODE     1
#define NGX_DNS_HOSTS_KIND     2
#define NGX_DNS_HOSTS_DATA     3
#define NGX_DNS_HOSTS_LINK     2

#define NGX_DNS_HOSTS_NAME     0x0100
#define NGX_DNS_HOSTS_ADDRESS  0x0200


static size_t ngx_dns_hosts_buckets(const ngx_dns_hosts_count_t *count);
static ngx_dns_hosts_table_t *ngx_dns_hosts_table(ngx_dns_hosts_t *h,
    uint64_t generation);
static ngx_uint_t ngx_dns_hosts_take(ngx_dns_hosts_t *h, ngx_uint_t i);
static ngx_int_t ngx_dns_hosts_link(ngx_dns_hosts_table_t *t, uint32_t from,
    uint32_t to, ngx_uint_t max);
static uint32_t ngx_dns_hosts_node(ngx_dns_hosts_table_t *t, uint32_t kind,
    const u_char *p, size_t len);
static uint32_t ngx_dns_hosts_lookup(ngx_dns_hosts_table_t *t, size_t words,
    uint32_t kind, const u_char *p, size_t len);
static ngx_int_t ngx_dns_hosts_find_in(ngx_dns_hosts_table_t *t,
    size_t words, const ngx_dns_question_t *q,
    ngx_dns_hosts_answer_t *answer);
static uint32_t ngx_dns_hosts_wildcard(ngx_dns_hosts_table_t *t,
    size_t words, const ngx_dns_question_t *q);
static void ngx_dns_hosts_copy(ngx_dns_hosts_table_t *t, size_t words,
    uint32_t node, ngx_dns_hosts_answer_t *answer);
static void ngx_dns_hosts_copy_node(const uint32_t *node, size_t room,
    ngx_dns_hosts_answer_t *answer);


size_t
ngx_dns_hosts_table_size(const ngx_dns_hosts_count_t *count)
{
    /* a link from the name, and one from the address, for each name */

    return sizeof(ngx_dns_hosts_table_t)
           + 4 * ngx_dns_hosts_buckets(count)
           + count->octets
           + count->names * 4 * (NGX_DNS_HOSTS_DATA + 2 * NGX_DNS_HOSTS_LINK)
           + count->addresses * (4 * NGX_DNS_HOSTS_DATA + 16);
}


/* up to one node for a bucket */

static size_t
ngx_dns_hosts_buckets(const ngx_dns_hosts_count_t *count)
{
    size_t  n;

    n = NGX_DNS_HOSTS_BUCKETS;

    while (n < count->names + count->addresses) {
        n *= 2;
    }

    return n;
}


size_t
ngx_dns_hosts_size(size_t table)
{
    return NGX_DNS_HOSTS_START
           + NGX_DNS_HOSTS_TABLES * ngx_align(table, NGX_DNS_CACHELINE);
}


ngx_int_t
ngx_dns_hosts_init(ngx_dns_hosts_t *h, void *mem, size_t table)
{
    h->shm = mem;
    h->size = ngx_align(table, NGX_DNS_CACHELINE);

    if (h->shm->layout == 0) {
        h->shm->layout = NGX_DNS_HOSTS_LAYOUT;
    }

    return h->shm->layout == NGX_DNS_HOSTS_LAYOUT ? NGX_OK : NGX_ERROR;
}


static ngx_dns_hosts_table_t *
ngx_dns_hosts_table(ngx_dns_hosts_t *h, uint64_t generation)
{
    u_char  *p;

    p = (u_char *) h->shm + NGX_DNS_HOSTS_START
        + (generation & NGX_DNS_HOSTS_INDEX) * h->size;

    return (ngx_dns_hosts_table_t *) (void *) p;
}


ngx_dns_hosts_table_t *
ngx_dns_hosts_current(ngx_dns_hosts_t *h)
{
    uint64_t  generation;

    generation = ngx_dns_load(&h->shm->generation);

    return generation ? ngx_dns_hosts_table(h, generation) : NULL;
}


/* a mark of this process's own pid is of something that it has given up */

static ngx_uint_t
ngx_dns_hosts_take(ngx_dns_hosts_t *h, ngx_uint_t i)
{
    uint32_t  builder, self;
    uint64_t  generation;

    self = (uint32_t) ngx_pid;
    generation = ngx_dns_load(&h->shm->generation);
    builder = ngx_dns_load(&h->shm->builder[i]);

    if ((generation && i == (generation & NGX_DNS_HOSTS_INDEX))
        || (builder && builder != self && !ngx_dns_process_gone(builder))
        || !ngx_dns_cas(&h->shm->builder[i], builder, self))
    {
        return 0;
    }

    /* it may have been published just before it was marked */

    if (generation == __atomic_load_n(&h->shm->generation, __ATOMIC_SEQ_CST)) {
        return 1;
    }

    (void) ngx_dns_cas(&h->shm->builder[i], self, 0);

    return 0;
}


ngx_dns_hosts_table_t *
ngx_dns_hosts_idle(ngx_dns_hosts_t *h)
{
    ngx_uint_t  i;

    h->base = ngx_dns_load(&h->shm->generation);

    for (i = 0; i < NGX_DNS_HOSTS_TABLES; i++) {
        if (ngx_dns_hosts_take(h, i)) {
            h->idle = i;
            return ngx_dns_hosts_table(h, i);
        }
    }

    return NULL;
}


void
ngx_dns_hosts_drop(ngx_dns_hosts_t *h)
{
    (void) ngx_dns_cas(&h->shm->builder[h->idle], (uint32_t) ngx_pid, 0);
}


ngx_int_t
ngx_dns_hosts_publish(ngx_dns_hosts_t *h)
{
    uint64_t   base, next;
    ngx_int_t  rc;

    base = h->base;
    next = (base & ~NGX_DNS_HOSTS_INDEX) + NGX_DNS_HOSTS_SERIAL + h->idle;

    /* pairs with the load in ngx_dns_hosts_find() */

    rc = __atomic_compare_exchange_n(&h->shm->generation, &base, next, 0,
                                     __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)
         ? NGX_OK : NGX_DECLINED;

    ngx_dns_hosts_drop(h);

    return rc;
}


void
ngx_dns_hosts_release(ngx_dns_hosts_t *h, ngx_uint_t i, size_t from, size_t n)
{
#ifdef MADV_REMOVE
    size_t      page;
    uintptr_t   p, end;

    if (!ngx_dns_hosts_take(h, i)) {
        return;
    }

    page = (size_t) getpagesize();

    p = (uintptr_t) ngx_dns_hosts_table(h, i);
    end = p + ngx_min(from + n, h->size);
    p += from;

    p = (p + page - 1) / page * page;
    end = end / page * page;

    if (p < end) {
        (void) madvise((void *) p, end - p, MADV_REMOVE);
    }

    (void) ngx_dns_cas(&h->shm->builder[i], (uint32_t) ngx_pid, 0);
#endif
}


void
ngx_dns_hosts_table_init(ngx_dns_hosts_table_t *t, size_t size,
    const ngx_dns_hosts_count_t *count)
{
    uint32_t  buckets;

    buckets = (uint32_t) ngx_dns_hosts_buckets(count);

    ngx_memzero(t, sizeof(ngx_dns_hosts_table_t));

    t->key.k0 = ngx_dns_random64();
    t->key.k1 = ngx_dns_random64();
    t->words = (uint32_t) (size / 4);
    t->mask = buckets - 1;
    t->used = (uint32_t) NGX_DNS_HOSTS_HEADER + buckets;
}


void
ngx_dns_hosts_table_clear(ngx_dns_hosts_table_t *t, size_t from, size_t n)
{
    ngx_memzero((uint32_t *) (void *) t + NGX_DNS_HOSTS_HEADER + from, 4 * n);
}


ngx_int_t
ngx_dns_hosts_add(ngx_dns_hosts_table_t *t, const u_char *name, size_t len,
    const u_char *addr, size_t addr_len, ngx_uint_t canonical)
{
    uint32_t    owner, address;
    ngx_int_t   rc;
    ngx_uint_t  n;

    owner = ngx_dns_hosts_node(t, NGX_DNS_HOSTS_NAME, name, len);
    address = ngx_dns_hosts_node(t, NGX_DNS_HOSTS_ADDRESS, addr, addr_len);

    if (owner == 0 || address == 0) {
        return NGX_ERROR;
    }

    rc = ngx_dns_hosts_link(t, owner, address, NGX_DNS_HOSTS_ADDRS);

    if (rc != NGX_OK) {
        return rc;
    }

    if (name[0] == 1 && name[1] == '*') {
        n = 0;

        for (name += 2; *name; name += *name + 1) {
            n++;
        }

        t->wildcards[n / 64] |= (uint64_t) 1 << (n % 64);

        return NGX_OK;
    }

    if (!canonical) {
        return NGX_OK;
    }

    /* 0.0.0.0 of a block list has a million names: most go without */

    rc = ngx_dns_hosts_link(t, address, owner, NGX_DNS_HOSTS_PTRS);

    return rc == NGX_DECLINED ? NGX_OK : rc;
}


/* at the end of the list: answers have the order of the files */

static ngx_int_t
ngx_dns_hosts_link(ngx_dns_hosts_table_t *t, uint32_t from, uint32_t to,
    ngx_uint_t max)
{
    uint32_t    *w, *last;
    ngx_uint_t   n;

    w = (uint32_t *) (void *) t;
    n = 0;

    for (last = &w[from + NGX_DNS_HOSTS_LIST];
         *last;
         last = &w[*last + NGX_DNS_HOSTS_NEXT])
    {
        if (w[*last + NGX_DNS_HOSTS_NODE] == to) {
            return NGX_OK;
        }

        if (++n == max) {
            return NGX_DECLINED;
        }
    }

    if (t->words - t->used < NGX_DNS_HOSTS_LINK) {
        return NGX_ERROR;
    }

    w[t->used + NGX_DNS_HOSTS_NEXT] = 0;
    w[t->used + NGX_DNS_HOSTS_NODE] = to;

    *last = t->used;
    t->used += NGX_DNS_HOSTS_LINK;

    return NGX_OK;
}


/* the node of a name or an address, made if it is not there; 0: no room */

static uint32_t
ngx_dns_hosts_node(ngx_dns_hosts_table_t *t, uint32_t kind, const u_char *p,
    size_t len)
{
    uint32_t   node, size, *w, *bucket;

    node = ngx_dns_hosts_lookup(t, t->words, kind, p, len);

    if (node) {
        return node;
    }

    w = (uint32_t *) (void *) t;
    size = NGX_DNS_HOSTS_DATA + (uint32_t) (len + 3) / 4;

    if (t->words - t->used < size) {
        return 0;
    }

    bucket = &w[NGX_DNS_HOSTS_HEADER
                + (ngx_dns_hash(&t->key, p, len, kind) & t->mask)];
    node = t->used;

    w[node + size - 1] = 0;
    w[node + NGX_DNS_HOSTS_NEXT] = *bucket;
    w[node + NGX_DNS_HOSTS_LIST] = 0;
    w[node + NGX_DNS_HOSTS_KIND] = kind | (uint32_t) len;

    ngx_memcpy(&w[node + NGX_DNS_HOSTS_DATA], p, len);

    *bucket = node;
    t->used += size;

    if (kind == NGX_DNS_HOSTS_NAME) {
        t->names++;

    } else {
        t->addresses++;
    }

    return node;
}


/* from here on the table may be torn: "words" is what there is for sure */

static uint32_t
ngx_dns_hosts_lookup(ngx_dns_hosts_table_t *t, size_t words, uint32_t kind,
    const u_char *p, size_t len)
{
    size_t       size, bucket;
    uint32_t    *w, node;
    ngx_uint_t   n;

    w = (uint32_t *) (void *) t;
    size = NGX_DNS_HOSTS_DATA + (len + 3) / 4;
    bucket = NGX_DNS_HOSTS_HEADER
             + (ngx_dns_hash(&t->key, p, len, kind) & ngx_dns_load(&t->mask));

    if (bucket >= words) {
        return 0;
    }

    node = ngx_dns_load(&w[bucket]);

    for (n = 0; node && n < NGX_DNS_HOSTS_STEPS; n++) {

        if (node > words || size > words - node) {
            return 0;
        }

        if (ngx_dns_load(&w[node + NGX_DNS_HOSTS_KIND]) == (kind | len)
            && ngx_memcmp(&w[node + NGX_DNS_HOSTS_DATA], p, len) == 0)
        {
            return node;
        }

        node = ngx_dns_load(&w[node + NGX_DNS_HOSTS_NEXT]);
    }

    return 0;
}


ngx_int_t
ngx_dns_hosts_find(ngx_dns_hosts_t *h, const ngx_dns_question_t *q,
    ngx_dns_hosts_answer_t *answer)
{
    uint64_t    generation;
    ngx_int_t   rc;
    ngx_uint_t  tries;

    for (tries = 0; tries < 2; tries++) {

        generation = __atomic_load_n(&h->shm->generation, __ATOMIC_ACQUIRE);

        if (generation == 0) {
            break;
        }

        rc = ngx_dns_hosts_find_in(ngx_dns_hosts_table(h, generation),
                                   h->size / 4, q, answer);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (ngx_dns_load(&h->shm->generation) == generation) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


ngx_uint_t
ngx_dns_hosts_turn(ngx_dns_hosts_t *h, const ngx_dns_question_t *q)
{
    uint64_t                   hash;

    static ngx_dns_hash_key_t  key;

    hash = ngx_dns_hash(&key, q->name, q->asked.name_len, q->asked.type);

    return ngx_dns_add(&h->shm->turn[hash % NGX_DNS_HOSTS_TURNS], 1);
}


static ngx_int_t
ngx_dns_hosts_find_in(ngx_dns_hosts_table_t *t, size_t words,
    const ngx_dns_question_t *q, ngx_dns_hosts_answer_t *answer)
{
    size_t    len;
    u_char    addr[16];
    uint32_t  node;

    answer->n4 = 0;
    answer->n6 = 0;
    answer->nptr = 0;
    answer->blocked = 0;

    node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME, q->name,
                                q->asked.name_len);

    if (node) {
        ngx_dns_hosts_copy(t, words, node, answer);
        return NGX_OK;
    }

    /* an address without a name of its own, as that of aliases, is none */

    len = ngx_dns_reverse_address(q, addr);

    if (len) {
        node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_ADDRESS, addr,
                                    len);
        if (node) {
            ngx_dns_hosts_copy(t, words, node, answer);

            if (answer->nptr) {
                return NGX_OK;
            }
        }
    }

    node = ngx_dns_hosts_wildcard(t, words, q);

    if (node) {
        ngx_dns_hosts_copy(t, words, node, answer);
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/*
 * RFC 4592, 3.3.1: the wildcard of the closest encloser, which is the nearest
 * name above that exists.  The nearest wildcard is looked for first, as most
 * depths have none; a name between it and the question then forbids it.
 */

static uint32_t
ngx_dns_hosts_wildcard(ngx_dns_hosts_table_t *t, size_t words,
    const ngx_dns_question_t *q)
{
    size_t       len;
    u_char       name[NGX_DNS_MAX_NAME + 2];
    uint32_t     node;
    ngx_uint_t   i, k;
    ngx_uint_t   labels;

    if (ngx_dns_load(&t->wildcards[0]) == 0
        && ngx_dns_load(&t->wildcards[1]) == 0)
    {
        return 0;
    }

    node = 0;

    for (i = 1; i <= q->labels; i++) {
        labels = q->labels - i;

        if (!((ngx_dns_load(&t->wildcards[labels / 64]) >> (labels % 64)) & 1))
        {
            continue;
        }

        /* at least one label is gone: it fits */

        len = (size_t) q->asked.name_len - q->label[i];

        name[0] = 1;
        name[1] = '*';
        ngx_memcpy(name + 2, q->name + q->label[i], len);

        node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME, name,
                                    len + 2);
        if (node) {
            break;
        }
    }

    for (k = 1; node && k < i; k++) {
        if (ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME,
                                 q->name + q->label[k],
                                 (size_t) q->asked.name_len - q->label[k]))
        {
            return 0;
        }
    }

    return node;
}


/* all that a node's list leads to */

static void
ngx_dns_hosts_copy(ngx_dns_hosts_table_t *t, size_t words, uint32_t node,
    ngx_dns_hosts_answer_t *answer)
{
    uint32_t    *w, link;
    ngx_uint_t   n;

    w = (uint32_t *) (void *) t;
    link = ngx_dns_load(&w[node + NGX_DNS_HOSTS_LIST]);

    for (n = 0; link && n < NGX_DNS_HOSTS_ADDRS; n++) {

        if (link > words || words - link < NGX_DNS_HOSTS_LINK) {
            return;
        }

        node = ngx_dns_load(&w[link + NGX_DNS_HOSTS_NODE]);

        if (node > words || words - node <= NGX_DNS_HOSTS_DATA) {
            return;
        }

        ngx_dns_hosts_copy_node(&w[node], words - node, answer);

        link = ngx_dns_load(&w[link + NGX_DNS_HOSTS_NEXT]);
    }
}


static void
ngx_dns_hosts_copy_node(const uint32_t *node, size_t room,
    ngx_dns_hosts_answer_t *answer)
{
    size_t         len;
    uint32_t       kind;
    const u_char  *data;

    kind = ngx_dns_load(&node[NGX_DNS_HOSTS_KIND]);
    len = kind & 0xff;
    data = (const u_char *) &node[NGX_DNS_HOSTS_DATA];

    if (NGX_DNS_HOSTS_DATA + (len + 3) / 4 > room) {
        return;
    }

    if (kind == (NGX_DNS_HOSTS_ADDRESS | 1)) {
        answer->blocked = data[0];

    } else if (kind == (NGX_DNS_HOSTS_ADDRESS | 4)) {
        ngx_memcpy(answer->a[answer->n4++], data, 4);

    } else if (kind == (NGX_DNS_HOSTS_ADDRESS | 16)) {
        ngx_memcpy(answer->aaaa[answer->n6++], data, 16);

    } else if ((kind & NGX_DNS_HOSTS_NAME)
               && answer->nptr < NGX_DNS_HOSTS_PTRS)
    {
        answer->ptr_len[answer->nptr] = (u_char) len;
        ngx_memcpy(answer->ptr[answer->nptr++], data, len);
    }
}

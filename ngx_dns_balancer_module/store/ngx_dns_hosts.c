
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hosts_table.h"
#include "../base/ngx_dns_process.h"
#include "../base/ngx_dns_random.h"

#include <sys/mman.h>


#define NGX_DNS_HOSTS_LAYOUT   0x44480002
#define NGX_DNS_HOSTS_SERIAL   4ULL
#define NGX_DNS_HOSTS_BUCKETS  64


static size_t ngx_dns_hosts_buckets(const ngx_dns_hosts_count_t *count);
static ngx_uint_t ngx_dns_hosts_take(ngx_dns_hosts_t *h, ngx_uint_t i);
static ngx_int_t ngx_dns_hosts_link(ngx_dns_hosts_table_t *t, uint32_t from,
    uint32_t to, ngx_uint_t max);
static uint32_t ngx_dns_hosts_node(ngx_dns_hosts_table_t *t, uint32_t kind,
    const u_char *p, size_t len);


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


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_xdp.h"
#include "../base/ngx_dns_atomic.h"
#include "../base/ngx_dns_clock.h"


static ngx_dns_xdp_slot_t *ngx_dns_xdp_choose(ngx_dns_xdp_t *x,
    const ngx_dns_xdp_key_t *key, uint32_t *seq, ngx_uint_t *same);
static ngx_uint_t ngx_dns_xdp_is(const ngx_dns_xdp_slot_t *slot,
    const ngx_dns_xdp_key_t *key);
static uint32_t *ngx_dns_xdp_tag_of(ngx_dns_xdp_t *x,
    const ngx_dns_xdp_slot_t *slot);


ngx_dns_xdp_t  ngx_dns_xdp_table;


const char  *ngx_dns_xdp_passes[NGX_DNS_XDP_PASSES] = {
    "form", "option", "miss", "end", "size", "room", "idle"
};


ngx_uint_t
ngx_dns_xdp_sets(ngx_uint_t entries)
{
    ngx_uint_t  n;

    for (n = 1; n * NGX_DNS_XDP_WAYS < entries; n *= 2) {
        /* void */
    }

    return n;
}


void
ngx_dns_xdp_hash(const ngx_dns_xdp_t *x, ngx_dns_xdp_key_t *key)
{
    size_t    i;
    uint64_t  h, word;

    h = ngx_dns_xdp_hash_begin(x->control->seed, key->server, key->type,
                               key->bits);

    for (i = 0; i < key->name_len; i += 8) {
        memcpy(&word, key->name + i, 8);
        h = ngx_dns_xdp_hash_word(h, word);
    }

    key->hash = h;
}


/*
 * Of two names that share a place each forgets the other: a hot one is seen
 * again soon.
 */

ngx_uint_t
ngx_dns_xdp_often(ngx_dns_xdp_t *x, uint64_t hash, uint64_t usec)
{
    uint32_t   now;
    uint64_t  *seen, last;

    seen = &x->shm->seen[hash % NGX_DNS_XDP_SEEN];
    now = (uint32_t) (usec / 1000);

    last = ngx_dns_load(seen);
    ngx_dns_store(seen, hash >> 32 << 32 | now);

    return last >> 32 == hash >> 32
           && ngx_dns_clock_past(now, (uint32_t) last) <= NGX_DNS_XDP_OFTEN;
}


ngx_dns_xdp_slot_t *
ngx_dns_xdp_take(ngx_dns_xdp_t *x, const ngx_dns_xdp_key_t *key,
    uint32_t stored, uint32_t expires, uint32_t epoch)
{
    uint32_t             seq;
    ngx_uint_t           same;
    ngx_dns_xdp_slot_t  *slot;

    slot = ngx_dns_xdp_choose(x, key, &seq, &same);

    if (slot == NULL) {
        return NULL;
    }

    if (same && slot->stored == stored && slot->expires == expires
        && slot->epoch == epoch)
    {
        return NULL;
    }

    if (!__atomic_compare_exchange_n(&slot->seq, &seq, seq + 1, 0,
                                     __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    {
        return NULL;
    }

    /* a reader that sees anything of what is written now sees the count */

    __atomic_thread_fence(__ATOMIC_SEQ_CST);

    slot->hash = key->hash;
    slot->server = key->server;
    slot->type = key->type;
    slot->bits = key->bits;
    slot->name_len = key->name_len;
    slot->stored = stored;
    slot->expires = expires;
    slot->epoch = epoch;

    ngx_memcpy(slot->name, key->name, NGX_DNS_XDP_NAME);

    return slot;
}


/* "seq" is read before anything else of the slot is looked at */

static ngx_dns_xdp_slot_t *
ngx_dns_xdp_choose(ngx_dns_xdp_t *x, const ngx_dns_xdp_key_t *key,
    uint32_t *seq, ngx_uint_t *same)
{
    uint32_t             set, n, tag;
    ngx_uint_t           i, free;
    ngx_dns_xdp_slot_t  *slot, *best;

    set = (uint32_t) key->hash & x->control->mask;

    best = NULL;
    free = 0;
    *same = 0;

    for (i = 0; i < NGX_DNS_XDP_WAYS; i++) {
        slot = &x->slots[set * NGX_DNS_XDP_WAYS + i];

        n = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);
        tag = ngx_dns_load(&x->index[set].tag[i]);

        if (tag == ngx_dns_xdp_tag(key->hash)) {

            /* with a twin of its tag in the set it would not be found */

            if ((n & 1) || !ngx_dns_xdp_is(slot, key)) {
                return NULL;
            }

            *same = 1;
            *seq = n;

            return slot;
        }

        if ((n & 1) || free) {
            continue;
        }

        if (tag == 0 || (slot->hits == 0 && best == NULL)) {
            free = tag == 0;
            best = slot;
            *seq = n;
        }
    }

    return best;
}


static ngx_uint_t
ngx_dns_xdp_is(const ngx_dns_xdp_slot_t *slot, const ngx_dns_xdp_key_t *key)
{
    return slot->hash == key->hash && slot->server == key->server
           && slot->type == key->type && slot->bits == key->bits
           && slot->name_len == key->name_len
           && ngx_memcmp(slot->name, key->name, key->name_len) == 0;
}


static uint32_t *
ngx_dns_xdp_tag_of(ngx_dns_xdp_t *x, const ngx_dns_xdp_slot_t *slot)
{
    size_t  i;

    i = (size_t) (slot - x->slots);

    return &x->index[i / NGX_DNS_XDP_WAYS].tag[i % NGX_DNS_XDP_WAYS];
}


void
ngx_dns_xdp_give(ngx_dns_xdp_t *x, ngx_dns_xdp_slot_t *slot, ngx_uint_t good)
{
    ngx_dns_store(ngx_dns_xdp_tag_of(x, slot),
                  good ? ngx_dns_xdp_tag(slot->hash) : 0);

    if (!good) {
        slot->name_len = 0;
        slot->end = slot->stored;
    }

    __atomic_store_n(&slot->seq, slot->seq + 1, __ATOMIC_RELEASE);
}


void
ngx_dns_xdp_drop(ngx_dns_xdp_t *x, ngx_dns_xdp_slot_t *slot, uint32_t seq)
{
    if (__atomic_compare_exchange_n(&slot->seq, &seq, seq + 1, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    {
        __atomic_thread_fence(__ATOMIC_SEQ_CST);

        ngx_dns_xdp_give(x, slot, 0);
    }
}


ngx_dns_xdp_slot_t *
ngx_dns_xdp_slot(ngx_dns_xdp_t *x, ngx_uint_t i, uint32_t *seq)
{
    ngx_dns_xdp_slot_t  *slot;

    slot = &x->slots[i];

    if (ngx_dns_load(ngx_dns_xdp_tag_of(x, slot)) == 0) {
        return NULL;
    }

    *seq = __atomic_load_n(&slot->seq, __ATOMIC_ACQUIRE);

    return (*seq & 1) ? NULL : slot;
}


uint32_t
ngx_dns_xdp_epoch(const ngx_dns_xdp_t *x)
{
    return __atomic_load_n(&x->control->epoch, __ATOMIC_SEQ_CST);
}


void
ngx_dns_xdp_flush(ngx_dns_xdp_t *x)
{
    if (x->control) {
        (void) __atomic_add_fetch(&x->control->epoch, 1, __ATOMIC_SEQ_CST);
    }
}


void
ngx_dns_xdp_alive(ngx_dns_xdp_t *x)
{
    uint64_t         began;
    struct timespec  boot, mono;

    (void) clock_gettime(CLOCK_BOOTTIME, &boot);
    (void) clock_gettime(CLOCK_MONOTONIC, &mono);

    began = (uint64_t) mono.tv_sec * 1000000000 + (uint64_t) mono.tv_nsec
            - (uint64_t) boot.tv_nsec;

    __atomic_store_n(&x->control->clock,
                     (uint64_t) boot.tv_sec << 32
                     | (uint32_t) (began >> NGX_DNS_XDP_CLOCK),
                     __ATOMIC_RELEASE);
}


void
ngx_dns_xdp_stat(const ngx_dns_xdp_t *x, ngx_dns_xdp_stat_t *stat)
{
    ngx_uint_t                   i, k;
    const ngx_dns_xdp_control_t  *c;

    ngx_memzero(stat, sizeof(ngx_dns_xdp_stat_t));

    c = x->control;

    if (c == NULL) {
        return;
    }

    stat->size = ((uint64_t) c->mask + 1) * NGX_DNS_XDP_WAYS;
    stat->promotions = ngx_dns_load(&x->shm->promotions);

    for (i = 0; i <= c->mask; i++) {
        for (k = 0; k < NGX_DNS_XDP_WAYS; k++) {
            stat->entries += ngx_dns_load(&x->index[i].tag[k]) != 0
                             && ngx_dns_load(
                                    &x->slots[i * NGX_DNS_XDP_WAYS + k].epoch)
                                == c->epoch;
        }
    }

    for (i = 0; i < (ngx_uint_t) x->cpus * x->servers; i++) {
        for (k = 0; k < NGX_DNS_XDP_PASSES; k++) {
            stat->passes[k] += ngx_dns_load(&x->counts[i].passes[k]);
        }
    }
}


void
ngx_dns_xdp_sum(const ngx_dns_xdp_t *x, uint32_t server,
    ngx_dns_xdp_counts_t *sum)
{
    ngx_uint_t                   cpu, i;
    const uint64_t              *from;
    uint64_t                    *to;

    ngx_memzero(sum, sizeof(ngx_dns_xdp_counts_t));

    if (x->counts == NULL || server >= x->servers) {
        return;
    }

    to = (uint64_t *) sum;

    for (cpu = 0; cpu < x->cpus; cpu++) {
        from = (const uint64_t *) &x->counts[cpu * x->servers + server];

        for (i = 0; i < sizeof(ngx_dns_xdp_counts_t) / 8; i++) {
            to[i] += ngx_dns_load(&from[i]);
        }
    }
}

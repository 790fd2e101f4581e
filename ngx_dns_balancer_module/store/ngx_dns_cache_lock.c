
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_shard.h"
#include "../base/ngx_dns_process.h"


#define NGX_DNS_CACHE_SPINS  256


static uint32_t ngx_dns_cache_self(void);
static ngx_uint_t ngx_dns_cache_gone(uint32_t holder);
static void ngx_dns_cache_repair(ngx_dns_cache_shard_t *s);
static void ngx_dns_cache_recount(ngx_dns_cache_shard_t *s);


/*
 * The holder does nothing but copy: it is soon done, or it is dead.  To find
 * that out costs a system call, so it is asked only after the spinning.
 */

ngx_int_t
ngx_dns_cache_lock(ngx_dns_cache_shard_t *s)
{
    uint32_t    holder;
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_CACHE_SPINS; i++) {
        holder = ngx_dns_load(&s->lock);

        if (holder == 0
            && __atomic_compare_exchange_n(&s->lock, &holder,
                                           ngx_dns_cache_self(), 0,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return NGX_OK;
        }

        ngx_cpu_pause();
    }

    holder = ngx_dns_load(&s->lock);

    if (holder != 0 && ngx_dns_cache_gone(holder)
        && __atomic_compare_exchange_n(&s->lock, &holder,
                                       ngx_dns_cache_self(), 0,
                                       __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
    {
        ngx_dns_cache_repair(s);
        return NGX_OK;
    }

    return NGX_DECLINED;
}


void
ngx_dns_cache_unlock(ngx_dns_cache_shard_t *s)
{
    __atomic_store_n(&s->lock, 0, __ATOMIC_RELEASE);
}


/* who locks: a process; in a test with threads a thread, they share a pid */

static uint32_t
ngx_dns_cache_self(void)
{
#if (NGX_DNS_THREADS)
    return (uint32_t) gettid();
#else
    return (uint32_t) ngx_pid;
#endif
}


/* a lock of its own pid is of an earlier process: it holds none */

static ngx_uint_t
ngx_dns_cache_gone(uint32_t holder)
{
    return holder == ngx_dns_cache_self() || ngx_dns_process_gone(holder);
}


/*
 * The last holder died between any two of its stores.  An entry that was not
 * committed is written over; one without a word is dropped with its segment;
 * the segment that was being emptied is gone through again, what was done is
 * skipped as it has no word any longer.
 */

static void
ngx_dns_cache_repair(ngx_dns_cache_shard_t *s)
{
    uint64_t                 *word;
    ngx_dns_cache_journal_t  *j;

    j = &s->journal;

    if (j->word) {
        word = (uint64_t *) (void *) ((u_char *) s + j->word);

        if ((ngx_dns_load(word) & NGX_DNS_CACHE_PLACE) == j->place) {
            ngx_dns_store(&s->stat.entries, j->entries);
            ngx_dns_store(&s->stat.bytes, j->bytes);
        }

        __atomic_store_n(&j->word, 0, __ATOMIC_RELEASE);
    }

    ngx_dns_cache_recount(s);

    s->cursor = 0;

    if (s->victim != NGX_DNS_CACHE_NONE
        && ngx_dns_cache_segment(s, s->victim)->log == NGX_DNS_CACHE_FREE)
    {
        s->victim = NGX_DNS_CACHE_NONE;
    }
}


static void
ngx_dns_cache_recount(ngx_dns_cache_shard_t *s)
{
    uint32_t    i;
    ngx_uint_t  log;

    ngx_memzero(s->count, sizeof(s->count));

    for (i = 0; i < s->segments; i++) {
        s->count[ngx_dns_cache_segment(s, i)->log]++;
    }

    for (log = 0; log < NGX_DNS_CACHE_LOGS; log++) {
        if (s->head[log] != NGX_DNS_CACHE_NONE
            && ngx_dns_cache_segment(s, s->head[log])->log != log)
        {
            s->head[log] = NGX_DNS_CACHE_NONE;
        }
    }
}

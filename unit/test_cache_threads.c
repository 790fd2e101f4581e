
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The cache and threads, under the thread sanitizer: no access that races is
 * other than atomic, and every answer that is accepted is right in every
 * octet.  Threads that die are left to test_cache_fork.
 */


#include <pthread.h>

#include "tap.h"
#include "cache.h"
#include "store/ngx_dns_cache_shard.h"


#define THREADS  4
#define NAMES    4000
#define LOADS    60000
#define CLAIMS   100000


ngx_pid_t  ngx_pid;

static ngx_dns_cache_shm_t  *cache;
static cache_load_t          loads[THREADS];
static unsigned              over;


static void *
run(void *arg)
{
    unsigned       i;
    cache_load_t  *load;

    load = arg;

    for (i = 0; i < LOADS; i++) {
        cache_load(cache, load, NAMES);
    }

    return NULL;
}


static void
stress(size_t size)
{
    void          *p;
    unsigned       n;
    pthread_t      tid[THREADS];
    cache_load_t   sum;

    p = aligned_alloc(64, size);
    memset(p, 0, size);
    memset(loads, 0, sizeof(loads));
    memset(&sum, 0, sizeof(sum));

    cache = ngx_dns_cache_init(p, size);

    for (n = 0; n < THREADS; n++) {
        loads[n].state = n;
        (void) pthread_create(&tid[n], NULL, run, &loads[n]);
    }

    for (n = 0; n < THREADS; n++) {
        (void) pthread_join(tid[n], NULL);

        sum.hits += loads[n].hits;
        sum.changed += loads[n].changed;
        sum.stored += loads[n].stored;
        sum.wrong += loads[n].wrong;
    }

    is_int(sum.wrong, 0, "%zu KB: all that was accepted is right", size / 1024);
    ok(sum.hits > 1000 && sum.stored > 1000,
       "%zu KB: %lu hits, %lu stored, %lu changed while they were read",
       size / 1024, sum.hits, sum.stored, sum.changed);

    free(p);
}


static unsigned
inspect(void)
{
    unsigned               n, found;
    ngx_dns_cache_view_t   v;

    found = 0;

    for (n = 0; n < NAMES; n++) {
        found += cache_find(cache, n, &v) == 1;
    }

    return found;
}


/* all at once take the same entry for a refresh, while others are stored */

static void *
claim(void *arg)
{
    unsigned               i;
    cache_load_t          *load;
    ngx_dns_cache_view_t   v;

    load = arg;

    for (i = 0; i < NAMES; i++) {
        if (cache_find(cache, i, &v) == 1) {
            load->claimed += ngx_dns_cache_claim(&v);
        }
    }

    return NULL;
}


static void
claims(void)
{
    unsigned   n, found;
    uint64_t   claimed;
    pthread_t  tid[THREADS];
    size_t     size;

    size = 4 << 20;
    cache = aligned_alloc(64, size);
    memset(cache, 0, size);
    cache = ngx_dns_cache_init(cache, size);

    for (n = 0; n < NAMES; n++) {
        (void) cache_store(cache, n, n);
    }

    found = inspect();
    claimed = 0;

    for (n = 0; n < THREADS; n++) {
        loads[n].claimed = 0;
        (void) pthread_create(&tid[n], NULL, claim, &loads[n]);
    }

    for (n = 0; n < THREADS; n++) {
        (void) pthread_join(tid[n], NULL);
        claimed += loads[n].claimed;
    }

    is_int(found, NAMES, "all are there");
    is_int(claimed, found, "each is claimed once");

    free(cache);
}


/* readers count uses in the word while a claim is given back */

static void *
touch(void *arg)
{
    uint64_t              *word, value;
    ngx_dns_cache_view_t  *v;

    v = arg;
    word = v->word;

    while (!ngx_dns_load(&over)) {
        value = ngx_dns_load(word);
        (void) ngx_dns_cas(word, value, value ^ NGX_DNS_CACHE_USE);
    }

    return NULL;
}


static void
unclaims(void)
{
    unsigned               i, n;
    pthread_t              tid;
    ngx_dns_cache_view_t   v;

    cache = aligned_alloc(64, 65536);
    memset(cache, 0, 65536);
    cache = ngx_dns_cache_init(cache, 65536);

    (void) cache_store(cache, 1, 1);
    (void) cache_find(cache, 1, &v);

    over = 0;
    (void) pthread_create(&tid, NULL, touch, &v);

    for (i = 0, n = 0; i < CLAIMS; i++) {

        while (!ngx_dns_cache_claim(&v)) {
            if (ngx_dns_load(v.word) & NGX_DNS_CACHE_CLAIM) {
                break;
            }
        }

        ngx_dns_cache_unclaim(&v);
        n += (ngx_dns_load(v.word) & NGX_DNS_CACHE_CLAIM) != 0;
    }

    ngx_dns_store(&over, 1);
    (void) pthread_join(tid, NULL);

    is_int(n, 0, "a claim that is given back while others count uses");

    free(cache);
}


int
main(void)
{
    ngx_pid = getpid();

    stress(65536);
    stress(262144);
    claims();
    unclaims();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The cache in shared memory, with processes that are killed at any moment:
 * every answer that is accepted is right in every octet, no lock stays held,
 * and what is counted is what is there.
 */


#include <sys/mman.h>
#include <sys/wait.h>

#include "tap.h"
#include "nginx.h"
#include "cache.h"
#include "store/ngx_dns_cache_shard.h"


#define PROCESSES  4
#define NAMES      20000
#define KILLS      300


typedef struct {
    ngx_atomic_t          starts;
    cache_load_t          load[PROCESSES];  /* what they did, the dead too */
} shared_t;


static ngx_dns_cache_shm_t  *cache;
static shared_t             *shared;
static ngx_uint_t            held;      /* locks, when a process was killed */
static ngx_uint_t            open_journals;


static void *
map(size_t size)
{
    return mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANON, -1, 0);
}


static pid_t
start(unsigned n)
{
    pid_t  pid;

    shared->starts++;
    shared->load[n].state = shared->starts * 1000003;

    pid = fork();

    if (pid == 0) {
        ngx_pid = getpid();

        for ( ;; ) {
            cache_load(cache, &shared->load[n], NAMES);
        }
    }

    return pid;
}


static void
stop(pid_t pid)
{
    ngx_uint_t              i;
    ngx_dns_cache_shard_t  *s;

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, NULL, 0);

    for (i = 0; i < cache->shards; i++) {
        s = ngx_dns_cache_shard(cache, (uint64_t) i
                                       << NGX_DNS_CACHE_SHARD_SHIFT);

        if (ngx_dns_load(&s->lock) == (uint32_t) pid) {
            held++;
            open_journals += ngx_dns_load(&s->journal.word) != 0;
        }
    }
}


static void
churn(unsigned kills)
{
    pid_t     pid[PROCESSES];
    unsigned  i, n;
    uint64_t  state;

    state = 1;

    for (n = 0; n < PROCESSES; n++) {
        pid[n] = start(n);
    }

    for (i = 0; i < kills; i++) {
        (void) usleep((useconds_t) (cache_random(&state) % 12000));

        n = (unsigned) cache_random(&state) % PROCESSES;

        stop(pid[n]);
        pid[n] = start(n);
    }

    for (n = 0; n < PROCESSES; n++) {
        stop(pid[n]);
    }
}


/* the octets of an entry, as ngx_dns_cache.h lays it out */

static uint64_t
octets(ngx_dns_cache_view_t *v)
{
    return (sizeof(ngx_dns_cache_entry_t) + 2 * (uint64_t) v->answer.nttl
            + v->answer.name_len + v->answer.body_len + 7) & ~7UL;
}


static void
inspect(size_t size)
{
    int                    rc;
    unsigned               n, found, wrong;
    uint64_t               bytes;
    ngx_dns_cache_stat_t   stat;
    ngx_dns_cache_view_t   v;

    bytes = 0;
    found = 0;
    wrong = 0;

    for (n = 0; n < NAMES; n++) {
        rc = cache_find(cache, n, &v);

        if (rc == 1) {
            found++;
            bytes += octets(&v);
        }

        wrong += rc < 0;
    }

    ngx_dns_cache_stat(cache, &stat);

    is_int(wrong, 0, "%zu KB: what is there is right", size / 1024);
    is_int(stat.entries, found, "%zu KB: entries", size / 1024);
    is_int(stat.bytes, bytes, "%zu KB: octets", size / 1024);
    ok(bytes > size / 2, "%zu KB: most of it is used: %lu", size / 1024,
       (unsigned long) bytes);
}


/* segments: each in one log, none lost */

static void
segments(size_t size)
{
    uint32_t                i, count[NGX_DNS_CACHE_LOGS];
    ngx_dns_cache_shard_t  *s;

    s = ngx_dns_cache_shard(cache, 0);

    memset(count, 0, sizeof(count));

    for (i = 0; i < s->segments; i++) {
        count[ngx_dns_cache_segment(s, i)->log]++;
    }

    ok(memcmp(count, s->count, sizeof(count)) == 0,
       "%zu KB: segments are counted right: %u free, %u small, %u main",
       size / 1024, count[0], count[1], count[2]);
    is_int(s->lock, 0, "%zu KB: the lock is free", size / 1024);
}


static void
stress(size_t size)
{
    unsigned      n;
    cache_load_t  sum;

    memset(&sum, 0, sizeof(sum));

    cache = ngx_dns_cache_init(map(size), size);
    shared = map(sizeof(shared_t));

    held = 0;
    open_journals = 0;

    churn(KILLS);

    for (n = 0; n < PROCESSES; n++) {
        sum.hits += shared->load[n].hits;
        sum.changed += shared->load[n].changed;
        sum.stored += shared->load[n].stored;
        sum.wrong += shared->load[n].wrong;
    }

    is_int(sum.wrong, 0, "%zu KB: all that was accepted is right", size / 1024);
    ok(sum.hits > 1000 && sum.stored > 1000,
       "%zu KB: %lu hits, %lu stored, %lu changed while they were read",
       size / 1024, sum.hits, sum.stored, sum.changed);

    diag("%u of %u killed processes held a lock, %u were setting a word",
         (unsigned) held, KILLS + PROCESSES, (unsigned) open_journals);

    is_int(cache_store(cache, 1, 1), NGX_OK, "%zu KB: stores go on",
           size / 1024);

    inspect(size);
    segments(size);
}


int
main(void)
{
    ngx_pid = getpid();

    stress(65536);
    stress(1 << 20);

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A writer that dies after any of its instructions: a process is led through
 * stores step by step, and whenever the memory has changed a copy of it is
 * taken over as if the process had died there.  At most the entry that was
 * being written may be missing, and what is counted is what is there.
 */


#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tap.h"
#include "nginx.h"
#include "cache.h"
#include "store/ngx_dns_cache_shard.h"


#define SIZE     65536
#define NAMES    500
#define SECONDS  6
#define POINTS   100


static ngx_dns_cache_shm_t  *cache;     /* what the process writes to */
static u_char               *last;      /* as it was at the step before */
static ngx_dns_cache_shm_t  *copy;
static pid_t                 dead;
static unsigned              stores, points, wrong, counts, declined;


static void *
map(int flags)
{
    return mmap(NULL, SIZE, PROT_READ|PROT_WRITE, flags|MAP_ANON, -1, 0);
}


static void
count(ngx_dns_cache_shm_t *c, ngx_dns_cache_stat_t *found)
{
    int                    rc;
    unsigned               n;
    ngx_dns_cache_view_t   v;

    found->entries = 0;
    found->bytes = 0;

    for (n = 0; n < NAMES; n++) {
        rc = cache_find(c, n, &v);

        if (rc == 1) {
            found->entries++;
            found->bytes += (sizeof(ngx_dns_cache_entry_t)
                             + 2 * (uint64_t) v.answer.nttl
                             + v.answer.name_len + v.answer.body_len + 7)
                            & ~7UL;
        }

        wrong += rc < 0;
    }
}


/* the one who takes over does nothing but count */

static void
inspect(void)
{
    uint32_t                i, n[NGX_DNS_CACHE_LOGS];
    ngx_dns_cache_stat_t    stat, found;
    ngx_dns_cache_shard_t  *s;

    memcpy(copy, cache, SIZE);

    s = ngx_dns_cache_shard(copy, 0);
    s->lock = (uint32_t) dead;

    declined += ngx_dns_cache_lock(s) != NGX_OK;
    ngx_dns_cache_unlock(s);

    count(copy, &found);
    ngx_dns_cache_stat(copy, &stat);

    counts += stat.entries != found.entries || stat.bytes != found.bytes;

    memset(n, 0, sizeof(n));

    for (i = 0; i < s->segments; i++) {
        n[ngx_dns_cache_segment(s, i)->log]++;
    }

    counts += memcmp(n, s->count, sizeof(n)) != 0;

    /* a store that was not done and its victims, not more */

    declined += cache_store(copy, (unsigned) points % NAMES, points) != NGX_OK;
    points++;
}


static void
writer(void)
{
    uint64_t               state;
    unsigned               n;
    ngx_dns_cache_view_t   v;

    state = 1;
    ngx_pid = getpid();

    (void) ptrace(PTRACE_TRACEME, 0, NULL, NULL);

    for ( ;; ) {
        n = (unsigned) cache_random(&state) % NAMES;

        if (cache_find(cache, n, &v) == 1) {
            ngx_dns_cache_touch(&v);
        }

        (void) raise(SIGSTOP);
        (void) cache_store(cache, n, cache_random(&state) % 1000000);
    }
}


static void
fill(void)
{
    unsigned      i;
    cache_load_t  load;

    memset(&load, 0, sizeof(load));

    for (i = 0; i < 20000; i++) {
        cache_load(cache, &load, NAMES);
    }
}


/* the process stops by itself before each store, and after each step */

static int
go(pid_t pid, int how)
{
    int  status;

    return ptrace(how, pid, NULL, NULL) == 0 && waitpid(pid, &status, 0) == pid
           && WIFSTOPPED(status);
}


/* a busy machine takes longer for as many points */

static int
over(time_t start)
{
    return time(NULL) - start
           > (stores == 0 || points > POINTS ? SECONDS : 10 * SECONDS);
}


static int
lead(pid_t pid)
{
    int                     locked;
    time_t                  start;
    ngx_dns_cache_shard_t  *s;

    s = ngx_dns_cache_shard(cache, 0);
    start = time(NULL);

    while (!over(start)) {

        for (locked = 0; !locked || s->lock; /* void */) {

            if (!go(pid, PTRACE_SINGLESTEP)) {
                return 0;
            }

            /* where a step breaks LL/SC a lock is never got */

            if (over(start)) {
                return stores != 0;
            }

            locked |= s->lock != 0;

            if (s->lock && memcmp(cache, last, SIZE) != 0) {
                memcpy(last, cache, SIZE);
                inspect();
            }
        }

        stores++;

        if (!go(pid, PTRACE_CONT)) {
            return 0;
        }
    }

    return 1;
}


int
main(void)
{
    int    status;
    pid_t  pid;

    ngx_pid = getpid();

    cache = ngx_dns_cache_init(map(MAP_SHARED), SIZE);
    copy = map(MAP_PRIVATE);
    last = map(MAP_PRIVATE);

    fill();

    dead = fork();

    if (dead == 0) {
        _exit(0);
    }

    (void) waitpid(dead, NULL, 0);

    pid = fork();

    if (pid == 0) {
        writer();
    }

    if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || !lead(pid)) {
        skip(1, "processes can't be traced here");
        return done_testing();
    }

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, NULL, 0);

    ok(points > POINTS, "%u points to die at in %u stores", points, stores);
    is_int(wrong, 0, "all that is found is right");
    is_int(counts, 0, "what is counted is there");
    is_int(declined, 0, "stores go on");

    return done_testing();
}

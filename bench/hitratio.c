
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Hit ratios of the cache, of exact LRU and of Belady's optimum, over traces
 * of requests; and the time of a find and of a store.
 *
 *     hitratio [MILLIONS]        requests of a trace: 16
 *     hitratio -t                times
 *
 * zipf: a million names, Zipf(1.0).  flood: every other request is of a name
 * that is asked once.  scan: after each million, half a million of names in
 * sequence that are asked once.
 *
 * All entries have the same size.  100% is the octets of a million of them.
 * The cache has its index and all else in the memory.  LRU and the optimum
 * hold as many entries as fit, as if they needed no index; "LRU+16" pays 16
 * octets for each entry: two links, a chain and its head, of 32 bits each.
 * The first half of the requests is not counted.  Traces are seeded.
 */


#include <math.h>
#include <stdio.h>
#include <time.h>

#include "store/ngx_dns_cache.h"


#define NAMES     1000000
#define SCAN      500000
#define NAME_LEN  21
#define BODY_LEN  48
#define ENTRY     128                   /* with header, two TTLs, rounding */
#define LINKS     16
#define NEVER     0xffffffff
#define LEVELS    5                     /* 64 ^ 5 requests */


typedef struct {
    const char  *name;
    unsigned     flood;
    unsigned     scan;
} kind_t;


typedef struct {
    uint32_t    *id;
    uint32_t    *next;                  /* request of the same name */
    size_t       n;
    size_t       ids;
} trace_t;


/* a set of numbers that knows its largest */

typedef struct {
    uint64_t    *level[LEVELS];
} set_t;


ngx_pid_t  ngx_pid;

static uint64_t  state = 1;

static const kind_t  kinds[] = {
    { "zipf", 0, 0 },
    { "flood", 1, 0 },
    { "scan", 0, 1 },
};

static const double  memory[] = { 0.01, 0.1, 0.5 };


static void *
alloc(size_t size)
{
    void  *p;

    p = aligned_alloc(64, (size + 63) & ~63UL);

    if (p == NULL) {
        perror("aligned_alloc");
        exit(1);
    }

    memset(p, 0, (size + 63) & ~63UL);

    return p;
}


static uint64_t
random64(void)
{
    uint64_t  x;

    x = state += 0x9e3779b97f4a7c15;    /* splitmix64 */
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;

    return x ^ x >> 31;
}


static uint32_t
zipf(void)
{
    double         u;
    size_t         i, lo, hi;
    static double *sum;

    if (sum == NULL) {
        sum = alloc(NAMES * sizeof(double));

        for (i = 0; i < NAMES; i++) {
            sum[i] = (i ? sum[i - 1] : 0) + 1.0 / (double) (i + 1);
        }
    }

    u = (double) (random64() >> 11) / (double) (1UL << 53) * sum[NAMES - 1];

    for (lo = 0, hi = NAMES - 1; lo < hi; /* void */) {
        i = (lo + hi) / 2;

        if (sum[i] < u) {
            lo = i + 1;

        } else {
            hi = i;
        }
    }

    return (uint32_t) lo;
}


static void
trace_init(trace_t *t, const kind_t *kind, size_t n)
{
    size_t     i;
    uint32_t   id, *last;

    state = 1;

    t->n = n;
    t->ids = NAMES;
    t->id = alloc(n * sizeof(uint32_t));
    t->next = alloc(n * sizeof(uint32_t));

    for (i = 0; i < n; i++) {
        id = ((kind->flood && i % 2)
              || (kind->scan && i % (NAMES + SCAN) >= NAMES))
             ? (uint32_t) t->ids++ : zipf();

        t->id[i] = id;
    }

    last = alloc(t->ids * sizeof(uint32_t));
    memset(last, 0xff, t->ids * sizeof(uint32_t));

    for (i = n; i-- > 0; /* void */) {
        t->next[i] = last[t->id[i]];
        last[t->id[i]] = (uint32_t) i;
    }

    free(last);
}


static size_t
key(u_char *p, uint32_t id)
{
    return (size_t) sprintf((char *) p, "\x0f%08xexample\3com", id) + 1;
}


static ngx_uint_t
request(ngx_dns_cache_shm_t *c, uint32_t id)
{
    size_t                    len;
    u_char                    name[64];
    uint64_t                  hash;
    ngx_dns_cache_view_t      v;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    static const u_char     body[BODY_LEN];
    static const uint16_t   ttl[2];

    len = key(name, id);
    hash = ngx_dns_cache_hash(c, name, len, 1, 0);

    if (ngx_dns_cache_find(c, hash, name, len, 1, 0, &v) == NGX_OK
        && ngx_dns_cache_check(&v))
    {
        ngx_dns_cache_touch(&v);
        return 1;
    }

    memset(&a, 0, sizeof(a));

    a.bits = 1;
    a.expires = 1000;
    a.name_len = (uint16_t) len;
    a.body_len = BODY_LEN;
    a.nttl = 2;

    when.asked = 0;
    when.now = 1;

    (void) ngx_dns_cache_store(c, hash, name, &a, ttl, body, &when);

    return 0;
}


static double
ours(const trace_t *t, size_t size)
{
    void                 *p;
    size_t                i, hits;
    ngx_dns_cache_shm_t  *c;

    p = alloc(size);
    c = ngx_dns_cache_init(p, size);

    hits = 0;

    for (i = 0; i < t->n; i++) {
        hits += request(c, t->id[i]) && i >= t->n / 2;
    }

    free(p);

    return 100.0 * (double) hits / (double) (t->n - t->n / 2);
}


/* a ring of names, the youngest after, the oldest before the number 0 */

static double
lru(const trace_t *t, size_t entries)
{
    size_t     i, used, hits;
    uint32_t  *next, *prev, id, old;

    next = alloc((t->ids + 1) * sizeof(uint32_t));
    prev = alloc((t->ids + 1) * sizeof(uint32_t));

    used = 0;
    hits = 0;

    for (i = 0; i < t->n; i++) {
        id = t->id[i] + 1;

        if (next[id] || prev[id] || next[0] == id) {
            hits += i >= t->n / 2;
            old = id;

        } else {
            old = ++used > entries ? prev[0] : 0;
            used -= old != 0;
        }

        if (old) {
            next[prev[old]] = next[old];
            prev[next[old]] = prev[old];
            next[old] = prev[old] = 0;
        }

        next[id] = next[0];
        prev[next[0]] = id;
        next[0] = id;
        prev[id] = 0;
    }

    free(next);
    free(prev);

    return 100.0 * (double) hits / (double) (t->n - t->n / 2);
}


static void
set_change(set_t *s, size_t i, ngx_uint_t add)
{
    ngx_uint_t  l;

    for (l = 0; l < LEVELS; l++, i /= 64) {
        if (add) {
            s->level[l][i / 64] |= 1UL << i % 64;
            continue;
        }

        s->level[l][i / 64] &= ~(1UL << i % 64);

        if (s->level[l][i / 64]) {
            break;
        }
    }
}


static size_t
set_max(set_t *s)
{
    size_t      i;
    ngx_uint_t  l;

    i = 0;

    for (l = LEVELS; l-- > 0; /* void */) {
        i = i * 64 + 63 - (size_t) __builtin_clzl(s->level[l][i]);
    }

    return i;
}


/* what is kept is known by the requests that will hit */

static double
optimum(const trace_t *t, size_t size)
{
    size_t      i, n, used, hits;
    set_t       s;
    ngx_uint_t  l;

    for (l = 0, n = t->n; l < LEVELS; l++) {
        n = n / 64 + 1;
        s.level[l] = alloc(n * sizeof(uint64_t));
    }

    used = 0;
    hits = 0;

    for (i = 0; i < t->n; i++) {

        if (s.level[0][i / 64] & 1UL << i % 64) {
            hits += i >= t->n / 2;
            set_change(&s, i, 0);
            used--;
        }

        if (t->next[i] == NEVER) {
            continue;
        }

        set_change(&s, t->next[i], 1);

        if (++used > size / ENTRY) {
            set_change(&s, set_max(&s), 0);
            used--;
        }
    }

    for (l = 0; l < LEVELS; l++) {
        free(s.level[l]);
    }

    return 100.0 * (double) hits / (double) (t->n - t->n / 2);
}


static double
now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec * 1e9 + (double) ts.tv_nsec;
}


static void
row(const trace_t *t, const char *name, const char *share, size_t size)
{
    double  c, l, linked, o;

    c = ours(t, size);
    l = lru(t, size / ENTRY);
    linked = lru(t, size / (ENTRY + LINKS));
    o = optimum(t, size);

    printf("%-7s %6s %9zu %9.2f %9.2f %9.2f %9.2f   %+6.2f %+6.2f\n", name,
           share, size, c, l, linked, o, c - l, c - linked);
    (void) fflush(stdout);
}


static void
ratios(size_t n)
{
    char         share[16];
    size_t       size;
    trace_t      t;
    ngx_uint_t   i, k;

    printf("trace   memory    octets      ours       LRU    LRU+16   optimum"
           "   to LRU, LRU+16\n");

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        trace_init(&t, &kinds[i], n);

        for (k = 0; k < sizeof(memory) / sizeof(memory[0]); k++) {
            size = (size_t) (memory[k] * NAMES * ENTRY);
            (void) sprintf(share, "%.0f%%", memory[k] * 100);
            row(&t, kinds[i].name, share, size);
        }

        for (size = 65536; size <= (1 << 20); size *= 4) {
            row(&t, kinds[i].name, "", size);
        }

        free(t.id);
        free(t.next);
    }
}


/* keys are made before, so that only find, or store, is in the time */

static void
times(size_t size, uint32_t names, ngx_uint_t hits)
{
    void                    *p;
    double                   start;
    size_t                   i, len, n, found;
    u_char                 (*name)[64];
    uint64_t                *hash;
    ngx_dns_cache_shm_t     *c;
    ngx_dns_cache_view_t     v;

    p = alloc(size);
    c = ngx_dns_cache_init(p, size);
    name = alloc(names * sizeof(*name));
    hash = alloc(names * sizeof(*hash));

    for (i = 0; i < names; i++) {
        len = key(name[i], (uint32_t) i);
        hash[i] = ngx_dns_cache_hash(c, name[i], len, 1, 0);
        (void) request(c, (uint32_t) i);
    }

    found = 0;
    start = now();

    for (n = 0; n < 4000000; n++) {
        if (hits) {
            i = n * 7919 % names;

            if (ngx_dns_cache_find(c, hash[i], name[i], NAME_LEN, 1, 0, &v)
                == NGX_OK)
            {
                ngx_dns_cache_touch(&v);
                found += ngx_dns_cache_check(&v);
            }

        } else {
            found += request(c, names + (uint32_t) n);
        }
    }

    printf("%-5s %6zu KB %8u names: %6.1f ns, %.1f%% found\n",
           hits ? "find" : "store", size / 1024, names,
           (now() - start) / (double) n, 100.0 * (double) found / (double) n);

    free(p);
    free(name);
    free(hash);
}


int
main(int argc, char **argv)
{
    ngx_pid = getpid();

    if (argc > 1 && strcmp(argv[1], "-t") == 0) {
        times(4 << 20, 1000, 1);
        times(256 << 20, 1000000, 1);
        times(4 << 20, 100000, 0);
        times(256 << 20, 3000000, 0);
        return 0;
    }

    ratios((size_t) (argc > 1 ? atoi(argv[1]) : 16) * 1000000);

    return 0;
}

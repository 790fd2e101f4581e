
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The model of fuzz_cache.c: what was stored last under each key, and what
 * is then to be found.  And the clock, with those of workers, which have read
 * it up to NGX_DNS_CLOCK_LATE ago.
 */


#ifndef _CACHE_MODEL_H_INCLUDED_
#define _CACHE_MODEL_H_INCLUDED_


#include "fuzz/input.h"
#include "unit/nginx.h"
#include "base/ngx_dns_clock.h"
#include "store/ngx_dns_cache_shard.h"


#define KEYS      160
#define WORKERS   3
#define ASKED     8
#define SECOND    1000000UL
#define LATE      (NGX_DNS_CLOCK_LATE * 1000UL)


typedef struct {
    uint64_t                  put;          /* when it was stored in truth */
    unsigned                  there;        /* when it was last looked for */
    unsigned                  claimed;
    unsigned                  uses;         /* at most */
    unsigned                  late;         /* stored since the purge began */
    unsigned                  version;
    ngx_dns_cache_response_t  answer;
} model_t;


/* a question that a worker has asked */

typedef struct {
    uint64_t                  truth;        /* when it was */
    uint64_t                  usec;         /* when by its clock */
} asked_t;


static model_t                 model[KEYS];
static asked_t                 asked[ASKED];
static unsigned                nasked;
static ngx_dns_cache_shm_t    *cache;
static ngx_dns_cache_stat_t    counted;     /* but for evictions */
static unsigned                version;

static uint64_t                purged;      /* see ngx_dns_cache_shm_t */
static uint64_t                purge_truth;

static uint64_t                usec;        /* the time, ... */
static uint32_t                first;       /* ... whose seconds begin here */
static uint64_t                read_at[WORKERS];
static unsigned                me;          /* a worker, ... */
static uint32_t                now;         /* ... and its second */

static u_char                  pattern[8192 + 256];
static const u_char           *body;        /* of what is looked at */
static uint16_t                ttls[4];


static uint32_t
second_of(uint64_t time)
{
    return first + (uint32_t) (time / SECOND);
}


/* this worker goes on with the clock as it has read it last */

static void
worker(unsigned n)
{
    me = n;
    now = second_of(read_at[me]);
}


/* all have read the clock, not too long ago */

static void
pass(uint64_t time)
{
    unsigned  i;

    usec += time;

    for (i = 0; i < WORKERS; i++) {
        if (usec > read_at[i] + LATE) {
            read_at[i] = usec - LATE;
        }
    }

    worker(me);
}


/* and this worker just now */

static void
pass_and_read(uint64_t time)
{
    pass(time);
    read_at[me] = usec;
    worker(me);
}


/* on the wire: a, b, c or d alone, or with a label before it */

static size_t
name_of(unsigned key, u_char *p)
{
    size_t  n;

    memset(p, 0, 32);
    n = 0;

    if (key % 16) {
        p[0] = 3;
        p[1] = 'n';
        p[2] = (u_char) ('0' + key / 10 % 10);
        p[3] = (u_char) ('0' + key / 100);
        n = 4;
    }

    p[n] = 1;
    p[n + 1] = (u_char) ('a' + key % 4);

    return n + 3;
}


static uint16_t
type_of(unsigned key)
{
    return key % 3 == 2 ? 28 : (uint16_t) (key % 3);
}


static uint64_t
hash_of(unsigned key, u_char *name)
{
    size_t  len;

    len = name_of(key, name);

    return ngx_dns_cache_hash(cache, name, len, (uint64_t) type_of(key) << 48,
                              key);
}


static void
body_of(unsigned v)
{
    unsigned  i;

    body = pattern + v * 31 % 256;

    for (i = 0; i < 4; i++) {
        ttls[i] = (uint16_t) ((i * 7 + v) % 16);
    }
}


static ngx_dns_cache_response_t
answer_of(unsigned key, unsigned n)
{
    u_char                    name[32];
    ngx_dns_cache_response_t  a;

    memset(&a, 0, sizeof(a));

    a.bits = (uint64_t) type_of(key) << 48;
    a.partition = key;
    a.stored = now;
    a.expires = now + 1 + octet() * 4;
    a.name_len = (uint16_t) name_of(key, name);
    a.body_len = (uint16_t) (n < 200 ? n : 20 * n);
    a.nttl = a.body_len < 20 ? 0 : n % 5;
    a.flags = n % 8 == 7 ? 2 : 0;

    return a;
}


/* looks a key up: is it there, and as it must be? */

static unsigned
find(unsigned key, ngx_dns_cache_view_t *v)
{
    size_t    len;
    u_char    name[32];
    model_t  *m;

    m = &model[key];
    len = name_of(key, name);

    if (ngx_dns_cache_find(cache, hash_of(key, name), name, len,
                           (uint64_t) type_of(key) << 48, key, v)
        != NGX_OK)
    {
        m->there = 0;
        m->claimed = 0;
        return 0;
    }

    must(m->there);
    must(ngx_dns_cache_check(v));
    must(memcmp(&v->answer, &m->answer, sizeof(m->answer)) == 0);
    must(ngx_dns_cache_uses(v) <= m->uses);

    body_of(m->version);

    must(memcmp(v->body, body, m->answer.body_len) == 0);
    must(memcmp(v->ttl, ttls, 2 * (size_t) m->answer.nttl) == 0);

    return 1;
}


/* of all that can be found, and of nothing else */

static void
look(void)
{
    unsigned              i;
    uint64_t              n, bytes;
    ngx_dns_cache_stat_t  stat;
    ngx_dns_cache_view_t  v;

    n = 0;
    bytes = 0;

    for (i = 0; i < KEYS; i++) {
        if (find(i, &v)) {
            n++;
            bytes += ngx_dns_cache_size(&v.answer);
        }
    }

    ngx_dns_cache_stat(cache, &stat);

    must(stat.entries == n);
    must(stat.bytes == bytes);
    must(stat.inserts == counted.inserts);
    must(stat.rejected == counted.rejected);
    must(stat.deferred == counted.deferred);
    must(stat.evictions <= stat.inserts);
}


static void
stored(unsigned key, const ngx_dns_cache_response_t *a, unsigned uses)
{
    model_t               *m;
    ngx_dns_cache_view_t   v;

    m = &model[key];

    if (!m->there) {
        m->uses = uses;
    }

    m->there = 1;
    m->put = usec;
    m->claimed = 0;
    m->late = 1;
    m->answer = *a;
    m->version = version;

    counted.inserts++;

    must(find(key, &v));
}


/* the question whose answer is stored: of just now, or an earlier one */

static void
ask(unsigned n, asked_t *q)
{
    q->truth = usec;
    q->usec = read_at[me];

    if (n % 4 == 3) {
        *q = asked[n / 4 % ASKED];
        return;
    }

    asked[nasked++ % ASKED] = *q;
}


/* a purge comes between asking and storing, or not, whatever clocks say */

static void
purge_is_between(const asked_t *q, ngx_int_t rc)
{
    if (purged == 0) {
        must(rc != NGX_ABORT);
        return;
    }

    if (q->truth <= purge_truth) {
        must(rc == NGX_ABORT);
    }

    if (q->truth > purge_truth + LATE) {
        must(rc != NGX_ABORT);
    }
}


/* all in their time that are there, but for this one */

static void
alive(unsigned *there, unsigned but)
{
    unsigned              i;
    ngx_dns_cache_view_t  v;

    for (i = 0; i < KEYS; i++) {
        there[i] = i != but && find(i, &v)
                   && (int32_t) (model[i].answer.expires - now) > 0;
    }
}


/*
 * Those that are not there any more were dropped for the new one.  That of its
 * own key may have been dropped as well, before it was replaced.
 */

static void
evicted(const unsigned *were, unsigned key, unsigned was, uint64_t before)
{
    unsigned              i, n;
    ngx_dns_cache_stat_t  stat;
    ngx_dns_cache_view_t  v;

    for (i = 0, n = 0; i < KEYS; i++) {
        n += were[i] && i != key && !find(i, &v);
    }

    ngx_dns_cache_stat(cache, &stat);
    n = (unsigned) (stat.evictions - before) - n;

    must(n == 0 || (n == 1 && was));
}


#endif /* _CACHE_MODEL_H_INCLUDED_ */

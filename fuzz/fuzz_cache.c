
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The shared cache as a sequence of operations beside the plainest model of
 * it: an array with what was stored last under each key.  What is found is
 * that, whole; what is gone stays gone; and the counters are those of what
 * can be found.  The clock is the sequence's.
 */


#include "cache_model.h"
#include "base/ngx_dns_process.h"
#include "store/ngx_dns_cache_image.h"


#define SIZE      65536
#define IMAGE     (1 << 20)
#define WALL      1700000000
#define ME        100
#define OTHER     101                       /* lives */
#define DEAD      102


static uint64_t               usec;
static uint64_t               purged;       /* see ngx_dns_cache_shm_t */
static unsigned               purging;
static u_char                 purge_name[32];
static ngx_dns_cache_purge_t  purge;
static u_char                 image[IMAGE] __attribute__((aligned(64)));


ngx_uint_t
ngx_dns_process_gone(uint32_t pid)
{
    return pid == DEAD;
}


static void
store(unsigned how)
{
    size_t                    len;
    u_char                    name[32], restored[8300];
    uint64_t                  hash;
    unsigned                  key, old, uses, was;
    ngx_int_t                 rc, want;
    ngx_dns_cache_view_t      v;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    key = octet() % KEYS;
    a = answer_of(key, octet());
    old = octet();
    uses = old % 4;

    if (how == 1) {
        a.flags = 2;
        a.body_len = 0;
        a.nttl = 0;
    }

    was = find(key, &v);
    version++;

    hash = hash_of(key, name);
    len = a.name_len;
    body_of(version);

    when.now = now;
    when.asked = old % 16 == 15 ? usec / 2 : usec;

    want = when.asked < purged ? NGX_ABORT : NGX_OK;

    if (how == 1) {
        want = want == NGX_OK && was && (v.answer.flags & 0xf) != 2
               ? NGX_BUSY : want;
        rc = ngx_dns_cache_store_failure(cache, hash, name, &a, &when);

    } else if (how == 2) {
        memcpy(restored, name, len);
        memcpy(restored + len, body, a.body_len);
        want = want == NGX_OK && was ? NGX_BUSY : want;
        rc = ngx_dns_cache_restore(cache, hash, restored, &a, ttls,
                                   uses | (old & 4), &when);

    } else {
        rc = ngx_dns_cache_store(cache, hash, name, &a, ttls, body, &when);
    }

    if (ngx_dns_cache_size(&a) > 4096) {
        must(rc == NGX_DECLINED);
        counted.rejected++;
        return;
    }

    must(rc == want);

    if (rc == NGX_OK) {
        stored(key, &a, how == 2 ? uses : 0);
    }
}


static void
use(void)
{
    unsigned              key, n;
    model_t              *m;
    ngx_dns_cache_view_t  v;

    key = octet() % KEYS;
    n = octet();
    m = &model[key];

    if (!find(key, &v)) {
        return;
    }

    if (n & 1) {
        must(ngx_dns_cache_claim(&v) == !m->claimed);
        m->claimed = 1;
    }

    if (n & 2) {
        ngx_dns_cache_unclaim(&v);
        m->claimed = 0;
    }

    for (n = n / 4 % 4; n; n--) {
        must(find(key, &v));
        ngx_dns_cache_touch(&v);
        m->uses = ngx_min(m->uses + 1, 3);
    }
}


/* is this what a purge is of?  from the right, label by label */

static unsigned
purges(unsigned key)
{
    size_t  len;
    u_char  name[32], *p;

    if (purge.len == 0) {
        return 1;
    }

    if (purge.type && type_of(key) && type_of(key) != purge.type) {
        return 0;
    }

    len = name_of(key, name);

    for (p = name; len >= purge.len; p += *p + 1) {

        if (len == purge.len && memcmp(p, purge.name, len) == 0) {
            return 1;
        }

        if (!purge.below || *p == 0) {
            break;
        }

        len -= (size_t) *p + 1;
    }

    return 0;
}


static void
purge_begin(void)
{
    unsigned  i, n;

    n = octet();

    memset(&purge, 0, sizeof(purge));

    purge.name = purge_name;
    purge.len = n % 8 == 0 ? 0 : name_of(octet() % KEYS, purge_name);
    purge.below = n & 16;
    purge.type = n & 32 ? (n & 64 ? 1 : 28) : 0;

    for (i = 0; i < KEYS; i++) {
        model[i].late = 0;
    }

    ngx_dns_cache_purge_begin(cache, &purge, usec);

    purged = usec + 1;
    purging = 1;
    usec++;
}


static void
purge_some(ngx_uint_t words)
{
    unsigned              i;
    ngx_int_t             rc;
    ngx_dns_cache_view_t  v;

    rc = ngx_dns_cache_purge(cache, &purge, words);

    must(rc == NGX_OK || rc == NGX_AGAIN);

    if (rc == NGX_AGAIN) {
        return;
    }

    purging = 0;

    for (i = 0; i < KEYS; i++) {
        if (purges(i) && !model[i].late) {
            must(!find(i, &v));
        }
    }
}


/* all at once: nothing else goes, and what went is counted */

static void
purge_whole(void)
{
    unsigned              i, n, was[KEYS];
    ngx_dns_cache_view_t  v;

    for (i = 0; i < KEYS; i++) {
        was[i] = find(i, &v);
    }

    purge_begin();
    purge_some(1 << 20);

    must(!purging);

    for (i = 0, n = 0; i < KEYS; i++) {
        must(find(i, &v) == (was[i] && !purges(i)));
        n += was[i] && purges(i);
    }

    must(purge.purged == n);
}


/* somebody has the lock, or had it when it died */

static void
locked(unsigned n)
{
    u_char                    name[32];
    unsigned                  key;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_shard_t    *s;
    ngx_dns_cache_response_t  a;

    s = ngx_dns_cache_shard(cache, 0);
    key = octet() % KEYS;
    a = answer_of(key, 20);
    when.now = now;
    when.asked = usec;

    version++;
    body_of(version);

    s->lock = n % 3 == 0 ? OTHER : n % 3 == 1 ? DEAD : ME;

    if (s->lock == OTHER) {
        must(ngx_dns_cache_store(cache, hash_of(key, name), name, &a, ttls,
                                 body, &when)
             == NGX_DECLINED);
        counted.deferred++;
        s->lock = 0;
        return;
    }

    must(ngx_dns_cache_store(cache, hash_of(key, name), name, &a, ttls, body,
                             &when)
         == NGX_OK);
    must(s->lock == 0);

    stored(key, &a, 0);
}


/* another one is made of what is written down of this one */

static void
again(unsigned n)
{
    u_char                      *p;
    ngx_int_t                    rc;
    ngx_dns_cache_image_t        i;
    ngx_dns_cache_image_head_t   head;

    memset(&i, 0, sizeof(i));

    p = ngx_dns_cache_image_begin(&i, cache, image, WALL, now);

    do {
        rc = ngx_dns_cache_image_write(&i, &p, image + IMAGE, 1 + n);
    } while (rc == NGX_AGAIN);

    must(rc == NGX_OK);

    p = ngx_dns_cache_image_end(&i, p);

    must(i.records <= KEYS);

    memcpy(&head, image, sizeof(head));
    memset(&i, 0, sizeof(i));
    i.sec = now;
    i.usec = usec;

    must(ngx_dns_cache_image_open(&i, &head, WALL) == NGX_OK);

    /* as one that is started anew: with the key of that, and empty */

    ngx_memzero(cache, SIZE);
    i.cache = ngx_dns_cache_init(cache, SIZE);
    cache->key = head.key;
    p = image + sizeof(head);

    do {
        rc = ngx_dns_cache_image_read(&i, &p, image + IMAGE);
    } while (rc == NGX_OK);

    must(rc == NGX_DONE);
    must(i.stored == i.records);

    memset(&counted, 0, sizeof(counted));
    counted.inserts = i.stored;
    purged = 0;
    purging = 0;

    for (n = 0; n < KEYS; n++) {
        model[n].claimed = 0;
    }
}


static void
begin(void)
{
    unsigned  n;

    static u_char  *mem;

    if (mem == NULL) {
        mem = aligned_alloc(64, SIZE);

        for (n = 0; n < sizeof(pattern); n++) {
            pattern[n] = (u_char) (n * 7 + n / 256);
        }
    }

    n = octet();

    ngx_pid = ME;
    usec = 1000000;
    now = n & 1 ? 0xffffff00 : 1000;      /* the clock may go round */
    version = 0;
    purged = 0;
    purging = 0;

    memset(model, 0, sizeof(model));
    memset(&counted, 0, sizeof(counted));

    cache = ngx_dns_cache_init(memset(mem, 0, SIZE), SIZE);
    cache->key.k0 = 1;
    cache->key.k1 = n;

    if (n & 2) {
        ngx_dns_cache_shard(cache, 0)->order = 0xfffffffc;
    }
}


static void
step(unsigned op)
{
    switch (op % 16) {

    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
        store(0);
        break;

    case 6:
        store(1);
        break;

    case 7:
        store(2);
        break;

    case 8:
    case 9:
    case 10:
        use();
        break;

    case 11:
        now += octet();
        break;

    case 12:
        if (purging) {
            purge_some(octet());

        } else {
            purge_begin();
        }

        break;

    case 13:
        purge_whole();
        break;

    case 14:
        locked(op / 16);
        break;

    default:
        again(octet());
    }
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    unsigned  n;

    input(data, size);

    begin();

    for (n = 1; left; n++) {
        usec++;
        step(octet());

        if (n % 64 == 0) {
            look();
        }
    }

    look();

    return 0;
}

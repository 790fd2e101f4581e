
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The shared cache as a sequence of operations of several workers beside the
 * plainest model of it: an array with what was stored last under each key.
 * What is found is that, whole; what is gone stays gone; and the counters are
 * those of what can be found.  The clock is the sequence's, and each worker has
 * read it some time before: so what is asked for before a purge in truth is
 * never stored after it, and what is asked for after it is as soon as all
 * workers have read their clocks.
 */


#include "cache_model.h"
#include "base/ngx_dns_process.h"
#include "store/ngx_dns_cache_image.h"


#define SIZE      65536
#define IMAGE     (1 << 20)
#define WALL      1700000000
#define ME        100                       /* and the other workers */
#define OTHER     110                       /* lives */
#define DEAD      111


static unsigned               purging;
static u_char                 purge_name[32];
static ngx_dns_cache_purge_t  purge;
static ngx_dns_cache_image_t  writer;
static u_char                *written;      /* so far; NULL: it is not begun */
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
    asked_t                   q;
    uint64_t                  hash;
    unsigned                  key, size, old, uses, was, were[KEYS];
    ngx_int_t                 rc, want;
    ngx_dns_cache_stat_t      stat;
    ngx_dns_cache_view_t      v;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_response_t  a;

    key = octet() % KEYS;
    size = octet();
    old = octet();
    uses = old % 4;

    ask(old / 8, &q);

    if (old & 4) {

        /* it was stopped since it has read the clock */

        now = second_of(q.usec);
    }

    a = answer_of(key, size);

    if (how == 1) {
        a.flags = 2;
        a.body_len = 0;
        a.nttl = 0;
    }

    version++;

    if (version % 8 == 0) {
        alive(were, key);
        ngx_dns_cache_stat(cache, &stat);
    }

    was = find(key, &v);

    hash = hash_of(key, name);
    len = a.name_len;
    body_of(version);

    when.now = now;
    when.asked = q.usec;

    want = when.asked < purged ? NGX_ABORT
           : was && (int32_t) (v.answer.stored - now)
                    > NGX_DNS_CLOCK_LATE / 1000
             ? NGX_BUSY : NGX_OK;

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
    purge_is_between(&q, rc);

    if (rc == NGX_OK) {

        if (version % 8 == 0) {
            evicted(were, key, was, stat.evictions);
        }

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

    /* who begins one reads the clock */

    pass_and_read(0);
    ngx_dns_cache_purge_begin(cache, &purge, read_at[me]);

    purge_truth = usec;
    purged = usec + 1;
    purging = 1;
    pass(1);
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
    asked_t                   q;
    u_char                    name[32];
    unsigned                  key;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_shard_t    *s;
    ngx_dns_cache_response_t  a;

    s = ngx_dns_cache_shard(cache, 0);
    key = octet() % KEYS;

    pass_and_read(0);
    ask(0, &q);
    a = answer_of(key, 20);
    when.now = now;
    when.asked = q.usec;

    version++;
    body_of(version);

    s->lock = n % 3 == 0 ? OTHER : n % 3 == 1 ? DEAD : ME + me;

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


/*
 * What a new process that is started anew makes of it: with the key of that,
 * empty, and perhaps with a purge before it is read.
 */

static void
restore(ngx_dns_cache_image_t *i, const ngx_dns_cache_image_head_t *head)
{
    u_char     *p;
    ngx_int_t   rc;

    ngx_memzero(cache, SIZE);
    i->cache = ngx_dns_cache_init(cache, SIZE);
    cache->key = head->key;

    purging = 0;
    purged = 0;

    if (octet() & 1) {
        purge_truth = usec - octet() * SECOND / 50;
        purged = purge_truth + 1;
        cache->purged = purged;
    }

    p = image + sizeof(ngx_dns_cache_image_head_t);

    do {
        rc = ngx_dns_cache_image_read(i, &p, image + IMAGE);
    } while (rc == NGX_OK);

    must(rc == NGX_DONE);
    must(i->stored == i->records || purged);

    memset(&counted, 0, sizeof(counted));
    counted.inserts = i->stored;
}


/* is it there as it was, or purged? */

static void
restored(unsigned key, uint32_t shift)
{
    model_t               *m;
    unsigned               was;
    ngx_dns_cache_view_t   v;

    m = &model[key];
    was = m->there;

    m->claimed = 0;
    m->answer.stored += shift;
    m->answer.expires += shift;

    if (find(key, &v)) {
        must(purged == 0 || m->put > purge_truth);

    } else {
        must(!was || (purged && m->put < purge_truth + 4 * SECOND + LATE));
    }
}


/* the wall clock: its seconds begin in the middle of those of the other one */

static time_t
wall(void)
{
    return (time_t) (WALL + (usec + SECOND / 2) / SECOND);
}


/*
 * Another one is made of what is written down of this one.  That is begun some
 * time before, so that what is stored last is newer than its beginning.
 */

static void
again(unsigned n)
{
    u_char                      *p;
    ngx_int_t                    rc;
    ngx_dns_cache_view_t         v;
    ngx_dns_cache_image_t        i;
    ngx_dns_cache_image_head_t   head;

    pass_and_read(0);

    if (written == NULL) {
        written = ngx_dns_cache_image_begin(&writer, cache, image, wall(), now);
        return;
    }

    do {
        rc = ngx_dns_cache_image_write(&writer, &written, image + IMAGE, 1 + n);
    } while (rc == NGX_AGAIN);

    must(rc == NGX_OK);

    p = ngx_dns_cache_image_end(&writer, written);
    written = NULL;

    must(writer.records <= KEYS);
    must(p <= image + IMAGE);

    for (n = 0; n < KEYS; n++) {
        (void) find(n, &v);
    }

    pass_and_read(octet() * SECOND / 16);

    memcpy(&head, image, sizeof(head));
    memset(&i, 0, sizeof(i));
    i.sec = now;
    i.usec = usec;

    must(ngx_dns_cache_image_open(&i, &head, wall()) == NGX_OK);

    restore(&i, &head);

    for (n = 0; n < KEYS; n++) {
        restored(n, i.shift);
    }
}


static void
begin(void)
{
    unsigned  n, how;

    static u_char  *mem;

    if (mem == NULL) {
        mem = aligned_alloc(64, SIZE);

        for (n = 0; n < sizeof(pattern); n++) {
            pattern[n] = (u_char) (n * 7 + n / 256);
        }
    }

    how = octet();

    usec = 10 * SECOND;
    first = how & 1 ? 0xffffff00 : 1000;    /* seconds may go round */
    version = 0;
    written = NULL;
    me = 0;

    for (n = 0; n < WORKERS; n++) {
        read_at[n] = usec;
    }

    for (nasked = 0; nasked < ASKED; nasked++) {
        asked[nasked].truth = usec;
        asked[nasked].usec = usec;
    }

    purged = 0;
    purging = 0;

    memset(model, 0, sizeof(model));
    memset(&counted, 0, sizeof(counted));

    cache = ngx_dns_cache_init(memset(mem, 0, SIZE), SIZE);
    cache->key.k0 = 1;
    cache->key.k1 = how;

    if (how & 2) {
        ngx_dns_cache_shard(cache, 0)->order = 0xfffffffc;
    }
}


static void
step(unsigned op)
{
    unsigned  n;

    pass(1);
    worker(op / 16 % WORKERS);
    ngx_pid = (ngx_pid_t) (ME + me);

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
        n = octet();
        pass_and_read(n < 128 ? n * SECOND / 50 : (n - 127) * 2 * SECOND);
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
        locked(octet());
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
        step(octet());

        if (n % 64 == 0) {
            look();
        }
    }

    look();

    return 0;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_inflight.h"
#include "ngx_dns_gone.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_edns.h"


/* counters of identical questions, for each question that there may be */

#define NGX_DNS_INFLIGHT_SPREAD  4

/* questions that somebody guesses at, and for how many seconds they are that */

#define NGX_DNS_INFLIGHT_GUESSED  256
#define NGX_DNS_INFLIGHT_GUARD    60


typedef struct {
    uint64_t               base;
    uint32_t               until;         /* ngx_dns_sec */
} ngx_dns_inflight_guessed_t;


/* of this worker */

typedef struct {
    ngx_dns_inflight_t   **table;
    ngx_uint_t             mask;
    ngx_uint_t             n;
    ngx_dns_hash_key_t     key;

    /*
     * Identical questions by their hash.  Two that share a place are counted
     * together: some are asked over TCP a little earlier, nothing else.
     */

    uint8_t               *same;
    ngx_uint_t             same_mask;
    ngx_uint_t             same_limit;

    uint32_t               guarded;       /* until then some is guessed at */
    ngx_dns_inflight_guessed_t  guessed[NGX_DNS_INFLIGHT_GUESSED];

    /*
     * Records never used are taken in order and used ones from a list, so
     * that memory no load has needed is never touched
     */

    ngx_dns_waiter_t      *waiters;
    ngx_dns_waiter_t      *free_waiter;
    ngx_dns_inflight_t    *inflight;
    ngx_dns_inflight_attempt_t  *others;
    ngx_dns_inflight_t    *free_inflight;
    ngx_uint_t             size;
    ngx_uint_t             used_waiters;
    ngx_uint_t             used_inflight;
} ngx_dns_inflight_table_t;


static ngx_dns_inflight_t *ngx_dns_inflight_find(const ngx_dns_request_t *r,
    uint64_t hash, uint64_t bits);
static ngx_dns_inflight_t *ngx_dns_inflight_alloc(void);
static void ngx_dns_inflight_same(ngx_dns_inflight_t *f);
static ngx_uint_t ngx_dns_inflight_is_guessed(uint64_t base);
static void ngx_dns_inflight_build(ngx_dns_inflight_t *f,
    const ngx_dns_request_t *r);


static ngx_dns_inflight_table_t  ngx_dns_inflights;


ngx_int_t
ngx_dns_inflight_init(ngx_cycle_t *cycle, ngx_uint_t queries,
    ngx_uint_t workers)
{
    ngx_uint_t                 n;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;

    ngx_memzero(t, sizeof(ngx_dns_inflight_table_t));

    for (n = 1024; n < queries; n *= 2) {
        /* void */
    }

    t->mask = n - 1;
    t->size = queries;
    t->key.k0 = ngx_dns_random64();
    t->key.k1 = ngx_dns_random64();

    t->same_mask = NGX_DNS_INFLIGHT_SPREAD * n - 1;
    t->same_limit = ngx_max(NGX_DNS_INFLIGHT_SAME / ngx_max(workers, 1), 1);

    t->table = ngx_pcalloc(cycle->pool, n * sizeof(ngx_dns_inflight_t *));
    t->same = ngx_pcalloc(cycle->pool, t->same_mask + 1);
    t->waiters = ngx_palloc(cycle->pool, queries * sizeof(ngx_dns_waiter_t));
    n = queries + NGX_DNS_INFLIGHT_OVER;

    t->inflight = ngx_palloc(cycle->pool, n * sizeof(ngx_dns_inflight_t));
    t->others = ngx_palloc(cycle->pool,
                           n * (NGX_DNS_MAX_TRIES - 1)
                           * sizeof(ngx_dns_inflight_attempt_t));

    if (t->table == NULL || t->same == NULL || t->waiters == NULL
        || t->inflight == NULL || t->others == NULL)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_dns_inflight_count(void)
{
    return ngx_dns_inflights.n;
}


ngx_dns_inflight_t *
ngx_dns_inflight_get(const ngx_dns_request_t *r, ngx_uint_t *fresh)
{
    uint64_t                   hash, base, bits;
    ngx_dns_inflight_t        *f, **bucket;
    ngx_dns_question_t        *q;
    const ngx_dns_policy_t    *policy;
    ngx_dns_inflight_table_t  *t;

    if (ngx_dns_gone_n && ngx_dns_gone_full(r->conf, r->client)) {
        return NULL;
    }

    t = &ngx_dns_inflights;
    q = r->question;

    bits = ngx_dns_inflight_bits(q);

    base = ngx_dns_hash_name(&t->key, q->name, q->asked.name_len, bits >> 32);

    /* else one name, asked for by many clients, could be one long bucket */

    hash = ngx_dns_hash_fold(base ^ (bits & 0xffff) ^ t->key.k0,
                             r->key ^ t->key.k1);

    policy = r->zone->policy;

    if (policy->subnet) {

        /* the same with many networks */

        hash = ngx_dns_hash_name(&t->key, (u_char *) &q->subnet,
                                 sizeof(ngx_dns_subnet_t), hash);
    }

    f = ngx_dns_inflight_find(r, hash, bits);

    if (f) {
        *fresh = 0;
        return f;
    }

    f = ngx_dns_inflight_alloc();
    if (f == NULL) {
        return NULL;
    }

    bucket = &t->table[hash & t->mask];

    f->next = *bucket;
    *bucket = f;
    t->n++;

    f->hash = hash;
    f->base = base;
    f->bits = bits;
    f->key = r->key;
    f->partition = r->partition;
    f->zone = r->zone;
    f->upstream = r->zone->upstream;
    f->tap = NULL;
    f->special = (uint8_t) r->zone->chained;
    f->policy = policy;
    f->waiters = NULL;
    f->last = &f->waiters;
    f->refresh = 0;
    f->has_stale = 0;
    f->stale_due = 0;
    f->timer.set = 0;
    f->stale.set = 0;
    f->start_usec = ngx_dns_usec;

    if (f->special) {
        f->fallback = r->zone->fallback;
        f->only = NULL;

        if (r->choice) {
            f->upstream = r->choice->upstream;
            f->only = r->choice->only;
        }
    }

    ngx_dns_inflight_same(f);
    ngx_dns_inflight_build(f, r);

    *fresh = 1;

    return f;
}


static ngx_dns_inflight_t *
ngx_dns_inflight_find(const ngx_dns_request_t *r, uint64_t hash, uint64_t bits)
{
    ngx_dns_inflight_t  *f;
    ngx_dns_question_t  *q;

    q = r->question;

    for (f = ngx_dns_inflights.table[hash & ngx_dns_inflights.mask];
         f;
         f = f->next)
    {
        if (f->hash == hash && f->bits == bits && f->zone == r->zone
            && f->upstream == ngx_dns_request_upstream(r)
            && f->partition == r->partition
            && (!r->zone->policy->subnet
                || ngx_memcmp(&f->subnet, &q->subnet, sizeof(q->subnet)) == 0)
            && f->question_len == (size_t) q->asked.name_len + 4
            && ngx_memcmp(f->question, q->name, q->asked.name_len) == 0)
        {
            return f;
        }
    }

    return NULL;
}


static ngx_dns_inflight_t *
ngx_dns_inflight_alloc(void)
{
    ngx_dns_inflight_t        *f;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;
    f = t->free_inflight;

    if (f) {
        t->free_inflight = f->next;
        return f;
    }

    if (t->used_inflight == t->size + NGX_DNS_INFLIGHT_OVER) {
        return NULL;
    }

    f = &t->inflight[t->used_inflight];
    f->others = &t->others[t->used_inflight * (NGX_DNS_MAX_TRIES - 1)];

    /* else it is what ngx_dns_inflight_free() leaves */

    f->kept = NULL;

    t->used_inflight++;

    return f;
}


/* one more of the same may be one too many for UDP */

static void
ngx_dns_inflight_same(ngx_dns_inflight_t *f)
{
    uint8_t                   *same;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;
    same = &t->same[f->base & t->same_mask];

    f->stream = 0;
    f->counted = 0;

    if (*same >= t->same_limit) {
        ngx_dns_count(crowded);
        f->stream = 1;
        return;
    }

    if ((int32_t) (t->guarded - ngx_dns_sec) > 0) {
        f->stream = (uint8_t) ngx_dns_inflight_is_guessed(f->base);
        ngx_dns_counters->guarded += f->stream;
    }

    f->counted = 1;
    (*same)++;
}


static ngx_uint_t
ngx_dns_inflight_is_guessed(uint64_t base)
{
    ngx_dns_inflight_guessed_t  *guessed;

    guessed = &ngx_dns_inflights.guessed[base % NGX_DNS_INFLIGHT_GUESSED];

    return guessed->base == base
           && (int32_t) (guessed->until - ngx_dns_sec) > 0;
}


void
ngx_dns_inflight_guessed(ngx_dns_inflight_t *f)
{
    ngx_dns_inflight_guessed_t  *guessed;

    guessed = &ngx_dns_inflights.guessed[f->base % NGX_DNS_INFLIGHT_GUESSED];

    guessed->base = f->base;
    guessed->until = ngx_dns_sec + NGX_DNS_INFLIGHT_GUARD;

    ngx_dns_inflights.guarded = guessed->until;
}


void
ngx_dns_inflight_free(ngx_dns_inflight_t *f)
{
    if (f->kept) {
        ngx_free(f->kept);
        f->kept = NULL;
    }

    if (f->counted) {
        ngx_dns_inflights.same[f->base & ngx_dns_inflights.same_mask]--;
    }

    f->next = ngx_dns_inflights.free_inflight;
    ngx_dns_inflights.free_inflight = f;
}


/* the query for the servers: the client's question and flags, our OPT */

static void
ngx_dns_inflight_build(ngx_dns_inflight_t *f, const ngx_dns_request_t *r)
{
    u_char              *p, *opt;
    ngx_uint_t           edns, subnet;
    ngx_dns_question_t  *q;

    q = r->question;
    subnet = 0;
    edns = q->asked.edns;

    if (f->policy->subnet) {
        f->subnet = q->subnet;
        subnet = q->subnet.family;
        edns |= subnet != 0;
    }

    p = ngx_dns_copy(f->question, q->name, q->asked.name_len);
    ngx_dns_put16(p, q->asked.type);
    ngx_dns_put16(p + 2, q->asked.class);

    f->question_len = q->asked.name_len + 4;

    /* RFC 6840, 5.7: AD asks for AD; who did not ask is not shown it */

    ngx_dns_message_header(f->wire, 0,
                           (q->asked.flags & (NGX_DNS_RD|NGX_DNS_CD))
                           | NGX_DNS_AD,
                           1, NULL, edns);

    /* the letter case a client chose may be what it checks (0x20) */

    p = ngx_dns_copy(f->wire + NGX_DNS_HEADER_SIZE,
                     r->packet + NGX_DNS_HEADER_SIZE, f->question_len);

    if (edns) {
        opt = p;

        p = ngx_dns_edns_write(p, r->conf->listener.udp_max_size, 0,
                               q->asked.dnssec_ok ? NGX_DNS_EDNS_DO : 0,
                               NGX_DNS_NO_EDE);

        if (subnet) {
            p = ngx_dns_edns_write_subnet(p, &q->subnet, 0);
            ngx_dns_put16(opt + 9, p - opt - NGX_DNS_OPT_SIZE);
        }
    }

    f->wire_len = p - f->wire;
}


void
ngx_dns_inflight_unlink(ngx_dns_inflight_t *f)
{
    ngx_dns_inflight_t        **p;
    ngx_dns_inflight_table_t   *t;

    t = &ngx_dns_inflights;

    for (p = &t->table[f->hash & t->mask]; *p != f; p = &(*p)->next) {
        /* void */
    }

    *p = f->next;
    t->n--;
}


ngx_dns_waiter_t *
ngx_dns_inflight_join(ngx_dns_inflight_t *f, const ngx_dns_request_t *r)
{
    ngx_dns_waiter_t          *w;
    ngx_dns_inflight_table_t  *t;

    t = &ngx_dns_inflights;
    w = t->free_waiter;

    if (w) {
        t->free_waiter = w->next;

    } else if (t->used_waiters < t->size) {
        w = &t->waiters[t->used_waiters++];

    } else {
        return NULL;
    }

    w->conf = r->conf;
    w->client = *r->client;
    w->start_usec = ngx_dns_usec;
    w->start_msec = ngx_current_msec;
    w->received = r->len;
    w->asked = r->question->asked;
    w->stale = 0;

    (void) ngx_dns_copy(w->name, r->packet + NGX_DNS_HEADER_SIZE,
                        r->question->asked.name_len);

    w->next = NULL;
    *f->last = w;
    f->last = &w->next;

    w->conf->runtime.queries++;
    ngx_dns_counters->gauges[NGX_DNS_GAUGE_QUERIES].used++;

    return w;
}


void
ngx_dns_inflight_leave(ngx_dns_waiter_t *w)
{
    w->conf->runtime.queries--;
    ngx_dns_counters->gauges[NGX_DNS_GAUGE_QUERIES].used--;

    ngx_dns_histogram_add(&w->conf->runtime.counters->duration,
                          ngx_dns_usec - w->start_usec);

    w->next = ngx_dns_inflights.free_waiter;
    ngx_dns_inflights.free_waiter = w;
}


void
ngx_dns_inflight_each(void (*handler)(ngx_dns_inflight_t *f))
{
    ngx_uint_t           i;
    ngx_dns_inflight_t  *f, *next;

    for (i = 0; i <= ngx_dns_inflights.mask && ngx_dns_inflights.n; i++) {

        for (f = ngx_dns_inflights.table[i]; f; f = next) {
            next = f->next;
            handler(f);
        }
    }
}

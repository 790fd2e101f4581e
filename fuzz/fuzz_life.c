
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The life of a question as a sequence: clients ask three workers, servers
 * answer, fail and are silent, time passes, workers die, with a fake transport
 * and clock, and a real cache.  The first octets choose the upstreams and the
 * settings, the others what happens.  Each client of a worker that lives gets
 * one response, of its own question, that fits, and what it says of its age is
 * true, but for what clocks differ by; in the end nothing is left.
 */


#include "fuzz/input.h"
#include "life_workers.h"
#include "query/ngx_dns_fallback.h"
#include "store/ngx_dns_cache.h"


#define ASKS      30
#define CACHE     (128 * 1024)
#define CONFIG    8
#define LONGEST   12000                   /* what a query may take */
#define RECORD    29                      /* the first one of a message */
#define GIVEN     4096
#define LATE      (NGX_DNS_CLOCK_LATE / 1000)


/* a record that a server gave */

typedef struct {
    ngx_msec_t     at;
    uint32_t       ttl;
} given_t;


typedef struct {
    u_char         msg[NGX_DNS_HEADER_SIZE + 17 + 11];
    size_t         len;
    unsigned       stream;
    unsigned       answered;
    unsigned       worker;
} asked_t;


static asked_t               asked[ASKS];
static unsigned              nasked;
static unsigned              lost;        /* with a worker that died */
static given_t               given[GIVEN];
static unsigned              ngiven;
static const char           *line[2];     /* the servers of both upstreams */
static ngx_dns_cache_shm_t  *cache;

static const char *methods[] = {
    "round_robin", "random", "sequential", "least_conn", "least_time", "hash"
};

static const char *servers[] = {
    "a", "a b", "a b c/backup", "a=2 b c/max1 d/down"
};


/*
 * The age of a record, in seconds, as its TTL has it: that of now, but for what
 * the clocks of who has stored it and of who sends it may differ by.
 */

static void
aged(const u_char *rr)
{
    int64_t         past;
    uint32_t        ttl, most;
    const given_t  *g;

    if (rr[0] != 0xc0 || rr[12] != 0xc0) {
        return;
    }

    g = &given[((unsigned) rr[13] << 16 | rr[14] << 8 | rr[15]) % GIVEN];
    ttl = ngx_dns_get32(rr + 6);

    if (policy.stale && ttl == policy.stale_ttl) {
        return;
    }

    most = g->ttl;

    if (policy.cache) {
        most = ngx_min(most, policy.max_ttl);
    }

    past = (int64_t) (furthest() - g->at) / 1000;

    must(ttl <= g->ttl);
    must((int64_t) ttl + past <= (int64_t) g->ttl + LATE + 1);
    must((int64_t) ttl + past >= (int64_t) most - LATE - 1);
}


/* a response: of a client that waits, to its question, not too long */

static void
commit(ngx_dns_client_t *client, size_t size, uint64_t *counter,
    ngx_int_t ttl)
{
    asked_t  *a;

    a = &asked[client->source.sockaddr_in.sin_port];

    must(a->answered == 0);
    must(size >= NGX_DNS_HEADER_SIZE + 17);
    must(a->stream || size <= (a->len > 29 ? 1232 : 512));
    must(memcmp(got, a->msg, 2) == 0);
    must(got[2] & 0x80);
    must(memcmp(got + 12, a->msg + 12, 17) == 0);
    must(a->worker == me);

    if ((got[3] & 0xf) == 0 && got[7] == 1) {
        aged(got + RECORD);
    }

    a->answered = 1;
    answers++;
}


static void
configure(void)
{
    unsigned             n;
    ngx_dns_upstream_t  *u;

    n = octet();
    line[0] = servers[n / 6 % 4];
    start(methods[n % 6], line[0]);
    conf.listener.max_queries = n & 0x80 ? 3 : 100;

    u = zone.upstream;

    n = octet();
    u->race = 1 + n % 3;
    u->race_positive = n & 4;
    u->race_wait = 200;
    u->hedge = n & 8 ? NGX_DNS_HEDGE_OFF : u->hedge;
    policy.budget = n & 16 ? 20 : 0;
    policy.tries = 1 + (n >> 5);

    n = octet();
    memset(chain, 0, sizeof(chain));

    if (n & 1) {
        line[1] = servers[n / 2 % 4];
        chain[0].upstream = query_upstream("sequential", line[1]);
        chain[0].on = n >> 3;
        zone.fallback = &chain[0];
        zone.fallbacks = 1;
        zone.chained = 1;
    }

    zone.chained |= u->race > 1;

    n = octet();

    if (n & 1) {
        policy.cache = ngx_dns_cache_init(memset(cache, 0, CACHE), CACHE);
        policy.max_ttl = 1 + n;
        policy.negative_max = 1 + n / 2;
        policy.servfail_ttl = n & 2 ? 5 : 0;
        policy.stale = n & 4 ? 100 : 0;
        policy.stale_ttl = 30;
        policy.stale_after = n & 8 ? 0 : 400;
        policy.prefetch = n & 16 ? 50 : 0;
        policy.prefetch_hits = n & 32 ? 1 : 0;
        policy.nxdomain_cut = n & 64;
    }

    /* seconds may go round */

    seconds = n & 128 ? 0xfffffff0 - (uint32_t) (ngx_current_msec / 1000) : 0;

    n = octet();
    policy.next = n;
    policy.upstream_timeout = n & 1 ? 2000 : 300;
    policy.rotate = n & 2;
    policy.minimal = n & 4;
}


/* a worker begins where there was one, or none */

static void
follows(unsigned n, ngx_msec_t now)
{
    worker_t                  *w;
    unsigned                   i;
    const ngx_dns_upstream_t  *from;

    w = &worker[n];

    for (i = 0; i < 2; i++) {
        from = worker[0].upstream[i];
        w->upstream[i] = from ? like(from, line[i]) : NULL;
    }

    begins(n, now);
}


/* the upstreams are those of the first one */

static void
workers(void)
{
    unsigned    n;
    ngx_msec_t  now;

    now = ngx_current_msec;
    npids = 1;
    nowned = 0;

    memset(gone, 0, sizeof(gone));
    memset(worker, 0, sizeof(worker));

    for (n = 0; n < WORKERS; n++) {
        worker[n].nginx.now = now;
    }

    worker[0].upstream[0] = zone.upstream;
    worker[0].upstream[1] = chain[0].upstream;
    ngx_pid = 0;
    ngx_dns_peers_detach(zone.upstream);

    if (chain[0].upstream) {
        ngx_dns_peers_detach(chain[0].upstream);
    }

    begins(0, now);

    for (n = 1; n < WORKERS; n++) {
        follows(n, now);
    }
}


static void
question(void)
{
    unsigned   n;
    asked_t   *a;

    if (nasked == ASKS) {
        return;
    }

    n = octet();
    a = &asked[nasked];

    memset(a, 0, sizeof(asked_t));
    memcpy(a->msg, "\0\0\1\0\0\1\0\0\0\0\0\0" ASKED OPT, sizeof(a->msg));

    /* another name, another type, with CD, EDNS, DO */

    a->msg[1] = (u_char) nasked;
    a->msg[13] ^= n & 3;
    a->msg[26] = n & 4 ? 1 : 28;
    a->msg[3] = n & 8 ? 0x10 : 0;
    a->msg[11] = n & 16 ? 1 : 0;
    a->msg[36] = n & 32 ? 0x80 : 0;
    a->len = n & 16 ? 40 : 29;
    a->stream = n & 64 ? 1 : 0;
    a->worker = me;

    ask_from((const char *) a->msg, a->len, nasked++, a->stream);
}


/* one of those that are outstanding, of any worker, or nothing */

static ngx_dns_attempt_t *
outstanding_attempt(unsigned *stream)
{
    unsigned  i, n, skip;

    n = 0;
    owned();

    for (i = 0; i < nsent; i++) {
        n += sent[i]->channel == sent[i];
    }

    if (n == 0) {
        return NULL;
    }

    skip = octet() % n;

    for (i = 0; i < nsent; i++) {
        if (sent[i]->channel == sent[i] && skip-- == 0) {
            turn(owner[i]);
            *stream = tcp[i];
            return sent[i];
        }
    }

    return NULL;
}


static void
response(void)
{
    size_t              len, rest;
    u_char              msg[600];
    unsigned            n, stream;
    ngx_dns_attempt_t  *a;

    a = outstanding_attempt(&stream);
    if (a == NULL) {
        return;
    }

    n = octet();

    memset(msg, 0, sizeof(msg));
    msg[2] = n & 0x40 ? 0x83 : 0x81;
    msg[3] = 0x80 | (n & 0xf);
    msg[5] = 1;
    len = 12 + a->question_len;
    memcpy(msg + 12, a->question, a->question_len);

    switch (n >> 4 & 3) {

    case 0:                                   /* an answer */
        msg[7] = 1;
        memcpy(msg + len, ANSWER, 16);
        msg[len + 9] = (u_char) octet();    /* its TTL */
        msg[len + 13] = (u_char) (ngiven >> 16);
        msg[len + 14] = (u_char) (ngiven >> 8);
        msg[len + 15] = (u_char) ngiven;
        given[ngiven % GIVEN].at = furthest();
        given[ngiven++ % GIVEN].ttl = msg[len + 9];
        len += 16;
        break;

    case 1:                                   /* a denial */
        msg[9] = 1;
        memcpy(msg + len, "\0\0\6\0\1\0\0\0\x1e\0\x16\0\0" "\0\0\0\1" "\0\0\0\1"
                          "\0\0\0\1" "\0\0\0\1" "\0\0\0\x14", 33);
        len += 33;
        break;

    case 2:                                   /* nothing */
        break;

    default:                                  /* anything */
        msg[7] = (u_char) octet();
        msg[9] = (u_char) octet();
        msg[11] = (u_char) octet();
        rest = octet();

        while (rest--) {
            msg[len++] = (u_char) octet();
        }

        msg[RECORD + 12] = 0;                 /* it is not one of those above */
    }

    a->channel = NULL;
    a->handler(a, NGX_DNS_EVENT_RESPONSE, msg, len);
}


static void
failure(void)
{
    u_char              msg[12];
    unsigned            n, stream;
    ngx_dns_event_e     e;
    ngx_dns_attempt_t  *a;

    a = outstanding_attempt(&stream);
    if (a == NULL) {
        return;
    }

    n = octet();
    e = NGX_DNS_EVENT_FAULT + n % 7;

    if (stream
        && (e == NGX_DNS_EVENT_WHOLE || e == NGX_DNS_EVENT_GUESSED))
    {
        e = NGX_DNS_EVENT_NETWORK;
    }

    memset(msg, 0, 12);
    msg[2] = 0x81;
    msg[3] = (u_char) (e == NGX_DNS_EVENT_FAULT ? 1 + n / 7 % 10 : n / 7);

    if (e != NGX_DNS_EVENT_SOFT) {
        a->channel = NULL;
    }

    a->handler(a, e, msg, 12);
}


/* one dies, with what it has, and another begins in its place */

static void
dies(void)
{
    unsigned    i;
    ngx_msec_t  now;

    if (npids == PIDS) {
        return;
    }

    owned();

    for (i = 0; i < nsent; i++) {
        if (owner[i] == me) {
            sent[i]->channel = NULL;
        }
    }

    for (i = 0; i < nasked; i++) {
        if (asked[i].worker == me && !asked[i].answered) {
            asked[i].answered = 1;
            lost++;
        }
    }

    gone[worker[me].pid] = 1;
    now = furthest();

    follows(me, now);
}


static ngx_uint_t
left_at(ngx_dns_upstream_t *u)
{
    ngx_uint_t  i, n;

    n = 0;

    /* what those who died had is taken back */

    ngx_dns_peers_check(u, ngx_current_msec, 1);

    for (i = 0; i < u->peers.nelts; i++) {
        n += unit_peer(u, i)->shm->outstanding;
    }

    return n;
}


static void
ended(void)
{
    unsigned  i, n;

    refusals = 0;

    for (n = 0; n < 2 * LONGEST; n += NGX_DNS_CLOCK_LATE) {
        for (i = 0; i < WORKERS; i++) {
            turn(i);
            pass(furthest() - ngx_current_msec);
        }

        pass(NGX_DNS_CLOCK_LATE);
    }

    for (i = 0; i < WORKERS; i++) {
        turn(i);
        pass(furthest() - ngx_current_msec);

        must(ngx_dns_inflight_count() == 0);
        must(conf.runtime.queries == 0);
    }

    must(left_at(zone.upstream) == 0);
    must(chain[0].upstream == NULL || left_at(chain[0].upstream) == 0);
    must(answers + lost == nasked && dones == answers && taps == answers);

    /* no timer is left for the next one */

    for (i = 0; i < WORKERS; i++) {
        turn(i);
        ngx_dns_timer_done();
    }
}


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    unsigned  op;

    if (cache == NULL) {
        query_init();
        workers_init();
        cache = aligned_alloc(64, CACHE);
        front.commit = commit;
    }

    if (size < CONFIG) {
        return 0;
    }

    unit_track();

    input(data, size);
    nasked = 0;
    ngiven = 0;
    lost = 0;

    configure();
    workers();

    while (left) {

        op = octet();

        turn(op / 8 % WORKERS);

        switch (op % 8) {

        case 0:
        case 1:
        case 2:
            question();
            break;

        case 3:
        case 4:
            response();
            break;

        case 5:
            failure();
            break;

        case 6:
            pass(1 + 16 * octet());
            break;

        default:

            if (op >= 0xf0) {
                dies();
                break;
            }

            refusals = octet() % 4;
            refuse = refusals & 1 ? NGX_BUSY : NGX_ERROR;
        }
    }

    ended();

    return 0;
}

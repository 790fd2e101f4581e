
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The load of the benchmark: DNS queries over UDP, in batches.
 *
 *     dnsgen [OPTION ...] ADDRESS:PORT
 *
 *     -m MODE     names: one, unique (the default), zipf
 *     -n NAMES    how many different ones, for zipf; 1000000
 *     -x SEED     another trace for zipf, other names for unique; 0
 *     -w WINDOW   queries without an answer at a time, at most; 1024
 *     -s SOCKETS  source ports; 8
 *     -r RATE     queries a second, evenly; 0: as fast as the answers come
 *     -t SECONDS  to be measured; 2
 *     -u MSEC     not to be measured, before; 500
 *     -c COUNT    so many queries and not one more, instead of -t and -u
 *     -e SIZE     with an OPT that offers this size; 0: without one
 *     -o MSEC     after so long a query is lost; 1000
 *     -a          each name has an address of its own, see dnsup -a
 *
 * An answer counts if it has the ID and the question of a query that waits,
 * and the QR bit.  "start" is printed when the measured time begins, and at
 * its end one line of name=value:
 *
 *     answered    of these:
 *     failed          with an RCODE other than NOERROR
 *     empty           without an answer record
 *     other           with -a: with another address than the name's
 *     lost        no answer in time
 *     wrong       messages that answer no query, late ones included
 *     held        queries that were due, with -r, but the window was full
 *     seconds, qps, p50_us, p99_us
 */


#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "dnsgen.h"


#define GEN_READS    4                  /* batches before the next socket */
#define GEN_WAIT     (10 * MSEC)
#define GEN_STEP     (MSEC / 2)         /* while the window opens */
#define GEN_SCAN     (50 * MSEC)        /* between looks for lost queries */
#define GEN_RAMP     (200 * MSEC)       /* until the window is open */


static void gen_init(gen_t *g);
static void gen_init_socket(gen_t *g, unsigned n);
static void gen_write_query(gen_t *g, u_char *p);
static void gen_run(gen_t *g);
static int gen_count_done(const gen_t *g);
static void gen_fill(gen_t *g);
static uint64_t gen_left(const gen_t *g);
static void gen_pace(gen_t *g);
static void gen_wait(gen_t *g);
static unsigned gen_send(gen_t *g, unsigned n, uint64_t max);
static void gen_read(gen_t *g, unsigned n);
static void gen_answer(gen_t *g, gen_socket_t *s, const u_char *p, size_t len);
static void gen_free(gen_t *g, gen_socket_t *s, gen_slot_t *slot);
static void gen_scan(gen_t *g);
static void gen_report(const gen_t *g);


static gen_t           gen;
static bench_batch_t   gen_in;
static struct iovec    gen_iovs[BENCH_BATCH];
static struct mmsghdr  gen_out[BENCH_BATCH];


int
main(int argc, char **argv)
{
    gen_options(&gen, argc, argv);
    gen_init(&gen);
    gen_run(&gen);
    gen_report(&gen);

    return 0;
}


static void
gen_init(gen_t *g)
{
    unsigned  i;

    if (names_init(&g->names, g->mode, g->names_n, g->seed) == -1) {
        bench_fatal("unknown mode \"%s\"", g->mode);
    }

    /* by default a sleep may last 50 us longer */

    (void) prctl(PR_SET_TIMERSLACK, 1000);

    bench_batch_init(&gen_in, 0);

    for (i = 0; i < BENCH_BATCH; i++) {
        gen_out[i].msg_hdr.msg_iov = &gen_iovs[i];
        gen_out[i].msg_hdr.msg_iovlen = 1;
    }

    while ((1u << g->shift) < g->window / g->nsockets) {
        g->shift++;
    }

    for (i = 0; i < g->nsockets; i++) {
        gen_init_socket(g, i);
    }

    for (i = 0; i < BENCH_BATCH; i++) {
        gen_iovs[i].iov_len = g->length;
    }
}


static void
gen_init_socket(gen_t *g, unsigned n)
{
    unsigned       i;
    gen_socket_t  *s;

    s = &g->sockets[n];

    g->fds[n].fd = bench_connect(&g->addr);
    g->fds[n].events = POLLIN;

    s->nslots = g->window / g->nsockets;
    s->slots = calloc(s->nslots, sizeof(gen_slot_t));
    s->free = calloc(s->nslots, sizeof(uint16_t));

    if (s->slots == NULL || s->free == NULL) {
        bench_fatal("calloc() failed");
    }

    for (i = 0; i < s->nslots; i++) {
        s->slots[i].id = i;
        s->free[s->nfree++] = i;
        gen_write_query(g, s->slots[i].query);
    }
}


static void
gen_write_query(gen_t *g, u_char *p)
{
    static const u_char  header[] = { 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };

    u_char  *start;

    start = p;

    memcpy(p, header, sizeof(header));
    p += sizeof(header);

    p += names_write(p);

    memcpy(p, "\0\1\0\1", 4);
    p += 4;

    g->question = p - start;

    if (g->edns) {
        start[11] = 1;

        memset(p, 0, DNS_OPT_SIZE);
        p[2] = DNS_OPT;
        p[3] = g->edns >> 8;
        p[4] = g->edns & 0xff;
        p += DNS_OPT_SIZE;
    }

    g->length = p - start;
}


static void
gen_run(gen_t *g)
{
    int       measured;
    uint64_t  end;

    g->now = bench_now();
    g->started = g->now;
    g->begun = g->now;
    end = g->now + g->warmup;
    measured = (g->count != 0);

    for ( ;; ) {

        if (g->count ? gen_count_done(g) : g->now >= end) {

            if (measured) {
                return;
            }

            printf("start\n");
            fflush(stdout);

            memset(&g->counts, 0, sizeof(g->counts));
            measured = 1;

            g->now = bench_now();
            g->begun = g->now;
            g->sent = 0;
            end = g->now + g->seconds;
        }

        if (g->rate) {
            gen_pace(g);

        } else {
            gen_fill(g);
        }

        gen_wait(g);

        if (g->now - g->scanned > GEN_SCAN) {
            gen_scan(g);
        }
    }
}


static int
gen_count_done(const gen_t *g)
{
    return g->sent >= g->count && g->outstanding == 0;
}


/* Sends whatever the window lets */

static void
gen_fill(gen_t *g)
{
    unsigned  i;
    uint64_t  left;

    for (i = 0; i < g->nsockets; i++) {

        do {
            left = gen_left(g);
        } while (left && gen_send(g, i, left) == BENCH_BATCH);
    }
}


/*
 * How many queries may be sent now.  The window opens slowly: buffers in a
 * server that are large enough for a steady flow need not hold all of it at
 * once.
 */

static uint64_t
gen_left(const gen_t *g)
{
    uint64_t  left, window;

    left = UINT64_MAX;

    if (g->count) {
        left = g->count > g->sent ? g->count - g->sent : 0;
    }

    if (g->now - g->started < GEN_RAMP) {
        window = 1 + g->window * (g->now - g->started) / GEN_RAMP;
        window = window > g->outstanding ? window - g->outstanding : 0;

        if (left > window) {
            left = window;
        }
    }

    return left;
}


/* Sends what is due since the beginning, from one socket after the other */

static void
gen_pace(gen_t *g)
{
    uint64_t  due;
    unsigned  full, n;

    due = (uint64_t) ((double) (g->now - g->begun) * g->rate / SEC) + 1;

    if (g->count && due > g->count) {
        due = g->count;
    }

    for (full = 0; g->sent < due && full < g->nsockets; /* void */ ) {

        n = gen_send(g, g->next, due - g->sent);
        full = n ? 0 : full + 1;
        g->next = (g->next + 1) % g->nsockets;
    }

    if (g->sent < due) {
        g->counts.held += due - g->sent;
        g->sent = due;
    }
}


static void
gen_wait(gen_t *g)
{
    int              n;
    uint64_t         wait, next;
    unsigned         i;
    struct timespec  ts;

    wait = g->now - g->started < GEN_RAMP ? GEN_STEP : GEN_WAIT;

    if (g->rate) {
        next = g->begun + (uint64_t) ((double) g->sent * SEC / g->rate);
        g->now = bench_now();
        next = next > g->now ? next - g->now : 0;
        wait = next < wait ? next : wait;
    }

    ts.tv_sec = 0;
    ts.tv_nsec = wait;

    n = ppoll(g->fds, g->nsockets, &ts, NULL);

    if (n == -1 && errno != EINTR) {
        bench_fatal("ppoll() failed");
    }

    for (i = 0; i < g->nsockets && n > 0; i++) {

        if (g->fds[i].revents) {
            gen_read(g, i);
            n--;
        }
    }

    g->now = bench_now();
}


/* Sends a batch at most from one socket; returns how many that were */

static unsigned
gen_send(gen_t *g, unsigned n, uint64_t max)
{
    unsigned       i;
    gen_slot_t    *slot;
    gen_socket_t  *s;

    s = &g->sockets[n];

    if (max > BENCH_BATCH) {
        max = BENCH_BATCH;
    }

    for (i = 0; i < max && s->nfree; i++) {

        slot = &s->slots[s->free[--s->nfree]];

        /* the lower bits are the slot's number, the others are a count */

        slot->id += 1 << g->shift;
        slot->query[0] = slot->id >> 8;
        slot->query[1] = slot->id & 0xff;
        slot->sent = g->now;

        names_number(&slot->query[DNS_HEADER], g->names.next(&g->names));
        gen_iovs[i].iov_base = slot->query;
    }

    if (i) {
        g->sent += i;
        g->outstanding += i;
        bench_send(g->fds[n].fd, gen_out, i);
    }

    return i;
}


static void
gen_read(gen_t *g, unsigned n)
{
    unsigned  i, got, reads;

    for (reads = 0; reads < GEN_READS; reads++) {

        got = bench_recv(g->fds[n].fd, &gen_in, 0);
        g->now = bench_now();

        for (i = 0; i < got; i++) {
            gen_answer(g, &g->sockets[n], gen_in.data[i],
                       gen_in.msgs[i].msg_len);
        }

        if (got < BENCH_BATCH) {
            return;
        }
    }
}


static void
gen_answer(gen_t *g, gen_socket_t *s, const u_char *p, size_t len)
{
    unsigned     id, n;
    uint32_t     addr;
    gen_slot_t  *slot;

    id = len >= g->question ? p[0] << 8 | p[1] : 0;
    n = id & ((1u << g->shift) - 1);
    slot = n < s->nslots ? &s->slots[n] : NULL;

    if (slot == NULL || slot->sent == 0 || slot->id != id
        || len < g->question || !(p[2] & DNS_QR)
        || memcmp(&p[4], &slot->query[4], 2) != 0
        || memcmp(&p[DNS_HEADER], &slot->query[DNS_HEADER],
                  g->question - DNS_HEADER)
           != 0)
    {
        g->counts.wrong++;
        return;
    }

    g->counts.answered++;
    g->counts.failed += ((p[3] & 0x0f) != 0);
    g->counts.empty += (p[6] == 0 && p[7] == 0);

    if (g->own && (p[3] & 0x0f) == 0) {
        addr = htonl(bench_name_addr(&slot->query[DNS_HEADER]));

        g->counts.other += (len < g->question + DNS_A_SIZE
                            || memcmp(&p[g->question + DNS_A_SIZE - 4],
                                      &addr, sizeof(addr))
                               != 0);
    }

    latency_add(&g->counts.latency, g->now - slot->sent);
    gen_free(g, s, slot);
}


static void
gen_free(gen_t *g, gen_socket_t *s, gen_slot_t *slot)
{
    slot->sent = 0;
    s->free[s->nfree++] = slot - s->slots;
    g->outstanding--;
}


static void
gen_scan(gen_t *g)
{
    unsigned       i, n;
    gen_slot_t    *slot;
    gen_socket_t  *s;

    g->scanned = g->now;

    for (n = 0; n < g->nsockets; n++) {
        s = &g->sockets[n];

        for (i = 0; i < s->nslots; i++) {
            slot = &s->slots[i];

            if (slot->sent && g->now - slot->sent > g->timeout) {
                g->counts.lost++;
                gen_free(g, s, slot);
            }
        }
    }
}


static void
gen_report(const gen_t *g)
{
    double               seconds;
    const gen_counts_t  *c;

    c = &g->counts;
    seconds = (double) (g->now - g->begun) / SEC;

    printf("answered=%lu failed=%lu empty=%lu other=%lu lost=%lu wrong=%lu "
           "held=%lu seconds=%.6f qps=%.0f p50_us=%.1f p99_us=%.1f\n",
           c->answered, c->failed, c->empty, c->other, c->lost, c->wrong,
           c->held, seconds, c->answered / seconds,
           latency_percentile(&c->latency, 50) / 1000.0,
           latency_percentile(&c->latency, 99) / 1000.0);
}

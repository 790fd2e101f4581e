
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The upstream of the benchmark: answers each A question, whatever the name,
 * with one A record, and any other question with none.  An OPT is answered
 * with an OPT.  At SIGTERM it prints how many each address answered.
 *
 *     dnsup [-a] [-t TTL] [-d DELAY_US] ADDRESS:PORT ...
 *
 * With -a each name has an address of its own, else all have 192.0.2.1.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"


#define UP_PORTS   1024
#define UP_READS   4                    /* batches before the next socket */
#define UP_DELAYED 65536                /* answers that wait, a power of 2 */
#define UP_ADDR    0xc0000201           /* 192.0.2.1, RFC 5737 */
#define UP_SIZE    1232


typedef struct {
    uint64_t             due;
    struct sockaddr_in   addr;
    uint16_t             port;          /* number of the socket */
    uint16_t             len;
    u_char               data[BENCH_MESSAGE];
} up_delayed_t;


typedef struct {
    unsigned             n;
    unsigned             own;           /* addresses */
    uint32_t             ttl;
    uint64_t             delay;
    struct sockaddr_in   addrs[UP_PORTS];
    struct pollfd        fds[UP_PORTS];
    unsigned long        answered[UP_PORTS];

    /* all wait equally long, so the first is the next that is due */
    up_delayed_t        *ring;
    unsigned             head;
    unsigned             tail;
    unsigned long        dropped;
} up_t;


static void up_options(up_t *up, int argc, char **argv);
static void up_signal(int signo);
static void up_run(up_t *up);
static void up_read(up_t *up, unsigned port);
static size_t up_answer(up_t *up, u_char *p, size_t len);
static int up_opt(const u_char *p, size_t end, size_t len);
static void up_delay(up_t *up, unsigned port, const bench_batch_t *b,
    unsigned n);
static int up_wait(up_t *up, struct timespec *ts);
static void up_send_due(up_t *up);


static bench_batch_t          up_batch;
static volatile sig_atomic_t  up_quit;


int
main(int argc, char **argv)
{
    unsigned          i;
    static up_t       up;
    struct sigaction  sa;

    up_options(&up, argc, argv);

    memset(&sa, 0, sizeof(sa));
    sa.sa_handler = up_signal;

    sigaction(SIGTERM, &sa, NULL);
    sigaction(SIGINT, &sa, NULL);

    bench_batch_init(&up_batch, 1);

    for (i = 0; i < up.n; i++) {
        up.fds[i].fd = bench_bind(&up.addrs[i]);
        up.fds[i].events = POLLIN;
    }

    printf("ready\n");
    fflush(stdout);

    up_run(&up);

    for (i = 0; i < up.n; i++) {
        printf("port=%u answered=%lu\n", ntohs(up.addrs[i].sin_port),
               up.answered[i]);
    }

    printf("dropped=%lu\n", up.dropped);

    return 0;
}


static void
up_options(up_t *up, int argc, char **argv)
{
    int  c;

    up->ttl = 3600;

    while ((c = getopt(argc, argv, "at:d:")) != -1) {

        switch (c) {

        case 'a':
            up->own = 1;
            break;

        case 't':
            up->ttl = bench_number(optarg, 0x7fffffff);
            break;

        case 'd':
            up->delay = bench_number(optarg, 60000000) * 1000;
            break;

        default:
            exit(2);
        }
    }

    while (optind < argc && up->n < UP_PORTS) {
        up->addrs[up->n++] = bench_addr(argv[optind++]);
    }

    if (up->n == 0 || optind < argc) {
        bench_fatal("usage: dnsup [-a] [-t TTL] [-d DELAY_US] "
                    "ADDRESS:PORT ...");
    }

    if (up->delay) {
        up->ring = calloc(UP_DELAYED, sizeof(up_delayed_t));

        if (up->ring == NULL) {
            bench_fatal("calloc() failed");
        }
    }
}


static void
up_signal(int signo)
{
    (void) signo;

    up_quit = 1;
}


static void
up_run(up_t *up)
{
    sigset_t          open, blocked;
    unsigned          i;
    struct timespec   ts;

    /* a signal between the test and ppoll() must not be lost */

    sigemptyset(&open);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    sigprocmask(SIG_BLOCK, &blocked, NULL);

    while (!up_quit) {

        if (ppoll(up->fds, up->n, up_wait(up, &ts) ? &ts : NULL, &open) == -1)
        {
            if (errno == EINTR) {
                continue;
            }

            bench_fatal("ppoll() failed");
        }

        for (i = 0; i < up->n; i++) {
            if (up->fds[i].revents) {
                up_read(up, i);
            }
        }

        up_send_due(up);
    }
}


static void
up_read(up_t *up, unsigned port)
{
    size_t          len;
    unsigned        i, n, reads;
    bench_batch_t  *b;

    b = &up_batch;

    for (reads = 0; reads < UP_READS; reads++) {

        n = bench_recv(up->fds[port].fd, b, 0);

        for (i = 0; i < n; i++) {
            len = up_answer(up, b->data[i], b->msgs[i].msg_len);
            b->iovs[i].iov_len = len;
        }

        if (up->delay) {
            up_delay(up, port, b, n);

        } else {
            bench_send(up->fds[port].fd, b->msgs, n);
        }

        up->answered[port] += n;

        for (i = 0; i < n; i++) {
            b->iovs[i].iov_len = BENCH_MESSAGE;
        }

        if (n < BENCH_BATCH) {
            return;
        }
    }
}


/* Makes a query the answer to it, in place; returns its length */

static size_t
up_answer(up_t *up, u_char *p, size_t len)
{
    size_t  end, opt;

    end = bench_question_end(p, len);

    if (end == 0 || end + DNS_A_SIZE + DNS_OPT_SIZE > BENCH_MESSAGE) {

        /* FORMERR: the header alone, as far as there is one */

        if (len >= DNS_HEADER) {
            p[2] |= DNS_QR;
            p[3] = 1;
            memset(&p[4], 0, 8);
            return DNS_HEADER;
        }

        return len;
    }

    opt = up_opt(p, end, len);

    p[2] = (p[2] & 0x79) | DNS_QR | 0x04;
    p[3] = DNS_RA;
    memset(&p[6], 0, 6);

    if (p[end - 4] == 0 && p[end - 3] == DNS_A) {
        p[7] = 1;
        bench_write_a(&p[end], up->ttl,
                      up->own ? bench_name_addr(&p[DNS_HEADER]) : UP_ADDR);
        end += DNS_A_SIZE;
    }

    if (opt) {
        p[11] = 1;

        memset(&p[end], 0, DNS_OPT_SIZE);
        p[end + 2] = DNS_OPT;
        p[end + 3] = UP_SIZE >> 8;
        p[end + 4] = UP_SIZE & 0xff;

        end += DNS_OPT_SIZE;
    }

    return end;
}


static int
up_opt(const u_char *p, size_t end, size_t len)
{
    return p[11] && len >= end + DNS_OPT_SIZE
           && p[end] == 0 && p[end + 1] == 0 && p[end + 2] == DNS_OPT;
}


static void
up_delay(up_t *up, unsigned port, const bench_batch_t *b, unsigned n)
{
    uint64_t       due;
    unsigned       i;
    up_delayed_t  *d;

    due = bench_now() + up->delay;

    for (i = 0; i < n; i++) {

        if (up->tail - up->head == UP_DELAYED) {
            up->dropped += n - i;
            return;
        }

        d = &up->ring[up->tail++ % UP_DELAYED];

        d->due = due;
        d->addr = b->addrs[i];
        d->port = port;
        d->len = b->iovs[i].iov_len;
        memcpy(d->data, b->data[i], d->len);
    }
}


/* How long to wait for the next answer that is due, 0 if there is none */

static int
up_wait(up_t *up, struct timespec *ts)
{
    uint64_t  now, due;

    if (up->head == up->tail) {
        return 0;
    }

    now = bench_now();
    due = up->ring[up->head % UP_DELAYED].due;
    due = due > now ? due - now : 0;

    ts->tv_sec = due / SEC;
    ts->tv_nsec = due % SEC;

    return 1;
}


static void
up_send_due(up_t *up)
{
    uint64_t        now;
    unsigned        n, port;
    up_delayed_t   *d;
    struct iovec   *iov;
    bench_batch_t  *b;

    if (up->head == up->tail) {
        return;
    }

    b = &up_batch;
    now = bench_now();

    while (up->head != up->tail
           && up->ring[up->head % UP_DELAYED].due <= now)
    {
        port = up->ring[up->head % UP_DELAYED].port;

        for (n = 0; n < BENCH_BATCH && up->head != up->tail; n++) {

            d = &up->ring[up->head % UP_DELAYED];

            if (d->port != port || d->due > now) {
                break;
            }

            iov = &b->iovs[n];
            iov->iov_base = d->data;
            iov->iov_len = d->len;
            b->addrs[n] = d->addr;
            up->head++;
        }

        bench_send(up->fds[port].fd, b->msgs, n);

        while (n--) {
            b->iovs[n].iov_base = b->data[n];
            b->iovs[n].iov_len = BENCH_MESSAGE;
        }
    }
}

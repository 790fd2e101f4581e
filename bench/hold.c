
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Holds connections, and does little or nothing good with them.
 *
 *   hold [OPTION ...] ADDRESS:PORT
 *
 *   -m idle         one query and its answer on each, then nothing
 *   -m reader       queries, and reads no answer
 *   -m writer       queries, an octet of each connection every 100 ms, one
 *                   connection after the other
 *   -m garbage      random octets
 *   -n NUMBER       connections (1000)
 *   -s              TLS
 *
 * Prints "ready" when all are made.  All but idle ones are made again, 100 ms
 * later at most, when the server closes them.  Ends when it is told to, and
 * prints how many the server has closed.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"
#include "names.h"


#define HOLD_EVENTS   256
#define HOLD_OUT      4096
#define HOLD_STEP     (5 * MSEC)         /* of 20 parts one has its turn */
#define HOLD_PARTS    20


typedef enum { IDLE, READER, WRITER, GARBAGE } hold_mode_e;


typedef struct {
    int       fd;
    SSL      *ssl;
    unsigned  pos;                      /* in what is written */
} hold_t;


static void hold_options(int argc, char **argv);
static void hold_fill(void);
static void hold_open(hold_t *h);
static void hold_first(hold_t *h);
static void hold_again(hold_t *h);
static void hold_write(hold_t *h, size_t most);
static void hold_event(hold_t *h, uint32_t events);
static void hold_signal(int signo);


static hold_mode_e            hold_mode;
static unsigned               hold_n = 1000;
static int                    hold_tls;
static struct sockaddr_in     hold_addr;
static SSL_CTX               *hold_ctx;
static int                    hold_epoll;
static unsigned long          hold_closed;
static volatile sig_atomic_t  hold_quit;

static u_char                 hold_out[HOLD_OUT];    /* whole queries */
static size_t                 hold_out_len;
static size_t                 hold_query_len;


int
main(int argc, char **argv)
{
    int                 i, n;
    hold_t             *holds;
    unsigned            k, part;
    uint64_t            step, now;
    struct rlimit       files;
    struct epoll_event  events[HOLD_EVENTS];

    hold_options(argc, argv);
    hold_fill();

    signal(SIGTERM, hold_signal);
    signal(SIGPIPE, SIG_IGN);

    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);

    hold_ctx = SSL_CTX_new(TLS_client_method());
    hold_epoll = epoll_create1(0);
    holds = calloc(hold_n, sizeof(hold_t));

    if (hold_ctx == NULL || hold_epoll == -1 || holds == NULL) {
        bench_fatal("calloc() failed");
    }

    SSL_CTX_set_mode(hold_ctx, SSL_MODE_RELEASE_BUFFERS);

    for (k = 0; k < hold_n; k++) {
        hold_open(&holds[k]);
    }

    printf("ready\n");
    fflush(stdout);

    step = bench_now();
    part = 0;

    while (!hold_quit) {
        n = epoll_wait(hold_epoll, events, HOLD_EVENTS, 5);

        for (i = 0; i < n; i++) {
            hold_event(events[i].data.ptr, events[i].events);
        }

        now = bench_now();

        if (hold_mode == IDLE || now - step < HOLD_STEP) {
            continue;
        }

        step = now;
        part = (part + 1) % HOLD_PARTS;

        for (k = part; k < hold_n; k += HOLD_PARTS) {

            if (holds[k].fd == -1) {
                hold_open(&holds[k]);

            } else if (hold_mode == WRITER) {
                hold_write(&holds[k], 1);
            }
        }
    }

    printf("closed=%lu\n", hold_closed);

    return 0;
}


static void
hold_options(int argc, char **argv)
{
    int  c, i;

    static const char  *modes[] = { "idle", "reader", "writer", "garbage" };

    while ((c = getopt(argc, argv, "m:n:s")) != -1) {
        switch (c) {

        case 'm':
            for (i = 0; i < 4 && strcmp(optarg, modes[i]) != 0; i++) {
                /* void */
            }

            if (i == 4) {
                errno = 0;
                bench_fatal("no such mode \"%s\"", optarg);
            }

            hold_mode = (hold_mode_e) i;
            break;

        case 'n':
            hold_n = bench_number(optarg, 1000000);
            break;

        case 's':
            hold_tls = 1;
            break;

        default:
            exit(2);
        }
    }

    if (optind + 1 != argc) {
        errno = 0;
        bench_fatal("usage: hold [OPTION ...] ADDRESS:PORT");
    }

    hold_addr = bench_addr(argv[optind]);
}


/* as many queries as there is room for; of garbage the same octets always */

static void
hold_fill(void)
{
    u_char  *p, *start;
    size_t   i;

    if (hold_mode == GARBAGE) {
        srandom(1);

        for (i = 0; i < HOLD_OUT; i++) {
            hold_out[i] = (u_char) random();
        }

        hold_out_len = HOLD_OUT;
        return;
    }

    start = hold_out;
    p = start + 2;

    p[2] = 0x01;
    p[5] = 1;
    p += DNS_HEADER;
    p += names_write(p);
    p[1] = DNS_A;
    p[3] = 1;
    p += 4;

    hold_query_len = p - start;
    start[1] = (u_char) (hold_query_len - 2);

    for (hold_out_len = hold_query_len;
         hold_out_len + hold_query_len <= HOLD_OUT;
         hold_out_len += hold_query_len)
    {
        memcpy(start + hold_out_len, start, hold_query_len);
    }
}


static void
hold_open(hold_t *h)
{
    struct epoll_event  ev;

    h->fd = bench_stream(&hold_addr, 0);

    if (hold_tls) {
        h->ssl = SSL_new(hold_ctx);
        SSL_set_fd(h->ssl, h->fd);

        if (SSL_connect(h->ssl) != 1) {
            errno = 0;
            bench_fatal("SSL_connect() failed");
        }
    }

    h->pos = 0;

    if (hold_mode == IDLE) {
        hold_first(h);
    }

    fcntl(h->fd, F_SETFL, O_NONBLOCK);

    ev.events = EPOLLET | EPOLLRDHUP
                | (hold_mode == READER || hold_mode == GARBAGE ? EPOLLOUT : 0);
    ev.data.ptr = h;
    epoll_ctl(hold_epoll, EPOLL_CTL_ADD, h->fd, &ev);
}


static void
hold_first(hold_t *h)
{
    u_char   in[512];
    ssize_t  n;

    if (h->ssl) {
        (void) SSL_write(h->ssl, hold_out, hold_query_len);
        n = SSL_read(h->ssl, in, sizeof(in));

    } else {
        n = send(h->fd, hold_out, hold_query_len, 0) < 0
            ? -1 : recv(h->fd, in, sizeof(in), 0);
    }

    if (n <= 0) {
        bench_fatal("no answer");
    }
}


static void
hold_again(hold_t *h)
{
    hold_closed++;

    if (hold_mode == IDLE) {
        return;
    }

    if (h->ssl) {
        SSL_free(h->ssl);
        h->ssl = NULL;
    }

    close(h->fd);
    h->fd = -1;
}


static void
hold_write(hold_t *h, size_t most)
{
    size_t   len;
    ssize_t  n;

    for ( ;; ) {
        len = hold_out_len - h->pos;
        len = len < most ? len : most;

        n = h->ssl ? SSL_write(h->ssl, hold_out + h->pos, len)
                   : send(h->fd, hold_out + h->pos, len, 0);

        if (n <= 0) {
            return;
        }

        h->pos = (h->pos + n) % hold_out_len;

        if (most == 1) {
            return;
        }
    }
}


static void
hold_event(hold_t *h, uint32_t events)
{
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        hold_again(h);
        return;
    }

    hold_write(h, HOLD_OUT);
}


static void
hold_signal(int signo)
{
    (void) signo;
    hold_quit = 1;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The generator for TCP, TLS and HTTPS: keeps a window of queries open over
 * some connections, and counts the answers as dnsgen does.
 *
 *   streamgen [OPTION ...] ADDRESS:PORT
 *
 *   -m one|unique|zipf  which names (unique)
 *   -n NUMBER           of names (1000000)
 *   -c NUMBER           connections (16)
 *   -w NUMBER           queries open at a time, of all connections (1024)
 *   -1                  one query, then a new connection
 *   -s                  TLS; the certificate is not looked at
 *   -d                  HTTPS: GET over HTTP/2 (RFC 8484)
 *   -u MS, -t SECONDS   warm-up (500), measured time (2)
 *
 * Prints "start" when the measured time begins, and a line of figures at its
 * end.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "h2.h"
#include "latency.h"
#include "names.h"


#define STREAM_SLOTS    1024            /* queries open on a connection */
#define STREAM_EVENTS   64
#define STREAM_IN       65536
#define STREAM_OUT      (2 * H2_PREFACE + STREAM_SLOTS * H2_REQUEST)
#define STREAM_TIMEOUT  SEC


typedef struct {
    int            fd;
    SSL           *ssl;
    int            ready;               /* connected, and shaken hands */
    unsigned       open;
    h2_t           h2;
    uint64_t       sent[STREAM_SLOTS];  /* 0: free */
    uint32_t       number[STREAM_SLOTS];

    u_char        *in;
    size_t         in_len;
    u_char        *out;
    size_t         out_len;
    size_t         out_pos;
} stream_t;


typedef struct {
    unsigned long  answered, failed, empty, lost, wrong;
    latency_t      latency;
} stream_counts_t;


static void stream_options(int argc, char **argv);
static void stream_write_query(void);
static void stream_connect(stream_t *s);
static void stream_close(stream_t *s);
static int stream_handshake(stream_t *s);
static void stream_event(stream_t *s);
static void stream_fill(stream_t *s);
static u_char *stream_add(stream_t *s, u_char *p, unsigned i);
static void stream_flush(stream_t *s);
static int stream_read(stream_t *s);
static size_t stream_frames(stream_t *s, const u_char *p, size_t len);
static void stream_answer(void *data, const u_char *p, size_t len);
static void stream_scan(void);
static void stream_report(double seconds);


static const char          *stream_mode = "unique";
static uint32_t             stream_names_n = 1000000;
static unsigned             stream_n = 16;
static unsigned             stream_window = 1024;
static int                  stream_single, stream_tls, stream_https;
static uint64_t             stream_warmup = 500 * MSEC;
static uint64_t             stream_time = 2 * SEC;
static struct sockaddr_in   stream_addr;

static stream_t            *streams;
static names_t              stream_names;
static stream_counts_t      stream_counts;
static SSL_CTX             *stream_ctx;
static int                  stream_epoll;
static uint64_t             stream_now;

static u_char               stream_query[2 + BENCH_MESSAGE];
static size_t               stream_query_len;


int
main(int argc, char **argv)
{
    int                 i, n, measured;
    unsigned            c;
    uint64_t            end, begun, scanned;
    struct epoll_event  events[STREAM_EVENTS];

    stream_options(argc, argv);
    stream_write_query();

    if (names_init(&stream_names, stream_mode, stream_names_n, bench_now())
        != 0)
    {
        bench_fatal("no such mode \"%s\"", stream_mode);
    }

    if (stream_tls) {
        stream_ctx = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_mode(stream_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                                     | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

        if (stream_https) {
            SSL_CTX_set_alpn_protos(stream_ctx, (const u_char *) "\2h2", 3);
        }
    }

    stream_epoll = epoll_create1(0);
    streams = calloc(stream_n, sizeof(stream_t));

    if (stream_epoll == -1 || streams == NULL) {
        bench_fatal("epoll_create1() or calloc() failed");
    }

    for (c = 0; c < stream_n; c++) {
        streams[c].in = malloc(STREAM_IN);
        streams[c].out = malloc(STREAM_OUT);
        stream_connect(&streams[c]);
    }

    measured = 0;
    stream_now = bench_now();
    begun = stream_now;
    scanned = stream_now;
    end = stream_now + stream_warmup;

    for ( ;; ) {
        n = epoll_wait(stream_epoll, events, STREAM_EVENTS, 100);
        stream_now = bench_now();

        for (i = 0; i < n; i++) {
            stream_event(events[i].data.ptr);
        }

        if (stream_now - scanned > 100 * MSEC) {
            scanned = stream_now;
            stream_scan();
        }

        if (stream_now < end) {
            continue;
        }

        if (measured) {
            break;
        }

        printf("start\n");
        fflush(stdout);

        memset(&stream_counts, 0, sizeof(stream_counts));
        measured = 1;
        begun = bench_now();
        end = begun + stream_time;
    }

    stream_report((double) (stream_now - begun) / SEC);

    return 0;
}


static void
stream_options(int argc, char **argv)
{
    int  c;

    while ((c = getopt(argc, argv, "m:n:c:w:1sdu:t:")) != -1) {
        switch (c) {

        case 'm':
            stream_mode = optarg;
            break;

        case 'n':
            stream_names_n = bench_number(optarg, NAMES_MAX);
            break;

        case 'c':
            stream_n = bench_number(optarg, 10000);
            break;

        case 'w':
            stream_window = bench_number(optarg, 1000000);
            break;

        case '1':
            stream_single = 1;
            break;

        case 's':
            stream_tls = 1;
            break;

        case 'd':
            stream_tls = 1;
            stream_https = 1;
            break;

        case 'u':
            stream_warmup = bench_number(optarg, 3600000) * MSEC;
            break;

        case 't':
            stream_time = bench_number(optarg, 86400) * SEC;
            break;

        default:
            exit(2);
        }
    }

    if (optind + 1 != argc || stream_n == 0 || stream_names_n == 0) {
        errno = 0;
        bench_fatal("usage: streamgen [OPTION ...] ADDRESS:PORT");
    }

    stream_window = stream_single ? 1 : stream_window / stream_n;

    if (stream_window == 0 || stream_window > STREAM_SLOTS) {
        errno = 0;
        bench_fatal("1 to %d queries for each connection", STREAM_SLOTS);
    }

    stream_addr = bench_addr(argv[optind]);
}


/* length, RD, one question, no EDNS */

static void
stream_write_query(void)
{
    u_char  *p;

    memset(stream_query, 0, sizeof(stream_query));

    p = stream_query + 2;
    p[2] = 0x01;
    p[5] = 1;

    p += DNS_HEADER;
    p += names_write(p);
    p[1] = DNS_A;
    p[3] = 1;
    p += 4;

    stream_query_len = p - stream_query;
    stream_query[1] = (u_char) (stream_query_len - 2);
}


static void
stream_connect(stream_t *s)
{
    struct epoll_event  ev;

    s->fd = bench_stream(&stream_addr, 1);
    s->ready = 0;
    s->open = 0;
    s->in_len = 0;
    s->out_len = 0;
    s->out_pos = 0;
    memset(s->sent, 0, sizeof(s->sent[0]) * stream_window);

    if (stream_tls) {
        s->ssl = SSL_new(stream_ctx);
        SSL_set_fd(s->ssl, s->fd);
        SSL_set_connect_state(s->ssl);
    }

    if (stream_https) {
        s->out_len = h2_begin(&s->h2, s->out);
    }

    ev.events = EPOLLIN | EPOLLOUT | EPOLLET;
    ev.data.ptr = s;
    epoll_ctl(stream_epoll, EPOLL_CTL_ADD, s->fd, &ev);
}


static void
stream_close(stream_t *s)
{
    if (s->ssl) {
        SSL_free(s->ssl);
        s->ssl = NULL;
    }

    close(s->fd);
}


static int
stream_handshake(stream_t *s)
{
    if (!s->ready) {
        s->ready = s->ssl == NULL || SSL_do_handshake(s->ssl) == 1;
    }

    return s->ready;
}


static void
stream_event(stream_t *s)
{
    if (!stream_handshake(s)) {
        return;
    }

    if (!stream_read(s)) {

        /* closed by the server: what was open is lost */

        stream_counts.lost += s->open;
        stream_close(s);
        stream_connect(s);
        return;
    }

    /* what a connection begins with, and then queries */

    stream_flush(s);
    stream_fill(s);
    stream_flush(s);
}


static void
stream_fill(stream_t *s)
{
    u_char    *p;
    unsigned   i;

    if (s->out_pos < s->out_len) {
        return;
    }

    p = s->out;

    if (stream_https) {
        p += h2_reply(&s->h2, p);
    }

    for (i = 0; i < stream_window && s->open < stream_window; i++) {

        if (s->sent[i]) {
            continue;
        }

        s->number[i] = stream_names.next(&stream_names);
        s->sent[i] = stream_now;
        s->open++;

        p = stream_add(s, p, i);
    }

    s->out_pos = 0;
    s->out_len = p - s->out;
}


static u_char *
stream_add(stream_t *s, u_char *p, unsigned i)
{
    u_char  *query;

    query = stream_query + 2;

    query[0] = (u_char) (i >> 8);
    query[1] = (u_char) i;
    names_number(query + DNS_HEADER, s->number[i]);

    if (stream_https) {
        return p + h2_request(&s->h2, p, query, stream_query_len - 2);
    }

    memcpy(p, stream_query, stream_query_len);

    return p + stream_query_len;
}


static void
stream_flush(stream_t *s)
{
    ssize_t  n;

    while (s->out_pos < s->out_len) {
        n = s->ssl ? SSL_write(s->ssl, s->out + s->out_pos,
                               s->out_len - s->out_pos)
                   : send(s->fd, s->out + s->out_pos, s->out_len - s->out_pos,
                          MSG_NOSIGNAL);
        if (n <= 0) {
            return;
        }

        s->out_pos += n;
    }
}


/* 0: the connection has ended, or has done what it was for */

static int
stream_read(stream_t *s)
{
    size_t   len;
    ssize_t  n;

    for ( ;; ) {
        n = s->ssl ? SSL_read(s->ssl, s->in + s->in_len, STREAM_IN - s->in_len)
                   : recv(s->fd, s->in + s->in_len, STREAM_IN - s->in_len, 0);

        if (n <= 0) {
            return s->ssl ? SSL_get_error(s->ssl, n) == SSL_ERROR_WANT_READ
                          : n < 0 && errno == EAGAIN;
        }

        s->in_len += n;

        len = stream_https ? h2_read(&s->h2, s->in, s->in_len, stream_answer, s)
                           : stream_frames(s, s->in, s->in_len);

        s->in_len -= len;
        memmove(s->in, s->in + len, s->in_len);

        if ((stream_single && s->open == 0) || s->h2.ended) {
            return 0;
        }

        if (!s->ssl && n < 1024) {
            return 1;
        }
    }
}


/* how much of it was whole messages */

static size_t
stream_frames(stream_t *s, const u_char *p, size_t len)
{
    size_t  n, used;

    for (used = 0; len - used >= 2; used += 2 + n) {
        n = p[used] << 8 | p[used + 1];

        if (len - used < 2 + n) {
            break;
        }

        stream_answer(s, p + used + 2, n);
    }

    return used;
}


static void
stream_answer(void *data, const u_char *p, size_t len)
{
    stream_t *s = data;

    u_char    name[NAMES_DIGITS + 2];
    unsigned  i;

    i = len < DNS_HEADER ? STREAM_SLOTS : (unsigned) (p[0] << 8 | p[1]);

    if (i >= stream_window || s->sent[i] == 0 || !(p[2] & DNS_QR)) {
        stream_counts.wrong++;
        return;
    }

    memcpy(name, stream_query + 2 + DNS_HEADER, sizeof(name));
    names_number(name, s->number[i]);

    if (len < stream_query_len - 2
        || memcmp(name, p + DNS_HEADER, sizeof(name)) != 0)
    {
        stream_counts.wrong++;
        return;
    }

    latency_add(&stream_counts.latency, stream_now - s->sent[i]);

    if (p[3] & 0x0f) {
        stream_counts.failed++;

    } else if (p[7] == 0) {
        stream_counts.empty++;
    }

    stream_counts.answered++;
    s->sent[i] = 0;
    s->open--;
}


/* queries without an answer: a stream has not lost them, but it may hang */

static void
stream_scan(void)
{
    unsigned   c, i;
    stream_t  *s;

    for (c = 0; c < stream_n; c++) {
        s = &streams[c];

        for (i = 0; i < stream_window; i++) {
            if (s->sent[i] && stream_now - s->sent[i] > STREAM_TIMEOUT) {
                stream_counts.lost += s->open;
                stream_close(s);
                stream_connect(s);
                break;
            }
        }
    }
}


static void
stream_report(double seconds)
{
    stream_counts_t  *c;

    c = &stream_counts;

    printf("answered=%lu failed=%lu empty=%lu lost=%lu wrong=%lu held=0 "
           "seconds=%.6f qps=%.0f p50_us=%.1f p99_us=%.1f\n",
           c->answered, c->failed, c->empty, c->lost, c->wrong,
           seconds, c->answered / seconds,
           latency_percentile(&c->latency, 50) / 1000.0,
           latency_percentile(&c->latency, 99) / 1000.0);
}

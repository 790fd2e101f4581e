
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The upstream of the benchmark over TLS: answers each question, whatever the
 * name, with one A record and without EDNS.  What has come at once is answered
 * by one record of TLS.
 *
 *     tlsup [-a] [-t TTL] [-k FILE] CERTIFICATE KEY ADDRESS:PORT ...
 *
 * With -a each name has an address of its own, else all have 192.0.2.1.  FILE
 * has the key of the tickets, of 80 octets, so that it lasts over a restart.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"


#define UP_EVENTS  64
#define UP_READ    16384
#define UP_WRITE   65536                /* an answer has 16 octets more */
#define UP_KEY     80                   /* octets of a key for tickets */
#define UP_ADDR    0xc0000201           /* 192.0.2.1, RFC 5737 */


typedef struct {
    int      fd;
    SSL     *ssl;                       /* NULL: it listens */
    size_t   in_len;
    size_t   out_len;
    size_t   out_pos;
    u_char   in[UP_READ];
    u_char   out[UP_WRITE];
} up_t;


static void up_options(int argc, char **argv);
static void up_tickets(const char *file);
static void up_listen(const char *addr);
static void up_accept(int fd);
static void up_add(up_t *up);
static int up_event(up_t *up);
static void up_answers(up_t *up);
static size_t up_answer(u_char *out, const u_char *p, size_t len);
static void up_write(up_t *up);


static SSL_CTX  *up_ctx;
static int       up_epoll;
static unsigned  up_own;                /* addresses */
static uint32_t  up_ttl = 3600;


int
main(int argc, char **argv)
{
    int                 i, n;
    up_t               *up;
    struct epoll_event  events[UP_EVENTS];

    signal(SIGPIPE, SIG_IGN);

    up_ctx = SSL_CTX_new(TLS_server_method());
    up_epoll = epoll_create1(0);

    up_options(argc, argv);

    if (SSL_CTX_use_certificate_chain_file(up_ctx, argv[optind]) != 1
        || SSL_CTX_use_PrivateKey_file(up_ctx, argv[optind + 1],
                                       SSL_FILETYPE_PEM) != 1)
    {
        errno = 0;
        bench_fatal("no certificate in %s, or no key in %s", argv[optind],
                    argv[optind + 1]);
    }

    SSL_CTX_set_mode(up_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE
                             | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    for (i = optind + 2; i < argc; i++) {
        up_listen(argv[i]);
    }

    printf("ready\n");
    fflush(stdout);

    for ( ;; ) {
        n = epoll_wait(up_epoll, events, UP_EVENTS, -1);

        for (i = 0; i < n; i++) {
            up = events[i].data.ptr;

            if (up->ssl == NULL) {
                up_accept(up->fd);

            } else if (!up_event(up)) {
                SSL_free(up->ssl);
                close(up->fd);
                free(up);
            }
        }
    }
}


static void
up_options(int argc, char **argv)
{
    int  c;

    while ((c = getopt(argc, argv, "at:k:")) != -1) {

        switch (c) {

        case 'a':
            up_own = 1;
            break;

        case 't':
            up_ttl = bench_number(optarg, 0x7fffffff);
            break;

        case 'k':
            up_tickets(optarg);
            break;

        default:
            exit(2);
        }
    }

    if (argc - optind < 3) {
        errno = 0;
        bench_fatal("usage: tlsup [OPTION ...] CERTIFICATE KEY ADDRESS ...");
    }
}


static void
up_tickets(const char *name)
{
    FILE    *file;
    u_char   key[UP_KEY];

    file = fopen(name, "r");

    if (file == NULL || fread(key, 1, UP_KEY, file) != UP_KEY) {
        bench_fatal("no key of %d octets in %s", UP_KEY, name);
    }

    fclose(file);

    SSL_CTX_set_tlsext_ticket_keys(up_ctx, key, UP_KEY);
}


static void
up_listen(const char *text)
{
    int                 one;
    up_t               *up;
    struct sockaddr_in  addr;

    one = 1;
    addr = bench_addr(text);

    up = calloc(1, sizeof(up_t));
    up->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    setsockopt(up->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));

    if (bind(up->fd, (struct sockaddr *) &addr, sizeof(addr)) == -1
        || listen(up->fd, 511) == -1)
    {
        bench_fatal("%s", text);
    }

    up_add(up);
}


static void
up_accept(int fd)
{
    int    s;
    up_t  *up;

    for ( ;; ) {
        s = accept4(fd, NULL, NULL, SOCK_NONBLOCK);

        if (s == -1) {
            return;
        }

        up = calloc(1, sizeof(up_t));
        up->fd = s;
        up->ssl = SSL_new(up_ctx);

        SSL_set_fd(up->ssl, s);
        SSL_set_accept_state(up->ssl);

        up_add(up);
    }
}


static void
up_add(up_t *up)
{
    struct epoll_event  ev;

    ev.events = EPOLLIN | EPOLLOUT | EPOLLET;
    ev.data.ptr = up;

    epoll_ctl(up_epoll, EPOLL_CTL_ADD, up->fd, &ev);
}


/* 0: it has ended */

static int
up_event(up_t *up)
{
    int  n;

    for ( ;; ) {
        up_write(up);

        /* who does not read his answers is not read */

        if (up->out_pos < up->out_len) {
            return 1;
        }

        n = SSL_read(up->ssl, up->in + up->in_len, UP_READ - up->in_len);

        if (n <= 0) {
            return SSL_get_error(up->ssl, n) == SSL_ERROR_WANT_READ;
        }

        up->in_len += n;
        up_answers(up);
    }
}


static void
up_answers(up_t *up)
{
    size_t   len;
    u_char  *p, *last;

    p = up->in;
    last = p + up->in_len;

    while (last - p >= 2) {
        len = p[0] << 8 | p[1];

        if ((size_t) (last - p) < 2 + len) {
            break;
        }

        up->out_len += up_answer(up->out + up->out_len, p + 2, len);
        p += 2 + len;
    }

    up->in_len = last - p;
    memmove(up->in, p, up->in_len);
}


/* with its length; nothing for what is no question */

static size_t
up_answer(u_char *out, const u_char *p, size_t len)
{
    size_t   end;
    u_char  *start;

    end = bench_question_end(p, len);

    if (end == 0 || end > BENCH_MESSAGE) {
        return 0;
    }

    start = out;

    *out++ = (u_char) ((end + DNS_A_SIZE) >> 8);
    *out++ = (u_char) (end + DNS_A_SIZE);

    memcpy(out, p, end);

    out[2] = (out[2] & 0x79) | DNS_QR | 0x04;
    out[3] = DNS_RA;
    memset(&out[6], 0, 6);
    out[7] = 1;

    bench_write_a(out + end, up_ttl,
                  up_own ? bench_name_addr(&out[DNS_HEADER]) : UP_ADDR);

    return out + end + DNS_A_SIZE - start;
}


static void
up_write(up_t *up)
{
    int  n;

    while (up->out_pos < up->out_len) {
        n = SSL_write(up->ssl, up->out + up->out_pos,
                      up->out_len - up->out_pos);

        if (n <= 0) {
            return;
        }

        up->out_pos += n;
    }

    up->out_pos = 0;
    up->out_len = 0;
}

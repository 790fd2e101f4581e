
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"


#define BENCH_RETRIES  16
#define BENCH_SOURCES  200


static int bench_socket(void);


void
bench_fatal(const char *fmt, ...)
{
    int      err;
    va_list  args;

    err = errno;

    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);

    fprintf(stderr, err ? " (%d: %s)\n" : "\n", err, strerror(err));

    exit(2);
}


unsigned long
bench_number(const char *text, unsigned long max)
{
    char           *end;
    unsigned long   value;

    errno = 0;
    value = strtoul(text, &end, 10);

    if (errno || end == text || *end || value > max) {
        bench_fatal("invalid number \"%s\", %lu at most", text, max);
    }

    return value;
}


struct sockaddr_in
bench_addr(const char *text)
{
    char                host[64];
    size_t              len;
    const char         *port;
    struct sockaddr_in  addr;

    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;

    port = strchr(text, ':');
    len = port ? (size_t) (port - text) : sizeof(host);

    if (len >= sizeof(host)) {
        bench_fatal("no \"ADDRESS:PORT\": \"%s\"", text);
    }

    memcpy(host, text, len);
    host[len] = '\0';

    if (inet_pton(AF_INET, host, &addr.sin_addr) != 1) {
        bench_fatal("no IPv4 address: \"%s\"", host);
    }

    addr.sin_port = htons(bench_number(port + 1, 65535));

    return addr;
}


uint64_t
bench_now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return ts.tv_sec * SEC + ts.tv_nsec;
}


static int
bench_socket(void)
{
    int  fd, size;

    fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd == -1) {
        bench_fatal("socket() failed");
    }

    /* the limit may be lower, then it is what we get */

    size = BENCH_RCVBUF;
    (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));

    return fd;
}


int
bench_bind(const struct sockaddr_in *addr)
{
    int  fd;

    fd = bench_socket();

    if (bind(fd, (const struct sockaddr *) addr, sizeof(*addr)) == -1) {
        bench_fatal("bind() to port %u failed", ntohs(addr->sin_port));
    }

    return fd;
}


int
bench_connect(const struct sockaddr_in *addr)
{
    int  fd;

    fd = bench_socket();

    if (connect(fd, (const struct sockaddr *) addr, sizeof(*addr)) == -1) {
        bench_fatal("connect() to port %u failed", ntohs(addr->sin_port));
    }

    return fd;
}


int
bench_stream(const struct sockaddr_in *addr, int nonblock)
{
    int                 fd, one;
    struct sockaddr_in  source;

    static unsigned     n;

    one = 1;

    fd = socket(AF_INET, SOCK_STREAM | (nonblock ? SOCK_NONBLOCK : 0), 0);
    if (fd == -1) {
        bench_fatal("socket() failed");
    }

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));

    memset(&source, 0, sizeof(source));
    source.sin_family = AF_INET;
    source.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 256
                                   + n++ % BENCH_SOURCES);

    if (bind(fd, (struct sockaddr *) &source, sizeof(source)) == -1) {
        bench_fatal("bind() failed");
    }

    if (connect(fd, (const struct sockaddr *) addr, sizeof(*addr)) == -1
        && errno != EINPROGRESS)
    {
        bench_fatal("connect() failed");
    }

    return fd;
}


void
bench_batch_init(bench_batch_t *b, int named)
{
    unsigned  i;

    memset(b, 0, sizeof(*b));

    for (i = 0; i < BENCH_BATCH; i++) {
        b->iovs[i].iov_base = b->data[i];
        b->iovs[i].iov_len = BENCH_MESSAGE;

        b->msgs[i].msg_hdr.msg_iov = &b->iovs[i];
        b->msgs[i].msg_hdr.msg_iovlen = 1;

        /* the kernel writes the length of an address, always the same */

        if (named) {
            b->msgs[i].msg_hdr.msg_name = &b->addrs[i];
            b->msgs[i].msg_hdr.msg_namelen = sizeof(b->addrs[i]);
        }
    }
}


unsigned
bench_recv(int fd, bench_batch_t *b, int wait)
{
    int  n;

    n = recvmmsg(fd, b->msgs, BENCH_BATCH,
                 wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);

    if (n != -1) {
        return n;
    }

    /* the port of a server that is not there yet, or no more */

    if (errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED) {
        return 0;
    }

    bench_fatal("recvmmsg() failed");
}


void
bench_send(int fd, struct mmsghdr *msgs, unsigned n)
{
    int       sent;
    unsigned  retries;

    retries = BENCH_RETRIES;

    while (n) {
        sent = sendmmsg(fd, msgs, n, 0);

        if (sent > 0) {
            msgs += sent;
            n -= sent;
            continue;
        }

        /* an error left on the socket by an earlier message is read so */

        if (errno != ECONNREFUSED && errno != EINTR && errno != ENOBUFS
            && errno != EAGAIN)
        {
            bench_fatal("sendmmsg() failed");
        }

        if (retries-- == 0) {
            return;
        }
    }
}


size_t
bench_question_end(const u_char *p, size_t len)
{
    size_t  i;

    if (len < DNS_HEADER || p[4] || p[5] != 1) {
        return 0;
    }

    for (i = DNS_HEADER; i < len && p[i]; i += p[i] + 1) {
        if (p[i] > 63) {
            return 0;
        }
    }

    i += 5;

    return i <= len ? i : 0;
}


void
bench_write_a(u_char *p, uint32_t ttl, uint32_t addr)
{
    static const u_char  start[] = { 0xc0, DNS_HEADER, 0, DNS_A, 0, 1 };

    memcpy(p, start, sizeof(start));

    ttl = htonl(ttl);
    memcpy(&p[6], &ttl, sizeof(ttl));

    p[10] = 0;
    p[11] = 4;

    addr = htonl(addr);
    memcpy(&p[12], &addr, sizeof(addr));
}


/* FNV-1a */

uint32_t
bench_name_addr(const u_char *name)
{
    uint32_t  hash;

    for (hash = 0x811c9dc5; *name; name++) {
        hash = (hash ^ *name) * 0x01000193;
    }

    return 10u << 24 | (hash >> 8);
}

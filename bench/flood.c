
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A flood from many addresses beside honest clients, and what these get:
 *
 *     flood [-t SECONDS] [-r RATE] [-a ADDRESSES] [-c CLIENTS] [-q RATE]
 *           [-z ZONE] [-s ADDRESS] ADDRESS:PORT
 *
 * The flood has RATE queries a second, of ADDRESSES addresses from 10.64.0.0
 * on in turn, for names that are drawn by chance below ZONE, or for "a.test"
 * without one.  CLIENTS honest clients, from 10.1.0.1 on, each in a network of
 * its own, ask RATE times a second for one of 16 names in "test".  With -s the
 * flood is from that address alone.  All addresses are to be this machine's:
 *
 *     ip route add local 10.0.0.0/8 dev lo
 *
 * Prints what was sent, what the clients lost and how long they waited.
 */


#define _GNU_SOURCE

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FLOOD_BATCH    64
#define FLOOD_CLIENTS  256
#define FLOOD_IDS      65536
#define FLOOD_FIRST    0x0a400000          /* 10.64.0.0 */
#define FLOOD_HONEST   0x0a010001          /* 10.1.0.1, 10.1.1.1, ... */


typedef struct {
    int       fd;
    uint16_t  id;
    double    next;
    double    sent[FLOOD_IDS];
} flood_client_t;


static struct sockaddr_in  server;
static flood_client_t     *clients;
static unsigned            nclients = 100, rate = 100000, naddr = 200000;
static unsigned            each = 50, seconds = 10;
static const char         *zone;
static uint32_t            single;
static double             *times;
static size_t              ntimes, asked, flooded;


static double
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (double) ts.tv_sec + (double) ts.tv_nsec / 1e9;
}


static size_t
name(unsigned char *p, const char *text)
{
    size_t          n;
    unsigned char  *start;

    for (start = p; *text; text += n + (text[n] == '.')) {
        n = strcspn(text, ".");
        *p++ = (unsigned char) n;
        memcpy(p, text, n);
        p += n;
    }

    *p++ = 0;

    return (size_t) (p - start);
}


static size_t
query(unsigned char *p, uint16_t id, const char *text)
{
    size_t  n;

    memcpy(p, "\0\0\1\0\0\1\0\0\0\0\0\0", 12);
    p[0] = (unsigned char) (id >> 8);
    p[1] = (unsigned char) id;

    n = 12 + name(p + 12, text);
    memcpy(p + n, "\0\1\0\1", 4);

    return n + 4;
}


/* "n" datagrams, each by an address of its own */

static void
flood(int fd, unsigned n)
{
    char             text[300];
    unsigned         i;
    uint32_t         addr;
    struct cmsghdr  *cmsg;

    static unsigned             turn;
    static unsigned char        data[FLOOD_BATCH][320];
    static struct iovec         iov[FLOOD_BATCH];
    static struct mmsghdr       msgs[FLOOD_BATCH];
    static char  control[FLOOD_BATCH][CMSG_SPACE(sizeof(struct in_pktinfo))];

    for (i = 0; i < n; i++) {
        addr = single ? single : FLOOD_FIRST + turn++ % naddr;

        if (zone) {
            snprintf(text, sizeof(text), "%08lx%08lx.%s", (long) random(),
                     (long) random(), zone);
        }

        iov[i].iov_base = data[i];
        iov[i].iov_len = query(data[i], (uint16_t) random(),
                               zone ? text : "a.test");

        memset(&msgs[i], 0, sizeof(msgs[i]));
        msgs[i].msg_hdr.msg_name = &server;
        msgs[i].msg_hdr.msg_namelen = sizeof(server);
        msgs[i].msg_hdr.msg_iov = &iov[i];
        msgs[i].msg_hdr.msg_iovlen = 1;
        msgs[i].msg_hdr.msg_control = control[i];
        msgs[i].msg_hdr.msg_controllen = sizeof(control[i]);

        cmsg = CMSG_FIRSTHDR(&msgs[i].msg_hdr);
        cmsg->cmsg_level = IPPROTO_IP;
        cmsg->cmsg_type = IP_PKTINFO;
        cmsg->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
        memset(CMSG_DATA(cmsg), 0, sizeof(struct in_pktinfo));
        ((struct in_pktinfo *) CMSG_DATA(cmsg))->ipi_spec_dst.s_addr
                                                                = htonl(addr);
    }

    n = (unsigned) sendmmsg(fd, msgs, n, MSG_DONTWAIT);

    if (n != (unsigned) -1) {
        flooded += n;
    }
}


static void
honest(double t, double end)
{
    char            text[32];
    size_t          len;
    unsigned        i;
    unsigned char   data[1500];
    flood_client_t *c;

    for (i = 0; i < nclients; i++) {
        c = &clients[i];

        while (recv(c->fd, data, sizeof(data), MSG_DONTWAIT) >= 12) {
            len = (size_t) (data[0] << 8 | data[1]);

            if (c->sent[len] != 0 && (data[2] & 2) == 0
                && (data[3] & 15) == 0)
            {
                times[ntimes++] = t - c->sent[len];
                c->sent[len] = 0;
            }
        }

        if (t < c->next || t >= end) {
            continue;
        }

        snprintf(text, sizeof(text), "n%u.test", (unsigned) random() % 16);
        c->next += 1.0 / each;
        c->id++;
        c->sent[c->id] = t;
        asked++;

        len = query(data, c->id, text);
        (void) !send(c->fd, data, len, MSG_DONTWAIT);
    }
}


static int
bound(uint32_t addr)
{
    int                 fd, size;
    struct sockaddr_in  sin;

    fd = socket(AF_INET, SOCK_DGRAM|SOCK_NONBLOCK, 0);
    size = 4 << 20;

    memset(&sin, 0, sizeof(sin));
    sin.sin_family = AF_INET;
    sin.sin_addr.s_addr = htonl(addr);

    if (fd == -1 || bind(fd, (struct sockaddr *) &sin, sizeof(sin)) == -1) {
        perror("bind");
        exit(1);
    }

    (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));

    return fd;
}


static void
run(void)
{
    int       fd;
    double    start, end, t, due;
    unsigned  i, n;

    fd = bound(0);

    start = now();
    end = start + seconds;

    for (i = 0; i < nclients; i++) {
        clients[i].fd = bound(FLOOD_HONEST + (i << 8));
        clients[i].next = start + (double) i / nclients / each;

        if (connect(clients[i].fd, (struct sockaddr *) &server,
                    sizeof(server)) == -1)
        {
            perror("connect");
            exit(1);
        }
    }

    for (due = 0, t = now(); t < end + 1; t = now()) {
        n = t < end ? (unsigned) ((t - start) * rate - due) : 0;

        while (n) {
            i = n < FLOOD_BATCH ? n : FLOOD_BATCH;
            flood(fd, i);
            due += i;
            n -= i;
            honest(now(), end);
        }

        honest(t, end);
        usleep(200);
    }
}


static int
order(const void *a, const void *b)
{
    double  d;

    d = *(const double *) a - *(const double *) b;

    return d < 0 ? -1 : d > 0;
}


int
main(int argc, char **argv)
{
    int    c;
    char  *colon;

    while ((c = getopt(argc, argv, "t:r:a:c:q:z:s:")) != -1) {
        switch (c) {
        case 't': seconds = (unsigned) atoi(optarg); break;
        case 'r': rate = (unsigned) atoi(optarg); break;
        case 'a': naddr = (unsigned) atoi(optarg); break;
        case 'c': nclients = (unsigned) atoi(optarg); break;
        case 'q': each = (unsigned) atoi(optarg); break;
        case 'z': zone = optarg; break;
        case 's': single = ntohl(inet_addr(optarg)); break;
        default: return 2;
        }
    }

    colon = optind + 1 == argc ? strchr(argv[optind], ':') : NULL;

    if (colon == NULL || nclients > FLOOD_CLIENTS) {
        fprintf(stderr, "usage: flood [options] ADDRESS:PORT\n");
        return 2;
    }

    *colon = '\0';
    server.sin_family = AF_INET;
    server.sin_addr.s_addr = inet_addr(argv[optind]);
    server.sin_port = htons((uint16_t) atoi(colon + 1));

    clients = calloc(FLOOD_CLIENTS, sizeof(flood_client_t));
    times = calloc((size_t) nclients * each * (seconds + 2), sizeof(double));

    run();

    qsort(times, ntimes, sizeof(double), order);

    printf("flood %zu/s; clients asked %zu, lost %.2f%%, p50 %.1f ms, "
           "p99 %.1f ms\n", flooded / seconds, asked,
           asked ? 100.0 * (double) (asked - ntimes) / (double) asked : 0,
           ntimes ? times[ntimes / 2] * 1e3 : 0,
           ntimes ? times[ntimes * 99 / 100] * 1e3 : 0);

    return 0;
}

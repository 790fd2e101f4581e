
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a DNS server over UDP sockets can't cost less than: the system calls
 * in batches and next to nothing between them.  There is no parsing, no
 * timeout, no cache and no choice of a server by its state.
 *
 *     limits echo ADDRESS:PORT
 *     limits forward [-s SOCKETS] ADDRESS:PORT UPSTREAM:PORT ...
 *
 * echo: each query is sent back with an A record appended.
 *
 * forward: one batch of queries goes to one upstream, from one of SOCKETS
 * (32) connected sockets picked at random, the next batch to the next; IDs
 * are replaced, and what comes back goes to the clients in batches.
 */


#define _GNU_SOURCE

#include <sys/epoll.h>
#include <unistd.h>

#include "bench.h"


#define LIMITS_TTL      3600
#define LIMITS_ADDR     0xc0000201      /* 192.0.2.1, RFC 5737 */
#define LIMITS_READS    4               /* batches before the next socket */
#define LIMITS_EVENTS   64
#define LIMITS_SOCKETS  1024
#define LIMITS_IDS      65536
#define LIMITS_CLIENT   UINT32_MAX      /* number of that socket in events */


typedef struct {
    struct sockaddr_in  addr;
    uint16_t            id;
    uint16_t            socket;         /* number plus 1, 0 if free */
} limits_query_t;


typedef struct {
    int                 client;
    int                 epoll;
    unsigned            nupstreams;
    unsigned            nsockets;       /* of each upstream */
    unsigned            next;           /* upstream */
    uint32_t            random;
    uint16_t            id;
    int                 sockets[LIMITS_SOCKETS];
    limits_query_t      queries[LIMITS_IDS];
} limits_t;


static void limits_echo(const struct sockaddr_in *addr);
static size_t limits_answer(u_char *p, size_t len);
static void limits_open(int argc, char **argv);
static void limits_watch(int fd, uint32_t number);
static void limits_forward(void);
static void limits_queries(void);
static void limits_answers(unsigned number);
static unsigned limits_pick(void);


static limits_t       limits;
static bench_batch_t  limits_in;        /* to and from the clients */
static bench_batch_t  limits_up;        /* ... the upstreams */


int
main(int argc, char **argv)
{
    struct sockaddr_in  addr;

    if (argc == 3 && strcmp(argv[1], "echo") == 0) {
        addr = bench_addr(argv[2]);
        limits_echo(&addr);
    }

    if (argc > 3 && strcmp(argv[1], "forward") == 0) {
        limits_open(argc - 1, argv + 1);
        limits_forward();
    }

    bench_fatal("usage: limits echo ADDRESS:PORT\n"
                "       limits forward [-s SOCKETS] ADDRESS:PORT "
                "UPSTREAM:PORT ...");
}


static void
limits_echo(const struct sockaddr_in *addr)
{
    int             fd;
    unsigned        i, n;
    bench_batch_t  *b;

    b = &limits_in;
    fd = bench_bind(addr);

    bench_batch_init(b, 1);

    for ( ;; ) {
        n = bench_recv(fd, b, 1);

        for (i = 0; i < n; i++) {
            b->iovs[i].iov_len = limits_answer(b->data[i], b->msgs[i].msg_len);
        }

        bench_send(fd, b->msgs, n);

        for (i = 0; i < n; i++) {
            b->iovs[i].iov_len = BENCH_MESSAGE;
        }
    }
}


/* There is room for the record: the buffers are larger than what is read */

static size_t
limits_answer(u_char *p, size_t len)
{
    if (len < DNS_HEADER) {
        return len;
    }

    /* an OPT, if there is one, is the end of the query */

    if (p[11]) {
        p[11] = 0;
        len -= DNS_OPT_SIZE;
    }

    p[2] |= DNS_QR;
    p[3] = DNS_RA;
    p[7] = 1;

    bench_write_a(&p[len], LIMITS_TTL, LIMITS_ADDR);

    return len + DNS_A_SIZE;
}


static void
limits_open(int argc, char **argv)
{
    int                 c;
    unsigned            i, j;
    struct sockaddr_in  addr;

    limits.nsockets = 32;

    while ((c = getopt(argc, argv, "s:")) != -1) {
        if (c != 's') {
            exit(2);
        }

        limits.nsockets = bench_number(optarg, LIMITS_SOCKETS);
    }

    if (argc - optind < 2
        || (argc - optind - 1) * limits.nsockets > LIMITS_SOCKETS)
    {
        bench_fatal("upstreams and %d sockets for all at most",
                    LIMITS_SOCKETS);
    }

    limits.epoll = epoll_create1(0);
    limits.nupstreams = argc - optind - 1;
    limits.random = getpid();

    addr = bench_addr(argv[optind]);
    limits.client = bench_bind(&addr);
    limits_watch(limits.client, LIMITS_CLIENT);

    for (i = 0; i < limits.nupstreams; i++) {
        addr = bench_addr(argv[optind + 1 + i]);

        for (j = i * limits.nsockets; j < (i + 1) * limits.nsockets; j++) {
            limits.sockets[j] = bench_connect(&addr);
            limits_watch(limits.sockets[j], j);
        }
    }

    bench_batch_init(&limits_in, 1);
    bench_batch_init(&limits_up, 0);

    /* what is read from one side is sent to the other where it is */

    for (i = 0; i < BENCH_BATCH; i++) {
        limits_in.msgs[i].msg_hdr.msg_iov = &limits_up.iovs[i];
    }
}


static void
limits_watch(int fd, uint32_t number)
{
    struct epoll_event  ev;

    memset(&ev, 0, sizeof(ev));

    ev.events = EPOLLIN;
    ev.data.u32 = number;

    if (epoll_ctl(limits.epoll, EPOLL_CTL_ADD, fd, &ev) == -1) {
        bench_fatal("epoll_ctl() failed");
    }
}


static void
limits_forward(void)
{
    int                 i, n;
    struct epoll_event  events[LIMITS_EVENTS];

    for ( ;; ) {
        n = epoll_wait(limits.epoll, events, LIMITS_EVENTS, -1);

        for (i = 0; i < n; i++) {

            if (events[i].data.u32 == LIMITS_CLIENT) {
                limits_queries();

            } else {
                limits_answers(events[i].data.u32);
            }
        }
    }
}


static void
limits_queries(void)
{
    u_char          *p;
    unsigned         i, n, reads, number;
    limits_query_t  *q;

    for (reads = 0; reads < LIMITS_READS; reads++) {

        n = bench_recv(limits.client, &limits_in, 0);
        number = limits_pick();

        for (i = 0; i < n; i++) {
            p = limits_up.data[i];
            q = &limits.queries[++limits.id];

            q->addr = limits_in.addrs[i];
            q->id = p[0] << 8 | p[1];
            q->socket = number + 1;

            p[0] = limits.id >> 8;
            p[1] = limits.id & 0xff;

            limits_up.iovs[i].iov_len = limits_in.msgs[i].msg_len;
        }

        bench_send(limits.sockets[number], limits_up.msgs, n);

        for (i = 0; i < n; i++) {
            limits_up.iovs[i].iov_len = BENCH_MESSAGE;
        }

        if (n < BENCH_BATCH) {
            return;
        }
    }
}


static void
limits_answers(unsigned number)
{
    u_char          *p;
    unsigned         i, n, reads, good;
    limits_query_t  *q;
    struct iovec    *out;

    for (reads = 0; reads < LIMITS_READS; reads++) {

        n = bench_recv(limits.sockets[number], &limits_up, 0);
        good = 0;

        for (i = 0; i < n; i++) {
            p = limits_up.data[i];
            q = &limits.queries[p[0] << 8 | p[1]];

            if (q->socket != number + 1) {
                continue;
            }

            q->socket = 0;

            p[0] = q->id >> 8;
            p[1] = q->id & 0xff;

            out = &limits_in.iovs[good];
            out->iov_base = p;
            out->iov_len = limits_up.msgs[i].msg_len;

            limits_in.msgs[good].msg_hdr.msg_iov = out;
            limits_in.addrs[good] = q->addr;
            good++;
        }

        bench_send(limits.client, limits_in.msgs, good);

        for (i = 0; i < good; i++) {
            limits_in.msgs[i].msg_hdr.msg_iov = &limits_up.iovs[i];
        }

        if (n < BENCH_BATCH) {
            return;
        }
    }
}


/* The number of the socket for the next batch */

static unsigned
limits_pick(void)
{
    unsigned  upstream;

    upstream = limits.next;
    limits.next = (upstream + 1) % limits.nupstreams;

    limits.random ^= limits.random << 13;
    limits.random ^= limits.random >> 17;
    limits.random ^= limits.random << 5;

    return upstream * limits.nsockets + limits.random % limits.nsockets;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What clients see of a fault: this process is the client, at an even rate,
 * and both servers, of which the first has the fault for some seconds.
 *
 *     faultload [-r RATE] KIND ADDRESS:PORT SERVER:PORT SERVER:PORT
 *
 * KIND: none, closed, silent, slow, servfail, refused, garbage, wrongid; or
 * lossy, which loses each twentieth query by chance, and stall, which answers
 * nothing in the first 300 ms of each second.
 *
 * Two seconds without the fault, four with it, four without it again.  Each
 * name is asked once and each answer's content checked.  Prints name=value:
 *
 *     sent, answered, lost, failed (an RCODE), wrong (content)
 *     before_p99_us, first_p99_us (in the first second of the fault),
 *     during_p99_us (in its last second), max_ms
 *     before_p999_us, fault_p99_us, fault_p999_us (in all of the fault)
 *     asked               queries to both servers in the fault for each
 *                         client's
 *     faulty_share        of the first server in the last second of the fault
 *     back_ms             after its end, until the first server has had
 *                         four tenths of the queries for half a second
 *     probes              queries for the root that the first server got
 */


#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "bench.h"
#include "latency.h"


#define FL_CLIENTS   16
#define FL_QUERIES   60000              /* a query's ID is its number */
#define FL_DELAYED   65536
#define FL_SLOW      (500 * MSEC)
#define FL_STALL     (300 * MSEC)
#define FL_BEGIN     (2 * SEC)
#define FL_END       (6 * SEC)
#define FL_STOP      (10 * SEC)
#define FL_WAIT      (6 * SEC)          /* for the last answers */
#define FL_WINDOW    (100 * MSEC)       /* of shares */
#define FL_WINDOWS   (FL_STOP / FL_WINDOW)


enum { NONE, CLOSED, SILENT, SLOW, SERVFAIL, REFUSED, GARBAGE, WRONGID, LOSSY,
       STALL };


typedef struct {
    uint64_t             due;
    struct sockaddr_in   addr;
    size_t               len;
    u_char               data[BENCH_MESSAGE];
} fl_delayed_t;


static const char          *fl_kinds[] = { "none", "closed", "silent", "slow",
                                           "servfail", "refused", "garbage",
                                           "wrongid", "lossy", "stall", NULL };

static uint64_t             fl_start;
static unsigned             fl_kind;
static unsigned             fl_rate = 5000;
static struct sockaddr_in   fl_servers[2];
static int                  fl_server[2];
static int                  fl_client[FL_CLIENTS];

static uint64_t             fl_sent[FL_QUERIES];
static unsigned             fl_n, fl_answered, fl_failed, fl_wrong;
static unsigned             fl_probes;
static uint64_t             fl_max;
static latency_t            fl_before, fl_first, fl_during, fl_fault;
static unsigned             fl_asked, fl_clients;
static unsigned             fl_shares[FL_WINDOWS][2];

static fl_delayed_t         fl_ring[FL_DELAYED];
static unsigned             fl_head, fl_tail;


static uint64_t
fl_time(void)
{
    return bench_now() - fl_start;
}


/* the third and fourth octet of the address say who answered to what */

static uint32_t
fl_addr(unsigned server, unsigned n)
{
    return 0xc0000000 | (server + 1) << 16 | (n * 2654435761u >> 16);
}


static void
fl_ask(void)
{
    int     len;
    u_char  p[BENCH_MESSAGE];

    memset(p, 0, DNS_HEADER);
    p[0] = (u_char) (fl_n >> 8);
    p[1] = (u_char) fl_n;
    p[2] = 1;
    p[5] = 1;

    len = sprintf((char *) &p[DNS_HEADER + 1], "q%05u", fl_n);
    p[DNS_HEADER] = (u_char) len;

    len += DNS_HEADER + 1;
    memcpy(&p[len], "\6faults\7example\0\0\1\0\1", 20);

    fl_sent[fl_n] = fl_time();

    if (send(fl_client[fl_n % FL_CLIENTS], p, (size_t) len + 20, 0) == -1) {
        bench_fatal("send() failed");
    }

    fl_n++;
}


static void
fl_answer(const u_char *p, size_t len)
{
    size_t      end;
    uint32_t    addr;
    uint64_t    took, at;
    unsigned    n, server;

    n = (unsigned) p[0] << 8 | p[1];
    end = bench_question_end(p, len);

    if (len < DNS_HEADER || end == 0 || n >= fl_n || fl_sent[n] == 0
        || (unsigned) atoi((const char *) &p[DNS_HEADER + 2]) != n)
    {
        fl_wrong++;
        return;
    }

    at = fl_sent[n];
    took = fl_time() - at;
    fl_sent[n] = 0;
    fl_answered++;

    if (p[3] & 15) {
        fl_failed++;
        return;
    }

    if (p[7] != 1 || len < end + DNS_A_SIZE) {
        fl_wrong++;
        return;
    }

    p += end + DNS_A_SIZE - 4;
    addr = (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8
           | p[3];

    for (server = 0; server < 2; server++) {
        if (addr == fl_addr(server, n)) {
            break;
        }
    }

    if (server == 2) {
        fl_wrong++;
        return;
    }

    fl_shares[at / FL_WINDOW % FL_WINDOWS][server]++;

    if (took > fl_max) {
        fl_max = took;
    }

    if (at >= FL_BEGIN && at < FL_END) {
        latency_add(&fl_fault, took);
        fl_clients++;
    }

    if (at < FL_BEGIN) {
        latency_add(&fl_before, took);

    } else if (at < FL_BEGIN + SEC) {
        latency_add(&fl_first, took);

    } else if (at >= FL_END - SEC && at < FL_END) {
        latency_add(&fl_during, took);
    }
}


/* Makes a response of a query; returns where it ends */

static size_t
fl_response(unsigned server, u_char *p, size_t end)
{
    unsigned  name;

    memset(&p[6], 0, 6);
    p[2] |= DNS_QR;
    p[3] = DNS_RA;

    if (p[DNS_HEADER] == 0) {
        fl_probes += server == 0;
        return end;
    }

    name = (unsigned) atoi((char *) &p[DNS_HEADER + 2]);

    p[7] = 1;
    bench_write_a(&p[end], 60, fl_addr(server, name));

    return end + DNS_A_SIZE;
}


static void
fl_serve(unsigned server)
{
    size_t              end;
    ssize_t             len;
    u_char              p[BENCH_MESSAGE];
    unsigned            kind;
    socklen_t           size;
    fl_delayed_t       *d;
    struct sockaddr_in  addr;

    for ( ;; ) {
        size = sizeof(addr);

        len = recvfrom(fl_server[server], p, sizeof(p), MSG_DONTWAIT,
                       (struct sockaddr *) &addr, &size);

        if (len == -1) {
            return;
        }

        end = bench_question_end(p, (size_t) len);

        if (end == 0 || end + DNS_A_SIZE > sizeof(p)) {
            continue;
        }

        kind = (server == 0 && fl_time() >= FL_BEGIN && fl_time() < FL_END)
               ? fl_kind : NONE;

        fl_asked += fl_time() >= FL_BEGIN && fl_time() < FL_END;

        end = fl_response(server, p, end);

        switch (kind) {

        case SILENT:
            continue;

        case LOSSY:
            if (random() % 20 == 0) {
                continue;
            }

            break;

        case SERVFAIL:
        case REFUSED:
            p[3] = (u_char) (DNS_RA | (kind == SERVFAIL ? 2 : 5));
            break;

        case GARBAGE:
            memset(&p[2], 0xff, end - 2);
            break;

        case WRONGID:
            p[0] ^= 0x55;
            break;

        case STALL:
            if (fl_time() % SEC >= FL_STALL) {
                break;
            }

            /* fall through */

        case SLOW:
            d = &fl_ring[fl_tail++ % FL_DELAYED];
            d->due = kind == SLOW ? fl_time() + FL_SLOW
                                  : fl_time() / SEC * SEC + FL_STALL;
            d->addr = addr;
            d->len = end;
            memcpy(d->data, p, end);
            continue;
        }

        (void) sendto(fl_server[server], p, end, 0, (struct sockaddr *) &addr,
                      size);
    }
}


static void
fl_delayed(void)
{
    fl_delayed_t  *d;

    while (fl_head != fl_tail) {
        d = &fl_ring[fl_head % FL_DELAYED];

        if (d->due > fl_time()) {
            return;
        }

        (void) sendto(fl_server[0], d->data, d->len, 0,
                      (struct sockaddr *) &d->addr, sizeof(d->addr));
        fl_head++;
    }
}


static void
fl_open(unsigned server)
{
    fl_server[server] = bench_bind(&fl_servers[server]);
}


static void
fl_run(void)
{
    ssize_t        len;
    u_char         p[BENCH_MESSAGE];
    uint64_t       now;
    unsigned       i, closed;
    struct pollfd  fds[FL_CLIENTS + 2];

    closed = 0;
    fl_start = bench_now();

    for ( ;; ) {
        now = fl_time();

        if (now >= FL_STOP
            && (fl_answered == fl_n || now >= FL_STOP + FL_WAIT))
        {
            return;
        }

        while (now < FL_STOP && fl_n < FL_QUERIES
               && fl_n < now * fl_rate / SEC)
        {
            fl_ask();
        }

        if (fl_kind == CLOSED && !closed && now >= FL_BEGIN && now < FL_END) {
            close(fl_server[0]);
            fl_server[0] = -1;
            closed = 1;
        }

        if (closed && now >= FL_END && fl_server[0] == -1) {
            fl_open(0);
        }

        for (i = 0; i < FL_CLIENTS + 2; i++) {
            fds[i].fd = i < 2 ? fl_server[i] : fl_client[i - 2];
            fds[i].events = POLLIN;
            fds[i].revents = 0;
        }

        if (poll(fds, FL_CLIENTS + 2, 1) == -1 && errno != EINTR) {
            bench_fatal("poll() failed");
        }

        for (i = 0; i < FL_CLIENTS + 2; i++) {
            if (fds[i].revents == 0) {
                continue;
            }

            if (i < 2) {
                fl_serve(i);
                continue;
            }

            while ((len = recv(fds[i].fd, p, sizeof(p), MSG_DONTWAIT)) > 0) {
                fl_answer(p, (size_t) len);
            }
        }

        fl_delayed();
    }
}


/* the first of five windows in a row with a share of four tenths */

static int
fl_back(void)
{
    unsigned  i, k, *s;

    for (i = FL_END / FL_WINDOW; i + 5 <= FL_WINDOWS; i++) {
        for (k = 0; k < 5; k++) {
            s = fl_shares[i + k];

            if (s[0] * 10 < (s[0] + s[1]) * 4) {
                break;
            }
        }

        if (k == 5) {
            return (int) ((i * FL_WINDOW - FL_END) / MSEC);
        }
    }

    return -1;
}


static double
fl_share(uint64_t from, uint64_t to)
{
    unsigned  i, n[2];

    n[0] = n[1] = 0;

    for (i = from / FL_WINDOW; i < to / FL_WINDOW; i++) {
        n[0] += fl_shares[i][0];
        n[1] += fl_shares[i][1];
    }

    return n[0] + n[1] ? (double) n[0] / (n[0] + n[1]) : 0;
}


int
main(int argc, char **argv)
{
    int                 c;
    unsigned            i;
    struct sockaddr_in  addr;

    while ((c = getopt(argc, argv, "r:")) != -1) {
        if (c != 'r') {
            return 2;
        }

        fl_rate = bench_number(optarg, FL_QUERIES / (FL_STOP / SEC));
    }

    if (argc - optind != 4) {
        bench_fatal("usage: faultload [-r RATE] KIND ADDRESS:PORT "
                    "SERVER:PORT SERVER:PORT");
    }

    while (fl_kinds[fl_kind] && strcmp(fl_kinds[fl_kind], argv[optind])) {
        fl_kind++;
    }

    if (fl_kinds[fl_kind] == NULL) {
        bench_fatal("no such fault: %s", argv[optind]);
    }

    addr = bench_addr(argv[optind + 1]);

    for (i = 0; i < 2; i++) {
        fl_servers[i] = bench_addr(argv[optind + 2 + i]);
        fl_open(i);
    }

    for (i = 0; i < FL_CLIENTS; i++) {
        fl_client[i] = bench_connect(&addr);
    }

    fl_run();

    printf("sent=%u answered=%u lost=%u failed=%u wrong=%u ", fl_n,
           fl_answered, fl_n - fl_answered, fl_failed, fl_wrong);
    printf("before_p99_us=%lu first_p99_us=%lu during_p99_us=%lu max_ms=%lu ",
           (unsigned long) latency_percentile(&fl_before, 99) / 1000,
           (unsigned long) latency_percentile(&fl_first, 99) / 1000,
           (unsigned long) latency_percentile(&fl_during, 99) / 1000,
           (unsigned long) (fl_max / MSEC));
    printf("before_p999_us=%lu fault_p99_us=%lu fault_p999_us=%lu asked=%.3f ",
           (unsigned long) latency_percentile(&fl_before, 99.9) / 1000,
           (unsigned long) latency_percentile(&fl_fault, 99) / 1000,
           (unsigned long) latency_percentile(&fl_fault, 99.9) / 1000,
           fl_clients ? (double) fl_asked / fl_clients : 0);
    printf("faulty_share=%.3f back_ms=%d probes=%u\n",
           fl_share(FL_END - SEC, FL_END), fl_back(), fl_probes);

    return 0;
}

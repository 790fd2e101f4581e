
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What the programs of the benchmark share: UDP over IPv4 in batches.  They
 * must cost little themselves, so a batch is set up once, and afterwards
 * only what the kernel or the caller changes is set again.
 */


#ifndef _BENCH_H_INCLUDED_
#define _BENCH_H_INCLUDED_


#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>


#define BENCH_BATCH     64
#define BENCH_MESSAGE   512
#define BENCH_RCVBUF    (4 * 1024 * 1024)

/* not a power of 2, or all buffers would share their cache sets */

#define BENCH_STRIDE    (BENCH_MESSAGE + 64)

#define DNS_HEADER      12
#define DNS_QR          0x80            /* of the header's third octet */
#define DNS_RA          0x80            /* of the fourth */
#define DNS_A           1
#define DNS_OPT         41
#define DNS_OPT_SIZE    11              /* an OPT without options */
#define DNS_A_SIZE      16              /* an A record with a pointer */

#define SEC             1000000000ULL   /* in nanoseconds, as all times are */
#define MSEC            1000000ULL


typedef struct {
    struct mmsghdr      msgs[BENCH_BATCH];
    struct iovec        iovs[BENCH_BATCH];
    struct sockaddr_in  addrs[BENCH_BATCH];
    u_char              data[BENCH_BATCH][BENCH_STRIDE];
} bench_batch_t;


void bench_fatal(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* The exit status is 2 for what is wrong with an option's value */
unsigned long bench_number(const char *text, unsigned long max);
struct sockaddr_in bench_addr(const char *text);

uint64_t bench_now(void);

int bench_bind(const struct sockaddr_in *addr);
int bench_connect(const struct sockaddr_in *addr);

/*
 * A stream, from one loopback address or another, that ports are not used up
 */
int bench_stream(const struct sockaddr_in *addr, int nonblock);

/* "named": the senders' addresses are received, or sent to */
void bench_batch_init(bench_batch_t *b, int named);

/* 0 if there is nothing to read; "wait": waits for one, not for a batch */
unsigned bench_recv(int fd, bench_batch_t *b, int wait);

/* Sends what recv left in the batch, from the first message to the nth */
void bench_send(int fd, struct mmsghdr *msgs, unsigned n);

/* Where the question ends, 0 if there is none */
size_t bench_question_end(const u_char *p, size_t len);

/* The address in 10.0.0.0/8 that a name, in wire form, has with -a */
uint32_t bench_name_addr(const u_char *name);

/* Writes an A record for the name of the question, of DNS_A_SIZE octets */
void bench_write_a(u_char *p, uint32_t ttl, uint32_t addr);


#endif /* _BENCH_H_INCLUDED_ */

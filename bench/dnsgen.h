
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What the two sources of dnsgen share: the generator, with its options.
 */


#ifndef _DNSGEN_H_INCLUDED_
#define _DNSGEN_H_INCLUDED_


#include <poll.h>

#include "bench.h"
#include "latency.h"
#include "names.h"


#define GEN_QUERY    64                 /* octets, the longest is 52 */
#define GEN_SOCKETS  64
#define GEN_WINDOW   4096               /* of a socket: 4 bits of ID remain */


typedef struct {
    uint64_t        sent;               /* when, 0 if the slot is free */
    uint16_t        id;
    u_char          query[GEN_QUERY];
} gen_slot_t;


typedef struct {
    gen_slot_t     *slots;
    uint16_t       *free;               /* a stack of numbers of slots */
    unsigned        nfree;
    unsigned        nslots;
} gen_socket_t;


typedef struct {
    uint64_t        answered;
    uint64_t        failed;
    uint64_t        empty;
    uint64_t        other;
    uint64_t        lost;
    uint64_t        wrong;
    uint64_t        held;
    latency_t       latency;
} gen_counts_t;


typedef struct {
    /* options */
    struct sockaddr_in  addr;
    const char     *mode;
    unsigned        names_n;
    unsigned        window;
    unsigned        nsockets;
    unsigned        edns;
    unsigned        own;
    uint64_t        seed;
    uint64_t        rate;
    uint64_t        seconds;
    uint64_t        warmup;
    uint64_t        count;
    uint64_t        timeout;

    names_t         names;
    size_t          question;           /* where it ends in a query */
    size_t          length;             /* of a query */
    unsigned        shift;              /* of the part of an ID that changes */
    unsigned        next;               /* the socket to send from */
    uint64_t        now;
    uint64_t        started;
    uint64_t        begun;              /* the time that is measured */
    uint64_t        scanned;
    uint64_t        sent;               /* and held, since begun */
    uint64_t        outstanding;
    gen_counts_t    counts;
    gen_socket_t    sockets[GEN_SOCKETS];
    struct pollfd   fds[GEN_SOCKETS];
} gen_t;


/* Reads the command line; ends the program if something is wrong with it */
void gen_options(gen_t *g, int argc, char **argv);


#endif /* _DNSGEN_H_INCLUDED_ */

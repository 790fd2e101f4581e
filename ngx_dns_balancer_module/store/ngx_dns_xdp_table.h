
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The memory that the program in the kernel (xdp/ngx_dns_xdp.bpf.c) and the
 * processes of nginx share: arrays of BPF that are mapped.  Read by the
 * compiler for BPF, too, so it includes nothing of nginx.
 *
 * An answer has a slot, in one of the NGX_DNS_XDP_WAYS of the set that its hash
 * gives.  The tags of a set stand together, in the index.  A writer takes a
 * slot by making its sequence count odd, and makes it even again when it has
 * written all of it; a reader that finds it odd, or changed when it has read
 * all it wants, has found nothing.  A writer that dies in between costs that
 * slot until the next configuration.
 *
 * Each configuration has memory of its own, but for the counters: what old
 * workers write after a reload nobody reads.
 */


#ifndef _NGX_DNS_XDP_TABLE_H_INCLUDED_
#define _NGX_DNS_XDP_TABLE_H_INCLUDED_


#include <stdint.h>


#define NGX_DNS_XDP_WAYS      16
#define NGX_DNS_XDP_SLOT      1024        /* octets */
#define NGX_DNS_XDP_NAME      256
#define NGX_DNS_XDP_TTLS      16          /* records of an answer, at most */
#define NGX_DNS_XDP_BODY      632
#define NGX_DNS_XDP_DEVICES   16
#define NGX_DNS_XDP_QUERY     512         /* octets of a query, at most */
#define NGX_DNS_XDP_TYPES     24          /* as in ngx_dns_metrics.h */
#define NGX_DNS_XDP_RCODES    4
#define NGX_DNS_XDP_STALE     5           /* seconds: see "clock" */

#define NGX_DNS_XDP_CLOCK     20          /* its unit: 1 << 20 nanoseconds */
#define NGX_DNS_XDP_SECOND    954         /* of these */
#define NGX_DNS_XDP_TICKS     64          /* that clocks may differ by */

#define NGX_DNS_XDP_BIT_CD    1
#define NGX_DNS_XDP_BIT_DO    2

#define NGX_DNS_XDP_NO_EDE    0xffff


/* why a query to an address of ours was left to its socket */

typedef enum {
    NGX_DNS_XDP_PASS_FORM = 0,            /* not a plain query */
    NGX_DNS_XDP_PASS_OPTION,              /* an EDNS option that counts */
    NGX_DNS_XDP_PASS_MISS,                /* there is no answer for it */
    NGX_DNS_XDP_PASS_END,                 /* its time is over, or nearly */
    NGX_DNS_XDP_PASS_SIZE,                /* longer than the client takes */
    NGX_DNS_XDP_PASS_ROOM,                /* the frame can't get longer */
    NGX_DNS_XDP_PASS_IDLE,                /* no worker looks after answers */
    NGX_DNS_XDP_PASSES
} ngx_dns_xdp_pass_e;


typedef struct {
    uint32_t    ifindex;
    uint8_t     mac[6];
    uint8_t     loopback;
    uint8_t     reserved;
} ngx_dns_xdp_device_t;


/* of all */

typedef struct {
    uint32_t    epoch;                    /* answers of another are none */
    uint32_t    listens;                  /* another one when what is listened
                                             on has changed; never 0 */
    uint64_t    clock;                    /* when a worker has last looked at
                                             them: seconds of CLOCK_BOOTTIME,
                                             and in the lower half at what time
                                             of CLOCK_MONOTONIC this second has
                                             begun; 0: none has */
    uint32_t    mask;                     /* sets - 1 */
    uint32_t    ndevices;
    uint64_t    seed;                     /* of the hash */
    uint32_t    servers;                  /* of the counters, of a processor */
    uint32_t    reserved;
    ngx_dns_xdp_device_t  device[NGX_DNS_XDP_DEVICES];
} ngx_dns_xdp_control_t;


typedef struct {
    uint32_t    tag[NGX_DNS_XDP_WAYS];    /* 0: free */
} ngx_dns_xdp_set_t;


typedef struct {
    uint32_t    seq;                      /* odd: it is being written */
    uint32_t    epoch;
    uint64_t    hash;
    uint32_t    server;                   /* its counters */
    uint32_t    stored;                   /* seconds of CLOCK_BOOTTIME */
    uint32_t    end;                      /* from then on it is no answer */
    uint16_t    type;
    uint16_t    bits;                     /* NGX_DNS_XDP_BIT_* */

    uint16_t    name_len;
    uint16_t    body_len;
    uint16_t    answers;
    uint16_t    authority;
    uint16_t    additional;
    uint16_t    flags;                    /* as in a header, with the rcode */
    uint16_t    ede;
    uint16_t    nttl;
    uint16_t    ttl[NGX_DNS_XDP_TTLS];    /* offsets in the body */
    uint16_t    turn[NGX_DNS_XDP_TTLS];   /* the same of addresses that take
                                             turns */
    uint16_t    turns;                    /* how many these are; 0: none */
    uint16_t    turn_len;                 /* octets of each, 4 or 16 */
    uint32_t    reserved;

    uint8_t     place;                    /* of its type in the counters */
    uint8_t     hits;                     /* the program's: since a worker has
                                             looked, up to 255 */
    uint16_t    cache;                    /* nginx's: which cache it is of */
    uint32_t    expires;                  /* nginx's: as in that */
    uint64_t    partition;                /* the same */

    uint8_t     name[NGX_DNS_XDP_NAME];   /* lower case, zeros behind it */
    uint8_t     body[NGX_DNS_XDP_BODY];
} ngx_dns_xdp_slot_t;


/* an address and port that is listened on, and what its server has */

typedef struct {
    uint8_t     addr[16];                 /* of IPv4: ::ffff:a.b.c.d */
    uint16_t    port;                     /* network order */
    uint16_t    reserved;
} ngx_dns_xdp_addr_t;


typedef struct {
    uint32_t    server;
    uint16_t    udp_max_size;
    uint16_t    udp_unproven;
    uint32_t    cookies;                  /* queries with one are not ours */
} ngx_dns_xdp_listen_t;


/* of a server and a processor, which alone writes them */

typedef struct {
    uint64_t    queries[NGX_DNS_XDP_TYPES];
    uint64_t    responses[NGX_DNS_XDP_RCODES];
    uint64_t    passes[NGX_DNS_XDP_PASSES];
    uint64_t    reserved[5];
} ngx_dns_xdp_counts_t;


/* the hash of what an answer is for, before the words of its name */

static inline uint64_t
ngx_dns_xdp_hash_begin(uint64_t seed, uint32_t server, uint16_t type,
    uint16_t bits)
{
    return seed ^ ((uint64_t) server << 32 | (uint32_t) type << 16 | bits);
}


/* eight octets of the name, zeros behind its end */

static inline uint64_t
ngx_dns_xdp_hash_word(uint64_t h, uint64_t word)
{
    h = (h ^ word) * 0x9e3779b97f4a7c15ULL;

    return h ^ h >> 32;
}


static inline uint32_t
ngx_dns_xdp_tag(uint64_t h)
{
    return (uint32_t) (h >> 32) | 1;
}


#endif /* _NGX_DNS_XDP_TABLE_H_INCLUDED_ */

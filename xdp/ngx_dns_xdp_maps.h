
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Of the program in the kernel: its maps, the memory of a processor, and how
 * it reads and counts.
 */


#ifndef _NGX_DNS_XDP_MAPS_H_INCLUDED_
#define _NGX_DNS_XDP_MAPS_H_INCLUDED_


#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "../ngx_dns_balancer_module/store/ngx_dns_xdp_table.h"


#define NGX_DNS_XDP_VLANS      2
#define NGX_DNS_XDP_VLAN       4          /* octets of a tag */

#define NGX_DNS_XDP_HEADER     12
#define NGX_DNS_XDP_OPT        11
#define NGX_DNS_XDP_EDE        6
#define NGX_DNS_XDP_OPTIONS    4          /* of a query, at most */
#define NGX_DNS_XDP_WORDS      (NGX_DNS_XDP_NAME / 8)

#define NGX_DNS_XDP_BEFORE     4          /* see the scratch */
#define NGX_DNS_XDP_HEADERS    128        /* octets before the message: 70 */
#define NGX_DNS_XDP_MESSAGE    1024       /* the longest response is of 920 */
#define NGX_DNS_XDP_SUM        512        /* octets of one bpf_csum_diff() */

#define NGX_DNS_XDP_QR         0x8000
#define NGX_DNS_XDP_AA         0x0400
#define NGX_DNS_XDP_RD         0x0100
#define NGX_DNS_XDP_RA         0x0080
#define NGX_DNS_XDP_AD         0x0020
#define NGX_DNS_XDP_CD         0x0010

#define NGX_DNS_XDP_COOKIE     10
#define NGX_DNS_XDP_PADDING    12
#define NGX_DNS_XDP_HOPS       64

#define NGX_DNS_XDP_NANO       1000000000ULL

#define ngx_dns_xdp_inline     static __attribute__((always_inline))

/* looked at by the verifier once, whoever calls it with what: not static */

#define ngx_dns_xdp_apart      __attribute__((noinline))


/* an address and a port, to be compared by words */

union ngx_dns_xdp_local {
    ngx_dns_xdp_addr_t     addr;
    __u32                  word[5];
};


/* of this processor: the response is made where the query was read to */

struct ngx_dns_xdp_scratch {
    __u64                  fence;
    __u32                  len;           /* of the query */
    __u32                  name_len;
    __u32                  edns;
    __u32                  udp_size;
    __u32                  size;          /* of the response */
    __u32                  listens;       /* "listen" is that of "local", if
                                             the control's count is the same */
    __u64                  hash;
    union ngx_dns_xdp_local  local;
    ngx_dns_xdp_listen_t   listen;
    __u32                  reserved[2];

    /*
     * The octets before the message are read with it, so that words of the
     * name are where words were written: what is read across two of these has
     * to wait for them.
     */

    __u8                   before[NGX_DNS_XDP_BEFORE];
    __u8                   message[NGX_DNS_XDP_MESSAGE + 68];
    __u8                   name[NGX_DNS_XDP_NAME + 16];
    __u8                   headers[NGX_DNS_XDP_HEADERS];
};


/* of the packet: where things are */

struct ngx_dns_xdp_packet {
    __u32                  l2;            /* octets of Ethernet and tags */
    __u32                  l3;
    __u32                  sum;           /* of both addresses */
    __u32                  loopback;
    union ngx_dns_xdp_local  local;
};


struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, ngx_dns_xdp_control_t);
} dns_xdp_control SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, ngx_dns_xdp_set_t);
} dns_xdp_index SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, ngx_dns_xdp_slot_t);
} dns_xdp_answers SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, ngx_dns_xdp_counts_t);
} dns_xdp_counts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 4096);
    __type(key, ngx_dns_xdp_addr_t);
    __type(value, ngx_dns_xdp_listen_t);
} dns_xdp_listen SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct ngx_dns_xdp_scratch);
} dns_xdp_scratch SEC(".maps");


/*
 * What is loaded after it is not loaded before it.  Processors that keep the
 * order of loads need none; an atomic operation with a result is a barrier
 * for the others.
 */

#if (NGX_DNS_XDP_FENCE)

#define ngx_dns_xdp_fence(s)  (void) __sync_fetch_and_add(&(s)->fence, 1)

#else

#define ngx_dns_xdp_fence(s)  barrier()

#endif


ngx_dns_xdp_inline __u16
ngx_dns_xdp_get16(const __u8 *p)
{
    return (__u16) (p[0] << 8 | p[1]);
}


ngx_dns_xdp_inline void
ngx_dns_xdp_put16(__u8 *p, __u32 v)
{
    p[0] = (__u8) (v >> 8);
    p[1] = (__u8) v;
}


ngx_dns_xdp_inline __u32
ngx_dns_xdp_fold(__u32 sum)
{
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);

    return sum;
}


ngx_dns_xdp_inline ngx_dns_xdp_counts_t *
ngx_dns_xdp_counts(const ngx_dns_xdp_control_t *c, __u32 server)
{
    __u32  i;

    i = bpf_get_smp_processor_id() * c->servers + server;

    return bpf_map_lookup_elem(&dns_xdp_counts, &i);
}


ngx_dns_xdp_inline int
ngx_dns_xdp_pass(const ngx_dns_xdp_control_t *c, __u32 server, __u32 why)
{
    ngx_dns_xdp_counts_t  *counts;

    counts = ngx_dns_xdp_counts(c, server);

    /* for the verifier, which may have forgotten what it is below */

    barrier_var(why);
    why &= 7;

    if (counts) {
        counts->passes[why]++;
    }

    return XDP_PASS;
}


#endif /* _NGX_DNS_XDP_MAPS_H_INCLUDED_ */

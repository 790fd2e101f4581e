
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Frames: the headers of a query, which become those of its response in their
 * place, as it goes back the way the query came.
 */


#ifndef _NGX_DNS_XDP_FRAME_H_INCLUDED_
#define _NGX_DNS_XDP_FRAME_H_INCLUDED_


#include "ngx_dns_xdp_maps.h"


/* is the frame for this machine? */

ngx_dns_xdp_inline int
ngx_dns_xdp_device(struct xdp_md *ctx, const ngx_dns_xdp_control_t *c,
    const struct ethhdr *eth, struct ngx_dns_xdp_packet *p)
{
    int                          i;
    __u32                        ifindex;
    const __u16                 *a, *b;
    const ngx_dns_xdp_device_t  *d;

    ifindex = ctx->ingress_ifindex;

    for (i = 0; i < NGX_DNS_XDP_DEVICES; i++) {
        d = &c->device[i];

        if (d->ifindex == 0) {
            return 0;
        }

        if (d->ifindex != ifindex) {
            continue;
        }

        a = (const __u16 *) d->mac;
        b = (const __u16 *) eth->h_dest;

        p->loopback = d->loopback;

        return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
    }

    return 0;
}


/* addresses of a source that the kernel would not take */

ngx_dns_xdp_inline int
ngx_dns_xdp_martian4(__be32 addr, __u32 loopback)
{
    __u32  a;

    a = bpf_ntohl(addr) >> 24;

    return a == 0 || a >= 224 || (a == 127 && !loopback);
}


/* the headers of a query: 0, or it is none of ours */

ngx_dns_xdp_inline int
ngx_dns_xdp_ipv4(void *l3, void *end, struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p)
{
    __u32           sum, addrs;
    __u16          *word;
    struct iphdr   *ip;
    struct udphdr  *udp;

    ip = l3;
    udp = (void *) (ip + 1);

    if ((void *) (udp + 1) > end) {
        return -1;
    }

    word = l3;

    if (*(__u8 *) l3 != 0x45 || ip->protocol != IPPROTO_UDP
        || (word[3] & bpf_htons(0x3fff)) != 0
        || udp->source == 0
        || ngx_dns_xdp_martian4(ip->saddr, p->loopback)
        || ((bpf_ntohl(ip->daddr) >> 24) == 127 && !p->loopback))
    {
        return -1;
    }

    addrs = (__u32) word[6] + word[7] + word[8] + word[9];
    sum = addrs + word[0] + word[1] + word[2] + word[3] + word[4] + word[5];

    s->len = bpf_ntohs(udp->len);

    if (ngx_dns_xdp_fold(sum) != 0xffff
        || bpf_ntohs(word[1]) != s->len + sizeof(struct iphdr))
    {
        return -1;
    }

    p->l3 = sizeof(struct iphdr);
    p->sum = addrs;

    p->local.word[0] = 0;
    p->local.word[1] = 0;
    p->local.word[2] = bpf_htonl(0xffff);
    p->local.word[3] = ip->daddr;
    p->local.word[4] = bpf_htonl((__u32) bpf_ntohs(udp->dest) << 16);

    return 0;
}


ngx_dns_xdp_inline int
ngx_dns_xdp_ipv6(void *l3, void *end, struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p)
{
    int              i;
    __u16           *word;
    __u32            sum;
    struct udphdr   *udp;
    struct ipv6hdr  *ip;

    ip = l3;
    udp = (void *) (ip + 1);

    if ((void *) (udp + 1) > end) {
        return -1;
    }

    /* RFC 8200, 8.1: there must be a checksum */

    if ((*(__u8 *) l3 & 0xf0) != 0x60 || ip->nexthdr != IPPROTO_UDP
        || udp->source == 0 || udp->check == 0
        || ip->saddr.in6_u.u6_addr8[0] == 0xff
        || (ip->saddr.in6_u.u6_addr32[0] == 0 && !p->loopback)
        || (ip->daddr.in6_u.u6_addr32[0] == 0 && !p->loopback))
    {
        return -1;
    }

    s->len = bpf_ntohs(udp->len);

    if (bpf_ntohs(ip->payload_len) != s->len) {
        return -1;
    }

    sum = 0;
    word = (__u16 *) &ip->saddr;

    for (i = 0; i < 16; i++) {
        sum += word[i];
    }

    p->l3 = sizeof(struct ipv6hdr);
    p->sum = sum;

    for (i = 0; i < 4; i++) {
        p->local.word[i] = ip->daddr.in6_u.u6_addr32[i];
    }

    p->local.word[4] = bpf_htonl((__u32) bpf_ntohs(udp->dest) << 16);

    return 0;
}


/* Ethernet, tags, IP and UDP: 0, or it is none of ours */

ngx_dns_xdp_inline int
ngx_dns_xdp_headers(struct xdp_md *ctx, const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, struct ngx_dns_xdp_packet *p)
{
    int             i;
    void           *data, *end, *l3;
    __be16          proto;
    struct ethhdr  *eth;

    data = (void *) (long) ctx->data;
    end = (void *) (long) ctx->data_end;

    eth = data;

    if ((void *) (eth + 1) > end || !ngx_dns_xdp_device(ctx, c, eth, p)) {
        return -1;
    }

    l3 = eth + 1;
    proto = eth->h_proto;

    /* the tag is before the type of what follows */

    p->l2 = sizeof(struct ethhdr);

    for (i = 0; i < NGX_DNS_XDP_VLANS; i++) {

        if (proto != bpf_htons(ETH_P_8021Q)
            && proto != bpf_htons(ETH_P_8021AD))
        {
            break;
        }

        if (l3 + NGX_DNS_XDP_VLAN > end) {
            return -1;
        }

        proto = ((__be16 *) l3)[1];
        l3 += NGX_DNS_XDP_VLAN;
        p->l2 += NGX_DNS_XDP_VLAN;
    }

    if (proto == bpf_htons(ETH_P_IP)) {
        return ngx_dns_xdp_ipv4(l3, end, s, p);
    }

    if (proto == bpf_htons(ETH_P_IPV6)) {
        return ngx_dns_xdp_ipv6(l3, end, s, p);
    }

    return -1;
}


/* the checksum of UDP; "len" is that of the message */

ngx_dns_xdp_inline __u16
ngx_dns_xdp_sum(struct ngx_dns_xdp_scratch *s, struct ngx_dns_xdp_packet *p,
    __be16 sport, __be16 dport, __u32 len)
{
    __u8   *out;
    __s64   sum;
    __u32   n;

    /*
     * The compiler may keep the length where Linux 6.1 forgets its bounds, and
     * leave out the masks, which it can do without
     */

    barrier_var(len);

    /* the sum is one of words: zeros behind the end */

    out = s->message + (len & 0x3ff);
    out[0] = 0;
    out[1] = 0;
    out[2] = 0;
    out[3] = 0;

    n = (len + 3) & 0x3fc;

    if (n <= NGX_DNS_XDP_SUM) {
        sum = bpf_csum_diff(NULL, 0, (__be32 *) s->message, n, 0);

    } else {
        sum = bpf_csum_diff(NULL, 0, (__be32 *) s->message, NGX_DNS_XDP_SUM,
                            0);
        n -= NGX_DNS_XDP_SUM;
        barrier_var(n);

        sum = bpf_csum_diff(NULL, 0,
                            (__be32 *) (s->message + NGX_DNS_XDP_SUM),
                            n & (NGX_DNS_XDP_SUM - 4), (__u32) sum);
    }

    /* the length is of the pseudo header, too */

    n = ngx_dns_xdp_fold((__u32) sum) + p->sum + bpf_htons(IPPROTO_UDP)
        + sport + dport
        + 2 * (__u32) bpf_htons((__u16) (len + sizeof(struct udphdr)));
    n = ~ngx_dns_xdp_fold(n) & 0xffff;

    return (__u16) (n ? n : 0xffff);
}


/* both ways are swapped, and lengths and sums are those of the response */

ngx_dns_xdp_inline void
ngx_dns_xdp_back4(void *l3, struct ngx_dns_xdp_packet *p, __u32 len)
{
    __be32         addr;
    __u16         *word;
    __u32          sum;
    struct iphdr  *ip;

    ip = l3;
    word = l3;

    word[0] = bpf_htons(0x4500);
    word[1] = bpf_htons((__u16) (len + sizeof(struct iphdr)
                                 + sizeof(struct udphdr)));
    word[2] = 0;
    word[3] = bpf_htons(0x4000);
    word[4] = bpf_htons(NGX_DNS_XDP_HOPS << 8 | IPPROTO_UDP);

    sum = p->sum + word[0] + word[1] + word[3] + word[4];
    word[5] = (__u16) ~ngx_dns_xdp_fold(sum);

    addr = ip->saddr;
    ip->saddr = ip->daddr;
    ip->daddr = addr;
}


ngx_dns_xdp_inline void
ngx_dns_xdp_back6(void *l3, __u32 len)
{
    int              i;
    __be32           word;
    struct ipv6hdr  *ip;

    ip = l3;

    *(__be32 *) l3 = bpf_htonl(0x60000000);
    ip->payload_len = bpf_htons((__u16) (len + sizeof(struct udphdr)));
    ip->hop_limit = NGX_DNS_XDP_HOPS;

    for (i = 0; i < 4; i++) {
        word = ip->saddr.in6_u.u6_addr32[i];
        ip->saddr.in6_u.u6_addr32[i] = ip->daddr.in6_u.u6_addr32[i];
        ip->daddr.in6_u.u6_addr32[i] = word;
    }
}


ngx_dns_xdp_inline int
ngx_dns_xdp_back(struct xdp_md *ctx, struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p, __u32 len)
{
    int              i;
    void            *data, *end, *l3;
    __u16           *to, *from, word;
    __u32            l2;
    struct udphdr   *udp;

    data = (void *) (long) ctx->data;
    end = (void *) (long) ctx->data_end;

    l2 = p->l2;
    barrier_var(l2);

    l3 = data + (l2 & 0x1f);

    if (l3 > end || data + sizeof(struct ethhdr) > end) {
        return -1;
    }

    to = data;
    from = data + ETH_ALEN;

    for (i = 0; i < ETH_ALEN / 2; i++) {
        word = to[i];
        to[i] = from[i];
        from[i] = word;
    }

    if (p->l3 == sizeof(struct ipv6hdr)) {
        udp = l3 + sizeof(struct ipv6hdr);

        if ((void *) (udp + 1) > end) {
            return -1;
        }

        ngx_dns_xdp_back6(l3, len);

    } else {
        udp = l3 + sizeof(struct iphdr);

        if ((void *) (udp + 1) > end) {
            return -1;
        }

        ngx_dns_xdp_back4(l3, p, len);
    }

    word = udp->source;
    udp->source = udp->dest;
    udp->dest = word;
    udp->len = bpf_htons((__u16) (len + sizeof(struct udphdr)));
    udp->check = ngx_dns_xdp_sum(s, p, udp->source, word, len);

    return 0;
}


/* where it can't get longer at its end, it may before its start */

ngx_dns_xdp_inline int
ngx_dns_xdp_grow(struct xdp_md *ctx, struct ngx_dns_xdp_scratch *s,
    __u32 headers, int delta)
{
    if (delta == 0 || bpf_xdp_adjust_tail(ctx, delta) == 0) {
        return -1;
    }

    if (delta < 0 || bpf_xdp_load_bytes(ctx, 0, s->headers, headers)
        || bpf_xdp_adjust_head(ctx, -delta))
    {
        return NGX_DNS_XDP_PASS_ROOM;
    }

    return bpf_xdp_store_bytes(ctx, 0, s->headers, headers)
           ? NGX_DNS_XDP_PASSES : -1;
}


/*
 * The packet becomes the response, whose message has "len" octets: -1; or why
 * it is passed, as it was; or NGX_DNS_XDP_PASSES, and it is spoiled.
 */

ngx_dns_xdp_inline int
ngx_dns_xdp_send(struct xdp_md *ctx, struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p, __u32 len)
{
    int    rc;
    __u32  headers;

    headers = p->l2 + p->l3 + sizeof(struct udphdr) - 1;
    barrier_var(headers);

    headers = (headers & (NGX_DNS_XDP_HEADERS - 1)) + 1;

    rc = ngx_dns_xdp_grow(ctx, s, headers, (int) (headers + len)
                                           - (int) (ctx->data_end - ctx->data));
    if (rc >= 0) {
        return rc;
    }

    if (ngx_dns_xdp_back(ctx, s, p, len) != 0) {
        return NGX_DNS_XDP_PASSES;
    }

    /* for the verifier, as above: not 0, and within bounds */

    len--;
    barrier_var(len);

    len = (len & (NGX_DNS_XDP_MESSAGE - 1)) + 1;

    if (bpf_xdp_store_bytes(ctx, headers, s->message, len)) {
        return NGX_DNS_XDP_PASSES;
    }

    return -1;
}


#endif /* _NGX_DNS_XDP_FRAME_H_INCLUDED_ */

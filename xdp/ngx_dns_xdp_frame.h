
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Frames: the headers of a query, and those of its response, which goes back
 * the way the query came.
 */


#ifndef _NGX_DNS_XDP_FRAME_H_INCLUDED_
#define _NGX_DNS_XDP_FRAME_H_INCLUDED_


#include "ngx_dns_xdp_maps.h"


/* is the frame for this machine? */

ngx_dns_xdp_inline int
ngx_dns_xdp_device(struct xdp_md *ctx, const ngx_dns_xdp_control_t *c,
    const struct ethhdr *eth, struct ngx_dns_xdp_packet *p)
{
    int                          i, k, same;
    const ngx_dns_xdp_device_t  *d;

    for (i = 0; i < NGX_DNS_XDP_DEVICES; i++) {
        d = &c->device[i];

        if (d->ifindex == 0) {
            return 0;
        }

        if (d->ifindex != ctx->ingress_ifindex) {
            continue;
        }

        same = 1;

        for (k = 0; k < ETH_ALEN; k++) {
            same &= d->mac[k] == eth->h_dest[k];
        }

        p->loopback = d->loopback;

        return same;
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
    int             i;
    __u8           *out;
    __u32           sum;
    struct iphdr   *ip, *to;
    struct udphdr  *udp;

    ip = l3;
    udp = (void *) (ip + 1);

    if ((void *) (udp + 1) > end) {
        return -1;
    }

    if (*(__u8 *) l3 != 0x45 || ip->protocol != IPPROTO_UDP
        || (ip->frag_off & bpf_htons(0x3fff)) != 0
        || udp->source == 0
        || ngx_dns_xdp_martian4(ip->saddr, p->loopback)
        || ((bpf_ntohl(ip->daddr) >> 24) == 127 && !p->loopback))
    {
        return -1;
    }

    sum = 0;

    for (i = 0; i < 10; i++) {
        sum += ((__u16 *) l3)[i];
    }

    s->len = bpf_ntohs(udp->len);

    if (ngx_dns_xdp_fold(sum) != 0xffff
        || bpf_ntohs(ip->tot_len) != s->len + sizeof(struct iphdr))
    {
        return -1;
    }

    p->l3 = sizeof(struct iphdr);
    p->sport = udp->source;

    __builtin_memset(&p->local, 0, sizeof(p->local));
    p->local.addr[10] = 0xff;
    p->local.addr[11] = 0xff;
    __builtin_memcpy(p->local.addr + 12, &ip->daddr, 4);
    p->local.port = udp->dest;

    out = s->frame + NGX_DNS_XDP_UDP - sizeof(struct iphdr);
    to = (struct iphdr *) out;

    *(__u16 *) out = bpf_htons(0x4500);
    to->id = 0;
    to->frag_off = bpf_htons(0x4000);
    to->ttl = NGX_DNS_XDP_HOPS;
    to->protocol = IPPROTO_UDP;
    to->saddr = ip->daddr;
    to->daddr = ip->saddr;

    s->sum = (ip->saddr & 0xffff) + (ip->saddr >> 16)
             + (ip->daddr & 0xffff) + (ip->daddr >> 16)
             + bpf_htons(IPPROTO_UDP);

    return 0;
}


ngx_dns_xdp_inline int
ngx_dns_xdp_ipv6(void *l3, void *end, struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p)
{
    int              i;
    __u8            *out;
    __u16           *word;
    __u32            sum;
    struct udphdr   *udp;
    struct ipv6hdr  *ip, *to;

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

    p->l3 = sizeof(struct ipv6hdr);
    p->sport = udp->source;

    __builtin_memcpy(p->local.addr, &ip->daddr, 16);
    p->local.port = udp->dest;
    p->local.reserved = 0;

    out = s->frame + NGX_DNS_XDP_UDP - sizeof(struct ipv6hdr);
    to = (struct ipv6hdr *) out;

    *(__u32 *) out = bpf_htonl(0x60000000);
    to->nexthdr = IPPROTO_UDP;
    to->hop_limit = NGX_DNS_XDP_HOPS;
    to->saddr = ip->daddr;
    to->daddr = ip->saddr;

    sum = bpf_htons(IPPROTO_UDP);
    word = (__u16 *) &ip->saddr;

    for (i = 0; i < 16; i++) {
        sum += word[i];
    }

    s->sum = sum;

    return 0;
}


/* Ethernet, tags, IP and UDP, and the same for the way back */

ngx_dns_xdp_inline int
ngx_dns_xdp_headers(struct xdp_md *ctx, const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, struct ngx_dns_xdp_packet *p)
{
    int             i, rc;
    void           *data, *end, *l3;
    __u8           *out;
    __be16          proto;
    __u32           tag[NGX_DNS_XDP_VLANS];
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
    tag[0] = 0;
    tag[1] = 0;

    for (i = 0; i < NGX_DNS_XDP_VLANS; i++) {

        if (proto != bpf_htons(ETH_P_8021Q)
            && proto != bpf_htons(ETH_P_8021AD))
        {
            break;
        }

        if (l3 + NGX_DNS_XDP_VLAN > end) {
            return -1;
        }

        tag[i] = *(__u32 *) l3;
        proto = (__be16) (tag[i] >> 16);
        l3 += NGX_DNS_XDP_VLAN;
        p->l2 += NGX_DNS_XDP_VLAN;
    }

    if (proto == bpf_htons(ETH_P_IP)) {
        rc = ngx_dns_xdp_ipv4(l3, end, s, p);
        out = s->frame + NGX_DNS_XDP_UDP - sizeof(struct iphdr);

    } else if (proto == bpf_htons(ETH_P_IPV6)) {
        rc = ngx_dns_xdp_ipv6(l3, end, s, p);
        out = s->frame + NGX_DNS_XDP_UDP - sizeof(struct ipv6hdr);

    } else {
        return -1;
    }

    if (rc) {
        return -1;
    }

    if (p->l2 == sizeof(struct ethhdr) + 2 * NGX_DNS_XDP_VLAN) {
        out -= NGX_DNS_XDP_VLAN;
        *(__u32 *) out = tag[1];
    }

    if (p->l2 != sizeof(struct ethhdr)) {
        out -= NGX_DNS_XDP_VLAN;
        *(__u32 *) out = tag[0];
    }

    out -= sizeof(struct ethhdr);

    __builtin_memcpy(out, eth->h_source, ETH_ALEN);
    __builtin_memcpy(out + ETH_ALEN, eth->h_dest, ETH_ALEN);
    __builtin_memcpy(out + 2 * ETH_ALEN, &eth->h_proto, 2);

    return 0;
}


/* lengths and checksums of IP and UDP; "len" is UDP's */

ngx_dns_xdp_inline void
ngx_dns_xdp_finish(struct ngx_dns_xdp_scratch *s,
    struct ngx_dns_xdp_packet *p, __u32 len)
{
    int              i;
    __u8            *out;
    __s64            sum;
    __u32            n;
    struct iphdr    *ip;
    struct udphdr   *udp;
    struct ipv6hdr  *ip6;

    udp = (struct udphdr *) (s->frame + NGX_DNS_XDP_UDP);

    udp->source = p->local.port;
    udp->dest = p->sport;
    udp->len = bpf_htons((__u16) len);
    udp->check = 0;

    /* the sum is one of words: zeros behind the end */

    out = s->frame + NGX_DNS_XDP_UDP + (len & 0x3ff);
    out[0] = 0;
    out[1] = 0;
    out[2] = 0;
    out[3] = 0;

    n = (len + 3) & 0x3fc;

    if (n <= NGX_DNS_XDP_SUM) {
        sum = bpf_csum_diff(NULL, 0, (__be32 *) udp, n, s->sum);

    } else {
        sum = bpf_csum_diff(NULL, 0, (__be32 *) udp, NGX_DNS_XDP_SUM, s->sum);
        sum = bpf_csum_diff(NULL, 0,
                            (__be32 *) ((__u8 *) udp + NGX_DNS_XDP_SUM),
                            n - NGX_DNS_XDP_SUM, (__u32) sum);
    }

    n = ngx_dns_xdp_fold((__u32) sum);
    n = ngx_dns_xdp_fold(n + udp->len);
    n = ~n & 0xffff;

    udp->check = (__u16) (n ? n : 0xffff);

    if (p->l3 == sizeof(struct ipv6hdr)) {
        ip6 = (struct ipv6hdr *) ((__u8 *) udp - sizeof(struct ipv6hdr));
        ip6->payload_len = udp->len;
        return;
    }

    ip = (struct iphdr *) ((__u8 *) udp - sizeof(struct iphdr));

    ip->tot_len = bpf_htons((__u16) (len + sizeof(struct iphdr)));
    ip->check = 0;

    n = 0;

    for (i = 0; i < 10; i++) {
        n += ((__u16 *) ip)[i];
    }

    ip->check = (__u16) ~ngx_dns_xdp_fold(n);
}


/* the packet becomes the frame; it may grow at its end or before its start */

ngx_dns_xdp_inline int
ngx_dns_xdp_send(struct xdp_md *ctx, struct ngx_dns_xdp_scratch *s,
    __u32 headers, __u32 len)
{
    int    delta;
    __u32  total, from;

    total = headers + len;
    delta = (int) total - (int) (ctx->data_end - ctx->data);

    if (delta && bpf_xdp_adjust_tail(ctx, delta)
        && (delta < 0 || bpf_xdp_adjust_head(ctx, -delta)))
    {
        return NGX_DNS_XDP_PASS_ROOM;
    }

    from = NGX_DNS_XDP_UDP - headers;

    if (from > NGX_DNS_XDP_UDP || total > NGX_DNS_XDP_FRAME - 128
        || total == 0)
    {
        return NGX_DNS_XDP_PASSES;
    }

    if (bpf_xdp_store_bytes(ctx, 0, s->frame + from, total)) {
        return NGX_DNS_XDP_PASSES;
    }

    return -1;
}


#endif /* _NGX_DNS_XDP_FRAME_H_INCLUDED_ */

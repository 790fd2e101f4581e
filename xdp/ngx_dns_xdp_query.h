
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A query: the name, and an OPT that the response has to do with.  What is not
 * plain is for the socket.
 */


#ifndef _NGX_DNS_XDP_QUERY_H_INCLUDED_
#define _NGX_DNS_XDP_QUERY_H_INCLUDED_


#include "ngx_dns_xdp_maps.h"


/* A to Z of eight octets become a to z */

ngx_dns_xdp_inline __u64
ngx_dns_xdp_lower(__u64 w)
{
    __u64  low, upper;

    low = w & 0x7f7f7f7f7f7f7f7fULL;

    upper = (low + 0x3f3f3f3f3f3f3f3fULL) ^ (low + 0x2525252525252525ULL);
    upper &= ~w & 0x8080808080808080ULL;

    return w | upper >> 2;
}


/* where the name ends: 0, or it is none that has an answer here */

ngx_dns_xdp_apart int
ngx_dns_xdp_name(struct ngx_dns_xdp_scratch *s)
{
    int    i;
    __u32  pos, label;

    if (s == NULL) {
        return -1;
    }

    pos = NGX_DNS_XDP_HEADER;

    for (i = 0; i < 128; i++) {

        label = s->message[pos & (NGX_DNS_XDP_QUERY - 1)];

        if (label == 0) {
            break;
        }

        if (label > 63) {
            return -1;
        }

        pos += label + 1;

        if (pos > NGX_DNS_XDP_HEADER + 254) {
            return -1;
        }
    }

    if (i == 128) {
        return -1;
    }

    s->name_len = pos + 1 - NGX_DNS_XDP_HEADER;

    return 0;
}


/* the name in lower case, and its hash */

ngx_dns_xdp_apart int
ngx_dns_xdp_copy(struct ngx_dns_xdp_scratch *s, __u32 len, __u64 h)
{
    __u32  i, left;
    __u64  w;

    if (s == NULL) {
        return -1;
    }

    for (i = 0; i < NGX_DNS_XDP_WORDS; i++) {

        if (i * 8 >= len) {
            break;
        }

        w = *(__u64 *) (s->message + NGX_DNS_XDP_HEADER + i * 8);

        left = len - i * 8;

        if (left < 8) {
            w &= ((__u64) 1 << left * 8) - 1;
        }

        w = ngx_dns_xdp_lower(w);
        *(__u64 *) (s->name + i * 8) = w;

        h = ngx_dns_xdp_hash_word(h, w);
    }

    s->hash = h;

    return 0;
}


/*
 * What follows the question: nothing, or an OPT whose options the response has
 * nothing to do with.  The rest is as ngx_dns_edns_opt() has it.
 */

ngx_dns_xdp_apart int
ngx_dns_xdp_opt(struct ngx_dns_xdp_scratch *s, __u32 pos, __u32 cookies)
{
    int     i;
    __u8   *p;
    __u32   code, size;

    if (s == NULL) {
        return NGX_DNS_XDP_PASS_FORM;
    }

    if (pos > NGX_DNS_XDP_HEADER + 255 + 4
        || s->len < pos + NGX_DNS_XDP_OPT)
    {
        return NGX_DNS_XDP_PASS_FORM;
    }

    p = s->message + pos;

    if (p[0] != 0 || ngx_dns_xdp_get16(p + 1) != 41 || p[6] != 0
        || s->len != pos + NGX_DNS_XDP_OPT + ngx_dns_xdp_get16(p + 9))
    {
        return NGX_DNS_XDP_PASS_FORM;
    }

    size = ngx_dns_xdp_get16(p + 3);

    s->udp_size = size < 512 ? 512 : size;
    s->edns = (p[7] & 0x80) ? 2 : 1;

    pos += NGX_DNS_XDP_OPT;

    for (i = 0; i < NGX_DNS_XDP_OPTIONS; i++) {

        if (pos == s->len) {
            return -1;
        }

        if (pos + 4 > s->len) {
            return NGX_DNS_XDP_PASS_FORM;
        }

        p = s->message + (pos & (NGX_DNS_XDP_QUERY - 1));

        code = ngx_dns_xdp_get16(p);
        pos += 4 + ngx_dns_xdp_get16(p + 2);

        if (code != NGX_DNS_XDP_PADDING
            && (code != NGX_DNS_XDP_COOKIE || cookies))
        {
            return NGX_DNS_XDP_PASS_OPTION;
        }
    }

    return pos == s->len ? -1 : NGX_DNS_XDP_PASS_OPTION;
}


/* reads the query: -1, or why it is passed */

ngx_dns_xdp_inline int
ngx_dns_xdp_query(struct xdp_md *ctx, const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, struct ngx_dns_xdp_packet *p, __u32 *key)
{
    int    rc;
    __u8  *q;
    __u32  len, pos, flags, bits;

    len = s->len - sizeof(struct udphdr);

    /* a header, the root, its type and class */

    if (len < NGX_DNS_XDP_HEADER + 5 || len > NGX_DNS_XDP_QUERY) {
        return NGX_DNS_XDP_PASS_FORM;
    }

    barrier_var(len);

    if (bpf_xdp_load_bytes(ctx, p->l2 + p->l3 + sizeof(struct udphdr)
                                - NGX_DNS_XDP_BEFORE,
                           s->before, len + NGX_DNS_XDP_BEFORE))
    {
        return NGX_DNS_XDP_PASS_FORM;
    }

    s->len = len;
    s->edns = 0;
    s->udp_size = 512;

    flags = ngx_dns_xdp_get16(s->message + 2);

    /* QUERY, and nothing set that a query has no use for */

    if ((flags & ~(NGX_DNS_XDP_RD | NGX_DNS_XDP_AD | NGX_DNS_XDP_CD))
        || *(__u32 *) (s->message + 4) != bpf_htonl(1 << 16)
        || (*(__u32 *) (s->message + 8) & ~bpf_htonl(1)) != 0
        || ngx_dns_xdp_name(s) != 0)
    {
        return NGX_DNS_XDP_PASS_FORM;
    }

    pos = NGX_DNS_XDP_HEADER + (*(volatile __u32 *) &s->name_len & 0xff);

    if (pos + 4 > s->len) {
        return NGX_DNS_XDP_PASS_FORM;
    }

    q = s->message + pos;

    if (ngx_dns_xdp_get16(q + 2) != 1) {
        return NGX_DNS_XDP_PASS_FORM;
    }

    *key = (__u32) ngx_dns_xdp_get16(q) << 16;

    if (s->message[11]) {
        rc = ngx_dns_xdp_opt(s, pos + 4, s->listen.cookies);

        if (rc >= 0) {
            return rc;
        }

    } else if (pos + 4 != s->len) {
        return NGX_DNS_XDP_PASS_FORM;
    }

    bits = (flags & NGX_DNS_XDP_CD ? NGX_DNS_XDP_BIT_CD : 0)
           | (*(volatile __u32 *) &s->edns == 2 ? NGX_DNS_XDP_BIT_DO : 0);

    *key |= bits;

    (void) ngx_dns_xdp_copy(s, *(volatile __u32 *) &s->name_len & 0xff,
                     ngx_dns_xdp_hash_begin(c->seed, s->listen.server,
                                            (__u16) (*key >> 16),
                                            (__u16) bits));

    return -1;
}


#endif /* _NGX_DNS_XDP_QUERY_H_INCLUDED_ */

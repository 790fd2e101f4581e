
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_xdp: the program in the kernel.  It answers plain queries over UDP for
 * names whose answers workers have put into a slot (store/ngx_dns_xdp.h), just
 * as their socket would, and passes all else on.
 *
 * A query is copied into memory of this processor, and looked at there: its
 * lengths can be bounded by a mask, where the verifier of the kernel would
 * want a test of the packet's end each.  What a loop has found out is read
 * again from that memory, so that all ways out of the loop are the same to the
 * verifier.  There it becomes the response, which begins as the query does, and
 * is written into the packet in one piece.
 */


#include "ngx_dns_xdp_frame.h"
#include "ngx_dns_xdp_query.h"


/* is it the name of the slot? */

ngx_dns_xdp_apart int
ngx_dns_xdp_same(struct ngx_dns_xdp_scratch *s, ngx_dns_xdp_slot_t *slot,
    __u32 len)
{
    __u32  i;

    if (s == NULL || slot == NULL) {
        return 0;
    }

    for (i = 0; i < NGX_DNS_XDP_WORDS; i++) {

        if (i * 8 >= len) {
            break;
        }

        if (*(__u64 *) (slot->name + i * 8) != *(__u64 *) (s->name + i * 8)) {
            return 0;
        }
    }

    return 1;
}


/* the slot of the answer, and its sequence count */

ngx_dns_xdp_inline ngx_dns_xdp_slot_t *
ngx_dns_xdp_find(const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, __u32 key, __u32 *seq)
{
    __u32                i, n, tag, set, len;
    ngx_dns_xdp_set_t   *index;
    ngx_dns_xdp_slot_t  *slot;

    set = (__u32) s->hash & c->mask;
    tag = ngx_dns_xdp_tag(s->hash);

    index = bpf_map_lookup_elem(&dns_xdp_index, &set);
    if (index == NULL) {
        return NULL;
    }

    for (i = 0; i < NGX_DNS_XDP_WAYS; i++) {
        if (index->tag[i] == tag) {
            break;
        }
    }

    if (i == NGX_DNS_XDP_WAYS) {
        return NULL;
    }

    n = set * NGX_DNS_XDP_WAYS + i;

    slot = bpf_map_lookup_elem(&dns_xdp_answers, &n);
    if (slot == NULL) {
        return NULL;
    }

    *seq = *(volatile __u32 *) &slot->seq;
    ngx_dns_xdp_fence(s);

    len = s->name_len;

    if ((*seq & 1) || slot->hash != s->hash || slot->epoch != c->epoch
        || slot->server != s->listen.server || slot->name_len != len
        || ((__u32) slot->type << 16 | slot->bits) != key
        || !ngx_dns_xdp_same(s, slot, len))
    {
        return NULL;
    }

    return slot;
}


/*
 * Seconds of CLOCK_BOOTTIME, as a worker has last told, and what has gone by
 * since; to read that clock itself would take longer than to find the answer.
 * 0: who takes an answer back when it is no longer right?
 */

ngx_dns_xdp_inline __u32
ngx_dns_xdp_now(const ngx_dns_xdp_control_t *c)
{
    __u32  past;
    __u64  clock;

    clock = *(volatile __u64 *) &c->clock;

    /* that of the program may be a tick behind the worker's */

    past = (__u32) (bpf_ktime_get_coarse_ns() >> NGX_DNS_XDP_CLOCK)
           - (__u32) clock + NGX_DNS_XDP_TICKS;

    if (past < NGX_DNS_XDP_SECOND + NGX_DNS_XDP_TICKS) {
        return (__u32) (clock >> 32);
    }

    if (past > NGX_DNS_XDP_STALE * NGX_DNS_XDP_SECOND) {
        return 0;
    }

    past -= NGX_DNS_XDP_TICKS;

    return (__u32) (clock >> 32) + past / NGX_DNS_XDP_SECOND;
}


/* the header of the response, but for the ID */

ngx_dns_xdp_inline void
ngx_dns_xdp_head(struct ngx_dns_xdp_scratch *s, ngx_dns_xdp_slot_t *slot)
{
    __u8   *p;
    __u32   asked, flags;

    p = s->message;

    asked = ngx_dns_xdp_get16(p + 2);

    flags = NGX_DNS_XDP_QR
            | (slot->flags & (NGX_DNS_XDP_AA | NGX_DNS_XDP_RA | 0xf))
            | (asked & (NGX_DNS_XDP_RD | NGX_DNS_XDP_CD));

    /* RFC 6840, 5.8: AD is for clients that set AD or DO */

    if ((asked & NGX_DNS_XDP_AD) || s->edns == 2) {
        flags |= slot->flags & NGX_DNS_XDP_AD;
    }

    ngx_dns_xdp_put16(p + 2, flags);
    ngx_dns_xdp_put16(p + 4, 1);
    ngx_dns_xdp_put16(p + 6, slot->answers);
    ngx_dns_xdp_put16(p + 8, slot->authority);
    ngx_dns_xdp_put16(p + 10, slot->additional + (s->edns != 0));
}


/* the records, with what is left of their TTLs */

ngx_dns_xdp_apart int
ngx_dns_xdp_body(struct ngx_dns_xdp_scratch *s, ngx_dns_xdp_slot_t *slot,
    __u32 len, __u32 age)
{
    __u8   *p, *q;
    __u32   i, off, ttl;

    if (s == NULL || slot == NULL) {
        return -1;
    }

    p = s->message + NGX_DNS_XDP_HEADER + 4 + (s->name_len & 0xff);

    for (i = 0; i < NGX_DNS_XDP_BODY / 8; i++) {

        if (i * 8 >= len) {
            break;
        }

        *(__u64 *) (p + i * 8) = *(__u64 *) (slot->body + i * 8);
    }

    for (i = 0; i < NGX_DNS_XDP_TTLS; i++) {

        if (i >= slot->nttl) {
            break;
        }

        off = slot->ttl[i];

        if (off > NGX_DNS_XDP_BODY - 4) {
            return -1;
        }

        q = slot->body + off;
        ttl = (__u32) ngx_dns_xdp_get16(q) << 16 | ngx_dns_xdp_get16(q + 2);

        ttl = ttl > age ? ttl - age : 0;

        ngx_dns_xdp_put16(p + off, ttl >> 16);
        ngx_dns_xdp_put16(p + off + 2, ttl);
    }

    return 0;
}


/* one of several addresses is the first, by chance, and the others follow */

ngx_dns_xdp_apart int
ngx_dns_xdp_turn(struct ngx_dns_xdp_scratch *s, ngx_dns_xdp_slot_t *slot)
{
    __u8   *p, *from, *to;
    __u32   i, k, n, len, at;

    if (s == NULL || slot == NULL) {
        return -1;
    }

    n = slot->turns;
    len = slot->turn_len;

    if (n < 2 || n > NGX_DNS_XDP_TTLS) {
        return 0;
    }

    p = s->message + NGX_DNS_XDP_HEADER + 4 + (s->name_len & 0xff);

    k = bpf_get_prandom_u32() % n;

    for (i = 0; i < NGX_DNS_XDP_TTLS; i++) {

        if (i >= n) {
            break;
        }

        at = slot->turn[k & (NGX_DNS_XDP_TTLS - 1)];

        if (at > NGX_DNS_XDP_BODY - 16) {
            at = NGX_DNS_XDP_BODY - 16;
        }

        from = slot->body + at;

        at = slot->turn[i];

        if (at > NGX_DNS_XDP_BODY - 16) {
            at = NGX_DNS_XDP_BODY - 16;
        }

        to = p + at;

        *(__u32 *) to = *(__u32 *) from;

        if (len == 16) {
            *(__u32 *) (to + 4) = *(__u32 *) (from + 4);
            *(__u64 *) (to + 8) = *(__u64 *) (from + 8);
        }

        k = k + 1 == n ? 0 : k + 1;
    }

    return 0;
}


/* the OPT; returns its size */

ngx_dns_xdp_inline __u32
ngx_dns_xdp_write_opt(struct ngx_dns_xdp_scratch *s, __u32 at, __u32 size,
    __u32 ede)
{
    __u8  *p;

    if (s->edns == 0) {
        return 0;
    }

    /* the compiler knows this, but Linux 6.1 has forgotten it by then */

    barrier_var(at);

    if (at > NGX_DNS_XDP_MESSAGE - NGX_DNS_XDP_OPT - NGX_DNS_XDP_EDE) {
        return 0;
    }

    p = s->message + at;

    p[0] = 0;
    ngx_dns_xdp_put16(p + 1, 41);
    ngx_dns_xdp_put16(p + 3, size);
    p[5] = 0;
    p[6] = 0;
    ngx_dns_xdp_put16(p + 7, s->edns == 2 ? 0x8000 : 0);

    if (ede == NGX_DNS_XDP_NO_EDE) {
        ngx_dns_xdp_put16(p + 9, 0);
        return NGX_DNS_XDP_OPT;
    }

    ngx_dns_xdp_put16(p + 9, NGX_DNS_XDP_EDE);
    ngx_dns_xdp_put16(p + 11, 15);
    ngx_dns_xdp_put16(p + 13, 2);
    ngx_dns_xdp_put16(p + 15, ede);

    return NGX_DNS_XDP_OPT + NGX_DNS_XDP_EDE;
}


/* writes the response into the frame: -1, or why the query is passed */

ngx_dns_xdp_inline int
ngx_dns_xdp_answer(const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, __u32 key)
{
    __u32                 seq, now, age, limit, size, body, ede;
    ngx_dns_xdp_slot_t   *slot;
    ngx_dns_xdp_counts_t *counts;

    slot = ngx_dns_xdp_find(c, s, key, &seq);
    if (slot == NULL) {
        return NGX_DNS_XDP_PASS_MISS;
    }

    now = ngx_dns_xdp_now(c);

    if (now == 0) {
        return NGX_DNS_XDP_PASS_IDLE;
    }

    if ((__s32) (slot->end - now) <= 0) {
        return NGX_DNS_XDP_PASS_END;
    }

    body = slot->body_len;
    ede = slot->ede;

    if (body > NGX_DNS_XDP_BODY) {
        return NGX_DNS_XDP_PASS_MISS;
    }

    size = NGX_DNS_XDP_HEADER + s->name_len + 4 + body;

    limit = 512;

    if (s->edns) {
        limit = s->udp_size < s->listen.udp_unproven ? s->udp_size
                                                     : s->listen.udp_unproven;
        size += NGX_DNS_XDP_OPT
                + (ede == NGX_DNS_XDP_NO_EDE ? 0 : NGX_DNS_XDP_EDE);
    }

    if (size > limit) {
        return NGX_DNS_XDP_PASS_SIZE;
    }

    ngx_dns_xdp_head(s, slot);

    /* it may have been stored in a second that has not begun here */

    age = now - slot->stored;

    if ((__s32) age < 0) {
        age = 0;
    }

    if (ngx_dns_xdp_body(s, slot, body, age) != 0
        || (slot->turns > 1 && ngx_dns_xdp_turn(s, slot) != 0))
    {
        return NGX_DNS_XDP_PASS_MISS;
    }

    (void) ngx_dns_xdp_write_opt(s, NGX_DNS_XDP_HEADER + 4
                                    + (s->name_len & 0xff) + body,
                                 s->listen.udp_max_size, ede);

    s->size = size;

    ngx_dns_xdp_fence(s);

    if (*(volatile __u32 *) &slot->seq != seq
        || slot->epoch != *(volatile __u32 *) &c->epoch)
    {
        return NGX_DNS_XDP_PASS_MISS;
    }

    if (slot->hits < 255) {
        slot->hits++;
    }

    counts = ngx_dns_xdp_counts(c, s->listen.server);

    if (counts && slot->place < NGX_DNS_XDP_TYPES) {
        counts->queries[slot->place]++;
        counts->responses[slot->flags & (NGX_DNS_XDP_RCODES - 1)]++;
    }

    return -1;
}


/* what is listened on: most queries are for the same as the one before */

ngx_dns_xdp_inline int
ngx_dns_xdp_listens(const ngx_dns_xdp_control_t *c,
    struct ngx_dns_xdp_scratch *s, struct ngx_dns_xdp_packet *p)
{
    __u32                  n;
    ngx_dns_xdp_listen_t  *listen;

    n = *(volatile __u32 *) &c->listens;

    if (s->listens == n
        && s->local.word[3] == p->local.word[3]
        && s->local.word[4] == p->local.word[4]
        && s->local.word[2] == p->local.word[2]
        && s->local.word[1] == p->local.word[1]
        && s->local.word[0] == p->local.word[0])
    {
        return 0;
    }

    ngx_dns_xdp_fence(s);

    listen = bpf_map_lookup_elem(&dns_xdp_listen, &p->local);
    if (listen == NULL) {
        return -1;
    }

    s->listen = *listen;
    s->local = p->local;
    s->listens = n;

    return 0;
}


SEC("xdp") int
ngx_dns_xdp(struct xdp_md *ctx)
{
    int                          rc;
    __u32                        zero, key, size;
    ngx_dns_xdp_control_t       *c;
    struct ngx_dns_xdp_packet    p;
    struct ngx_dns_xdp_scratch  *s;

    zero = 0;

    c = bpf_map_lookup_elem(&dns_xdp_control, &zero);
    s = bpf_map_lookup_elem(&dns_xdp_scratch, &zero);

    if (c == NULL || s == NULL) {
        return XDP_PASS;
    }

    if (ngx_dns_xdp_headers(ctx, c, s, &p) != 0
        || ngx_dns_xdp_listens(c, s, &p) != 0)
    {
        return XDP_PASS;
    }

    rc = ngx_dns_xdp_query(ctx, c, s, &p, &key);

    if (rc < 0) {
        rc = ngx_dns_xdp_answer(c, s, key);
    }

    if (rc >= 0) {
        return ngx_dns_xdp_pass(c, s->listen.server, rc);
    }

    size = *(volatile __u32 *) &s->size;

    /* Linux 6.1 would learn nothing from a test for 0 */

    if (size < NGX_DNS_XDP_HEADER || size > NGX_DNS_XDP_MESSAGE - 64) {
        return ngx_dns_xdp_pass(c, s->listen.server, NGX_DNS_XDP_PASS_SIZE);
    }

    rc = ngx_dns_xdp_send(ctx, s, &p, size);

    if (rc == NGX_DNS_XDP_PASSES) {
        return XDP_DROP;
    }

    return rc >= 0 ? ngx_dns_xdp_pass(c, s->listen.server, rc) : XDP_TX;
}


char  ngx_dns_xdp_license[] SEC("license") = "Dual BSD/GPL";

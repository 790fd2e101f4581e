
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One name on the wire: skip, lower, compare, print.  For every layer.
 * A name that passed ngx_dns_name_skip() or the question's parser is safe
 * for all other functions here: they check no bounds again.  Never follows a
 * pointer forward, never recurses.
 */


#ifndef _NGX_DNS_NAME_H_INCLUDED_
#define _NGX_DNS_NAME_H_INCLUDED_


#include "ngx_dns_wire.h"


/* room for a printed name: an octet becomes at most \DDD */

#define NGX_DNS_NAME_TEXT  (NGX_DNS_MAX_NAME * 4 + 1)


/*
 * Compression pointers followed for one name: writers of messages point to a
 * whole name or to its end, so that a few jumps are all that honest ones need.
 */

#define NGX_DNS_NAME_JUMPS  16

/*
 * Labels read behind pointers in one message: a transfer of an IPv6 reverse
 * zone in full messages of 64 KB needs some 80,000.
 */

#define NGX_DNS_NAME_WORK   131072


#pragma GCC visibility push(hidden)

/*
 * The name at "pos" of the message "p" of "len" octets, compressed or not.
 * Returns the offset of what follows it, 0 if it runs out of the message,
 * has a label of an unknown kind, a pointer to what is not a whole name before
 * it (RFC 1035, 4.1.4: "a prior occurance"), more than NGX_DNS_NAME_JUMPS
 * pointers, or over 255 octets.
 */
size_t ngx_dns_name_skip(const u_char *p, size_t pos, size_t len);

/*
 * What ngx_dns_name_walk() does, by the whole of it: one of many names of a
 * message.  "work", NGX_DNS_NAME_WORK for the first of them, becomes less by
 * each label that is read behind a pointer; 0 is also returned when nothing is
 * left of it.
 */
size_t ngx_dns_name_walk_any(const u_char *p, size_t pos, size_t len,
    ngx_uint_t *work);

/* is "name" of "len" octets, any case, equal to the lower-case "lower"? */
ngx_uint_t ngx_dns_name_equal(const u_char *lower, const u_char *name,
    size_t len);

/* are the names at two offsets of a checked message equal? */
ngx_uint_t ngx_dns_name_same(const u_char *p, size_t a, size_t b);

/*
 * Prints an uncompressed name as RFC 1035, 5.1 writes it, without the last
 * dot, except for the root; returns the end.  "dst" has NGX_DNS_NAME_TEXT.
 */
u_char *ngx_dns_name_text(u_char *dst, const u_char *name);

#pragma GCC visibility pop


/*
 * Most names of a message are a pointer to its question, which is checked
 * already: they cost no call.
 */

static ngx_inline size_t
ngx_dns_name_walk(const u_char *p, size_t pos, size_t len, ngx_uint_t *work)
{
    if (pos > NGX_DNS_HEADER_SIZE && pos + 1 < len
        && ngx_dns_get16(p + pos) == (0xc000 | NGX_DNS_HEADER_SIZE))
    {
        return pos + 2;
    }

    return ngx_dns_name_walk_any(p, pos, len, work);
}


/*
 * Copies "len" octets of an uncompressed name in lower case (RFC 4343).
 * Octets that count labels stay: they are below 64.  Works in
 * words: up to NGX_DNS_READ_PAD octets past the end are read and written.
 */

static ngx_inline void
ngx_dns_name_lower(u_char *dst, const u_char *src, size_t len)
{
    size_t            i;
    ngx_dns_octets_t  v, upper;

    for (i = 0; i < len; i += sizeof(ngx_dns_octets_t)) {
        memcpy(&v, src + i, sizeof(ngx_dns_octets_t));

        /* a comparison of vectors gives all bits of an octet, or none */

        upper = (ngx_dns_octets_t) (v - 'A' < 26);
        v |= upper & 0x20;

        memcpy(dst + i, &v, sizeof(ngx_dns_octets_t));
    }
}


#endif /* _NGX_DNS_NAME_H_INCLUDED_ */

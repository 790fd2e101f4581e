
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Changes sections of a response whose meaning stays the same: which address is
 * the first, and what a client can do without.  For the query layer, off the
 * hot path; no state.
 */


#ifndef _NGX_DNS_TURN_H_INCLUDED_
#define _NGX_DNS_TURN_H_INCLUDED_


#include "ngx_dns_message.h"


#define NGX_DNS_TURN_MAX  64              /* records of an RRset */


#pragma GCC visibility push(hidden)

/*
 * A whole message of "size" octets whose answer section begins at "body" and
 * has "answers" records.  The addresses of the first RRset of more than one A
 * or AAAA record are turned by "turn" places.  Other records stay where they
 * are, and so do compression pointers, which never point to an address.
 * Nothing is done where the records of the RRset have different lengths, or
 * the message is not well-formed.
 */
void ngx_dns_turn(u_char *p, size_t size, size_t body, ngx_uint_t answers,
    ngx_uint_t turn);

/*
 * Offsets of these addresses, each of "len" octets, into "place", with room
 * for NGX_DNS_TURN_MAX; returns how many, 0 if nothing is done.
 */
ngx_uint_t ngx_dns_turn_places(const u_char *p, size_t size, size_t body,
    ngx_uint_t answers, size_t *place, size_t *len);

/*
 * Leaves the authority and additional sections out of the parsed message "m" in
 * "p", but, with "dnssec", what proves a wildcard: NSEC, NSEC3 and their
 * RRSIG (RFC 4035, 3.1.3.3).  "m" and "out" are the result; "out" has room
 * for NGX_DNS_MAX_MESSAGE octets.  NGX_DECLINED: nothing is to be left out.
 */
ngx_int_t ngx_dns_minimal(ngx_dns_message_t *m, const u_char *p, u_char *out,
    ngx_uint_t dnssec);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TURN_H_INCLUDED_ */

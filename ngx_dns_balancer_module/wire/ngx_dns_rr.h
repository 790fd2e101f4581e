
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Writes records of responses that are made here.  Owners are pointers into
 * the question (RFC 1035, 4.1.4), which is always at the same place, but for
 * the root: a pointer to it is longer than itself, and some parsers refuse it.
 * For the query layer; no policy.  A record that does not fit is left out and
 * "full" is set, for good: the caller tests once.
 */


#ifndef _NGX_DNS_RR_H_INCLUDED_
#define _NGX_DNS_RR_H_INCLUDED_


#include "ngx_dns_wire.h"


typedef struct {
    u_char          *pos;
    u_char          *end;
    const u_char    *name;        /* of the question */
    uint16_t         class;
    uint16_t         n;           /* records written */
    uint32_t         ttl;
    unsigned         full:1;
} ngx_dns_rr_t;


#pragma GCC visibility push(hidden)

/*
 * "owner" is the offset of a name in the question: 0 for the whole one,
 * q->label[i] for one of the names above it.  "data" is written as it is:
 * an address for A and AAAA, a name for PTR and NS.
 */
void ngx_dns_rr_write(ngx_dns_rr_t *rr, ngx_uint_t owner, ngx_uint_t type,
    const u_char *data, size_t len);

/* TXT (RFC 1035, 3.3.14): one string of up to 255 octets */
void ngx_dns_rr_txt(ngx_dns_rr_t *rr, ngx_uint_t owner, const u_char *text,
    size_t len);

/*
 * SOA as RFC 6303, 3 has it, whose MNAME is the owner of the zone; MINIMUM is
 * the TTL of all records (RFC 2308, 5)
 */
void ngx_dns_rr_soa(ngx_dns_rr_t *rr, ngx_uint_t owner);

#pragma GCC visibility pop


#endif /* _NGX_DNS_RR_H_INCLUDED_ */

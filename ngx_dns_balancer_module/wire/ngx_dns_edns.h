
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * EDNS (RFC 6891): reads a client's OPT, writes ours.  OPT is hop by hop: no
 * octet of one is ever copied from one side to the other.  For the wire and
 * query layers; no policy.
 */


#ifndef _NGX_DNS_EDNS_H_INCLUDED_
#define _NGX_DNS_EDNS_H_INCLUDED_


#include "ngx_dns_question.h"


#pragma GCC visibility push(hidden)

/*
 * Walks the "ns" and "ar" records after the question, up to the end of the
 * message; fills the EDNS fields of "q".  Returns a fault or NGX_DNS_FINE.
 */
ngx_dns_reason_e ngx_dns_edns_parse(ngx_dns_question_t *q, const u_char *p,
    size_t len, ngx_uint_t ns, ngx_uint_t ar);

/* do the options fill "len" octets exactly (RFC 6891, 6.1.2)? */
ngx_uint_t ngx_dns_edns_options_fit(const u_char *p, size_t len);

/*
 * Reads the data of a Client Subnet.  NGX_ERROR: not as RFC 7871, 6 says; in
 * a query the SCOPE PREFIX-LENGTH has to be 0.
 */
ngx_int_t ngx_dns_edns_subnet(ngx_dns_subnet_t *subnet, const u_char *p,
    size_t len);

/* the octets of an address that a prefix of so many bits takes */
#define ngx_dns_edns_octets(bits)  (((size_t) (bits) + 7) / 8)

/* sets all of the address behind so many bits to 0 */
void ngx_dns_edns_cut(ngx_dns_subnet_t *subnet, ngx_uint_t bits);

/* writes the option, at most NGX_DNS_SUBNET_SIZE octets; returns the end */
#define NGX_DNS_SUBNET_SIZE  24
u_char *ngx_dns_edns_write_subnet(u_char *p, const ngx_dns_subnet_t *subnet,
    ngx_uint_t scope);

/* the same without CODE and LENGTH */
u_char *ngx_dns_edns_subnet_data(u_char *p, const ngx_dns_subnet_t *subnet,
    ngx_uint_t scope);

/* the INFO-CODE of the first EDE option (RFC 8914, 2) or NGX_DNS_NO_EDE */
ngx_uint_t ngx_dns_edns_ede(const u_char *p, size_t len);

/* the data of the first Client Subnet (RFC 7871, 6); NULL without one */
const u_char *ngx_dns_edns_find_subnet(const u_char *p, size_t len,
    size_t *size);

/*
 * Writes an OPT of version 0: NGX_DNS_OPT_SIZE octets, and NGX_DNS_EDE_SIZE
 * more if "ede" is not NGX_DNS_NO_EDE.  "rcode" is the whole one of 12 bits,
 * "flags" is NGX_DNS_EDNS_DO or 0.  Returns the end.
 */
u_char *ngx_dns_edns_write(u_char *p, ngx_uint_t udp_size, ngx_uint_t rcode,
    ngx_uint_t flags, ngx_uint_t ede);

#pragma GCC visibility pop


#endif /* _NGX_DNS_EDNS_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A client's query: header, the one question, EDNS.  Called once for each
 * query by the query layer; fills offsets and a lower-case name, copies
 * nothing else, allocates nothing, knows no policy.
 */


#ifndef _NGX_DNS_QUESTION_H_INCLUDED_
#define _NGX_DNS_QUESTION_H_INCLUDED_


#include "ngx_dns_wire.h"


/*
 * The parser works in words of 16 octets: what it reads must lie in a buffer
 * with this much room after the message.
 */

#define NGX_DNS_READ_PAD  16


/*
 * A Client Subnet as it stands in the option (RFC 7871, 6); what of the
 * address is behind "source" is 0.
 */

typedef struct {
    uint8_t       family;       /* NGX_DNS_SUBNET_*; 0: none */
    uint8_t       source;       /* PREFIX-LENGTH */
    u_char        addr[16];
} ngx_dns_subnet_t;

#define NGX_DNS_SUBNET_IPV4      1
#define NGX_DNS_SUBNET_IPV6      2


/* what of a query its response needs: copied into a query that waits */

typedef struct {
    uint16_t      id;
    uint16_t      flags;        /* the header's, host order */
    uint16_t      type;
    uint16_t      class;
    uint16_t      name_len;     /* octets, with the root */
    uint16_t      udp_size;     /* RFC 6891, 6.2.3; at least 512 */
    uint8_t       edns;         /* there is an OPT */
    uint8_t       dnssec_ok;    /* RFC 3225 */

    /* of its options, by ngx_dns_options_parse() in query/ */
    uint16_t      options;      /* those the response has to do with: by their
                                   place in the table */
    uint8_t       proven;       /* its sender has the address it came from */
    uint8_t       subnet_asked;
    uint8_t       subnet_bad;   /* not as RFC 7871, 6 says, or twice */
    ngx_dns_subnet_t  subnet;   /* of a good one */
    u_char        kept[8];      /* octets of one option, which are its own */
} ngx_dns_asked_t;


typedef struct {
    ngx_dns_asked_t  asked;

    uint16_t      labels;       /* without the root */
    uint16_t      end;          /* what follows the question; 0: none */
    uint8_t       tsig;         /* RFC 8945: a TSIG is present */
    uint8_t       version;

    uint16_t      options;      /* offset of the OPT's data */
    uint16_t      options_len;

    ngx_dns_subnet_t  subnet;   /* that servers are told: the query layer's */

    /* where labels start in "name"; entry [labels] is the root */
    u_char        label[NGX_DNS_MAX_LABELS + 1];

    u_char        name[NGX_DNS_MAX_NAME + NGX_DNS_READ_PAD];  /* lower */
} ngx_dns_question_t;


#pragma GCC visibility push(hidden)

/*
 * NGX_DNS_FINE or the fault; the type is 0 where there is none.  With any
 * fault but NGX_DNS_EHEADER id and flags are set; "end" is set if the question
 * can be copied into an error answer.  NGX_DNS_EVERSION is given only for a
 * message that is otherwise fine.  NGX_DNS_EQDCOUNT comes with the fields of
 * EDNS where there is nothing but an OPT, since that may have a meaning of its
 * own (RFC 7873, 5.4).
 */
ngx_dns_reason_e ngx_dns_question_parse(ngx_dns_question_t *q,
    const u_char *p, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_QUESTION_H_INCLUDED_ */

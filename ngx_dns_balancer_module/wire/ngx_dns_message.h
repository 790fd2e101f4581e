
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A server's response: is it one to this question, is it well-formed, where
 * does what the client may get end; and responses of our own.  For the query
 * layer; no policy, no allocation.
 */


#ifndef _NGX_DNS_MESSAGE_H_INCLUDED_
#define _NGX_DNS_MESSAGE_H_INCLUDED_


#include "ngx_dns_wire.h"


typedef struct {
    uint16_t      flags;        /* the header's, host order */
    uint16_t      rcode;        /* with the OPT's upper bits, RFC 6891, 6.1.3 */
    uint16_t      answers;      /* counts without the OPT */
    uint16_t      authority;
    uint16_t      additional;
    uint16_t      ede;          /* NGX_DNS_NO_EDE if there is none */
    uint16_t      scoped;       /* for a subnet of clients only: the SCOPE
                                   PREFIX-LENGTH of RFC 7871 */
    uint16_t      subnet;       /* offset of the data of that option, or 0 */
    uint16_t      edns;         /* there is an OPT */
    size_t        body;         /* what follows the question */
    size_t        end;          /* of the records a client gets */
} ngx_dns_message_t;


/* one record of a message that was parsed before: offsets into it */

typedef struct {
    uint16_t      type;
    uint16_t      rdlen;
    uint32_t      ttl;
    size_t        fixed;        /* where the type stands */
    size_t        rdata;
    size_t        next;
} ngx_dns_record_view_t;


#pragma GCC visibility push(hidden)

/* the record at "pos" */
void ngx_dns_message_record(ngx_dns_record_view_t *rr, const u_char *p,
    size_t pos);

/* see ngx_dns_message_question() */
ngx_int_t ngx_dns_message_other(const u_char *p, size_t size,
    const u_char *question, size_t len);

/*
 * Walks all sections of a response whose question ends at "body".  Records
 * after an OPT are left out: to take the OPT out from before them would move
 * what compression pointers mean.  NGX_OK, or NGX_ERROR for a message that
 * is not well-formed; RDATA is not looked into.
 */
ngx_int_t ngx_dns_message_parse(ngx_dns_message_t *m, const u_char *p,
    size_t size, size_t body);

/*
 * The TIMEOUT of a keepalive option (RFC 7828, 3.1) of a response whose
 * question ends at "body".  NGX_DECLINED if there is none, or the response is
 * malformed.
 */
ngx_int_t ngx_dns_message_keepalive(const u_char *p, size_t size, size_t body,
    ngx_uint_t *timeout);

/*
 * Makes the parsed response at most "limit" octets: drops RRsets from the end,
 * each whole (RFC 2181, 9).  Sets TC in m->flags if one had to go that the
 * response needs: of the answer section, of the authority section where there
 * is no answer, or the proof of a wildcard.  Off the hot path.
 */
void ngx_dns_message_truncate(ngx_dns_message_t *m, const u_char *p,
    size_t limit);

/*
 * Is the parsed response a denial and nothing else: no answer records, only an
 * SOA and the proof?  Then only the RDATA of the SOA can have a pointer, and
 * ngx_dns_message_shift() knows them all.
 */
ngx_uint_t ngx_dns_message_denial(const ngx_dns_message_t *m,
    const u_char *p);

/*
 * Moves the pointers of such a response whose question has become "delta"
 * octets longer at its front.  Off the hot path.
 */
void ngx_dns_message_shift(const ngx_dns_message_t *m, u_char *p,
    size_t delta);

#pragma GCC visibility pop


/*
 * Does the message, at least a header long, repeat the question of "len"
 * octets: the lower-case name, type, class?  NGX_OK if so; NGX_DECLINED if
 * it is another one (RFC 5452, 9.1); NGX_DONE if it has none and an rcode
 * other than NOERROR, as servers answer what they could not read.
 */

static ngx_inline ngx_int_t
ngx_dns_message_question(const u_char *p, size_t size, const u_char *question,
    size_t len)
{
    /* most clients ask in lower case, and most servers repeat the case */

    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) == 1
        && size >= NGX_DNS_HEADER_SIZE + len
        && len >= 8 && ngx_dns_same(question, p + NGX_DNS_HEADER_SIZE, len))
    {
        return NGX_OK;
    }

    return ngx_dns_message_other(p, size, question, len);
}


/*
 * Writes a header: "flags" in host order, "questions" 0 or 1, the counts of
 * "m" (none if NULL), and one additional record more if "edns".
 */

static ngx_inline void
ngx_dns_message_header(u_char *p, ngx_uint_t id, ngx_uint_t flags,
    ngx_uint_t questions, const ngx_dns_message_t *m, ngx_uint_t edns)
{
    ngx_dns_put16(p + NGX_DNS_OFF_ID, id);
    ngx_dns_put16(p + NGX_DNS_OFF_FLAGS, flags);
    ngx_dns_put16(p + NGX_DNS_OFF_QDCOUNT, questions);

    if (m == NULL) {
        ngx_dns_put16(p + NGX_DNS_OFF_ANCOUNT, 0);
        ngx_dns_put16(p + NGX_DNS_OFF_NSCOUNT, 0);
        ngx_dns_put16(p + NGX_DNS_OFF_ARCOUNT, edns);
        return;
    }

    ngx_dns_put16(p + NGX_DNS_OFF_ANCOUNT, m->answers);
    ngx_dns_put16(p + NGX_DNS_OFF_NSCOUNT, m->authority);
    ngx_dns_put16(p + NGX_DNS_OFF_ARCOUNT, m->additional + edns);
}


#endif /* _NGX_DNS_MESSAGE_H_INCLUDED_ */

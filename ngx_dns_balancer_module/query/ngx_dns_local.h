
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Answers that no server is asked for: names of hosts files, localhost
 * (RFC 6761, 6.3), the reverse zones of RFC 6303, other names that are not for
 * name servers (RFC 6761, 7686, 8375, 9462), the name that tells clients who
 * they are, those by which a server tells of itself (RFC 4892) and of better
 * ways to it (RFC 9461, 9462).  For
 * ngx_dns_query.c; settings are filled by module/.  Allocates nothing, makes no
 * system call.
 *
 * Hosts files go before built-in names.  Negative answers from hosts files have
 * no SOA, so clients don't keep them (RFC 2308, 5) and an edit counts at once.
 */


#ifndef _NGX_DNS_LOCAL_H_INCLUDED_
#define _NGX_DNS_LOCAL_H_INCLUDED_


#include "ngx_dns_request.h"


/* the response that was sent */

typedef struct {
    size_t                  sent;
    uint16_t                rcode;
    uint16_t                answers;
    ngx_dns_cache_status_e  status;
} ngx_dns_local_answer_t;


#pragma GCC visibility push(hidden)

/* NGX_OK: it is answered; NGX_DECLINED: it is none of these names */
ngx_int_t ngx_dns_local_answer(const ngx_dns_request_t *r,
    ngx_dns_local_answer_t *answer);

/* does no server know such a name, whatever is asked of it?  Class IN */
ngx_uint_t ngx_dns_local_own(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q);

/* would it be answered so?  Of a question without a client, class IN */
ngx_uint_t ngx_dns_local_known(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q);

/*
 * NXDOMAIN, or NOERROR for no data, with an SOA that the zone of the query
 * owns: for dns_return.
 */
void ngx_dns_local_negative(const ngx_dns_request_t *r, uint16_t rcode,
    ngx_dns_local_answer_t *answer);

/*
 * RFC 8482, 4.2: a response to a question for ANY that tells nothing and is
 * short, a HINFO record.
 */
void ngx_dns_local_any(const ngx_dns_request_t *r,
    ngx_dns_local_answer_t *answer);

#pragma GCC visibility pop


static ngx_inline ngx_uint_t
ngx_dns_local_is_whoami(const ngx_dns_local_t *local,
    const ngx_dns_question_t *q)
{
    return local->whoami.len == q->asked.name_len
           && memcmp(local->whoami.data, q->name, q->asked.name_len) == 0;
}


/*
 * Can the question be one for ngx_dns_local_answer()?  The last label rules out
 * most names, for a few instructions; the other function costs a hundred.
 */

static ngx_inline ngx_uint_t
ngx_dns_local_likely(ngx_dns_local_t *local, const ngx_dns_question_t *q)
{
    const u_char  *last;

    if (local->any || q->asked.class != NGX_DNS_CLASS_IN) {
        return 1;
    }

    if (q->labels == 0) {
        return 0;
    }

    last = q->name + q->label[q->labels - 1];

    switch (ngx_dns_get16(last)) {

    case 4 << 8 | 'a':
        return memcmp(last + 1, "arpa", 4) == 0;

    case 5 << 8 | 'o':
        return memcmp(last, "\5onion\0", 7) == 0;

    case 7 << 8 | 'i':
        return memcmp(last, "\7invalid", 8) == 0;

    case 9 << 8 | 'l':
        return memcmp(last + 1, "localhos", 8) == 0;

    default:
        return ngx_dns_local_is_whoami(local, q);
    }
}


#endif /* _NGX_DNS_LOCAL_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_question.h"
#include "ngx_dns_name.h"
#include "ngx_dns_edns.h"


static void ngx_dns_question_opcode(ngx_dns_question_t *q, const u_char *p,
    size_t len);
static void ngx_dns_question_none(ngx_dns_question_t *q, const u_char *p,
    size_t len);
static void ngx_dns_question_opt(ngx_dns_question_t *q, const u_char *p,
    size_t len, size_t end);
static ngx_dns_reason_e ngx_dns_question_name(ngx_dns_question_t *q,
    const u_char *p, size_t len);


ngx_dns_reason_e
ngx_dns_question_parse(ngx_dns_question_t *q, const u_char *p, size_t len)
{
    size_t            pos;
    ngx_uint_t        ns, ar;
    ngx_dns_reason_e  rc;

    if (len < NGX_DNS_HEADER_SIZE) {
        q->asked.type = 0;
        return NGX_DNS_EHEADER;
    }

    q->asked.id = ngx_dns_get16(p);
    q->asked.flags = ngx_dns_get16(p + NGX_DNS_OFF_FLAGS);
    q->end = 0;
    q->asked.name_len = 0;
    q->labels = 0;
    q->asked.type = 0;
    q->asked.class = 0;
    q->asked.udp_size = NGX_DNS_MIN_UDP_SIZE;
    q->asked.edns = 0;
    q->asked.dnssec_ok = 0;
    q->asked.options = 0;
    q->asked.proven = 0;
    q->asked.subnet_asked = 0;
    q->asked.subnet_bad = 0;
    q->tsig = 0;
    q->version = 0;
    q->options = 0;
    q->options_len = 0;

    if (q->asked.flags & (NGX_DNS_QR|NGX_DNS_OPCODE)) {

        if (q->asked.flags & NGX_DNS_QR) {
            return NGX_DNS_ERESPONSE;
        }

        ngx_dns_question_opcode(q, p, len);

        return NGX_DNS_EOPCODE;
    }

    /* RFC 9619, 4: QDCOUNT of a QUERY other than one is FORMERR */

    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) != 1) {
        ngx_dns_question_none(q, p, len);

        return NGX_DNS_EQDCOUNT;
    }

    rc = ngx_dns_question_name(q, p, len);
    if (rc != NGX_DNS_FINE) {
        return rc;
    }

    pos = NGX_DNS_HEADER_SIZE + q->asked.name_len;

    if (len - pos < 4) {
        return NGX_DNS_EQUESTION;
    }

    q->asked.type = ngx_dns_get16(p + pos);
    q->asked.class = ngx_dns_get16(p + pos + 2);

    pos += 4;
    q->end = (uint16_t) pos;

    if (ngx_dns_get32(p + NGX_DNS_OFF_ANCOUNT) == 0
        && ngx_dns_get16(p + NGX_DNS_OFF_ARCOUNT) == 0)
    {
        return pos == len ? NGX_DNS_FINE : NGX_DNS_ETRAILING;
    }

    ns = ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT);
    ar = ngx_dns_get16(p + NGX_DNS_OFF_ARCOUNT);

    /* RFC 1995, 3: only IXFR has a record, in the authority section */

    if (ngx_dns_get16(p + NGX_DNS_OFF_ANCOUNT) != 0
        || (ns != 0 && q->asked.type != NGX_DNS_TYPE_IXFR))
    {
        return NGX_DNS_ESECTION;
    }

    return ngx_dns_edns_parse(q, p, len, ns, ar);
}


/*
 * Another opcode: NOTIFY and UPDATE are laid out as a query is; STATUS and
 * others (RFC 8490) may be without a question.  Only whether there is an OPT is
 * of interest, so that the response can have one, too (RFC 6891, 7), which says
 * why it is refused.  A message that is not laid out so has none.
 */

static void
ngx_dns_question_opcode(ngx_dns_question_t *q, const u_char *p, size_t len)
{
    ngx_uint_t  n;

    n = ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT);

    if (n == 0) {
        ngx_dns_question_opt(q, p, len, NGX_DNS_HEADER_SIZE);

    } else if (n == 1
               && ngx_dns_question_name(q, p, len) == NGX_DNS_FINE
               && len - NGX_DNS_HEADER_SIZE - q->asked.name_len >= 4)
    {
        ngx_dns_question_opt(q, p, len,
                             NGX_DNS_HEADER_SIZE + q->asked.name_len + 4);
    }

    /* the question is not repeated, its section may mean something else */

    q->labels = 0;
    q->asked.name_len = 0;
}


/* a query of nothing but an OPT */

static void
ngx_dns_question_none(ngx_dns_question_t *q, const u_char *p, size_t len)
{
    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) == 0
        && ngx_dns_get32(p + NGX_DNS_OFF_ANCOUNT) == 0)
    {
        ngx_dns_question_opt(q, p, len, NGX_DNS_HEADER_SIZE);
    }
}


/*
 * The OPT of a message that is not answered as a query, behind its first octets
 * up to "end".  With one of another version the response has one of ours.  Of a
 * message that is malformed it is as if there was none.
 */

static void
ngx_dns_question_opt(ngx_dns_question_t *q, const u_char *p, size_t len,
    size_t end)
{
    ngx_uint_t        before;
    ngx_dns_reason_e  rc;

    q->end = (uint16_t) end;

    before = (ngx_uint_t) ngx_dns_get16(p + NGX_DNS_OFF_ANCOUNT)
             + ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT);

    rc = ngx_dns_edns_parse(q, p, len, before,
                            ngx_dns_get16(p + NGX_DNS_OFF_ARCOUNT));

    if (rc != NGX_DNS_FINE && rc != NGX_DNS_EVERSION) {
        q->asked.edns = 0;
        q->asked.dnssec_ok = 0;
    }

    q->end = 0;
}


static ngx_dns_reason_e
ngx_dns_question_name(ngx_dns_question_t *q, const u_char *p, size_t len)
{
    size_t      pos, end;
    ngx_uint_t  n;

    n = 0;
    pos = NGX_DNS_HEADER_SIZE;
    end = ngx_min(len, NGX_DNS_HEADER_SIZE + NGX_DNS_MAX_NAME);

    for ( ;; ) {
        if (pos >= end) {
            return pos >= len ? NGX_DNS_EQUESTION : NGX_DNS_ENAME;
        }

        /* a name that fits 255 octets has at most 127 labels and the root */

        q->label[n] = (u_char) (pos - NGX_DNS_HEADER_SIZE);

        if (p[pos] == 0) {
            break;
        }

        if (p[pos] > NGX_DNS_MAX_LABEL) {
            return NGX_DNS_ELABEL;
        }

        n++;
        pos += p[pos] + 1;
    }

    pos++;

    q->labels = (uint16_t) n;
    q->asked.name_len = (uint16_t) (pos - NGX_DNS_HEADER_SIZE);

    ngx_dns_name_lower(q->name, p + NGX_DNS_HEADER_SIZE, q->asked.name_len);

    return NGX_DNS_FINE;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_message.h"
#include "ngx_dns_edns.h"
#include "ngx_dns_walk.h"


static ngx_int_t ngx_dns_message_opt(ngx_dns_message_t *m, const u_char *p,
    size_t fixed, size_t rdlen);
static size_t ngx_dns_message_type(const u_char *p, size_t pos);
static ngx_uint_t ngx_dns_message_required(const ngx_dns_message_t *m,
    const u_char *p, ngx_uint_t kept, size_t pos);
static ngx_uint_t ngx_dns_message_plain(const ngx_dns_message_t *m,
    const u_char *p, size_t pos);
static ngx_uint_t ngx_dns_message_label(const u_char *p, size_t pos,
    size_t target);
static size_t ngx_dns_message_shift_name(u_char *p, size_t pos, size_t delta);


ngx_int_t
ngx_dns_message_other(const u_char *p, size_t size, const u_char *question,
    size_t len)
{
    size_t  end;

    end = NGX_DNS_HEADER_SIZE + len;

    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) == 1 && size >= end) {

        if (ngx_dns_name_equal(question, p + NGX_DNS_HEADER_SIZE, len - 4)
            && ngx_memcmp(question + len - 4, p + end - 4, 4) == 0)
        {
            return NGX_OK;
        }

        return NGX_DECLINED;
    }

    if (ngx_dns_get16(p + NGX_DNS_OFF_QDCOUNT) == 0
        && (p[NGX_DNS_OFF_FLAGS + 1] & NGX_DNS_RCODE) != NGX_DNS_NOERROR)
    {
        return NGX_DONE;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_dns_message_parse(ngx_dns_message_t *m, const u_char *p, size_t size,
    size_t body)
{
    ngx_uint_t      n, an, ns, opt;
    ngx_dns_walk_t  w;

    m->flags = ngx_dns_get16(p + NGX_DNS_OFF_FLAGS);
    m->rcode = m->flags & NGX_DNS_RCODE;
    m->ede = NGX_DNS_NO_EDE;
    m->scoped = 0;
    m->subnet = 0;
    m->edns = 0;
    m->body = body;
    m->end = body;

    an = ngx_dns_get16(p + NGX_DNS_OFF_ANCOUNT);
    ns = ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT);

    m->answers = (uint16_t) an;
    m->authority = (uint16_t) ns;
    m->additional = 0;

    opt = 0;

    ngx_dns_walk_init(&w, p, size, body,
                      an + ns + ngx_dns_get16(p + NGX_DNS_OFF_ARCOUNT));

    for (n = 0; ngx_dns_walk_next(&w); n++) {

        if (w.type == NGX_DNS_TYPE_OPT) {

            if (opt || n < an + ns || w.fixed - w.owner != 1
                || ngx_dns_message_opt(m, p, w.fixed, w.rdlen) != NGX_OK)
            {
                return NGX_ERROR;
            }

            opt = 1;
            m->edns = 1;
        }

        if (!opt) {
            m->end = w.pos;
            m->additional = (uint16_t) (m->additional + (n >= an + ns));
        }
    }

    return !w.bad && w.pos == size ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_dns_message_opt(ngx_dns_message_t *m, const u_char *p, size_t fixed,
    size_t rdlen)
{
    size_t         n;
    const u_char  *subnet;

    if (!ngx_dns_edns_options_fit(p + fixed + 10, rdlen)) {
        return NGX_ERROR;
    }

    m->rcode |= (uint16_t) (p[fixed + 4] << 4);

    if (rdlen) {
        m->ede = (uint16_t) ngx_dns_edns_ede(p + fixed + 10, rdlen);

        subnet = ngx_dns_edns_find_subnet(p + fixed + 10, rdlen, &n);

        if (subnet) {
            m->subnet = (uint16_t) (subnet - p);
            m->scoped = subnet[3];
        }
    }

    return NGX_OK;
}


/* where the type stands in a record that was parsed before */

static size_t
ngx_dns_message_type(const u_char *p, size_t pos)
{
    while (p[pos] != 0 && p[pos] < 0xc0) {
        pos += p[pos] + 1;
    }

    return pos + (p[pos] ? 2 : 1);
}


void
ngx_dns_message_record(ngx_dns_record_view_t *rr, const u_char *p, size_t pos)
{
    rr->fixed = ngx_dns_message_type(p, pos);
    rr->type = ngx_dns_get16(p + rr->fixed);
    rr->ttl = ngx_dns_get32(p + rr->fixed + 4);
    rr->rdlen = ngx_dns_get16(p + rr->fixed + 8);
    rr->rdata = rr->fixed + 10;
    rr->next = rr->rdata + rr->rdlen;
}


ngx_int_t
ngx_dns_message_keepalive(const u_char *p, size_t size, size_t body,
    ngx_uint_t *timeout)
{
    ngx_uint_t             total;
    ngx_dns_walk_t         w;
    ngx_dns_option_walk_t  o;

    total = (ngx_uint_t) ngx_dns_get16(p + NGX_DNS_OFF_ANCOUNT)
            + ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT)
            + ngx_dns_get16(p + NGX_DNS_OFF_ARCOUNT);

    ngx_dns_walk_init(&w, p, size, body, total);

    while (ngx_dns_walk_next(&w)) {

        if (w.type != NGX_DNS_TYPE_OPT) {
            continue;
        }

        ngx_dns_option_walk_init(&o, p + w.rdata, w.rdlen);

        while (ngx_dns_option_walk_next(&o)) {
            if (o.code == NGX_DNS_OPTION_KEEPALIVE && o.len == 2) {
                *timeout = ngx_dns_get16(o.data);
                return NGX_OK;
            }
        }

        return NGX_DECLINED;
    }

    return NGX_DECLINED;
}


void
ngx_dns_message_truncate(ngx_dns_message_t *m, const u_char *p, size_t limit)
{
    size_t      pos, prev, type, prev_type, end;
    ngx_uint_t  n, kept, need, total;

    if (m->end <= limit) {
        return;
    }

    /*
     * "end" and "kept" stay at the last border between two RRsets that is
     * inside the limit; neighbours of one owner and type are one RRset, and
     * the end of a section is always a border
     */

    need = m->answers + m->authority;
    total = need + m->additional;

    pos = m->body;
    end = pos;
    prev = 0;
    prev_type = 0;
    kept = 0;

    for (n = 0; n < total && pos <= limit; n++) {
        type = ngx_dns_message_type(p, pos);

        if (n == 0 || n == m->answers || n == need
            || ngx_memcmp(p + type, p + prev_type, 2) != 0
            || !ngx_dns_name_same(p, prev, pos))
        {
            end = pos;
            kept = n;
        }

        prev = pos;
        prev_type = type;
        pos = type + 10 + ngx_dns_get16(p + type + 8);
    }

    if (kept < m->answers
        || (kept < need && ngx_dns_message_required(m, p, kept, end)))
    {
        m->flags |= NGX_DNS_TC;
    }

    m->end = end;
    m->additional = (uint16_t) (kept > need ? kept - need : 0);
    m->authority = (uint16_t) (kept > m->answers
                               ? ngx_min(kept, need) - m->answers : 0);
    m->answers = (uint16_t) ngx_min(kept, m->answers);
}


/*
 * RFC 2181, 9: TC is for what is "required as part of the response".  Of the
 * authority section that is all where there is no answer, an SOA or a
 * referral; beside an answer it is the proof of a wildcard alone (RFC 4035,
 * 3.1.3.3).  The first record that was left out is at "pos".
 */

static ngx_uint_t
ngx_dns_message_required(const ngx_dns_message_t *m, const u_char *p,
    ngx_uint_t kept, size_t pos)
{
    ngx_dns_record_view_t  rr;

    if (m->answers == 0) {
        return 1;
    }

    for ( /* void */ ; kept < (ngx_uint_t) m->answers + m->authority; kept++) {
        ngx_dns_message_record(&rr, p, pos);

        if (rr.type == NGX_DNS_TYPE_NSEC || rr.type == NGX_DNS_TYPE_NSEC3) {
            return 1;
        }

        pos = rr.next;
    }

    return 0;
}


ngx_uint_t
ngx_dns_message_denial(const ngx_dns_message_t *m, const u_char *p)
{
    size_t                 pos, rname;
    ngx_uint_t             n;
    ngx_dns_record_view_t  rr;

    /* a pointer reaches 16384 octets */

    if (m->answers || m->additional || m->end + NGX_DNS_MAX_NAME > 0x3fff) {
        return 0;
    }

    for (n = 0, pos = m->body; n < m->authority; n++, pos = rr.next) {
        ngx_dns_message_record(&rr, p, pos);

        if (!ngx_dns_message_plain(m, p, pos)) {
            return 0;
        }

        switch (rr.type) {

        case NGX_DNS_TYPE_SOA:

            /* two names that fill all of it but five numbers */

            rname = ngx_dns_name_skip(p, rr.rdata, rr.next);
            pos = rname ? ngx_dns_name_skip(p, rname, rr.next) : 0;

            if (pos == 0 || rr.next - pos != 20
                || !ngx_dns_message_plain(m, p, rr.rdata)
                || !ngx_dns_message_plain(m, p, rname))
            {
                return 0;
            }

            break;

        /* RFC 3597, 4: no compression in types newer than RFC 1035 */

        case NGX_DNS_TYPE_NSEC:
        case NGX_DNS_TYPE_NSEC3:
        case NGX_DNS_TYPE_RRSIG:
            break;

        default:
            return 0;
        }
    }

    return 1;
}


/*
 * Does the name at "pos" end itself, or with a pointer to a label of the
 * question or of another name that is moved with it?
 */

static ngx_uint_t
ngx_dns_message_plain(const ngx_dns_message_t *m, const u_char *p, size_t pos)
{
    size_t                 target;
    ngx_uint_t             n;
    ngx_dns_record_view_t  rr;

    while (p[pos] != 0 && p[pos] < 0xc0) {
        pos += p[pos] + 1;
    }

    if (p[pos] == 0) {
        return 1;
    }

    target = ngx_dns_get16(p + pos) & 0x3fff;

    if (target < m->body) {
        return ngx_dns_message_label(p, NGX_DNS_HEADER_SIZE, target);
    }

    for (n = 0, pos = m->body; n < m->authority; n++, pos = rr.next) {
        ngx_dns_message_record(&rr, p, pos);

        if (target < rr.next) {
            return ngx_dns_message_label(p, pos, target)
                   || (rr.type == NGX_DNS_TYPE_SOA
                       && (ngx_dns_message_label(p, rr.rdata, target)
                           || ngx_dns_message_label(p,
                                  ngx_dns_name_skip(p, rr.rdata, rr.next),
                                  target)));
        }
    }

    return 0;
}


/* does a label of the name at "pos" start at "target"? */

static ngx_uint_t
ngx_dns_message_label(const u_char *p, size_t pos, size_t target)
{
    while (pos < target && p[pos] != 0 && p[pos] < 0xc0) {
        pos += p[pos] + 1;
    }

    return pos == target;
}


void
ngx_dns_message_shift(const ngx_dns_message_t *m, u_char *p, size_t delta)
{
    size_t                 pos;
    ngx_uint_t             n;
    ngx_dns_record_view_t  rr;

    for (n = 0, pos = m->body; n < m->authority; n++, pos = rr.next) {
        ngx_dns_message_record(&rr, p, pos);

        (void) ngx_dns_message_shift_name(p, pos, delta);

        if (rr.type == NGX_DNS_TYPE_SOA) {
            pos = ngx_dns_message_shift_name(p, rr.rdata, delta);
            (void) ngx_dns_message_shift_name(p, pos, delta);
        }
    }
}


/* returns what follows the name */

static size_t
ngx_dns_message_shift_name(u_char *p, size_t pos, size_t delta)
{
    while (p[pos] != 0) {

        if (p[pos] >= 0xc0) {
            ngx_dns_put16(p + pos, ngx_dns_get16(p + pos) + delta);
            return pos + 2;
        }

        pos += p[pos] + 1;
    }

    return pos + 1;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The codec against ldns, on generated messages: the same verdict and the
 * same fields, or a difference of a listed kind.  See docs/codec.md.
 *
 *     test_codec [messages [seed]]
 */


#include "tap.h"
#include "gen.h"
#include "wire/ngx_dns_question.h"
#include "wire/ngx_dns_message.h"
#include "wire/ngx_dns_name.h"

#include <ldns/ldns.h>


#define MESSAGES   2000000
#define SIZE       4096
#define OPAQUE     0xff00              /* a type whose data means nothing */


/* why a verdict may differ */

typedef enum {
    SAME = 0,
    OURS_QUESTIONS,
    OURS_SECTIONS,
    OURS_TRAILING,
    OURS_OPT,
    OURS_COMPRESSED,
    OURS_POINTER,
    LDNS_RDATA,
    LDNS_LENGTH,
    OTHER,
    DIFFERENCES
} difference_e;


static const char  *names[DIFFERENCES] = {
    "the same verdict",
    "ours: not one question",
    "ours: records in a query",
    "ours: octets after the last record",
    "ours: two OPTs, or one out of place or malformed",
    "ours: a compressed name in the question",
    "ours: a pointer to what is not a whole name before it",
    "ldns: data of a record that its type does not allow",
    "ldns: reads other records, inside of others' data",
    "any other difference"
};

static unsigned long  count[DIFFERENCES];
static unsigned long  accepted, refused, bad_fields;


/* where the fixed part of the record at "pos" stands, if walks() said so */

static size_t
fixed(const u_char *p, size_t pos)
{
    while (p[pos] != 0 && p[pos] < 0xc0) {
        pos += p[pos] + 1;
    }

    return pos + (p[pos] ? 2 : 1);
}


/*
 * Do all records lie in the message by the lengths they state?  ldns goes on
 * inside the data of a record that is longer than its type's fields, and so
 * can read another sequence of records, and accept it.
 */

static int
walks(const u_char *p, size_t len, size_t pos)
{
    unsigned  i, n;

    n = ngx_dns_get16(p + 6) + ngx_dns_get16(p + 8) + ngx_dns_get16(p + 10);

    for (i = 0; i < n; i++) {

        while (pos < len && p[pos] != 0 && p[pos] < 0xc0) {
            pos += p[pos] + 1;
        }

        if (pos >= len) {
            return 0;
        }

        pos += p[pos] ? 2 : 1;

        if (len < pos + 10 || len < pos + 10 + ngx_dns_get16(p + pos + 8)) {
            return 0;
        }

        pos += 10 + ngx_dns_get16(p + pos + 8);
    }

    return 1;
}


/*
 * An owner with a pointer to a name that is not wholly before its own start.
 * Only for what ldns has accepted, so the walk is safe.
 */

static int
not_backwards(const u_char *p, size_t pos)
{
    size_t    at, start, end;
    unsigned  i, n;

    n = ngx_dns_get16(p + 6) + ngx_dns_get16(p + 8) + ngx_dns_get16(p + 10);

    for (i = 0; i < n; i++) {
        start = pos;
        end = SIZE;

        for (at = pos; p[at] != 0; /* void */ ) {

            if (p[at] < 0xc0) {
                at += p[at] + 1;

                if (at >= end) {
                    return 1;
                }

                continue;
            }

            if (at + 1 >= end) {
                return 1;
            }

            at = ngx_dns_get16(p + at) & 0x3fff;

            if (at >= start || at < NGX_DNS_HEADER_SIZE) {
                return 1;
            }

            end = start;
            start = at;
        }

        at = fixed(p, pos);
        pos = at + 10 + ngx_dns_get16(p + at + 8);
    }

    return 0;
}


/* do we take the message if its OPT records are of another type? */

static int
without_opt_is_fine(const u_char *p, size_t len, size_t pos)
{
    size_t             at, next;
    u_char             copy[SIZE];
    unsigned           i, n;
    ngx_dns_message_t  m;

    memcpy(copy, p, len);

    n = ngx_dns_get16(p + 6) + ngx_dns_get16(p + 8) + ngx_dns_get16(p + 10);

    for (i = 0, next = pos; i < n; i++) {
        at = fixed(copy, next);

        if (ngx_dns_get16(copy + at) == NGX_DNS_TYPE_OPT) {
            ngx_dns_put16(copy + at, OPAQUE);
        }

        next = at + 10 + ngx_dns_get16(copy + at + 8);
    }

    return next == len && ngx_dns_message_parse(&m, copy, len, pos) == NGX_OK;
}


/* all records fit, and something is left */

static int
all_fit(const u_char *p, size_t len, size_t pos)
{
    size_t    at;
    unsigned  i, n;

    n = ngx_dns_get16(p + 6) + ngx_dns_get16(p + 8) + ngx_dns_get16(p + 10);

    for (i = 0; i < n; i++) {
        at = fixed(p, pos);
        pos = at + 10 + ngx_dns_get16(p + at + 8);
    }

    return pos < len;
}


static ldns_status
ldns_verdict(ldns_pkt **pkt, const u_char *p, size_t len)
{
    *pkt = NULL;

    return ldns_wire2pkt(pkt, p, len);
}


/*
 * What ldns makes of the message if no record's data means anything to it;
 * NULL if it refuses that.  The records must walk().
 */

static ldns_pkt *
opaque(const u_char *p, size_t len, size_t pos, int *ours)
{
    u_char             copy[SIZE];
    size_t             at, start;
    unsigned           i, n;
    ldns_pkt          *pkt;
    ngx_dns_message_t  m;

    start = pos;

    memcpy(copy, p, len);

    n = ngx_dns_get16(p + 6) + ngx_dns_get16(p + 8) + ngx_dns_get16(p + 10);

    for (i = 0; i < n; i++) {
        at = fixed(copy, pos);

        if (ngx_dns_get16(copy + at) != NGX_DNS_TYPE_OPT) {
            ngx_dns_put16(copy + at, OPAQUE);
        }

        pos = at + 10 + ngx_dns_get16(copy + at + 8);
    }

    /* a name that goes through the type of another record is another now */

    *ours = ngx_dns_message_parse(&m, copy, len, start) == NGX_OK;

    return ldns_verdict(&pkt, copy, len) == LDNS_STATUS_OK ? pkt : NULL;
}


/* do both agree then? */

static int
opaque_is_fine(const u_char *p, size_t len, size_t pos)
{
    int        ours;
    ldns_pkt  *pkt;

    pkt = opaque(p, len, pos, &ours);

    if (pkt) {
        ldns_pkt_free(pkt);
    }

    return (pkt != NULL) == ours;
}


static difference_e
refusal(const u_char *p, size_t len, size_t end, ngx_dns_reason_e rc)
{
    switch (rc) {

    case NGX_DNS_EQDCOUNT:
        return OURS_QUESTIONS;

    case NGX_DNS_ESECTION:
        return OURS_SECTIONS;

    case NGX_DNS_ETRAILING:
        return OURS_TRAILING;

    case NGX_DNS_EOPT:
    case NGX_DNS_EOPTS:
        return OURS_OPT;

    case NGX_DNS_ELABEL:
        return OURS_COMPRESSED;

    case NGX_DNS_ERECORD:
        return !walks(p, len, end) ? LDNS_LENGTH
               : not_backwards(p, end) ? OURS_POINTER : OTHER;

    default:
        return OTHER;
    }
}


static int
question_differs(ldns_pkt *pkt, const u_char *p, size_t name_len,
    unsigned type, unsigned class)
{
    ldns_rr  *rr;

    rr = ldns_rr_list_rr(ldns_pkt_question(pkt), 0);

    return ldns_rdf_size(ldns_rr_owner(rr)) != name_len
           || memcmp(ldns_rdf_data(ldns_rr_owner(rr)), p + 12, name_len) != 0
           || ldns_rr_get_type(rr) != type
           || ldns_rr_get_class(rr) != class;
}


static void
query(const u_char *p, size_t len)
{
    ldns_pkt            *pkt;
    ldns_status          status;
    ngx_dns_reason_e     rc;
    ngx_dns_question_t   q;

    rc = ngx_dns_question_parse(&q, p, len);
    status = ldns_verdict(&pkt, p, len);

    if (rc == NGX_DNS_EVERSION) {
        rc = NGX_DNS_FINE;
    }

    if (status == LDNS_STATUS_OK && rc == NGX_DNS_FINE) {
        count[SAME]++;
        accepted++;

        bad_fields += ldns_pkt_id(pkt) != q.asked.id
                      || ldns_pkt_rd(pkt) != ((q.asked.flags & NGX_DNS_RD) != 0)
                      || ldns_pkt_cd(pkt) != ((q.asked.flags & NGX_DNS_CD) != 0)
                      || ldns_pkt_ad(pkt) != ((q.asked.flags & NGX_DNS_AD) != 0)
                      || question_differs(pkt, p, q.asked.name_len,
                                          q.asked.type, q.asked.class)
                      || ldns_pkt_edns(pkt) != q.asked.edns
                      || (q.asked.edns
                          && (ngx_max(ldns_pkt_edns_udp_size(pkt), 512)
                              != q.asked.udp_size
                              || ldns_pkt_edns_do(pkt) != q.asked.dnssec_ok
                              || ldns_pkt_edns_version(pkt) != q.version));

    } else if (status != LDNS_STATUS_OK && rc != NGX_DNS_FINE) {
        count[SAME]++;
        refused++;

    } else if (rc == NGX_DNS_FINE) {
        count[opaque_is_fine(p, len, q.end) ? LDNS_RDATA : OTHER]++;

    } else {
        count[refusal(p, len, q.end, rc)]++;
    }

    if (pkt) {
        ldns_pkt_free(pkt);
    }
}


static int
answer_differs(ldns_pkt *pkt, const u_char *p, const ngx_dns_question_t *q,
    const ngx_dns_message_t *m)
{
    return ldns_pkt_ancount(pkt) != m->answers
           || ldns_pkt_nscount(pkt) != m->authority
           || ldns_pkt_get_rcode(pkt) != (m->rcode & 15)
           || ldns_pkt_tc(pkt) != ((m->flags & NGX_DNS_TC) != 0)
           || ldns_pkt_aa(pkt) != ((m->flags & NGX_DNS_AA) != 0)
           || (ldns_pkt_edns(pkt)
               && ldns_pkt_edns_extended_rcode(pkt) != m->rcode >> 4)
           || question_differs(pkt, p, q->asked.name_len, q->asked.type,
                               q->asked.class);
}


/* our walk begins after the question, whose match is tested elsewhere */

static void
response(const u_char *p, size_t len)
{
    u_char               copy[SIZE + NGX_DNS_READ_PAD];
    int                  ours;
    ldns_pkt            *pkt, *other;
    ngx_int_t            rc;
    ldns_status          status;
    ngx_dns_reason_e     reason;
    ngx_dns_question_t   q;
    ngx_dns_message_t    m;

    /* the same header as a query that has a question only */

    memcpy(copy, p, len);
    copy[2] &= 0x07;
    memset(copy + 6, 0, 6);

    reason = len < 12 ? NGX_DNS_EHEADER : ngx_dns_question_parse(&q, copy, len);

    if (len >= 12 && reason != NGX_DNS_FINE && reason != NGX_DNS_ETRAILING) {
        rc = NGX_DECLINED;

    } else {
        rc = len < 12 ? NGX_ERROR : ngx_dns_message_parse(&m, p, len, q.end);
    }

    status = ldns_verdict(&pkt, p, len);

    if (status == LDNS_STATUS_OK && rc == NGX_OK) {
        count[SAME]++;
        accepted++;

        if (answer_differs(pkt, p, &q, &m)) {
            other = opaque(p, len, q.end, &ours);

            if (other == NULL || answer_differs(other, p, &q, &m)) {
                bad_fields++;
            }

            count[SAME]--;
            count[LDNS_LENGTH]++;

            ldns_pkt_free(other);
        }

    } else if (status != LDNS_STATUS_OK && rc != NGX_OK) {
        count[SAME]++;
        refused++;

    } else if (rc == NGX_OK) {
        count[opaque_is_fine(p, len, q.end) ? LDNS_RDATA : OTHER]++;

    } else if (rc == NGX_DECLINED) {
        count[refusal(p, len, q.end, reason)]++;

    } else {
        count[!walks(p, len, q.end) ? LDNS_LENGTH
              : not_backwards(p, q.end) ? OURS_POINTER
              : without_opt_is_fine(p, len, q.end) ? OURS_OPT
              : all_fit(p, len, q.end) ? OURS_TRAILING
              : opaque_is_fine(p, len, q.end) ? LDNS_LENGTH : OTHER]++;
    }

    if (pkt) {
        ldns_pkt_free(pkt);
    }
}


/* the first few that must not be */

static void
show(const char *what, const u_char *p, size_t len, unsigned kind)
{
    size_t         i;
    char           hex[2 * SIZE + 1];

    static unsigned  shown;

    if (shown++ >= 5) {
        return;
    }

    for (i = 0; i < len; i++) {
        sprintf(hex + 2 * i, "%02x", p[i]);
    }

    diag("%s, kind 0x%x: %s", what, kind, hex);
}


int
main(int argc, char **argv)
{
    u_char         *p;
    gen_t           g;
    size_t          len;
    unsigned        kind, i;
    u_char          buf[SIZE];
    unsigned long   n, messages, other, bad;

    messages = argc > 1 ? strtoul(argv[1], NULL, 10) : MESSAGES;

    gen_init(&g, argc > 2 ? strtoul(argv[2], NULL, 10) : 1);

    for (n = 0; n < messages; n++) {
        len = gen_message(&g, buf, SIZE, &kind);

        /* of the very size, so that a sanitizer sees a read too far */

        p = malloc(len + NGX_DNS_READ_PAD);
        memcpy(p, buf, len);

        other = count[OTHER];
        bad = bad_fields;

        if (len >= 12 && (p[2] & 0x80)) {
            response(p, len);

        } else {

            /* other opcodes are not parsed on: make them QUERY */

            if (len >= 12) {
                p[2] &= 0x87;
            }

            query(p, len);
        }

        if (count[OTHER] > other || bad_fields > bad) {
            show(bad_fields > bad ? "field" : "verdict", p, len, kind);
        }

        free(p);
    }

    for (i = 0; i < DIFFERENCES; i++) {
        diag("%10lu  %s", count[i], names[i]);
    }

    diag("%10lu accepted by both, %lu refused by both", accepted, refused);

    is_int(count[OTHER], 0, "no verdict differs but for a listed reason");
    is_int(bad_fields, 0, "no field differs");
    ok(accepted > messages / 4 && refused > messages / 50,
       "there was something of either to agree on");

    return done_testing();
}

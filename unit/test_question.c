
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Queries of clients: each malformed case has a verdict of its own. */


#include "tap.h"
#include "wire/ngx_dns_question.h"
#include "query/ngx_dns_options.h"
#include "base/ngx_dns_hash.h"


/* "example." IN A, and what may stand before and after it */

#define NAME    "\7example\0"
#define ASKED   NAME "\0\1\0\1"
#define ID      "\x12\x34"
#define OPT     "\0\0\x29\x04\xd0\0\0\0\0\0\0"

/* its data is not looked at */

#define TSIG    "\0\0\xfa\0\xff\0\0\0\0\0\0"

#define MSG(s)  s, sizeof(s) - 1


typedef struct {
    const char        *name;
    const char        *data;
    size_t             len;
    ngx_dns_reason_e   verdict;
    unsigned           end;           /* q->end */
} case_t;


static const case_t  cases[] = {

    { "plain", MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" ASKED), NGX_DNS_FINE, 25 },
    { "root", MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" "\0\0\2\0\1"),
      NGX_DNS_FINE, 17 },

    { "empty", MSG(""), NGX_DNS_EHEADER, 0 },
    { "11 octets", MSG(ID "\1\0" "\0\1\0\0\0\0\0"), NGX_DNS_EHEADER, 0 },
    { "response bit set", MSG(ID "\x81\0" "\0\1\0\0\0\0\0\0" ASKED),
      NGX_DNS_ERESPONSE, 0 },

    { "NOTIFY", MSG(ID "\x20\0" "\0\1\0\0\0\0\0\0" ASKED),
      NGX_DNS_EOPCODE, 0 },
    { "UPDATE", MSG(ID "\x28\0" "\0\1\0\0\0\0\0\0" ASKED),
      NGX_DNS_EOPCODE, 0 },

    { "RFC 9619, 4: no question", MSG(ID "\1\0" "\0\0\0\0\0\0\0\0"),
      NGX_DNS_EQDCOUNT, 0 },
    { "an OPT alone",
      MSG(ID "\1\0" "\0\0\0\0\0\0\0\1" OPT), NGX_DNS_EQDCOUNT, 0 },
    { "RFC 9619, 4: two questions",
      MSG(ID "\1\0" "\0\2\0\0\0\0\0\0" ASKED ASKED), NGX_DNS_EQDCOUNT, 0 },

    { "cut in a label", MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" "\7exam"),
      NGX_DNS_EQUESTION, 0 },
    { "cut before the root", MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" "\7example"),
      NGX_DNS_EQUESTION, 0 },
    { "cut in the class",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" NAME "\0\1\0"), NGX_DNS_EQUESTION, 0 },
    { "compressed question",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" "\xc0\x0c\0\1\0\1"),
      NGX_DNS_ELABEL, 0 },
    { "label type 01", MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" "\x41" "a\0\0\1\0\1"),
      NGX_DNS_ELABEL, 0 },

    { "answer in a query",
      MSG(ID "\1\0" "\0\1\0\1\0\0\0\0" ASKED "\xc0\x0c\0\1\0\1\0\0\0\0\0\0"),
      NGX_DNS_ESECTION, 25 },
    { "authority in a query",
      MSG(ID "\1\0" "\0\1\0\0\0\1\0\0" ASKED "\xc0\x0c\0\1\0\1\0\0\0\0\0\0"),
      NGX_DNS_ESECTION, 25 },
    { "RFC 1995, 3: IXFR with its SOA",
      MSG(ID "\1\0" "\0\1\0\0\0\1\0\0" NAME "\0\xfb\0\1"
          "\xc0\x0c\0\6\0\1\0\0\0\0\0\0"), NGX_DNS_FINE, 25 },

    { "record missing", MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED),
      NGX_DNS_ERECORD, 25 },
    { "record cut", MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED "\0\0\x29\x04"),
      NGX_DNS_ERECORD, 25 },
    { "record's data cut",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED "\0\0\x10\0\1\0\0\0\0\0\5ab"),
      NGX_DNS_ERECORD, 25 },
    { "owner points forward",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\xc0\x30\0\x10\0\1\0\0\0\0\0\0"), NGX_DNS_ERECORD, 25 },
    { "owner points to itself",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\xc0\x19\0\x10\0\1\0\0\0\0\0\0"), NGX_DNS_ERECORD, 25 },

    { "EDNS", MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED OPT), NGX_DNS_FINE, 25 },
    { "RFC 6891, 6.1.1: more than one OPT is FORMERR",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\2" ASKED OPT OPT), NGX_DNS_EOPTS, 25 },
    { "RFC 6891, 6.1.2: NAME MUST be 0",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\xc0\x0c\0\x29\x04\xd0\0\0\0\0\0\0"), NGX_DNS_EOPT, 25 },
    { "options do not fit",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\0\0\x29\x04\xd0\0\0\0\0\0\6\0\x0a\0\3ab"), NGX_DNS_EOPT, 25 },
    { "unknown option",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\0\0\x29\x04\xd0\0\0\0\0\0\6\xff\xf0\0\2ab"), NGX_DNS_FINE, 25 },
    { "RFC 6891, 6.1.3: version 1",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED
          "\0\0\x29\x04\xd0\0\1\0\0\0\0"), NGX_DNS_EVERSION, 25 },
    { "OPT in the authority section of an IXFR",
      MSG(ID "\1\0" "\0\1\0\0\0\1\0\0" NAME "\0\xfb\0\1" OPT),
      NGX_DNS_ESECTION, 25 },

    { "TSIG", MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED TSIG),
      NGX_DNS_FINE, 25 },
    { "TSIG after OPT",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\2" ASKED OPT TSIG), NGX_DNS_FINE, 25 },
    { "RFC 8945, 5.1: TSIG before OPT",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\2" ASKED TSIG OPT),
      NGX_DNS_ERECORD, 25 },
    { "RFC 8945, 5.1: more than one TSIG",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\2" ASKED TSIG TSIG),
      NGX_DNS_ERECORD, 25 },
    { "RFC 8945, 5.1: TSIG in the authority section of an IXFR",
      MSG(ID "\1\0" "\0\1\0\0\0\1\0\0" NAME "\0\xfb\0\1" TSIG),
      NGX_DNS_ESECTION, 25 },

    { "octets after the question",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\0" ASKED "x"), NGX_DNS_ETRAILING, 25 },
    { "octets after the OPT",
      MSG(ID "\1\0" "\0\1\0\0\0\0\0\1" ASKED OPT "x"),
      NGX_DNS_ETRAILING, 25 }
};


static void
verdicts(void)
{
    u_char              *p;
    size_t               i;
    ngx_dns_reason_e     rc;
    ngx_dns_question_t   q;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        /* of the very size, so that a sanitizer sees a read too far */

        p = malloc(cases[i].len + NGX_DNS_READ_PAD);
        memcpy(p, cases[i].data, cases[i].len);

        rc = ngx_dns_question_parse(&q, p, cases[i].len);

        is_str(ngx_dns_reasons[rc].label,
               ngx_dns_reasons[cases[i].verdict].label, "%s", cases[i].name);

        if (rc != NGX_DNS_EHEADER) {
            is_int(q.end, cases[i].end, "%s: end", cases[i].name);
        }

        free(p);
    }
}


/* RFC 6891, 7: an OPT is answered by an OPT, whatever the opcode */

static void
opcodes(void)
{
    u_char               buf[256];
    size_t               i;
    ngx_dns_question_t   q;

    static const struct {
        const char  *name;
        const char  *data;
        size_t       len;
        ngx_uint_t   edns;
    } cases[] = {
        { "NOTIFY without OPT", MSG(ID "\x20\0" "\0\1\0\0\0\0\0\0" ASKED), 0 },
        { "NOTIFY with OPT", MSG(ID "\x20\0" "\0\1\0\0\0\0\0\1" ASKED
                                 "\0\0\x29\4\xd0\0\0\0\0\0\0"), 1 },
        { "UPDATE with a record and OPT",
          MSG(ID "\x28\0" "\0\1\0\0\0\1\0\1" ASKED
              "\xc0\x0c\0\1\0\1\0\0\0\0\0\0"
              "\0\0\x29\4\xd0\0\0\0\0\0\0"), 1 },
        { "two OPTs", MSG(ID "\x20\0" "\0\1\0\0\0\0\0\2" ASKED
                          "\0\0\x29\4\xd0\0\0\0\0\0\0"
                          "\0\0\x29\4\xd0\0\0\0\0\0\0"), 0 },
        { "STATUS without a question", MSG(ID "\x10\0" "\0\0\0\0\0\0\0\1"
                                           "\0\0\x29\4\xd0\0\0\0\0\0\0"),
          1 },
        { "STATUS and an OPT of version 1",
          MSG(ID "\x10\0" "\0\0\0\0\0\0\0\1"
              "\0\0\x29\4\xd0\0\1\0\0\0\0"), 1 },
        { "NOTIFY and an OPT of version 1",
          MSG(ID "\x20\0" "\0\1\0\0\0\0\0\1" ASKED
              "\0\0\x29\4\xd0\0\1\0\0\0\0"), 1 },
        { "STATUS, two questions and an OPT",
          MSG(ID "\x10\0" "\0\2\0\0\0\0\0\1" ASKED ASKED OPT), 0 },
        { "STATUS and octets that are no record",
          MSG(ID "\x10\0" "\0\0\0\0\0\0\0\1" "\0\0\x29"), 0 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memcpy(buf, cases[i].data, cases[i].len);
        is_int(ngx_dns_question_parse(&q, buf, cases[i].len), NGX_DNS_EOPCODE,
               "%s", cases[i].name);
        is_int(q.asked.edns, cases[i].edns, "%s: EDNS", cases[i].name);
        is_int(q.end, 0, "%s: the question is not repeated", cases[i].name);
    }
}


static void
fields(void)
{
    ngx_dns_question_t  q;

    static const u_char  msg[] =
        ID "\1\x30" "\0\1\0\0\0\0\0\1" "\3WwW\7eXample\0\0\x1c\0\1"
        "\0\0\x29\0\x10\0\0\x80\0\0\0" "padding.";

    is_int(ngx_dns_question_parse(&q, msg, sizeof(msg) - 9), NGX_DNS_FINE,
           "fields");

    is_int(q.asked.id, 0x1234, "ID");
    is_int(q.asked.flags, 0x0130, "flags");
    is_int(q.asked.type, 28, "type");
    is_int(q.asked.class, 1, "class");
    is_int(q.labels, 2, "labels");
    is_int(q.label[0], 0, "first label");
    is_int(q.label[1], 4, "second label");
    is_int(q.label[2], 12, "root");
    is_mem(q.name, q.asked.name_len, "\3www\7example\0", 13,
           "name in lower case");
    is_int(q.asked.edns, 1, "EDNS");
    is_int(q.asked.dnssec_ok, 1, "DO");

    /* RFC 6891, 6.2.3: "values lower than 512 MUST be treated as 512" */

    is_int(q.asked.udp_size, 512, "UDP size");
}


/* RFC 1035, 2.3.4: 255 octets or less */

static void
lengths(void)
{
    u_char              *p;
    size_t               len;
    ngx_uint_t           i, k;
    ngx_dns_question_t   q;

    for (k = 0; k < 2; k++) {

        /* 127 labels of one octet are 255 octets with the root; one more */

        len = 12 + 2 * (127 + k) + 1 + 4;
        p = calloc(1, len + NGX_DNS_READ_PAD);

        p[5] = 1;

        for (i = 0; i < 127 + k; i++) {
            p[12 + 2 * i] = 1;
            p[13 + 2 * i] = 'a';
        }

        is_int(ngx_dns_question_parse(&q, p, len),
               k ? NGX_DNS_ENAME : NGX_DNS_FINE, "%u labels",
               (unsigned) (127 + k));

        free(p);
    }

    is_int(q.end, 0, "a name too long is not echoed");
}


/* all of the input counts, and nothing else */

static void
hashes(void)
{
    u_char              in[64];
    uint64_t            h;
    ngx_uint_t          i, same, other;
    ngx_dns_hash_key_t  key;

    same = 0;
    other = 0;

    for (i = 0; i < 64; i++) {
        in[i] = (u_char) i;
    }

    key.k0 = 0x0706050403020100ULL;
    key.k1 = 0x0f0e0d0c0b0a0908ULL;

    ok(ngx_dns_hash(&key, in, 8, 0) != ngx_dns_hash(&key, in, 8, 1),
       "the seed counts");
    ok(ngx_dns_hash(&key, in, 7, 0) != ngx_dns_hash(&key, in, 8, 0),
       "the length counts");

    key.k0 = 0x243f6a8885a308d3ULL;
    key.k1 = 0x13198a2e03707344ULL;

    for (i = 1; i <= 40; i++) {
        h = ngx_dns_hash_name(&key, in, i, 0);

        in[i] ^= 1;
        same += ngx_dns_hash_name(&key, in, i, 0) == h;
        in[i - 1] ^= 1;
        other += ngx_dns_hash_name(&key, in, i, 0) != h;
        other += ngx_dns_hash_name(&key, in, i, 1) != h;
    }

    is_int(same, 40, "names: octets past the end do not count");
    is_int(other, 80, "names: the last one does, and the seed");
}


static void
opts(void)
{
    u_char   buf[32];
    u_char  *last;

    last = ngx_dns_edns_write(buf, 1232, NGX_DNS_BADVERS, NGX_DNS_EDNS_DO,
                              NGX_DNS_NO_EDE);

    is_mem(buf, last - buf, "\0\0\x29\x04\xd0\1\0\x80\0\0\0", 11, "BADVERS");

    last = ngx_dns_edns_write(buf, 1232, NGX_DNS_SERVFAIL, 0, 22);

    is_mem(buf, last - buf, "\0\0\x29\x04\xd0\0\0\0\0\0\6\0\xf\0\2\0\x16", 17,
           "RFC 8914: EDE 22");
    is_int(ngx_dns_edns_ede(buf + 11, 6), 22, "and read again");
}


/* options of a query: a mask, and a Client Subnet (RFC 7871, 6) */

/* the rows of the table in ngx_dns_options.c, and a bit of our own */

#define NSID       0x01
#define KEEPALIVE  0x02
#define SUBNET     0x04
#define COOKIE     0x08
#define PADDING    0x10
#define BAD        0x100


static void
options(void)
{
    u_char               buf[NGX_DNS_SUBNET_SIZE];
    u_char              *last;
    ngx_uint_t           i;
    const u_char        *p;
    ngx_dns_conf_t       conf;
    ngx_dns_subnet_t     subnet;
    ngx_dns_request_t    r;
    ngx_dns_question_t   q;

    static const struct {
        const char   *name;
        const char   *data;
        size_t        len;
        ngx_uint_t    options;
    } cases[] = {
        { "NSID", "\0\3\0\0", 4, NSID },
        { "keepalive, padding", "\0\xb\0\0\0\xc\0\2\0\0", 10,
          KEEPALIVE | PADDING },
        { "keepalive with a time", "\0\xb\0\2\0\x78", 6, 0 },
        { "unknown, cookie", "\0\x64\0\1x\0\xa\0\2xx", 11, 0 },
        { "IPv4/20", "\0\x8\0\7\0\1\x14\0\xc0\0\x10", 11,
          SUBNET },
        { "IPv4/0", "\0\x8\0\4\0\1\0\0", 8, SUBNET },
        { "twice", "\0\x8\0\4\0\1\0\0\0\x8\0\4\0\1\0\0", 16,
          SUBNET | BAD },
        { "bits behind the prefix", "\0\x8\0\7\0\1\x14\0\xc0\0\x18", 11,
          SUBNET | BAD },
        { "a scope", "\0\x8\0\7\0\1\x14\x14\xc0\0\x10", 11,
          SUBNET | BAD },
        { "an octet too many", "\0\x8\0\x8\0\1\x14\0\xc0\0\x10\0", 12,
          SUBNET | BAD },
        { "an octet too few", "\0\x8\0\6\0\1\x14\0\xc0\0", 10,
          SUBNET | BAD },
        { "33 bits", "\0\x8\0\x9\0\1\x21\0\xc0\0\x10\0\0", 13,
          SUBNET | BAD },
        { "a family", "\0\x8\0\4\0\3\0\0", 8,
          SUBNET | BAD },
        { "too short", "\0\x8\0\2\0\1", 6,
          SUBNET | BAD }
    };

    memset(&conf, 0, sizeof(conf));

    r.conf = &conf;
    r.client = NULL;
    r.question = &q;
    q.options = 0;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&q.asked, 0, sizeof(q.asked));
        r.packet = (u_char *) cases[i].data;
        q.options_len = (uint16_t) cases[i].len;
        is_int(ngx_dns_options_parse(&r, NGX_DNS_FINE), NGX_DNS_FINE,
               "a verdict");
        is_int(q.asked.options | (q.asked.subnet_bad ? BAD : 0),
               cases[i].options, cases[i].name);
        is_int(q.asked.subnet_asked, (cases[i].options & SUBNET) != 0,
               "subnet");
    }

    /* RFC 7873, 5.4: an OPT may be all there is of a query */

    p = (const u_char *) ID "\1\0" "\0\0\0\0\0\0\0\1" OPT "x";

    is_int(ngx_dns_question_parse(&q, p, 23), NGX_DNS_EQDCOUNT,
           "an OPT alone");
    is_int(q.asked.edns, 1, "is read");
    is_int(ngx_dns_question_parse(&q, p, 24), NGX_DNS_EQDCOUNT,
           "and more octets");
    is_int(q.asked.edns, 0, "is not");

    (void) ngx_dns_edns_subnet(&subnet,
                               (const u_char *) "\0\1\x18\0\xc0\0\2", 7);
    ngx_dns_edns_cut(&subnet, 23);
    subnet.source = 23;

    last = ngx_dns_edns_write_subnet(buf, &subnet, 16);
    is_mem(buf, last - buf, "\0\x8\0\7\0\1\x17\x10\xc0\0\2", 11,
           "cut to 23 bits");

    ngx_dns_edns_cut(&subnet, 22);
    is_mem(subnet.addr, 4, "\xc0\0\0\0", 4, "to 22");

    ngx_dns_edns_cut(&subnet, 0);
    is_mem(subnet.addr, 4, "\0\0\0\0", 4, "to none");
}


int
main(void)
{
    verdicts();
    opcodes();
    fields();
    lengths();
    hashes();
    opts();
    options();

    return done_testing();
}

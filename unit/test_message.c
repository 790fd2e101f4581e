
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Answers of servers: matched, walked, truncated. */


#include "tap.h"
#include "wire/ngx_dns_message.h"
#include "wire/ngx_dns_name.h"


#define HEAD(qd, an, ns, ar)  "\x12\x34\x81\x80" "\0" qd "\0" an "\0" ns "\0" ar
#define ASKED                 "\3WWW\7example\0\0\1\0\1"
#define A(n)                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2" n
#define OPT                   "\0\0\x29\x04\xd0\0\0\0\0\0\0"
#define BODY                  29


static const u_char  question[] = "\3www\7example\0\0\1\0\1" "padding";


static void
matches(void)
{
    static const u_char  same[] = HEAD("\1", "\0", "\0", "\0") ASKED;
    static const u_char  other[] = HEAD("\1", "\0", "\0", "\0")
                                   "\3WWX\7example\0\0\1\0\1";
    static const u_char  type[] = HEAD("\1", "\0", "\0", "\0")
                                  "\3WWW\7example\0\0\2\0\1";
    static const u_char  none[] = "\x12\x34\x80\x05\0\0\0\0\0\0\0\0";
    static const u_char  noerror[] = "\x12\x34\x80\x00\0\0\0\0\0\0\0\0";

    is_int(ngx_dns_message_question(same, sizeof(same) - 1, question, 17),
           NGX_OK, "the question, in any case");
    is_int(ngx_dns_message_question(other, sizeof(other) - 1, question, 17),
           NGX_DECLINED, "another name");
    is_int(ngx_dns_message_question(type, sizeof(type) - 1, question, 17),
           NGX_DECLINED, "another type");
    is_int(ngx_dns_message_question(same, sizeof(same) - 2, question, 17),
           NGX_DECLINED, "a question cut off");
    is_int(ngx_dns_message_question(none, 12, question, 17), NGX_DONE,
           "no question, REFUSED");
    is_int(ngx_dns_message_question(noerror, 12, question, 17), NGX_DECLINED,
           "no question, NOERROR");
}


static void
walks(void)
{
    ngx_dns_message_t  m;

    static const u_char  two[] = HEAD("\1", "\2", "\0", "\1") ASKED
                                 A("\1") A("\2") OPT;
    static const u_char  middle[] = HEAD("\1", "\0", "\0", "\3") ASKED
                                    A("\1") OPT A("\2");
    static const u_char  loop[] = HEAD("\1", "\1", "\0", "\0") ASKED
                                  "\xc0\x1d\0\1\0\1\0\0\0\x3c\0\0";
    static const u_char  past[] = HEAD("\1", "\1", "\0", "\0") ASKED
                                  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\5abcd";
    static const u_char  bits[] = "\x12\x34\x81\x80\0\1\0\0\0\0\0\1" ASKED
                                  "\0\0\x29\x04\xd0\1\0\0\0\0\0";
    static const u_char  run[] = HEAD("\1", "\1", "\0", "\0") ASKED
                                 "\xc0\x17\0\1\0\1\0\0\0\x3c\0\0";

    static const u_char  over[] = HEAD("\1", "\2", "\0", "\0") ASKED
                                  A("\2")
                                  "\xc0\x2c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";
    static const u_char  next[] = HEAD("\1", "\2", "\0", "\0") ASKED
                                  "\xc0\x0c\0\2\0\1\0\0\0\x3c\0\3\1x\0"
                                  "\xc0\x29\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";

    is_int(ngx_dns_message_parse(&m, two, sizeof(two) - 1, BODY), NGX_OK,
           "two answers and an OPT");
    is_int(m.answers, 2, "answers");
    is_int(m.additional, 0, "the OPT is not counted");
    is_int(m.end, BODY + 32, "nor in");

    is_int(ngx_dns_message_parse(&m, middle, sizeof(middle) - 1, BODY), NGX_OK,
           "an OPT in the middle");
    is_int(m.additional, 1, "what follows it is left out");
    is_int(m.end, BODY + 16, "for good");

    is_int(ngx_dns_message_parse(&m, loop, sizeof(loop) - 1, BODY), NGX_ERROR,
           "a pointer to itself");
    is_int(ngx_dns_message_parse(&m, past, sizeof(past) - 1, BODY), NGX_ERROR,
           "data past the end");
    is_int(ngx_dns_message_parse(&m, run, sizeof(run) - 1, BODY), NGX_ERROR,
           "a name that runs out of the message");
    is_int(ngx_dns_message_parse(&m, over, sizeof(over) - 1, BODY), NGX_ERROR,
           "a pointer to a name that goes on after it");
    is_int(ngx_dns_message_parse(&m, next, sizeof(next) - 1, BODY), NGX_OK,
           "a pointer to a name that ends right before it");
    is_int(ngx_dns_message_parse(&m, two, sizeof(two) - 2, BODY), NGX_ERROR,
           "cut");

    is_int(ngx_dns_message_parse(&m, bits, sizeof(bits) - 1, BODY), NGX_OK,
           "extended rcode");
    is_int(m.rcode, 16, "its upper bits");
}


static void
cuts(void)
{
    ngx_dns_message_t  m, c;

    /* an RRset of two, one of another type, an additional one */

    static const u_char  msg[] = HEAD("\1", "\3", "\0", "\1") ASKED
        A("\1") A("\2")
        "\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\2\1x"
        "\xc0\x10\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\x63";

    is_int(ngx_dns_message_parse(&m, msg, sizeof(msg) - 1, BODY), NGX_OK,
           "a message to cut");
    is_int(m.end, BODY + 62, "its end");

    c = m;
    ngx_dns_message_truncate(&c, msg, BODY + 62);
    is_int(c.end, m.end, "it fits");
    is_int(c.flags & NGX_DNS_TC, 0, "no TC");

    /* RFC 2181, 9: TC is not for what is only additional */

    c = m;
    ngx_dns_message_truncate(&c, msg, BODY + 61);
    is_int(c.end, BODY + 46, "additional goes first");
    is_int(c.flags & NGX_DNS_TC, 0, "without TC");
    is_int(c.answers, 3, "all answers");
    is_int(c.additional, 0, "no additional");

    c = m;
    ngx_dns_message_truncate(&c, msg, BODY + 45);
    is_int(c.end, BODY + 32, "then the second RRset");
    is_int(c.flags & NGX_DNS_TC, NGX_DNS_TC, "with TC");
    is_int(c.answers, 2, "two answers");

    c = m;
    ngx_dns_message_truncate(&c, msg, BODY + 31);
    is_int(c.end, BODY, "an RRset goes whole");
    is_int(c.answers, 0, "no answer");
    is_int(c.flags & NGX_DNS_TC, NGX_DNS_TC, "TC");
}


static void
texts(void)
{
    u_char  buf[NGX_DNS_NAME_TEXT], *last;

    last = ngx_dns_name_text(buf, (u_char *) "\0");
    is_mem(buf, last - buf, ".", 1, "the root");

    last = ngx_dns_name_text(buf, (u_char *) "\3a.b\4\\\0\xff \0");
    is_mem(buf, last - buf, "a\\.b.\\\\\\000\\255\\032", 19,
           "RFC 1035, 5.1: escapes");
}


/* NXDOMAIN of www.example, then of a name below it */

static void
shifts(void)
{
    u_char             msg[256];
    size_t             len;
    ngx_dns_message_t  m;

    static const u_char  soa[] = HEAD("\1", "\0", "\2", "\0") ASKED
        "\xc0\x10\0\6\0\1\0\0\0\x3c\0\x1b" "\2ns\xc0\x10" "\xc0\x29"
        "aaaabbbbccccddddeeee"
        "\xc0\x0c\0\x2f\0\1\0\0\0\x3c\0\3" "\0\xc0\x0c";
    static const u_char  below[] = HEAD("\1", "\0", "\2", "\0") "\1a" ASKED
        "\xc0\x12\0\6\0\1\0\0\0\x3c\0\x1b" "\2ns\xc0\x12" "\xc0\x2b"
        "aaaabbbbccccddddeeee"
        "\xc0\x0e\0\x2f\0\1\0\0\0\x3c\0\3" "\0\xc0\x0c";
    static const u_char  ns[] = HEAD("\1", "\0", "\1", "\0") ASKED
        "\xc0\x10\0\2\0\1\0\0\0\x3c\0\2\xc0\x0c";
    static const u_char  cut[] = HEAD("\1", "\0", "\1", "\0") ASKED
        "\xc0\x10\0\6\0\1\0\0\0\x3c\0\x15\xc0\x10"
        "aaaabbbbccccddddeee";
    static const u_char  answer[] = HEAD("\1", "\1", "\0", "\0") ASKED A("\1");
    static const u_char  ecs[] = HEAD("\1", "\0", "\0", "\1") ASKED
        "\0\0\x29\x04\xd0\0\0\0\0\0\x0b\0\x08\0\7\0\1\x18\x10\xc0\0\2";

    is_int(ngx_dns_message_parse(&m, soa, sizeof(soa) - 1, BODY), NGX_OK,
           "an SOA and an NSEC");
    is_int(ngx_dns_message_denial(&m, soa), 1, "are a denial");
    is_int(m.scoped, 0, "for all clients");

    /* the question has got a label in front */

    memcpy(msg, soa, NGX_DNS_HEADER_SIZE);
    memcpy(msg + NGX_DNS_HEADER_SIZE, "\1a", 2);
    memcpy(msg + NGX_DNS_HEADER_SIZE + 2, soa + NGX_DNS_HEADER_SIZE,
           sizeof(soa) - 1 - NGX_DNS_HEADER_SIZE);
    len = sizeof(soa) + 1;

    m.body += 2;
    m.end += 2;
    ngx_dns_message_shift(&m, msg, 2);

    is_int(len, sizeof(below) - 1, "two octets more");
    ok(memcmp(msg, below, len) == 0, "the pointers of names are moved");

    is_int(ngx_dns_message_parse(&m, ns, sizeof(ns) - 1, BODY), NGX_OK, "NS");
    is_int(ngx_dns_message_denial(&m, ns), 0, "is no denial");

    is_int(ngx_dns_message_parse(&m, cut, sizeof(cut) - 1, BODY), NGX_OK,
           "an SOA of one name");
    is_int(ngx_dns_message_denial(&m, cut), 0, "is not trusted");

    is_int(ngx_dns_message_parse(&m, answer, sizeof(answer) - 1, BODY), NGX_OK,
           "an answer");
    is_int(ngx_dns_message_denial(&m, answer), 0, "denies nothing");

    is_int(ngx_dns_message_parse(&m, ecs, sizeof(ecs) - 1, BODY), NGX_OK,
           "a Client Subnet");
    is_int(m.scoped, 16, "its scope");
}


/* chains of pointers: a name may have a few, a message so much work */

static void
chains(void)
{
    u_char             *msg;
    size_t              pos, prev, size;
    ngx_uint_t          i, n, hops;
    ngx_dns_message_t   m;

    msg = calloc(1, 65535 + 16);

    for (hops = 15; hops <= 17; hops += 2) {
        memcpy(msg, HEAD("\1", "\0", "\0", "\0") ASKED, BODY);
        pos = BODY;
        prev = NGX_DNS_HEADER_SIZE + 4;

        for (i = 0; i < hops; i++) {
            memcpy(msg + pos, "\1a\xc0", 3);
            msg[pos + 3] = (u_char) prev;
            memcpy(msg + pos + 4, "\0\1\0\1\0\0\0\x3c\0\0", 10);
            prev = pos;
            pos += 14;
        }

        msg[7] = (u_char) hops;

        is_int(ngx_dns_message_parse(&m, msg, pos, BODY),
               hops > NGX_DNS_NAME_JUMPS ? NGX_ERROR : NGX_OK,
               "%u pointers in a row", (unsigned) hops);
    }

    /* names of 100 labels, each a pointer to the first: 64 KB of them */

    memcpy(msg, HEAD("\1", "\0", "\0", "\0") ASKED, BODY);
    pos = BODY;

    for (i = 0; i < 100; i++) {
        memcpy(msg + pos, "\1a", 2);
        pos += 2;
    }

    msg[pos] = 0;
    memcpy(msg + pos + 1, "\0\1\0\1\0\0\0\x3c\0\0", 10);
    pos += 11;

    for (n = 1; n < 5000; n++) {
        memcpy(msg + pos, "\xc0\x1d\0\1\0\1\0\0\0\x3c\0\0", 12);
        pos += 12;
    }

    size = BODY + 211 + 999 * 12;
    ngx_dns_put16(msg + NGX_DNS_OFF_ANCOUNT, 1000);
    is_int(ngx_dns_message_parse(&m, msg, size, BODY), NGX_OK,
           "100,000 labels behind pointers");

    ngx_dns_put16(msg + NGX_DNS_OFF_ANCOUNT, n);
    is_int(ngx_dns_message_parse(&m, msg, pos, BODY), NGX_ERROR,
           "500,000 are not read");

    free(msg);
}


/* RFC 2181, 9: what TC is set for, and what is left out without it */

static void
required(void)
{
    size_t             i;
    ngx_dns_message_t  m;

    static const u_char  extra[] = HEAD("\1", "\1", "\1", "\0") ASKED A("\1")
        "\xc0\x10\0\2\0\1\0\0\0\x3c\0\2\xc0\x10";
    static const u_char  proof[] = HEAD("\1", "\1", "\1", "\0") ASKED A("\1")
        "\xc0\x10\0\x2f\0\1\0\0\0\x3c\0\2\xc0\x10";
    static const u_char  referral[] = HEAD("\1", "\0", "\1", "\0") ASKED
        "\xc0\x10\0\2\0\1\0\0\0\x3c\0\2\xc0\x10";

    static const struct {
        const char    *name;
        const u_char  *msg;
        size_t         size;
        size_t         limit;
        ngx_uint_t     tc;
    } cases[] = {
        { "NS beside an answer", extra, sizeof(extra), BODY + 16, 0 },
        { "NSEC beside an answer", proof, sizeof(proof), BODY + 16, 1 },
        { "the answer", extra, sizeof(extra), BODY + 15, 1 },
        { "a referral", referral, sizeof(referral), BODY + 3, 1 }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) ngx_dns_message_parse(&m, cases[i].msg, cases[i].size - 1, BODY);
        ngx_dns_message_truncate(&m, cases[i].msg, cases[i].limit);
        is_int((m.flags & NGX_DNS_TC) != 0, cases[i].tc, "%s left out",
               cases[i].name);
    }
}


int
main(void)
{
    matches();
    walks();
    chains();
    required();
    shifts();
    cuts();
    texts();

    return done_testing();
}

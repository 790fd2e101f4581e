
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * What may be stored over what: each kind of outcome over each kind of entry,
 * with a real cache.  And what a client gets afterwards.
 */


#include <stdlib.h>

#include "query.h"


#define SIZE   (1UL << 20)
#define SOA    "\xc0\x10\0\6\0\1\0\0\0\x3c\0\x16\0\0\0\0\0\1"                \
               "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\x3c"
#define OTHER  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2"


/* what is stored before */

typedef enum {
    NONE = 0,
    FRESH,                      /* an answer in its time */
    OLD,                        /* past its end, of use for a stale answer */
    DEAD,                       /* of no use any more */
    FAILED,                     /* a failure in its time */
    STORED
} stored_e;


/* what comes then */

typedef enum {
    GOOD = 0,
    DENIAL,
    SERVFAIL,
    REFUSED,
    NETWORK,
    LOCAL,
    COMES
} comes_e;


/* what the next client gets, without any server being asked, or "ask" */

typedef enum {
    ASK = 0,
    FIRST,                      /* the answer that was there before */
    NEW,                        /* the one that came */
    NX,
    ERROR                       /* SERVFAIL */
} then_e;


static const char  *stored_names[STORED] = {
    "nothing", "an answer", "a stale answer", "a dead answer", "a failure"
};

static const char  *comes_names[COMES] = {
    "an answer", "a denial", "SERVFAIL", "REFUSED", "no way", "no socket"
};

static const then_e  table[STORED][COMES] = {

    /*             GOOD  DENIAL SERVFAIL REFUSED NETWORK LOCAL  */

    /* NONE */   { NEW,  NX,    ERROR,   ASK,    ERROR,  ASK   },
    /* FRESH */  { NEW,  NX,    FIRST,   FIRST,  FIRST,  FIRST },
    /* OLD */    { NEW,  NX,    FIRST,   ASK,    FIRST,  ASK   },
    /* DEAD */   { NEW,  NX,    ERROR,   ASK,    ERROR,  ASK   },
    /* FAILED */ { NEW,  NX,    ERROR,   ERROR,  ERROR,  ERROR }
};


static void
begin(void)
{
    start("sequential", "a");

    policy.cache = ngx_dns_cache_init(memset(aligned_alloc(64, SIZE), 0, SIZE),
                                    SIZE);
    policy.max_ttl = 86400;
    policy.negative_max = 3600;
    policy.servfail_ttl = 5;
    policy.stale = 1000;
    policy.stale_ttl = 30;
    policy.stale_after = 1800;

    ngx_dns_sec = 10000;
}


static void
put(stored_e what)
{
    if (what == NONE) {
        return;
    }

    ask_it("\0\1");

    if (what == FAILED) {
        reply(0, "\x81\x82", 0, "", 0);

    } else {
        reply(0, "\x81\x80", 1, ANSWER, 16);
    }

    ngx_dns_sec += what == OLD ? 100 : what == DEAD ? 2000 : 1;

    nsent = 0;
}


/* what becomes of the question that was asked */

static void
server(comes_e what)
{
    switch (what) {
    case GOOD:
        reply(0, "\x81\x80", 1, OTHER, 16);
        break;
    case SERVFAIL:
        reply(0, "\x81\x82", 0, "", 0);
        break;
    case REFUSED:
        reply(0, "\x81\x85", 0, "", 0);
        break;
    case NETWORK:
        network_error(0);
        break;
    case LOCAL:
        event(0, NGX_DNS_EVENT_LOCAL);
        break;
    default:
        break;
    }
}


static void
come(comes_e what)
{
    refuse = NGX_BUSY;
    refusals = what == LOCAL;

    ask_it("\0\2");

    /* it was not sent */

    if (what != LOCAL) {
        server(what);
    }
}


/*
 * An entry in its time answers before any server is asked: another worker's
 * question has come too late to see it, as a refresh does that was begun
 * before.  So the question is asked of an empty cache, which is then replaced.
 */

static void
ask_unseen(void)
{
    u_char               *copy;
    ngx_dns_cache_shm_t  *c;

    c = policy.cache;
    copy = malloc(SIZE);
    memcpy(copy, c, SIZE);

    memset(c, 0, SIZE);
    (void) ngx_dns_cache_init(c, SIZE);

    ask_it("\0\2");
    memcpy(c, copy, SIZE);
    free(copy);
}


static void
race(comes_e what)
{
    refuse = NGX_BUSY;

    ask_unseen();
    server(what);
}


static void
denial(void)
{
    u_char  msg[600];

    memset(msg, 0, 12);
    memcpy(msg + 2, "\x81\x83", 2);
    msg[5] = 1;
    msg[9] = 1;
    memcpy(msg + 12, sent[0]->question, sent[0]->question_len);
    memcpy(msg + 12 + sent[0]->question_len, SOA, sizeof(SOA) - 1);

    sent[0]->channel = NULL;
    sent[0]->handler(sent[0], NGX_DNS_EVENT_RESPONSE, msg,
                     12 + sent[0]->question_len + sizeof(SOA) - 1);
}


static then_e
then(void)
{
    then_e  is;

    nsent = 0;
    answers = 0;

    ask_it("\0\3");

    if (nsent) {
        reply(0, "\x81\x80", 1, OTHER, 16);
        return ASK;
    }

    is = ERROR;

    if (rcode() == NGX_DNS_NOERROR) {
        is = got[got_len - 1] == 1 ? FIRST : NEW;

    } else if (rcode() == NGX_DNS_NXDOMAIN) {
        is = NX;
    }

    return is;
}


static void
pairs(void)
{
    int  i, k;

    for (i = 0; i < STORED; i++) {
        for (k = 0; k < COMES; k++) {
            begin();
            put((stored_e) i);

            if (i == FRESH || i == FAILED) {

                if (k == DENIAL) {
                    race(DENIAL);
                    denial();

                } else {
                    race((comes_e) k);
                }

            } else if (k == DENIAL) {
                ask_it("\0\2");
                denial();

            } else {
                come((comes_e) k);
            }

            is_int(then(), table[i][k], "%s over %s", comes_names[k],
                   stored_names[i]);
        }
    }
}


/* a server of the same zone without dns_cache_stale takes nothing from it */

static void
shared(void)
{
    begin();
    put(OLD);

    policy.stale = 0;
    ask_it("\0\2");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(then(), ERROR, "without dns_cache_stale: the failure");

    policy.stale = 1000;
    is_int(then(), FIRST, "with it: the answer is still there");
}


/* refreshes before the end, and what fails of them (B1, B12) */

static void
refreshes(void)
{
    ngx_uint_t  i;

    begin();
    policy.prefetch = 10;
    policy.prefetch_hits = 0;
    put(FRESH);

    ngx_dns_sec = 10000 + 55;
    ask_it("\0\2");
    is_int(nsent, 1, "a hit near its end: a refresh");
    ask_it("\0\2");
    is_int(nsent, 1, "one");
    reply(0, "\x81\x82", 0, "", 0);
    is_int(then(), FIRST, "it fails: the answer stays");
    is_int(nsent, 0, "and is not refreshed again at once");

    ngx_dns_sec += 4;
    nsent = 0;
    ask_it("\0\2");
    is_int(nsent, 0, "nor in the time of the failure");

    begin();
    policy.prefetch = 10;
    policy.servfail_ttl = 0;
    put(FRESH);
    ngx_dns_sec = 10000 + 55;
    ask_it("\0\2");
    reply(0, "\x81\x85", 0, "", 0);
    ngx_dns_sec += 2;
    nsent = 0;
    ask_it("\0\2");
    is_int(nsent, 1, "REFUSED: tried again a little later");
    reply(0, "\x81\x80", 1, OTHER, 16);
    is_int(then(), NEW, "and refreshed");

    begin();
    policy.prefetch = 10;
    policy.max_ttl = 5;
    put(FRESH);
    ngx_dns_sec = 10000 + 4;
    ask_it("\0\2");
    is_int(nsent, 1, "a TTL of 5: in its last second");
    reply(0, "\x81\x80", 1, OTHER, 16);

    /* under load it is put off, not given up */

    begin();
    policy.prefetch = 10;
    put(FRESH);
    ngx_dns_sec = 10000 + 55;
    conf.listener.max_queries = 10;

    for (i = 0; i < 2; i++) {
        ask(i ? "\0\1\1\0\0\1\0\0\0\0\0\0" "\1a\0\0\1\0\1"
              : "\0\1\1\0\0\1\0\0\0\0\0\0" "\1b\0\0\1\0\1", 19);
    }

    ask_it("\0\2");
    is_int(nsent, 2, "two wait: no refresh");
    network_error(0);
    network_error(1);
    nsent = 0;
    ask_it("\0\2");
    is_int(nsent, 1, "nobody does: now it is");
    reply(0, "\x81\x80", 1, OTHER, 16);

    /* failures are not refreshed */

    begin();
    policy.prefetch = 100;
    put(FAILED);
    ask_it("\0\2");
    is_int(nsent, 0, "a failure is not refreshed");
}


/* one who does not end a refresh leaves it to the next hit */

static void
given_back(void)
{
    begin();
    policy.prefetch = 10;
    put(FRESH);
    ngx_dns_sec = 10000 + 55;
    ask_it("\0\2");
    is_int(nsent, 1, "a refresh");

    ngx_exiting = 1;
    ngx_dns_query_quit(0);
    ngx_exiting = 0;
    is_int(ngx_dns_inflight_count(), 0, "its worker quits");

    nsent = 0;
    ask_it("\0\2");
    is_int(nsent, 1, "a hit of the next worker begins another");

    if (nsent) {
        reply(0, "\x81\x80", 1, OTHER, 16);
    }

    /* asked for before another worker has stored it */

    begin();
    policy.prefetch = 20;
    put(FRESH);
    ngx_dns_sec = 10000 + 49;
    ask_unseen();
    ask_it("\0\3");
    is_int(nsent, 1, "time for a refresh while it is asked for");
    reply(0, "\x81\x82", 0, "", 0);

    ngx_dns_sec += 8;
    nsent = 0;
    ask_it("\0\3");
    is_int(nsent, 1, "that fails: a refresh when the failure is over");

    if (nsent) {
        reply(0, "\x81\x80", 1, OTHER, 16);
    }
}


/* dns_max_queries is no reason to refuse who could have a stale answer */

static void
overload(void)
{
    begin();
    put(OLD);
    conf.listener.max_queries = 1;

    ask("\0\1\1\0\0\1\0\0\0\0\0\0" "\1a\0\0\1\0\1", 19);
    answers = 0;
    ask_it("\0\2");
    is_int(answers, 1, "too many queries: answered at once");
    is_int(rcode(), NGX_DNS_NOERROR, "with the old answer");
    is_int(got[got_len - 1], 1, "which is it");
    is_int(logged.cache_status, NGX_DNS_CACHE_STATUS_STALE, "as the log says");

    ask("\0\1\1\0\0\1\0\0\0\0\0\0" "\1b\0\0\1\0\1", 19);
    is_int(rcode(), NGX_DNS_REFUSED, "others are refused");
    reply(0, "\x81\x80", 1, OTHER, 16);
}


/* a client that could have a stale answer joins one that could not */

static void
joins(void)
{
    begin();
    put(OLD);

    ask_unseen();
    ask_it("\0\3");
    is_int(nsent, 1, "one question");

    unit_pass(1799);
    is_int(answers, 1, "both wait");
    unit_pass(1);
    is_int(answers, 2, "until one may have the old answer");
    is_int(got[1], 3, "the second");
    is_int(got[got_len - 1], 1, "which it gets");

    ask_it("\0\4");
    is_int(answers, 3, "who comes now gets it at once");
    is_int(got[1], 4, "it is the third");

    reply(0, "\x81\x80", 1, OTHER, 16);
    is_int(answers, 4, "the first has waited");
    is_int(got[1], 2, "it is the first");
    is_int(got[got_len - 1], 2, "for the new one");
    clean("joined");
}


/* C1: a hit is what the miss was */

static void
flags(void)
{
    ngx_uint_t  i;

    static const char  *server[] = { "\x85\x80", "\x85\0", "\x81\x80",
                                     "\x81\0" };

    for (i = 0; i < 4; i++) {
        begin();
        ask_it("\0\1");
        reply(0, server[i], 1, ANSWER, 16);
        is_mem(got + 2, 2, server[i], 2, "the miss");
        ask_it("\0\1");
        is_mem(got + 2, 2, server[i], 2, "the hit");
        ngx_dns_sec += 100;
        ask_it("\0\1");
        network_error(1);
        is_mem(got + 2, 2, server[i], 2, "the stale answer");
    }
}


/* a name that exists is no longer denied (B12) */

static void
cuts(void)
{
    begin();
    policy.nxdomain_cut = 1;
    zone.name.data = (u_char *) "\0" "is read as padding";

    ask_it("\0\1");
    denial();

    nsent = 0;
    answers = 0;
    ask("\0\1\1\0\0\1\0\0\0\0\0\0" "\1x" NAME "\0\1\0\1", 31);
    is_int(nsent, 0, "a name below is denied");
    is_int(rcode(), NGX_DNS_NXDOMAIN, "NXDOMAIN");

    /* another type, asked before, comes now */

    policy.nxdomain_cut = 0;
    ask("\0\1\1\0\0\1\0\0\0\0\0\0" NAME "\0\x1c\0\1", 29);
    policy.nxdomain_cut = 1;
    is_int(nsent, 1, "another type");
    reply(0, "\x81\x80", 0, "", 0);

    nsent = 0;
    ngx_dns_sec -= 2;
    ask("\0\1\1\0\0\1\0\0\0\0\0\0" "\1y" NAME "\0\1\0\1", 31);
    is_int(nsent, 1, "the name exists: also for one whose clock is behind");
    reply(0, "\x81\x80", 0, "", 0);
    ngx_dns_sec += 2;

    nsent = 0;
    ask("\0\1\1\0\0\1\0\0\0\0\0\0" "\1x" NAME "\0\1\0\1", 31);
    is_int(nsent, 1, "names below are asked for");
    reply(0, "\x81\x80", 0, "", 0);
}


/* workers read the clock before a batch; another one's may be ahead */

static void
behind(void)
{
    begin();
    put(FRESH);

    ngx_dns_sec = 10000 - 1;
    is_int(then(), FIRST, "an answer that is stored a second from now");
    is_int(got[got_len - 7], 60, "has its whole TTL");

    ngx_dns_sec = 10000 + 20;
    is_int(then(), FIRST, "twenty seconds later");
    is_int(got[got_len - 7], 40, "it has less");
}


int
main(void)
{
    query_init();

    pairs();
    shared();
    refreshes();
    given_back();
    overload();
    joins();
    flags();
    cuts();
    behind();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * What a question may become: every pair of outcomes, against the table of
 * docs/architecture.md as it is written there.
 */


#include "tap.h"
#include "query/ngx_dns_outcome.h"
#include "query/ngx_dns_conf.h"


#define ALL  NGX_DNS_OUTCOMES


static const char  *names[ALL] = {
    "none", "local", "network", "tls", "silent", "malformed", "cut", "error",
    "refused", "servfail", "good"
};


/* "+": the row, which came later, is told rather than the column */

static const char  *better[ALL] = {

    /*            N L N T S M C E R S G */

    /* none */      "+----------",
    /* local */     "++---------",
    /* network */   "++++++-----",
    /* tls */       "++++++-----",
    /* silent */    "++++++-----",
    /* malformed */ "++++++-----",
    /* cut */       "++++++++++-",
    /* error */     "++++++-+++-",
    /* refused */   "++++++-+++-",
    /* servfail */  "++++++-+++-",
    /* good */      "+++++++++++"
};


static void
pairs(void)
{
    int  a, b;

    for (a = 0; a < ALL; a++) {
        for (b = 0; b < ALL; b++) {
            is_int(ngx_dns_outcome_better(a, b), better[a][b] == '+',
                   "%s after %s", names[a], names[b]);
        }
    }
}


static void
rows(void)
{
    int  i;

    static const struct {
        ngx_uint_t        ends;
        ngx_uint_t        stored;
        ngx_uint_t        next;
        ngx_dns_reason_e  reason;
    } row[ALL] = {
        { 0, 0, 0, NGX_DNS_EPEERS },
        { 0, 0, 0, NGX_DNS_EINTERNAL },
        { 0, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_ENETWORK },
        { 0, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_ETLS },
        { 0, 1, NGX_DNS_NEXT_TIMEOUT, NGX_DNS_ETIMEOUT },
        { 0, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_EANSWER },
        { 0, 0, NGX_DNS_NEXT_ERROR, NGX_DNS_ECUT },
        { 0, 0, NGX_DNS_NEXT_ERROR, NGX_DNS_ERCODE },
        { 0, 0, NGX_DNS_NEXT_REFUSED, NGX_DNS_ERCODE },
        { 0, 1, NGX_DNS_NEXT_SERVFAIL, NGX_DNS_ERCODE },
        { 1, 1, 0, NGX_DNS_FINE }
    };

    for (i = 0; i < ALL; i++) {
        is_int(ngx_dns_outcome_ends(i), row[i].ends, "%s: ends", names[i]);
        is_int(ngx_dns_outcome_stored(i), row[i].stored, "%s: stored",
               names[i]);
        is_int(ngx_dns_outcome_next(i), row[i].next, "%s: next", names[i]);
        is_int(ngx_dns_outcome_reason(i), row[i].reason, "%s: reason",
               names[i]);
    }
}


static void
rcodes(void)
{
    int  i, expected;

    for (i = 0; i < 32; i++) {
        expected = (i == 0 || i == 3 || i == 6) ? NGX_DNS_OUTCOME_GOOD
                   : i == 2 ? NGX_DNS_OUTCOME_SERVFAIL
                   : (i == 5 || i == 9) ? NGX_DNS_OUTCOME_REFUSED
                   : NGX_DNS_OUTCOME_ERROR;

        is_int(ngx_dns_outcome_rcode((ngx_uint_t) i), expected, "rcode %d",
               i);
    }
}


int
main(void)
{
    pairs();
    rows();
    rcodes();

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_outcome.h"
#include "ngx_dns_conf.h"


#define NGX_DNS_YXDOMAIN  6               /* RFC 6672, 2.2: too long a DNAME */
#define NGX_DNS_NOTAUTH   9


typedef struct {
    uint8_t             worth;
    uint8_t             stored;
    uint8_t             next;             /* NGX_DNS_NEXT_* */
    uint8_t             on;               /* NGX_DNS_ON_* */
    ngx_dns_reason_e    reason;
} ngx_dns_outcome_t;


/* one row for each value of ngx_dns_outcome_e */

static const ngx_dns_outcome_t  ngx_dns_outcomes[NGX_DNS_OUTCOMES] = {

    /* NONE */
    { 0, 0, 0, 0, NGX_DNS_EPEERS },
    /* LOCAL */
    { 1, 0, 0, NGX_DNS_ON_ERROR, NGX_DNS_EINTERNAL },
    /* NETWORK */
    { 2, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_ON_ERROR, NGX_DNS_ENETWORK },
    /* TLS */
    { 2, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_ON_ERROR, NGX_DNS_ETLS },
    /* SILENT */
    { 2, 1, NGX_DNS_NEXT_TIMEOUT, NGX_DNS_ON_ERROR, NGX_DNS_ETIMEOUT },
    /* MALFORMED */
    { 2, 1, NGX_DNS_NEXT_ERROR, NGX_DNS_ON_ERROR, NGX_DNS_EANSWER },
    /* CUT */
    { 4, 0, NGX_DNS_NEXT_ERROR, NGX_DNS_ON_ERROR, NGX_DNS_ECUT },
    /* ERROR */
    { 3, 0, NGX_DNS_NEXT_ERROR, NGX_DNS_ON_ERROR, NGX_DNS_ERCODE },
    /* REFUSED */
    { 3, 0, NGX_DNS_NEXT_REFUSED, NGX_DNS_ON_REFUSED, NGX_DNS_ERCODE },
    /* SERVFAIL */
    { 3, 1, NGX_DNS_NEXT_SERVFAIL, NGX_DNS_ON_SERVFAIL, NGX_DNS_ERCODE },
    /* GOOD */
    { 5, 1, 0, 0, NGX_DNS_FINE }
};


ngx_dns_outcome_e
ngx_dns_outcome_rcode(ngx_uint_t rcode)
{
    switch (rcode) {

    case NGX_DNS_NOERROR:
    case NGX_DNS_NXDOMAIN:
    case NGX_DNS_YXDOMAIN:
        return NGX_DNS_OUTCOME_GOOD;

    case NGX_DNS_SERVFAIL:
        return NGX_DNS_OUTCOME_SERVFAIL;

    case NGX_DNS_REFUSED:
    case NGX_DNS_NOTAUTH:
        return NGX_DNS_OUTCOME_REFUSED;

    default:
        return NGX_DNS_OUTCOME_ERROR;
    }
}


ngx_uint_t
ngx_dns_outcome_next(ngx_dns_outcome_e outcome)
{
    return ngx_dns_outcomes[outcome].next;
}


ngx_uint_t
ngx_dns_outcome_on(ngx_dns_outcome_e outcome)
{
    return ngx_dns_outcomes[outcome].on;
}


ngx_uint_t
ngx_dns_outcome_better(ngx_dns_outcome_e a, ngx_dns_outcome_e b)
{
    return ngx_dns_outcomes[a].worth >= ngx_dns_outcomes[b].worth;
}


ngx_dns_reason_e
ngx_dns_outcome_reason(ngx_dns_outcome_e outcome)
{
    return ngx_dns_outcomes[outcome].reason;
}


ngx_uint_t
ngx_dns_outcome_stored(ngx_dns_outcome_e outcome)
{
    return ngx_dns_outcomes[outcome].stored;
}

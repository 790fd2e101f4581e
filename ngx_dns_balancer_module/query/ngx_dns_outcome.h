
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The outcomes of asking one server, and which of them is worth more to a
 * client.  Tables only: no state, no memory.  Private to the query layer.
 *
 * The rule (docs/architecture.md has it as two tables): a useful response ends
 * a question at once.  Any other outcome ends it only when no attempt is live
 * and no server is left that may be asked.  Then the client gets a stale
 * response from the cache, or, if there is none, the outcome that is worth
 * most.
 */


#ifndef _NGX_DNS_OUTCOME_H_INCLUDED_
#define _NGX_DNS_OUTCOME_H_INCLUDED_


#include "ngx_dns_forward.h"
#include "../wire/ngx_dns_message.h"


/* in the order of what they are worth: see ngx_dns_outcome_better() */

typedef enum {
    NGX_DNS_OUTCOME_NONE = 0,    /* nobody was asked, or none has ended */
    NGX_DNS_OUTCOME_LOCAL,       /* not sent: something is lacking here */
    NGX_DNS_OUTCOME_NETWORK,     /* it can't be reached */
    NGX_DNS_OUTCOME_TLS,         /* there is no TLS with it */
    NGX_DNS_OUTCOME_SILENT,      /* no response in its time */
    NGX_DNS_OUTCOME_MALFORMED,   /* a response that can't be read */
    NGX_DNS_OUTCOME_CUT,         /* TC, and no way to the whole response */
    NGX_DNS_OUTCOME_ERROR,       /* FORMERR, NOTIMP and all not named here */
    NGX_DNS_OUTCOME_REFUSED,     /* REFUSED, NOTAUTH */
    NGX_DNS_OUTCOME_SERVFAIL,
    NGX_DNS_OUTCOME_GOOD,        /* NOERROR, NXDOMAIN, YXDOMAIN */
    NGX_DNS_OUTCOMES
} ngx_dns_outcome_e;


#pragma GCC visibility push(hidden)

/* of an rcode with the upper bits of the OPT */
ngx_dns_outcome_e ngx_dns_outcome_rcode(ngx_uint_t rcode);

/*
 * The one of NGX_DNS_NEXT_* that has to be configured for another server to
 * be asked after it; 0: another one is asked in any case, since the fault is
 * ours, or never, after a useful response.
 */
ngx_uint_t ngx_dns_outcome_next(ngx_dns_outcome_e outcome);

/*
 * Is "a", which came later, the one to tell a client of, rather than "b"?  A
 * server's own word is worth more than that it said nothing.
 */
ngx_uint_t ngx_dns_outcome_better(ngx_dns_outcome_e a, ngx_dns_outcome_e b);

/* why a client gets no response of a server, for the outcome that is told */
ngx_dns_reason_e ngx_dns_outcome_reason(ngx_dns_outcome_e outcome);

/*
 * The one of NGX_DNS_ON_* after which a fallback is asked when it is the
 * outcome of an upstream; 0: of NONE it depends on why.
 */
ngx_uint_t ngx_dns_outcome_on(ngx_dns_outcome_e outcome);

/* was a server asked, so that the failure may be stored (RFC 2308, 7)? */
ngx_uint_t ngx_dns_outcome_stored(ngx_dns_outcome_e outcome);

#pragma GCC visibility pop


/* does it end a question while other responses are on their way? */

static ngx_inline ngx_uint_t
ngx_dns_outcome_ends(ngx_dns_outcome_e outcome)
{
    return outcome == NGX_DNS_OUTCOME_GOOD;
}


#endif /* _NGX_DNS_OUTCOME_H_INCLUDED_ */

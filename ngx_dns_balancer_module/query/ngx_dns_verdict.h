
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What came of an attempt, as an event of its question.  Private to
 * ngx_dns_life.c.
 */


#ifndef _NGX_DNS_VERDICT_H_INCLUDED_
#define _NGX_DNS_VERDICT_H_INCLUDED_


#include "ngx_dns_attempt.h"


typedef enum {
    NGX_DNS_LIFE_START = 0,
    NGX_DNS_LIFE_GOOD,           /* a useful response */
    NGX_DNS_LIFE_HOLD,           /* a negative one, while others race */
    NGX_DNS_LIFE_NEGATIVE,       /* one after which a fallback is asked */
    NGX_DNS_LIFE_NEXT,           /* a failure after which another is asked */
    NGX_DNS_LIFE_FINAL,          /* a failure after which none is asked */
    NGX_DNS_LIFE_PATIENCE,       /* longer than the server's measured time */
    NGX_DNS_LIFE_END,            /* the deadline */
    NGX_DNS_LIFE_EVENTS
} ngx_dns_life_event_e;


typedef struct {
    ngx_dns_message_t     m;           /* the response, */
    const u_char         *msg;
    ngx_dns_account_e     account;     /* what pays for the next attempt */
    ngx_uint_t            on;          /* NEGATIVE: NGX_DNS_ON_* */
} ngx_dns_verdict_t;


#pragma GCC visibility push(hidden)

/*
 * A useful response, in "v", to a question that is "special": GOOD; or, if
 * there is somebody who may have a better one, it is kept: HOLD, NEGATIVE;
 * FINAL from an upstream that was given up.
 */
ngx_dns_life_event_e ngx_dns_verdict_good(ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, size_t len, ngx_dns_verdict_t *v);

/* a failure: NEXT or FINAL, and what pays for the next attempt */
ngx_dns_life_event_e ngx_dns_verdict_failed(const ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, ngx_dns_outcome_e outcome,
    ngx_dns_verdict_t *v);

/*
 * The negative response that a race held is what the upstream says: GOOD or
 * NEGATIVE, in "v".  NGX_DNS_LIFE_FINAL: it can't be read any more.
 */
ngx_dns_life_event_e ngx_dns_verdict_held(ngx_dns_inflight_t *f,
    ngx_dns_verdict_t *v);

#pragma GCC visibility pop


#endif /* _NGX_DNS_VERDICT_H_INCLUDED_ */

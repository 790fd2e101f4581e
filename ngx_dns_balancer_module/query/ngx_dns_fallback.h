
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Fallbacks of a question: which upstream of its zone's chain is next, after
 * what.  Private to ngx_dns_life.c and ngx_dns_ask.c.
 *
 * A negative response after which a fallback is asked is kept, and is what the
 * clients get if no fallback has anything better.  What has been asked before
 * stays welcome: a useful response of an earlier upstream ends the question.
 */


#ifndef _NGX_DNS_FALLBACK_H_INCLUDED_
#define _NGX_DNS_FALLBACK_H_INCLUDED_


#include "ngx_dns_inflight.h"


#pragma GCC visibility push(hidden)

/* what this upstream has come to: NGX_DNS_ON_* */
ngx_uint_t ngx_dns_fallback_outcome(const ngx_dns_inflight_t *f);

/*
 * Is there a fallback for that, time for it, and room?  Then the question is
 * one to its servers, of which none was asked yet: NGX_OK.  NGX_DECLINED: no.
 */
ngx_int_t ngx_dns_fallback_next(ngx_dns_inflight_t *f, ngx_uint_t on);

/*
 * A useful response, parsed.  NGX_DNS_ON_* if there is a fallback for it, and
 * it is kept; 0: it is the response to the question.  For questions that are
 * "special"; the attempt may be one at an upstream after which a fallback has
 * been asked already.
 */
ngx_uint_t ngx_dns_fallback_negative(ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, const ngx_dns_message_t *m,
    const u_char *msg, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FALLBACK_H_INCLUDED_ */

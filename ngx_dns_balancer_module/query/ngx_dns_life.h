
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The life of a question: from the first server that is asked until all
 * waiters have their response, and a little longer.  A state machine; its
 * table is at the head of ngx_dns_life.c.  For ngx_dns_query.c, which begins
 * it.  Everything else that happens to a question comes as an event, from a
 * transport or a timer.
 *
 * Patience and silence are two things.  A server that takes longer than its
 * measured time is not at fault: another one is asked beside it, or it is
 * asked again, and the first useful response wins.  Only silence for all of
 * dns_upstream_timeout is a failure of the server, and to see it some attempts
 * outlive their question as witnesses.
 */


#ifndef _NGX_DNS_LIFE_H_INCLUDED_
#define _NGX_DNS_LIFE_H_INCLUDED_


#include "ngx_dns_inflight.h"


#pragma GCC visibility push(hidden)

/* asks the first server; may end the question, with its responses, at once */
void ngx_dns_life_start(ngx_dns_inflight_t *f);

/*
 * Another client waits for it, or one that waits already has asked again; may
 * end the question.
 */
void ngx_dns_life_joined(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w);

/*
 * Ends all questions, or those without a waiter, and what has outlived its
 * question.  Waiters get SERVFAIL.
 */
void ngx_dns_life_abort(ngx_uint_t all);

/* whose attempt it is; NULL: of something else, as a health check */
ngx_dns_inflight_t *ngx_dns_life_question(const ngx_dns_attempt_t *attempt);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LIFE_H_INCLUDED_ */

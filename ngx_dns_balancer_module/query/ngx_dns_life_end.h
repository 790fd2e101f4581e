
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The end of a question: what is stored, and what its waiters get.  Private to
 * ngx_dns_life.c.  After good() and failed() the question is out of the table
 * and has no waiters; its attempts are the caller's.
 */


#ifndef _NGX_DNS_LIFE_END_H_INCLUDED_
#define _NGX_DNS_LIFE_END_H_INCLUDED_


#include "ngx_dns_inflight.h"


#pragma GCC visibility push(hidden)

/* with the parsed message "m" in "msg", of f->peer */
void ngx_dns_life_end_good(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg);

/*
 * With a negative response that led to fallbacks, after these have failed: the
 * next query is to ask them again.  Stale responses go before it.
 */
void ngx_dns_life_end_kept(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg);

/* with the outcome that is worth most; "shutdown": the worker exits */
void ngx_dns_life_end_failed(ngx_dns_inflight_t *f, ngx_uint_t shutdown);

/*
 * Takes the clients that have an old response in the cache off the question,
 * and answers them with it.
 */
void ngx_dns_life_end_stale(ngx_dns_inflight_t *f);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LIFE_END_H_INCLUDED_ */

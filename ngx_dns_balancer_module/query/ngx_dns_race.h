
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Several servers of an upstream that are asked at once: "race".  They are
 * what the operator wants, so neither dns_next_upstream_budget pays for them,
 * nor does dns_next_upstream_tries count below their number.  Private to
 * ngx_dns_life.c and ngx_dns_verdict.c.
 */


#ifndef _NGX_DNS_RACE_H_INCLUDED_
#define _NGX_DNS_RACE_H_INCLUDED_


#include "ngx_dns_ask.h"


#pragma GCC visibility push(hidden)

/*
 * One server of f->upstream has been asked; the others are now, once.  For
 * questions that are "special".
 */
void ngx_dns_race_begin(ngx_dns_inflight_t *f, ngx_dns_event_pt handler);

/*
 * A useful response, parsed, of an attempt that is not live any more.  1 if it
 * is negative, a positive one is wanted, and another server may still have
 * that in time: then it is kept, with "race_end" as its time.
 */
ngx_uint_t ngx_dns_race_holds(ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg, size_t len);

/*
 * Is that worth more than the negative response that is held?  A server that
 * knows the name knows more than one that does not.
 */
ngx_uint_t ngx_dns_race_better(const ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m);

#pragma GCC visibility pop


#endif /* _NGX_DNS_RACE_H_INCLUDED_ */

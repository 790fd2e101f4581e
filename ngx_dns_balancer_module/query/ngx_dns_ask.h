
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Which server a question is asked of next, within the limits of
 * dns_next_upstream_tries, _timeout and _budget.  Private to ngx_dns_life.c.
 */


#ifndef _NGX_DNS_ASK_H_INCLUDED_
#define _NGX_DNS_ASK_H_INCLUDED_


#include "ngx_dns_attempt.h"


#define NGX_DNS_ASK_AGAIN  2              /* repeats of a question, at most */


#pragma GCC visibility push(hidden)

/*
 * Picks a server that was not asked yet, and asks it; "account" is what pays
 * for it.  NGX_OK if a response is on its way; NGX_DECLINED if there is none to
 * ask, or none that could be asked.
 */
ngx_int_t ngx_dns_ask_next(ngx_dns_inflight_t *f, ngx_dns_account_e account,
    ngx_dns_event_pt handler);

/*
 * Patience is over: another server is asked beside those that are late, if
 * "hedge" lets it.  Returns as above.
 */
ngx_int_t ngx_dns_ask_beside(ngx_dns_inflight_t *f, ngx_dns_event_pt handler);

/*
 * A datagram may be lost, and no other server is left: the last one is asked
 * again, by another socket and ID.  Over a stream it is asked again if that has
 * become silent.  Returns as above, or NGX_AGAIN: it has not, or not yet, and
 * is looked at again when patience is over.
 */
ngx_int_t ngx_dns_ask_again(ngx_dns_inflight_t *f, ngx_dns_event_pt handler);

/* would that be possible? */
ngx_uint_t ngx_dns_ask_may_again(ngx_dns_inflight_t *f);

/*
 * May one more server be asked, or one again, of the upstream?  Takes it off
 * the budget, or counts that there was none.
 */
ngx_uint_t ngx_dns_ask_pays(const ngx_dns_policy_t *policy,
    ngx_dns_upstream_t *u, ngx_dns_account_e account);

/*
 * Nobody was asked, since the servers are only being found (ngx_dns_seat.h): is
 * it worth to look again when "patience" is over?
 */
ngx_uint_t ngx_dns_ask_expects(ngx_dns_inflight_t *f);

#pragma GCC visibility pop


/* is there anything to do when patience is over? */

static ngx_inline ngx_uint_t
ngx_dns_ask_may_beside(ngx_dns_inflight_t *f)
{
    return f->servers < f->limit ? f->upstream->hedge != NGX_DNS_HEDGE_OFF
                                 : ngx_dns_ask_may_again(f);
}


#endif /* _NGX_DNS_ASK_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What people are told of a server, in the log and on pages, and the bits of
 * its state that both this and ngx_dns_peer_state.c look at.  Private to
 * these.
 */


#ifndef _NGX_DNS_PEER_TEXT_H_INCLUDED_
#define _NGX_DNS_PEER_TEXT_H_INCLUDED_


#include "ngx_dns_peer.h"


/* in "fails": ejected for its refusals, a response in flight means nothing */

#define NGX_DNS_PEER_REFUSES    0x40000000

/* in "fails": others are preferred to it for now; nobody has failed it */

#define NGX_DNS_PEER_DOUBTED    0x20000000


#pragma GCC visibility push(hidden)

/* a line of the log; a server that goes up and down must not fill it */
void ngx_dns_peer_say(ngx_dns_peer_t *peer, ngx_log_t *log, const char *fmt,
    ...);

/*
 * Its state has changed, just now, for shm->reason: kept for status pages.
 * "state" NULL: what it is now.
 */
void ngx_dns_peer_changed(ngx_dns_peer_t *peer, const char *state);

/* the words for a reason as it is kept; returns the end */
u_char *ngx_dns_peer_reason(u_char *p, u_char *last, uint32_t reason);

#pragma GCC visibility pop


#endif /* _NGX_DNS_PEER_TEXT_H_INCLUDED_ */

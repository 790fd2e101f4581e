
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A negative response that is kept while a better one may be had: of another
 * server that races, or of a fallback.  One for a question, in memory of its
 * own that ngx_dns_inflight_free() frees.  Private to the query layer.
 */


#ifndef _NGX_DNS_KEEP_H_INCLUDED_
#define _NGX_DNS_KEEP_H_INCLUDED_


#include "ngx_dns_inflight.h"


#define NGX_DNS_KEEP_MAX  4096            /* octets of a response, at most */


#pragma GCC visibility push(hidden)

/*
 * A copy of the response of f->peer, in place of one that is kept already.
 * NGX_DECLINED: it is too long, or there is no memory; nothing has changed.
 */
ngx_int_t ngx_dns_keep(ngx_dns_inflight_t *f, const u_char *msg, size_t len);

/*
 * The response that is kept, parsed once more, in f->kept; f->peer is whose it
 * is.  NGX_DECLINED: there is none.
 */
ngx_int_t ngx_dns_keep_get(ngx_dns_inflight_t *f, ngx_dns_message_t *m);

#pragma GCC visibility pop


#endif /* _NGX_DNS_KEEP_H_INCLUDED_ */

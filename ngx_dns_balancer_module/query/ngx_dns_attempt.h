
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Asks servers for one question in flight until one answers: attempts,
 * patience, the next server, the end.  Private to the query layer.
 *
 * An attempt that took longer than its server's measured time is not given
 * up: another server is asked beside it and the first answer of use wins.
 * What an attempt holds of its server's "outstanding" is given back when it
 * is answered, fails, or the question ends.
 */


#ifndef _NGX_DNS_ATTEMPT_H_INCLUDED_
#define _NGX_DNS_ATTEMPT_H_INCLUDED_


#include "ngx_dns_inflight.h"


#pragma GCC visibility push(hidden)

/* in a worker, before the first query; without "tcp" TC is for the client */
void ngx_dns_attempt_init(ngx_dns_transport_t *udp, ngx_dns_transport_t *tcp);

/* asks the first server; may end the question, with its answers, at once */
void ngx_dns_attempt_start(ngx_dns_inflight_t *f);

/* ends it now, with SERVFAIL */
void ngx_dns_attempt_abort(ngx_dns_inflight_t *f);

#pragma GCC visibility pop


#endif /* _NGX_DNS_ATTEMPT_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Clients over UDP whose server needs what only a session of nginx has, as
 * limit_conn: nginx makes one for an address and port with queries in flight.
 * Slower than ngx_dns_front_udp.h, which their responses leave by.  For module/
 * only.
 */


#ifndef _NGX_DNS_FRONT_SESSION_H_INCLUDED_
#define _NGX_DNS_FRONT_SESSION_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_query.h"


#pragma GCC visibility push(hidden)

/*
 * Takes over a session that has passed nginx's phases, with its first
 * datagram, and closes it when all of its queries are answered.
 */
void ngx_dns_front_session_open(ngx_connection_t *c, ngx_dns_conf_t *conf);

/* at the worker's exit, when nobody waits any more */
void ngx_dns_front_session_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_SESSION_H_INCLUDED_ */

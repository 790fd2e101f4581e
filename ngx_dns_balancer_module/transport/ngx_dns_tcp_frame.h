
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A query as it is written to a connection: its length before it (RFC 1035,
 * 4.2.2), and the EDNS options that belong to a connection.  For
 * ngx_dns_tcp_socket.c.
 */


#ifndef _NGX_DNS_TCP_FRAME_H_INCLUDED_
#define _NGX_DNS_TCP_FRAME_H_INCLUDED_


#include "ngx_dns_tcp_socket.h"


#pragma GCC visibility push(hidden)

/* adds a->query with a->id to what is to be written; NGX_ERROR: no memory */
ngx_int_t ngx_dns_tcp_frame_append(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_FRAME_H_INCLUDED_ */

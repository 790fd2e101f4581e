
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Zone transfers, AXFR (RFC 5936) and IXFR (RFC 1995), for clients over TCP
 * and TLS: the messages of a server are passed on as they come, and the server
 * waits while the client does not read.  Nothing of it is stored or joined.
 * Private to the query layer.
 */


#ifndef _NGX_DNS_TRANSFER_H_INCLUDED_
#define _NGX_DNS_TRANSFER_H_INCLUDED_


#include "ngx_dns_request.h"


#define NGX_DNS_TRANSFERS         64      /* of a worker at once, ... */
#define NGX_DNS_TRANSFERS_CLIENT  8       /* ... of one client's address */


#pragma GCC visibility push(hidden)

/*
 * In a worker: how many connections to servers there are for transfers.
 * NGX_DNS_TRANSFERS are the most that are used, and one the least.
 */
void ngx_dns_transfer_init(ngx_uint_t limit);

/*
 * Begins the transfer that the query asks for.  NGX_DNS_FINE, or why it is
 * refused.
 */
ngx_dns_reason_e ngx_dns_transfer_start(const ngx_dns_request_t *r);

/* breaks all off */
void ngx_dns_transfer_abort(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TRANSFER_H_INCLUDED_ */


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


#include "ngx_dns_conf.h"
#include "../wire/ngx_dns_question.h"


#define NGX_DNS_TRANSFERS  64             /* of a worker at once */


#pragma GCC visibility push(hidden)

/*
 * Begins the transfer that the parsed query in "p" asks for.  NGX_DNS_FINE, or
 * why it is refused.
 */
ngx_dns_reason_e ngx_dns_transfer_start(ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, ngx_dns_question_t *q, const u_char *p,
    size_t len, ngx_dns_zone_t *zone, uint64_t key);

/* breaks all off */
void ngx_dns_transfer_abort(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TRANSFER_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Names of addresses: in-addr.arpa (RFC 1035, 3.5) and ip6.arpa (RFC 3596,
 * 2.5).  For every layer.
 */


#ifndef _NGX_DNS_REVERSE_H_INCLUDED_
#define _NGX_DNS_REVERSE_H_INCLUDED_


#include "ngx_dns_question.h"


#pragma GCC visibility push(hidden)

/*
 * The address that the question's name stands for, in network order: returns
 * 4 or 16, or 0 if it is no name of a whole address.
 */
size_t ngx_dns_reverse_address(const ngx_dns_question_t *q, u_char *addr);

/*
 * Is the question's name in a zone of RFC 6303, 4?  Returns the number of
 * the zone's labels, or 0.
 */
ngx_uint_t ngx_dns_reverse_zone(const ngx_dns_question_t *q);

#pragma GCC visibility pop


#endif /* _NGX_DNS_REVERSE_H_INCLUDED_ */

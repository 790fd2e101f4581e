
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The PROXY protocol, version 2, in front of each datagram, as load balancers
 * and dnsdist send it.  Private to the UDP front.
 */


#ifndef _NGX_DNS_FRONT_PROXY_H_INCLUDED_
#define _NGX_DNS_FRONT_PROXY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../query/ngx_dns_conf.h"


#pragma GCC visibility push(hidden)

/*
 * Reads the header of a datagram of "len" octets and sets the client's source
 * from it.  Returns its length; 0 if there is none of version 2, or it is not
 * well-formed.
 */
size_t ngx_dns_front_proxy_read(ngx_dns_client_t *client, const u_char *p,
    size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_PROXY_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Addresses of servers.  A link-local one is an address of a device: nginx's
 * functions take that of two devices for one, and do not write the device.
 */


#ifndef _NGX_DNS_ADDRESS_H_INCLUDED_
#define _NGX_DNS_ADDRESS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <net/if.h>


#define NGX_DNS_ADDRESS_LEN  (NGX_SOCKADDR_STRLEN + IF_NAMESIZE)


#pragma GCC visibility push(hidden)

/* with their ports */
ngx_uint_t ngx_dns_address_same(struct sockaddr *one, socklen_t onelen,
    struct sockaddr *two, socklen_t twolen);

/* as "[fe80::1%eth0]:53", NGX_DNS_ADDRESS_LEN at most; returns its end */
u_char *ngx_dns_address_text(u_char *p, struct sockaddr *sa, socklen_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_ADDRESS_H_INCLUDED_ */

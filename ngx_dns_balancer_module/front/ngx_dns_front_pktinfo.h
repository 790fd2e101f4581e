
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The local address of a datagram, on a socket for all addresses: IP_PKTINFO
 * and IPV6_PKTINFO.  Private to the UDP front.
 */


#ifndef _NGX_DNS_FRONT_PKTINFO_H_INCLUDED_
#define _NGX_DNS_FRONT_PKTINFO_H_INCLUDED_


#include "ngx_dns_front_udp.h"


#pragma GCC visibility push(hidden)

/*
 * Which address was asked, for the client's "local", and the server {} of
 * "addrs" that has it; the last one is for any other address.
 */
ngx_dns_conf_t *ngx_dns_front_pktinfo_read(struct msghdr *msg,
    ngx_dns_front_addr_t *addrs, ngx_uint_t naddrs, ngx_dns_client_t *client);

/* where a response leaves from; the length of the control message */
size_t ngx_dns_front_pktinfo_write(size_t *control,
    const ngx_dns_sockaddr_t *local);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_PKTINFO_H_INCLUDED_ */

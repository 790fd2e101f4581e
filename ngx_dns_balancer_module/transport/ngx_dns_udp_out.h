
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Queries to servers over UDP.
 *
 * A worker keeps a set of connected sockets for each server, each with a
 * source port the kernel chose at random (RFC 5452, 9.2).  A batch of queries
 * to a server leaves by one of them, taken at random, in one system call; a
 * socket is replaced after some thousand queries or a minute.  IDs are random
 * and unique on their socket.  A response counts only on the socket its query
 * left by, with its ID and its question; all else is counted and dropped.
 * ICMP errors come with the beginning of the datagram that they are about.  A
 * closed port ends the attempt; other errors are reported as a hint.
 */


#ifndef _NGX_DNS_UDP_OUT_H_INCLUDED_
#define _NGX_DNS_UDP_OUT_H_INCLUDED_


#include "ngx_dns_transport.h"


#define NGX_DNS_UDP_OUT_MESSAGE  4096      /* longest response read */
#define NGX_DNS_UDP_SOCKETS      32        /* for one server, at most */


#pragma GCC visibility push(hidden)

extern ngx_dns_transport_t  ngx_dns_udp_out;

#pragma GCC visibility pop


#endif /* _NGX_DNS_UDP_OUT_H_INCLUDED_ */

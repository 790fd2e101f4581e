
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Who reads a listening socket, which several processes share, and how one
 * is left without a datagram lost.  Readers and masters say so by a record
 * lock on the socket itself: the kernel drops it whatever a process dies of,
 * and it is seen across a binary upgrade, which no shared memory is.  A
 * process loses its lock when it closes any descriptor of the socket, as
 * nginx does in a worker that is told to quit.  For the front and module/.
 */


#ifndef _NGX_DNS_FRONT_SOCKET_H_INCLUDED_
#define _NGX_DNS_FRONT_SOCKET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* the octet that is locked */

#define NGX_DNS_FRONT_MASTER  0      /* it is in the master's configuration */
#define NGX_DNS_FRONT_READER  1      /* a worker reads it, and does not quit */


#pragma GCC visibility push(hidden)

/* NGX_ERROR: this process may not lock it, errno says why */
ngx_int_t ngx_dns_front_socket_hold(ngx_socket_t fd, off_t who);

/* whether another process does; also true if that can't be found out */
ngx_uint_t ngx_dns_front_socket_held(ngx_socket_t fd, off_t who);

/*
 * The kernel no longer chooses the socket, in any process that shares it; it
 * is not closed.  What came until now can still be read; what comes later goes
 * to other sockets of the same address, or is refused.  To be called only when
 * it is certain that no process needs the socket.  NGX_ERROR: not possible.
 */
ngx_int_t ngx_dns_front_socket_leave(ngx_socket_t fd);

/*
 * In a worker: may nobody but this master and its workers have the socket?  It
 * was not handed over to the master by another one, nor by it to a new binary,
 * for which nginx renames the file with its number.
 */
ngx_uint_t ngx_dns_front_socket_own(const ngx_listening_t *ls);

/* brings back a socket that was left */
void ngx_dns_front_socket_join(ngx_socket_t fd);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_SOCKET_H_INCLUDED_ */

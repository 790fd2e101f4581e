
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What carries the octets of a connection to a server, from its beginning to
 * its end: plain TCP, or a "unix:" socket, or TLS over TCP.  Private to the
 * transports over streams, which find it in their table.  Logs nothing: every
 * query could fail to connect, and its waiters are told.
 */


#ifndef _NGX_DNS_BYTES_H_INCLUDED_
#define _NGX_DNS_BYTES_H_INCLUDED_


#include "ngx_dns_transport.h"


struct ngx_dns_bytes_s {

    /* queries are padded to a multiple of so many octets; 0: they are not */
    size_t                 block;

    /*
     * A connection out of the reserve, whose events are on, and whose handlers
     * and data the caller sets.  NGX_OK: it is ready; NGX_AGAIN: its events
     * lead to ready().  NGX_ERROR: the server can't be reached; NGX_BUSY:
     * something is lacking here; there is no connection then.  "first" is for
     * the reserve.
     */
    ngx_int_t            (*connect)(ngx_dns_peer_t *peer, ngx_uint_t first,
                                    ngx_connection_t **cp);

    /*
     * What an event of one that was not ready means: NGX_OK, it is; NGX_AGAIN,
     * not yet; NGX_ERROR.
     */
    ngx_int_t            (*ready)(ngx_connection_t *c);

    /*
     * Asked once of one that has come to its end by itself: is that a failure
     * of TLS?  It is the server's, and noted.  NULL: it never is.
     */
    ngx_uint_t           (*failed)(ngx_connection_t *c);

    /* as c->recv() and c->send(): NGX_AGAIN, NGX_ERROR, 0 at the end */
    ssize_t              (*read)(ngx_connection_t *c, u_char *p, size_t size);
    ssize_t              (*write)(ngx_connection_t *c, u_char *p,
                                  size_t size);

    /* at once, ready or not; the connection goes back to the reserve */
    void                 (*close)(ngx_connection_t *c);
};


#pragma GCC visibility push(hidden)

extern const ngx_dns_bytes_t  ngx_dns_bytes_plain;

#pragma GCC visibility pop


#endif /* _NGX_DNS_BYTES_H_INCLUDED_ */

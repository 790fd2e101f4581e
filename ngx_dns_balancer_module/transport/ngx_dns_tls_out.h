
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Queries to servers over TLS (RFC 7858): those of ngx_dns_tcp_out.h, with TLS
 * below the frames.  Where nginx has no SSL there is no such transport.
 *
 * A server is known by a certificate that the upstream's authorities stand
 * for, and that has its name, or without one its address; or by its key alone,
 * where there are pins (RFC 7858, 4.2).  Queries leave after that only, and
 * never with the handshake (0-RTT).  Sessions are resumed.
 */


#ifndef _NGX_DNS_TLS_OUT_H_INCLUDED_
#define _NGX_DNS_TLS_OUT_H_INCLUDED_


#include "ngx_dns_transport.h"


#define NGX_DNS_TLS_PORT       853
#define NGX_DNS_TLS_HANDSHAKE  1500       /* milliseconds */
#define NGX_DNS_TLS_PIN        32         /* octets, of SHA-256 */


#if (NGX_SSL)

/* how a server is known; lives as long as the configuration */

struct ngx_dns_tls_s {
    ngx_ssl_t             *ssl;           /* of its upstream */
    ngx_uint_t             verify;        /* the chain and the name */
    ngx_uint_t             reuse;         /* of sessions */

    ngx_str_t              name;          /* ends with a zero; empty: there is
                                             none, the address counts */
    ngx_str_t              host;          /* module/: in place of it */
    ngx_uint_t             literal;       /* "name" is an address */

    u_char               (*pins)[NGX_DNS_TLS_PIN];
    ngx_uint_t             npins;

    ngx_ssl_session_t     *session;       /* of this worker; or NULL */
};


#pragma GCC visibility push(hidden)

extern ngx_dns_transport_t  ngx_dns_tls_out;

/* below its frames, and those of zone transfers */
extern const ngx_dns_bytes_t  ngx_dns_bytes_tls;

/* the session that is kept for the next connection */
void ngx_dns_tls_forget(ngx_dns_tls_t *tls);

#pragma GCC visibility pop

#endif


#endif /* _NGX_DNS_TLS_OUT_H_INCLUDED_ */

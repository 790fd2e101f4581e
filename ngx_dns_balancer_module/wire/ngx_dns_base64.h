
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The encoding of a query in a URI (RFC 8484, 6: base64url of RFC 4648, 5,
 * without padding).
 */


#ifndef _NGX_DNS_BASE64_H_INCLUDED_
#define _NGX_DNS_BASE64_H_INCLUDED_


#include "ngx_dns_wire.h"


#pragma GCC visibility push(hidden)

/*
 * Decodes "src" to "dst", at most "size" octets of it.  A character may be "%"
 * and two digits (RFC 3986, 6.2.2.2).  Returns how many octets all of it is;
 * NGX_ERROR: it is no base64url.
 */
ssize_t ngx_dns_base64url(u_char *dst, size_t size, const u_char *src,
    size_t len);

/*
 * The same for the one "dns=" in the arguments of a request: names of variables
 * in a template have case, and are there once (RFC 8484, 4.1; RFC 6570, 2.3,
 * 3.2.8).  NGX_ERROR: there is none, or more than one, or it is no base64url.
 */
ssize_t ngx_dns_base64url_argument(u_char *dst, size_t size,
    const u_char *args, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_BASE64_H_INCLUDED_ */

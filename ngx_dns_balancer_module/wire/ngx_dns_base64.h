
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
 * Decodes "src" to "dst", at most "size" octets of it.  Returns how many octets
 * all of it is; NGX_ERROR: it is no base64url.
 */
ssize_t ngx_dns_base64url(u_char *dst, size_t size, const u_char *src,
    size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_BASE64_H_INCLUDED_ */

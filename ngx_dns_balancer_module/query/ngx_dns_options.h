
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The EDNS options of a response that the client's own options ask for: NSID
 * (RFC 5001), keepalive (RFC 7828), Client Subnet (RFC 7871) and padding (RFC
 * 7830, RFC 8467).  Private to the query layer, for clients that have sent
 * one of them; not called for others.
 */


#ifndef _NGX_DNS_OPTIONS_H_INCLUDED_
#define _NGX_DNS_OPTIONS_H_INCLUDED_


#include "ngx_dns_request.h"
#include "../wire/ngx_dns_edns.h"


#define NGX_DNS_NSID_MAX       128        /* octets */


/* who asked, and what of the query goes into any response */

typedef struct {
    ngx_dns_client_t     *client;
    ngx_dns_conf_t       *conf;
    const ngx_dns_policy_t  *policy;     /* of the zone, if there is one */
    const u_char         *name;          /* in the client's letter case */
    const ngx_dns_asked_t  *asked;
    uint64_t             *responses;     /* by rcode, of their source */
} ngx_dns_asker_t;


#pragma GCC visibility push(hidden)

/*
 * Looks at the options of a query, which are known to fit, and notes those that
 * its response has to do with.  "reason" is what is wrong with the query so
 * far; returns that, or what an option makes of it.  One that is not as its RFC
 * says is ignored where the RFC does not say otherwise; a bad Client Subnet
 * sets asked->subnet_bad.
 */
ngx_dns_reason_e ngx_dns_options_parse(const ngx_dns_request_t *r,
    ngx_dns_reason_e reason);

/* octets that they take at most, without padding */
size_t ngx_dns_options_size(const ngx_dns_asker_t *asker);

/* the room a response of "size" needs with them, padding too */
size_t ngx_dns_options_room(const ngx_dns_asker_t *asker, size_t size);

/*
 * Adds them to the OPT at "opt" that ends at "p", as the message from "start"
 * does; "scope" is the SCOPE PREFIX-LENGTH.  Returns the end.
 */
u_char *ngx_dns_options_write(const ngx_dns_asker_t *asker, u_char *start,
    u_char *opt, u_char *p, ngx_uint_t scope);

#pragma GCC visibility pop


#endif /* _NGX_DNS_OPTIONS_H_INCLUDED_ */

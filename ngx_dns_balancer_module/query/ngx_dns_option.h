
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One EDNS option of a response: a row of the table in ngx_dns_options.c, and
 * a file.  Private to these.  Called only for queries that have the option.
 */


#ifndef _NGX_DNS_OPTION_H_INCLUDED_
#define _NGX_DNS_OPTION_H_INCLUDED_


#include "ngx_dns_options.h"


#define NGX_DNS_OPTION_HEADER  4          /* RFC 6891, 6.1.2 */

#define NGX_DNS_OPTION_NONE    ((size_t) -1)


/* where it is read */

typedef struct {
    const ngx_dns_conf_t   *conf;
    ngx_dns_client_t       *client;
    ngx_dns_asked_t        *asked;
    ngx_dns_reason_e        reason;
    ngx_uint_t              again;        /* there was a good one before it */
} ngx_dns_option_query_t;


/* where it is written */

typedef struct {
    const ngx_dns_asker_t  *asker;
    u_char                 *start;        /* of the message */
    ngx_uint_t              scope;        /* SCOPE PREFIX-LENGTH, RFC 7871 */
} ngx_dns_option_place_t;


typedef struct {
    uint16_t                code;

    /* it fills up the message, and does not count against its limit */
    ngx_uint_t              filler;

    /*
     * Looks at it in the query; 0: it is as if it was not there.  It may set
     * "reason", which is what was found wrong with the query so far.
     */
    ngx_uint_t            (*parse)(ngx_dns_option_query_t *query,
                                   const u_char *data, size_t len);

    /* octets of its data at most; NGX_DNS_OPTION_NONE: it is left out */
    size_t                (*size)(const ngx_dns_asker_t *asker);

    /* writes its data, and returns the end */
    u_char               *(*write)(const ngx_dns_option_place_t *place,
                                   u_char *p);
} ngx_dns_option_t;


#pragma GCC visibility push(hidden)

extern const ngx_dns_option_t  ngx_dns_option_nsid;
extern const ngx_dns_option_t  ngx_dns_option_keepalive;
extern const ngx_dns_option_t  ngx_dns_option_subnet;
extern const ngx_dns_option_t  ngx_dns_option_cookie;
extern const ngx_dns_option_t  ngx_dns_option_padding;

#pragma GCC visibility pop


#endif /* _NGX_DNS_OPTION_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Where a zone transfer ends: AXFR (RFC 5936, 2.2) and IXFR (RFC 1995, 4) in
 * its three forms.  Looks at the order of SOA records and nothing else; for
 * the query layer, with messages that are parsed.
 */


#ifndef _NGX_DNS_XFR_H_INCLUDED_
#define _NGX_DNS_XFR_H_INCLUDED_


#include "ngx_dns_message.h"


typedef enum {
    NGX_DNS_XFR_BEGIN = 0,      /* the first SOA is to come */
    NGX_DNS_XFR_SECOND,         /* of an IXFR: what follows tells the form */
    NGX_DNS_XFR_WHOLE,          /* records, up to the next SOA */
    NGX_DNS_XFR_DELETED,        /* up to the SOA before what was added */
    NGX_DNS_XFR_ADDED,          /* up to the SOA of the next part, or the end */
    NGX_DNS_XFR_END
} ngx_dns_xfr_state_e;


typedef struct {
    ngx_dns_xfr_state_e  state;
    uint32_t             serial;        /* of the first SOA */
    uint32_t             have;          /* the client's, of an IXFR */
    unsigned             incremental:1; /* it was asked for */
} ngx_dns_xfr_t;


#pragma GCC visibility push(hidden)

/*
 * The serial of the SOA in the authority section of an IXFR query, whose
 * question ends at "pos".  NGX_ERROR: there is none.  "end" is where it ends.
 */
ngx_int_t ngx_dns_xfr_have(const u_char *p, size_t size, size_t pos,
    uint32_t *serial, size_t *end);

/*
 * The next message.  NGX_AGAIN: there are more; NGX_OK: it was the last;
 * NGX_ERROR: it is none of a transfer.
 */
ngx_int_t ngx_dns_xfr_message(ngx_dns_xfr_t *x, const ngx_dns_message_t *m,
    const u_char *msg);

#pragma GCC visibility pop


#endif /* _NGX_DNS_XFR_H_INCLUDED_ */

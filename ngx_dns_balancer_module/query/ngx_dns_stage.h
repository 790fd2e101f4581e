
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a query passes before it is looked up, if its server has it: rules of
 * allow and deny, limits.  A stage is one table of its function, in a list of
 * the listener; a server without any pays one test.  For ngx_dns_query.c; the
 * list is filled by module/ before a worker starts.
 */


#ifndef _NGX_DNS_STAGE_H_INCLUDED_
#define _NGX_DNS_STAGE_H_INCLUDED_


#include "ngx_dns_limit.h"


struct ngx_dns_stage_s {

    /*
     * A query with a header; "reason" is what is wrong with it, or
     * NGX_DNS_FINE.  Returns why it ends here, or "reason" as it was.
     */
    ngx_dns_reason_e    (*query)(ngx_dns_request_t *r,
                                 ngx_dns_reason_e reason);
};


#pragma GCC visibility push(hidden)

/* rules of the server: listener->access() */
extern const ngx_dns_stage_t  ngx_dns_stage_access;

/* dns_limit of all queries; those of misses are counted later */
extern const ngx_dns_stage_t  ngx_dns_stage_limit;

/* one more, after those there are; NGX_DNS_STAGES at most */
void ngx_dns_stage_add(ngx_dns_listener_t *listener,
    const ngx_dns_stage_t *stage);

ngx_dns_reason_e ngx_dns_stage_query(ngx_dns_request_t *r,
    ngx_dns_reason_e reason);

#pragma GCC visibility pop


#endif /* _NGX_DNS_STAGE_H_INCLUDED_ */

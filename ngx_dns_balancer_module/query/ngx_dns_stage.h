
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a query passes, if its server has it: rules of allow and deny, limits,
 * taps, logs.  A stage is one table of its functions, for three points: the
 * query has come, a response is sent, the query has ended.  The stages of a
 * server are a list of its listener, which module/ fills before a worker
 * starts; a server without any at a point pays one test there.
 */


#ifndef _NGX_DNS_STAGE_H_INCLUDED_
#define _NGX_DNS_STAGE_H_INCLUDED_


#include "ngx_dns_limit.h"
#include "ngx_dns_options.h"


/* the points, as bits of listener->points */

#define NGX_DNS_AT_RESPONSE  1
#define NGX_DNS_AT_END       2


/* any of them may be NULL */

struct ngx_dns_stage_s {

    /*
     * A query with a header; "reason" is what is wrong with it, or
     * NGX_DNS_FINE.  Returns why it ends here, or "reason" as it was.
     */
    ngx_dns_reason_e    (*query)(ngx_dns_request_t *r,
                                 ngx_dns_reason_e reason);

    /*
     * A message for the client, as it is sent: one for each query, but for
     * those that are dropped, and for zone transfers, which have more.
     */
    void                (*response)(const ngx_dns_asker_t *asker,
                                    const u_char *msg, size_t len);

    /* called once for each query, also for one that was not even parsed */
    void                (*end)(ngx_dns_logged_t *logged);
};


#pragma GCC visibility push(hidden)

/* rules of the server: listener->access() */
extern const ngx_dns_stage_t  ngx_dns_stage_access;

/* dns_limit of all queries; those of misses are counted later */
extern const ngx_dns_stage_t  ngx_dns_stage_limit;

/*
 * One more, after those there are; NGX_DNS_STAGES at most.  What they do with a
 * query is done by listener->enter(), if there is anything to do.
 */
void ngx_dns_stage_add(ngx_dns_listener_t *listener,
    const ngx_dns_stage_t *stage);

/* what the stages of a point do; for those who have looked at "points" */
void ngx_dns_stage_response(const ngx_dns_asker_t *asker, const u_char *msg,
    size_t len);
void ngx_dns_stage_end(ngx_dns_logged_t *logged);

#pragma GCC visibility pop


#endif /* _NGX_DNS_STAGE_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * A query that is being looked at: what all steps of the query layer need of
 * it, from the parser to the response or to the wait for one.  It lives for one
 * call of ngx_dns_query_process(); what waits is copied (ngx_dns_inflight.h).
 * Private to the query layer.
 */


#ifndef _NGX_DNS_REQUEST_H_INCLUDED_
#define _NGX_DNS_REQUEST_H_INCLUDED_


#include "ngx_dns_conf.h"
#include "../wire/ngx_dns_question.h"


struct ngx_dns_request_s {
    ngx_dns_conf_t       *conf;
    ngx_dns_client_t     *client;
    ngx_dns_question_t   *question;
    u_char               *packet;      /* the query as it came */
    size_t                len;
    ngx_dns_zone_t       *zone;        /* NULL: not known, or none */
    uint64_t              key;         /* of a hash method; 0: none */
    uint64_t              partition;   /* of a cache: the upstream and, where
                                          that matters, the key; set by route */
    const ngx_dns_choice_t  *choice;   /* where zone->choice is set; NULL: not
                                          yet, or nowhere */
};


#pragma GCC visibility push(hidden)

/*
 * Fills "logged" with what the query itself says, and clears the rest.  "name"
 * is NULL, as is "asked", if there is no question that could be read.
 */
void ngx_dns_logged_fill(ngx_dns_logged_t *logged, ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, const ngx_dns_asked_t *asked, u_char *name);

/* the same of a query that is being looked at */
void ngx_dns_request_logged(const ngx_dns_request_t *r,
    ngx_dns_logged_t *logged);

#pragma GCC visibility pop


/* where the query goes, once it has a zone; NULL: to no server */

static ngx_inline ngx_dns_upstream_t *
ngx_dns_request_upstream(const ngx_dns_request_t *r)
{
    if ((r->zone->special & NGX_DNS_ZONE_CHOICE) == 0) {
        return r->zone->upstream;
    }

    return r->choice ? r->choice->upstream : NULL;
}


#endif /* _NGX_DNS_REQUEST_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_stage.h"


static ngx_dns_reason_e ngx_dns_stage_query(ngx_dns_request_t *r,
    ngx_dns_reason_e reason);
static ngx_dns_reason_e ngx_dns_stage_access_query(ngx_dns_request_t *r,
    ngx_dns_reason_e reason);


const ngx_dns_stage_t  ngx_dns_stage_access = {
    ngx_dns_stage_access_query,
    NULL,
    NULL
};


void
ngx_dns_stage_add(ngx_dns_listener_t *listener, const ngx_dns_stage_t *stage)
{
    listener->stages[listener->nstages++] = stage;

    listener->points |= (stage->response ? NGX_DNS_AT_RESPONSE : 0)
                        | (stage->end ? NGX_DNS_AT_END : 0);

    /* one alone is called without a list */

    if (stage->query) {
        listener->enter = listener->enter ? ngx_dns_stage_query : stage->query;
    }
}


static ngx_dns_reason_e
ngx_dns_stage_query(ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    ngx_uint_t           i;
    ngx_dns_reason_e     why;
    ngx_dns_listener_t  *listener;

    listener = &r->conf->listener;

    for (i = 0; i < listener->nstages; i++) {

        if (listener->stages[i]->query == NULL) {
            continue;
        }

        why = listener->stages[i]->query(r, reason);

        if (why != reason) {
            return why;
        }
    }

    return reason;
}


void
ngx_dns_stage_response(const ngx_dns_asker_t *asker, const u_char *msg,
    size_t len)
{
    ngx_uint_t           i;
    ngx_dns_listener_t  *listener;

    listener = &asker->conf->listener;

    for (i = 0; i < listener->nstages; i++) {
        if (listener->stages[i]->response) {
            listener->stages[i]->response(asker, msg, len);
        }
    }
}


void
ngx_dns_stage_end(ngx_dns_logged_t *logged)
{
    ngx_uint_t           i;
    ngx_dns_listener_t  *listener;

    listener = &logged->conf->listener;

    for (i = 0; i < listener->nstages; i++) {
        if (listener->stages[i]->end) {
            listener->stages[i]->end(logged);
        }
    }
}


/* what may not be answered, in a loop, is not even refused */

static ngx_dns_reason_e
ngx_dns_stage_access_query(ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    ngx_dns_logged_t  logged;

    ngx_dns_request_logged(r, &logged);

    return r->conf->listener.access(&logged) != NGX_OK
           && reason != NGX_DNS_ERESPONSE ? NGX_DNS_EACCESS : reason;
}

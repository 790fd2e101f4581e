
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_clock.h"


/*
 * A server of many would get one query of a batch, and that query would cost
 * system calls of its own, there and back.  So it gets a few of them in a row.
 */

#define NGX_DNS_RR_MANY  64             /* servers, and more */
#define NGX_DNS_RR_RUN   8              /* queries of one batch, at most */


typedef struct {
    ngx_dns_peer_t  *peer;              /* whose turn it is */
    uint64_t         batch;             /* its time */
    ngx_uint_t       left;              /* queries for this server */
} ngx_dns_rr_t;


static ngx_int_t ngx_dns_balance_rr_init(ngx_dns_group_t *group,
    ngx_pool_t *pool);
static ngx_dns_peer_t *ngx_dns_balance_rr_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_dns_peer_t *ngx_dns_balance_rr_run(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);


ngx_dns_balancer_t  ngx_dns_balance_rr = {
    ngx_string("round_robin"),
    ngx_dns_balance_rr_init,
    ngx_dns_balance_rr_pick,
    0
};


static ngx_int_t
ngx_dns_balance_rr_init(ngx_dns_group_t *group, ngx_pool_t *pool)
{
    group->data = NULL;

    if (group->n >= NGX_DNS_RR_MANY) {
        group->data = ngx_pcalloc(pool, sizeof(ngx_dns_rr_t));
        if (group->data == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_dns_peer_t *
ngx_dns_balance_rr_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    if (group->data == NULL || pick->ntried) {
        return ngx_dns_balancer_next(group, pick);
    }

    return ngx_dns_balance_rr_run(group, pick);
}


static ngx_dns_peer_t *
ngx_dns_balance_rr_run(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t       draw;
    ngx_uint_t     usable;
    ngx_dns_rr_t  *rr;

    rr = group->data;

    if (rr->left && rr->batch == ngx_dns_usec) {

        /* what was drawn for its turn decided about all of the run */

        draw = pick->draw;
        pick->draw = 0;
        usable = ngx_dns_balancer_usable(rr->peer, pick);
        pick->draw = draw;

        if (usable) {
            rr->left--;
            return rr->peer;
        }
    }

    rr->peer = ngx_dns_balancer_next(group, pick);
    rr->batch = ngx_dns_usec;
    rr->left = rr->peer ? NGX_DNS_RR_RUN - 1 : 0;

    return rr->peer;
}

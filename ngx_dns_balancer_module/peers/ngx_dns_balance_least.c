
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"


static ngx_dns_peer_t *ngx_dns_balance_conn_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_dns_peer_t *ngx_dns_balance_time_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);


ngx_dns_balancer_t  ngx_dns_balance_conn = {
    ngx_string("least_conn"),
    NULL,
    ngx_dns_balance_conn_pick,
    0
};


/*
 * Power of two choices, not the least of all: the measured times are those
 * of a moment ago, and all workers would run to the same server.
 */

ngx_dns_balancer_t  ngx_dns_balance_time = {
    ngx_string("least_time"),
    NULL,
    ngx_dns_balance_time_pick,
    0
};


/* among equals the turn of round robin decides */

static ngx_dns_peer_t *
ngx_dns_balance_conn_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *best;

    best = ngx_dns_balancer_next(group, pick);

    if (best == NULL || ngx_dns_balancer_outstanding(best) == 0) {
        return best;
    }

    for (i = 0; i < group->n; i++) {
        if (ngx_dns_balancer_fewer(group->peers[i], best)
            && ngx_dns_balancer_usable(group->peers[i], pick))
        {
            best = group->peers[i];
        }
    }

    return best;
}


static ngx_dns_peer_t *
ngx_dns_balance_time_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *a, *b;

    a = ngx_dns_balancer_next(group, pick);
    b = a ? ngx_dns_balancer_other(group, pick, a) : NULL;

    return (b && ngx_dns_balancer_faster(b, a, pick->now)) ? b : a;
}

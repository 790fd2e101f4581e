
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"


static ngx_dns_peer_t *ngx_dns_balance_sequential_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);


ngx_dns_balancer_t  ngx_dns_balance_sequential = {
    ngx_string("sequential"),
    NULL,
    ngx_dns_balance_sequential_pick,
    1
};


static ngx_dns_peer_t *
ngx_dns_balance_sequential_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_uint_t  i;

    for (i = 0; i < group->n; i++) {
        if (ngx_dns_balancer_usable(group->peers[i], pick)) {
            return group->peers[i];
        }
    }

    return NULL;
}

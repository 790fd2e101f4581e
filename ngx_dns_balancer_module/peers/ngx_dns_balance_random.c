
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"


static ngx_dns_peer_t *ngx_dns_balance_random_pick_conn(
    ngx_dns_group_t *group, ngx_dns_pick_t *pick);
static ngx_dns_peer_t *ngx_dns_balance_random_pick_time(
    ngx_dns_group_t *group, ngx_dns_pick_t *pick);


ngx_dns_balancer_t  ngx_dns_balance_random = {
    ngx_string("random"),
    NULL,
    ngx_dns_balancer_chance,
    0
};


ngx_dns_balancer_t  ngx_dns_balance_random_conn = {
    ngx_string("random two least_conn"),
    NULL,
    ngx_dns_balance_random_pick_conn,
    0
};


ngx_dns_balancer_t  ngx_dns_balance_random_time = {
    ngx_string("random two least_time"),
    NULL,
    ngx_dns_balance_random_pick_time,
    0
};


static ngx_dns_peer_t *
ngx_dns_balance_random_pick_conn(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *a, *b;

    a = ngx_dns_balancer_chance(group, pick);
    b = a ? ngx_dns_balancer_other(group, pick, a) : NULL;

    return (b && ngx_dns_balancer_fewer(b, a)) ? b : a;
}


static ngx_dns_peer_t *
ngx_dns_balance_random_pick_time(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *a, *b;

    a = ngx_dns_balancer_chance(group, pick);
    b = a ? ngx_dns_balancer_other(group, pick, a) : NULL;

    return (b && ngx_dns_balancer_faster(b, a, pick->now)) ? b : a;
}

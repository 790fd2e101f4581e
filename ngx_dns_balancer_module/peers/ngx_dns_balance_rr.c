
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"


ngx_dns_balancer_t  ngx_dns_balance_rr = {
    ngx_string("round_robin"),
    NULL,
    ngx_dns_balancer_next,
    0
};

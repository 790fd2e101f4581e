
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_transport.h"


ngx_dns_transport_tap_pt  ngx_dns_transport_tap;

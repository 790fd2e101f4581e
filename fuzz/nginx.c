
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* What the sources under test want of nginx. */


#include <ngx_config.h>
#include <ngx_core.h>


ngx_pid_t  ngx_pid = 1;


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include <ngx_config.h>
#include <ngx_core.h>

/* its functions are not ours to hide, those of what protoc-c made are */

#include <protobuf-c/protobuf-c.h>

#pragma GCC visibility push(hidden)
#include <ngx_dns_dnstap.pb-c.c>
#pragma GCC visibility pop

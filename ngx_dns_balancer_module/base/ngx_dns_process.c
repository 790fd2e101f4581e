
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_process.h"


/*
 * A pid may have been given to a process that is not of this nginx.  All that
 * share the memory are children of one master, in its group.
 */

ngx_uint_t
ngx_dns_process_gone(uint32_t pid)
{
    ngx_pid_t  group;

    group = getpgid((ngx_pid_t) pid);

    return group == -1 ? ngx_errno == NGX_ESRCH : group != getpgid(0);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_lease.h"
#include "ngx_dns_atomic.h"
#include "ngx_dns_process.h"


#define ngx_dns_lease_owner(generation, pid)                                  \
    ((uint64_t) (generation) << 32 | (uint32_t) (pid))


ngx_uint_t
ngx_dns_lease_hold(ngx_dns_lease_t *lease, uint32_t generation,
    ngx_msec_t now, ngx_msec_t timeout)
{
    int32_t   newer;
    uint32_t  pid;
    uint64_t  self, owner;

    self = ngx_dns_lease_owner(generation, ngx_pid);
    owner = ngx_dns_load(&lease->owner);

    if (owner == self) {
        ngx_dns_store(&lease->seen, (uint64_t) now);
        return 1;
    }

    newer = (int32_t) ((uint32_t) (owner >> 32) - generation);
    pid = (uint32_t) owner;

    if (newer > 0) {
        return 0;
    }

    /* the holder's clock may be a little ahead of ours */

    if (newer == 0 && pid
        && (int64_t) (now - ngx_dns_load(&lease->seen)) < (int64_t) timeout
        && !ngx_dns_process_gone(pid))
    {
        return 0;
    }

    /* first the time: who comes next must not find the old one */

    ngx_dns_store(&lease->seen, (uint64_t) now);

    return ngx_dns_cas(&lease->owner, owner, self);
}


ngx_uint_t
ngx_dns_lease_held(ngx_dns_lease_t *lease, uint32_t generation)
{
    return ngx_dns_load(&lease->owner)
           == ngx_dns_lease_owner(generation, ngx_pid);
}


void
ngx_dns_lease_leave(ngx_dns_lease_t *lease, uint32_t generation)
{
    (void) ngx_dns_cas(&lease->owner,
                       ngx_dns_lease_owner(generation, ngx_pid),
                       ngx_dns_lease_owner(generation, 0));
}

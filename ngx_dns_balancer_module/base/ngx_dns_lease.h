
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Work that is needed once for all workers: who does it, and when it was last
 * seen.  Whoever else calls hold() when that was too long ago, or the holder
 * is gone, does it from then on, whatever the other is stopped by; it finds
 * out when it goes on.  A holder of an older configuration is not waited for.
 * Nobody waits, and no lock is held.
 *
 * The words are in shared memory, cleared at first.  A process that goes on
 * after a stop may still end what it was at: what the work changes has to
 * bear two for a moment.
 */


#ifndef _NGX_DNS_LEASE_H_INCLUDED_
#define _NGX_DNS_LEASE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    uint64_t    owner;         /* generation << 32 | pid; pid 0: nobody */
    uint64_t    seen;          /* msec */
} ngx_dns_lease_t;


#pragma GCC visibility push(hidden)

/* 1: this process does the work, for "timeout" milliseconds at least */
ngx_uint_t ngx_dns_lease_hold(ngx_dns_lease_t *lease, uint32_t generation,
    ngx_msec_t now, ngx_msec_t timeout);

/* is it still this process that does? */
ngx_uint_t ngx_dns_lease_held(ngx_dns_lease_t *lease, uint32_t generation);

/* no longer */
void ngx_dns_lease_leave(ngx_dns_lease_t *lease, uint32_t generation);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LEASE_H_INCLUDED_ */

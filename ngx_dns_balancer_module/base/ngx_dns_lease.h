
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Work that is needed once for all workers: which process does it, and when
 * that process was last seen.  If that is too long ago, or the process is gone,
 * the next one that calls hold() takes the work over.  A holder that was only
 * stopped finds out when it goes on.  A holder of an older configuration is not
 * waited for.  No process waits, and no lock is held.
 *
 * The words are in shared memory, cleared at first.  A process that goes on
 * after a stop may still finish what it was doing, so for a moment two may do
 * the work: what it changes has to bear that.
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

/* does this process still do the work? */
ngx_uint_t ngx_dns_lease_held(ngx_dns_lease_t *lease, uint32_t generation);

/* this process no longer does the work */
void ngx_dns_lease_leave(ngx_dns_lease_t *lease, uint32_t generation);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LEASE_H_INCLUDED_ */

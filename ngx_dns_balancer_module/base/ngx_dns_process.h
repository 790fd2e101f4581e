
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Is a process that left its pid in shared memory still there?  The one place
 * that decides it, for all of store/ and peers/.
 */


#ifndef _NGX_DNS_PROCESS_H_INCLUDED_
#define _NGX_DNS_PROCESS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#pragma GCC visibility push(hidden)

/*
 * Not for the caller's own pid: only the caller knows whether that is its own
 * mark or one of an earlier process with the same number.
 */
ngx_uint_t ngx_dns_process_gone(uint32_t pid);

#pragma GCC visibility pop


#endif /* _NGX_DNS_PROCESS_H_INCLUDED_ */

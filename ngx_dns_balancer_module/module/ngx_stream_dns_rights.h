
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What worker processes, which are those of another user as a rule, may do
 * with files that the master has seen.
 */


#ifndef _NGX_STREAM_DNS_RIGHTS_H_INCLUDED_
#define _NGX_STREAM_DNS_RIGHTS_H_INCLUDED_


#include "ngx_stream_dns.h"


#pragma GCC visibility push(hidden)

/* may they?  "need" is what others need, such as S_IROTH */
ngx_uint_t ngx_stream_dns_rights(ngx_cycle_t *cycle, const char *name,
    ngx_file_info_t *fi, mode_t need);

/* warns of files that they read again after a change, but can't */
void ngx_stream_dns_rights_check(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_RIGHTS_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Which answers the program in the kernel gets (dns_xdp), and when it has to
 * give them up.  A stage of servers with "dns_xdp on" notes which names are
 * asked for often, and hands their answers up when the queries of the round
 * have been looked at.  Then all is decided once more, as if the name was asked
 * for: what was taken back after that, by a purge or a change of hosts files,
 * has another epoch, and counts no more.
 *
 * Only what the socket would say to everybody gets there: out of the cache, in
 * its time, for clients of any address.
 *
 * One worker looks at all answers each second: those that the cache does not
 * have any more go, and what was asked for in the kernel counts as used.
 */


#ifndef _NGX_DNS_HOT_H_INCLUDED_
#define _NGX_DNS_HOT_H_INCLUDED_


#include "ngx_dns_stage.h"
#include "../store/ngx_dns_xdp.h"


#define NGX_DNS_HOT_TICK  100           /* milliseconds: a part of them */


#pragma GCC visibility push(hidden)

extern const ngx_dns_stage_t  ngx_dns_stage_hot;

/* a worker begins: "caches" of ngx_shm_zone_t *, all there are */
void ngx_dns_hot_open(ngx_array_t *caches, ngx_log_t *log);

/* of the worker that looks at them: the next part of the answers */
void ngx_dns_hot_look(void);

/* nothing that was promoted counts any more: after what was changed */
void ngx_dns_hot_flush(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HOT_H_INCLUDED_ */

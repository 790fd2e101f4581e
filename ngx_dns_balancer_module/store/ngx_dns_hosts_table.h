
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * How a table of ngx_dns_hosts.h is laid out.  Private to ngx_dns_hosts*.c.
 */


#ifndef _NGX_DNS_HOSTS_TABLE_H_INCLUDED_
#define _NGX_DNS_HOSTS_TABLE_H_INCLUDED_


#include "ngx_dns_hosts.h"


#define NGX_DNS_HOSTS_START    ngx_align(sizeof(ngx_dns_hosts_shm_t),         \
                                         NGX_DNS_CACHELINE)
#define NGX_DNS_HOSTS_INDEX    3ULL       /* in the generation: which table */
#define NGX_DNS_HOSTS_HEADER   (sizeof(ngx_dns_hosts_table_t) / 4)
#define NGX_DNS_HOSTS_STEPS    4096       /* of any walk: a torn one ends */

/*
 * A node is in the chain of its bucket: [NEXT] in the chain, [LIST] of links,
 * [KIND] with the length of its octets, which follow.  A name's list is its
 * addresses, an address's list is its names.  A link is two words, [NEXT] in
 * the list and [NODE].
 */

#define NGX_DNS_HOSTS_NEXT     0
#define NGX_DNS_HOSTS_LIST     1
#define NGX_DNS_HOSTS_NODE     1
#define NGX_DNS_HOSTS_KIND     2
#define NGX_DNS_HOSTS_DATA     3
#define NGX_DNS_HOSTS_LINK     2

#define NGX_DNS_HOSTS_NAME     0x0100
#define NGX_DNS_HOSTS_ADDRESS  0x0200


#pragma GCC visibility push(hidden)

/* the table of a generation, which is not 0 */
ngx_dns_hosts_table_t *ngx_dns_hosts_table(ngx_dns_hosts_t *h,
    uint64_t generation);

/*
 * A name's or an address's node, or 0.  The table may be torn, of which "words"
 * are there for sure; so may be the node, but its octets are in these.
 */
uint32_t ngx_dns_hosts_lookup(ngx_dns_hosts_table_t *t, size_t words,
    uint32_t kind, const u_char *p, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HOSTS_TABLE_H_INCLUDED_ */

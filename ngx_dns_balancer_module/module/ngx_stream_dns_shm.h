
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Shared zones of all kinds, for module/.  nginx tells zones apart by name,
 * and hands the contents of an old zone to a new one of the same name, size
 * and tag.  So each kind has a tag of its own: memory of one kind never comes
 * to the init function of another, neither in one configuration nor over a
 * reload, where the name may get a new use.
 */


#ifndef _NGX_STREAM_DNS_SHM_H_INCLUDED_
#define _NGX_STREAM_DNS_SHM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    NGX_STREAM_DNS_SHM_CACHE = 0,
    NGX_STREAM_DNS_SHM_PEERS,
    NGX_STREAM_DNS_SHM_HOSTS,
    NGX_STREAM_DNS_SHM_METRICS,
    NGX_STREAM_DNS_SHM_LIMIT,
    NGX_STREAM_DNS_SHM_DESK,
    NGX_STREAM_DNS_SHM_SECRET,
    NGX_STREAM_DNS_SHM_KINDS
} ngx_stream_dns_shm_kind_e;


#pragma GCC visibility push(hidden)

/* the size of a zone whose slab pool is to give one piece of "size" octets */
size_t ngx_stream_dns_shm_size(size_t size);

/* the largest such piece of a zone of "size" octets; 0: none */
size_t ngx_stream_dns_shm_room(size_t size);

/*
 * A zone of this cycle.  NULL, and it is said why: no memory, or the name is
 * taken by another zone, of any kind or module.
 */
ngx_shm_zone_t *ngx_stream_dns_shm_add(ngx_conf_t *cf,
    ngx_stream_dns_shm_kind_e kind, ngx_str_t *name, size_t size,
    ngx_shm_zone_init_pt init, void *data);

/* the zone of this name and kind that the running configuration has, if any */
ngx_shm_zone_t *ngx_stream_dns_shm_running(ngx_shm_zone_t *zone);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_SHM_H_INCLUDED_ */

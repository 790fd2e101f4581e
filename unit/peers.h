
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * Builds upstreams for tests without configuration: "a=3 b c=1/backup".
 */


#ifndef _UNIT_PEERS_H_INCLUDED_
#define _UNIT_PEERS_H_INCLUDED_


#include "nginx.h"
#include "peers/ngx_dns_balancer.h"


/* NULL if the balancer refuses it */
ngx_dns_upstream_t *unit_upstream(const char *method, const char *servers);

/* state in "shm" of an earlier upstream, as at a reload; NULL: its own */
ngx_int_t unit_upstream_zone(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm);

/* the same, but the configuration does not come into use */
ngx_int_t unit_upstream_try(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm);

ngx_dns_peer_t *unit_peer(ngx_dns_upstream_t *u, ngx_uint_t i);


#endif /* _UNIT_PEERS_H_INCLUDED_ */

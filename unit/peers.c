
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "peers.h"

#include <stdio.h>


ngx_dns_upstream_t *
unit_upstream(const char *method, const char *servers)
{
    char                *s, *word, *save;
    ngx_str_t            name;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    u = ngx_pcalloc(&unit_pool, sizeof(ngx_dns_upstream_t));
    u->peers.nalloc = strlen(servers) / 2 + 1;
    u->peers.size = sizeof(ngx_dns_peer_t);
    u->peers.elts = ngx_pcalloc(&unit_pool, u->peers.nalloc * u->peers.size);

    ngx_str_set(&u->name, "unit");

    s = ngx_pnalloc(&unit_pool, strlen(servers) + 1);
    strcpy(s, servers);

    for (word = strtok_r(s, " ", &save);
         word;
         word = strtok_r(NULL, " ", &save))
    {
        peer = ngx_array_push(&u->peers);

        peer->weight = 1;
        peer->max_fails = 3;
        peer->fail_timeout = 10000;
        peer->backup = strstr(word, "/backup") != NULL;
        peer->down = strstr(word, "/down") != NULL;

        if (strstr(word, "/max")) {
            peer->max_outstanding = (uint32_t) atoi(strstr(word, "/max") + 4);
        }

        if (strchr(word, '=')) {
            peer->weight = (uint32_t) atoi(strchr(word, '=') + 1);
        }

        peer->name.data = (u_char *) word;
        peer->name.len = strcspn(word, "=/");
    }

    name.data = (u_char *) method;
    name.len = strlen(method);
    u->balancer = ngx_dns_balancer_find(&name);

    if (u->balancer == NULL
        || ngx_dns_balancer_init(u, &unit_pool) != NGX_OK)
    {
        return NULL;
    }

    return unit_upstream_zone(u, NULL) == NGX_OK ? u : NULL;
}


ngx_int_t
unit_upstream_zone(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm)
{
    if (unit_upstream_try(u, shm) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dns_peers_commit(u, ngx_current_msec);

    return ngx_dns_peers_attach(u, ngx_current_msec);
}


ngx_int_t
unit_upstream_try(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm)
{
    void    *p;
    size_t   size;

    size = ngx_dns_peers_size(u->peers.nelts);

    if (shm == NULL) {
        p = ngx_pcalloc(&unit_pool, size + 64);
        p = ngx_align_ptr(p, 64);
        shm = p;
    }

    return ngx_dns_peers_init(u, shm, size);
}


ngx_dns_peer_t *
unit_peer(ngx_dns_upstream_t *u, ngx_uint_t i)
{
    return (ngx_dns_peer_t *) u->peers.elts + i;
}

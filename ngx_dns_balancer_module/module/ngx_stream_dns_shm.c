
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_shm.h"


typedef struct {
    const char  *directive;
    ngx_uint_t   noreuse;
} ngx_stream_dns_shm_kind_t;


static ngx_shm_zone_t *ngx_stream_dns_shm_find(ngx_list_t *zones,
    ngx_str_t *name);


/*
 * The address of a line is the tag of its kind.  The table of hosts files is
 * made anew at each reload: workers of the old configuration keep theirs, and
 * its builder, so that there are never two for one table.
 */

static ngx_stream_dns_shm_kind_t
    ngx_stream_dns_shm_kinds[NGX_STREAM_DNS_SHM_KINDS] =
{
    { "dns_cache_zone", 0 },
    { "dns_upstream", 0 },
    { "dns_hosts", 1 },
    { "the counters of DNS servers", 0 },
    { "dns_limit_zone", 0 },
    { "the changes of DNS servers", 0 },
    { "dns_cookie", 0 }
};


/* pages of the slab pool itself: under 1/64, and its header */

size_t
ngx_stream_dns_shm_size(size_t size)
{
    return ngx_align(size + size / 64 + 8 * ngx_pagesize, ngx_pagesize);
}


size_t
ngx_stream_dns_shm_room(size_t size)
{
    if (size < 10 * ngx_pagesize) {
        return size < 9 * ngx_pagesize ? 0 : size - 8 * ngx_pagesize;
    }

    size -= 8 * ngx_pagesize;

    return (size - size / 64) & ~(ngx_pagesize - 1);
}


static ngx_shm_zone_t *
ngx_stream_dns_shm_find(ngx_list_t *zones, ngx_str_t *name)
{
    ngx_uint_t        i;
    ngx_shm_zone_t   *zone;
    ngx_list_part_t  *part;

    for (part = &zones->part; part; part = part->next) {
        zone = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (zone[i].shm.name.len == name->len
                && ngx_memcmp(zone[i].shm.name.data, name->data, name->len)
                   == 0)
            {
                return &zone[i];
            }
        }
    }

    return NULL;
}


ngx_shm_zone_t *
ngx_stream_dns_shm_add(ngx_conf_t *cf, ngx_stream_dns_shm_kind_e kind,
    ngx_str_t *name, size_t size, ngx_shm_zone_init_pt init, void *data)
{
    ngx_uint_t                  i;
    ngx_shm_zone_t             *zone;
    ngx_stream_dns_shm_kind_t  *kinds;

    kinds = ngx_stream_dns_shm_kinds;
    zone = ngx_stream_dns_shm_find(&cf->cycle->shared_memory, name);

    for (i = 0; zone && i < NGX_STREAM_DNS_SHM_KINDS; i++) {
        if (zone->tag != &kinds[i]) {
            continue;
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" of \"%s\" is already used by %s"
                           "\"%s\"", name, kinds[kind].directive,
                           i == kind ? "another " : "", kinds[i].directive);
        return NULL;
    }

    /* nginx itself says so if the zone is another module's */

    zone = ngx_shared_memory_add(cf, name, size, &kinds[kind]);

    if (zone) {
        zone->init = init;
        zone->data = data;
        zone->noreuse = kinds[kind].noreuse;
    }

    return zone;
}


ngx_shm_zone_t *
ngx_stream_dns_shm_running(ngx_shm_zone_t *zone)
{
    ngx_shm_zone_t  *old;

    if (ngx_cycle == NULL || ngx_is_init_cycle(ngx_cycle)) {
        return NULL;
    }

    old = ngx_stream_dns_shm_find((ngx_list_t *) &ngx_cycle->shared_memory,
                                  &zone->shm.name);

    return (old && old->tag == zone->tag) ? old : NULL;
}

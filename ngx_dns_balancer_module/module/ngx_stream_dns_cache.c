
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_cache_file.h"
#include "ngx_stream_dns_text.h"


/* touched at the start: a first touch later would cost each new entry more */

#define NGX_STREAM_DNS_CACHE_TOUCH  (4UL << 30)


static ngx_int_t ngx_stream_dns_cache_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ssize_t ngx_stream_dns_cache_zone_size(ngx_str_t *value,
    ngx_str_t *name);
static ngx_stream_dns_cache_file_t *ngx_stream_dns_cache_zone_file(
    ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name);
static void ngx_stream_dns_cache_purged(ngx_shm_zone_t *shm_zone);
static void ngx_stream_dns_cache_resized(ngx_shm_zone_t *shm_zone);
static const char *ngx_stream_dns_cache_idle(ngx_dns_policy_t *policy);
static ngx_int_t ngx_stream_dns_cache_seconds(ngx_conf_t *cf,
    ngx_str_t *value, ngx_uint_t *sec);


/* zone=NAME:SIZE [file=PATH] */

char *
ngx_stream_dns_cache_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_main_conf_t *dmcf = conf;

    ssize_t                       size;
    ngx_str_t                    *value, name;
    ngx_shm_zone_t               *shm_zone, **cache;
    ngx_stream_dns_cache_file_t  *file;

    value = cf->args->elts;
    size = ngx_stream_dns_cache_zone_size(&value[1], &name);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be "
                           "\"zone=NAME:SIZE\" with a size from 64k to 64g",
                           &value[0], &value[1]);
        return NGX_CONF_ERROR;
    }

    file = NULL;

    if (cf->args->nelts == 3) {
        file = ngx_stream_dns_cache_zone_file(cf, dmcf, &name);
        if (file == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    shm_zone = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_CACHE, &name,
                                      (size_t) size,
                                      ngx_stream_dns_cache_init_zone, file);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (file) {
        file->shm_zone = shm_zone;
    }

    cache = ngx_array_push(&dmcf->status.caches);

    if (cache == NULL
        || ngx_stream_dns_place_add(cf, &dmcf->cache_places) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    *cache = shm_zone;

    return NGX_CONF_OK;
}


/* NAME:SIZE after "zone="; NGX_ERROR: it is not one */

static ssize_t
ngx_stream_dns_cache_zone_size(ngx_str_t *value, ngx_str_t *name)
{
    u_char     *p;
    size_t      max;
    ssize_t     size;
    ngx_str_t   s;

    if (ngx_strncmp(value->data, "zone=", 5) != 0) {
        return NGX_ERROR;
    }

    name->data = value->data + 5;

    p = (u_char *) ngx_strchr(name->data, ':');

    if (p == NULL || p == name->data) {
        return NGX_ERROR;
    }

    name->len = p - name->data;

    s.data = p + 1;
    s.len = value->data + value->len - s.data;

    size = ngx_parse_size(&s);

    /* ngx_parse_size() knows no gigabytes */

    if (s.len > 1 && (s.data[s.len - 1] | 0x20) == 'g') {
        size = ngx_atosz(s.data, s.len - 1);
        size = (size > 0 && size <= 64) ? size << 30 : NGX_ERROR;
    }

    max = NGX_DNS_CACHE_MAX_SIZE;

    return (size < (ssize_t) NGX_DNS_CACHE_MIN_SIZE || size > (ssize_t) max)
           ? NGX_ERROR : size;
}


static ngx_stream_dns_cache_file_t *
ngx_stream_dns_cache_zone_file(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name)
{
    ngx_str_t  *value, path;

    value = cf->args->elts;

    if (ngx_strncmp(value[2].data, "file=", 5) != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid parameter \"%V\", it must be "
                           "\"file=PATH\"", &value[0], &value[2]);
        return NULL;
    }

    path.data = value[2].data + 5;
    path.len = value[2].len - 5;

    return ngx_stream_dns_cache_file_add(cf, dmcf, name, &path);
}


/* the cache has all of the zone but the page of the slab pool's header */

static ngx_int_t
ngx_stream_dns_cache_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t                        size, dirty;
    u_char                       *mem;
    ngx_stream_dns_cache_file_t  *file;

    file = shm_zone->data;
    mem = shm_zone->shm.addr + ngx_pagesize;
    size = shm_zone->shm.size - ngx_pagesize;

    if (file && ngx_stream_dns_cache_file_check(file, shm_zone->shm.log)
                != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (data || shm_zone->shm.exists) {
        shm_zone->data = ngx_dns_cache_attach(mem, size);

        if (shm_zone->data) {
            return NGX_OK;
        }

        ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                      "dns_cache_zone \"%V\" is of another version of the "
                      "module, its answers are dropped", &shm_zone->shm.name);

    } else {
        ngx_stream_dns_cache_resized(shm_zone);
    }

    /* of a new zone only what the slab pool wrote is not clear */

    dirty = size / ngx_pagesize * sizeof(ngx_slab_page_t) + 16 * ngx_pagesize;

    if (size <= NGX_STREAM_DNS_CACHE_TOUCH || data) {
        dirty = size;
    }

    ngx_memzero(mem, ngx_min(dirty, size));

    shm_zone->data = ngx_dns_cache_init(mem, size);

    ngx_stream_dns_cache_purged(shm_zone);

    if (file && !ngx_test_config) {
        ngx_stream_dns_cache_file_load(file, shm_zone->data,
                                       shm_zone->shm.log);
    }

    return NGX_OK;
}


/* what was purged before the size changed must not come back by a file */

static void
ngx_stream_dns_cache_purged(ngx_shm_zone_t *shm_zone)
{
    ngx_shm_zone_t       *old;
    ngx_dns_cache_shm_t  *c, *was;

    old = ngx_stream_dns_shm_running(shm_zone);

    if (old == NULL) {
        return;
    }

    was = ngx_dns_cache_attach(old->shm.addr + ngx_pagesize,
                               old->shm.size - ngx_pagesize);
    if (was) {
        c = shm_zone->data;
        c->purged = ngx_dns_load(&was->purged);
    }
}


static void
ngx_stream_dns_cache_resized(ngx_shm_zone_t *shm_zone)
{
    ngx_shm_zone_t  *old;

    old = ngx_stream_dns_shm_running(shm_zone);

    if (old && old->shm.size != shm_zone->shm.size) {
        ngx_log_error(NGX_LOG_NOTICE, shm_zone->shm.log, 0,
                      "dns_cache_zone \"%V\" changed from %uz to %uz octets, "
                      "its answers are dropped", &shm_zone->shm.name,
                      old->shm.size, shm_zone->shm.size);
    }
}


char *
ngx_stream_dns_cache(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_str_t                    *value;
    ngx_stream_dns_cache_use_t   *use;
    ngx_stream_dns_main_conf_t   *dmcf;

    ngx_stream_dns_claim(cf);

    if (policy->cache_zone != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        policy->cache_zone = NULL;
        return NGX_CONF_OK;
    }

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    use = ngx_array_push(&dmcf->uses);
    if (use == NULL) {
        return NGX_CONF_ERROR;
    }

    use->policy = policy;
    use->name = value[1];
    use->file = cf->conf_file->file.name.data;
    use->line = cf->conf_file->line;

    policy->cache_zone = NULL;

    return NGX_CONF_OK;
}


/* a zone may stand below the lines that use it */

char *
ngx_stream_dns_cache_find(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i, k;
    ngx_shm_zone_t              **zone;
    ngx_stream_dns_cache_use_t   *use;

    use = dmcf->uses.elts;
    zone = dmcf->status.caches.elts;

    for (i = 0; i < dmcf->uses.nelts; i++) {

        for (k = 0; k < dmcf->status.caches.nelts; k++) {
            if (zone[k]->shm.name.len == use[i].name.len
                && ngx_memcmp(zone[k]->shm.name.data, use[i].name.data,
                              use[i].name.len)
                   == 0)
            {
                use[i].policy->cache_zone = zone[k];
                break;
            }
        }

        if (k == dmcf->status.caches.nelts) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_cache\": \"%V\" is not the name of a "
                          "\"dns_cache_zone\", nor \"off\", in %s:%ui",
                          &use[i].name, use[i].file, use[i].line);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_cache_seconds(ngx_conf_t *cf, ngx_str_t *value, ngx_uint_t *sec)
{
    ngx_int_t   n;
    ngx_str_t  *name;

    n = ngx_parse_time(value, 1);

    if (n == NGX_ERROR || n > 604800) {
        name = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a time "
                           "in seconds from 0 to 7d", name, value);
        return NGX_ERROR;
    }

    *sec = (ngx_uint_t) n;

    return NGX_OK;
}


char *
ngx_stream_dns_cache_negative_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_str_t  *value;

    ngx_stream_dns_claim(cf);

    if (policy->negative_min != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_stream_dns_cache_seconds(cf, &value[1], &policy->negative_min)
        != NGX_OK
        || ngx_stream_dns_cache_seconds(cf, &value[2], &policy->negative_max)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (policy->negative_min > policy->negative_max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": the minimum \"%V\" is over the maximum "
                           "\"%V\"", &value[0], &value[1], &value[2]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_cache_stale(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_int_t    ttl, msec;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    ngx_stream_dns_claim(cf);

    if (policy->stale != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_stream_dns_text_once(cf) != NGX_OK
        || ngx_stream_dns_cache_seconds(cf, &value[1], &policy->stale)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    policy->stale_after = NGX_STREAM_DNS_STALE_AFTER;
    policy->stale_ttl = 30;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "answer_after=", 13) == 0) {
            s.data = value[i].data + 13;
            s.len = value[i].len - 13;
            msec = ngx_parse_time(&s, 0);

            if (msec != NGX_ERROR && msec <= 60000) {
                policy->stale_after = (ngx_msec_t) msec;
                continue;
            }

        } else if (ngx_strncmp(value[i].data, "ttl=", 4) == 0) {
            s.data = value[i].data + 4;
            s.len = value[i].len - 4;
            ttl = ngx_parse_time(&s, 1);

            if (ttl != NGX_ERROR && ttl <= 3600) {
                policy->stale_ttl = (ngx_uint_t) ttl;
                continue;
            }
        }

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid parameter \"%V\", it must be "
                           "\"answer_after=\" and a time up to 1m, or "
                           "\"ttl=\" and a time in seconds up to 1h",
                           &value[0], &value[i]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* off | PERCENT [hits=N] */

char *
ngx_stream_dns_cache_prefetch(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_int_t   n, hits;
    ngx_str_t  *value;

    ngx_stream_dns_claim(cf);

    if (policy->prefetch != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;
    hits = 1;
    n = 0;

    if (ngx_strcmp(value[1].data, "off") != 0) {
        n = ngx_atoi(value[1].data, value[1].len);

        if (n != NGX_ERROR && (n == 0 || n > 90)) {
            n = NGX_ERROR;
        }
    }

    if (cf->args->nelts == 3) {
        hits = NGX_ERROR;

        if (ngx_strncmp(value[2].data, "hits=", 5) == 0) {
            hits = ngx_atoi(value[2].data + 5, value[2].len - 5);
        }
    }

    if (n == NGX_ERROR || hits == NGX_ERROR || hits > 3
        || (n == 0 && cf->args->nelts == 3))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be \"off\", "
                           "or a number of percent from 1 to 90 with "
                           "\"hits=\" and a number from 0 to 3",
                           &value[0],
                           &value[n == NGX_ERROR || cf->args->nelts == 2
                                  ? 1 : 2]);
        return NGX_CONF_ERROR;
    }

    policy->prefetch = (ngx_uint_t) n;
    policy->prefetch_hits = (ngx_uint_t) hits;

    return NGX_CONF_OK;
}


void
ngx_stream_dns_cache_unset(ngx_dns_policy_t *policy)
{
    policy->cache_zone = NGX_CONF_UNSET_PTR;
    policy->negative_min = NGX_CONF_UNSET_UINT;
    policy->negative_max = NGX_CONF_UNSET_UINT;
    policy->stale = NGX_CONF_UNSET_UINT;
    policy->stale_ttl = NGX_CONF_UNSET_UINT;
    policy->stale_after = NGX_CONF_UNSET_MSEC;
    policy->prefetch = NGX_CONF_UNSET_UINT;
    policy->prefetch_hits = NGX_CONF_UNSET_UINT;
}


/* a directive of the block's own that would do nothing without a cache */

static const char *
ngx_stream_dns_cache_idle(ngx_dns_policy_t *policy)
{
    if (policy->min_ttl != NGX_CONF_UNSET_UINT) {
        return "dns_cache_min_ttl";
    }

    if (policy->max_ttl != NGX_CONF_UNSET_UINT) {
        return "dns_cache_max_ttl";
    }

    if (policy->servfail_ttl != NGX_CONF_UNSET_UINT) {
        return "dns_cache_servfail_ttl";
    }

    if (policy->negative_min != NGX_CONF_UNSET_UINT) {
        return "dns_cache_negative_ttl";
    }

    /* switched off, a thing has nothing to do */

    if (policy->stale != NGX_CONF_UNSET_UINT && policy->stale) {
        return "dns_cache_stale";
    }

    if (policy->prefetch != NGX_CONF_UNSET_UINT && policy->prefetch) {
        return "dns_cache_prefetch";
    }

    return policy->nxdomain_cut == 1 ? "dns_cache_nxdomain_cut" : NULL;
}


/* before the values of ngx_stream_dns_slot() are merged */

char *
ngx_stream_dns_cache_merge(ngx_conf_t *cf, ngx_dns_policy_t *policy,
    ngx_dns_policy_t *prev, ngx_stream_dns_place_t *place)
{
    const char  *idle;

    ngx_conf_merge_ptr_value(policy->cache_zone, prev->cache_zone, NULL);

    idle = policy->cache_zone ? NULL : ngx_stream_dns_cache_idle(policy);

    if (idle) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" is of no use: the %s has no \"dns_cache\" "
                      "with a zone in %s:%ui", idle, place->block,
                      place->file, place->line);
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_uint_value(policy->negative_min, prev->negative_min, 0);
    ngx_conf_merge_uint_value(policy->negative_max, prev->negative_max, 3600);
    ngx_conf_merge_uint_value(policy->stale, prev->stale, 0);
    ngx_conf_merge_uint_value(policy->stale_ttl, prev->stale_ttl, 30);
    ngx_conf_merge_msec_value(policy->stale_after, prev->stale_after,
                              NGX_STREAM_DNS_STALE_AFTER);
    ngx_conf_merge_uint_value(policy->prefetch, prev->prefetch, 0);
    ngx_conf_merge_uint_value(policy->prefetch_hits, prev->prefetch_hits, 1);

    return NGX_CONF_OK;
}


void
ngx_stream_dns_cache_open(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t          i;
    ngx_dns_policy_t  **policy;

    policy = dmcf->policies.elts;

    for (i = 0; i < dmcf->policies.nelts; i++) {
        policy[i]->cache = policy[i]->cache_zone ? policy[i]->cache_zone->data
                                                 : NULL;
    }
}

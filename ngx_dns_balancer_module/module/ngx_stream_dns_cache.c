
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"


/* touched at the start: a first touch later would cost each new entry more */

#define NGX_STREAM_DNS_CACHE_TOUCH  (4UL << 30)


static ngx_int_t ngx_stream_dns_cache_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static void ngx_stream_dns_cache_resized(ngx_shm_zone_t *shm_zone);
static const char *ngx_stream_dns_cache_idle(ngx_stream_dns_srv_conf_t *conf);
static ngx_int_t ngx_stream_dns_cache_seconds(ngx_conf_t *cf,
    ngx_str_t *value, time_t *sec);


/* zone=NAME:SIZE */

char *
ngx_stream_dns_cache_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_main_conf_t *dmcf = conf;

    u_char          *p;
    size_t           max;
    ssize_t          size;
    ngx_str_t       *value, name, s;
    ngx_shm_zone_t  *shm_zone, **cache;

    value = cf->args->elts;
    size = NGX_ERROR;
    max = NGX_DNS_CACHE_MAX_SIZE;
    ngx_str_null(&name);

    if (ngx_strncmp(value[1].data, "zone=", 5) == 0) {
        name.data = value[1].data + 5;

        p = (u_char *) ngx_strchr(name.data, ':');

        if (p) {
            name.len = p - name.data;

            s.data = p + 1;
            s.len = value[1].data + value[1].len - s.data;

            size = ngx_parse_size(&s);

            /* ngx_parse_size() knows no gigabytes */

            if (s.len > 1 && (s.data[s.len - 1] | 0x20) == 'g') {
                size = ngx_atosz(s.data, s.len - 1);
                size = (size > 0 && size <= 64) ? size << 30 : NGX_ERROR;
            }
        }
    }

    if (name.len == 0 || size < (ssize_t) NGX_DNS_CACHE_MIN_SIZE
        || size > (ssize_t) max)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be "
                           "\"zone=NAME:SIZE\" with a size from 64k to 64g",
                           &value[0], &value[1]);
        return NGX_CONF_ERROR;
    }

    shm_zone = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_CACHE, &name,
                                      (size_t) size,
                                      ngx_stream_dns_cache_init_zone, NULL);
    if (shm_zone == NULL) {
        return NGX_CONF_ERROR;
    }

    cache = ngx_array_push(&dmcf->status.caches);
    if (cache == NULL) {
        return NGX_CONF_ERROR;
    }

    *cache = shm_zone;

    return NGX_CONF_OK;
}


/* the cache has all of the zone but the page of the slab pool's header */

static ngx_int_t
ngx_stream_dns_cache_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t   size, dirty;
    u_char  *mem;

    mem = shm_zone->shm.addr + ngx_pagesize;
    size = shm_zone->shm.size - ngx_pagesize;

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

    return NGX_OK;
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
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                    *value;
    ngx_stream_dns_cache_use_t   *use;
    ngx_stream_dns_main_conf_t   *dmcf;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->cache != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        dscf->cache = NULL;
        return NGX_CONF_OK;
    }

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    use = ngx_array_push(&dmcf->uses);
    if (use == NULL) {
        return NGX_CONF_ERROR;
    }

    use->dscf = dscf;
    use->name = value[1];
    use->file = cf->conf_file->file.name.data;
    use->line = cf->conf_file->line;

    dscf->cache = NULL;

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
                use[i].dscf->cache = zone[k];
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
ngx_stream_dns_cache_seconds(ngx_conf_t *cf, ngx_str_t *value, time_t *sec)
{
    ngx_str_t  *name;

    *sec = ngx_parse_time(value, 1);

    if (*sec == (time_t) NGX_ERROR || *sec > 604800) {
        name = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a time "
                           "in seconds from 0 to 7d", name, value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


char *
ngx_stream_dns_cache_negative_ttl(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t  *value;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->negative_min != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_stream_dns_cache_seconds(cf, &value[1], &dscf->negative_min)
        != NGX_OK
        || ngx_stream_dns_cache_seconds(cf, &value[2], &dscf->negative_max)
           != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (dscf->negative_min > dscf->negative_max) {
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
    ngx_stream_dns_srv_conf_t *dscf = conf;

    time_t       ttl;
    ngx_int_t    msec;
    ngx_str_t   *value, s;
    ngx_uint_t   i;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->stale != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_stream_dns_text_once(cf) != NGX_OK
        || ngx_stream_dns_cache_seconds(cf, &value[1], &dscf->stale) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    dscf->stale_after = 1800;
    dscf->stale_ttl = 30;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "answer_after=", 13) == 0) {
            s.data = value[i].data + 13;
            s.len = value[i].len - 13;
            msec = ngx_parse_time(&s, 0);

            if (msec != NGX_ERROR && msec <= 60000) {
                dscf->stale_after = (ngx_msec_t) msec;
                continue;
            }

        } else if (ngx_strncmp(value[i].data, "ttl=", 4) == 0) {
            s.data = value[i].data + 4;
            s.len = value[i].len - 4;
            ttl = ngx_parse_time(&s, 1);

            if (ttl != (time_t) NGX_ERROR && ttl <= 3600) {
                dscf->stale_ttl = ttl;
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
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_int_t   n, hits;
    ngx_str_t  *value;

    ngx_stream_dns_claim(cf, dscf);

    if (dscf->prefetch != NGX_CONF_UNSET_UINT) {
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

    dscf->prefetch = (ngx_uint_t) n;
    dscf->prefetch_hits = (ngx_uint_t) hits;

    return NGX_CONF_OK;
}


char *
ngx_stream_dns_cache_nxdomain_cut(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_stream_dns_claim(cf, conf);

    return ngx_conf_set_flag_slot(cf, cmd, conf);
}


void
ngx_stream_dns_cache_unset(ngx_stream_dns_srv_conf_t *conf)
{
    conf->cache = NGX_CONF_UNSET_PTR;
    conf->min_ttl = NGX_CONF_UNSET;
    conf->max_ttl = NGX_CONF_UNSET;
    conf->servfail_ttl = NGX_CONF_UNSET;
    conf->negative_min = NGX_CONF_UNSET;
    conf->negative_max = NGX_CONF_UNSET;
    conf->stale = NGX_CONF_UNSET;
    conf->stale_ttl = NGX_CONF_UNSET;
    conf->stale_after = NGX_CONF_UNSET_MSEC;
    conf->prefetch = NGX_CONF_UNSET_UINT;
    conf->prefetch_hits = NGX_CONF_UNSET_UINT;
    conf->nxdomain_cut = NGX_CONF_UNSET;
}


/* a directive of the server's own that would do nothing without a cache */

static const char *
ngx_stream_dns_cache_idle(ngx_stream_dns_srv_conf_t *conf)
{
    if (conf->min_ttl != NGX_CONF_UNSET) {
        return "dns_cache_min_ttl";
    }

    if (conf->max_ttl != NGX_CONF_UNSET) {
        return "dns_cache_max_ttl";
    }

    if (conf->servfail_ttl != NGX_CONF_UNSET) {
        return "dns_cache_servfail_ttl";
    }

    if (conf->negative_min != NGX_CONF_UNSET) {
        return "dns_cache_negative_ttl";
    }

    /* switched off, a thing has nothing to do */

    if (conf->stale != NGX_CONF_UNSET && conf->stale) {
        return "dns_cache_stale";
    }

    if (conf->prefetch != NGX_CONF_UNSET_UINT && conf->prefetch) {
        return "dns_cache_prefetch";
    }

    return conf->nxdomain_cut == 1 ? "dns_cache_nxdomain_cut" : NULL;
}


char *
ngx_stream_dns_cache_merge(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *conf,
    ngx_stream_dns_srv_conf_t *prev)
{
    const char                  *idle;
    ngx_stream_core_srv_conf_t  *cscf;

    ngx_conf_merge_ptr_value(conf->cache, prev->cache, NULL);

    idle = conf->cache ? NULL : ngx_stream_dns_cache_idle(conf);

    if (idle) {
        cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" is of no use: the server has no "
                      "\"dns_cache\" with a zone in %s:%ui", idle,
                      cscf->file_name, cscf->line);
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_sec_value(conf->min_ttl, prev->min_ttl, 0);
    ngx_conf_merge_sec_value(conf->max_ttl, prev->max_ttl, 86400);

    if (conf->min_ttl > conf->max_ttl) {
        cscf = ngx_stream_conf_get_module_srv_conf(cf, ngx_stream_core_module);

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"dns_cache_min_ttl\" of %T s is over "
                      "\"dns_cache_max_ttl\" of %T s in server in %s:%ui",
                      conf->min_ttl, conf->max_ttl, cscf->file_name,
                      cscf->line);
        return NGX_CONF_ERROR;
    }

    ngx_conf_merge_sec_value(conf->servfail_ttl, prev->servfail_ttl, 1);
    ngx_conf_merge_sec_value(conf->negative_min, prev->negative_min, 0);
    ngx_conf_merge_sec_value(conf->negative_max, prev->negative_max, 3600);
    ngx_conf_merge_sec_value(conf->stale, prev->stale, 0);
    ngx_conf_merge_sec_value(conf->stale_ttl, prev->stale_ttl, 30);
    ngx_conf_merge_msec_value(conf->stale_after, prev->stale_after, 1800);
    ngx_conf_merge_uint_value(conf->prefetch, prev->prefetch, 0);
    ngx_conf_merge_uint_value(conf->prefetch_hits, prev->prefetch_hits, 1);
    ngx_conf_merge_value(conf->nxdomain_cut, prev->nxdomain_cut, 0);

    conf->dns.min_ttl = (uint32_t) conf->min_ttl;
    conf->dns.max_ttl = (uint32_t) conf->max_ttl;
    conf->dns.servfail_ttl = (uint32_t) conf->servfail_ttl;
    conf->dns.negative_min = (uint32_t) conf->negative_min;
    conf->dns.negative_max = (uint32_t) conf->negative_max;
    conf->dns.stale = (uint32_t) conf->stale;
    conf->dns.stale_ttl = (uint32_t) conf->stale_ttl;
    conf->dns.stale_after = conf->stale_after;
    conf->dns.prefetch = conf->prefetch;
    conf->dns.prefetch_hits = conf->prefetch_hits;
    conf->dns.nxdomain_cut = conf->nxdomain_cut;

    return NGX_CONF_OK;
}


void
ngx_stream_dns_cache_open(ngx_stream_dns_srv_conf_t *conf)
{
    conf->dns.cache = conf->cache ? conf->cache->data : NULL;
}

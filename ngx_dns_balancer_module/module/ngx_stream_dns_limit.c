
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../base/ngx_dns_hash.h"


#define NGX_STREAM_DNS_LIMIT_RATE   1000000
#define NGX_STREAM_DNS_LIMIT_BURST  1000000


/* dns_limit, until its zone is known */

typedef struct {
    ngx_dns_limit_t               limit;
    ngx_str_t                     name;
    ngx_uint_t                    burst;    /* queries */
    u_char                       *file;
    ngx_uint_t                    line;
} ngx_stream_dns_limit_t;


static ngx_int_t ngx_stream_dns_limit_zone_word(ngx_str_t *value,
    ngx_dns_limit_zone_t *zone, ssize_t *size, ngx_uint_t *v4);
static char *ngx_stream_dns_limit_zone_add(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf, ngx_dns_limit_zone_t *zone, size_t size);
static ngx_int_t ngx_stream_dns_limit_name(ngx_str_t *value, ngx_str_t *name,
    ssize_t *size);
static ngx_int_t ngx_stream_dns_limit_rate(ngx_str_t *value,
    uint64_t *interval);
static ngx_int_t ngx_stream_dns_limit_prefix(ngx_str_t *value, ngx_int_t max,
    ngx_uint_t *prefix);
static char *ngx_stream_dns_limit_key(ngx_conf_t *cf,
    ngx_dns_limit_zone_t *zone);
static ngx_int_t ngx_stream_dns_limit_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static char *ngx_stream_dns_limit_twice(ngx_conf_t *cf,
    const ngx_array_t *limits);
static ngx_int_t ngx_stream_dns_limit_word(ngx_stream_dns_limit_t *l,
    ngx_str_t *value);
static ngx_int_t ngx_stream_dns_limit_number(ngx_str_t *value, size_t skip,
    ngx_uint_t *n);
static ngx_dns_limit_zone_t *ngx_stream_dns_limit_find(
    ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name);


/* KEY zone=NAME:SIZE rate=RATE [v4=PREFIX] [v6=PREFIX] */

char *
ngx_stream_dns_limit_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ssize_t                size;
    ngx_str_t             *value;
    ngx_uint_t             i, v4;
    ngx_dns_limit_zone_t  *zone;

    if (ngx_stream_dns_text_once(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;
    size = 0;

    zone = ngx_pcalloc(cf->pool, sizeof(ngx_dns_limit_zone_t));
    if (zone == NULL) {
        return NGX_CONF_ERROR;
    }

    v4 = 24;
    zone->v6 = 56;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_stream_dns_limit_zone_word(&value[i], zone, &size, &v4)
            != NGX_OK)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_limit_zone\": invalid parameter \"%V\", "
                               "it must be \"zone=NAME:SIZE\" with a size from "
                               "64k, \"rate=\" with a number from 1 to %d and "
                               "\"r/s\" or \"r/m\", \"v4=\" with a prefix "
                               "length from 0 to 32, or \"v6=\" with one from "
                               "0 to 128", &value[i],
                               NGX_STREAM_DNS_LIMIT_RATE);
            return NGX_CONF_ERROR;
        }
    }

    if (zone->name.len == 0 || zone->rate.interval == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_limit_zone\": there is no \"%s\"",
                           zone->name.len ? "rate=" : "zone=NAME:SIZE");
        return NGX_CONF_ERROR;
    }

    if (ngx_stream_dns_limit_key(cf, zone) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    zone->v4_mask = v4 ? htonl(0xffffffffu << (32 - v4)) : 0;

    return ngx_stream_dns_limit_zone_add(cf, conf, zone, (size_t) size);
}


static ngx_int_t
ngx_stream_dns_limit_zone_word(ngx_str_t *value, ngx_dns_limit_zone_t *zone,
    ssize_t *size, ngx_uint_t *v4)
{
    if (ngx_strncmp(value->data, "v4=", 3) == 0) {
        return ngx_stream_dns_limit_prefix(value, 32, v4);
    }

    if (ngx_strncmp(value->data, "v6=", 3) == 0) {
        return ngx_stream_dns_limit_prefix(value, 128, &zone->v6);
    }

    if (ngx_stream_dns_limit_name(value, &zone->name, size) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_stream_dns_limit_rate(value, &zone->rate.interval);
}


static char *
ngx_stream_dns_limit_zone_add(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf,
    ngx_dns_limit_zone_t *zone, size_t size)
{
    ngx_shm_zone_t         *shm_zone;
    ngx_dns_limit_zone_t  **p;

    if (dmcf->limit_zones.nelts == NGX_DNS_LIMIT_ZONES) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_limit_zone\": there are more than %d",
                           NGX_DNS_LIMIT_ZONES);
        return NGX_CONF_ERROR;
    }

    shm_zone = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_LIMIT,
                                      &zone->name, size,
                                      ngx_stream_dns_limit_init_zone, zone);
    p = ngx_array_push(&dmcf->limit_zones);

    if (shm_zone == NULL || p == NULL
        || ngx_stream_dns_place_add(cf, &dmcf->limit_places) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_dns_metrics_identify(&zone->metrics, &zone->name, NULL);
    *p = zone;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_limit_name(ngx_str_t *value, ngx_str_t *name, ssize_t *size)
{
    u_char     *p;
    ngx_str_t   s;

    if (name->len || ngx_strncmp(value->data, "zone=", 5) != 0) {
        return NGX_DECLINED;
    }

    p = (u_char *) ngx_strchr(value->data + 5, ':');
    if (p == NULL || p == value->data + 5) {
        return NGX_DECLINED;
    }

    s.data = p + 1;
    s.len = value->data + value->len - s.data;

    *size = ngx_parse_size(&s);

    if (*size < 65536) {
        return NGX_DECLINED;
    }

    name->data = value->data + 5;
    name->len = p - name->data;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_limit_rate(ngx_str_t *value, uint64_t *interval)
{
    size_t      len;
    uint64_t    second;
    ngx_int_t   n;

    if (*interval || value->len < 9
        || ngx_strncmp(value->data, "rate=", 5) != 0)
    {
        return NGX_DECLINED;
    }

    second = 1000000 * NGX_DNS_RATE_UNIT;
    len = value->len - 3;

    if (ngx_strcmp(value->data + len, "r/m") == 0) {
        second *= 60;

    } else if (ngx_strcmp(value->data + len, "r/s") != 0) {
        return NGX_DECLINED;
    }

    n = ngx_atoi(value->data + 5, len - 5);

    if (n < 1 || n > NGX_STREAM_DNS_LIMIT_RATE) {
        return NGX_DECLINED;
    }

    *interval = second / (uint64_t) n;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_limit_prefix(ngx_str_t *value, ngx_int_t max,
    ngx_uint_t *prefix)
{
    ngx_int_t  n;

    n = ngx_atoi(value->data + 3, value->len - 3);

    if (n == NGX_ERROR || n > max) {
        return NGX_DECLINED;
    }

    *prefix = (ngx_uint_t) n;

    return NGX_OK;
}


static char *
ngx_stream_dns_limit_key(ngx_conf_t *cf, ngx_dns_limit_zone_t *zone)
{
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    zone->by_client = 1;

    if (ngx_strcmp(value[1].data, "client") == 0) {
        return NGX_CONF_OK;
    }

    /* $remote_addr, $binary_remote_addr, with others or alone */

    zone->by_client = ngx_strstr(value[1].data, "remote_addr") != NULL;

    if (ngx_stream_script_variables_count(&value[1]) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_limit_zone\": invalid key \"%V\", it must be "
                           "\"client\" or have a variable, as "
                           "\"$remote_addr\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (value[i].data[0] == 'v') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_limit_zone\": \"%V\" is for the key "
                               "\"client\" only, the values of \"%V\" are "
                               "counted as they are", &value[i], &value[1]);
            return NGX_CONF_ERROR;
        }
    }

    zone->key = ngx_stream_dns_variable_compile(cf, &value[1], 1);

    return zone->key ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* what was counted is kept over a reload */

static ngx_int_t
ngx_stream_dns_limit_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    size_t                 size;
    u_char                *mem;
    ngx_dns_limit_zone_t  *zone;

    zone = shm_zone->data;
    mem = shm_zone->shm.addr + ngx_pagesize;
    size = shm_zone->shm.size - ngx_pagesize;

    if (data || shm_zone->shm.exists) {
        zone->rate.shm = ngx_dns_rate_attach(mem, size);

        if (zone->rate.shm) {
            return NGX_OK;
        }
    }

    zone->rate.shm = ngx_dns_rate_init(mem, size);

    return NGX_OK;
}


/* zone=NAME [burst=NUMBER] [slip=NUMBER] [misses] [dry_run] */

char *
ngx_stream_dns_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_dns_policy_t  *policy = conf;

    ngx_str_t               *value;
    ngx_uint_t               i;
    ngx_stream_dns_limit_t  *l;

    ngx_stream_dns_claim(cf);

    if (ngx_stream_dns_text_once(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (policy->limits == NGX_CONF_UNSET_PTR) {
        policy->limits = ngx_array_create(cf->pool, 2,
                                          sizeof(ngx_stream_dns_limit_t));
        if (policy->limits == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    l = ngx_array_push(policy->limits);
    if (l == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(l, sizeof(ngx_stream_dns_limit_t));

    l->limit.slip = 2;
    l->file = cf->conf_file->file.name.data;
    l->line = cf->conf_file->line;

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_stream_dns_limit_word(l, &value[i]) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_limit\": invalid parameter \"%V\", it "
                               "must be \"zone=NAME\", \"burst=\" with a "
                               "number from 0 to %d, \"slip=\" with one from "
                               "0 to 100, \"misses\" or \"dry_run\"", &value[i],
                               NGX_STREAM_DNS_LIMIT_BURST);
            return NGX_CONF_ERROR;
        }
    }

    if (l->name.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_limit\": there is no \"zone=NAME\"");
        return NGX_CONF_ERROR;
    }

    policy->misses |= l->limit.misses;

    return ngx_stream_dns_limit_twice(cf, policy->limits);
}


/* each counts: one of all queries and one of misses are two things */

static char *
ngx_stream_dns_limit_twice(ngx_conf_t *cf, const ngx_array_t *limits)
{
    ngx_uint_t               i;
    ngx_stream_dns_limit_t  *l, *last;

    l = limits->elts;
    last = &l[limits->nelts - 1];

    for (i = 0; &l[i] != last; i++) {

        if (l[i].limit.misses == last->limit.misses
            && l[i].name.len == last->name.len
            && ngx_memcmp(l[i].name.data, last->name.data, last->name.len)
               == 0)
        {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_limit\": duplicate \"zone=%V\", each "
                               "zone can be named once, and once more with "
                               "\"misses\"", &last->name);
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_limit_word(ngx_stream_dns_limit_t *l, ngx_str_t *value)
{
    if (ngx_strncmp(value->data, "zone=", 5) == 0) {
        l->name.data = value->data + 5;
        l->name.len = value->len - 5;

        return l->name.len ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_strncmp(value->data, "burst=", 6) == 0) {
        return ngx_stream_dns_limit_number(value, 6, &l->burst) == NGX_OK
               && l->burst <= NGX_STREAM_DNS_LIMIT_BURST
               ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_strncmp(value->data, "slip=", 5) == 0) {
        return ngx_stream_dns_limit_number(value, 5, &l->limit.slip) == NGX_OK
               && l->limit.slip <= 100 ? NGX_OK : NGX_DECLINED;
    }

    if (ngx_strcmp(value->data, "misses") == 0) {
        l->limit.misses = 1;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data, "dry_run") == 0) {
        l->limit.dry_run = 1;
        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_stream_dns_limit_number(ngx_str_t *value, size_t skip, ngx_uint_t *n)
{
    ngx_int_t  i;

    i = ngx_atoi(value->data + skip, value->len - skip);

    if (i == NGX_ERROR) {
        return NGX_DECLINED;
    }

    *n = (ngx_uint_t) i;

    return NGX_OK;
}


/* a zone may stand below the lines that use it */

ngx_int_t
ngx_stream_dns_limit_init(ngx_conf_t *cf, ngx_dns_policy_t *policy)
{
    uint64_t                     most;
    ngx_uint_t                   i;
    ngx_array_t                 *limits;
    ngx_dns_limit_t             *limit;
    ngx_stream_dns_limit_t      *l;
    ngx_stream_dns_main_conf_t  *dmcf;

    if (policy->limits == NULL || policy->limits == NGX_CONF_UNSET_PTR
        || policy->limits->size == sizeof(ngx_dns_limit_t))
    {
        return NGX_OK;
    }

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    limits = ngx_array_create(cf->pool, policy->limits->nelts,
                              sizeof(ngx_dns_limit_t));
    if (limits == NULL) {
        return NGX_ERROR;
    }

    l = policy->limits->elts;

    for (i = 0; i < policy->limits->nelts; i++) {
        limit = ngx_array_push(limits);
        *limit = l[i].limit;

        limit->zone = ngx_stream_dns_limit_find(dmcf, &l[i].name);

        if (limit->zone == NULL) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_limit\": \"%V\" is not the name of a "
                          "\"dns_limit_zone\", in %s:%ui",
                          &l[i].name, l[i].file, l[i].line);
            return NGX_ERROR;
        }

        most = NGX_DNS_RATE_SPAN / limit->zone->rate.interval - 2;

        if (l[i].burst > most) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_limit\": \"burst=%ui\" is too much for the "
                          "rate of \"%V\", it must be %uL at most, in %s:%ui",
                          l[i].burst, &l[i].name, most, l[i].file, l[i].line);
            return NGX_ERROR;
        }

        limit->burst = l[i].burst * limit->zone->rate.interval;

        most = limit->burst + limit->zone->rate.interval;
        limit->zone->rate.most = ngx_max(limit->zone->rate.most, most);
    }

    policy->limits = limits;

    return NGX_OK;
}


ngx_uint_t
ngx_stream_dns_limit_uses(const ngx_dns_policy_t *policy,
    const ngx_dns_limit_zone_t *zone)
{
    ngx_uint_t        i;
    ngx_dns_limit_t  *limit;

    if (policy->limits == NULL) {
        return 0;
    }

    limit = policy->limits->elts;

    for (i = 0; i < policy->limits->nelts; i++) {
        if (limit[i].zone == zone) {
            return 1;
        }
    }

    return 0;
}


static ngx_dns_limit_zone_t *
ngx_stream_dns_limit_find(ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *name)
{
    ngx_uint_t              i;
    ngx_dns_limit_zone_t  **zone;

    zone = dmcf->limit_zones.elts;

    for (i = 0; i < dmcf->limit_zones.nelts; i++) {
        if (zone[i]->name.len == name->len
            && ngx_memcmp(zone[i]->name.data, name->data, name->len) == 0)
        {
            return zone[i];
        }
    }

    return NULL;
}

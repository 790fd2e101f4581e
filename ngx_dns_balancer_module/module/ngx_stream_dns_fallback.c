
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


static char *ngx_stream_dns_fallback_add(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *value);
static char *ngx_stream_dns_fallback_on(ngx_conf_t *cf,
    ngx_stream_dns_target_t *target, ngx_str_t *value);
static ngx_uint_t ngx_stream_dns_fallback_twice(ngx_dns_zone_t *zone,
    ngx_dns_upstream_t *u);
static ngx_uint_t ngx_stream_dns_fallback_word(u_char *p, size_t len);


static ngx_conf_bitmask_t  ngx_stream_dns_fallback_words[] = {
    { ngx_string("down"), NGX_DNS_ON_DOWN },
    { ngx_string("busy"), NGX_DNS_ON_BUSY },
    { ngx_string("error"), NGX_DNS_ON_ERROR },
    { ngx_string("servfail"), NGX_DNS_ON_SERVFAIL },
    { ngx_string("refused"), NGX_DNS_ON_REFUSED },
    { ngx_string("nxdomain"), NGX_DNS_ON_NXDOMAIN },
    { ngx_string("nodata"), NGX_DNS_ON_NODATA },
    { ngx_null_string, 0 }
};


/* TARGET [fallback=UPSTREAM [on=WORD,...]] ... */

char *
ngx_stream_dns_fallback(ngx_conf_t *cf, ngx_stream_dns_target_t *target)
{
    char        *rv;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "fallback=", 9) == 0) {
            rv = ngx_stream_dns_fallback_add(cf, target, &value[i]);

        } else if (ngx_strncmp(value[i].data, "on=", 3) == 0) {
            rv = ngx_stream_dns_fallback_on(cf, target, &value[i]);

        } else {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_pass\": unknown parameter \"%V\", it "
                               "must be \"fallback=\" and an upstream or "
                               "address, or after it \"on=\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_fallback_add(ngx_conf_t *cf, ngx_stream_dns_target_t *target,
    ngx_str_t *value)
{
    ngx_stream_dns_fallback_t  *fallback;

    if (target->fallbacks == NULL) {
        target->fallbacks = ngx_array_create(cf->pool, NGX_DNS_FALLBACKS,
                                          sizeof(ngx_stream_dns_fallback_t));
        if (target->fallbacks == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (target->fallbacks->nelts == NGX_DNS_FALLBACKS) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_pass\": too many fallbacks at \"%V\", there "
                           "may be up to %d", value, NGX_DNS_FALLBACKS);
        return NGX_CONF_ERROR;
    }

    fallback = ngx_array_push(target->fallbacks);
    if (fallback == NULL) {
        return NGX_CONF_ERROR;
    }

    fallback->on = 0;
    fallback->text.data = value->data + 9;
    fallback->text.len = value->len - 9;

    if (ngx_stream_script_variables_count(&fallback->text)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_pass\": invalid parameter \"%V\", a fallback "
                           "must not have variables", value);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* of the fallback before it */

static char *
ngx_stream_dns_fallback_on(ngx_conf_t *cf, ngx_stream_dns_target_t *target,
    ngx_str_t *value)
{
    u_char                     *p, *end, *last;
    ngx_uint_t                  on;
    ngx_stream_dns_fallback_t  *fallback;

    if (target->fallbacks == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_pass\": \"%V\" must stand after a "
                           "\"fallback=\"", value);
        return NGX_CONF_ERROR;
    }

    fallback = target->fallbacks->elts;
    fallback += target->fallbacks->nelts - 1;

    if (fallback->on) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_pass\": duplicate \"%V\" of "
                           "\"fallback=%V\"", value, &fallback->text);
        return NGX_CONF_ERROR;
    }

    last = value->data + value->len;

    for (p = value->data + 3; /* void */; p = end + 1) {
        end = ngx_strlchr(p, last, ',');

        if (end == NULL) {
            end = last;
        }

        on = ngx_stream_dns_fallback_word(p, end - p);

        if (on == 0 || (fallback->on & on)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_pass\": invalid parameter \"%V\", it "
                               "must be \"on=\" and some of \"down\", "
                               "\"busy\", \"error\", \"servfail\", "
                               "\"refused\", \"nxdomain\", \"nodata\", once "
                               "each, with commas", value);
            return NGX_CONF_ERROR;
        }

        fallback->on |= on;

        if (end == last) {
            return NGX_CONF_OK;
        }
    }
}


static ngx_uint_t
ngx_stream_dns_fallback_word(u_char *p, size_t len)
{
    ngx_conf_bitmask_t  *word;

    for (word = ngx_stream_dns_fallback_words; word->name.len; word++) {
        if (word->name.len == len
            && ngx_strncmp(word->name.data, p, len) == 0)
        {
            return word->mask;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_stream_dns_fallback_twice(ngx_dns_zone_t *zone, ngx_dns_upstream_t *u)
{
    ngx_dns_fallback_t  *fb;

    for (fb = zone->fallback; fb; fb = fb->next) {
        if (fb->upstream == u) {
            return 1;
        }
    }

    return zone->upstream == u;
}


ngx_int_t
ngx_stream_dns_fallback_init(ngx_conf_t *cf, ngx_stream_dns_target_t *target,
    ngx_dns_zone_t *zone)
{
    ngx_uint_t                  i;
    ngx_dns_fallback_t         *fb, **next;
    ngx_stream_dns_fallback_t  *fallback;

    if (target->fallbacks == NULL) {
        return NGX_OK;
    }

    next = &zone->fallback;
    fallback = target->fallbacks->elts;

    for (i = 0; i < target->fallbacks->nelts; i++) {

        fb = ngx_pcalloc(cf->pool, sizeof(ngx_dns_fallback_t));
        if (fb == NULL) {
            return NGX_ERROR;
        }

        fb->on = fallback[i].on ? fallback[i].on
                                : NGX_DNS_ON_DOWN|NGX_DNS_ON_ERROR;
        fb->upstream = ngx_stream_dns_target(cf, target, &fallback[i].text);
        if (fb->upstream == NULL) {
            return NGX_ERROR;
        }

        if (ngx_stream_dns_fallback_twice(zone, fb->upstream)) {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_pass\": \"%V\" is asked already before that "
                          "\"fallback=\", in %s:%ui", &fb->upstream->name,
                          target->file, target->line);
            return NGX_ERROR;
        }

        if (fb->upstream->key) {

            /* the key is that of the first upstream, if any */

            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"dns_pass\": dns_upstream \"%V\" has \"hash\", "
                          "which a fallback can't have, in %s:%ui",
                          &fb->upstream->name, target->file, target->line);
            return NGX_ERROR;
        }

        *next = fb;
        next = &fb->next;
    }

    return NGX_OK;
}

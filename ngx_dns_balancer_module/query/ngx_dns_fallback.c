
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_fallback.h"
#include "ngx_dns_keep.h"
#include "../store/ngx_dns_metrics.h"


ngx_uint_t
ngx_dns_fallback_outcome(const ngx_dns_inflight_t *f)
{
    if (f->said != NGX_DNS_OUTCOME_NONE) {
        return ngx_dns_outcome_on(f->said);
    }

    return ngx_dns_balancer_full(f->upstream, ngx_current_msec)
           ? NGX_DNS_ON_BUSY : NGX_DNS_ON_DOWN;
}


ngx_int_t
ngx_dns_fallback_next(ngx_dns_inflight_t *f, ngx_uint_t on)
{
    ngx_uint_t           i;
    ngx_dns_fallback_t  *fallback;

    fallback = ngx_dns_fallback_find(f->fallback, on);

    if (fallback == NULL || f->tries == NGX_DNS_MAX_TRIES
        || (ngx_msec_int_t) (f->deadline - ngx_current_msec) <= 0)
    {
        return NGX_DECLINED;
    }

    /* other servers' responses say nothing of those that refuse on purpose */

    for (i = 0; i < f->tries; i++) {
        ngx_dns_inflight_attempt(f, i)->failed = 0;
    }

    f->upstream = fallback->upstream;
    f->only = NULL;
    f->fallback = fallback->next;
    f->fallen |= (uint8_t) fallback->on;
    f->said = NGX_DNS_OUTCOME_NONE;
    f->first = f->tries;
    f->servers = 0;
    f->repeats = 0;
    f->limit = (uint8_t) ngx_min(f->upstream->live, f->policy->tries);
    f->spare = 0;
    f->racing = 0;

    for (fallback = f->fallback; fallback; fallback = fallback->next) {
        f->spare++;
    }

    ngx_dns_peers_earn(f->upstream, f->policy->budget);
    ngx_dns_count(fallbacks);

    return NGX_OK;
}


ngx_uint_t
ngx_dns_fallback_negative(ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, const ngx_dns_message_t *m,
    const u_char *msg, size_t len)
{
    ngx_uint_t  on;

    on = m->rcode == NGX_DNS_NXDOMAIN ? NGX_DNS_ON_NXDOMAIN
         : m->rcode == NGX_DNS_NOERROR && m->answers == 0
         ? NGX_DNS_ON_NODATA : 0;

    if (a->index < f->first
        ? (f->fallen & on) == 0
        : ngx_dns_fallback_find(f->fallback, on) == NULL)
    {
        return 0;
    }

    /* a good response must not be lost: what can't be kept is the response */

    if (f->kept == NULL && ngx_dns_keep(f, msg, len) != NGX_OK) {
        return 0;
    }

    return on;
}

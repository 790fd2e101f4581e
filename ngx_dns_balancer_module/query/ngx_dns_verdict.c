
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_verdict.h"
#include "ngx_dns_fallback.h"
#include "ngx_dns_keep.h"
#include "ngx_dns_race.h"


ngx_dns_life_event_e
ngx_dns_verdict_good(ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, size_t len, ngx_dns_verdict_t *v)
{
    ngx_uint_t  past;

    past = a->index < f->first;

    if (!past && ngx_dns_race_holds(f, &v->m, v->msg, len)) {
        return NGX_DNS_LIFE_HOLD;
    }

    if (!past && f->holds && !ngx_dns_race_better(f, &v->m)) {
        return ngx_dns_verdict_held(f, v);
    }

    v->on = ngx_dns_fallback_negative(f, a, &v->m, v->msg, len);

    if (v->on == 0) {
        return NGX_DNS_LIFE_GOOD;
    }

    return past ? NGX_DNS_LIFE_FINAL : NGX_DNS_LIFE_NEGATIVE;
}


ngx_dns_life_event_e
ngx_dns_verdict_failed(const ngx_dns_inflight_t *f,
    const ngx_dns_inflight_attempt_t *a, ngx_dns_outcome_e outcome,
    ngx_dns_verdict_t *v)
{
    ngx_uint_t  next;

    v->account = outcome >= NGX_DNS_OUTCOME_ERROR ? NGX_DNS_ACCOUNT_FAILING
                                                  : NGX_DNS_ACCOUNT_LOSS;

    next = ngx_dns_outcome_next(outcome);

    /* an upstream that was given up asks no more of its servers */

    return a->index >= f->first
           && (next == 0 || (next & f->policy->next))
           ? NGX_DNS_LIFE_NEXT : NGX_DNS_LIFE_FINAL;
}


ngx_dns_life_event_e
ngx_dns_verdict_held(ngx_dns_inflight_t *f, ngx_dns_verdict_t *v)
{
    f->holds = 0;
    f->deadline = f->held;

    if (ngx_dns_keep_get(f, &v->m) != NGX_OK) {
        return NGX_DNS_LIFE_FINAL;
    }

    v->msg = f->kept;
    v->on = ngx_dns_fallback_negative(f, ngx_dns_inflight_attempt(f, f->first),
                                      &v->m, f->kept, f->kept_len);

    return v->on ? NGX_DNS_LIFE_NEGATIVE : NGX_DNS_LIFE_GOOD;
}

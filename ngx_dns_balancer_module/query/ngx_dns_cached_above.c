
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cached.h"
#include "../base/ngx_dns_clock.h"


/*
 * RFC 8020, 2: "it SHOULD be assumed that the name and all the names under it
 * do not exist".  From the name upwards, since the nearest is the likeliest;
 * a flood of names below one that is denied costs a look-up for each label.
 */

ngx_int_t
ngx_dns_cached_above(const ngx_dns_policy_t *policy, const u_char *name,
    size_t len, uint64_t bits, ngx_dns_zone_t *zone, uint64_t partition,
    ngx_dns_cache_view_t *view, size_t *skip)
{
    size_t  n;

    bits &= NGX_DNS_BITS_ANY_TYPE;

    for (n = 0; name[n] != 0 && len - n >= zone->name.len; n += name[n] + 1) {

        if (ngx_dns_cached_lookup(policy, name + n, len - n, bits, partition,
                                  view)
            == NGX_OK
            && (int32_t) (view->answer.expires - ngx_dns_sec) > 0)
        {
            *skip = n;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * Stored over by entries that are past their end.  Labels above the zone that
 * is forwarded together have never got such an entry.
 */

void
ngx_dns_cached_uncut(ngx_dns_inflight_t *f, uint64_t partition)
{
    size_t                  len, n, skip;
    uint64_t                bits, hash;
    ngx_dns_cache_when_t    when;
    ngx_dns_cache_view_t    view;
    ngx_dns_cache_answer_t  a;

    ngx_dns_cached_when(f, &when);

    len = f->question_len - 4;
    bits = f->bits & NGX_DNS_BITS_CACHE;

    for (n = 0;
         ngx_dns_cached_above(f->policy, f->question + n, len - n, bits,
                              f->zone, partition, &view, &skip)
         == NGX_OK;
         n += f->question[n] + 1)
    {
        n += skip;

        a = view.answer;
        a.expires = ngx_dns_sec;
        a.body_len = 0;
        a.answers = 0;
        a.authority = 0;
        a.additional = 0;
        a.nttl = 0;

        hash = ngx_dns_cache_hash(f->policy->cache, f->question + n, len - n,
                                  a.bits, partition);

        (void) ngx_dns_cache_store(f->policy->cache, hash, f->question + n, &a,
                                   NULL, f->question, &when);
    }
}

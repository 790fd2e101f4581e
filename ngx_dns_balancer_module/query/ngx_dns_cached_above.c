
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
ngx_dns_cached_above(const ngx_dns_cached_key_t *key,
    const ngx_dns_zone_t *zone, ngx_dns_cache_view_t *view, size_t *skip)
{
    size_t                n;
    ngx_dns_cached_key_t  above;

    above = *key;
    above.bits &= NGX_DNS_BITS_ANY_TYPE;

    for (n = 0;
         key->name[n] != 0 && key->len - n >= zone->name.len;
         n += key->name[n] + 1)
    {
        above.name = key->name + n;
        above.len = key->len - n;

        if (ngx_dns_cached_lookup(&above, view) == NGX_OK
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
    size_t                    skip;
    uint64_t                  hash;
    ngx_dns_cached_key_t      key;
    ngx_dns_cache_when_t      when;
    ngx_dns_cache_view_t      view;
    ngx_dns_cache_response_t  a;

    ngx_dns_cached_when(f, &when);
    ngx_dns_cached_key_of(f, &key);

    key.partition = partition;

    while (ngx_dns_cached_above(&key, f->zone, &view, &skip) == NGX_OK) {
        key.name += skip;
        key.len -= skip;

        /* also for a worker whose clock is behind */

        a = view.answer;
        a.expires = ngx_dns_sec - NGX_DNS_CLOCK_LATE / 1000;
        a.body_len = 0;
        a.answers = 0;
        a.authority = 0;
        a.additional = 0;
        a.nttl = 0;

        hash = ngx_dns_cache_hash(f->policy->cache, key.name, key.len, a.bits,
                                  partition);

        (void) ngx_dns_cache_store(f->policy->cache, hash, key.name, &a, NULL,
                                   f->question, &when);

        key.len -= key.name[0] + 1;
        key.name += key.name[0] + 1;
    }
}

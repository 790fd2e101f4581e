
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
ngx_dns_cached_above(ngx_dns_conf_t *conf, const u_char *name, size_t len,
    uint64_t bits, ngx_dns_zone_t *zone, uint32_t scope,
    ngx_dns_cache_view_t *view, size_t *skip)
{
    size_t  n;

    bits &= NGX_DNS_BITS_ANY_TYPE;

    for (n = 0; name[n] != 0 && len - n >= zone->name.len; n += name[n] + 1) {

        if (ngx_dns_cached_lookup(conf, name + n, len - n, bits, scope, view)
            == NGX_OK
            && (int32_t) (view->answer.expires - ngx_dns_sec) > 0)
        {
            *skip = n;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_keep.h"


ngx_int_t
ngx_dns_keep(ngx_dns_inflight_t *f, const u_char *msg, size_t len)
{
    u_char  *p;

    if (len > NGX_DNS_KEEP_MAX) {
        return NGX_DECLINED;
    }

    p = ngx_alloc(len, f->policy->log);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    ngx_memcpy(p, msg, len);

    if (f->kept) {
        ngx_free(f->kept);
    }

    f->kept = p;
    f->kept_len = len;
    f->kept_peer = f->peer;

    return NGX_OK;
}


ngx_int_t
ngx_dns_keep_get(ngx_dns_inflight_t *f, ngx_dns_message_t *m)
{
    if (f->kept == NULL
        || ngx_dns_message_parse(m, f->kept, f->kept_len,
                                 NGX_DNS_HEADER_SIZE + f->question_len)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    f->peer = f->kept_peer;

    return NGX_OK;
}

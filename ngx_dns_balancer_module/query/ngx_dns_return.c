
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_return.h"


static const ngx_dns_return_t  ngx_dns_returns[] = {
    { ngx_string("nxdomain"), NGX_DNS_FINE, NGX_DNS_NXDOMAIN },
    { ngx_string("nodata"), NGX_DNS_FINE, NGX_DNS_NOERROR },
    { ngx_string("refused"), NGX_DNS_EZREFUSED, NGX_DNS_REFUSED },
    { ngx_string("servfail"), NGX_DNS_EZSERVFAIL, NGX_DNS_SERVFAIL },
    { ngx_string("notimp"), NGX_DNS_EZNOTIMP, NGX_DNS_NOTIMP },
    { ngx_string("drop"), NGX_DNS_EZDROP, NGX_DNS_DROP }
};


const ngx_dns_return_t *
ngx_dns_return_find(const ngx_str_t *name)
{
    ngx_uint_t  i;

    for (i = 0; i < sizeof(ngx_dns_returns) / sizeof(ngx_dns_returns[0]); i++) {

        if (ngx_dns_returns[i].name.len == name->len
            && ngx_strncmp(ngx_dns_returns[i].name.data, name->data,
                           name->len)
               == 0)
        {
            return &ngx_dns_returns[i];
        }
    }

    return NULL;
}

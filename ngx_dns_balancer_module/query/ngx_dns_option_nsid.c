
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"


static ngx_uint_t ngx_dns_option_nsid_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static size_t ngx_dns_option_nsid_size(const ngx_dns_asker_t *asker);
static u_char *ngx_dns_option_nsid_write(
    const ngx_dns_option_place_t *place, u_char *p);


/* RFC 5001: which of several servers behind one address it was */

const ngx_dns_option_t  ngx_dns_option_nsid = {
    NGX_DNS_OPTION_NSID,
    0,
    ngx_dns_option_nsid_parse,
    ngx_dns_option_nsid_size,
    ngx_dns_option_nsid_write
};


static ngx_uint_t
ngx_dns_option_nsid_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len)
{
    return 1;
}


static size_t
ngx_dns_option_nsid_size(const ngx_dns_asker_t *asker)
{
    return asker->conf->listener.nsid.len ? asker->conf->listener.nsid.len
                                          : NGX_DNS_OPTION_NONE;
}


static u_char *
ngx_dns_option_nsid_write(const ngx_dns_option_place_t *place, u_char *p)
{
    const ngx_str_t  *nsid;

    nsid = &place->asker->conf->listener.nsid;

    return ngx_cpymem(p, nsid->data, nsid->len);
}

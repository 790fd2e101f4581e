
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"


static ngx_uint_t ngx_dns_option_subnet_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static size_t ngx_dns_option_subnet_size(const ngx_dns_asker_t *asker);
static u_char *ngx_dns_option_subnet_write(
    const ngx_dns_option_place_t *place, u_char *p);


/* RFC 7871: what of a client's address servers may know */

const ngx_dns_option_t  ngx_dns_option_subnet = {
    NGX_DNS_OPTION_ECS,
    0,
    ngx_dns_option_subnet_parse,
    ngx_dns_option_subnet_size,
    ngx_dns_option_subnet_write
};


static ngx_uint_t
ngx_dns_option_subnet_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len)
{
    ngx_dns_asked_t  *asked;

    asked = query->asked;

    /* of several none can be told to be the right one */

    if (asked->subnet_asked
        || ngx_dns_edns_subnet(&asked->subnet, data, len) != NGX_OK
        || data[3] != 0)
    {
        asked->subnet_bad = 1;
    }

    asked->subnet_asked = 1;

    return 1;
}


static size_t
ngx_dns_option_subnet_size(const ngx_dns_asker_t *asker)
{
    return asker->policy->subnet && !asker->asked->subnet_bad
           ? NGX_DNS_SUBNET_SIZE - NGX_DNS_OPTION_HEADER
           : NGX_DNS_OPTION_NONE;
}


static u_char *
ngx_dns_option_subnet_write(const ngx_dns_option_place_t *place, u_char *p)
{
    const ngx_dns_subnet_t  *subnet;

    subnet = &place->asker->asked->subnet;

    return ngx_dns_edns_subnet_data(p, subnet,
                                    subnet->source ? place->scope : 0);
}

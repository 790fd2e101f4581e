
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"


#define NGX_DNS_OPTION_PADDING_BLOCK  468     /* RFC 8467, 4.1 */


static ngx_uint_t ngx_dns_option_padding_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static size_t ngx_dns_option_padding_size(const ngx_dns_asker_t *asker);
static u_char *ngx_dns_option_padding_write(
    const ngx_dns_option_place_t *place, u_char *p);


/* RFC 7830: the length of a response tells less of what it is */

const ngx_dns_option_t  ngx_dns_option_padding = {
    NGX_DNS_OPTION_PADDING,
    1,
    ngx_dns_option_padding_parse,
    ngx_dns_option_padding_size,
    ngx_dns_option_padding_write
};


static ngx_uint_t
ngx_dns_option_padding_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len)
{
    return 1;
}


static size_t
ngx_dns_option_padding_size(const ngx_dns_asker_t *asker)
{
    /* RFC 7830, 6: it is of use only where the message is encrypted */

    return asker->client->proto >= NGX_DNS_PROTO_TLS
           ? NGX_DNS_OPTION_PADDING_BLOCK : NGX_DNS_OPTION_NONE;
}


static u_char *
ngx_dns_option_padding_write(const ngx_dns_option_place_t *place, u_char *p)
{
    size_t  len, padded;

    len = p - place->start;

    padded = (len + NGX_DNS_OPTION_PADDING_BLOCK - 1)
             / NGX_DNS_OPTION_PADDING_BLOCK * NGX_DNS_OPTION_PADDING_BLOCK;
    padded = ngx_min(padded, NGX_DNS_MAX_MESSAGE);

    ngx_memzero(p, padded - len);

    return p + padded - len;
}

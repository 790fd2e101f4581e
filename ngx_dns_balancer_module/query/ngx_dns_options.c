
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_options.h"


#define NGX_DNS_OPTION_HEADER  4
#define NGX_DNS_OFF_RDLENGTH   9          /* of an OPT */


static u_char *ngx_dns_options_padding(u_char *start, u_char *p);


static ngx_inline ngx_uint_t
ngx_dns_options_padded(ngx_dns_client_t *client, const ngx_dns_asked_t *asked)
{
    /* RFC 7830, 6: it is of use only where the message is encrypted */

    return (asked->options & NGX_DNS_ASKED_PADDING)
           && client->proto >= NGX_DNS_PROTO_TLS;
}


static ngx_inline ngx_uint_t
ngx_dns_options_keepalive(ngx_dns_client_t *client,
    const ngx_dns_asked_t *asked)
{
    /* RFC 7828, 3.2.2: not over UDP; RFC 8484 has means of its own */

    return (asked->options & NGX_DNS_ASKED_KEEPALIVE)
           && (client->proto == NGX_DNS_PROTO_TCP
               || client->proto == NGX_DNS_PROTO_TLS);
}


size_t
ngx_dns_options_size(const ngx_dns_asker_t *asker)
{
    size_t                  size;
    const ngx_str_t        *nsid;
    const ngx_dns_asked_t  *asked;

    size = 0;
    asked = asker->asked;
    nsid = &asker->conf->listener.nsid;

    if ((asked->options & NGX_DNS_ASKED_NSID) && nsid->len) {
        size += NGX_DNS_OPTION_HEADER + nsid->len;
    }

    if (ngx_dns_options_keepalive(asker->client, asked)) {
        size += NGX_DNS_OPTION_HEADER + 2;
    }

    if ((asked->options & NGX_DNS_ASKED_SUBNET) && asker->policy->subnet) {
        size += NGX_DNS_SUBNET_SIZE;
    }

    return size;
}


size_t
ngx_dns_options_room(ngx_dns_client_t *client, const ngx_dns_asked_t *asked,
    size_t size)
{
    if (!ngx_dns_options_padded(client, asked)) {
        return size;
    }

    size += NGX_DNS_OPTION_HEADER + NGX_DNS_PADDING_BLOCK;

    return ngx_min(size, NGX_DNS_MAX_MESSAGE);
}


u_char *
ngx_dns_options_write(const ngx_dns_asker_t *asker, u_char *start, u_char *opt,
    u_char *p, ngx_uint_t scope)
{
    ngx_msec_t              timeout;
    ngx_dns_client_t       *client;
    ngx_dns_listener_t     *listener;
    const ngx_dns_asked_t  *asked;

    client = asker->client;
    asked = asker->asked;
    listener = &asker->conf->listener;

    if ((asked->options & NGX_DNS_ASKED_NSID) && listener->nsid.len) {
        ngx_dns_put16(p, NGX_DNS_OPTION_NSID);
        ngx_dns_put16(p + 2, listener->nsid.len);
        p = ngx_cpymem(p + 4, listener->nsid.data, listener->nsid.len);
    }

    if (ngx_dns_options_keepalive(client, asked)) {

        /* in units of 100 milliseconds; 0 asks the client to close */

        timeout = ngx_exiting ? 0 : listener->idle_timeout / 100;

        ngx_dns_put16(p, NGX_DNS_OPTION_KEEPALIVE);
        ngx_dns_put16(p + 2, 2);
        ngx_dns_put16(p + 4, ngx_min(timeout, 65535));
        p += 6;
    }

    if ((asked->options & NGX_DNS_ASKED_SUBNET) && asker->policy->subnet
        && !(asked->options & NGX_DNS_ASKED_BAD))
    {
        p = ngx_dns_edns_write_subnet(p, &asked->subnet,
                                      asked->subnet.source ? scope : 0);
    }

    if (ngx_dns_options_padded(client, asked)) {
        p = ngx_dns_options_padding(start, p);
    }

    ngx_dns_put16(opt + NGX_DNS_OFF_RDLENGTH, p - opt - NGX_DNS_OPT_SIZE);

    return p;
}


static u_char *
ngx_dns_options_padding(u_char *start, u_char *p)
{
    size_t  len, padded;

    len = p - start + NGX_DNS_OPTION_HEADER;

    if (len > NGX_DNS_MAX_MESSAGE) {
        return p;
    }

    padded = (len + NGX_DNS_PADDING_BLOCK - 1) / NGX_DNS_PADDING_BLOCK
             * NGX_DNS_PADDING_BLOCK;
    padded = ngx_min(padded, NGX_DNS_MAX_MESSAGE);

    ngx_dns_put16(p, NGX_DNS_OPTION_PADDING);
    ngx_dns_put16(p + 2, padded - len);
    ngx_memzero(p + 4, padded - len);

    return p + 4 + padded - len;
}

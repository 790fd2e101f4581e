
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_edns.h"
#include "ngx_dns_walk.h"


static ngx_dns_reason_e ngx_dns_edns_opt(ngx_dns_question_t *q,
    const ngx_dns_walk_t *w);


ngx_dns_reason_e
ngx_dns_edns_parse(ngx_dns_question_t *q, const u_char *p, size_t len,
    ngx_uint_t ns, ngx_uint_t ar)
{
    ngx_uint_t        n;
    ngx_dns_walk_t    w;
    ngx_dns_reason_e  rc;

    ngx_dns_walk_init(&w, p, len, q->end, ns + ar);

    for (n = 0; ngx_dns_walk_next(&w); n++) {

        /* RFC 8945, 5.1: a TSIG before another record is FORMERR */

        if (q->tsig) {
            return NGX_DNS_ERECORD;
        }

        if (w.type == NGX_DNS_TYPE_OPT) {

            /* RFC 6891, 6.1.1: it belongs to the additional section */

            if (n < ns) {
                return NGX_DNS_ESECTION;
            }

            rc = ngx_dns_edns_opt(q, &w);
            if (rc != NGX_DNS_FINE) {
                return rc;
            }

        } else if (w.type == NGX_DNS_TYPE_TSIG) {

            if (n < ns) {
                return NGX_DNS_ESECTION;
            }

            q->tsig = 1;
        }
    }

    if (w.bad) {
        return NGX_DNS_ERECORD;
    }

    if (w.pos != len) {
        return NGX_DNS_ETRAILING;
    }

    /* RFC 6891, 6.1.3: "MUST respond with RCODE=BADVERS" */

    return q->version == 0 ? NGX_DNS_FINE : NGX_DNS_EVERSION;
}


static ngx_dns_reason_e
ngx_dns_edns_opt(ngx_dns_question_t *q, const ngx_dns_walk_t *w)
{
    uint16_t       size;
    const u_char  *fixed;

    fixed = w->p + w->fixed;

    /* RFC 6891, 6.1.1: more than one OPT is FORMERR */

    if (q->asked.edns) {
        return NGX_DNS_EOPTS;
    }

    /* RFC 6891, 6.1.2: NAME "MUST be 0 (root domain)" */

    if (w->fixed - w->owner != 1
        || !ngx_dns_edns_options_fit(w->p + w->rdata, w->rdlen))
    {
        return NGX_DNS_EOPT;
    }

    /* RFC 6891, 6.2.3: "values lower than 512 MUST be treated as 512" */

    size = ngx_dns_get16(fixed + 2);

    q->asked.edns = 1;
    q->asked.udp_size = ngx_max(size, NGX_DNS_MIN_UDP_SIZE);
    q->version = fixed[5];
    q->options = (uint16_t) w->rdata;
    q->options_len = (uint16_t) w->rdlen;

    if (ngx_dns_get16(fixed + 6) & NGX_DNS_EDNS_DO) {
        q->asked.dnssec_ok = 1;
    }

    return NGX_DNS_FINE;
}


ngx_uint_t
ngx_dns_edns_options_fit(const u_char *p, size_t len)
{
    ngx_dns_option_walk_t  o;

    ngx_dns_option_walk_init(&o, p, len);

    while (ngx_dns_option_walk_next(&o)) {
        /* void */
    }

    return !o.bad;
}


ngx_uint_t
ngx_dns_edns_ede(const u_char *p, size_t len)
{
    ngx_dns_option_walk_t  o;

    ngx_dns_option_walk_init(&o, p, len);

    while (ngx_dns_option_walk_next(&o)) {
        if (o.code == NGX_DNS_OPTION_EDE && o.len >= 2) {
            return ngx_dns_get16(o.data);
        }
    }

    return NGX_DNS_NO_EDE;
}


const u_char *
ngx_dns_edns_find_subnet(const u_char *p, size_t len, size_t *size)
{
    ngx_dns_option_walk_t  o;

    ngx_dns_option_walk_init(&o, p, len);

    while (ngx_dns_option_walk_next(&o)) {
        if (o.code == NGX_DNS_OPTION_ECS && o.len >= 4) {
            *size = o.len;
            return o.data;
        }
    }

    return NULL;
}


ngx_int_t
ngx_dns_edns_subnet(ngx_dns_subnet_t *subnet, const u_char *p, size_t len)
{
    size_t      n;
    uint16_t    family;
    ngx_uint_t  source;

    ngx_memzero(subnet, sizeof(ngx_dns_subnet_t));

    if (len < 4) {
        return NGX_ERROR;
    }

    family = ngx_dns_get16(p);
    source = p[2];
    n = ngx_dns_edns_octets(source);

    if ((family != NGX_DNS_SUBNET_IPV4 || source > 32)
        && (family != NGX_DNS_SUBNET_IPV6 || source > 128))
    {
        return NGX_ERROR;
    }

    if (len != 4 + n) {
        return NGX_ERROR;
    }

    subnet->family = (uint8_t) family;
    subnet->source = (uint8_t) source;
    ngx_memcpy(subnet->addr, p + 4, n);

    ngx_dns_edns_cut(subnet, source);

    /* "padding with 0 bits": others are an error */

    return ngx_memcmp(subnet->addr, p + 4, n) == 0 ? NGX_OK : NGX_ERROR;
}


void
ngx_dns_edns_cut(ngx_dns_subnet_t *subnet, ngx_uint_t bits)
{
    size_t  n;

    n = ngx_dns_edns_octets(bits);

    if (bits % 8) {
        subnet->addr[n - 1] &= (u_char) (0xff << (8 - bits % 8));
    }

    ngx_memzero(subnet->addr + n, sizeof(subnet->addr) - n);
}


u_char *
ngx_dns_edns_write_subnet(u_char *p, const ngx_dns_subnet_t *subnet,
    ngx_uint_t scope)
{
    u_char  *last;

    last = ngx_dns_edns_subnet_data(p + 4, subnet, scope);

    ngx_dns_put16(p, NGX_DNS_OPTION_ECS);
    ngx_dns_put16(p + 2, (size_t) (last - p) - 4);

    return last;
}


u_char *
ngx_dns_edns_subnet_data(u_char *p, const ngx_dns_subnet_t *subnet,
    ngx_uint_t scope)
{
    ngx_dns_put16(p, subnet->family);
    p[2] = subnet->source;
    p[3] = (u_char) scope;

    return ngx_cpymem(p + 4, subnet->addr,
                      ngx_dns_edns_octets(subnet->source));
}


u_char *
ngx_dns_edns_write(u_char *p, ngx_uint_t udp_size, ngx_uint_t rcode,
    ngx_uint_t flags, ngx_uint_t ede)
{
    p[0] = 0;                                   /* the root */
    ngx_dns_put16(p + 1, NGX_DNS_TYPE_OPT);
    ngx_dns_put16(p + 3, udp_size);
    p[5] = (u_char) (rcode >> 4);               /* EXTENDED-RCODE */
    p[6] = 0;                                   /* VERSION */
    ngx_dns_put16(p + 7, flags);

    if (ede == NGX_DNS_NO_EDE) {
        ngx_dns_put16(p + 9, 0);
        return p + NGX_DNS_OPT_SIZE;
    }

    ngx_dns_put16(p + 9, NGX_DNS_EDE_SIZE);
    ngx_dns_put16(p + 11, NGX_DNS_OPTION_EDE);
    ngx_dns_put16(p + 13, 2);
    ngx_dns_put16(p + 15, ede);

    return p + NGX_DNS_OPT_SIZE + NGX_DNS_EDE_SIZE;
}

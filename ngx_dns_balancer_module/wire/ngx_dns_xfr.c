
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_xfr.h"
#include "ngx_dns_walk.h"


/* RFC 1035, 3.3.13: two names, then five numbers, of which SERIAL is first */

#define NGX_DNS_SOA_NUMBERS  20


static ngx_int_t ngx_dns_xfr_soa(ngx_dns_xfr_t *x, uint32_t serial);


ngx_int_t
ngx_dns_xfr_have(const u_char *p, size_t size, size_t pos, uint32_t *serial,
    size_t *end)
{
    ngx_dns_walk_t  w;

    ngx_dns_walk_init(&w, p, size, pos, 1);

    if (!ngx_dns_walk_next(&w)
        || ngx_dns_get16(p + NGX_DNS_OFF_NSCOUNT) != 1
        || w.type != NGX_DNS_TYPE_SOA
        || w.rdlen < NGX_DNS_SOA_NUMBERS + 2)
    {
        return NGX_ERROR;
    }

    *end = w.pos;
    *serial = ngx_dns_get32(p + w.pos - NGX_DNS_SOA_NUMBERS);

    return NGX_OK;
}


ngx_int_t
ngx_dns_xfr_message(ngx_dns_xfr_t *x, const ngx_dns_message_t *m,
    const u_char *msg)
{
    size_t                 pos;
    uint32_t               serial;
    ngx_uint_t             n;
    ngx_dns_record_view_t  rr;

    /* one without a record brings the end no nearer */

    if (m->answers == 0) {
        return NGX_ERROR;
    }

    pos = m->body;

    for (n = 0; n < m->answers; n++, pos = rr.next) {

        ngx_dns_message_record(&rr, msg, pos);

        if (rr.type != NGX_DNS_TYPE_SOA) {

            if (x->state == NGX_DNS_XFR_BEGIN || x->state == NGX_DNS_XFR_END) {
                return NGX_ERROR;
            }

            if (x->state == NGX_DNS_XFR_SECOND) {
                x->state = NGX_DNS_XFR_WHOLE;
            }

            continue;
        }

        if (rr.rdlen < NGX_DNS_SOA_NUMBERS + 2) {
            return NGX_ERROR;
        }

        serial = ngx_dns_get32(msg + rr.rdata + rr.rdlen
                               - NGX_DNS_SOA_NUMBERS);

        if (ngx_dns_xfr_soa(x, serial) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    /*
     * One SOA alone: the client has that version, or it is the first record
     * of a server that puts one into a message (RFC 1982, 3.2).
     */

    if (x->state == NGX_DNS_XFR_SECOND
        && (int32_t) (x->serial - x->have) <= 0)
    {
        x->state = NGX_DNS_XFR_END;
    }

    return x->state == NGX_DNS_XFR_END ? NGX_OK : NGX_AGAIN;
}


static ngx_int_t
ngx_dns_xfr_soa(ngx_dns_xfr_t *x, uint32_t serial)
{
    switch (x->state) {

    case NGX_DNS_XFR_BEGIN:
        x->serial = serial;
        x->state = x->incremental ? NGX_DNS_XFR_SECOND : NGX_DNS_XFR_WHOLE;
        return NGX_OK;

    case NGX_DNS_XFR_SECOND:

        /* of a zone with no other record, or of the first difference */

        x->state = serial == x->serial ? NGX_DNS_XFR_END
                                       : NGX_DNS_XFR_DELETED;
        return NGX_OK;

    case NGX_DNS_XFR_WHOLE:
        x->state = NGX_DNS_XFR_END;
        return serial == x->serial ? NGX_OK : NGX_ERROR;

    case NGX_DNS_XFR_DELETED:
        x->state = NGX_DNS_XFR_ADDED;
        return NGX_OK;

    case NGX_DNS_XFR_ADDED:
        x->state = serial == x->serial ? NGX_DNS_XFR_END
                                       : NGX_DNS_XFR_DELETED;
        return NGX_OK;

    default: /* NGX_DNS_XFR_END */
        return NGX_ERROR;
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"
#include "../wire/ngx_dns_walk.h"


#define NGX_DNS_OFF_RDLENGTH  9           /* of an OPT */


static size_t ngx_dns_options_sum(const ngx_dns_asker_t *asker,
    ngx_uint_t filler);


/* in the order they are written, fillers last; 16 at most: asked->options */

static const ngx_dns_option_t  *ngx_dns_options[] = {
    &ngx_dns_option_nsid,
    &ngx_dns_option_keepalive,
    &ngx_dns_option_subnet,
    &ngx_dns_option_cookie,
    &ngx_dns_option_padding,
    NULL
};


ngx_dns_reason_e
ngx_dns_options_parse(const ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    ngx_uint_t               i;
    ngx_dns_question_t      *q;
    ngx_dns_option_walk_t    o;
    ngx_dns_option_query_t   query;

    q = r->question;

    if (q->options_len == 0) {
        return reason;
    }

    query.conf = r->conf;
    query.client = r->client;
    query.asked = &q->asked;
    query.reason = reason;

    ngx_dns_option_walk_init(&o, r->packet + q->options, q->options_len);

    while (ngx_dns_option_walk_next(&o)) {

        for (i = 0; ngx_dns_options[i]; i++) {

            if (ngx_dns_options[i]->code != o.code) {
                continue;
            }

            query.again = q->asked.options & (1 << i);

            if (ngx_dns_options[i]->parse(&query, o.data, o.len)) {
                q->asked.options |= (uint16_t) (1 << i);
            }
        }
    }

    return query.reason;
}


/* of those that were asked for, the header included */

static size_t
ngx_dns_options_sum(const ngx_dns_asker_t *asker, ngx_uint_t filler)
{
    size_t      size, sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = 0; ngx_dns_options[i]; i++) {

        if ((asker->asked->options & (1 << i))
            && ngx_dns_options[i]->filler == filler)
        {
            size = ngx_dns_options[i]->size(asker);

            if (size != NGX_DNS_OPTION_NONE) {
                sum += NGX_DNS_OPTION_HEADER + size;
            }
        }
    }

    return sum;
}


size_t
ngx_dns_options_size(const ngx_dns_asker_t *asker)
{
    return ngx_dns_options_sum(asker, 0);
}


size_t
ngx_dns_options_room(const ngx_dns_asker_t *asker, size_t size)
{
    size += ngx_dns_options_sum(asker, 1);

    return ngx_min(size, NGX_DNS_MAX_MESSAGE);
}


u_char *
ngx_dns_options_write(const ngx_dns_asker_t *asker, u_char *start, u_char *opt,
    u_char *p, ngx_uint_t scope)
{
    u_char                  *data;
    ngx_uint_t               i;
    ngx_dns_option_place_t   place;

    place.asker = asker;
    place.start = start;
    place.scope = scope;

    for (i = 0; ngx_dns_options[i]; i++) {

        data = p + NGX_DNS_OPTION_HEADER;

        /* a filler has what room is left, which may be none */

        if ((asker->asked->options & (1 << i)) == 0
            || ngx_dns_options[i]->size(asker) == NGX_DNS_OPTION_NONE
            || data - start > NGX_DNS_MAX_MESSAGE)
        {
            continue;
        }

        ngx_dns_put16(p, ngx_dns_options[i]->code);

        p = ngx_dns_options[i]->write(&place, data);

        ngx_dns_put16(data - 2, p - data);
    }

    ngx_dns_put16(opt + NGX_DNS_OFF_RDLENGTH, p - opt - NGX_DNS_OPT_SIZE);

    return p;
}

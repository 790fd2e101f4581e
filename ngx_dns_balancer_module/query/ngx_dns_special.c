
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_special.h"
#include "../wire/ngx_dns_reverse.h"


static ngx_uint_t ngx_dns_special_name(const ngx_dns_question_t *q);


/*
 * RFC 6761, 6.4; RFC 7686, 2; RFC 8375, 4; RFC 9462, 6.4.  "test" is left out:
 * people have servers of their own for it.
 */

static const struct {
    ngx_str_t   name;
    ngx_uint_t  labels;
} ngx_dns_specials[] = {
    { ngx_string("\7invalid\0"), 1 },
    { ngx_string("\5onion\0"), 1 },
    { ngx_string("\10resolver\4arpa\0"), 2 },
    { ngx_string("\4home\4arpa\0"), 2 }
};


ngx_uint_t
ngx_dns_special_zone(const ngx_dns_conf_t *conf, const ngx_dns_question_t *q)
{
    ngx_uint_t              labels;
    const ngx_dns_local_t  *local;

    local = conf->listener.local;

    labels = local->reverse ? ngx_dns_reverse_zone(q) : 0;

    if (labels == 0 && local->special) {
        labels = ngx_dns_special_name(q);
    }

    if (labels == 0) {
        return 0;
    }

    return ngx_dns_special_own(conf, q, labels) ? 0 : labels;
}


/* RFC 6303, 3: who has a zone of these names for himself uses that */

ngx_uint_t
ngx_dns_special_own(const ngx_dns_conf_t *conf, const ngx_dns_question_t *q,
    ngx_uint_t labels)
{
    u_char          *p;
    ngx_uint_t       n;
    ngx_dns_zone_t  *zone;

    zone = ngx_dns_forward_find(conf->listener.forward,
                                (ngx_dns_question_t *) q);
    if (zone == NULL) {
        return 0;
    }

    n = 0;

    for (p = zone->name.data; *p; p += *p + 1) {
        n++;
    }

    return n >= labels;
}


static ngx_uint_t
ngx_dns_special_name(const ngx_dns_question_t *q)
{
    size_t      start;
    ngx_uint_t  i, n;

    for (i = 0; i < sizeof(ngx_dns_specials) / sizeof(ngx_dns_specials[0]);
         i++)
    {
        n = ngx_dns_specials[i].labels;

        if (q->labels < n) {
            continue;
        }

        start = q->label[q->labels - n];

        if (q->asked.name_len - start != ngx_dns_specials[i].name.len
            || ngx_memcmp(q->name + start, ngx_dns_specials[i].name.data,
                          ngx_dns_specials[i].name.len)
               != 0)
        {
            continue;
        }

        /* RFC 8375, 5: that home.arpa is not signed is for all to see */

        return q->labels == n && q->asked.type == NGX_DNS_TYPE_DS
               && ngx_memcmp(q->name, "\4home", 5) == 0 ? 0 : n;
    }

    return 0;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_request.h"
#include "../base/ngx_dns_clock.h"


void
ngx_dns_logged_fill(ngx_dns_logged_t *logged, ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, const ngx_dns_asked_t *asked, u_char *name)
{
    ngx_memzero(logged, sizeof(ngx_dns_logged_t));

    logged->conf = conf;
    logged->client = client;
    logged->start_usec = ngx_dns_usec;
    logged->start_msec = ngx_current_msec;

    if (asked == NULL) {
        return;
    }

    logged->id = asked->id;
    logged->flags = asked->flags;

    if (name) {
        logged->name = name;
        logged->name_len = asked->name_len;
        logged->type = asked->type;
        logged->class = asked->class;
        logged->udp_size = asked->edns ? asked->udp_size : 0;
        logged->dnssec_ok = asked->dnssec_ok;
    }
}


void
ngx_dns_request_logged(const ngx_dns_request_t *r, ngx_dns_logged_t *logged)
{
    const ngx_dns_asked_t  *asked;

    asked = r->len < NGX_DNS_HEADER_SIZE ? NULL : &r->question->asked;

    ngx_dns_logged_fill(logged, r->conf, r->client, asked,
                        asked && r->question->end
                        ? r->packet + NGX_DNS_HEADER_SIZE : NULL);

    logged->received = r->len;
    logged->zone = r->zone;
    logged->upstream = r->zone ? ngx_dns_request_upstream(r) : NULL;
}

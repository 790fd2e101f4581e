
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_request.h"
#include "../base/ngx_dns_clock.h"


void
ngx_dns_record_fill(ngx_dns_record_t *record, ngx_dns_conf_t *conf,
    ngx_dns_client_t *client, const ngx_dns_asked_t *asked, u_char *name)
{
    ngx_memzero(record, sizeof(ngx_dns_record_t));

    record->conf = conf;
    record->client = client;
    record->start_usec = ngx_dns_usec;
    record->start_msec = ngx_current_msec;

    if (asked == NULL) {
        return;
    }

    record->id = asked->id;
    record->flags = asked->flags;

    if (name) {
        record->name = name;
        record->name_len = asked->name_len;
        record->type = asked->type;
        record->class = asked->class;
        record->udp_size = asked->edns ? asked->udp_size : 0;
        record->dnssec_ok = asked->dnssec_ok;
    }
}


void
ngx_dns_request_record(const ngx_dns_request_t *r, ngx_dns_record_t *record)
{
    const ngx_dns_asked_t  *asked;

    asked = r->len < NGX_DNS_HEADER_SIZE ? NULL : &r->question->asked;

    ngx_dns_record_fill(record, r->conf, r->client, asked,
                        asked && r->question->end
                        ? r->packet + NGX_DNS_HEADER_SIZE : NULL);

    record->received = r->len;
    record->zone = r->zone;
    record->upstream = r->zone ? ngx_dns_request_upstream(r) : NULL;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_transport.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_message.h"


ngx_uint_t
ngx_dns_transport_response(const u_char *msg, size_t len)
{
    if (len >= NGX_DNS_HEADER_SIZE
        && (ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS)
            & (NGX_DNS_QR | NGX_DNS_OPCODE)) == NGX_DNS_QR)
    {
        return 1;
    }

    ngx_dns_count(malformed);

    return 0;
}


ngx_int_t
ngx_dns_transport_matches(ngx_dns_attempt_t *a, const u_char *msg, size_t len,
    ngx_dns_event_e *event)
{
    switch (ngx_dns_message_question(msg, len, a->question, a->question_len)) {

    case NGX_OK:
        *event = NGX_DNS_EVENT_ANSWER;
        return NGX_OK;

    case NGX_DONE:
        *event = NGX_DNS_EVENT_FAULT;
        return NGX_OK;

    default:
        ngx_dns_count(foreign);
        return NGX_DECLINED;
    }
}

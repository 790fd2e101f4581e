
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_transfer_client.h"
#include "ngx_dns_response.h"
#include "ngx_dns_stage.h"
#include "../base/ngx_dns_clock.h"


/* what of a server's flags a client gets; RD is its own */

#define NGX_DNS_TRANSFER_FLAGS  (NGX_DNS_QR|NGX_DNS_AA|NGX_DNS_RA)


static void ngx_dns_transfer_asker(ngx_dns_transfer_t *x,
    ngx_dns_asker_t *asker);


/* RFC 6891, 6.1.1; RFC 5936, 2.2.5: an OPT in the first one does */

size_t
ngx_dns_transfer_write(ngx_dns_transfer_t *x, u_char *p,
    const ngx_dns_message_t *m, const u_char *msg)
{
    u_char             *end;
    ngx_uint_t          opt;
    ngx_dns_asker_t     asker;
    ngx_dns_message_t   none;

    ngx_dns_transfer_asker(x, &asker);

    ngx_memzero(&none, sizeof(ngx_dns_message_t));
    none.ede = NGX_DNS_NO_EDE;

    opt = x->messages == 0
          && m->end + ngx_dns_response_opt_size(&asker, &none)
             <= NGX_DNS_MAX_MESSAGE;

    end = ngx_cpymem(p, msg, m->end);

    ngx_dns_message_header(p, x->asked.id,
                           (m->flags & NGX_DNS_TRANSFER_FLAGS)
                           | (x->asked.flags & NGX_DNS_RD),
                           ngx_dns_get16(msg + NGX_DNS_OFF_QDCOUNT), m,
                           opt && x->asked.edns);

    if (m->body > NGX_DNS_HEADER_SIZE) {

        /* in the client's letter case */

        ngx_memcpy(p + NGX_DNS_HEADER_SIZE, x->query + NGX_DNS_HEADER_SIZE,
                   x->asked.name_len);
    }

    if (opt) {
        end = ngx_dns_response_opt(&asker, p, end, &none);
    }

    return end - p;
}


ngx_int_t
ngx_dns_transfer_send(ngx_dns_transfer_t *x, u_char *p, size_t size)
{
    ngx_dns_asker_t  asker;

    ngx_dns_transfer_asker(x, &asker);

    if (x->complete) {
        ngx_dns_response_commit(&asker, p, size,
                                ngx_dns_metrics_rcode(NGX_DNS_NOERROR));
        return NGX_OK;
    }

    if (x->conf->listener.points & NGX_DNS_AT_RESPONSE) {
        ngx_dns_stage_response(&asker, p, size);
    }

    return x->client.front->part(&x->client, size);
}


static void
ngx_dns_transfer_asker(ngx_dns_transfer_t *x, ngx_dns_asker_t *asker)
{
    asker->client = &x->client;
    asker->conf = x->conf;
    asker->policy = x->zone->policy;
    asker->name = x->query + NGX_DNS_HEADER_SIZE;
    asker->asked = &x->asked;
    asker->responses = x->conf->runtime.counters->responses[
                                                     NGX_DNS_SOURCE_UPSTREAM];
}


void
ngx_dns_transfer_tell(ngx_dns_transfer_t *x, ngx_dns_reason_e reason,
    ngx_uint_t rcode)
{
    uint16_t           answers;
    ngx_uint_t         level;
    ngx_dns_asker_t    asker;
    ngx_dns_message_t  m;

    if (x->complete) {
        return;
    }

    if (x->messages) {

        level = reason == NGX_DNS_FINE ? NGX_LOG_INFO : NGX_LOG_ERR;

        ngx_log_error(level, x->conf->listener.log, 0,
                      "zone transfer over dns upstream \"%V\" broke off after "
                      "%ui messages: %s",
                      &x->upstream->name, x->messages,
                      reason == NGX_DNS_FINE ? "client has gone"
                                             : ngx_dns_reasons[reason].text);

        ngx_dns_count(unsent);
        x->client.front->commit(&x->client, 0, NULL, NGX_DECLINED);

    } else {
        ngx_memzero(&m, sizeof(ngx_dns_message_t));
        m.rcode = (uint16_t) rcode;
        m.ede = ngx_dns_reasons[reason].ede;

        ngx_dns_transfer_asker(x, &asker);

        if (reason != NGX_DNS_ERCODE) {
            asker.responses = x->conf->runtime.counters->responses[
                                                        NGX_DNS_SOURCE_ERROR];
        }

        x->sent = ngx_dns_response_send(&asker, &m, NULL, &answers);
    }
}


void
ngx_dns_transfer_log(ngx_dns_transfer_t *x, ngx_dns_reason_e reason,
    ngx_uint_t rcode)
{
    ngx_dns_logged_t  r;

    if (reason != NGX_DNS_FINE) {
        ngx_dns_count(reason[reason]);
    }

    ngx_dns_histogram_add(&x->conf->runtime.counters->duration,
                          ngx_dns_usec - x->start_usec);

    if ((x->conf->listener.points & NGX_DNS_AT_END) == 0) {
        return;
    }

    ngx_dns_logged_fill(&r, x->conf, &x->client, &x->asked,
                        x->query + NGX_DNS_HEADER_SIZE);

    r.received = x->received;
    r.sent = x->sent;
    r.rcode = (uint16_t) rcode;
    r.answers = (uint16_t) ngx_min(x->records, 65535);
    r.reason = reason;
    r.cache_status = NGX_DNS_CACHE_STATUS_BYPASS;
    r.zone = x->zone;
    r.upstream = x->upstream;
    r.peer = x->peer;
    r.tries = x->tries;
    r.upstream_usec = ngx_dns_usec - x->start_usec;
    r.start_usec = x->start_usec;
    r.start_msec = x->start_msec;

    ngx_dns_stage_end(&r);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_answer.h"
#include "../store/ngx_dns_metrics.h"
#include "../wire/ngx_dns_edns.h"


/* what of a server's flags a client gets; RD and CD are its own */

#define NGX_DNS_ANSWER_FLAGS                                                  \
    (NGX_DNS_AA|NGX_DNS_TC|NGX_DNS_RA|NGX_DNS_AD)


static size_t ngx_dns_answer_limit(ngx_dns_query_t *query);


size_t
ngx_dns_answer_send(ngx_dns_query_t *query, const ngx_dns_message_t *m,
    const u_char *msg, uint16_t *answers)
{
    u_char             *p, *start;
    size_t              limit, edns;
    uint16_t            rcode, ede;
    ngx_dns_message_t   cut;

    limit = ngx_dns_answer_limit(query);
    rcode = m->rcode;
    edns = 0;
    ede = NGX_DNS_NO_EDE;

    if (query->edns) {
        ede = m->ede;
        edns = NGX_DNS_OPT_SIZE
               + (ede == NGX_DNS_NO_EDE ? 0 : NGX_DNS_EDE_SIZE);

    } else if (rcode > NGX_DNS_RCODE) {

        /* RFC 6891, 6.1.3: its upper bits have no place without an OPT */

        rcode = NGX_DNS_SERVFAIL;
    }

    if (m->end + edns > limit) {
        cut = *m;
        ngx_dns_message_truncate(&cut, msg, limit - edns);
        m = &cut;
    }

    start = query->client.front->reserve(&query->client, limit);

    ngx_dns_message_header(start, query->id,
                           NGX_DNS_QR | (m->flags & NGX_DNS_ANSWER_FLAGS)
                           | (query->flags & (NGX_DNS_RD | NGX_DNS_CD))
                           | (rcode & NGX_DNS_RCODE),
                           1, m, query->edns);

    p = ngx_cpymem(start + NGX_DNS_HEADER_SIZE, query->name, query->name_len);

    ngx_dns_put16(p, query->type);
    ngx_dns_put16(p + 2, query->class);
    p += 4;

    if (msg) {
        p = ngx_cpymem(p, msg + m->body, m->end - m->body);
    }

    if (query->edns) {
        p = ngx_dns_edns_write(p, query->conf->udp_max_size, rcode,
                               query->dnssec_ok ? NGX_DNS_EDNS_DO : 0, ede);
    }

    *answers = m->answers;

    query->client.front->commit(&query->client, p - start);

    return p - start;
}


/* RFC 6891, 6.2.5; what does not fit is a matter of TC */

static size_t
ngx_dns_answer_limit(ngx_dns_query_t *query)
{
    if (!query->client.datagram) {
        return NGX_DNS_MAX_MESSAGE;
    }

    if (!query->edns) {
        return NGX_DNS_MIN_UDP_SIZE;
    }

    return ngx_min(query->udp_size, query->conf->udp_max_size);
}


size_t
ngx_dns_answer_error(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    const ngx_dns_question_t *q, const u_char *p, ngx_dns_reason_e reason)
{
    u_char                  *out, *start;
    size_t                   question;
    ngx_uint_t               edns;
    const ngx_dns_reason_t  *r;

    r = &ngx_dns_reasons[reason];

    if (r->rcode == NGX_DNS_DROP) {
        return 0;
    }

    /*
     * An OPT only answers an OPT that was understood: the fields of a query
     * with a malformed one, or two, may be anything
     */

    edns = q->edns && (r->rcode != NGX_DNS_FORMERR);
    question = q->end ? q->end - NGX_DNS_HEADER_SIZE : 0;

    start = client->front->reserve(client, NGX_DNS_MIN_UDP_SIZE);

    /* RFC 1035, 4.1.1: opcode and RD are copied; RFC 4035, 3.1.6: CD, too */

    ngx_dns_message_header(start, q->id,
                           NGX_DNS_QR
                           | (q->flags & (NGX_DNS_OPCODE | NGX_DNS_RD
                                          | NGX_DNS_CD))
                           | (r->rcode & NGX_DNS_RCODE),
                           question ? 1 : 0, NULL, edns);

    out = ngx_cpymem(start + NGX_DNS_HEADER_SIZE, p + NGX_DNS_HEADER_SIZE,
                     question);

    if (edns) {
        out = ngx_dns_edns_write(out, conf->udp_max_size, r->rcode,
                                 q->dnssec_ok ? NGX_DNS_EDNS_DO : 0, r->ede);
    }

    client->front->commit(client, out - start);

    return out - start;
}

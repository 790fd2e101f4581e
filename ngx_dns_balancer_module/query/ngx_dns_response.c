
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_response.h"
#include "../wire/ngx_dns_edns.h"
#include "../wire/ngx_dns_turn.h"


#define NGX_DNS_RESPONSE_TURNS  256


/* of this worker, by a hash of name and type */

static uint8_t  ngx_dns_response_turns[NGX_DNS_RESPONSE_TURNS];


size_t
ngx_dns_response_send(ngx_dns_asker_t *asker, const ngx_dns_message_t *m,
    const u_char *msg, uint16_t *answers)
{
    u_char             *p, *start;
    size_t              limit, opt;
    ngx_dns_asked_t     asked;
    ngx_dns_asker_t     plain;
    ngx_dns_message_t   cut;

    limit = ngx_dns_response_limit(asker);
    opt = ngx_dns_response_opt_size(asker, m);

    if (m->end + opt > limit) {
        cut = *m;
        ngx_dns_message_truncate(&cut, msg, limit - opt);

        if (asker->client->bounded || !(cut.flags & NGX_DNS_TC)) {
            m = &cut;

        } else {

            /* nobody could come again for the rest: the OPT is worth less */

            plain = *asker;
            asked = *asker->asked;

            asked.edns = 0;
            asked.options = 0;
            plain.asked = &asked;

            asker = &plain;
            opt = 0;
        }
    }

    start = ngx_dns_response_reserve(asker, msg ? m->end + opt
                                                : NGX_DNS_MIN_UDP_SIZE);

    p = ngx_dns_response_begin(asker, start, m);

    if (msg) {
        p = ngx_cpymem(p, msg + m->body, m->end - m->body);

        if (m->answers > 1 && asker->policy->rotate) {
            ngx_dns_response_turn(asker, start, p - start, m->answers);
        }
    }

    p = ngx_dns_response_opt(asker, start, p, m);

    *answers = m->answers;

    ngx_dns_response_commit(asker, start, p - start,
                            ngx_dns_metrics_rcode(m->rcode));

    return p - start;
}


void
ngx_dns_response_turn(ngx_dns_asker_t *asker, u_char *start, size_t size,
    ngx_uint_t answers)
{
    size_t    i;
    uint32_t  hash;

    hash = asker->asked->type;

    for (i = 0; i < asker->asked->name_len; i++) {
        hash = hash * 31 + (asker->name[i] | 0x20);
    }

    ngx_dns_turn(start, size,
                 NGX_DNS_HEADER_SIZE + asker->asked->name_len + 4, answers,
                 ngx_dns_response_turns[hash % NGX_DNS_RESPONSE_TURNS]++);
}


const ngx_dns_lean_t *
ngx_dns_response_minimal(const ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg)
{
    static u_char          out[NGX_DNS_MAX_MESSAGE];
    static ngx_dns_lean_t  lean;

    lean.m = *m;
    lean.msg = msg;

    if (ngx_dns_minimal(&lean.m, msg, out, f->bits & NGX_DNS_BITS_DO)
        == NGX_OK)
    {
        lean.msg = out;
    }

    return &lean;
}


u_char *
ngx_dns_response_write_opt(ngx_dns_asker_t *asker, u_char *start, u_char *p,
    const ngx_dns_message_t *m)
{
    u_char  *opt;

    opt = p;

    p = ngx_dns_edns_write(p, asker->conf->listener.udp_max_size, m->rcode,
                           asker->asked->dnssec_ok ? NGX_DNS_EDNS_DO : 0,
                           m->ede);

    if (asker->asked->options) {
        p = ngx_dns_options_write(asker, start, opt, p, m->scoped);
    }

    return p;
}


size_t
ngx_dns_response_error(const ngx_dns_request_t *request,
    ngx_dns_reason_e reason)
{
    u_char                  *out, *opt, *start;
    size_t                   question;
    ngx_uint_t               edns;
    ngx_dns_conf_t          *conf;
    ngx_dns_asker_t          asker;
    ngx_dns_client_t        *client;
    ngx_dns_question_t      *q;
    const ngx_dns_reason_t  *r;

    r = &ngx_dns_reasons[reason];

    if (r->rcode == NGX_DNS_DROP) {
        return 0;
    }

    q = request->question;
    conf = request->conf;
    client = request->client;

    /*
     * An OPT only answers an OPT that was understood: the fields of a query
     * with a malformed one, or two, may be anything
     */

    edns = q->asked.edns && (r->rcode != NGX_DNS_FORMERR);
    question = q->end ? q->end - NGX_DNS_HEADER_SIZE : 0;

    asker.client = client;
    asker.conf = conf;
    asker.policy = request->zone ? request->zone->policy : conf->policy;
    asker.name = request->packet + NGX_DNS_HEADER_SIZE;
    asker.asked = &q->asked;
    asker.responses = conf->runtime.counters->responses[NGX_DNS_SOURCE_ERROR];

    start = ngx_dns_response_reserve(&asker, NGX_DNS_MIN_UDP_SIZE);

    /* RFC 1035, 4.1.1: opcode and RD are copied; RFC 4035, 3.1.6: CD, too */

    ngx_dns_message_header(start, q->asked.id,
                           NGX_DNS_QR
                           | (q->asked.flags & (NGX_DNS_OPCODE | NGX_DNS_RD
                                          | NGX_DNS_CD))
                           | (reason == NGX_DNS_ELIMITTC ? NGX_DNS_TC : 0)
                           | (r->rcode & NGX_DNS_RCODE),
                           question ? 1 : 0, NULL, edns);

    out = ngx_cpymem(start + NGX_DNS_HEADER_SIZE,
                     request->packet + NGX_DNS_HEADER_SIZE, question);

    if (edns) {
        opt = out;

        out = ngx_dns_edns_write(out, conf->listener.udp_max_size, r->rcode,
                                 q->asked.dnssec_ok ? NGX_DNS_EDNS_DO : 0,
                                 r->ede);

        if (q->asked.options) {
            out = ngx_dns_options_write(&asker, start, opt, out, 0);
        }
    }

    ngx_dns_histogram_add(&conf->runtime.counters->duration, 0);
    ngx_dns_response_commit(&asker, start, out - start,
                            ngx_dns_metrics_rcode(r->rcode));

    return out - start;
}

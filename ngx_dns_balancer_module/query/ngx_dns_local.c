
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_local.h"
#include "ngx_dns_response.h"
#include "ngx_dns_special.h"
#include "../wire/ngx_dns_reverse.h"
#include "../wire/ngx_dns_rr.h"


#define NGX_DNS_LOCAL_NO_SOA  0xffff
#define NGX_DNS_LOCAL_TTL     10800    /* as that of RFC 6303's zones */
#define NGX_DNS_LOCAL_ANY_TTL 3600
#define NGX_DNS_LOCAL_SVCB    300      /* TTL: a configuration changes */
#define NGX_DNS_LOCAL_DDR     15       /* octets of resolver.arpa */

#define ngx_dns_local_is(type, asked)                                         \
    ((asked) == (type) || (asked) == NGX_DNS_TYPE_ANY)


typedef struct ngx_dns_local_found_s  ngx_dns_local_found_t;

struct ngx_dns_local_found_s {
    void                  (*write)(ngx_dns_rr_t *rr,
                                   const ngx_dns_question_t *q,
                                   const ngx_dns_local_found_t *found);
    ngx_dns_client_t       *client;
    const ngx_str_t        *text;          /* of a TXT record */
    ngx_dns_hosts_t        *hosts;
    const ngx_array_t      *designated;    /* of ngx_str_t */
    uint32_t                ttl;
    uint16_t                rcode;
    uint16_t                zone;          /* label where the SOA's name is */
    ngx_dns_cache_status_e  status;
};


static ngx_int_t ngx_dns_local_find(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q, ngx_dns_local_found_t *found);
static ngx_int_t ngx_dns_local_find_server(ngx_dns_local_t *local,
    const ngx_dns_question_t *q, ngx_dns_local_found_t *found);
static ngx_int_t ngx_dns_local_find_builtin(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q, ngx_dns_local_found_t *found);
static ngx_int_t ngx_dns_local_find_empty(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q, ngx_dns_local_found_t *found);
static ngx_int_t ngx_dns_local_find_resolver(ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q, ngx_dns_local_found_t *found);
static void ngx_dns_local_designated(ngx_dns_rr_t *rr,
    const ngx_dns_question_t *q, const ngx_dns_local_found_t *found);
static void ngx_dns_local_hosts(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found);
static void ngx_dns_local_localhost(ngx_dns_rr_t *rr,
    const ngx_dns_question_t *q, const ngx_dns_local_found_t *found);
static void ngx_dns_local_loopback(ngx_dns_rr_t *rr,
    const ngx_dns_question_t *q, const ngx_dns_local_found_t *found);
static void ngx_dns_local_apex(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found);
static void ngx_dns_local_whoami(ngx_dns_rr_t *rr,
    const ngx_dns_question_t *q, const ngx_dns_local_found_t *found);
static void ngx_dns_local_hinfo(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found);
static void ngx_dns_local_text(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found);
static void ngx_dns_local_send(const ngx_dns_request_t *r,
    const ngx_dns_local_found_t *found, ngx_dns_local_answer_t *answer);


/* a name that has addresses in another file is not blocked */

#define ngx_dns_local_blocked(a)                                              \
    ((a)->blocked && (a)->n4 + (a)->n6 + (a)->nptr == 0)


/* of this worker: what was found last */

static ngx_dns_hosts_answer_t  ngx_dns_local_found;


ngx_int_t
ngx_dns_local_answer(const ngx_dns_request_t *r,
    ngx_dns_local_answer_t *answer)
{
    ngx_dns_question_t     *q;
    ngx_dns_local_found_t   found;

    q = r->question;

    /* a TSIG can't be answered; a transfer is of a zone, which we have none */

    if (q->tsig || q->asked.type == NGX_DNS_TYPE_AXFR
        || q->asked.type == NGX_DNS_TYPE_IXFR)
    {
        return NGX_DECLINED;
    }

    found.write = NULL;
    found.client = r->client;
    found.rcode = NGX_DNS_NOERROR;
    found.zone = NGX_DNS_LOCAL_NO_SOA;
    found.ttl = NGX_DNS_LOCAL_TTL;
    found.status = NGX_DNS_CACHE_STATUS_LOCAL;

    if (ngx_dns_local_find(r->conf, q, &found) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_dns_local_send(r, &found, answer);

    return NGX_OK;
}


ngx_uint_t
ngx_dns_local_known(ngx_dns_conf_t *conf, const ngx_dns_question_t *q)
{
    ngx_dns_local_found_t  found;

    return ngx_dns_local_find(conf, q, &found) == NGX_OK;
}


ngx_uint_t
ngx_dns_local_own(ngx_dns_conf_t *conf, const ngx_dns_question_t *q)
{
    ngx_dns_local_t        *local;
    ngx_dns_local_found_t   found;

    local = conf->listener.local;

    return local
           && ((local->hosts && !local->fallthrough)
               || ngx_dns_local_find_builtin(conf, q, &found) == NGX_OK);
}


void
ngx_dns_local_negative(const ngx_dns_request_t *r, uint16_t rcode,
    ngx_dns_local_answer_t *answer)
{
    ngx_dns_local_found_t  found;

    found.write = NULL;
    found.rcode = rcode;
    found.zone = r->question->asked.name_len - (uint16_t) r->zone->name.len;
    found.ttl = NGX_DNS_RETURN_TTL;
    found.status = NGX_DNS_CACHE_STATUS_LOCAL;

    ngx_dns_local_send(r, &found, answer);
}


void
ngx_dns_local_any(const ngx_dns_request_t *r, ngx_dns_local_answer_t *answer)
{
    ngx_dns_local_found_t  found;

    found.write = ngx_dns_local_hinfo;
    found.rcode = NGX_DNS_NOERROR;
    found.zone = NGX_DNS_LOCAL_NO_SOA;
    found.ttl = NGX_DNS_LOCAL_ANY_TTL;
    found.status = NGX_DNS_CACHE_STATUS_LOCAL;

    ngx_dns_local_send(r, &found, answer);
}


static ngx_int_t
ngx_dns_local_find(ngx_dns_conf_t *conf, const ngx_dns_question_t *q,
    ngx_dns_local_found_t *found)
{
    ngx_dns_local_t  *local;

    local = conf->listener.local;

    if (q->asked.class != NGX_DNS_CLASS_IN) {
        return ngx_dns_local_find_server(local, q, found);
    }

    if (local->hosts
        && ngx_dns_hosts_find(local->hosts, q, &ngx_dns_local_found)
           == NGX_OK)
    {
        found->status = NGX_DNS_CACHE_STATUS_HOSTS;

        if (ngx_dns_local_blocked(&ngx_dns_local_found)) {

            /* with an SOA, so that it is not asked for again at once */

            found->zone = 0;
            found->ttl = NGX_DNS_RETURN_TTL;
            found->rcode = ngx_dns_local_found.blocked == NGX_DNS_HOSTS_BLOCK
                           ? NGX_DNS_NXDOMAIN : NGX_DNS_NOERROR;
            return NGX_OK;
        }

        found->write = ngx_dns_local_hosts;
        found->hosts = local->hosts;
        found->ttl = local->ttl;

        return NGX_OK;
    }

    if (ngx_dns_local_find_builtin(conf, q, found) == NGX_OK) {
        return NGX_OK;
    }

    if (local->hosts && !local->fallthrough) {
        found->rcode = NGX_DNS_NXDOMAIN;
        found->status = NGX_DNS_CACHE_STATUS_HOSTS;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_dns_local_find_server(ngx_dns_local_t *local, const ngx_dns_question_t *q,
    ngx_dns_local_found_t *found)
{
    ngx_uint_t  i;

    static const struct {
        ngx_str_t   name;
        ngx_uint_t  version;
    } names[] = {
        { ngx_string("\2id\6server\0"), 0 },
        { ngx_string("\10hostname\4bind\0"), 0 },
        { ngx_string("\7version\6server\0"), 1 },
        { ngx_string("\7version\4bind\0"), 1 }
    };

    if (!local->server_id || q->asked.class != NGX_DNS_CLASS_CH) {
        return NGX_DECLINED;
    }

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {

        if (q->asked.name_len == names[i].name.len
            && ngx_memcmp(q->name, names[i].name.data, q->asked.name_len) == 0)
        {
            found->write = ngx_dns_local_text;
            found->text = names[i].version ? &local->version : &local->id;
            found->ttl = 0;

            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_dns_local_find_builtin(ngx_dns_conf_t *conf, const ngx_dns_question_t *q,
    ngx_dns_local_found_t *found)
{
    size_t  len;
    u_char  addr[16];

    if (q->labels == 0) {
        return NGX_DECLINED;
    }

    if (ngx_dns_local_is_whoami(conf->listener.local, q)) {
        found->write = ngx_dns_local_whoami;
        found->ttl = 0;

        return NGX_OK;
    }

    /* RFC 6761, 6.3: "localhost." and any names falling within it */

    if (conf->listener.local->localhost) {

        if (q->asked.name_len - q->label[q->labels - 1] == 11
            && ngx_memcmp(q->name + q->label[q->labels - 1], "\11localhost",
                          11)
               == 0)
        {
            found->write = ngx_dns_local_localhost;
            found->zone = q->label[q->labels - 1];

            return NGX_OK;
        }

        len = ngx_dns_reverse_address(q, addr);

        if ((len == 4 && ngx_memcmp(addr, "\x7f\0\0\1", 4) == 0)
            || (len == 16
                && ngx_memcmp(addr, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16)
                   == 0))
        {
            found->write = ngx_dns_local_loopback;
            found->zone = 0;

            return NGX_OK;
        }
    }

    if (conf->listener.local->discovery
        && ngx_dns_local_find_resolver(conf, q, found) == NGX_OK)
    {
        return NGX_OK;
    }

    return ngx_dns_local_find_empty(conf, q, found);
}


static ngx_int_t
ngx_dns_local_find_empty(ngx_dns_conf_t *conf, const ngx_dns_question_t *q,
    ngx_dns_local_found_t *found)
{
    ngx_uint_t  labels;

    static const ngx_str_t  loopback
        = ngx_string("\1" "1\1" "0\1" "0\3" "127\7in-addr\4arpa\0");

    labels = ngx_dns_special_zone(conf, q);

    if (labels == 0) {
        return NGX_DECLINED;
    }

    found->zone = q->label[q->labels - labels];

    if (q->labels == labels) {
        found->write = ngx_dns_local_apex;
        return NGX_OK;
    }

    /* RFC 8020: what has 1.0.0.127 below itself does exist */

    if (!conf->listener.local->localhost || q->asked.name_len > loopback.len
        || ngx_memcmp(loopback.data + loopback.len - q->asked.name_len, q->name,
                      q->asked.name_len)
           != 0)
    {
        found->rcode = NGX_DNS_NXDOMAIN;
    }

    return NGX_OK;
}


/* RFC 9461, 4: _dns.NAME; RFC 9462, 4 and 6.4: resolver.arpa stays here */

static ngx_int_t
ngx_dns_local_find_resolver(ngx_dns_conf_t *conf, const ngx_dns_question_t *q,
    ngx_dns_local_found_t *found)
{
    size_t            pos;
    ngx_uint_t        dns;
    ngx_dns_local_t  *local;

    local = conf->listener.local;
    found->designated = &local->designated;

    dns = local->resolver.len && ngx_memcmp(q->name, "\4_dns", 5) == 0;

    if (dns && (size_t) q->asked.name_len == local->resolver.len + 5
        && ngx_memcmp(q->name + 5, local->resolver.data, local->resolver.len)
           == 0)
    {
        found->write = ngx_dns_local_designated;
        found->zone = 5;
        found->ttl = NGX_DNS_LOCAL_SVCB;

        return NGX_OK;
    }

    pos = q->labels < 2 ? 0 : q->label[q->labels - 2];

    if (q->asked.name_len - pos != NGX_DNS_LOCAL_DDR
        || ngx_memcmp(q->name + pos, "\10resolver\4arpa", NGX_DNS_LOCAL_DDR)
           != 0
        || ngx_dns_special_own(conf, q, 2))
    {
        return NGX_DECLINED;
    }

    found->zone = (uint16_t) pos;

    if (pos == 0) {
        found->write = ngx_dns_local_apex;

    } else if (dns && pos == 5) {
        found->write = ngx_dns_local_designated;
        found->ttl = NGX_DNS_LOCAL_SVCB;

    } else {
        found->rcode = NGX_DNS_NXDOMAIN;
    }

    return NGX_OK;
}


static void
ngx_dns_local_designated(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    ngx_str_t   *record;
    ngx_uint_t   i;

    if (!ngx_dns_local_is(NGX_DNS_TYPE_SVCB, q->asked.type)) {
        return;
    }

    record = found->designated->elts;

    for (i = 0; i < found->designated->nelts; i++) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_SVCB, record[i].data,
                         record[i].len);
    }
}


static void
ngx_dns_local_hosts(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    ngx_uint_t               i, turn;
    ngx_dns_hosts_answer_t  *a;

    a = &ngx_dns_local_found;
    turn = a->n4 + a->n6 > 1 ? ngx_dns_hosts_turn(found->hosts, q) : 0;

    if (ngx_dns_local_is(NGX_DNS_TYPE_A, q->asked.type)) {
        for (i = 0; i < a->n4; i++) {
            ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_A, a->a[(turn + i) % a->n4],
                             4);
        }
    }

    if (ngx_dns_local_is(NGX_DNS_TYPE_AAAA, q->asked.type)) {
        for (i = 0; i < a->n6; i++) {
            ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_AAAA,
                             a->aaaa[(turn + i) % a->n6], 16);
        }
    }

    if (ngx_dns_local_is(NGX_DNS_TYPE_PTR, q->asked.type)) {
        for (i = 0; i < a->nptr; i++) {
            ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_PTR, a->ptr[i],
                             a->ptr_len[i]);
        }
    }
}


static void
ngx_dns_local_localhost(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    if (ngx_dns_local_is(NGX_DNS_TYPE_A, q->asked.type)) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_A, (u_char *) "\x7f\0\0\1", 4);
    }

    if (ngx_dns_local_is(NGX_DNS_TYPE_AAAA, q->asked.type)) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_AAAA,
                         (u_char *) "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    }
}


static void
ngx_dns_local_loopback(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    if (ngx_dns_local_is(NGX_DNS_TYPE_PTR, q->asked.type)) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_PTR, (u_char *) "\11localhost",
                         11);
    }
}


/* RFC 6303, 3: SOA, and NS of the zone's own name */

static void
ngx_dns_local_apex(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    if (ngx_dns_local_is(NGX_DNS_TYPE_SOA, q->asked.type)) {
        ngx_dns_rr_soa(rr, 0);
    }

    if (ngx_dns_local_is(NGX_DNS_TYPE_NS, q->asked.type)) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_NS, q->name, q->asked.name_len);
    }
}


/* the client's address, port and transport */

static void
ngx_dns_local_whoami(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    u_char            text[NGX_SOCKADDR_STRLEN + sizeof(" 65535 https")], *p;
    ngx_uint_t        port;
    struct sockaddr  *sa;

    sa = ngx_dns_client_source(found->client);

    if (sa->sa_family == AF_INET6
        && IN6_IS_ADDR_V4MAPPED(&((struct sockaddr_in6 *) sa)->sin6_addr))
    {
        p = ((struct sockaddr_in6 *) sa)->sin6_addr.s6_addr + 12;

    } else if (sa->sa_family == AF_INET) {
        p = (u_char *) &((struct sockaddr_in *) sa)->sin_addr;

    } else {
        p = NULL;
    }

    if (p && ngx_dns_local_is(NGX_DNS_TYPE_A, q->asked.type)) {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_A, p, 4);
    }

    if (p == NULL && sa->sa_family == AF_INET6
        && ngx_dns_local_is(NGX_DNS_TYPE_AAAA, q->asked.type))
    {
        ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_AAAA,
                         ((struct sockaddr_in6 *) sa)->sin6_addr.s6_addr, 16);
    }

    if (!ngx_dns_local_is(NGX_DNS_TYPE_TXT, q->asked.type)) {
        return;
    }

    port = sa->sa_family == AF_UNIX ? 0 : ngx_inet_get_port(sa);

    if (p) {
        p = ngx_slprintf(text, text + sizeof(text), "%ud.%ud.%ud.%ud", p[0],
                         p[1], p[2], p[3]);

    } else {
        p = text + ngx_sock_ntop(sa, sizeof(ngx_dns_sockaddr_t), text,
                                 NGX_SOCKADDR_STRLEN, 0);
    }

    p = ngx_slprintf(p, text + sizeof(text), " %ui %s", port,
                     ngx_dns_metrics_protos[found->client->proto]);

    ngx_dns_rr_txt(rr, 0, text, (size_t) (p - text));
}


static void
ngx_dns_local_hinfo(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    ngx_dns_rr_write(rr, 0, NGX_DNS_TYPE_HINFO, (u_char *) "\7RFC8482\0", 9);
}


static void
ngx_dns_local_text(ngx_dns_rr_t *rr, const ngx_dns_question_t *q,
    const ngx_dns_local_found_t *found)
{
    if (ngx_dns_local_is(NGX_DNS_TYPE_TXT, q->asked.type)) {
        ngx_dns_rr_txt(rr, 0, found->text->data, found->text->len);
    }
}


static void
ngx_dns_local_send(const ngx_dns_request_t *r,
    const ngx_dns_local_found_t *found, ngx_dns_local_answer_t *answer)
{
    size_t               limit;
    u_char              *start;
    ngx_dns_rr_t         rr;
    ngx_dns_conf_t      *conf;
    ngx_dns_asker_t      asker;
    ngx_dns_message_t    m;
    ngx_dns_question_t  *q;

    q = r->question;
    conf = r->conf;

    asker.client = r->client;
    asker.conf = conf;
    asker.policy = conf->policy;
    asker.name = r->packet + NGX_DNS_HEADER_SIZE;
    asker.asked = &q->asked;
    asker.responses = conf->runtime.counters->responses[
                            found->status == NGX_DNS_CACHE_STATUS_HOSTS
                            ? NGX_DNS_SOURCE_HOSTS : NGX_DNS_SOURCE_LOCAL];

    ngx_memzero(&m, sizeof(ngx_dns_message_t));
    ngx_memzero(&rr, sizeof(ngx_dns_rr_t));

    m.ede = NGX_DNS_NO_EDE;
    m.rcode = found->rcode;

    /* RA: is there anybody who could be asked for other names? */

    m.flags = NGX_DNS_AA | (conf->listener.forward->n ? NGX_DNS_RA : 0);

    limit = ngx_dns_response_limit(&asker);
    start = r->client->front->reserve(r->client, limit);

    rr.pos = start + q->end;
    rr.end = start + limit - ngx_dns_response_opt_size(&asker, &m);
    rr.name = asker.name;
    rr.class = q->asked.class;
    rr.ttl = found->ttl;

    if (found->write) {
        found->write(&rr, q, found);
        m.answers = rr.n;
    }

    if (rr.full) {

        /* RFC 2181, 9: all of an RRset or nothing */

        rr.pos = start + q->end;
        m.answers = 0;
        m.flags |= NGX_DNS_TC;

    } else if (m.answers == 0 && found->zone != NGX_DNS_LOCAL_NO_SOA) {
        ngx_dns_rr_soa(&rr, found->zone);
        m.authority = 1;
    }

    (void) ngx_dns_response_begin(&asker, start, &m);
    rr.pos = ngx_dns_response_opt(&asker, start, rr.pos, &m);

    answer->sent = rr.pos - start;
    answer->rcode = found->rcode;
    answer->answers = m.answers;
    answer->status = found->status;

    ngx_dns_histogram_add(&conf->runtime.counters->duration, 0);
    ngx_dns_response_commit(&asker, start, answer->sent,
                            ngx_dns_metrics_rcode(answer->rcode));
}

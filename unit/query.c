
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "query.h"


ngx_dns_attempt_t  *sent[512];
unsigned            tcp[512];
unsigned            nsent;
unsigned            cancelled;
unsigned            mute;
ngx_int_t           refuse;
unsigned            refusals;
u_char              wire[600];
size_t              wire_len;

u_char              got[70000];
size_t              got_len;
ngx_int_t           got_ttl;
unsigned            answers;
unsigned            dones;
unsigned            taps;
ngx_dns_logged_t    logged;

ngx_dns_peer_t          *count_peer;
ngx_dns_peer_counters_t  count_before;

ngx_dns_conf_t      conf;
ngx_dns_policy_t    policy;
ngx_dns_zone_t      zone;


static ngx_int_t
fake_send(ngx_dns_attempt_t *a, const u_char *query, size_t len,
    unsigned stream)
{
    if (refusals) {
        refusals--;
        return refuse;
    }

    a->channel = a;
    a->sent = ngx_dns_usec;

    memcpy(wire, query, len);
    wire_len = len;

    if (len == NGX_DNS_HEADER_SIZE + a->question_len) {
        ngx_dns_put16(wire + NGX_DNS_OFF_ARCOUNT, 0);
    }

    tcp[nsent] = stream;
    sent[nsent++] = a;

    return NGX_OK;
}


static ngx_int_t
fake_udp(ngx_dns_attempt_t *a, const u_char *query, size_t len)
{
    return fake_send(a, query, len, 0);
}


static ngx_int_t
fake_tcp(ngx_dns_attempt_t *a, const u_char *query, size_t len)
{
    return fake_send(a, query, len, 1);
}


static void
fake_cancel(ngx_dns_attempt_t *a)
{
    if (a->channel) {
        cancelled++;
        a->channel = NULL;
    }
}


static ngx_uint_t
fake_mute(const ngx_dns_attempt_t *a)
{
    return mute;
}


ngx_dns_transport_t  fakes[2] = {
    { ngx_string("udp"), NULL, NULL, fake_udp, fake_cancel, NULL,
      &fakes[1], NULL, NULL },
    { ngx_string("tcp"), NULL, NULL, fake_tcp, fake_cancel, NULL, NULL, NULL,
      fake_mute }
};


static u_char *
fake_reserve(ngx_dns_client_t *client, size_t size)
{
    return got;
}


static void
fake_commit(ngx_dns_client_t *client, size_t size, uint64_t *counter,
    ngx_int_t ttl)
{
    ngx_dns_own_add(counter, 1);

    got_len = size;
    got_ttl = ttl;
    answers++;
}


ngx_dns_front_t  front = {
    .reserve = fake_reserve,
    .commit = fake_commit
};


/* transfers need connections: t/dns_transfer.t */

ngx_dns_reason_e
ngx_dns_transfer_start(const ngx_dns_request_t *r)
{
    return NGX_DNS_EINTERNAL;
}


void
ngx_dns_transfer_abort(void)
{
}


static void
fake_response(const ngx_dns_asker_t *asker, const u_char *msg, size_t len)
{
    taps += asker->conf == &conf && len >= NGX_DNS_HEADER_SIZE
            && (msg[2] & 0x80);
}


static void
fake_done(ngx_dns_logged_t *r)
{
    logged = *r;
    dones++;
}


static const ngx_dns_stage_t  stage = { NULL, fake_response, fake_done };


void
query_init(void)
{
    ngx_pid = getpid();

    ngx_dns_timer_init(&unit_log);
    (void) ngx_dns_inflight_init(&unit_cycle, 1000, 1);
}


ngx_dns_upstream_t *
query_upstream(const char *method, const char *servers)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    u = unit_upstream(method, servers);

    for (i = 0; i < u->peers.nelts; i++) {
        unit_peer(u, i)->transport = &fakes[0];
    }

    return u;
}


void
start(const char *method, const char *servers)
{
    nsent = 0;
    cancelled = 0;
    answers = 0;
    dones = 0;
    taps = 0;
    refusals = 0;
    got_len = 0;

    memset(&conf, 0, sizeof(conf));
    memset(&policy, 0, sizeof(policy));
    memset(&zone, 0, sizeof(zone));

    zone.name.data = (u_char *) "\0" "is read as padding";
    zone.name.len = 1;
    zone.upstream = query_upstream(method, servers);
    zone.policy = &policy;
    conf.policy = &policy;

    conf.listener.forward = ngx_dns_forward_create(&unit_pool);
    (void) ngx_dns_forward_add(conf.listener.forward, &zone);

    conf.listener.udp_max_size = 1232;
    conf.listener.udp_unproven = 1232;
    policy.upstream_timeout = 2000;
    policy.next_timeout = 5000;
    policy.next = NGX_DNS_NEXT_ERROR|NGX_DNS_NEXT_TIMEOUT
                |NGX_DNS_NEXT_SERVFAIL|NGX_DNS_NEXT_REFUSED;
    policy.tries = 3;
    conf.listener.max_queries = 100;
    conf.listener.log = &unit_log;
    policy.log = &unit_log;
    conf.runtime.counters = ngx_dns_metrics_server(0);
    ngx_dns_stage_add(&conf.listener, &stage);
}


void
ask(const char *p, size_t len)
{
    static unsigned  port;

    ask_from(p, len, ++port, 0);
}


void
ask_from(const char *p, size_t len, unsigned port, unsigned stream)
{
    u_char            buf[600];
    ngx_dns_client_t  client;

    memset(&client, 0, sizeof(client));
    memcpy(buf, p, len);

    client.front = &front;
    client.bounded = !stream;
    client.socklen = sizeof(struct sockaddr_in);
    client.sockaddr.sockaddr.sa_family = AF_INET;

    /* behind a proxy, which has one address and port for all */

    client.proxied = 1;
    client.source.sockaddr.sa_family = AF_INET;
    client.source.sockaddr_in.sin_port = (in_port_t) port;

    ngx_dns_query_process(&conf, &client, buf, len, 0);
}


static void
reply_with(unsigned n, const char *flags, unsigned an, unsigned ar,
    const char *rr, size_t len)
{
    u_char  msg[600];

    memset(msg, 0, 12);
    memcpy(msg + 2, flags, 2);
    msg[5] = 1;
    msg[7] = (u_char) an;
    msg[11] = (u_char) ar;
    memcpy(msg + 12, sent[n]->question, sent[n]->question_len);
    memcpy(msg + 12 + sent[n]->question_len, rr, len);

    sent[n]->channel = NULL;
    sent[n]->handler(sent[n], NGX_DNS_EVENT_RESPONSE, msg,
                     12 + sent[n]->question_len + len);
}


void
reply(unsigned n, const char *flags, unsigned an, const char *rr, size_t len)
{
    reply_with(n, flags, an, 0, rr, len);
}


void
reply_opt(unsigned n, const char *flags, unsigned an, const char *rr,
    size_t len)
{
    reply_with(n, flags, an, 1, rr, len);
}


void
event(unsigned n, ngx_dns_event_e e)
{
    if (e != NGX_DNS_EVENT_SOFT) {
        sent[n]->channel = NULL;
    }

    sent[n]->handler(sent[n], e, NULL, 0);
}


void
count(ngx_dns_peer_t *peer)
{
    count_peer = peer;
    count_before = *peer->counters;
}


ngx_uint_t
outstanding(void)
{
    ngx_uint_t  i, n;

    n = 0;

    for (i = 0; i < zone.upstream->peers.nelts; i++) {
        n += unit_peer(zone.upstream, i)->shm->outstanding;
    }

    return n;
}

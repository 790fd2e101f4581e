
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tap.h"
#include "../base/ngx_dns_clock.h"
#include "../query/ngx_dns_life.h"
#include "../transport/ngx_dns_tls_out.h"

#include <ngx_dns_dnstap.pb-c.h>


/* what a frame has beside texts, the zone and the message, at most */

#define NGX_DNS_TAP_OVERHEAD  160


static uint64_t ngx_dns_tap_now(void);
static ngx_dns_reason_e ngx_dns_tap_query(ngx_dns_request_t *r,
    ngx_dns_reason_e reason);
static void ngx_dns_tap_response(const ngx_dns_asker_t *asker,
    const u_char *msg, size_t len);
static void ngx_dns_tap_client(Dnstap__Message *m, ngx_dns_client_t *client);
static struct sockaddr *ngx_dns_tap_local(ngx_dns_client_t *client);
static void ngx_dns_tap_attempt(ngx_dns_attempt_t *a, ngx_connection_t *c,
    ngx_uint_t response, const u_char *msg, size_t len);
static Dnstap__SocketProtocol ngx_dns_tap_transport(ngx_dns_attempt_t *a,
    ngx_connection_t *c);
static struct sockaddr *ngx_dns_tap_source(ngx_connection_t *c);
static ngx_uint_t ngx_dns_tap_address(struct sockaddr *sa,
    ProtobufCBinaryData *address, uint32_t *port);
static void ngx_dns_tap_asked(Dnstap__Message *m, uint64_t when);
static void ngx_dns_tap_answered(Dnstap__Message *m, const u_char *msg,
    size_t len);
static void ngx_dns_tap_write(ngx_dns_tap_t *tap, Dnstap__Message *m,
    size_t len);


static const ngx_dns_stage_t  ngx_dns_tap_stage = {
    ngx_dns_tap_query,
    ngx_dns_tap_response,
    NULL
};


/* where no response is written: queries that are sampled are marked here */

static const ngx_dns_stage_t  ngx_dns_tap_stage_queries = {
    ngx_dns_tap_query,
    NULL,
    NULL
};


static const Dnstap__Message  ngx_dns_tap_message = DNSTAP__MESSAGE__INIT;
static const Dnstap__Dnstap   ngx_dns_tap_frame = DNSTAP__DNSTAP__INIT;

static const Dnstap__SocketProtocol  ngx_dns_tap_protos[] = {
    DNSTAP__SOCKET_PROTOCOL__UDP,
    DNSTAP__SOCKET_PROTOCOL__TCP,
    DNSTAP__SOCKET_PROTOCOL__DOT,
    DNSTAP__SOCKET_PROTOCOL__DOH
};


_Static_assert(NGX_DNS_PROTO_UDP == 0 && NGX_DNS_PROTO_TCP == 1
               && NGX_DNS_PROTO_TLS == 2 && NGX_DNS_PROTO_HTTPS == 3,
               "the order of ngx_dns_tap_protos[]");


/* of this worker: addresses of sockets to servers, by their connections */

static ngx_dns_sockaddr_t  *ngx_dns_tap_sources;


ngx_int_t
ngx_dns_tap_open(ngx_cycle_t *cycle, ngx_dns_conf_t *conf, ngx_dns_tap_t *tap)
{
    if (ngx_dns_tap_out_open(cycle, tap) != NGX_OK) {
        return NGX_ERROR;
    }

    if (tap->types & NGX_DNS_TAP_FORWARDER) {
        ngx_dns_transport_tap = ngx_dns_tap_attempt;

        if (ngx_dns_tap_sources == NULL) {
            ngx_dns_tap_sources = ngx_pcalloc(cycle->pool,
                                              cycle->connection_n
                                              * sizeof(ngx_dns_sockaddr_t));
            if (ngx_dns_tap_sources == NULL) {
                return NGX_ERROR;
            }
        }
    }

    ngx_dns_stage_add(&conf->listener, tap->types & NGX_DNS_TAP_CLIENT_RESPONSE
                                       ? &ngx_dns_tap_stage
                                       : &ngx_dns_tap_stage_queries);

    conf->listener.tap = tap;

    return NGX_OK;
}


void
ngx_dns_tap_close(ngx_dns_tap_t *tap)
{
    ngx_dns_transport_tap = NULL;

    ngx_dns_tap_out_close(tap);
}


/* nanoseconds of the wall clock */

static uint64_t
ngx_dns_tap_now(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}


/* one in "sample" is marked, and is followed by its mark from here on */

static ngx_dns_reason_e
ngx_dns_tap_query(ngx_dns_request_t *r, ngx_dns_reason_e reason)
{
    ngx_dns_tap_t    *tap;
    Dnstap__Message   m;

    tap = r->conf->listener.tap;

    if (tap->seen++ % tap->sample) {
        r->client->tapped = 0;
        return reason;
    }

    r->client->tapped = ngx_dns_tap_now();

    if (tap->types & NGX_DNS_TAP_CLIENT_QUERY) {
        m = ngx_dns_tap_message;
        m.type = DNSTAP__MESSAGE__TYPE__CLIENT_QUERY;

        ngx_dns_tap_client(&m, r->client);
        ngx_dns_tap_asked(&m, r->client->tapped);

        m.has_query_message = 1;
        m.query_message.data = r->packet;
        m.query_message.len = r->len;

        ngx_dns_tap_write(tap, &m, r->len);
    }

    return reason;
}


static void
ngx_dns_tap_response(const ngx_dns_asker_t *asker, const u_char *msg,
    size_t len)
{
    Dnstap__Message  m;

    if (asker->client->tapped == 0) {
        return;
    }

    m = ngx_dns_tap_message;
    m.type = DNSTAP__MESSAGE__TYPE__CLIENT_RESPONSE;

    ngx_dns_tap_client(&m, asker->client);
    ngx_dns_tap_asked(&m, asker->client->tapped);
    ngx_dns_tap_answered(&m, msg, len);

    ngx_dns_tap_write(asker->conf->listener.tap, &m, len);
}


static void
ngx_dns_tap_client(Dnstap__Message *m, ngx_dns_client_t *client)
{
    struct sockaddr  *sa, *local;

    m->has_socket_protocol = 1;
    m->socket_protocol = ngx_dns_tap_protos[client->proto];

    sa = ngx_dns_client_source(client);

    if (ngx_dns_tap_address(sa, &m->query_address, &m->query_port)) {
        m->has_query_address = 1;
        m->has_query_port = 1;
        m->has_socket_family = 1;
        m->socket_family = sa->sa_family == AF_INET
                           ? DNSTAP__SOCKET_FAMILY__INET
                           : DNSTAP__SOCKET_FAMILY__INET6;
    }

    local = ngx_dns_tap_local(client);

    if (ngx_dns_tap_address(local, &m->response_address, &m->response_port)) {
        m->has_response_address = 1;
        m->has_response_port = 1;
        m->response_port = ngx_inet_get_port(client->listening->sockaddr);
    }
}


/* the address that was asked, on a wildcard one that of this client */

static struct sockaddr *
ngx_dns_tap_local(ngx_dns_client_t *client)
{
    ngx_connection_t  *c;

    if (client->local) {
        return &client->local_sockaddr.sockaddr;
    }

    if (client->listening->wildcard && client->front->connection) {
        c = client->front->connection(client);

        if (c && ngx_connection_local_sockaddr(c, NULL, 0) == NGX_OK) {
            return c->local_sockaddr;
        }
    }

    return client->listening->sockaddr;
}


/* what a transport sends or gets */

static void
ngx_dns_tap_attempt(ngx_dns_attempt_t *a, ngx_connection_t *c,
    ngx_uint_t response, const u_char *msg, size_t len)
{
    struct sockaddr     *sa;
    ngx_dns_tap_t       *tap;
    Dnstap__Message      m;
    ngx_dns_inflight_t  *f;

    f = ngx_dns_life_question(a);

    if (f == NULL || f->tap == NULL) {
        return;
    }

    tap = f->tap;

    if ((tap->types & (response ? NGX_DNS_TAP_FORWARDER_RESPONSE
                                : NGX_DNS_TAP_FORWARDER_QUERY))
        == 0)
    {
        return;
    }

    m = ngx_dns_tap_message;

    m.has_socket_protocol = 1;
    m.socket_protocol = ngx_dns_tap_transport(a, c);

    sa = a->peer->sockaddr;

    if (ngx_dns_tap_address(sa, &m.response_address, &m.response_port)) {
        m.has_response_address = 1;
        m.has_response_port = 1;
        m.has_socket_family = 1;
        m.socket_family = sa->sa_family == AF_INET
                          ? DNSTAP__SOCKET_FAMILY__INET
                          : DNSTAP__SOCKET_FAMILY__INET6;

        sa = ngx_dns_tap_source(c);

        m.has_query_address = sa && ngx_dns_tap_address(sa, &m.query_address,
                                                        &m.query_port);
        m.has_query_port = m.has_query_address;
    }

    m.has_query_zone = 1;
    m.query_zone.data = f->zone->name.data;
    m.query_zone.len = f->zone->name.len;

    if (response) {
        m.type = DNSTAP__MESSAGE__TYPE__FORWARDER_RESPONSE;
        ngx_dns_tap_asked(&m, ngx_dns_tap_now()
                              - (uint64_t) ngx_dns_clock_since(a->sent) * 1000);
        ngx_dns_tap_answered(&m, msg, len);

    } else {
        m.type = DNSTAP__MESSAGE__TYPE__FORWARDER_QUERY;
        ngx_dns_tap_asked(&m, ngx_dns_tap_now());

        m.has_query_message = 1;
        m.query_message.data = (u_char *) msg;
        m.query_message.len = len;
    }

    ngx_dns_tap_write(tap, &m, len);
}


static Dnstap__SocketProtocol
ngx_dns_tap_transport(ngx_dns_attempt_t *a, ngx_connection_t *c)
{
    if (c->type == SOCK_DGRAM) {
        return DNSTAP__SOCKET_PROTOCOL__UDP;
    }

    return a->peer->transport == &ngx_dns_tls_out
           ? DNSTAP__SOCKET_PROTOCOL__DOT : DNSTAP__SOCKET_PROTOCOL__TCP;
}


/* asked of the kernel once for each socket */

static struct sockaddr *
ngx_dns_tap_source(ngx_connection_t *c)
{
    socklen_t            len;
    ngx_dns_sockaddr_t  *sa;

    if (c->local_sockaddr) {
        return c->local_sockaddr;
    }

    sa = &ngx_dns_tap_sources[c - ngx_cycle->connections];
    len = sizeof(ngx_dns_sockaddr_t);

    if (getsockname(c->fd, &sa->sockaddr, &len) == -1
        || len > sizeof(ngx_dns_sockaddr_t))
    {
        return NULL;
    }

    c->local_sockaddr = &sa->sockaddr;
    c->local_socklen = len;

    return c->local_sockaddr;
}


/* of any other family there is nothing to say */

static ngx_uint_t
ngx_dns_tap_address(struct sockaddr *sa, ProtobufCBinaryData *address,
    uint32_t *port)
{
    struct sockaddr_in   *sin;
    struct sockaddr_in6  *sin6;

    switch (sa->sa_family) {

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        address->data = (u_char *) &sin->sin_addr;
        address->len = sizeof(struct in_addr);
        *port = ntohs(sin->sin_port);
        return 1;

    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;
        address->data = (u_char *) &sin6->sin6_addr;
        address->len = sizeof(struct in6_addr);
        *port = ntohs(sin6->sin6_port);
        return 1;

    default:
        return 0;
    }
}


static void
ngx_dns_tap_asked(Dnstap__Message *m, uint64_t when)
{
    m->has_query_time_sec = 1;
    m->query_time_sec = when / 1000000000;
    m->has_query_time_nsec = 1;
    m->query_time_nsec = (uint32_t) (when % 1000000000);
}


static void
ngx_dns_tap_answered(Dnstap__Message *m, const u_char *msg, size_t len)
{
    uint64_t  when;

    when = ngx_dns_tap_now();

    m->has_response_time_sec = 1;
    m->response_time_sec = when / 1000000000;
    m->has_response_time_nsec = 1;
    m->response_time_nsec = (uint32_t) (when % 1000000000);

    m->has_response_message = 1;
    m->response_message.data = (u_char *) msg;
    m->response_message.len = len;
}


static void
ngx_dns_tap_write(ngx_dns_tap_t *tap, Dnstap__Message *m, size_t len)
{
    size_t           size;
    u_char          *p;
    Dnstap__Dnstap   frame;

    size = NGX_DNS_TAP_OVERHEAD + tap->identity.len + tap->version.len
           + m->query_zone.len + len;

    p = ngx_dns_tap_ring_reserve(tap, size);

    if (p == NULL) {
        ngx_dns_count_in(tap->counters, dnstap_dropped);
        return;
    }

    frame = ngx_dns_tap_frame;
    frame.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
    frame.message = m;

    if (tap->identity.len) {
        frame.has_identity = 1;
        frame.identity.data = tap->identity.data;
        frame.identity.len = tap->identity.len;
    }

    if (tap->version.len) {
        frame.has_version = 1;
        frame.version.data = tap->version.data;
        frame.version.len = tap->version.len;
    }

    ngx_dns_tap_out_commit(tap, dnstap__dnstap__pack(&frame, p));
}

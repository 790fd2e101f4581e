
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_transfer.h"
#include "ngx_dns_response.h"
#include "ngx_dns_ask.h"
#include "ngx_dns_transfer_client.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"


static ngx_uint_t ngx_dns_transfer_count(ngx_dns_client_t *client,
    ngx_uint_t network);
static ngx_uint_t ngx_dns_transfer_same(ngx_dns_client_t *client,
    ngx_dns_client_t *other, ngx_uint_t network);
static ngx_dns_transfer_t *ngx_dns_transfer_create(const ngx_dns_request_t *r,
    size_t end);
static void ngx_dns_transfer_next(ngx_dns_transfer_t *x);
static ngx_int_t ngx_dns_transfer_ask(ngx_dns_transfer_t *x);
static ngx_dns_account_e ngx_dns_transfer_account(ngx_dns_transfer_t *x);
static void ngx_dns_transfer_note(ngx_dns_transfer_t *x,
    ngx_dns_outcome_e outcome, ngx_uint_t rcode);
static ngx_int_t ngx_dns_transfer_handler(void *data, ngx_dns_reason_e reason,
    u_char *msg, size_t len);
static ngx_dns_outcome_e ngx_dns_transfer_outcome(ngx_dns_reason_e reason);
static ngx_dns_reason_e ngx_dns_transfer_check(ngx_dns_transfer_t *x,
    const u_char *msg, size_t len, ngx_dns_message_t *m);
static ngx_int_t ngx_dns_transfer_rcode(ngx_dns_transfer_t *x,
    ngx_dns_message_t *m, const u_char *msg);
static ngx_int_t ngx_dns_transfer_pass(ngx_dns_transfer_t *x,
    const ngx_dns_message_t *m, const u_char *msg, ngx_uint_t last);
static void ngx_dns_transfer_room_handler(ngx_event_t *ev);
static void ngx_dns_transfer_failed(ngx_dns_transfer_t *x,
    ngx_dns_outcome_e outcome);
static void ngx_dns_transfer_release(ngx_dns_transfer_t *x);
static void ngx_dns_transfer_end(ngx_dns_transfer_t *x,
    ngx_dns_reason_e reason, ngx_uint_t rcode);


/* of this worker */

static ngx_queue_t  ngx_dns_transfers;
static ngx_uint_t   ngx_dns_transfers_n;
static ngx_uint_t   ngx_dns_transfers_limit;


void
ngx_dns_transfer_init(ngx_uint_t limit)
{
    ngx_dns_transfers_limit = ngx_max(ngx_min(limit, NGX_DNS_TRANSFERS), 1);

    ngx_dns_gauge_limit(NGX_DNS_GAUGE_TRANSFERS, ngx_dns_transfers_limit);
}


ngx_dns_reason_e
ngx_dns_transfer_start(const ngx_dns_request_t *r)
{
    size_t               end;
    uint32_t             have;
    ngx_uint_t           most, half;
    ngx_dns_transfer_t  *x;
    ngx_dns_question_t  *q;

    q = r->question;
    end = q->end;
    have = 0;

    half = (ngx_dns_transfers_limit + 1) / 2;
    most = ngx_min(NGX_DNS_TRANSFERS_CLIENT, half);

    if (q->asked.type == NGX_DNS_TYPE_IXFR
        && ngx_dns_xfr_have(r->packet, r->len, q->end, &have, &end) != NGX_OK)
    {
        return NGX_DNS_ERECORD;
    }

    if (ngx_dns_transfers_n == ngx_dns_transfers_limit
        || r->conf->runtime.queries >= r->conf->listener.max_queries
        || ngx_dns_transfer_count(r->client, 0) >= most
        || ngx_dns_transfer_count(r->client, 1) >= half)
    {
        return NGX_DNS_EOVERLOAD;
    }

    x = ngx_dns_transfer_create(r, end);
    if (x == NULL) {
        return NGX_DNS_EINTERNAL;
    }

    x->have = have;
    x->rcode = NGX_DNS_SERVFAIL;
    x->deadline = ngx_current_msec + r->zone->policy->next_timeout;

    ngx_dns_peers_earn(x->upstream, r->zone->policy->budget);
    ngx_dns_transfer_next(x);

    return NGX_DNS_FINE;
}


/* of one address, or of its network: nobody must have all places */

static ngx_uint_t
ngx_dns_transfer_count(ngx_dns_client_t *client, ngx_uint_t network)
{
    ngx_uint_t           n;
    ngx_queue_t         *q;
    ngx_dns_transfer_t  *x;

    n = 0;

    for (q = ngx_dns_transfers.next;
         q && q != &ngx_dns_transfers;
         q = ngx_queue_next(q))
    {
        x = ngx_queue_data(q, ngx_dns_transfer_t, queue);

        n += ngx_dns_transfer_same(client, &x->client, network);
    }

    return n;
}


/*
 * Who has an address over IPv6 may have all of its network, a /64.  But there
 * may be others in it.
 */

static ngx_uint_t
ngx_dns_transfer_same(ngx_dns_client_t *client, ngx_dns_client_t *other,
    ngx_uint_t network)
{
    struct in6_addr  *a, *b;
    struct sockaddr  *one, *two;

    one = ngx_dns_client_source(client);
    two = ngx_dns_client_source(other);

    if (network && one->sa_family == AF_INET6 && two->sa_family == AF_INET6) {
        a = &((struct sockaddr_in6 *) one)->sin6_addr;
        b = &((struct sockaddr_in6 *) two)->sin6_addr;

        if (!IN6_IS_ADDR_V4MAPPED(a) && !IN6_IS_ADDR_V4MAPPED(b)) {
            return ngx_memcmp(a->s6_addr, b->s6_addr, 8) == 0;
        }
    }

    return ngx_cmp_sockaddr(one, client->socklen, two, other->socklen, 0)
           == NGX_OK;
}


static ngx_dns_transfer_t *
ngx_dns_transfer_create(const ngx_dns_request_t *r, size_t end)
{
    ngx_dns_conf_t      *conf;
    ngx_dns_transfer_t  *x;
    ngx_dns_question_t  *q;

    q = r->question;
    conf = r->conf;

    x = ngx_calloc(sizeof(ngx_dns_transfer_t) + end, conf->listener.log);
    if (x == NULL) {
        return NULL;
    }

    if (ngx_dns_transfers.next == NULL) {
        ngx_queue_init(&ngx_dns_transfers);
    }

    ngx_queue_insert_tail(&ngx_dns_transfers, &x->queue);
    ngx_dns_gauge_used(NGX_DNS_GAUGE_TRANSFERS, ++ngx_dns_transfers_n);
    conf->runtime.queries++;

    x->conf = conf;
    x->zone = r->zone;
    x->upstream = ngx_dns_request_upstream(r);
    x->only = r->choice ? r->choice->only : NULL;
    x->client = *r->client;
    x->asked = q->asked;
    x->key = r->key;
    x->start_usec = ngx_dns_usec;
    x->start_msec = ngx_current_msec;
    x->received = r->len;

    x->room.handler = ngx_dns_transfer_room_handler;
    x->room.data = x;
    x->room.log = conf->listener.log;

    ngx_memcpy(x->question, q->name, q->asked.name_len);
    ngx_dns_put16(x->question + q->asked.name_len, q->asked.type);
    ngx_dns_put16(x->question + q->asked.name_len + 2, q->asked.class);

    /* the SOA of an IXFR may point into the question: it stays in its place */

    ngx_memcpy(x->query, r->packet, end);
    x->query_len = end;

    ngx_dns_put16(x->query + NGX_DNS_OFF_FLAGS, 0);
    ngx_dns_put16(x->query + NGX_DNS_OFF_ARCOUNT, 0);

    return x;
}


void
ngx_dns_transfer_abort(void)
{
    ngx_queue_t         *q;
    ngx_dns_transfer_t  *x;

    if (ngx_dns_transfers.next == NULL) {
        return;
    }

    while (!ngx_queue_empty(&ngx_dns_transfers)) {
        q = ngx_queue_head(&ngx_dns_transfers);
        x = ngx_queue_data(q, ngx_dns_transfer_t, queue);

        ngx_dns_transfer_release(x);
        ngx_dns_transfer_end(x, NGX_DNS_ESHUTDOWN, NGX_DNS_SERVFAIL);
    }
}


/* asks the next server if one may be asked, or ends with what has come */

static void
ngx_dns_transfer_next(ngx_dns_transfer_t *x)
{
    ngx_int_t        rc;
    ngx_uint_t       limit, next;
    ngx_dns_pick_t   pick;
    ngx_dns_peer_t  *peer;

    limit = x->only ? 1 : ngx_min(x->upstream->live,
                                  x->zone->policy->tries);

    for ( ;; ) {
        next = ngx_dns_outcome_next(x->last);

        if (x->tries == limit
            || (next && (next & x->zone->policy->next) == 0)
            || (ngx_msec_int_t) (x->deadline - ngx_current_msec) <= 0
            || (x->tries && !ngx_dns_ask_pays(x->zone->policy, x->upstream,
                                              ngx_dns_transfer_account(x))))
        {
            break;
        }

        pick.now = ngx_current_msec;
        pick.hash = x->key;
        pick.tried = x->tried;
        pick.ntried = x->tries;

        peer = x->only ? ngx_dns_balancer_only(x->only, &pick)
                       : ngx_dns_balancer_pick(x->upstream, &pick);

        if (peer == NULL) {
            break;
        }

        x->peer = peer;

        rc = ngx_dns_transfer_ask(x);

        if (rc == NGX_OK) {
            return;
        }

        ngx_dns_transfer_failed(x, rc == NGX_BUSY ? NGX_DNS_OUTCOME_LOCAL
                                                  : NGX_DNS_OUTCOME_NETWORK);
    }

    ngx_dns_transfer_end(x, ngx_dns_outcome_reason(x->outcome), x->rcode);
}


/* NGX_OK; NGX_ERROR: it can't be reached; NGX_BUSY: for want of ours */

static ngx_int_t
ngx_dns_transfer_ask(ngx_dns_transfer_t *x)
{
    ngx_dns_count_peer(x->peer, queries);

    if (x->tries) {
        ngx_dns_count_peer(x->peer, retries);
    }

    x->tried[x->tries++] = x->peer;

    ngx_memzero(&x->xfr, sizeof(ngx_dns_xfr_t));
    x->xfr.incremental = x->asked.type == NGX_DNS_TYPE_IXFR;
    x->xfr.have = x->have;

    x->id = ngx_dns_random16();
    x->asked_usec = ngx_dns_usec;
    ngx_dns_put16(x->query, x->id);

    return ngx_dns_tcp_stream_open(x->peer, x->query, x->query_len,
                                   x->zone->policy->upstream_timeout,
                                   ngx_dns_transfer_handler, x, &x->stream);
}


/* names that servers fail to transfer don't take what errors need */

static ngx_dns_account_e
ngx_dns_transfer_account(ngx_dns_transfer_t *x)
{
    return x->last >= NGX_DNS_OUTCOME_ERROR ? NGX_DNS_ACCOUNT_FAILING
                                            : NGX_DNS_ACCOUNT_LOSS;
}


static void
ngx_dns_transfer_note(ngx_dns_transfer_t *x, ngx_dns_outcome_e outcome,
    ngx_uint_t rcode)
{
    x->last = outcome;

    if (ngx_dns_outcome_better(outcome, x->outcome)) {
        x->outcome = outcome;
        x->rcode = (uint16_t) rcode;
    }
}


static ngx_int_t
ngx_dns_transfer_handler(void *data, ngx_dns_reason_e reason, u_char *msg,
    size_t len)
{
    ngx_int_t           rc;
    ngx_dns_message_t   m;
    ngx_dns_transfer_t  *x;

    x = data;
    rc = NGX_OK;

    if (reason == NGX_DNS_FINE) {
        reason = ngx_dns_transfer_check(x, msg, len, &m);

    } else {
        x->stream = NULL;
    }

    if (reason == NGX_DNS_FINE && m.rcode != NGX_DNS_NOERROR) {
        return ngx_dns_transfer_rcode(x, &m, msg);
    }

    if (reason == NGX_DNS_FINE) {
        rc = ngx_dns_xfr_message(&x->xfr, &m, msg);

        if (rc == NGX_ERROR) {
            ngx_dns_count(malformed);
            reason = NGX_DNS_EANSWER;
        }
    }

    if (reason == NGX_DNS_FINE) {

        if (x->messages == 0) {
            ngx_dns_count_peer(x->peer, responses);
            ngx_dns_peer_success(x->peer, ngx_current_msec,
                                 ngx_dns_clock_since(x->asked_usec),
                                 x->conf->listener.log);
        }

        return ngx_dns_transfer_pass(x, &m, msg, rc == NGX_OK);
    }

    ngx_dns_transfer_failed(x, ngx_dns_transfer_outcome(reason));

    if (x->messages) {
        ngx_dns_transfer_end(x, reason, NGX_DNS_SERVFAIL);

    } else {
        ngx_dns_transfer_next(x);
    }

    return NGX_DONE;
}


static ngx_dns_outcome_e
ngx_dns_transfer_outcome(ngx_dns_reason_e reason)
{
    switch (reason) {

    case NGX_DNS_ETIMEOUT:
        return NGX_DNS_OUTCOME_SILENT;

    case NGX_DNS_EANSWER:
        return NGX_DNS_OUTCOME_MALFORMED;

    case NGX_DNS_ETLS:
        return NGX_DNS_OUTCOME_TLS;

    default:
        return NGX_DNS_OUTCOME_NETWORK;
    }
}


/*
 * Is it a message of the response?  RFC 5936, 2.2.1: the question may be left
 * out of all but the first.
 */

static ngx_dns_reason_e
ngx_dns_transfer_check(ngx_dns_transfer_t *x, const u_char *msg, size_t len,
    ngx_dns_message_t *m)
{
    size_t      body;
    ngx_uint_t  flags;

    body = NGX_DNS_HEADER_SIZE;

    if (len < NGX_DNS_HEADER_SIZE || ngx_dns_get16(msg) != x->id) {
        ngx_dns_count(malformed);
        return NGX_DNS_EANSWER;
    }

    flags = ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS);

    if ((flags & (NGX_DNS_QR | NGX_DNS_OPCODE | NGX_DNS_TC)) != NGX_DNS_QR) {
        ngx_dns_count(malformed);
        return NGX_DNS_EANSWER;
    }

    if (ngx_dns_get16(msg + NGX_DNS_OFF_QDCOUNT) != 0) {
        body += x->asked.name_len + 4;

        if (ngx_dns_message_question(msg, len, x->question,
                                     x->asked.name_len + 4)
            != NGX_OK)
        {
            ngx_dns_count(foreign);
            return NGX_DNS_EANSWER;
        }

    } else if (x->messages == 0 && (flags & NGX_DNS_RCODE) == NGX_DNS_NOERROR) {
        ngx_dns_count(malformed);
        return NGX_DNS_EANSWER;
    }

    if (ngx_dns_message_parse(m, msg, len, body) != NGX_OK
        || (x->messages && m->rcode != NGX_DNS_NOERROR))
    {
        ngx_dns_count(malformed);
        return NGX_DNS_EANSWER;
    }

    return NGX_DNS_FINE;
}


/* the server will not or can not: the client is told, if no other does */

static ngx_int_t
ngx_dns_transfer_rcode(ngx_dns_transfer_t *x, ngx_dns_message_t *m,
    const u_char *msg)
{
    ngx_dns_outcome_e  outcome;

    ngx_dns_count_peer(x->peer, responses);
    ngx_dns_peer_answered(x->peer, ngx_current_msec,
                          ngx_dns_clock_since(x->asked_usec));
    ngx_dns_transfer_release(x);

    outcome = ngx_dns_outcome_rcode(m->rcode);

    if (outcome == NGX_DNS_OUTCOME_GOOD) {

        /* NXDOMAIN: there is no such zone, and no other server to ask */

        ngx_dns_transfer_end(x, NGX_DNS_ERCODE, m->rcode);
        return NGX_DONE;
    }

    ngx_dns_transfer_note(x, outcome, m->rcode);
    ngx_dns_transfer_next(x);

    return NGX_DONE;
}


static ngx_int_t
ngx_dns_transfer_pass(ngx_dns_transfer_t *x, const ngx_dns_message_t *m,
    const u_char *msg, ngx_uint_t last)
{
    size_t     size;
    u_char    *p;
    ngx_int_t  rc;

    p = x->client.front->reserve(&x->client, NGX_DNS_MAX_MESSAGE);

    size = ngx_dns_transfer_write(x, p, m, msg);

    x->messages++;
    x->sent += size;
    x->records += m->answers;

    x->complete = last;

    rc = ngx_dns_transfer_send(x, p, size);

    if (last) {
        ngx_dns_transfer_release(x);
        ngx_dns_transfer_end(x, NGX_DNS_FINE, NGX_DNS_NOERROR);

        return NGX_DONE;
    }

    if (rc == NGX_ERROR) {

        /* the client has gone: nobody's failure */

        ngx_dns_transfer_release(x);
        ngx_dns_transfer_end(x, NGX_DNS_FINE, NGX_DNS_NOERROR);

        return NGX_DONE;
    }

    if (rc == NGX_AGAIN) {
        x->client.front->room(&x->client, &x->room);
    }

    return rc;
}


static void
ngx_dns_transfer_room_handler(ngx_event_t *ev)
{
    ngx_dns_transfer_t  *x;

    x = ev->data;

    ngx_dns_tcp_stream_go_on(x->stream);
}


static void
ngx_dns_transfer_failed(ngx_dns_transfer_t *x, ngx_dns_outcome_e outcome)
{
    ngx_dns_transfer_note(x, outcome, NGX_DNS_SERVFAIL);

    if (outcome == NGX_DNS_OUTCOME_LOCAL) {

        /* what is lacking here is not the server's failure */

        ngx_dns_count(local);
        ngx_dns_transfer_release(x);
        return;
    }

    if (outcome == NGX_DNS_OUTCOME_SILENT) {
        ngx_dns_count_peer(x->peer, timeouts);

    } else {
        ngx_dns_count_peer(x->peer, errors);
    }

    ngx_dns_peer_failure(x->peer, ngx_current_msec,
                         ngx_dns_outcome_reason(outcome),
                         x->conf->listener.log);
    ngx_dns_transfer_release(x);
}


static void
ngx_dns_transfer_release(ngx_dns_transfer_t *x)
{
    if (x->stream) {
        ngx_dns_tcp_stream_close(x->stream);
        x->stream = NULL;
    }

    if (x->room.posted) {
        ngx_delete_posted_event(&x->room);
    }

    ngx_dns_peer_release(x->peer);
}


static void
ngx_dns_transfer_end(ngx_dns_transfer_t *x, ngx_dns_reason_e reason,
    ngx_uint_t rcode)
{
    ngx_dns_transfer_tell(x, reason, rcode);
    ngx_dns_transfer_log(x, reason, rcode);

    x->conf->runtime.queries--;

    ngx_queue_remove(&x->queue);
    ngx_dns_gauge_used(NGX_DNS_GAUGE_TRANSFERS, --ngx_dns_transfers_n);

    ngx_free(x);
}

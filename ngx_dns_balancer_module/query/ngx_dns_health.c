
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_health.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"
#include "../wire/ngx_dns_message.h"


/*
 * A server that has failed so many checks in a row is checked at twice the
 * interval, and again at twice that, up to eight times: a minute, two, four
 * with the default of a second.  It is found to be well so much later, once.
 */

#define NGX_DNS_HEALTH_LONG   60
#define NGX_DNS_HEALTH_SHIFT  3

/* milliseconds that a timeout may be late */

#define NGX_DNS_HEALTH_LATE   50


typedef struct {
    ngx_dns_probe_t          probe;
    ngx_dns_health_conf_t   *conf;
} ngx_dns_health_t;


static ngx_int_t ngx_dns_health_add(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_health_conf_t *conf);
static void ngx_dns_health_start(ngx_dns_probe_t *p);
static void ngx_dns_health_due(ngx_dns_probe_t *p);
static void ngx_dns_health_timeout(ngx_dns_probe_t *p);
static void ngx_dns_health_send(ngx_dns_health_t *h);
static void ngx_dns_health_outcome(ngx_dns_probe_t *p,
    ngx_dns_event_e event, u_char *msg, size_t len);
static ngx_dns_reason_e ngx_dns_health_judge(ngx_dns_health_t *h,
    ngx_dns_event_e event, u_char *msg, size_t len, ngx_uint_t *rcode);
static void ngx_dns_health_end(ngx_dns_health_t *h, ngx_dns_reason_e reason,
    ngx_uint_t rcode);
static void ngx_dns_health_wait(ngx_dns_probe_t *p);
static ngx_msec_t ngx_dns_health_period(ngx_dns_health_t *h);


static const ngx_dns_probe_kind_t  ngx_dns_health_kind = {
    ngx_dns_health_start,
    ngx_dns_health_due,
    ngx_dns_health_timeout,
    ngx_dns_health_outcome,
    ngx_dns_health_wait
};


ngx_int_t
ngx_dns_health_init(ngx_cycle_t *cycle, ngx_dns_upstream_t *u,
    ngx_dns_health_conf_t *conf)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].checked
            && ngx_dns_health_add(cycle, &peer[i], conf) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_health_add(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_health_conf_t *conf)
{
    ngx_dns_health_t  *h;

    h = (ngx_dns_health_t *) ngx_dns_probe_add(cycle, sizeof(ngx_dns_health_t),
                                               peer, &ngx_dns_health_kind);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->conf = conf;

    if (conf->tcp && h->probe.transport->whole) {
        h->probe.transport = h->probe.transport->whole;
    }

    h->probe.attempt.question = conf->question;
    h->probe.attempt.question_len = conf->question_len;

    return NGX_OK;
}


/*
 * An earlier worker's check may be due in a moment.  If there was none, or
 * none for long, or the interval has become shorter, all servers are not
 * checked at once.
 */

static void
ngx_dns_health_start(ngx_dns_probe_t *p)
{
    int64_t            left;
    uint64_t           due;
    ngx_msec_t         interval;
    ngx_dns_health_t  *h;

    h = (ngx_dns_health_t *) p;
    interval = h->conf->interval;

    due = ngx_dns_load(&p->peer->shm->probe);
    left = (int64_t) (due - ngx_current_msec);

    if (left < - (int64_t) interval
        || left > 2 * (int64_t) ngx_dns_health_period(h))
    {
        (void) ngx_dns_cas(&p->peer->shm->probe, due,
                           ngx_current_msec
                           + ngx_dns_random_below((uint32_t) interval));
    }

    ngx_dns_health_wait(p);
}


static void
ngx_dns_health_due(ngx_dns_probe_t *p)
{
    uint64_t           due;
    ngx_dns_health_t  *h;

    h = (ngx_dns_health_t *) p;
    due = ngx_dns_load(&p->peer->shm->probe);

    if ((int64_t) (due - ngx_current_msec) <= 0
        && ngx_dns_cas(&p->peer->shm->probe, due,
                       ngx_current_msec + ngx_dns_health_period(h))
        && !ngx_dns_peer_down(p->peer))
    {
        ngx_dns_health_send(h);
        return;
    }

    /* another process has sent this one, or it is down by hand */

    ngx_dns_health_wait(p);
}


static void
ngx_dns_health_timeout(ngx_dns_probe_t *p)
{
    ngx_dns_health_t  *h;

    h = (ngx_dns_health_t *) p;

    /* if this process had no time, the response may be there unread */

    if (ngx_dns_clock_since(p->attempt.sent) / 1000
        > 3 * h->conf->timeout / 2 + NGX_DNS_HEALTH_LATE)
    {
        ngx_dns_health_wait(p);
        return;
    }

    ngx_dns_health_end(h, NGX_DNS_ETIMEOUT, 0);
}


static void
ngx_dns_health_send(ngx_dns_health_t *h)
{
    ngx_int_t  rc;

    rc = ngx_dns_probe_send(&h->probe, h->conf->query, h->conf->len,
                            h->conf->timeout);

    if (rc == NGX_BUSY) {
        ngx_dns_health_wait(&h->probe);

    } else if (rc != NGX_OK) {
        ngx_dns_health_end(h, NGX_DNS_ENETWORK, 0);
    }
}


static void
ngx_dns_health_outcome(ngx_dns_probe_t *p, ngx_dns_event_e event,
    u_char *msg, size_t len)
{
    ngx_uint_t         rcode;
    ngx_dns_health_t  *h;
    ngx_dns_reason_e   reason;

    h = (ngx_dns_health_t *) p;
    rcode = 0;

    switch (event) {

    case NGX_DNS_EVENT_LOCAL:
    case NGX_DNS_EVENT_GUESSED:

        /* says nothing of the server */

        ngx_dns_health_wait(p);
        return;

    case NGX_DNS_EVENT_RESPONSE:
    case NGX_DNS_EVENT_FAULT:
        reason = ngx_dns_health_judge(h, event, msg, len, &rcode);
        break;

    case NGX_DNS_EVENT_WHOLE:

        /* longer than is read */

        reason = NGX_DNS_FINE;
        break;

    case NGX_DNS_EVENT_TLS:
        reason = NGX_DNS_ETLS;
        rcode = ngx_dns_load(&p->peer->shm->fault);
        break;

    default: /* NGX_DNS_EVENT_NETWORK */
        reason = NGX_DNS_ENETWORK;
    }

    /* without the question it is not the response that was asked for */

    if (event == NGX_DNS_EVENT_FAULT && reason == NGX_DNS_FINE) {
        reason = NGX_DNS_ERCODE;
    }

    ngx_dns_health_end(h, reason, rcode);
}


/*
 * Bytes of the network are for our own parser only, which is bounded and takes
 * no memory: ldns ends the process if malloc() fails.
 */

static ngx_dns_reason_e
ngx_dns_health_judge(ngx_dns_health_t *h, ngx_dns_event_e event,
    u_char *msg, size_t len, ngx_uint_t *rcode)
{
    size_t             body;
    ngx_dns_message_t  m;

    body = NGX_DNS_HEADER_SIZE;

    if (event == NGX_DNS_EVENT_RESPONSE) {
        body += h->conf->question_len;
    }

    if (len < body || ngx_dns_message_parse(&m, msg, len, body) != NGX_OK) {
        return NGX_DNS_EANSWER;
    }

    *rcode = m.rcode;

    return *rcode < 32 && (h->conf->expect & (1u << *rcode))
           ? NGX_DNS_FINE : NGX_DNS_ERCODE;
}


static void
ngx_dns_health_end(ngx_dns_health_t *h, ngx_dns_reason_e reason,
    ngx_uint_t rcode)
{
    uint64_t         due, soon;
    ngx_dns_peer_t  *peer;

    /* another process has the word on servers by now */

    if (!ngx_dns_probe_held()) {
        return;
    }

    peer = h->probe.peer;

    ngx_dns_peer_checked(peer, ngx_current_msec, reason, rcode,
                         ngx_dns_clock_since(h->probe.attempt.sent),
                         h->conf->fails, h->conf->passes, h->probe.log);

    if (reason != NGX_DNS_FINE) {
        ngx_dns_count_peer(peer, checks_failed);

    } else {
        ngx_dns_count_peer(peer, checks_passed);

        /* well after a long time: no more long intervals */

        due = ngx_dns_load(&peer->shm->probe);
        soon = ngx_current_msec + h->conf->interval;

        if ((int64_t) (due - soon) > (int64_t) h->conf->interval) {
            (void) ngx_dns_cas(&peer->shm->probe, due, soon);
        }
    }

    ngx_dns_health_wait(&h->probe);
}


static void
ngx_dns_health_wait(ngx_dns_probe_t *p)
{
    int64_t  left;

    left = (int64_t) (ngx_dns_load(&p->peer->shm->probe) - ngx_current_msec);

    ngx_dns_probe_wait(p, (ngx_msec_t) ngx_max(left, 1));
}


/* until the check after this one */

static ngx_msec_t
ngx_dns_health_period(ngx_dns_health_t *h)
{
    uint32_t    spread, n;
    ngx_msec_t  period;

    period = h->conf->interval;
    spread = (uint32_t) (period * h->conf->jitter / 100);

    if (spread) {
        period = period - spread + ngx_dns_random_below(2 * spread + 1);
    }

    n = ngx_dns_load(&h->probe.peer->shm->misses) / NGX_DNS_HEALTH_LONG;

    for (spread = 0; n && spread < NGX_DNS_HEALTH_SHIFT; n /= 2) {
        spread++;
    }

    return period << spread;
}

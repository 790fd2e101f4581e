
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


typedef struct ngx_dns_health_s  ngx_dns_health_t;


struct ngx_dns_health_s {
    ngx_dns_attempt_t        attempt;
    ngx_event_t              event;      /* the next check, or the timeout */
    ngx_dns_peer_t          *peer;
    ngx_dns_health_conf_t   *conf;
    ngx_dns_transport_t     *transport;
    ngx_dns_health_t        *next;
    ngx_log_t               *log;
    unsigned                 waiting:1;  /* for an answer */
};


static ngx_int_t ngx_dns_health_add(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_health_conf_t *conf);
static ngx_uint_t ngx_dns_health_held(void);
static void ngx_dns_health_first(ngx_dns_health_t *h);
static void ngx_dns_health_handler(ngx_event_t *ev);
static ngx_uint_t ngx_dns_health_late(ngx_dns_health_t *h);
static void ngx_dns_health_send(ngx_dns_health_t *h);
static void ngx_dns_health_outcome(ngx_dns_attempt_t *a,
    ngx_dns_event_e event, u_char *msg, size_t len);
static ngx_dns_reason_e ngx_dns_health_judge(ngx_dns_health_t *h,
    ngx_dns_event_e event, u_char *msg, size_t len, ngx_uint_t *rcode);
static void ngx_dns_health_end(ngx_dns_health_t *h, ngx_dns_reason_e reason,
    ngx_uint_t rcode);
static void ngx_dns_health_wait(ngx_dns_health_t *h);
static ngx_msec_t ngx_dns_health_period(ngx_dns_health_t *h);


/* of this worker */

static ngx_dns_health_t  *ngx_dns_health_list;
static ngx_dns_lease_t   *ngx_dns_health_lease;
static uint32_t           ngx_dns_health_generation;


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

    h = ngx_pcalloc(cycle->pool, sizeof(ngx_dns_health_t));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->peer = peer;
    h->conf = conf;
    h->transport = peer->transport;

    if (conf->tcp && h->transport->whole) {
        h->transport = h->transport->whole;
    }

    h->log = cycle->log;

    h->event.handler = ngx_dns_health_handler;
    h->event.data = h;
    h->event.log = cycle->log;
    h->event.cancelable = 1;

    h->attempt.peer = peer;
    h->attempt.handler = ngx_dns_health_outcome;
    h->attempt.data = h;
    h->attempt.question = conf->question;
    h->attempt.question_len = conf->question_len;

    h->next = ngx_dns_health_list;
    ngx_dns_health_list = h;

    return NGX_OK;
}


void
ngx_dns_health_start(ngx_dns_lease_t *lease, uint32_t generation)
{
    ngx_dns_health_t  *h;

    ngx_dns_health_lease = lease;
    ngx_dns_health_generation = generation;

    for (h = ngx_dns_health_list; h; h = h->next) {
        ngx_dns_health_first(h);
    }
}


/*
 * An earlier worker's check may be due in a moment.  If there was none, or
 * none for long, or the interval has become shorter, all servers are not
 * checked at once.
 */

static void
ngx_dns_health_first(ngx_dns_health_t *h)
{
    int64_t     left;
    uint64_t    due;
    ngx_msec_t  interval;

    interval = h->conf->interval;

    due = ngx_dns_load(&h->peer->shm->probe);
    left = (int64_t) (due - ngx_current_msec);

    if (left < - (int64_t) interval
        || left > 2 * (int64_t) ngx_dns_health_period(h))
    {
        (void) ngx_dns_cas(&h->peer->shm->probe, due,
                           ngx_current_msec
                           + ngx_dns_random_below((uint32_t) interval));
    }

    ngx_dns_health_wait(h);
}


void
ngx_dns_health_stop(void)
{
    ngx_dns_health_t  *h;

    for (h = ngx_dns_health_list; h; h = h->next) {
        if (h->waiting) {
            h->transport->cancel(&h->attempt);
            h->waiting = 0;
        }

        if (h->event.timer_set) {
            ngx_del_timer(&h->event);
        }
    }
}


void
ngx_dns_health_leave(ngx_dns_peer_t *peer)
{
    ngx_dns_health_t  *h;

    for (h = ngx_dns_health_list; h; h = h->next) {
        if (h->peer == peer && h->waiting) {
            h->transport->cancel(&h->attempt);
            h->waiting = 0;
            ngx_dns_health_wait(h);
        }
    }
}


void
ngx_dns_health_done(void)
{
    ngx_dns_health_stop();

    ngx_dns_health_list = NULL;
}


static ngx_uint_t
ngx_dns_health_held(void)
{
    return ngx_dns_lease_held(ngx_dns_health_lease, ngx_dns_health_generation);
}


static void
ngx_dns_health_handler(ngx_event_t *ev)
{
    uint64_t           due;
    ngx_dns_health_t  *h;

    h = ev->data;

    ngx_dns_clock_update();

    if (h->waiting) {
        h->transport->cancel(&h->attempt);

        if (ngx_dns_health_late(h)) {
            h->waiting = 0;
            ngx_dns_health_wait(h);
            return;
        }

        ngx_dns_health_end(h, NGX_DNS_ETIMEOUT, 0);
        return;
    }

    if (ngx_exiting || !ngx_dns_health_held()) {
        return;
    }

    due = ngx_dns_load(&h->peer->shm->probe);

    if ((int64_t) (due - ngx_current_msec) <= 0
        && ngx_dns_cas(&h->peer->shm->probe, due,
                       ngx_current_msec + ngx_dns_health_period(h))
        && !ngx_dns_peer_down(h->peer))
    {
        ngx_dns_health_send(h);
        return;
    }

    /* another process has sent this one, or it is down by hand */

    ngx_dns_health_wait(h);
}


/* it was this process that had no time: its answer may be there unread */

static ngx_uint_t
ngx_dns_health_late(ngx_dns_health_t *h)
{
    return ngx_dns_clock_since(h->attempt.sent) / 1000
           > 3 * h->conf->timeout / 2 + NGX_DNS_HEALTH_LATE;
}


static void
ngx_dns_health_send(ngx_dns_health_t *h)
{
    ngx_int_t  rc;

    h->attempt.channel = NULL;

    rc = h->transport->send(&h->attempt, h->conf->query, h->conf->len);

    if (rc == NGX_BUSY) {
        ngx_dns_health_wait(h);
        return;
    }

    if (rc != NGX_OK) {
        ngx_dns_health_end(h, NGX_DNS_ENETWORK, 0);
        return;
    }

    h->waiting = 1;
    ngx_add_timer(&h->event, h->conf->timeout);
}


static void
ngx_dns_health_outcome(ngx_dns_attempt_t *a, ngx_dns_event_e event,
    u_char *msg, size_t len)
{
    ngx_uint_t         rcode;
    ngx_dns_health_t  *h;
    ngx_dns_reason_e   reason;

    h = a->data;
    rcode = 0;

    switch (event) {

    case NGX_DNS_EVENT_SOFT:

        /* it may still answer */

        return;

    case NGX_DNS_EVENT_LOCAL:
    case NGX_DNS_EVENT_GUESSED:

        /* says nothing of the server */

        h->waiting = 0;
        ngx_dns_health_wait(h);
        return;

    case NGX_DNS_EVENT_ANSWER:
    case NGX_DNS_EVENT_FAULT:
        reason = ngx_dns_health_judge(h, event, msg, len, &rcode);
        break;

    case NGX_DNS_EVENT_WHOLE:

        /* longer than is read */

        reason = NGX_DNS_FINE;
        break;

    case NGX_DNS_EVENT_TLS:
        reason = NGX_DNS_ETLS;
        rcode = ngx_dns_load(&h->peer->shm->fault);
        break;

    default: /* NGX_DNS_EVENT_NETWORK */
        reason = NGX_DNS_ENETWORK;
    }

    /* without the question it is not the answer that was asked for */

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

    if (event == NGX_DNS_EVENT_ANSWER) {
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
    uint64_t  due, soon;

    h->waiting = 0;

    /* another process has the word on servers by now */

    if (!ngx_dns_health_held()) {
        return;
    }

    ngx_dns_peer_checked(h->peer, ngx_current_msec, reason, rcode,
                         ngx_dns_clock_since(h->attempt.sent),
                         h->conf->fails, h->conf->passes, h->log);

    if (reason != NGX_DNS_FINE) {
        ngx_dns_count_peer(h->peer, checks_failed);

    } else {
        ngx_dns_count_peer(h->peer, checks_passed);

        /* well after a long time: no more long intervals */

        due = ngx_dns_load(&h->peer->shm->probe);
        soon = ngx_current_msec + h->conf->interval;

        if ((int64_t) (due - soon) > (int64_t) h->conf->interval) {
            (void) ngx_dns_cas(&h->peer->shm->probe, due, soon);
        }
    }

    ngx_dns_health_wait(h);
}


static void
ngx_dns_health_wait(ngx_dns_health_t *h)
{
    int64_t  left;

    if (h->event.timer_set) {
        ngx_del_timer(&h->event);
    }

    if (ngx_exiting) {
        return;
    }

    left = (int64_t) (ngx_dns_load(&h->peer->shm->probe) - ngx_current_msec);

    ngx_add_timer(&h->event, (ngx_msec_t) ngx_max(left, 1));
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

    n = ngx_dns_load(&h->peer->shm->misses) / NGX_DNS_HEALTH_LONG;

    for (spread = 0; n && spread < NGX_DNS_HEALTH_SHIFT; n /= 2) {
        spread++;
    }

    return period << spread;
}

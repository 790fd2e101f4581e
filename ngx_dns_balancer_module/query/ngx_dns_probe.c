
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_probe.h"
#include "../base/ngx_dns_clock.h"


static void ngx_dns_probe_handler(ngx_event_t *ev);
static void ngx_dns_probe_outcome(ngx_dns_attempt_t *a,
    ngx_dns_event_e event, u_char *msg, size_t len);
static void ngx_dns_probe_cancel(ngx_dns_probe_t *p);


/* of this worker */

static ngx_dns_probe_t  *ngx_dns_probe_list;
static ngx_dns_lease_t  *ngx_dns_probe_lease;
static uint32_t          ngx_dns_probe_generation;


ngx_dns_probe_t *
ngx_dns_probe_add(ngx_cycle_t *cycle, size_t size, ngx_dns_peer_t *peer,
    const ngx_dns_probe_kind_t *kind)
{
    ngx_dns_probe_t  *p;

    p = ngx_pcalloc(cycle->pool, size);
    if (p == NULL) {
        return NULL;
    }

    p->attempt.peer = peer;
    p->attempt.handler = ngx_dns_probe_outcome;
    p->attempt.data = p;

    p->event.handler = ngx_dns_probe_handler;
    p->event.data = p;
    p->event.log = cycle->log;
    p->event.cancelable = 1;

    p->peer = peer;
    p->transport = peer->transport;
    p->log = cycle->log;
    p->kind = kind;

    p->next = ngx_dns_probe_list;
    ngx_dns_probe_list = p;

    return p;
}


void
ngx_dns_probe_start(ngx_dns_lease_t *lease, uint32_t generation)
{
    ngx_dns_probe_t  *p;

    ngx_dns_probe_lease = lease;
    ngx_dns_probe_generation = generation;

    for (p = ngx_dns_probe_list; p; p = p->next) {
        p->kind->start(p);
    }
}


void
ngx_dns_probe_stop(void)
{
    ngx_dns_probe_t  *p;

    for (p = ngx_dns_probe_list; p; p = p->next) {
        ngx_dns_probe_cancel(p);

        if (p->event.timer_set) {
            ngx_del_timer(&p->event);
        }
    }
}


void
ngx_dns_probe_leave(ngx_dns_peer_t *peer)
{
    ngx_dns_probe_t  *p;

    for (p = ngx_dns_probe_list; p; p = p->next) {

        /* without a timer it is not this worker that sends */

        if (p->peer == peer && p->event.timer_set) {
            ngx_dns_probe_cancel(p);
            p->kind->left(p);
        }
    }
}


void
ngx_dns_probe_done(void)
{
    ngx_dns_probe_stop();

    ngx_dns_probe_list = NULL;
}


ngx_uint_t
ngx_dns_probe_held(void)
{
    return ngx_dns_lease_held(ngx_dns_probe_lease, ngx_dns_probe_generation);
}


static void
ngx_dns_probe_handler(ngx_event_t *ev)
{
    ngx_dns_probe_t  *p;

    p = ev->data;

    ngx_dns_clock_update();

    if (p->waiting) {
        ngx_dns_probe_cancel(p);
        p->kind->timeout(p);
        return;
    }

    if (!ngx_exiting && ngx_dns_probe_held()) {
        p->kind->due(p);
    }
}


ngx_int_t
ngx_dns_probe_send(ngx_dns_probe_t *p, u_char *query, size_t len,
    ngx_msec_t timeout)
{
    ngx_int_t  rc;

    p->attempt.channel = NULL;

    rc = p->transport->send(&p->attempt, query, len);

    if (rc == NGX_OK) {
        p->waiting = 1;
        ngx_add_timer(&p->event, timeout);
    }

    return rc;
}


static void
ngx_dns_probe_outcome(ngx_dns_attempt_t *a, ngx_dns_event_e event,
    u_char *msg, size_t len)
{
    ngx_dns_probe_t  *p;

    p = a->data;

    /* it may still be answered */

    if (event != NGX_DNS_EVENT_SOFT) {
        p->waiting = 0;
        p->kind->outcome(p, event, msg, len);
    }
}


static void
ngx_dns_probe_cancel(ngx_dns_probe_t *p)
{
    if (p->waiting) {
        p->transport->cancel(&p->attempt);
        p->waiting = 0;
    }
}


void
ngx_dns_probe_wait(ngx_dns_probe_t *p, ngx_msec_t msec)
{
    if (p->event.timer_set) {
        ngx_del_timer(&p->event);
    }

    if (!ngx_exiting) {
        ngx_add_timer(&p->event, msec);
    }
}

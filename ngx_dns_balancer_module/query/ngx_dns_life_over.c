
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_life_over.h"


static void ngx_dns_life_forget(ngx_dns_inflight_t *f);


/* questions that are over, of this worker */

static ngx_queue_t  ngx_dns_life_overs;


void
ngx_dns_life_arm(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_msec_t                   due;
    ngx_msec_int_t               left;
    ngx_dns_inflight_attempt_t  *a;

    due = f->deadline;

    if (f->state == NGX_DNS_LIFE_ASKING
        && (ngx_msec_int_t) (f->patience - due) < 0)
    {
        due = f->patience;
    }

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && !a->silent
            && (ngx_msec_int_t) (a->deadline - due) < 0)
        {
            due = a->deadline;
        }
    }

    left = (ngx_msec_int_t) (due - ngx_current_msec);

    ngx_dns_timer_add(&f->timer, left > 0 ? (ngx_msec_t) left : 0);
}


/* all who waited are answered: what is outstanding is cancelled, or watched */

void
ngx_dns_life_over(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = 0; f->live && i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && !ngx_dns_attempt_witness(f, a)) {
            ngx_dns_attempt_cancel(a);
        }
    }

    if (f->live == 0) {
        ngx_dns_inflight_free(f);

        if (ngx_exiting && ngx_dns_inflight_count() == 0) {
            ngx_dns_timer_trim();
        }

        return;
    }

    if (ngx_dns_life_overs.next == NULL) {
        ngx_queue_init(&ngx_dns_life_overs);
    }

    ngx_queue_insert_tail(&ngx_dns_life_overs, &f->queue);

    /* from now on only the attempts' own time counts */

    f->state = NGX_DNS_LIFE_OVER;
    f->deadline = ngx_current_msec + NGX_DNS_TIMER_MAX;

    ngx_dns_life_arm(f);
}


void
ngx_dns_life_late(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && a->silent) {
            ngx_dns_attempt_cancel(a);
        }
    }

    if (f->live && !ngx_exiting) {
        ngx_dns_life_arm(f);
        return;
    }

    ngx_dns_life_forget(f);
}


/* a question that is over: what is still outstanding tells nobody anything */

static void
ngx_dns_life_forget(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live) {
            ngx_dns_attempt_cancel(a);
        }
    }

    ngx_dns_timer_del(&f->timer);
    ngx_queue_remove(&f->queue);
    ngx_dns_inflight_free(f);
}


void
ngx_dns_life_over_abort(void)
{
    ngx_queue_t  *q;

    while (ngx_dns_life_overs.next && !ngx_queue_empty(&ngx_dns_life_overs)) {
        q = ngx_queue_head(&ngx_dns_life_overs);
        ngx_dns_life_forget(ngx_queue_data(q, ngx_dns_inflight_t, queue));
    }
}

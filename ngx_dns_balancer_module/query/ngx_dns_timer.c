
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_timer.h"


/* 16 classes of one value each, then 16 for each power of two */

#define NGX_DNS_TIMER_STEPS    16
#define NGX_DNS_TIMER_CLASSES  (NGX_DNS_TIMER_STEPS * 20)


typedef struct {
    ngx_queue_t   queue;
    ngx_event_t   event;
} ngx_dns_timer_class_t;


static ngx_uint_t ngx_dns_timer_class(ngx_msec_t after);
static void ngx_dns_timer_start(ngx_dns_timer_class_t *class,
    ngx_msec_t after);
static void ngx_dns_timer_handler(ngx_event_t *ev);


static ngx_dns_timer_class_t  ngx_dns_timers[NGX_DNS_TIMER_CLASSES];

/* most timers have the same time as the one before */

static ngx_msec_t              ngx_dns_timer_last;
static ngx_dns_timer_class_t  *ngx_dns_timer_last_class = ngx_dns_timers;


void
ngx_dns_timer_init(ngx_log_t *log)
{
    ngx_uint_t              i;
    ngx_dns_timer_class_t  *class;

    ngx_memzero(ngx_dns_timers, sizeof(ngx_dns_timers));

    for (i = 0; i < NGX_DNS_TIMER_CLASSES; i++) {
        class = &ngx_dns_timers[i];

        ngx_queue_init(&class->queue);
        class->event.handler = ngx_dns_timer_handler;
        class->event.data = class;
        class->event.log = log;
    }
}


static ngx_uint_t
ngx_dns_timer_class(ngx_msec_t after)
{
    ngx_uint_t  bits;

    if (after < NGX_DNS_TIMER_STEPS) {
        return after;
    }

    bits = 63 - (ngx_uint_t) __builtin_clzll((unsigned long long) after);

    /* bits is 4 for 16..31, which fill the second sixteen */

    return (bits - 3) * NGX_DNS_TIMER_STEPS
           + ((after >> (bits - 4)) & (NGX_DNS_TIMER_STEPS - 1));
}


void
ngx_dns_timer_add(ngx_dns_timer_t *timer, ngx_msec_t after)
{
    ngx_dns_timer_class_t  *class;

    if (timer->set) {
        ngx_queue_remove(&timer->queue);
    }

    if (after != ngx_dns_timer_last) {
        after = ngx_min(after, NGX_DNS_TIMER_MAX);

        ngx_dns_timer_last = after;
        ngx_dns_timer_last_class
            = &ngx_dns_timers[ngx_dns_timer_class(after)];
    }

    class = ngx_dns_timer_last_class;

    timer->set = 1;
    timer->deadline = ngx_current_msec + after;

    ngx_queue_insert_tail(&class->queue, &timer->queue);

    if (!class->event.timer_set) {
        ngx_dns_timer_start(class, after);
    }
}


/* out of line: many timers of a class share its event */

static __attribute__((noinline)) void
ngx_dns_timer_start(ngx_dns_timer_class_t *class, ngx_msec_t after)
{
    /* nginx calls what is due now until there is no more */

    ngx_add_timer(&class->event, ngx_max(after, 1));
}


static void
ngx_dns_timer_handler(ngx_event_t *ev)
{
    ngx_queue_t            *q, last;
    ngx_msec_int_t          left;
    ngx_dns_timer_t        *timer;
    ngx_dns_timer_class_t  *class;

    class = ev->data;

    /* what handlers add, due at once or not, waits until others had a turn */

    ngx_queue_insert_tail(&class->queue, &last);

    for ( ;; ) {
        q = ngx_queue_head(&class->queue);

        if (q == &last) {
            break;
        }

        timer = ngx_queue_data(q, ngx_dns_timer_t, queue);

        left = (ngx_msec_int_t) (timer->deadline - ngx_current_msec);

        if (left > 0) {
            break;
        }

        ngx_queue_remove(q);
        timer->set = 0;

        timer->handler(timer);
    }

    ngx_queue_remove(&last);

    /* a handler may have set it for a later one */

    if (ev->timer_set) {
        ngx_del_timer(ev);
    }

    if (ngx_queue_empty(&class->queue)) {
        return;
    }

    q = ngx_queue_head(&class->queue);
    timer = ngx_queue_data(q, ngx_dns_timer_t, queue);

    left = (ngx_msec_int_t) (timer->deadline - ngx_current_msec);

    ngx_dns_timer_start(class, left > 0 ? (ngx_msec_t) left : 0);
}


void
ngx_dns_timer_trim(void)
{
    ngx_uint_t              i;
    ngx_dns_timer_class_t  *class;

    for (i = 0; i < NGX_DNS_TIMER_CLASSES; i++) {
        class = &ngx_dns_timers[i];

        if (class->event.timer_set && ngx_queue_empty(&class->queue)) {
            ngx_del_timer(&class->event);
        }
    }
}


void
ngx_dns_timer_done(void)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_TIMER_CLASSES; i++) {
        if (ngx_dns_timers[i].event.timer_set) {
            ngx_del_timer(&ngx_dns_timers[i].event);
        }
    }
}

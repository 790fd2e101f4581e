
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Timers of queries in flight: one nginx timer for each class of times, not
 * one for each query.  A class holds times within 1/16 of each other, in the
 * order they were set; so a timer fires exactly where all of a class are
 * equal, which is the rule, and at most 1/16 of its time late elsewhere.
 */


#ifndef _NGX_DNS_TIMER_H_INCLUDED_
#define _NGX_DNS_TIMER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


#define NGX_DNS_TIMER_MAX  3600000        /* milliseconds */


typedef struct ngx_dns_timer_s  ngx_dns_timer_t;

typedef void (*ngx_dns_timer_pt)(ngx_dns_timer_t *timer);


/* inside what it is for; "handler" and "data" are the owner's */

struct ngx_dns_timer_s {
    ngx_queue_t        queue;
    ngx_msec_t         deadline;
    ngx_uint_t         set;
    ngx_dns_timer_pt   handler;
    void              *data;
};


#pragma GCC visibility push(hidden)

void ngx_dns_timer_init(ngx_log_t *log);

/* in at most NGX_DNS_TIMER_MAX; a timer that is set is moved */
void ngx_dns_timer_add(ngx_dns_timer_t *timer, ngx_msec_t after);

/* takes nginx's timers out whose class is empty: a worker can exit then */
void ngx_dns_timer_trim(void);

/* takes all of them out */
void ngx_dns_timer_done(void);

#pragma GCC visibility pop


static ngx_inline void
ngx_dns_timer_del(ngx_dns_timer_t *timer)
{
    if (timer->set) {
        ngx_queue_remove(&timer->queue);
        timer->set = 0;
    }
}


#endif /* _NGX_DNS_TIMER_H_INCLUDED_ */

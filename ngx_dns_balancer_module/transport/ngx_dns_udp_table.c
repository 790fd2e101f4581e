
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_udp_table.h"


static void ngx_dns_udp_post(void);


/* of this worker */

ngx_dns_udp_table_t  ngx_dns_udp_table;


ngx_int_t
ngx_dns_udp_table_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_event_handler_pt handler)
{
    ngx_uint_t            i, bits;
    ngx_dns_udp_slot_t   *slot;
    ngx_dns_udp_table_t  *t;

    t = &ngx_dns_udp_table;

    ngx_memzero(t, sizeof(ngx_dns_udp_table_t));

    for (bits = 10; ((ngx_uint_t) 1 << bits) < attempts; bits++) {
        /* void */
    }

    t->shift = 64 - bits;

    t->buckets = ngx_pcalloc(cycle->pool, sizeof(void *) << bits);
    slot = ngx_palloc(cycle->pool,
                      NGX_DNS_UDP_SLOTS * sizeof(ngx_dns_udp_slot_t));

    if (t->buckets == NULL || slot == NULL) {
        return NGX_ERROR;
    }

    for (i = NGX_DNS_UDP_SLOTS; i; i--) {
        ngx_dns_udp_slot_free(&slot[i - 1]);
    }

    ngx_queue_init(&t->dirty);
    ngx_queue_init(&t->failed);
    ngx_queue_init(&t->unsent);

    t->posted.handler = handler;
    t->posted.log = cycle->log;

    return NGX_OK;
}


void
ngx_dns_udp_fail(ngx_dns_attempt_t *a, ngx_dns_event_e event)
{
    ngx_dns_udp_remove(a);
    ngx_dns_udp_end(a, event);
}


/* it is on no socket any more, and is told so in the posted event */

void
ngx_dns_udp_end(ngx_dns_attempt_t *a, ngx_dns_event_e event)
{
    ngx_dns_udp_table_t  *t;

    t = &ngx_dns_udp_table;

    a->channel = t;
    ngx_queue_insert_tail(event == NGX_DNS_EVENT_LOCAL ? &t->unsent
                                                       : &t->failed,
                          &a->queue);
    ngx_dns_udp_post();
}


/* told of in the posted event, since this may be called from inside send() */

void
ngx_dns_udp_soft(ngx_dns_attempt_t *a)
{
    ngx_dns_udp_soft_t  *soft;

    if (ngx_dns_udp_table.nsoft == NGX_DNS_UDP_BATCH) {
        return;
    }

    soft = &ngx_dns_udp_table.soft[ngx_dns_udp_table.nsoft++];

    soft->socket = a->channel;
    soft->id = a->id;

    ngx_dns_udp_post();
}


/* something is left to be done with the socket before the loop sleeps */

void
ngx_dns_udp_touch(ngx_dns_udp_socket_t *s)
{
    if (!s->queued) {
        s->queued = 1;
        ngx_queue_insert_tail(&ngx_dns_udp_table.dirty, &s->dirty);
    }

    ngx_dns_udp_post();
}


static void
ngx_dns_udp_post(void)
{
    if (!ngx_dns_udp_table.posted.posted) {
        ngx_post_event(&ngx_dns_udp_table.posted, &ngx_posted_events);
    }
}

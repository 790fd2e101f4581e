
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The queries that are outstanding over UDP, by socket and ID; queries that
 * wait to be sent; and what is left to be told or done before the event loop
 * sleeps.  Private to the UDP transport, below all its other files.
 */


#ifndef _NGX_DNS_UDP_TABLE_H_INCLUDED_
#define _NGX_DNS_UDP_TABLE_H_INCLUDED_


#include "ngx_dns_udp_socket.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_UDP_ID_TRIES  16


/* somebody said of this query that there is no way; it may be over by now */

typedef struct {
    ngx_dns_udp_socket_t  *socket;
    uint16_t               id;
} ngx_dns_udp_soft_t;


typedef struct {
    ngx_dns_attempt_t   **buckets;
    ngx_uint_t            shift;

    ngx_dns_udp_slot_t   *free;
    ngx_queue_t           dirty;            /* sockets */
    ngx_queue_t           failed;           /* attempts: the server refuses */
    ngx_queue_t           unsent;           /* the same, for want of ours */

    ngx_dns_udp_soft_t    soft[NGX_DNS_UDP_BATCH];
    ngx_uint_t            nsoft;

    ngx_event_t           posted;
} ngx_dns_udp_table_t;


#pragma GCC visibility push(hidden)

extern ngx_dns_udp_table_t  ngx_dns_udp_table;

/*
 * In a worker, for so many attempts; "handler" is posted when something is left
 * to be done.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_dns_udp_table_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_event_handler_pt handler);


/*
 * An attempt whose event, NETWORK or LOCAL, is told later, since this may be
 * called from inside send(); end() if it is in the table no more.
 */
void ngx_dns_udp_fail(ngx_dns_attempt_t *a, ngx_dns_event_e event);
void ngx_dns_udp_end(ngx_dns_attempt_t *a, ngx_dns_event_e event);

/* the same with SOFT, after which it stays where it is */
void ngx_dns_udp_soft(ngx_dns_attempt_t *a);

/* something is left to be done with the socket */
void ngx_dns_udp_touch(ngx_dns_udp_socket_t *s);

#pragma GCC visibility pop


static ngx_inline ngx_dns_attempt_t **
ngx_dns_udp_bucket(ngx_dns_udp_socket_t *s, uint16_t id)
{
    uint64_t  n;

    n = (s->number | id) * 0x9e3779b97f4a7c15ULL;

    return &ngx_dns_udp_table.buckets[n >> ngx_dns_udp_table.shift];
}


/* where the attempt with this ID on the socket is linked in, or would be */

static ngx_inline ngx_dns_attempt_t **
ngx_dns_udp_place(ngx_dns_udp_socket_t *s, uint16_t id)
{
    ngx_dns_attempt_t  *a, **p;

    for (p = ngx_dns_udp_bucket(s, id);
         (a = *p) != NULL && (a->id != id || a->channel != s);
         p = &a->next)
    {
        /* void */
    }

    return p;
}


/* under a random ID that is free on the socket; NGX_ERROR: none was found */

static ngx_inline ngx_int_t
ngx_dns_udp_insert(ngx_dns_udp_socket_t *s, ngx_dns_attempt_t *a)
{
    uint16_t             id;
    ngx_uint_t           n;
    ngx_dns_attempt_t  **p;

    for (n = 0; n < NGX_DNS_UDP_ID_TRIES; n++) {
        id = ngx_dns_random16();
        p = ngx_dns_udp_place(s, id);

        if (*p == NULL) {
            a->id = id;
            a->channel = s;
            a->next = NULL;
            *p = a;

            ngx_queue_insert_tail(&s->attempts, &a->queue);

            return NGX_OK;
        }
    }

    return NGX_ERROR;
}


/* out of the table, from its place there */

static ngx_inline void
ngx_dns_udp_take(ngx_dns_attempt_t **p)
{
    ngx_dns_attempt_t     *a;
    ngx_dns_udp_socket_t  *s;

    a = *p;
    s = a->channel;

    *p = a->next;

    ngx_queue_remove(&a->queue);
    a->channel = NULL;

    if (s->retired && ngx_queue_empty(&s->attempts)) {
        ngx_dns_udp_touch(s);
    }
}


static ngx_inline void
ngx_dns_udp_remove(ngx_dns_attempt_t *a)
{
    ngx_dns_udp_take(ngx_dns_udp_place(a->channel, a->id));
}


/* the attempt with this ID on the socket, or NULL */

static ngx_inline ngx_dns_attempt_t *
ngx_dns_udp_find(ngx_dns_udp_socket_t *s, uint16_t id)
{
    return *ngx_dns_udp_place(s, id);
}


static ngx_inline void
ngx_dns_udp_slot_free(ngx_dns_udp_slot_t *slot)
{
    slot->next = ngx_dns_udp_table.free;
    ngx_dns_udp_table.free = slot;
}


#endif /* _NGX_DNS_UDP_TABLE_H_INCLUDED_ */

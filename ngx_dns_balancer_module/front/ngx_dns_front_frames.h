
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The octets of a client's connection: queries are read out of it, and what
 * has been answered is written.  Private to ngx_dns_front_tcp.c, which has its
 * life, its timers and its end.
 */


#ifndef _NGX_DNS_FRONT_FRAMES_H_INCLUDED_
#define _NGX_DNS_FRONT_FRAMES_H_INCLUDED_


#include "ngx_dns_front_out.h"
#include "ngx_dns_front_tcp.h"


typedef struct ngx_dns_front_tcp_s  ngx_dns_front_tcp_t;


/* lives until the connection is closed and no query of it is in flight */

struct ngx_dns_front_tcp_s {
    ngx_connection_t        *connection;   /* NULL: closed */
    ngx_dns_conf_t          *conf;
    ngx_queue_t              queue;        /* of all, for the end */

    ngx_uint_t               queries;      /* in flight */
    ngx_dns_front_out_t      out;
    u_char                  *room;         /* reserved */

    u_char                  *in;           /* read, but not looked at */
    size_t                   in_len;
    size_t                   in_size;
    size_t                   skip;         /* the rest of a query too long */

    ngx_event_t              posted;       /* there are responses */
    ngx_queue_t              waiting;      /* events: see room() */

    unsigned                 reading:1;    /* what is written now leaves by
                                              itself */
    unsigned                 stopped:1;    /* to be read, but not now */
    unsigned                 eof:1;        /* no more queries will come */
    unsigned                 broken:1;     /* to be closed at once */
    unsigned                 part:1;       /* the timer is of a query */
    unsigned                 used:1;       /* there was a query */

    ngx_dns_client_t         client;
};


#pragma GCC visibility push(hidden)

/*
 * Reads and answers until there is nothing more, or the client is "stopped":
 * it has too much under way, or has had its share of this wake-up.  Closes
 * nothing.
 */
void ngx_dns_front_tcp_read(ngx_dns_front_tcp_t *t);

/*
 * No more is read from it, whoever finds out that it is at its end: responses
 * that are under way are written, then it is closed.
 */
void ngx_dns_front_tcp_end(ngx_dns_front_tcp_t *t);

/* gives back what was read but not looked at */
void ngx_dns_front_tcp_release(ngx_dns_front_tcp_t *t);

/* spare buffers, at the worker's exit */
void ngx_dns_front_tcp_read_done(void);

/*
 * Writes.  NGX_OK: all; NGX_AGAIN: an event will tell when there is room;
 * NGX_ERROR: the connection is of no use.
 */
ngx_int_t ngx_dns_front_tcp_flush(ngx_dns_front_tcp_t *t);

/* those who wait for room are told that there is some, or will be none */
void ngx_dns_front_tcp_wake(ngx_dns_front_tcp_t *t);

#pragma GCC visibility pop


static ngx_inline ngx_uint_t
ngx_dns_front_tcp_full(ngx_dns_front_tcp_t *t)
{
    return t->queries >= t->conf->listener.pipeline
           || t->out.size >= ngx_dns_front_out_limit();
}


#endif /* _NGX_DNS_FRONT_FRAMES_H_INCLUDED_ */

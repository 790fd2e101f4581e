
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Clients over HTTPS (RFC 8484): each request of nginx's is a client with one
 * query.  For module/ only, which reads the query out of a request and writes
 * the response into it; nothing here knows HTTP.
 *
 * A request may go while its query is in flight: it leaves, and its client
 * stays until the query has ended, whose response is counted as not sent.
 */


#ifndef _NGX_DNS_FRONT_HTTPS_H_INCLUDED_
#define _NGX_DNS_FRONT_HTTPS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_query.h"


#define NGX_DNS_FRONT_HTTPS_QUERY  2048    /* octets looked at of a query */


typedef struct ngx_dns_front_https_s  ngx_dns_front_https_t;

struct ngx_dns_front_https_s {
    ngx_queue_t              queue;        /* of all, for the end */
    void                    *request;      /* NULL: it has gone */
    ngx_connection_t        *connection;   /* its, or NULL */
    ngx_pool_t              *pool;         /* its, for the response */
    ngx_dns_conf_t          *conf;
    void                   (*handler)(void *request);
    ngx_event_t              posted;       /* the query has ended */

    u_char                  *response;     /* NULL: there is none */
    size_t                   size;
    ngx_int_t                ttl;          /* how long it may be kept */
    uint64_t                *counter;      /* of responses that have left */

    unsigned                 waiting:1;    /* for the end of the query */
    unsigned                 counted:1;    /* as a query, or what was none */
    unsigned                 gone:1;       /* it waits for nobody */
    unsigned                 now:1;        /* that may be at once */
    unsigned                 denied:1;     /* by a rule of the server */
    unsigned                 dropped:1;    /* by dns_return */
    unsigned                 noted:1;
    unsigned                 closed:1;     /* nobody but us knows of it */

    ngx_dns_client_t         client;
    ngx_dns_logged_t         logged;       /* if noted: what the query was */
    uint64_t                 end_usec;     /* ... and when it ended */
    u_char                   name[NGX_DNS_MAX_NAME];
};


#pragma GCC visibility push(hidden)

/*
 * A client of the server "conf" is, for a request with a connection of nginx's.
 * NULL: no memory.  Then one of query(), refuse() and leave() counts it.
 */
ngx_dns_front_https_t *ngx_dns_front_https_open(ngx_dns_conf_t *conf,
    ngx_connection_t *c, ngx_pool_t *pool, void *request);

/*
 * Its query, of "len" octets, of which the first NGX_DNS_FRONT_HTTPS_QUERY are
 * there.  NGX_OK: it has ended; NGX_AGAIN: it waits, and "handler" is called
 * with the request when it has ended, unless that has left; NGX_DECLINED: it
 * is no query, and was counted as that.
 */
ngx_int_t ngx_dns_front_https_query(ngx_dns_front_https_t *h,
    const u_char *p, size_t len, void (*handler)(void *request));

/*
 * The request can't have a query, by its method, type or length: it is counted
 * as one that was dropped.
 */
void ngx_dns_front_https_refuse(ngx_dns_front_https_t *h, size_t len);

/* a stage of the servers of such clients: notes what the query was */
extern const ngx_dns_stage_t  ngx_dns_stage_https;

/* the request is at its end, before it is logged; its memory is */
void ngx_dns_front_https_leave(void *data);
void ngx_dns_front_https_close(void *data);

/* at the worker's exit, before the queries that are left end, and after that */
void ngx_dns_front_https_quit(void);
void ngx_dns_front_https_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_HTTPS_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_over_https: the configuration of a location, how its requests are read
 * and how they are answered.  Private to ngx_http_dns_https*.c.
 */


#ifndef _NGX_HTTP_DNS_HTTPS_H_INCLUDED_
#define _NGX_HTTP_DNS_HTTPS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "../front/ngx_dns_front_https.h"
#include "ngx_http_dns.h"


typedef struct {
    ngx_array_t                 uses;      /* of ngx_http_dns_https_loc_..._t */
} ngx_http_dns_https_main_conf_t;


typedef struct {
    ngx_str_t                   service;   /* empty: not here */
    ngx_stream_dns_srv_conf_t  *server;    /* that has it */
    ngx_http_core_srv_conf_t   *core;      /* of http: where it is */
    ngx_str_t                   path;      /* empty: not known */
    ngx_stream_dns_place_t      place;
} ngx_http_dns_https_loc_conf_t;


/* of a request */

typedef struct {
    ngx_dns_front_https_t      *client;
    u_char                     *query;     /* its beginning, at most
                                              NGX_DNS_FRONT_HTTPS_QUERY */
    size_t                      len;       /* of all of it */

    /* it is there: finalizes the request, now or later */
    void                      (*ready)(ngx_http_request_t *r);
} ngx_http_dns_https_ctx_t;


#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_http_dns_https_module;

/* the content handler of a location */
ngx_int_t ngx_http_dns_https_handler(ngx_http_request_t *r);

/*
 * Read the query, of a GET and of a POST, and return what a content handler
 * does.  Of a POST no more is kept than is looked at.  When the query is there
 * the request's "ready" is called.
 */
ngx_int_t ngx_http_dns_https_argument(ngx_http_request_t *r);
ngx_int_t ngx_http_dns_https_body(ngx_http_request_t *r);

/* counts a request that can't have a query, and returns "status" */
ngx_int_t ngx_http_dns_https_refuse(ngx_http_request_t *r, ngx_int_t status);

/*
 * Around the output of a response: responses of one connection of HTTP/2 and
 * TLS are written together, when all that has come at once is answered.  The
 * connection is for release(); NULL: this response is written by itself.
 */
ngx_connection_t *ngx_http_dns_https_hold(ngx_http_request_t *r);
void ngx_http_dns_https_release(ngx_connection_t *c);

/* what dns_resolver_name tells of a location */
ngx_int_t ngx_http_dns_https_offer(ngx_cycle_t *cycle,
    ngx_http_dns_https_loc_conf_t *use);

#pragma GCC visibility pop


#endif /* _NGX_HTTP_DNS_HTTPS_H_INCLUDED_ */

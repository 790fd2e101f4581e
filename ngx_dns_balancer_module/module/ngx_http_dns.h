
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The http half: its configuration and the parts that fill it.  The only files
 * that know ngx_http.
 */


#ifndef _NGX_HTTP_DNS_H_INCLUDED_
#define _NGX_HTTP_DNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_stream_dns.h"


/* "upstreams" of dns_status ready in all locations, to be looked up */

typedef struct {
    ngx_array_t            ready;     /* of ngx_http_dns_loc_conf_t * */
} ngx_http_dns_main_conf_t;


typedef struct {
    ngx_str_t              control;   /* the first location of dns_control */
} ngx_http_dns_srv_conf_t;


typedef struct {
    const ngx_dns_page_t   *page;      /* NULL: not here */
    ngx_array_t            *upstreams; /* of ngx_str_t, "upstream="; or NULL */
    ngx_uint_t              control;   /* dns_control is here */
    ngx_stream_dns_place_t  place;
} ngx_http_dns_loc_conf_t;


/* a request to dns_control, taken apart */

#define NGX_HTTP_DNS_PARTS  3

#define NGX_HTTP_DNS_STATE  0          /* arguments */
#define NGX_HTTP_DNS_NAME   1
#define NGX_HTTP_DNS_BELOW  2
#define NGX_HTTP_DNS_TYPE   3
#define NGX_HTTP_DNS_ARGS   4

typedef struct {
    ngx_http_request_t          *request;
    ngx_stream_dns_main_conf_t  *dmcf;     /* NULL: no DNS server */
    ngx_str_t                    part[NGX_HTTP_DNS_PARTS];
    ngx_uint_t                   nparts;
    ngx_str_t                    arg[NGX_HTTP_DNS_ARGS];   /* data NULL: not
                                                              there */
} ngx_http_dns_call_t;


#pragma GCC visibility push(hidden)

extern ngx_module_t  ngx_http_dns_module;

/*
 * When a location is merged, where the directive at that place has set the
 * handler: NGX_CONF_ERROR, and it is logged, if another directive has the
 * location, too, or a "return" that comes before all handlers.
 */
char *ngx_http_dns_handler_alone(ngx_conf_t *cf, ngx_http_handler_pt handler,
    ngx_stream_dns_place_t *place);

/*
 * NULL: no stream {}.  What another worker has found meanwhile, servers of a
 * name as an example, is taken over first: what one worker shows must be known
 * to the one that is asked next.
 */
ngx_stream_dns_main_conf_t *ngx_http_dns_current(void);

/* sends the text; for content handlers */
ngx_int_t ngx_http_dns_send(ngx_http_request_t *r, ngx_uint_t status,
    ngx_str_t *type, ngx_dns_text_t *text);

/* adds one to the response */
ngx_int_t ngx_http_dns_header(ngx_http_request_t *r, const ngx_str_t *key,
    const ngx_str_t *value);

char *ngx_http_dns_control(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_dns_control_handler(ngx_http_request_t *r);

/*
 * The response to a call: text, or "error", which is a sentence, and what there
 * is: names with commas between them, if it is not NULL.
 */
ngx_int_t ngx_http_dns_reply(ngx_http_dns_call_t *call, ngx_uint_t status,
    ngx_dns_text_t *text);
ngx_int_t ngx_http_dns_refuse(ngx_http_dns_call_t *call, ngx_uint_t status,
    const char *error, ngx_str_t *names);

/* adds a name to those; a list that is too long ends with "..." */
void ngx_http_dns_list(ngx_pool_t *pool, ngx_str_t *list,
    const ngx_str_t *name);

/*
 * What follows the location in the URI as it was sent, in parts that are
 * decoded, and the arguments.  NGX_OK; NGX_DECLINED: that is nothing here;
 * NGX_ABORT: bad, and "error" says why; NGX_ERROR: no memory.
 */
ngx_int_t ngx_http_dns_call_path(ngx_http_dns_call_t *call);
ngx_int_t ngx_http_dns_call_args(ngx_http_dns_call_t *call, ngx_uint_t allowed,
    const char **error);

/* is it a page of another site that has the browser send this? */
ngx_uint_t ngx_http_dns_call_foreign(ngx_http_request_t *r);

/* things of dns_control; what is called is known to be complete */
ngx_int_t ngx_http_dns_control_purge(ngx_http_dns_call_t *call);

#pragma GCC visibility pop


#endif /* _NGX_HTTP_DNS_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Directives of one value: a number, a time, a percentage, a flag.  The
 * range is the "post" of the directive; it has the default, and in words what
 * is allowed.  The value is written to the directive's offset, as an ngx_int_t:
 * into the policy of a zone or server, or into what a listener has.
 */


#ifndef _NGX_STREAM_DNS_SLOT_H_INCLUDED_
#define _NGX_STREAM_DNS_SLOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_uint_t   kind;
    ngx_int_t    min;
    ngx_int_t    max;
    ngx_int_t    value;                   /* the default */
    const char  *allowed;
} ngx_stream_dns_range_t;


#pragma GCC visibility push(hidden)

extern ngx_stream_dns_range_t  ngx_stream_dns_idle_timeout;
extern ngx_stream_dns_range_t  ngx_stream_dns_client_timeout;
extern ngx_stream_dns_range_t  ngx_stream_dns_pipeline;
extern ngx_stream_dns_range_t  ngx_stream_dns_max_queries;
extern ngx_stream_dns_range_t  ngx_stream_dns_upstream_timeout;
extern ngx_stream_dns_range_t  ngx_stream_dns_next_timeout;
extern ngx_stream_dns_range_t  ngx_stream_dns_tries;
extern ngx_stream_dns_range_t  ngx_stream_dns_budget;
extern ngx_stream_dns_range_t  ngx_stream_dns_min_ttl;
extern ngx_stream_dns_range_t  ngx_stream_dns_max_ttl;
extern ngx_stream_dns_range_t  ngx_stream_dns_servfail_ttl;
extern ngx_stream_dns_range_t  ngx_stream_dns_nxdomain_cut;
extern ngx_stream_dns_range_t  ngx_stream_dns_any;
extern ngx_stream_dns_range_t  ngx_stream_dns_rotate;
extern ngx_stream_dns_range_t  ngx_stream_dns_minimal;

char *ngx_stream_dns_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/*
 * Values of all directives of one value that "context", a bit of a command's
 * type, allows: unset them in "conf"; take those that are not set from "prev",
 * or else the default.
 */
void ngx_stream_dns_slot_unset(void *conf, ngx_uint_t context);
void ngx_stream_dns_slot_merge(void *conf, void *prev, ngx_uint_t context);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_SLOT_H_INCLUDED_ */

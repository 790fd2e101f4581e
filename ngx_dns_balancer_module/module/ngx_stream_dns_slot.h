
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Directives of one value: a number, a size, a time, a percentage.  The range
 * is the "post" of the directive, and the error says it in words.
 */


#ifndef _NGX_STREAM_DNS_SLOT_H_INCLUDED_
#define _NGX_STREAM_DNS_SLOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef struct {
    ngx_uint_t   kind;
    ngx_int_t    min;
    ngx_int_t    max;
    const char  *allowed;
} ngx_stream_dns_range_t;


#pragma GCC visibility push(hidden)

extern ngx_stream_dns_range_t  ngx_stream_dns_udp_max_size;
extern ngx_stream_dns_range_t  ngx_stream_dns_timeout;
extern ngx_stream_dns_range_t  ngx_stream_dns_tries;
extern ngx_stream_dns_range_t  ngx_stream_dns_budget;
extern ngx_stream_dns_range_t  ngx_stream_dns_max_queries;
extern ngx_stream_dns_range_t  ngx_stream_dns_pipeline;
extern ngx_stream_dns_range_t  ngx_stream_dns_ttl;
extern ngx_stream_dns_range_t  ngx_stream_dns_servfail_ttl;

char *ngx_stream_dns_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_SLOT_H_INCLUDED_ */

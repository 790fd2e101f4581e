
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Words of a configuration that are checked in several places: what is wrong
 * with an address or a zone, in words, and texts with $hostname.
 */


#ifndef _NGX_STREAM_DNS_TEXT_H_INCLUDED_
#define _NGX_STREAM_DNS_TEXT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../base/ngx_dns.h"


#pragma GCC visibility push(hidden)

/* why an address of a server is wrong; NULL: no reason is known */
const char *ngx_stream_dns_text_address(ngx_str_t *text);

/* why no server can be at an address; NULL: it can */
const char *ngx_stream_dns_text_sockaddr(struct sockaddr *sa);

/* why there can be no host of that name; NULL: there can */
const char *ngx_stream_dns_text_host(ngx_str_t *text);

/* why a zone can't be meant as it is written; NULL: it can */
const char *ngx_stream_dns_text_zone(ngx_str_t *text);

/*
 * A domain name as it is on the wire, in lower case, with the padding that
 * ngx_dns_copy() reads.  Why it is none, or can't be meant; NULL: it is one.
 */
const char *ngx_stream_dns_text_name(ngx_conf_t *cf, ngx_str_t *text,
    ngx_str_t *name);

/* a type of records by its name, as "NS" or "TYPE2"; 0: it is none */
uint16_t ngx_stream_dns_text_type(ngx_str_t *text);

/*
 * Variables that never change, $hostname and $nginx_version, are replaced by
 * what they are.  NGX_DECLINED: there is another one.
 */
ngx_int_t ngx_stream_dns_text_constant(ngx_conf_t *cf, ngx_str_t *text);

/*
 * The text of an IPv4 address; its length, NGX_INET_ADDRSTRLEN at most, one
 * octet after it is written, too.
 * ngx_sock_ntop() takes longer than the rest of a query's session does.
 */
size_t ngx_stream_dns_text_ipv4(u_char *text, struct sockaddr *sa);

/* $status of what is not fine, in the words of stream */
ngx_uint_t ngx_stream_dns_text_status(ngx_dns_reason_e reason);

/* is no parameter of a line there twice?  NGX_ERROR, and it is said */
ngx_int_t ngx_stream_dns_text_once(ngx_conf_t *cf);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_TEXT_H_INCLUDED_ */

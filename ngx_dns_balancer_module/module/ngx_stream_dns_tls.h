
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * TLS to the servers of a dns_upstream {}: its "ssl_*" lines, and "name=" and
 * "pin=" of its servers.  For ngx_stream_dns_upstream.c and
 * ngx_stream_dns_server.c.  Where nginx was built without SSL all of them are
 * refused.
 */


#ifndef _NGX_STREAM_DNS_TLS_H_INCLUDED_
#define _NGX_STREAM_DNS_TLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../transport/ngx_dns_tls_out.h"


/* of an upstream: its lines, and what was made of them */

typedef struct {
    ngx_uint_t            set;            /* there is a line */
    ngx_flag_t            verify;
    ngx_int_t             depth;
    ngx_str_t             trusted;
    ngx_str_t             crl;
    ngx_str_t             name;
    ngx_str_t             certificate;
    ngx_str_t             key;
    ngx_str_t             password_file;
    ngx_uint_t            protocols;
    ngx_str_t             ciphers;
    ngx_array_t          *commands;       /* of ngx_keyval_t */
    ngx_flag_t            reuse;
} ngx_stream_dns_tls_conf_t;


/* of a "server" line */

typedef struct {
    ngx_str_t             name;           /* empty: none */
    ngx_str_t             host;           /* the same, of the address */
    ngx_array_t          *pins;           /* of u_char[NGX_DNS_TLS_PIN] */
} ngx_stream_dns_tls_server_t;


#pragma GCC visibility push(hidden)

void ngx_stream_dns_tls_create(ngx_stream_dns_tls_conf_t *conf);

/* an "ssl_*" line; NGX_CONF_OK, NGX_CONF_ERROR, or what is wrong with it */
char *ngx_stream_dns_tls_line(ngx_conf_t *cf, ngx_stream_dns_tls_conf_t *conf);

/* "name=" or "pin=" of a server; what is wrong with it is logged */
ngx_int_t ngx_stream_dns_tls_name(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server);
ngx_int_t ngx_stream_dns_tls_pin(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server);

/* how a server over TLS is known, for the rest of its upstream to come */
ngx_int_t ngx_stream_dns_tls_server(ngx_conf_t *cf, ngx_dns_peer_t *peer,
    ngx_stream_dns_tls_server_t *server);

/* is it an address? */
ngx_uint_t ngx_stream_dns_tls_literal(ngx_str_t *name);

/* all lines and servers of the upstream are known */
ngx_int_t ngx_stream_dns_tls_init(ngx_conf_t *cf, ngx_dns_upstream_t *u,
    ngx_stream_dns_tls_conf_t *conf);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_TLS_H_INCLUDED_ */

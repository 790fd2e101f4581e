
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The text of the page of dns_status html.  Private to ngx_dns_html*.c.
 */


#ifndef _NGX_DNS_HTML_H_INCLUDED_
#define _NGX_DNS_HTML_H_INCLUDED_


#include "ngx_dns_status.h"


/* what is filled in behind a piece */

typedef enum {
    NGX_DNS_HTML_END = 0,
    NGX_DNS_HTML_NONCE,
    NGX_DNS_HTML_CONTROL
} ngx_dns_html_fill_e;


typedef struct {
    ngx_str_t            text;
    ngx_dns_html_fill_e  then;
} ngx_dns_html_piece_t;


#pragma GCC visibility push(hidden)

/* ends with NGX_DNS_HTML_END */
extern const ngx_dns_html_piece_t  ngx_dns_html_pieces[];

#pragma GCC visibility pop


#endif /* _NGX_DNS_HTML_H_INCLUDED_ */

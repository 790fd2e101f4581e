
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One query over a TCP connection of its own, with as many messages in reply
 * as the server sends: zone transfers.  For the query layer, which knows when
 * it is over, and can have the server wait.
 */


#ifndef _NGX_DNS_TCP_STREAM_H_INCLUDED_
#define _NGX_DNS_TCP_STREAM_H_INCLUDED_


#include "ngx_dns_transport.h"


typedef struct ngx_dns_tcp_stream_s  ngx_dns_tcp_stream_t;


/*
 * A message, with "reason" NGX_DNS_FINE, good until the return; else no
 * message, and the stream is closed already.  NGX_OK: the next one; NGX_AGAIN:
 * not before ngx_dns_tcp_stream_go_on(); NGX_DONE: it has closed the stream.
 */
typedef ngx_int_t (*ngx_dns_tcp_stream_pt)(void *data,
    ngx_dns_reason_e reason, u_char *msg, size_t len);


#pragma GCC visibility push(hidden)

/*
 * Connects and sends the whole message "query", which is copied.  "timeout"
 * is for the connection, and for each message.  NGX_OK; NGX_ERROR: the server
 * can't be reached; NGX_BUSY: something is lacking here.  After these nothing
 * is reported.
 */
ngx_int_t ngx_dns_tcp_stream_open(ngx_dns_peer_t *peer, const u_char *query,
    size_t len, ngx_msec_t timeout, ngx_dns_tcp_stream_pt handler, void *data,
    ngx_dns_tcp_stream_t **sp);

/* may report before it returns */
void ngx_dns_tcp_stream_go_on(ngx_dns_tcp_stream_t *s);

void ngx_dns_tcp_stream_close(ngx_dns_tcp_stream_t *s);

#pragma GCC visibility pop


#endif /* _NGX_DNS_TCP_STREAM_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Answers on their way to one client over a stream, each with its length
 * before it (RFC 1035, 4.2.2): collected in blocks, written by as few calls
 * as there are blocks, kept while the client does not read.  Private to the
 * TCP front; closes nothing.
 *
 * Blocks come from a list of the worker.  All that waits for clients of a
 * worker is bounded by NGX_DNS_FRONT_OUT_TOTAL.
 */


#ifndef _NGX_DNS_FRONT_OUT_H_INCLUDED_
#define _NGX_DNS_FRONT_OUT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../query/ngx_dns_query.h"


#define NGX_DNS_FRONT_OUT_BLOCK  16384     /* a TLS record at most */
#define NGX_DNS_FRONT_OUT_SPARE  64        /* blocks kept by a worker */
#define NGX_DNS_FRONT_OUT_TOTAL  (64 * 1024 * 1024)
#define NGX_DNS_FRONT_OUT_MOST   65536     /* octets for a client, ... */
#define NGX_DNS_FRONT_OUT_LEAST  4096      /* ... with half of the total used */


typedef struct ngx_dns_front_block_s  ngx_dns_front_block_t;


/*
 * Messages are written from "data" upwards, the counters they are counted in
 * when the block has left from "end" downwards.
 */

struct ngx_dns_front_block_s {
    ngx_dns_front_block_t   *next;
    u_char                  *pos;
    u_char                  *last;
    uint64_t               **end;
    ngx_uint_t               n;            /* of messages that end in it */
    size_t                   size;         /* of all of it */
    u_char                   data[];
};


typedef struct {
    ngx_dns_front_block_t   *first;
    ngx_dns_front_block_t   *last;
    size_t                   size;         /* octets that wait */
} ngx_dns_front_out_t;


#pragma GCC visibility push(hidden)

/*
 * Room for a message of up to "size" octets, at most NGX_DNS_MAX_MESSAGE;
 * good until anything is reserved again.
 */
u_char *ngx_dns_front_out_reserve(ngx_dns_front_out_t *out, size_t size);

/*
 * Adds what was written into the room; "counter" may be NULL.  NGX_ERROR:
 * there is no memory for it, or no more is allowed; it is not added.
 */
ngx_int_t ngx_dns_front_out_commit(ngx_dns_front_out_t *out, u_char *room,
    size_t size, uint64_t *counter);

/*
 * Writes.  NGX_OK: nothing waits any more; NGX_AGAIN: the client has to read
 * first; NGX_ERROR: the connection is of no use.  "progress" is set if a
 * block has left.
 */
ngx_int_t ngx_dns_front_out_flush(ngx_dns_front_out_t *out,
    ngx_connection_t *c, ngx_uint_t *progress);

/* octets that one client may have waiting: less when many have much */
size_t ngx_dns_front_out_limit(void);

/* counts what waits as not sent */
void ngx_dns_front_out_drop(ngx_dns_front_out_t *out);

/* the worker's spare blocks, at its exit */
void ngx_dns_front_out_done(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FRONT_OUT_H_INCLUDED_ */

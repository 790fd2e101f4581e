
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The TCP transport over octets of the test's own: what a server sends, how
 * much it takes, and when it closes.
 */


#ifndef _UNIT_TCP_H_INCLUDED_
#define _UNIT_TCP_H_INCLUDED_


#include "peers.h"
#include "base/ngx_dns_clock.h"
#include "store/ngx_dns_metrics.h"
#include "transport/ngx_dns_bytes.h"
#include "transport/ngx_dns_source.h"
#include "transport/ngx_dns_tcp_out.h"
#include "transport/ngx_dns_tcp_stream.h"
#include "wire/ngx_dns_wire.h"


#define QUESTION  "\1a\4test\0\0\1\0\1"
#define QUERY     "\0\0\1\0\0\1\0\0\0\0\0\0" QUESTION
#define LINKS     32
#define ATTEMPTS  2100


/* a connection: octets to and from the server */

typedef struct {
    ngx_connection_t   c;
    ngx_event_t        read;
    ngx_event_t        write;
    ngx_int_t          ready;           /* what ready() says */
    ngx_uint_t         room;            /* octets that it takes */
    ngx_uint_t         writes;
    u_char             in[1024];
    size_t             in_len;
    u_char             out[1024];
    size_t             out_len;
    size_t             step;            /* octets of a read, at most; 0: all */
    unsigned           eof;
    unsigned           broken;          /* nothing can be written */
    unsigned           closed;
} link_t;


extern link_t              links[LINKS];
extern unsigned            nlinks;
extern ngx_int_t           opens;       /* what connect() says */
extern ngx_int_t           handles;     /* what events say */

extern ngx_dns_attempt_t   attempts[ATTEMPTS];
extern ngx_dns_event_e     events[ATTEMPTS];
extern unsigned            nevents[ATTEMPTS];
extern ngx_dns_peer_t      peer;
extern ngx_dns_upstream_t  upstream;
extern unsigned            moved;       /* is our address another one? */


/* for each test; "rc" is what connect() says */
void tcp_start(ngx_int_t rc);

ngx_int_t send_it(unsigned n);

/* calls what has been posted */
void turn(void);

void readable(unsigned n);
void writable(unsigned n);

/* puts a response to an attempt among what the server has sent */
void tcp_reply(unsigned link, unsigned n);


#endif /* _UNIT_TCP_H_INCLUDED_ */

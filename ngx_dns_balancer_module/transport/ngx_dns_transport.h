
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Sends one query to one server and tells what came back.  For the query
 * layer; knows no retry, no timeout and no policy: who sent decides how long
 * to wait, and cancels.  A transport is a table of functions and a file.
 */


#ifndef _NGX_DNS_TRANSPORT_H_INCLUDED_
#define _NGX_DNS_TRANSPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../base/ngx_dns.h"
#include "../peers/ngx_dns_peer.h"


typedef struct ngx_dns_attempt_s  ngx_dns_attempt_t;


typedef enum {
    NGX_DNS_OUT_ANSWER = 0,     /* this ID, this question, at least a header */
    NGX_DNS_OUT_FAULT,          /* the same without a question: the server
                                   could not read ours */
    NGX_DNS_OUT_NETWORK         /* an ICMP or socket error; no message */
} ngx_dns_outcome_e;


/*
 * May be called while the transport sends or reads, never from inside
 * send() of the same attempt.  The message is good until the return.  After
 * a call the attempt is no longer the transport's.
 */
typedef void (*ngx_dns_outcome_pt)(ngx_dns_attempt_t *a,
    ngx_dns_outcome_e outcome, u_char *msg, size_t len);


/* the owner is who sends; it lives until an outcome or cancel() */

struct ngx_dns_attempt_s {
    /* set by the sender */
    ngx_dns_peer_t        *peer;
    ngx_dns_outcome_pt     handler;
    void                  *data;
    u_char                *question;      /* name in lower case, type, class */
    size_t                 question_len;

    /* the transport's */
    void                  *channel;       /* NULL: not outstanding */
    ngx_queue_t            queue;
    ngx_dns_attempt_t     *next;
    uint64_t               sent;          /* ngx_dns_usec */
    const u_char          *query;         /* the sender's: see send() */
    size_t                 query_len;
    uint16_t               id;
    uint16_t               again;         /* sent a second time */
};


typedef struct {
    ngx_str_t              name;

    /*
     * "query" is a whole message, its ID is replaced in a copy; it must stay
     * until the outcome or cancel(), since it may be sent again.  NGX_OK, or
     * NGX_ERROR if it can't be sent at all: then no outcome follows.
     */
    ngx_int_t            (*send)(ngx_dns_attempt_t *a, const u_char *query,
                                 size_t len);

    /* no outcome will come any more; nothing to do if not outstanding */
    void                 (*cancel)(ngx_dns_attempt_t *a);
} ngx_dns_transport_t;


#endif /* _NGX_DNS_TRANSPORT_H_INCLUDED_ */

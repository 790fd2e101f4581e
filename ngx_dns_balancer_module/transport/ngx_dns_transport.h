
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Sends one query to one server and tells what came back.  For the query
 * layer; knows no retry, no timeout and no policy: who sent decides how long
 * to wait, and cancels.  A transport is a table of functions and a file;
 * module/ gives each server one, and starts and stops all of them.
 */


#ifndef _NGX_DNS_TRANSPORT_H_INCLUDED_
#define _NGX_DNS_TRANSPORT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../base/ngx_dns.h"
#include "../peers/ngx_dns_peer.h"
#include "../wire/ngx_dns_message.h"


typedef struct ngx_dns_attempt_s  ngx_dns_attempt_t;
typedef struct ngx_dns_bytes_s    ngx_dns_bytes_t;


/*
 * What became of an attempt.  With ANSWER, FAULT and WHOLE there is a message,
 * of the last one the header and perhaps no more.  After
 * all but SOFT the attempt is no longer the transport's.
 */

typedef enum {
    NGX_DNS_EVENT_RESPONSE = 0, /* this ID, this question, at least a header */
    NGX_DNS_EVENT_FAULT,        /* the same without a question, and an rcode:
                                   the server could not read ours */
    NGX_DNS_EVENT_WHOLE,        /* it has to be asked over TCP: the response is
                                   longer than is read */
    NGX_DNS_EVENT_GUESSED,      /* the same, since somebody guesses at its ID
                                   (RFC 5452, 9.3) */
    NGX_DNS_EVENT_NETWORK,      /* the server refuses it, or its connection */
    NGX_DNS_EVENT_TLS,          /* there is no TLS with it, or it is not who it
                                   should be: noted in its state */
    NGX_DNS_EVENT_LOCAL,        /* not sent: something is lacking here */
    NGX_DNS_EVENT_SOFT          /* somebody on the way says that there is no
                                   way (RFC 1122, 4.2.3.9); it may still be
                                   answered */
} ngx_dns_event_e;


/*
 * May be called while the transport sends or reads, never from inside
 * send() of the same attempt.  The message is good until the return.
 */
typedef void (*ngx_dns_event_pt)(ngx_dns_attempt_t *a, ngx_dns_event_e event,
    u_char *msg, size_t len);


/* the owner is who sends; it lives until an outcome or cancel() */

struct ngx_dns_attempt_s {
    /* set by the sender */
    ngx_dns_peer_t        *peer;
    ngx_dns_event_pt       handler;
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
    uint16_t               again;         /* how often it was sent again */
    uint16_t               guesses;       /* answers to it with a wrong ID */
};


/* the places of peer->channels[] */

typedef enum {
    NGX_DNS_TRANSPORT_UDP = 0,
    NGX_DNS_TRANSPORT_STREAM,             /* TCP, "unix:" */
    NGX_DNS_TRANSPORT_LAST
} ngx_dns_transport_e;


_Static_assert(NGX_DNS_TRANSPORT_LAST == NGX_DNS_TRANSPORTS,
               "a peer has a place for each");


struct ngx_dns_transport_s {
    ngx_str_t              name;

    /*
     * In a worker, before its first query.  "attempts" outstanding at most,
     * "servers" to share the worker's connections with.  NGX_ERROR: no memory.
     */
    ngx_int_t            (*init)(ngx_cycle_t *cycle, ngx_uint_t attempts,
                                 ngx_uint_t servers);

    /*
     * Closes all there is, at the worker's exit; no outcome is reported.  Both
     * may be NULL.
     */
    void                 (*done)(void);

    /*
     * "query" is a whole message, its ID is replaced in a copy, and so is the
     * count of additional records if it ends with the question; it must stay
     * until the end of the attempt, since it may be sent again.  NGX_OK;
     * NGX_ERROR if the server can't be reached; NGX_BUSY if it can't be sent
     * since something is lacking here.  Without NGX_OK no event follows.
     */
    ngx_int_t            (*send)(ngx_dns_attempt_t *a, const u_char *query,
                                 size_t len);

    /* no outcome will come any more; nothing to do if not outstanding */
    void                 (*cancel)(ngx_dns_attempt_t *a);

    /*
     * The server has another address from now on, or none: nothing new leaves
     * by what is open.  What is outstanding may still be answered; where it
     * has to be sent again it goes to peer->sockaddr as it is then.
     */
    void                 (*leave)(ngx_dns_peer_t *peer);

    /*
     * What the same server is asked over for the whole of a response that was
     * cut, or to give nobody a chance to guess.  NULL: responses of this one
     * are never cut.
     */
    ngx_dns_transport_t   *whole;

    /* of a stream: what carries its octets; NULL: datagrams do */
    const ngx_dns_bytes_t  *bytes;

    /*
     * Of a stream, which loses nothing as long as it lives: has the way by
     * which an attempt went been silent for so long that another one may do?
     * NULL: not known.
     */
    ngx_uint_t           (*mute)(const ngx_dns_attempt_t *a);
};


/*
 * Who watches all that is sent to servers and comes from them: a message as it
 * is on the wire, and the connection or socket it goes by.  Of what came it is
 * called before the attempt's handler; it may not change anything.
 */
typedef void (*ngx_dns_transport_tap_pt)(ngx_dns_attempt_t *a,
    ngx_connection_t *c, ngx_uint_t response, const u_char *msg, size_t len);


#pragma GCC visibility push(hidden)

/* of this worker; NULL: nobody */
extern ngx_dns_transport_tap_pt  ngx_dns_transport_tap;

/* for all transports: see init() and done() of the table */
ngx_int_t ngx_dns_transports_init(ngx_cycle_t *cycle, ngx_uint_t attempts,
    ngx_uint_t servers);
void ngx_dns_transports_done(void);

/* the same for all that a server has */
void ngx_dns_transports_leave(ngx_dns_peer_t *peer);

#pragma GCC visibility pop


/* the one for whole responses: its own or, if it cuts them, another */

static ngx_inline ngx_dns_transport_t *
ngx_dns_transport_stream(const ngx_dns_peer_t *peer)
{
    return peer->transport->whole ? peer->transport->whole : peer->transport;
}


/*
 * What any message of a server must pass, over whatever transport (RFC 5452,
 * 9.1): it is a response to a query; and, when the attempt with its ID is
 * found, it has that one's question, or is a FAULT.  What does not pass is
 * counted.
 */

static ngx_inline ngx_uint_t
ngx_dns_transport_response(const u_char *msg, size_t len)
{
    if (len >= NGX_DNS_HEADER_SIZE
        && (ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS)
            & (NGX_DNS_QR | NGX_DNS_OPCODE)) == NGX_DNS_QR)
    {
        return 1;
    }

    ngx_dns_count(malformed);

    return 0;
}


static ngx_inline ngx_int_t
ngx_dns_transport_matches(ngx_dns_attempt_t *a, const u_char *msg, size_t len,
    ngx_dns_event_e *event)
{
    switch (ngx_dns_message_question(msg, len, a->question, a->question_len)) {

    case NGX_OK:
        *event = NGX_DNS_EVENT_RESPONSE;
        return NGX_OK;

    case NGX_DONE:
        *event = NGX_DNS_EVENT_FAULT;
        return NGX_OK;

    default:
        ngx_dns_count(foreign);
        return NGX_DECLINED;
    }
}


#endif /* _NGX_DNS_TRANSPORT_H_INCLUDED_ */

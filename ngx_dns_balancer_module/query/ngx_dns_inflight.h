
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Questions that wait for a server, and the clients that wait for each.  One
 * question of many clients is asked once in a worker.  Only the memory and
 * the table of them: what happens to a question is in ngx_dns_life.h, which
 * alone changes its state.  Private to the query layer.
 *
 * A question belongs to the table from get() to unlink(), and to ngx_dns_life.c
 * until free().  A waiter belongs to its question from join() on.
 */


#ifndef _NGX_DNS_INFLIGHT_H_INCLUDED_
#define _NGX_DNS_INFLIGHT_H_INCLUDED_


#include "ngx_dns_outcome.h"
#include "ngx_dns_request.h"
#include "ngx_dns_timer.h"
#include "../transport/ngx_dns_transport.h"
#include "../wire/ngx_dns_name.h"


/* type and class in the upper half; of them the cache looks at the second */

#define NGX_DNS_BITS_DO     0x0001
#define NGX_DNS_BITS_EDNS   0x0002
#define NGX_DNS_BITS_CD     0x0004
#define NGX_DNS_BITS_RD     0x0008

/* in the cache: not a response, but the failure to get one */

#define NGX_DNS_BITS_FAILED 0x0010

#define NGX_DNS_BITS_ANY_TYPE  (((uint64_t) 1 << 48) - 1)
#define NGX_DNS_BITS_CACHE  (~(uint64_t) (NGX_DNS_BITS_EDNS|NGX_DNS_BITS_RD))

/* records beyond dns_max_queries: see NGX_DNS_LIFE_OVER */

#define NGX_DNS_INFLIGHT_OVER  1024

/*
 * Identical questions that all workers together ask over UDP at once, whatever
 * makes them differ: each of them is one more try of the same guess (RFC 5452,
 * 7.2).  With two repeats for each these are less than 100 at a server.
 */

#define NGX_DNS_INFLIGHT_SAME  32


typedef struct ngx_dns_waiter_s    ngx_dns_waiter_t;
typedef struct ngx_dns_inflight_s  ngx_dns_inflight_t;


/* a client that waits; what of its query goes into its response or the log */

struct ngx_dns_waiter_s {
    ngx_dns_waiter_t     *next;
    ngx_dns_conf_t       *conf;
    ngx_dns_client_t      client;
    uint64_t              start_usec;
    ngx_msec_t            start_msec;
    size_t                received;

    ngx_dns_asked_t       asked;
    ngx_uint_t            stale;       /* the cache has an old response */

    u_char                name[NGX_DNS_MAX_NAME];    /* the client's case */
};


#define NGX_DNS_BESIDE_LATE  1         /* for its being late */
#define NGX_DNS_BESIDE_RACE  2


/* one server that was asked: ngx_dns_attempt.h */

typedef struct {
    ngx_dns_attempt_t     attempt;     /* first: it is cast */
    ngx_msec_t            deadline;    /* silent then */

    /* octets, not bits: they are set with each query */

    uint8_t               live;        /* an outcome may still come */
    uint8_t               silent;      /* its time is over, and counted */
    uint8_t               beside;      /* another was asked meanwhile, or at
                                          the same time: NGX_DNS_BESIDE_* */
    uint8_t               repeated;    /* the same was asked again, within its
                                          time: that one is judged */
    uint8_t               failed;      /* judged if another has the response */
    uint8_t               cut;         /* over transport->whole for TC, or by
                                          our choice */
    uint8_t               witness;     /* outlives the question */
    uint8_t               plain;       /* asked without an OPT */
    uint8_t               index;       /* of its question's */
    uint16_t              flags;       /* "cut": of the header to pass on */
} ngx_dns_inflight_attempt_t;


struct ngx_dns_inflight_s {
    ngx_dns_inflight_t   *next;        /* in the table, or free */
    ngx_queue_t           queue;       /* of those that are over */
    uint64_t              hash;
    uint64_t              base;        /* hash of name, type and class */
    uint64_t              bits;        /* all that must be equal but the name:
                                          see NGX_DNS_BITS_* */
    uint64_t              key;         /* for a hash method */
    uint64_t              partition;   /* of a cache */

    ngx_dns_zone_t       *zone;
    ngx_dns_upstream_t   *upstream;
    void                 *tap;         /* of the client that began it, which is
                                          shown what is asked; or NULL */

    /* looked at where "special" is set */

    ngx_dns_peer_t       *only;        /* of its servers; NULL: any */
    ngx_dns_fallback_t   *fallback;    /* what is left of the zone's chain */
    u_char               *kept;        /* a negative response, in case there
                                          is none better: ngx_dns_keep.h */
    size_t                kept_len;
    ngx_dns_peer_t       *kept_peer;
    ngx_msec_t            race_end;    /* a negative response may be held until
                                          then */
    ngx_msec_t            held;        /* the deadline that was, while one is */

    const ngx_dns_policy_t  *policy;      /* the zone's */
    ngx_dns_subnet_t      subnet;      /* that servers are told, RFC 7871 */

    ngx_dns_waiter_t     *waiters;
    ngx_dns_waiter_t    **last;

    ngx_dns_timer_t       timer;       /* the next that is due: patience, an
                                          attempt's time, the deadline */
    ngx_dns_timer_t       stale;       /* set if a client waits that could get
                                          a stale response */
    ngx_msec_t            deadline;
    ngx_msec_t            patience;    /* another server may be asked then */
    uint64_t              start_usec;

    /* ngx_dns_life.c's; eight octets that are cleared together */

    uint8_t               state;
    uint8_t               tries;       /* attempts begun */
    uint8_t               servers;     /* different ones of this upstream */
    uint8_t               repeats;     /* at a server that was asked already */
    uint8_t               live;        /* attempts without an outcome */
    uint8_t               first;       /* attempt at this upstream */
    uint8_t               spare;       /* attempts that fallbacks may need */
    uint8_t               fallen;      /* "on" of fallbacks that were asked */

    uint8_t               limit;       /* of servers */
    uint8_t               special;     /* "only" or "fallback" may be set, or
                                          its upstream races */
    uint8_t               refresh;     /* of the cache: no client began it */
    uint8_t               has_stale;   /* the cache has an old response */
    uint8_t               stale_due;   /* new waiters get it at once */
    uint8_t               stream;      /* asked over TCP only */
    uint8_t               counted;     /* among those that are the same */
    uint8_t               racing;      /* servers that were asked at once */
    uint8_t               holds;       /* "kept" is of a race: it is what the
                                          upstream says, if none is better */

    /* what is worth most to a client of what has come */

    ngx_dns_outcome_e     outcome;
    ngx_dns_outcome_e     said;        /* the same, of this upstream alone */
    ngx_dns_message_t     best;        /* its header alone */
    ngx_dns_peer_t       *peer;        /* whose it is */

    ngx_dns_peer_t       *tried[NGX_DNS_MAX_TRIES];
    ngx_dns_inflight_attempt_t   attempt;   /* the first */
    ngx_dns_inflight_attempt_t  *others;    /* all others: few questions have
                                               more than one, and memory that
                                               is not touched costs nothing */

    size_t                question_len;
    size_t                wire_len;
    u_char                question[NGX_DNS_MAX_NAME + 4
                                   + NGX_DNS_READ_PAD];    /* lower */
    u_char                wire[NGX_DNS_MAX_QUERY];
};


#pragma GCC visibility push(hidden)

/*
 * In a worker; room for so many queries, and its share of identical ones with
 * so many workers.  NGX_ERROR: no memory.
 */
ngx_int_t ngx_dns_inflight_init(ngx_cycle_t *cycle, ngx_uint_t queries,
    ngx_uint_t workers);

/* number of questions in flight */
ngx_uint_t ngx_dns_inflight_count(void);

/*
 * The question that the request asks if it is in flight already, else a new
 * one that is linked into the table and not yet begun; NULL if there is no
 * room.
 */
ngx_dns_inflight_t *ngx_dns_inflight_get(const ngx_dns_request_t *r,
    ngx_uint_t *fresh);

/*
 * Somebody guesses at the IDs of its queries: for a minute this question is
 * asked over TCP only (RFC 5452, 9.3), by this worker.
 */
void ngx_dns_inflight_guessed(ngx_dns_inflight_t *f);

/* takes it out of the table; it is still in use */
void ngx_dns_inflight_unlink(ngx_dns_inflight_t *f);

/* it is not in use any more */
void ngx_dns_inflight_free(ngx_dns_inflight_t *f);

/* a record for the client that waits, added to the question; NULL: no room */
ngx_dns_waiter_t *ngx_dns_inflight_join(ngx_dns_inflight_t *f,
    const ngx_dns_request_t *r);

/* a waiter that was answered and was taken off its question */
void ngx_dns_inflight_leave(ngx_dns_waiter_t *w);

/* calls "handler" for all questions in flight; it may end them */
void ngx_dns_inflight_each(void (*handler)(ngx_dns_inflight_t *f));

#pragma GCC visibility pop


static ngx_inline ngx_dns_inflight_attempt_t *
ngx_dns_inflight_attempt(ngx_dns_inflight_t *f, ngx_uint_t i)
{
    return i ? &f->others[i - 1] : &f->attempt;
}


static ngx_inline uint64_t
ngx_dns_inflight_bits(const ngx_dns_question_t *q)
{
    return (uint64_t) q->asked.type << 48 | (uint64_t) q->asked.class << 32
           | (q->asked.flags & NGX_DNS_RD) / (NGX_DNS_RD / NGX_DNS_BITS_RD)
           | (q->asked.flags & NGX_DNS_CD) / (NGX_DNS_CD / NGX_DNS_BITS_CD)
           | q->asked.edns * NGX_DNS_BITS_EDNS
           | q->asked.dnssec_ok * NGX_DNS_BITS_DO;
}


#endif /* _NGX_DNS_INFLIGHT_H_INCLUDED_ */

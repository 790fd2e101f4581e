
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Questions that wait for a server, and the clients that wait for each.  One
 * question of many clients is asked once in a worker.  Private to the query
 * layer; how servers are asked is in ngx_dns_attempt.h.
 */


#ifndef _NGX_DNS_INFLIGHT_H_INCLUDED_
#define _NGX_DNS_INFLIGHT_H_INCLUDED_


#include "ngx_dns_conf.h"
#include "ngx_dns_timer.h"
#include "../transport/ngx_dns_transport.h"
#include "../wire/ngx_dns_message.h"
#include "../wire/ngx_dns_name.h"


/* type and class in the upper half; of them the cache looks at the second */

#define NGX_DNS_BITS_DO     0x0001
#define NGX_DNS_BITS_EDNS   0x0002
#define NGX_DNS_BITS_CD     0x0004
#define NGX_DNS_BITS_RD     0x0008

/* in the cache: not an answer, but that servers had none */

#define NGX_DNS_BITS_FAILED 0x0010

#define NGX_DNS_BITS_ANY_TYPE  (((uint64_t) 1 << 48) - 1)
#define NGX_DNS_BITS_CACHE  (~(uint64_t) (NGX_DNS_BITS_EDNS|NGX_DNS_BITS_RD))


typedef struct ngx_dns_query_s     ngx_dns_query_t;
typedef struct ngx_dns_inflight_s  ngx_dns_inflight_t;


/* a client that waits; what of its query goes into its answer or the log */

struct ngx_dns_query_s {
    ngx_dns_query_t      *next;
    ngx_dns_conf_t       *conf;
    ngx_dns_client_t      client;
    uint64_t              start_usec;
    ngx_msec_t            start_msec;
    size_t                received;

    ngx_dns_asked_t       asked;
    ngx_uint_t            stale;       /* the cache has an old answer */

    u_char                name[NGX_DNS_MAX_NAME];    /* the client's case */
};


typedef struct {
    ngx_dns_attempt_t     attempt;
    unsigned              live:1;      /* no outcome yet */
    unsigned              blamed:1;    /* counted as the server's failure */
    unsigned              refused:1;   /* SERVFAIL or REFUSED */
    unsigned              tcp:1;       /* what it is outstanding over */
    unsigned              cut:1;       /* its answer over UDP had TC set */
} ngx_dns_inflight_attempt_t;


struct ngx_dns_inflight_s {
    ngx_dns_inflight_t   *next;        /* in the table, or free */
    uint64_t              hash;
    uint64_t              bits;        /* all that must be equal but the name:
                                          see NGX_DNS_BITS_* */
    uint64_t              key;         /* for a hash method */

    ngx_dns_conf_t       *conf;
    ngx_dns_zone_t       *zone;
    ngx_dns_subnet_t      subnet;      /* that servers are told, RFC 7871 */

    ngx_dns_query_t      *queries;
    ngx_dns_query_t     **last;
    ngx_uint_t            has_stale;   /* the cache has an old answer */
    ngx_uint_t            stale_due;   /* whoever comes now gets it at once */

    ngx_dns_timer_t       timer;
    ngx_dns_timer_t       stale;       /* set if a client waits that could get
                                          a stale answer */
    ngx_msec_t            deadline;
    uint64_t              start_usec;

    ngx_uint_t            tries;
    ngx_uint_t            live;
    ngx_uint_t            limit;       /* of tries */
    ngx_dns_reason_e      reason;      /* of the last failure */
    uint16_t              rcode;       /* a server's, other than an answer */
    uint16_t              flags;       /* of the same answer */
    uint16_t              ede;

    ngx_dns_peer_t       *tried[NGX_DNS_MAX_TRIES];
    ngx_dns_inflight_attempt_t  attempts[NGX_DNS_MAX_TRIES];

    size_t                question_len;
    size_t                wire_len;
    u_char                question[NGX_DNS_MAX_NAME + 4
                                   + NGX_DNS_READ_PAD];    /* lower */
    u_char                wire[NGX_DNS_MAX_QUERY];
};


#pragma GCC visibility push(hidden)

/* in a worker; room for so many queries.  NGX_ERROR: no memory */
ngx_int_t ngx_dns_inflight_init(ngx_cycle_t *cycle, ngx_uint_t queries);

/* number of questions in flight */
ngx_uint_t ngx_dns_inflight_count(void);

/*
 * The question that the parsed query asks if it is in flight already, else a
 * new one that is linked into the table and not yet sent; NULL if there is
 * no room, which dns_max_queries makes impossible.
 */
ngx_dns_inflight_t *ngx_dns_inflight_get(ngx_dns_conf_t *conf,
    ngx_dns_zone_t *zone, ngx_dns_question_t *q, uint64_t key,
    ngx_uint_t *fresh);

/* a record for a client, to be filled and joined; NULL: no room */
ngx_dns_query_t *ngx_dns_inflight_query(void);
void ngx_dns_inflight_join(ngx_dns_inflight_t *f, ngx_dns_query_t *query);

/*
 * Takes the clients that have an old answer in the cache off the question,
 * and answers them with it.
 */
void ngx_dns_inflight_stale(ngx_dns_inflight_t *f);

/*
 * Answers all who wait with the parsed "m" in "msg" (see ngx_dns_answer.h);
 * nothing of the question may be outstanding any more.
 */
void ngx_dns_inflight_end(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, ngx_dns_reason_e reason, ngx_dns_peer_t *peer);

/* ends the questions in flight that no client waits for, or "all" */
void ngx_dns_inflight_abort(ngx_uint_t all);

#pragma GCC visibility pop


static ngx_inline uint64_t
ngx_dns_inflight_bits(const ngx_dns_question_t *q)
{
    return (uint64_t) q->asked.type << 48 | (uint64_t) q->asked.class << 32
           | ((q->asked.flags & NGX_DNS_RD) ? NGX_DNS_BITS_RD : 0)
           | ((q->asked.flags & NGX_DNS_CD) ? NGX_DNS_BITS_CD : 0)
           | (q->asked.edns ? NGX_DNS_BITS_EDNS : 0)
           | (q->asked.dnssec_ok ? NGX_DNS_BITS_DO : 0);
}


#endif /* _NGX_DNS_INFLIGHT_H_INCLUDED_ */

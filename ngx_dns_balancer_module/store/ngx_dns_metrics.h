
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Counters.  A zone has a row for each process; only the process that owns it
 * by pid writes to it, so counting is a plain addition.  A row is never
 * cleared: the process that takes over the row of a dead one goes on with its
 * figures, so the sum of all rows stays right over crashes and reloads.  For
 * every layer above; no text here but the names of labels.
 *
 * A row has a part for all, a slot for each server {} and a slot for each
 * server of an upstream.  Slots are found again at a reload by a hash of the
 * name of what is counted, so that its counters go on wherever it moves in the
 * configuration.  One that the last configuration did not use is cleared
 * and given away only one reload later, when the workers that knew it are
 * going or gone.
 *
 * What is counted for clients: each query (datagram) once in "queries", and
 * then either once in "responses", when the kernel has taken its response, or
 * once as a drop: in "unsent", or in "reason" if the reason's rcode is
 * NGX_DNS_DROP.  What a process had in flight when it was killed is in
 * neither.
 */


#ifndef _NGX_DNS_METRICS_H_INCLUDED_
#define _NGX_DNS_METRICS_H_INCLUDED_


#include "../base/ngx_dns_lease.h"
#include "ngx_dns_histogram.h"


#define NGX_DNS_METRICS_PROCS   256

#define NGX_DNS_METRICS_TYPES   32     /* a power of two: it is multiplied by */
#define NGX_DNS_METRICS_RCODES  16


/* how a query came */

typedef enum {
    NGX_DNS_PROTO_UDP = 0,
    NGX_DNS_PROTO_TCP,
    NGX_DNS_PROTO_TLS,
    NGX_DNS_PROTO_HTTPS,
    NGX_DNS_PROTOS
} ngx_dns_proto_e;


/* where a response came from */

typedef enum {
    NGX_DNS_SOURCE_CACHE = 0,
    NGX_DNS_SOURCE_XDP,          /* the same, by the program in the kernel: not
                                    in rows, but added to their sums */
    NGX_DNS_SOURCE_STALE,        /* the cache, after the response's end */
    NGX_DNS_SOURCE_HOSTS,
    NGX_DNS_SOURCE_LOCAL,
    NGX_DNS_SOURCE_UPSTREAM,
    NGX_DNS_SOURCE_ERROR,        /* made here: see reason[] */
    NGX_DNS_SOURCES
} ngx_dns_source_e;


/* what is bounded for a worker: see docs/operations.md */

typedef enum {
    NGX_DNS_GAUGE_UPSTREAM = 0,  /* connections and sockets to servers */
    NGX_DNS_GAUGE_CLIENTS,       /* connections of clients */
    NGX_DNS_GAUGE_QUERIES,       /* that wait for a server */
    NGX_DNS_GAUGE_TRANSFERS,
    NGX_DNS_GAUGE_UNREAD,        /* octets that clients have not read */
    NGX_DNS_GAUGES
} ngx_dns_gauge_e;


/* how it stands now, not a sum: 0 again when the process has gone */

typedef struct {
    uint64_t    used;
    uint64_t    limit;
} ngx_dns_gauge_t;


/* of all servers together */

typedef struct {
    uint64_t    fallbacks;            /* to the next upstream of a chain */
    uint64_t    joined;               /* waited for another's response */
    uint64_t    unretried;            /* not made: no budget left */
    uint64_t    crowded;              /* asked over TCP: too many alike */
    uint64_t    guessed;              /* the same: wrong IDs came for it */
    uint64_t    guarded;              /* the same: not long ago */
    uint64_t    local;                /* not sent: a shortage here */
    uint64_t    late;                 /* no such attempt: late or forged */
    uint64_t    foreign;              /* right ID, another question */
    uint64_t    malformed;            /* from servers */
    uint64_t    unsent;               /* answers the kernel did not take */

    uint64_t    reason[NGX_DNS_REASONS];      /* queries that ended so */

    ngx_dns_gauge_t  gauges[NGX_DNS_GAUGES];
} ngx_dns_counters_t;


/* dns_limit_zone: so many of a configuration; all may be replaced at once */

#define NGX_DNS_LIMIT_ZONES  16
#define NGX_DNS_LIMIT_SLOTS  (2 * NGX_DNS_LIMIT_ZONES)


typedef enum {
    NGX_DNS_LIMIT_DROP = 0,
    NGX_DNS_LIMIT_TRUNCATE,
    NGX_DNS_LIMIT_REFUSE,
    NGX_DNS_LIMIT_DRY_RUN,
    NGX_DNS_LIMIT_ACTIONS
} ngx_dns_limit_action_e;


/* cookies of clients */

typedef enum {
    NGX_DNS_COOKIE_NEW = 0,           /* a client's alone */
    NGX_DNS_COOKIE_VALID,
    NGX_DNS_COOKIE_INVALID,
    NGX_DNS_COOKIES
} ngx_dns_cookie_e;


/*
 * Of a server {}.  "duration" is of responses that were waited for, and of
 * those made here at once, which count as no time; those of the cache do,
 * too, but are only in "responses".
 */

typedef struct {
    uint64_t    queries[NGX_DNS_PROTOS][NGX_DNS_METRICS_TYPES];
    uint64_t    responses[NGX_DNS_SOURCES][NGX_DNS_METRICS_RCODES];
    uint64_t    misses;               /* with a cache, not from it in time */
    uint64_t    prefetches;
    uint64_t    cookies[NGX_DNS_COOKIES];
    uint64_t    limited[NGX_DNS_LIMIT_SLOTS][NGX_DNS_LIMIT_ACTIONS];
    uint64_t    dnstap_frames;        /* that the reader's socket has taken */
    uint64_t    dnstap_dropped;

    ngx_dns_histogram_t  duration;
} ngx_dns_server_counters_t;


/* of a server of an upstream */

typedef struct {
    uint64_t    queries;              /* attempts */
    uint64_t    responses;            /* accepted, late ones too */
    uint64_t    timeouts;             /* silent for all of its time */
    uint64_t    errors;               /* ICMP, socket, malformed responses */
    uint64_t    retries;              /* of the queries: not the first try */
    uint64_t    hedges;               /* others were asked beside it */
    uint64_t    checks_passed;
    uint64_t    checks_failed;
    uint64_t    handshakes_full;      /* of TLS */
    uint64_t    handshakes_resumed;
    uint64_t    handshakes_failed;

    ngx_dns_histogram_t  rtt;         /* of the responses */
} ngx_dns_peer_counters_t;


typedef struct {
    uint64_t    key[2];
    uint32_t    slot;
} ngx_dns_metrics_id_t;


typedef enum {
    NGX_DNS_METRICS_SERVER = 0,
    NGX_DNS_METRICS_PEER,
    NGX_DNS_METRICS_LIMIT,            /* a dns_limit_zone: of each server's
                                         "limited" */
    NGX_DNS_METRICS_KINDS
} ngx_dns_metrics_kind_e;


typedef struct {
    uint32_t    layout;
    uint32_t    generation;                     /* of who is in use */
    uint32_t    attempt;                        /* of who was tried last */
    uint32_t    slots[NGX_DNS_METRICS_KINDS];
    uint32_t    reserved;

    ngx_dns_lease_t  lease;                     /* of work for all workers */

    uint32_t    pid[NGX_DNS_METRICS_PROCS];
    uint32_t    used[NGX_DNS_METRICS_PROCS];    /* was it ever? */

    /*
     * ngx_dns_metrics_slot_t  of all servers, peers, limits; on cache lines:
     * row[NGX_DNS_METRICS_PROCS], each ngx_dns_counters_t, servers, peers
     */
} ngx_dns_metrics_shm_t;


#pragma GCC visibility push(hidden)

/* this process's row; a private one if there is no zone or no free row */
extern ngx_dns_counters_t  *ngx_dns_counters;

/* labels; for types under 256, their places */
extern const char  *ngx_dns_metrics_types[NGX_DNS_METRICS_TYPES];
extern const char  *ngx_dns_metrics_rcodes[NGX_DNS_METRICS_RCODES];
extern const char  *ngx_dns_metrics_protos[NGX_DNS_PROTOS];
extern const char  *ngx_dns_metrics_actions[NGX_DNS_LIMIT_ACTIONS];
extern const char  *ngx_dns_metrics_cookies[NGX_DNS_COOKIES];
extern const char  *ngx_dns_metrics_sources[NGX_DNS_SOURCES];
extern const char  *ngx_dns_metrics_gauges[NGX_DNS_GAUGES];
extern const uint8_t  ngx_dns_metrics_type_place[256];


/* slots for so many things, room to change included */
uint32_t ngx_dns_metrics_slots(ngx_uint_t n);

size_t ngx_dns_metrics_size(uint32_t servers, uint32_t peers);

/*
 * The master, for memory that is cleared up to its rows, or was used: a new
 * configuration begins.  NGX_ERROR for another layout.
 */
ngx_int_t ngx_dns_metrics_init(ngx_dns_metrics_shm_t *shm, uint32_t servers,
    uint32_t peers);

/*
 * The identity of a server or a dns_limit_zone, with "name" NULL, or of an
 * upstream's server.
 */
void ngx_dns_metrics_identify(ngx_dns_metrics_id_t *id,
    const ngx_str_t *group, const ngx_str_t *name);

/*
 * Marks slots for all of a kind; NGX_ERROR if there are not enough.  Once the
 * configuration can't fail any more it is committed.
 */
ngx_int_t ngx_dns_metrics_place(ngx_dns_metrics_shm_t *shm,
    ngx_dns_metrics_kind_e kind, ngx_dns_metrics_id_t **ids, ngx_uint_t n);
void ngx_dns_metrics_commit(ngx_dns_metrics_shm_t *shm);

/*
 * A worker, after fork and at its exit; "shm" may be NULL.  NGX_DECLINED: no
 * row is left, what it counts is not in the sums.
 */
ngx_int_t ngx_dns_metrics_attach(ngx_dns_metrics_shm_t *shm);
void ngx_dns_metrics_detach(ngx_dns_metrics_shm_t *shm);

/* of this process; never NULL */
ngx_dns_server_counters_t *ngx_dns_metrics_server(uint32_t slot);
ngx_dns_peer_counters_t *ngx_dns_metrics_peer(uint32_t slot);

/* the sums of all rows; of gauges, of those whose process is there */
void ngx_dns_metrics_sum(ngx_dns_metrics_shm_t *shm, ngx_dns_counters_t *sum);
void ngx_dns_metrics_sum_server(ngx_dns_metrics_shm_t *shm, uint32_t slot,
    ngx_dns_server_counters_t *sum);
void ngx_dns_metrics_sum_peer(ngx_dns_metrics_shm_t *shm, uint32_t slot,
    ngx_dns_peer_counters_t *sum);

#pragma GCC visibility pop


/*
 * Of this process alone, so that one instruction does: what ngx_dns_own_add()
 * would be three of.  Another process reads the word before it or after it.
 */

#define ngx_dns_count_at(p)                  (*(p) += 1)

#define ngx_dns_count(name)                  ngx_dns_count_at(                \
                                                 &ngx_dns_counters->name)

/* "counters" of a server {} or of an upstream's server */
#define ngx_dns_count_in(counters, name)     ngx_dns_count_at(                \
                                                 &(counters)->name)


#define ngx_dns_gauge_used(kind, n)                                           \
    ngx_dns_store(&ngx_dns_counters->gauges[kind].used, (uint64_t) (n))
#define ngx_dns_gauge_limit(kind, n)                                          \
    ngx_dns_store(&ngx_dns_counters->gauges[kind].limit, (uint64_t) (n))


/* places of labels */

#define NGX_DNS_METRICS_TYPE_OTHER    22
#define NGX_DNS_METRICS_TYPE_NONE     23


static ngx_inline ngx_uint_t
ngx_dns_metrics_type(uint16_t type)
{
    return type < 256 ? ngx_dns_metrics_type_place[type]
                      : NGX_DNS_METRICS_TYPE_OTHER;
}


static ngx_inline ngx_uint_t
ngx_dns_metrics_rcode(uint16_t rcode)
{
    if (rcode <= 10) {
        return rcode;
    }

    return rcode == NGX_DNS_BADVERS ? 11 : 12;
}


#endif /* _NGX_DNS_METRICS_H_INCLUDED_ */

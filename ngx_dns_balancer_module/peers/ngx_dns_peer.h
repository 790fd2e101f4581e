
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The servers of an upstream: what configuration says of them, and their
 * state, which all workers share.  For the query layer and module/; never
 * sends or receives, never logs but at a change of state, never waits.
 *
 * Shared memory.  A zone holds a header, a table of slots, one for each
 * server, and a row of counters for each process.  A slot is found again at
 * reload by its key (the address as configured), so a server that stays keeps
 * its state; a slot that the last configuration did not use is given away
 * only one reload later, when the workers that knew it are going or gone.
 *
 * "outstanding" is exact while all live: added to by all, with locked
 * instructions.  Each process also keeps its own share of it in its row.
 * When a process dies, ngx_dns_peers_check() takes its share back; what a
 * kill between two instructions left over is found as a difference that
 * stays the same over three checks.
 */


#ifndef _NGX_DNS_PEER_H_INCLUDED_
#define _NGX_DNS_PEER_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"
#include "../store/ngx_dns_metrics.h"


#define NGX_DNS_PEER_KEY       116
#define NGX_DNS_PEER_PROCS     256     /* of old and new workers together */
#define NGX_DNS_MAX_TRIES      8       /* attempts of one query */
#define NGX_DNS_MAX_SEQUENCE   1000000 /* weights of a group over their gcd */


typedef struct {
    /* written with each query; a line of its own */
    uint32_t            outstanding;
    uint32_t            rtt;           /* smoothed, microseconds; 0: unknown */
    uint32_t            rttvar;
    uint32_t            rtt_msec;      /* when it was measured */

    /* read with each query, written at failures */
    uint32_t            fails;         /* since the last answer */
    uint32_t            pad;
    uint64_t            retry;         /* msec: ejected until then */

    uint8_t             line[NGX_DNS_CACHELINE - 32];

    /* ngx_dns_peers_check() and zone init only */
    uint32_t            generation;    /* 0: never used */
    int32_t             drift;         /* what the last check saw */
    uint32_t            drifts;        /* how often in a row */
    char                key[NGX_DNS_PEER_KEY];
} ngx_dns_peer_shm_t;


typedef struct {
    uint32_t            layout;
    uint32_t            slots;
    uint32_t            generation;
    uint32_t            unknown;       /* processes that found no row */

    uint8_t             line1[NGX_DNS_CACHELINE - 16];

    /* round robin: the next place in a group's sequence */
    uint32_t            ticket[2];

    uint8_t             line2[NGX_DNS_CACHELINE - 8];

    uint32_t            pid[NGX_DNS_PEER_PROCS];

    /*
     * ngx_dns_peer_shm_t  slot[slots];
     * uint32_t            row[NGX_DNS_PEER_PROCS][slots];  one writer each
     */
} ngx_dns_peers_shm_t;


typedef struct ngx_dns_peer_s      ngx_dns_peer_t;
typedef struct ngx_dns_group_s     ngx_dns_group_t;
typedef struct ngx_dns_upstream_s  ngx_dns_upstream_t;
typedef struct ngx_dns_balancer_s  ngx_dns_balancer_t;


struct ngx_dns_peer_s {
    ngx_dns_peer_shm_t   *shm;
    uint32_t             *row;         /* this process's share of
                                          shm->outstanding; or NULL */
    void                 *endpoint;    /* the transport's, in this worker */
    ngx_dns_peer_counters_t  *counters;    /* of this process */
    ngx_dns_metrics_id_t  metrics;

    ngx_dns_upstream_t   *upstream;
    ngx_str_t             name;        /* as configured, for people */
    struct sockaddr      *sockaddr;
    socklen_t             socklen;

    uint32_t              weight;
    uint32_t              max_fails;   /* 0: never ejected */
    ngx_msec_t            fail_timeout;
    uint32_t              max_outstanding;     /* 0: no limit */
    uint32_t              index;       /* in its group */
    uint32_t              slot;

    unsigned              backup:1;
    unsigned              down:1;
};


/* the primary servers of an upstream, or the backup ones */

struct ngx_dns_group_s {
    ngx_dns_peer_t      **peers;
    ngx_uint_t            n;
    uint32_t              weight;      /* of all */
    uint32_t             *ticket;      /* shared */
    uint16_t             *sequence;    /* smooth weighted order of indexes */
    uint32_t              length;      /* of the sequence */
    void                 *data;        /* the balancer's */
};


/* what people want to know of a server */

typedef struct {
    ngx_uint_t            up;          /* gets queries */
    ngx_str_t             state;       /* "up", "slow start", "down",
                                          "ejected", "unhealthy" */
    ngx_str_t             reason;      /* of the last change, in words;
                                          empty: none */
    time_t                changed;     /* the last change; 0: never */
    time_t                checked;     /* the last probe; 0: never */
    uint32_t              rtt;         /* microseconds; 0: unknown */
    uint32_t              outstanding;
    uint32_t              fails;
} ngx_dns_peer_status_t;


struct ngx_dns_upstream_s {
    ngx_str_t             name;
    ngx_dns_group_t       group[2];    /* primary, backup */
    ngx_array_t           peers;       /* of ngx_dns_peer_t */
    ngx_dns_balancer_t   *balancer;
    ngx_dns_peers_shm_t  *shm;
    ngx_uint_t            row;         /* of this process */
    uint32_t              scope;       /* of its name: keeps its answers apart
                                          in a cache */

    void                 *key;         /* module/: the hash's key, or NULL */
    ngx_uint_t            by_client;   /* the key is not of the question
                                          alone: no joining */
};


#pragma GCC visibility push(hidden)

/* octets of a zone's contents for so many servers, room to change included */
size_t ngx_dns_peers_size(ngx_uint_t servers);

/*
 * Gives each server its slot, in the master, for a new zone (cleared memory
 * "shm" of ngx_dns_peers_size(servers)) or one that an earlier configuration
 * used.  NGX_ERROR if the slots do not suffice.
 */
ngx_int_t ngx_dns_peers_init(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm,
    ngx_uint_t servers);

/* a worker takes a row, after fork, and gives it back at its exit */
void ngx_dns_peers_attach(ngx_dns_upstream_t *u);
void ngx_dns_peers_detach(ngx_dns_upstream_t *u);

/* once in a health interval, by one worker for all: see above */
void ngx_dns_peers_check(ngx_dns_upstream_t *u);

/*
 * Takes a place at the server for one query.  NGX_OK; NGX_DECLINED if it is
 * full, or if it is ejected and another query is already trying it.
 */
ngx_int_t ngx_dns_peer_acquire(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_uint_t fail_open);
void ngx_dns_peer_release(ngx_dns_peer_t *peer);

/* an answer came, "rtt" microseconds after it was asked for */
void ngx_dns_peer_success(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt,
    ngx_log_t *log);

/*
 * Nobody waits for an answer any more, after "rtt" microseconds.  If that is
 * more than the server's measured time it is taken for a measure: or a server
 * that has become slow would be cut short for ever, and never be measured.
 */
void ngx_dns_peer_waited(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt);

/* no answer, or none of use; "why" is for the log */
void ngx_dns_peer_failure(ngx_dns_peer_t *peer, ngx_msec_t now,
    const char *why, ngx_log_t *log);

/*
 * How long to wait before another server is asked too, in milliseconds: what
 * the measured time says (RFC 6298), up to "unmeasured", which is for a server
 * without one.
 */
ngx_msec_t ngx_dns_peer_patience(ngx_dns_peer_t *peer, ngx_msec_t unmeasured);

/* for status pages, not for picking */
void ngx_dns_peer_status(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_peer_status_t *status);

#pragma GCC visibility pop


#define ngx_dns_count_peer(peer, name)                                        \
    ngx_dns_count_in((peer)->counters, name)


static ngx_inline ngx_uint_t
ngx_dns_peer_ejected(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    return peer->max_fails
           && ngx_dns_load(&peer->shm->fails) >= peer->max_fails
           && (int64_t) (ngx_dns_load(&peer->shm->retry) - now) > 0;
}


#endif /* _NGX_DNS_PEER_H_INCLUDED_ */

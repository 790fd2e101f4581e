
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
 * A configuration that is being tried marks its slots with the number of the
 * attempt, and changes nothing else that a running one uses.  Once nothing can
 * fail any more it is committed: "generation" grows, which is the mark of
 * slots in use, and from then on what workers of earlier configurations find
 * out about a server is not written down.
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


#define NGX_DNS_PEER_KEY       112
#define NGX_DNS_PEER_PROCS     256     /* of old and new workers together */
#define NGX_DNS_MAX_TRIES      8       /* attempts of one query */
#define NGX_DNS_PEER_TEXT      80      /* octets of a reason in words */
#define NGX_DNS_PEER_WINDOW    20      /* responses that are judged together */
#define NGX_DNS_PEER_FULL      1024    /* the whole share, of a ramp */
#define NGX_DNS_PATIENCE_MIN   20      /* milliseconds */
#define NGX_DNS_PEER_ANY       0xffffffffu   /* microseconds: none is slow */
#define NGX_DNS_PEER_PLAIN     300     /* seconds without EDNS */
#define NGX_DNS_BUDGET_RETRY   100     /* what a retry takes of a budget, */
#define NGX_DNS_BUDGET_SECOND  1000    /* what each second adds, */
#define NGX_DNS_BUDGET_MAX     100000  /* and the most there can be */
#define NGX_DNS_MAX_SEQUENCE   1000000 /* weights of a group over their gcd */
#define NGX_DNS_TRANSPORTS     2       /* transport/ngx_dns_transport.h */


/*
 * Who sits in a seat: a slot whose server is found while nginx runs
 * (ngx_dns_seat.h).  All zero: nobody ever did.
 */

typedef struct {
    uint64_t            sum;           /* of what follows, or it is torn */
    uint64_t            since;         /* msec: when it came, or went */
    uint32_t            epoch;         /* one more with each server */
    uint32_t            weight;        /* 0: nobody */
    uint32_t            backup;
    uint32_t            socklen;
    u_char              addr[32];      /* sockaddr_in, sockaddr_in6 */
} ngx_dns_seat_shm_t;


typedef struct {
    /* written with each query; a line of its own */
    uint32_t            outstanding;
    uint32_t            rtt;           /* smoothed, microseconds; 0: unknown */
    uint32_t            rttvar;
    uint32_t            rtt_msec;      /* when it was measured */

    /* read with each query, written at failures and changes */
    uint32_t            fails;         /* since the last useful one */
    uint32_t            marks;         /* NGX_DNS_MARK_* */
    uint64_t            retry;         /* msec: ejected until then */
    uint64_t            back;          /* msec: since when it is back; 0: it
                                          was never out */
    uint32_t            plain;         /* seconds: until then it is asked
                                          without EDNS */
    uint32_t            late;          /* asked beside since it last answered */
    uint32_t            trials;        /* since it is doubted */

    uint8_t             line[NGX_DNS_CACHELINE - 52];

    /* for people, and of active checks; where two processes race a count
       may be lost */
    uint64_t            probe;         /* msec: when the next one is due */
    uint64_t            checked;       /* seconds: the last one */
    uint64_t            changed;       /* seconds: the last change of state */
    uint32_t            reason;        /* of it: ngx_dns_reason_e, with
                                          NGX_DNS_PEER_CHECK; rcode or fault
                                          << 16 */
    uint32_t            passes;        /* checks in a row */
    uint32_t            misses;
    uint32_t            said_at;       /* the minute of the log */
    uint32_t            said;          /* lines in it */
    uint32_t            unsaid;        /* left out */
    uint32_t            fault;         /* what is wrong with TLS:
                                          ngx_dns_fault.h */
    uint32_t            loops;         /* the query of "loop" has come back */
    uint64_t            loop;          /* in its name: ngx_dns_loop.h in query/;
                                          0: none was sent */

    /* ngx_dns_peers_check() and zone init only */
    uint32_t            generation;    /* 0: never used */
    uint32_t            claim;         /* the attempt that takes it */
    int32_t             drift;         /* what the last check saw */
    uint32_t            drifts;        /* how often in a row */
    char                key[NGX_DNS_PEER_KEY];

    ngx_dns_seat_shm_t  seat;
    ngx_dns_peer_counters_t  base;     /* of a seat: what others before had */

    uint8_t             line3[24];
} ngx_dns_peer_shm_t;


typedef struct {
    uint32_t            layout;
    uint32_t            slots;
    uint32_t            generation;    /* of the configuration in use */
    uint32_t            attempt;       /* of the last one that was tried */
    uint64_t            unknown;       /* msec: when a process that found no
                                          row was last seen; 0: never */
    uint32_t            seats;         /* one more with each change of seats */

    uint8_t             line1[NGX_DNS_CACHELINE - 28];

    /* round robin: the next place in a group's sequence */
    uint32_t            ticket[2];

    uint8_t             line2[NGX_DNS_CACHELINE - 8];

    uint32_t            pid[NGX_DNS_PEER_PROCS];

    /*
     * ngx_dns_peer_shm_t  slot[slots];
     * uint32_t            row[NGX_DNS_PEER_PROCS][slots];  one writer each
     */
} ngx_dns_peers_shm_t;


/* 0 for a server that nothing is said of */

#define NGX_DNS_MARK_SICK     1        /* active checks say so */
#define NGX_DNS_MARK_DOWN     2        /* by hand: it gets nothing */
#define NGX_DNS_MARK_UP       4        /* by hand: whatever the configuration
                                          and the checks say */
#define NGX_DNS_MARK_LOOP     8        /* it leads back here */
#define NGX_DNS_MARK_FORCED   (NGX_DNS_MARK_DOWN|NGX_DNS_MARK_UP)


typedef struct ngx_dns_peer_s      ngx_dns_peer_t;
typedef struct ngx_dns_group_s     ngx_dns_group_t;
typedef struct ngx_dns_upstream_s  ngx_dns_upstream_t;
typedef struct ngx_dns_balancer_s  ngx_dns_balancer_t;
typedef struct ngx_dns_seats_s     ngx_dns_seats_t;

/* transport/: nothing of it is known here */

typedef struct ngx_dns_transport_s  ngx_dns_transport_t;
typedef struct ngx_dns_tls_s        ngx_dns_tls_t;


struct ngx_dns_peer_s {
    ngx_dns_peer_shm_t   *shm;
    uint32_t             *row;         /* this process's share of
                                          shm->outstanding; or NULL */
    ngx_dns_transport_t  *transport;   /* what it is asked over */
    void                 *channels[NGX_DNS_TRANSPORTS];
                                       /* each transport's own, of this worker;
                                          NULL: not used yet */
    ngx_dns_tls_t        *tls;         /* how it is known over TLS; or NULL */
    ngx_dns_peer_counters_t  *counters;    /* of this process */
    ngx_dns_metrics_id_t  metrics;

    ngx_dns_upstream_t   *upstream;
    ngx_str_t             name;        /* as configured, for people */
    struct sockaddr      *sockaddr;
    socklen_t             socklen;
    ngx_addr_t           *local;       /* it is asked from there; or NULL */

    uint32_t              weight;
    uint32_t              max_fails;   /* 0: never ejected */
    uint32_t              most_fails;  /* the same while there are others */
    ngx_msec_t            fail_timeout;
    ngx_msec_t            slow_start;          /* 0: at once */
    uint32_t              max_outstanding;     /* 0: no limit */
    uint32_t              index;       /* in its group */
    uint32_t              slot;

    /* responses in this process: see ngx_dns_peer_judge() */
    uint32_t              judged;
    uint32_t              refused;

    uint32_t              witnesses;   /* attempts of this process that have
                                          outlived their question */

    ngx_dns_seats_t      *seats;       /* it is one of these; or NULL */
    uint32_t              epoch;       /* of who sits there */
    ngx_msec_t            vacated;     /* since when nobody does */

    unsigned              backup:1;
    unsigned              down:1;
    unsigned              checked:1;   /* there are active checks */
    unsigned              vacant:1;    /* a seat without a server; "down" too */
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


/* what pays for attempts beyond the first */

typedef enum {
    NGX_DNS_ACCOUNT_LOSS = 0,          /* silence, and broken ways */
    NGX_DNS_ACCOUNT_FAILING,           /* names that a server fails to answer */
    NGX_DNS_ACCOUNTS,
    NGX_DNS_ACCOUNT_NONE = NGX_DNS_ACCOUNTS    /* the operator wants them */
} ngx_dns_account_e;


#define NGX_DNS_HEDGE_AUTO  0          /* by measured times */
#define NGX_DNS_HEDGE_OFF   ((ngx_msec_t) -1)


/* what to do when no server is usable */

typedef enum {
    NGX_DNS_ALL_DOWN_TRY = 0,          /* one of those that are not */
    NGX_DNS_ALL_DOWN_SERVFAIL,
    NGX_DNS_ALL_DOWN_REFUSE
} ngx_dns_all_down_e;


struct ngx_dns_upstream_s {
    ngx_str_t             name;
    ngx_dns_group_t       group[2];    /* primary, backup */
    ngx_array_t           peers;       /* of ngx_dns_peer_t */
    ngx_uint_t            live;        /* those that are not vacant */
    ngx_dns_balancer_t   *balancer;
    ngx_dns_peers_shm_t  *shm;
    ngx_uint_t            row;         /* of this process */
    uint32_t              generation;  /* of this configuration */
    ngx_dns_all_down_e    all_down;
    ngx_uint_t            ramps;       /* a server has slow_start */
    ngx_uint_t            used;        /* queries may be sent to it */
    ngx_msec_t            hedge;       /* another server is asked beside one
                                          that takes so long, or
                                          NGX_DNS_HEDGE_* */
    ngx_uint_t            race;        /* servers that are asked at once */
    ngx_uint_t            race_positive;
    ngx_msec_t            race_wait;   /* for a positive response */
    uint32_t              quick;       /* a response that takes so many
                                          microseconds is not slow yet:
                                          ngx_dns_peers_quick() */
    uint64_t              partition;   /* of its name: keeps its responses apart
                                          in a cache */

    /* connections over streams of a worker to each server */
    uint32_t              keepalive;   /* at most */
    uint32_t              keepalive_requests;  /* on each; 0: no limit */
    ngx_msec_t            keepalive_timeout;
    ngx_msec_t            keepalive_time;

    ngx_uint_t            unbound;     /* over TCP: "bind" failed, as was
                                          logged */

    void                 *key;         /* module/: the hash's key, or NULL */
    ngx_uint_t            by_client;   /* the key is not of the question
                                          alone: no joining */

    /* seats, in this process */
    uint32_t              seated;      /* shm->seats at the last look */
    ngx_uint_t            unseated;    /* somebody has to wait for a seat */
    ngx_uint_t            regroup;     /* the groups are old: no memory */
    uint64_t              expects;     /* msec: until then the first servers
                                          are waited for; 0: they are not */
    ngx_pool_t           *pool;        /* of the groups; NULL: those of the
                                          configuration */

    /* retries this process may make */
    uint32_t              budget[NGX_DNS_ACCOUNTS];
    uint32_t              budget_sec;  /* when it was last filled by time */
};


/* who may be picked beside the usable ones */

#define NGX_DNS_OPEN_EJECTED  1        /* what clients' queries found */
#define NGX_DNS_OPEN_ALL      2        /* and what health checks found */


/* what people want to know of a server */

typedef struct {
    ngx_uint_t            up;          /* gets queries */
    ngx_str_t             state;       /* "up", "slow start", "down",
                                          "ejected", "unhealthy" */
    ngx_str_t             reason;      /* of the last change; empty: none */
    time_t                changed;     /* 0: never */
    time_t                checked;     /* last health check; 0: never */
    uint32_t              rtt;         /* microseconds; 0: unknown */
    uint32_t              outstanding;
    uint32_t              fails;
    ngx_str_t             forced;      /* by hand: "up", "down"; empty: not */
    ngx_str_t             tls;         /* what is wrong with TLS; empty */
    u_char                text[NGX_DNS_PEER_TEXT];
} ngx_dns_peer_status_t;


#define NGX_DNS_PEER_CHECK  0x100      /* in "reason": a health check's */
#define NGX_DNS_PEER_HAND   0x200      /* in "reason": by hand, with what was
                                          set << 16 */


#pragma GCC visibility push(hidden)

/* octets of a zone's contents for so many servers, all of them replaced */
size_t ngx_dns_peers_size(ngx_uint_t servers);

/*
 * Marks a slot for each server, in the master, in a new zone (cleared memory
 * "shm" of "size" octets, which tell the number of slots) or one that an
 * earlier configuration used.  NGX_ERROR if the slots do not suffice.
 */
ngx_int_t ngx_dns_peers_init(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *shm,
    size_t size);

/* takes over what another zone knows of servers that are new in this one */
void ngx_dns_peers_inherit(ngx_dns_upstream_t *u, ngx_dns_peers_shm_t *from);

/* the marked slots are in use: the configuration is, from now on */
void ngx_dns_peers_commit(ngx_dns_upstream_t *u, ngx_msec_t now);

/*
 * A worker takes a row, after fork, and gives it back at its exit.
 * NGX_DECLINED: there is none left, so what it has outstanding when it is
 * killed stays counted.
 */
ngx_int_t ngx_dns_peers_attach(ngx_dns_upstream_t *u, ngx_msec_t now);
void ngx_dns_peers_detach(ngx_dns_upstream_t *u);

/* once in a second, by one worker for all ("settle"), and by each */
void ngx_dns_peers_check(ngx_dns_upstream_t *u, ngx_msec_t now,
    ngx_uint_t settle);

/* for peers/ */
ngx_dns_peer_shm_t *ngx_dns_peers_slot(ngx_dns_peers_shm_t *shm);

/*
 * Takes a place at the server for one query.  NGX_OK; NGX_DECLINED if it is
 * full, or if it is ejected and another query is already trying it.
 * "fail_open" is 0 or NGX_DNS_OPEN_*.
 */
ngx_int_t ngx_dns_peer_acquire(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_uint_t fail_open);

/* a useful response came, "rtt" microseconds after it was asked for */
void ngx_dns_peer_success(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t rtt,
    ngx_log_t *log);

/* the same for SERVFAIL, REFUSED and the like: the server is alive, no more */
void ngx_dns_peer_answered(ngx_dns_peer_t *peer, ngx_msec_t now,
    uint32_t rtt);

/* after that many responses: see ngx_dns_peer_judge() */
void ngx_dns_peer_window(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_log_t *log);

/*
 * It takes longer than its measured time, or than what is slow for the
 * upstream, and another server was asked beside it.  No failure: but where
 * that happens as often in a row as failures are allowed, others are preferred.
 * A tenth of a second later one query tries it, then after twice that, and so
 * on, at least each two seconds, until it answers in time or fails.
 */
void ngx_dns_peer_late(ngx_dns_peer_t *peer, ngx_msec_t now);

/*
 * No response, or a malformed one.  The last usable server of an upstream is
 * not ejected.
 */
void ngx_dns_peer_failure(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_reason_e reason, ngx_log_t *log);

/*
 * A handshake of TLS has succeeded, or "fault" was wrong (ngx_dns_fault.h):
 * counted, and said once.
 */
void ngx_dns_peer_handshake(ngx_dns_peer_t *peer, ngx_uint_t fault,
    ngx_uint_t resumed, ngx_log_t *log);

/*
 * The outcome of a health check, after "rtt" microseconds: NGX_DNS_FINE, or
 * what was wrong, with an rcode for NGX_DNS_ERCODE, a fault for NGX_DNS_ETLS.
 * After "fails" in a row the server is unhealthy, after "passes" it is not.
 * One that is only ejected is back with the first, or is tried by the next
 * query if it was slow.
 */
void ngx_dns_peer_checked(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_reason_e reason, ngx_uint_t rcode, uint32_t rtt,
    ngx_uint_t fails, ngx_uint_t passes, ngx_log_t *log);

/*
 * By hand: NGX_DNS_MARK_DOWN, NGX_DNS_MARK_UP, or 0, which leaves it to the
 * configuration, the checks and the queries again.  They begin anew.
 */
void ngx_dns_peer_force(ngx_dns_peer_t *peer, ngx_msec_t now, uint32_t mark);

/*
 * Queries to it come back to this nginx: it gets none, whatever "all_down"
 * says, and that is logged once.  Queries do not come back any more.
 */
void ngx_dns_peer_loops(ngx_dns_peer_t *peer, ngx_log_t *log);
void ngx_dns_peer_led(ngx_dns_peer_t *peer, ngx_msec_t now, ngx_log_t *log);

/* "clear", then "set", of the marks; returns what they were */
uint32_t ngx_dns_peer_mark(ngx_dns_peer_shm_t *shm, uint32_t clear,
    uint32_t set);

/* for status pages; it may be in the middle of a change */
void ngx_dns_peer_status(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_peer_status_t *status);

/*
 * Finds u->quick anew, from the measured times of the primary servers that are
 * in use; at the start of a worker and once in a second.
 */
void ngx_dns_peers_quick(ngx_dns_upstream_t *u, ngx_msec_t now);

/*
 * Takes an attempt of the account: NGX_OK, or NGX_DECLINED if it does not have
 * so much.
 */
ngx_int_t ngx_dns_peers_pay(ngx_dns_upstream_t *u, ngx_dns_account_e account,
    uint32_t sec);

#pragma GCC visibility pop


#define ngx_dns_count_peer(peer, name)                                        \
    ngx_dns_count_in((peer)->counters, name)


/* a newer configuration is in use: this process no longer says what is */

static ngx_inline ngx_uint_t
ngx_dns_peer_outdated(ngx_dns_peer_t *peer)
{
    return peer->upstream->generation
           != ngx_dns_load(&peer->upstream->shm->generation);
}


/* do checks, or a person, keep queries away? */

static ngx_inline ngx_uint_t
ngx_dns_peer_barred(ngx_dns_peer_t *peer)
{
    uint32_t  marks;

    marks = ngx_dns_load(&peer->shm->marks);

    return marks && (marks & NGX_DNS_MARK_UP) == 0;
}


/* does the configuration, or a person? */

static ngx_inline ngx_uint_t
ngx_dns_peer_down(ngx_dns_peer_t *peer)
{
    uint32_t  marks;

    marks = ngx_dns_load(&peer->shm->marks) & NGX_DNS_MARK_FORCED;

    return marks ? marks == NGX_DNS_MARK_DOWN : peer->down;
}


/* somebody else sits there: what this process finds out is of another */

static ngx_inline ngx_uint_t
ngx_dns_peer_replaced(ngx_dns_peer_t *peer)
{
    return peer->epoch != ngx_dns_load(&peer->shm->seat.epoch);
}


/* what "fail_open" (NGX_DNS_OPEN_*) lets pass of these */

static ngx_inline ngx_uint_t
ngx_dns_peer_refuses(ngx_dns_peer_t *peer, ngx_uint_t fail_open)
{
    uint32_t  marks;

    marks = ngx_dns_load(&peer->shm->marks);

    if ((marks & (NGX_DNS_MARK_DOWN|NGX_DNS_MARK_LOOP)) == 0
        && fail_open == NGX_DNS_OPEN_ALL)
    {
        return 0;
    }

    return marks && (marks & NGX_DNS_MARK_UP) == 0;
}


static ngx_inline ngx_uint_t
ngx_dns_peer_ejected(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    if (ngx_dns_peer_barred(peer)) {
        return 1;
    }

    return peer->max_fails
           && ngx_dns_load(&peer->shm->fails) >= peer->max_fails
           && (int64_t) (ngx_dns_load(&peer->shm->retry) - now) > 0;
}


/* each query adds "percent" of an attempt to both, and each second some */

static ngx_inline void
ngx_dns_peers_earn(ngx_dns_upstream_t *u, uint32_t percent)
{
    uint32_t  *b;

    b = u->budget;

    b[0] = ngx_min(b[0] + percent, NGX_DNS_BUDGET_MAX);
    b[1] = ngx_min(b[1] + percent, NGX_DNS_BUDGET_MAX);
}


/* RFC 6891, 7: was it found not to know EDNS, not long ago? */

static ngx_inline ngx_uint_t
ngx_dns_peer_plain(ngx_dns_peer_t *peer, uint32_t sec)
{
    uint32_t  plain;

    plain = ngx_dns_load(&peer->shm->plain);

    return plain != 0 && (int32_t) (plain - sec) > 0;
}


static ngx_inline void
ngx_dns_peer_set_plain(ngx_dns_peer_t *peer, uint32_t sec)
{
    if (!ngx_dns_peer_plain(peer, sec)) {
        ngx_dns_store(&peer->shm->plain, sec + NGX_DNS_PEER_PLAIN);
    }
}


/* which part of its share of NGX_DNS_PEER_FULL a server gets: slow_start */

static ngx_inline uint32_t
ngx_dns_peer_ramp(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    int64_t   passed;
    uint64_t  back;

    if (peer->slow_start == 0) {
        return NGX_DNS_PEER_FULL;
    }

    back = ngx_dns_load(&peer->shm->back);

    /* it may be later than this worker's clock */

    passed = (int64_t) (now - back);

    if (back == 0 || passed >= (int64_t) peer->slow_start) {
        return NGX_DNS_PEER_FULL;
    }

    return (uint32_t) ngx_max(passed * NGX_DNS_PEER_FULL
                              / (int64_t) peer->slow_start,
                              NGX_DNS_PEER_FULL / 100);
}


/* gives back the place that ngx_dns_peer_acquire() took */

static ngx_inline void
ngx_dns_peer_release(ngx_dns_peer_t *peer)
{
    if (peer->row) {
        ngx_dns_own_add(peer->row, -1);
    }

    (void) ngx_dns_add(&peer->shm->outstanding, (uint32_t) -1);
}


/*
 * "refused": it answered SERVFAIL or REFUSED, and another server had an
 * answer to the same question.  A server that does so with most questions is
 * left out.  A domain that no server can resolve says nothing of a server,
 * and one that only this server can't is a share of its responses.
 */

static ngx_inline void
ngx_dns_peer_judge(ngx_dns_peer_t *peer, ngx_msec_t now, ngx_uint_t refused,
    ngx_log_t *log)
{
    peer->refused += (uint32_t) refused;

    if (++peer->judged >= NGX_DNS_PEER_WINDOW) {
        ngx_dns_peer_window(peer, now, log);
    }
}


#endif /* _NGX_DNS_PEER_H_INCLUDED_ */

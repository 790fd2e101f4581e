
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Which server gets a query.  A method is a table of two functions in a file
 * of its own, ngx_dns_balance_*.c, and a line in ngx_dns_balancers[].  For
 * the query layer (pick) and module/ (init, lookup by name).  A pick reads
 * shared state, takes no lock and allocates nothing; it never sends.
 */


#ifndef _NGX_DNS_BALANCER_H_INCLUDED_
#define _NGX_DNS_BALANCER_H_INCLUDED_


#include "ngx_dns_peer.h"


typedef struct {
    ngx_msec_t         now;
    uint64_t           hash;          /* of the key, for hash */
    ngx_dns_peer_t   **tried;         /* those not to pick again */
    ngx_uint_t         ntried;
    ngx_uint_t         fail_open;     /* 0 or NGX_DNS_OPEN_* */
    uint32_t           draw;          /* of this pick: servers in slow start
                                         with less of a ramp are passed over */
} ngx_dns_pick_t;


/* prepares group->data; NGX_ERROR without memory */
typedef ngx_int_t (*ngx_dns_balancer_init_pt)(ngx_dns_group_t *group,
    ngx_pool_t *pool);

/* a usable server, not yet acquired, or NULL */
typedef ngx_dns_peer_t *(*ngx_dns_balancer_pick_pt)(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);


struct ngx_dns_balancer_s {
    ngx_str_t                 name;   /* words of the directive */
    ngx_dns_balancer_init_pt  init;   /* or NULL */
    ngx_dns_balancer_pick_pt  pick;
    ngx_uint_t                ordered;    /* earlier servers are preferred,
                                             slow or not */
};


#pragma GCC visibility push(hidden)

extern ngx_dns_balancer_t  ngx_dns_balance_rr;
extern ngx_dns_balancer_t  ngx_dns_balance_random;
extern ngx_dns_balancer_t  ngx_dns_balance_random_conn;
extern ngx_dns_balancer_t  ngx_dns_balance_random_time;
extern ngx_dns_balancer_t  ngx_dns_balance_sequential;
extern ngx_dns_balancer_t  ngx_dns_balance_conn;
extern ngx_dns_balancer_t  ngx_dns_balance_time;
extern ngx_dns_balancer_t  ngx_dns_balance_hash;
extern ngx_dns_balancer_t  ngx_dns_balance_chash;
extern ngx_dns_balancer_t  ngx_dns_balance_nearest;

/* ends with NULL */
extern ngx_dns_balancer_t  *ngx_dns_balancers[];

/* the method by the words of its directive, or NULL */
ngx_dns_balancer_t *ngx_dns_balancer_find(ngx_str_t *name);

/*
 * Sorts the servers of u->peers into groups and prepares the method; in the
 * master, while configuration is read.  NGX_DECLINED if the weights make a
 * sequence over NGX_DNS_MAX_SEQUENCE.
 */
ngx_int_t ngx_dns_balancer_init(ngx_dns_upstream_t *u, ngx_pool_t *pool);

/*
 * Picks and acquires a usable server: primary ones first, backup ones if none
 * of those is.  NULL if there is none.
 */
ngx_dns_peer_t *ngx_dns_balancer_pick_usable(ngx_dns_upstream_t *u,
    ngx_dns_pick_t *pick);

/*
 * The same where none is usable: an ejected server is better than none, and
 * where all fail their health checks, or for the first attempt, one that does,
 * too.
 */
ngx_dns_peer_t *ngx_dns_balancer_pick_down(ngx_dns_upstream_t *u,
    ngx_dns_pick_t *pick);

/* is there a server that would be usable if it had a place? */
ngx_uint_t ngx_dns_balancer_full(ngx_dns_upstream_t *u, ngx_msec_t now);

/*
 * Acquires this server, whatever is known of it, but for its "down" and its
 * limit.  NULL if that is not possible, or if it was tried.
 */
ngx_dns_peer_t *ngx_dns_balancer_only(ngx_dns_peer_t *peer,
    ngx_dns_pick_t *pick);

/* for the methods: ngx_dns_balancer_turn.c */

/* the next usable server by smooth weighted round robin */
ngx_dns_peer_t *ngx_dns_balancer_next(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);

/* a usable server by chance, according to weight */
ngx_dns_peer_t *ngx_dns_balancer_chance(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);

/* a usable server other than "first" by chance; NULL if there is none */
ngx_dns_peer_t *ngx_dns_balancer_other(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick, ngx_dns_peer_t *first);

/*
 * Its smoothed time of response in microseconds, 0 if it is not known; one that
 * was not measured again counts half after each 10 s.
 */
uint32_t ngx_dns_balancer_time(ngx_dns_peer_t *peer, ngx_msec_t now);

/* is "a" less loaded than "b"? by outstanding queries; and by time, too */
ngx_uint_t ngx_dns_balancer_fewer(ngx_dns_peer_t *a, ngx_dns_peer_t *b);
ngx_uint_t ngx_dns_balancer_faster(ngx_dns_peer_t *a, ngx_dns_peer_t *b,
    ngx_msec_t now);

#pragma GCC visibility pop


/*
 * It may be a little under zero between two steps of others, and where one that
 * was stopped in between goes on after it was settled.
 */

static ngx_inline uint32_t
ngx_dns_balancer_outstanding(const ngx_dns_peer_t *peer)
{
    uint32_t  n;

    n = ngx_dns_load(&peer->shm->outstanding);

    return (int32_t) n < 0 ? 0 : n;
}


/* a usable server, or what "all_down" lets be tried without one */

static ngx_inline ngx_dns_peer_t *
ngx_dns_balancer_pick(ngx_dns_upstream_t *u, ngx_dns_pick_t *pick)
{
    ngx_dns_peer_t  *peer;

    peer = ngx_dns_balancer_pick_usable(u, pick);

    if (peer || u->all_down != NGX_DNS_ALL_DOWN_TRY) {
        return peer;
    }

    return ngx_dns_balancer_pick_down(u, pick);
}


static ngx_inline ngx_uint_t
ngx_dns_balancer_usable(ngx_dns_peer_t *peer, ngx_dns_pick_t *pick)
{
    ngx_uint_t  i;

    for (i = 0; i < pick->ntried; i++) {
        if (pick->tried[i] == peer) {
            return 0;
        }
    }

    if (peer->down && ngx_dns_peer_down(peer)) {
        return 0;
    }

    if (peer->max_outstanding
        && ngx_dns_balancer_outstanding(peer) >= peer->max_outstanding)
    {
        return 0;
    }

    if (pick->fail_open) {
        return !ngx_dns_peer_refuses(peer, pick->fail_open);
    }

    return !ngx_dns_peer_ejected(peer, pick->now)
           && (pick->draw == 0
               || pick->draw <= ngx_dns_peer_ramp(peer, pick->now));
}


#endif /* _NGX_DNS_BALANCER_H_INCLUDED_ */

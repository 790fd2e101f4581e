
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Servers that come and go while nginx runs.  A line of the configuration that
 * stands for servers whose addresses are found later has a number of seats,
 * which are servers of the upstream as others are, with a slot each.  Who sits
 * where is in the slots.  For module/, which finds the addresses; knows no
 * resolver, sends nothing, waits for nobody.
 *
 * One process at a time writes: ngx_dns_seats_set().  A server that stays keeps
 * its seat, and so all of its state.  A new one takes the seat that has been
 * empty for longest: there are twice as many seats as servers, so that what is
 * outstanding at the one before has ended.  Its "epoch" tells the two apart.
 *
 * All processes look at "seats" of the zone, and take over what has changed:
 * ngx_dns_seats_apply().  So the address of a server is the process's own, and
 * changes between two events only.  A record of shared memory is copied, and
 * counts if its sum is right: one that a dead process has left half written is
 * none, and is written again by the process that goes on with the work.
 */


#ifndef _NGX_DNS_SEAT_H_INCLUDED_
#define _NGX_DNS_SEAT_H_INCLUDED_


#include "ngx_dns_peer.h"


#define NGX_DNS_SEATS_SERVERS  16      /* of a line, at most */
#define NGX_DNS_SEATS          (2 * NGX_DNS_SEATS_SERVERS)

/* milliseconds after which a seat is taken, whatever is outstanding there */

#define NGX_DNS_SEAT_DRAIN     5000


/* what a line says of all its servers */

struct ngx_dns_seats_s {
    ngx_dns_upstream_t   *upstream;
    ngx_uint_t            first;       /* of upstream->peers; then ... */
    ngx_uint_t            n;           /* ... so many */
    ngx_str_t             scheme;      /* before their addresses, in names */
    ngx_addr_t           *local;       /* they are asked from there; or NULL */
    ngx_uint_t            down;
};


/* who is to have a seat */

typedef struct {
    ngx_sockaddr_t        addr;
    socklen_t             socklen;
    uint32_t              weight;
    ngx_uint_t            backup;
    ngx_uint_t            seated;      /* for ngx_dns_seats_set() */
} ngx_dns_guest_t;


typedef struct {
    ngx_uint_t            came;
    ngx_uint_t            went;
    ngx_uint_t            changed;     /* weight, or whether it is a backup */
} ngx_dns_seats_change_t;


/* a server of this process has gone: nothing new goes to its address */

typedef void (*ngx_dns_seats_left_pt)(ngx_dns_peer_t *peer);


#pragma GCC visibility push(hidden)

/* for peers/: a copy; NGX_DECLINED if it is torn */
ngx_int_t ngx_dns_seat_read(ngx_dns_peer_shm_t *slot,
    ngx_dns_seat_shm_t *seat);

/*
 * The process that does it: "n" guests, NGX_DNS_SEATS_SERVERS at most, no two
 * with one address, have the seats from now on; with "stay" nobody leaves.
 * "metrics" may be NULL.
 */
void ngx_dns_seats_set(ngx_dns_seats_t *s, ngx_dns_guest_t *guests,
    ngx_uint_t n, ngx_uint_t stay, ngx_dns_metrics_shm_t *metrics,
    ngx_dns_seats_change_t *change);

/* who sits there, in the memory of all: their number, up to "s->n" */
ngx_uint_t ngx_dns_seats_get(ngx_dns_seats_t *s, ngx_dns_guest_t *guests);

/*
 * Each process, often: who has changed in shared memory?  "left" is called for
 * those who have gone.  NGX_OK; NGX_ERROR without memory, then it is tried
 * again by the next call.
 */
ngx_int_t ngx_dns_seats_apply(ngx_dns_upstream_t *u, ngx_msec_t now,
    ngx_dns_seats_left_pt left, ngx_log_t *log);

/* counters of who sits there now, from those of the slot */
void ngx_dns_seat_counters(ngx_dns_peer_t *peer,
    ngx_dns_peer_counters_t *sum);

#pragma GCC visibility pop


#endif /* _NGX_DNS_SEAT_H_INCLUDED_ */

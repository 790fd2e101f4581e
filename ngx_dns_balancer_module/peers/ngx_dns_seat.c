
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_seat.h"
#include "ngx_dns_address.h"
#include "../base/ngx_dns_hash.h"


static void ngx_dns_seat_write(ngx_dns_peer_shm_t *slot,
    ngx_dns_seat_shm_t *seat);
static uint64_t ngx_dns_seat_sum(ngx_dns_seat_shm_t *seat);
static ngx_uint_t ngx_dns_seat_holds(ngx_dns_seat_shm_t *seat,
    ngx_dns_guest_t *guest);
static ngx_uint_t ngx_dns_seats_keep(ngx_dns_peer_shm_t *slot,
    ngx_dns_guest_t *guests, ngx_uint_t n, ngx_dns_seats_change_t *change);
static ngx_dns_peer_t *ngx_dns_seats_empty(ngx_dns_seats_t *s);
static void ngx_dns_seats_take(ngx_dns_seats_t *s, ngx_dns_peer_t *peer,
    ngx_dns_guest_t *guest, ngx_dns_metrics_shm_t *metrics);
static void ngx_dns_seats_reset(ngx_dns_peer_shm_t *slot);


ngx_int_t
ngx_dns_seat_read(ngx_dns_peer_shm_t *slot, ngx_dns_seat_shm_t *seat)
{
    uint64_t    *from, *to;
    ngx_uint_t   i;

    from = (uint64_t *) (void *) &slot->seat;
    to = (uint64_t *) (void *) seat;

    for (i = 0; i < sizeof(ngx_dns_seat_shm_t) / sizeof(uint64_t); i++) {
        to[i] = ngx_dns_load(&from[i]);
    }

    if (seat->sum == 0 && seat->epoch == 0 && seat->weight == 0) {
        return NGX_OK;
    }

    return seat->sum == ngx_dns_seat_sum(seat)
           && seat->socklen <= sizeof(seat->addr) ? NGX_OK : NGX_DECLINED;
}


static void
ngx_dns_seat_write(ngx_dns_peer_shm_t *slot, ngx_dns_seat_shm_t *seat)
{
    uint64_t    *from, *to;
    ngx_uint_t   i;

    seat->sum = ngx_dns_seat_sum(seat);

    from = (uint64_t *) (void *) seat;
    to = (uint64_t *) (void *) &slot->seat;

    for (i = 0; i < sizeof(ngx_dns_seat_shm_t) / sizeof(uint64_t); i++) {
        ngx_dns_store(&to[i], from[i]);
    }
}


/* against halves of two records, not against people */

static uint64_t
ngx_dns_seat_sum(ngx_dns_seat_shm_t *seat)
{
    static const ngx_dns_hash_key_t  key = { 0x646e735f73656174ULL, 1 };

    return ngx_dns_hash(&key, (u_char *) &seat->since,
                        sizeof(ngx_dns_seat_shm_t)
                        - offsetof(ngx_dns_seat_shm_t, since), 0);
}


static ngx_uint_t
ngx_dns_seat_holds(ngx_dns_seat_shm_t *seat, ngx_dns_guest_t *guest)
{
    return ngx_dns_address_same((struct sockaddr *) (void *) seat->addr,
                                seat->socklen, &guest->addr.sockaddr,
                                guest->socklen);
}


void
ngx_dns_seats_set(ngx_dns_seats_t *s, ngx_dns_guest_t *guests, ngx_uint_t n,
    ngx_uint_t stay, ngx_dns_metrics_shm_t *metrics,
    ngx_dns_seats_change_t *change)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_seat_shm_t   seat;

    ngx_memzero(change, sizeof(ngx_dns_seats_change_t));

    for (i = 0; i < n; i++) {
        guests[i].seated = 0;
    }

    peer = s->upstream->peers.elts;
    peer += s->first;

    for (i = 0; i < s->n; i++) {

        if (ngx_dns_seat_read(peer[i].shm, &seat) != NGX_OK) {

            /* its writer is dead: nobody sits there */

            seat.epoch = ngx_dns_load(&peer[i].shm->seat.epoch) + 1;

        } else if (seat.weight == 0
                   || ngx_dns_seats_keep(peer[i].shm, guests, n, change)
                   || stay)
        {
            continue;

        } else {
            change->went++;
        }

        seat.weight = 0;
        seat.socklen = 0;
        seat.since = ngx_current_msec;

        ngx_dns_seat_write(peer[i].shm, &seat);
    }

    for (i = 0; i < n; i++) {

        if (guests[i].seated) {
            continue;
        }

        peer = ngx_dns_seats_empty(s);

        if (peer == NULL) {
            break;
        }

        ngx_dns_seats_take(s, peer, &guests[i], metrics);
        change->came++;
    }

    /* also where nothing has changed: another may have died before this */

    (void) ngx_dns_add(&s->upstream->shm->seats, 1);
}


static ngx_uint_t
ngx_dns_seats_keep(ngx_dns_peer_shm_t *slot, ngx_dns_guest_t *guests,
    ngx_uint_t n, ngx_dns_seats_change_t *change)
{
    ngx_uint_t          i;
    ngx_dns_seat_shm_t  seat;

    (void) ngx_dns_seat_read(slot, &seat);

    for (i = 0; i < n; i++) {

        if (guests[i].seated || !ngx_dns_seat_holds(&seat, &guests[i])) {
            continue;
        }

        guests[i].seated = 1;

        if (seat.weight != guests[i].weight || seat.backup != guests[i].backup)
        {
            seat.weight = guests[i].weight;
            seat.backup = (uint32_t) guests[i].backup;

            ngx_dns_seat_write(slot, &seat);
            change->changed++;
        }

        return 1;
    }

    return 0;
}


/* the one that has been so for longest */

static ngx_dns_peer_t *
ngx_dns_seats_empty(ngx_dns_seats_t *s)
{
    uint64_t             since;
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer, *best;
    ngx_dns_seat_shm_t   seat;

    peer = s->upstream->peers.elts;
    peer += s->first;

    best = NULL;
    since = 0;

    for (i = 0; i < s->n; i++) {

        if (ngx_dns_seat_read(peer[i].shm, &seat) == NGX_OK
            && seat.weight == 0
            && (best == NULL || seat.since < since))
        {
            best = &peer[i];
            since = seat.since;
        }
    }

    return best;
}


static void
ngx_dns_seats_take(ngx_dns_seats_t *s, ngx_dns_peer_t *peer,
    ngx_dns_guest_t *guest, ngx_dns_metrics_shm_t *metrics)
{
    ngx_dns_seat_shm_t        seat;
    ngx_dns_peer_counters_t   sum;

    if (metrics) {
        ngx_dns_metrics_sum_peer(metrics, peer->metrics.slot, &sum);
        ngx_memcpy(&peer->shm->base, &sum, sizeof(ngx_dns_peer_counters_t));
    }

    (void) ngx_dns_seat_read(peer->shm, &seat);

    /* those who are still at the address before have no word from here on */

    seat.epoch++;
    ngx_dns_store(&peer->shm->seat.epoch, seat.epoch);

    ngx_dns_seats_reset(peer->shm);

    seat.weight = guest->weight;
    seat.backup = (uint32_t) guest->backup;
    seat.since = ngx_current_msec;
    seat.socklen = (uint32_t) guest->socklen;

    ngx_memzero(seat.addr, sizeof(seat.addr));
    ngx_memcpy(seat.addr, &guest->addr, guest->socklen);

    ngx_dns_seat_write(peer->shm, &seat);
}


/* nothing is known of it; what is outstanding belongs to who has it */

static void
ngx_dns_seats_reset(ngx_dns_peer_shm_t *slot)
{
    ngx_dns_store(&slot->rtt, 0);
    ngx_dns_store(&slot->rttvar, 0);
    ngx_dns_store(&slot->rtt_msec, 0);
    ngx_dns_store(&slot->fails, 0);
    ngx_dns_store(&slot->marks, 0);
    ngx_dns_store(&slot->retry, 0);
    ngx_dns_store(&slot->back, 0);
    ngx_dns_store(&slot->plain, 0);
    ngx_dns_store(&slot->late, 0);
    ngx_dns_store(&slot->trials, 0);
    ngx_dns_store(&slot->probe, 0);
    ngx_dns_store(&slot->checked, 0);
    ngx_dns_store(&slot->changed, 0);
    ngx_dns_store(&slot->reason, 0);
    ngx_dns_store(&slot->passes, 0);
    ngx_dns_store(&slot->misses, 0);
    ngx_dns_store(&slot->said, 0);
    ngx_dns_store(&slot->unsaid, 0);
    ngx_dns_store(&slot->fault, 0);
    ngx_dns_store(&slot->loop, 0);
}


ngx_uint_t
ngx_dns_seats_get(ngx_dns_seats_t *s, ngx_dns_guest_t *guests)
{
    ngx_uint_t           i, n;
    ngx_dns_peer_t      *peer;
    ngx_dns_seat_shm_t   seat;

    n = 0;
    peer = s->upstream->peers.elts;
    peer += s->first;

    for (i = 0; i < s->n; i++) {

        if (ngx_dns_seat_read(peer[i].shm, &seat) != NGX_OK
            || seat.weight == 0)
        {
            continue;
        }

        ngx_memcpy(&guests[n].addr, seat.addr, seat.socklen);
        guests[n].socklen = seat.socklen;
        guests[n].weight = seat.weight;
        guests[n].backup = seat.backup;
        guests[n++].seated = 1;
    }

    return n;
}


/* rows of dead processes go on, and a zone of counters may be a new one */

void
ngx_dns_seat_counters(ngx_dns_peer_t *peer, ngx_dns_peer_counters_t *sum)
{
    uint64_t    *n, *base;
    ngx_uint_t   i;

    if (peer->seats == NULL) {
        return;
    }

    n = (uint64_t *) (void *) sum;
    base = (uint64_t *) (void *) &peer->shm->base;

    for (i = 0; i < sizeof(ngx_dns_peer_counters_t) / sizeof(uint64_t); i++) {
        if (n[i] >= ngx_dns_load(&base[i])) {
            n[i] -= ngx_dns_load(&base[i]);
        }
    }
}

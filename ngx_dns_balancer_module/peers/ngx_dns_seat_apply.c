
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_seat.h"
#include "ngx_dns_address.h"
#include "ngx_dns_balancer.h"


#define NGX_DNS_SEATS_POOL  4096


static ngx_uint_t ngx_dns_seat_apply(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_seats_left_pt left);
static ngx_uint_t ngx_dns_seat_busy(ngx_dns_peer_t *peer, ngx_msec_t now);
static void ngx_dns_seat_occupy(ngx_dns_peer_t *peer,
    ngx_dns_seat_shm_t *seat);
static ngx_int_t ngx_dns_seats_regroup(ngx_dns_upstream_t *u, ngx_log_t *log);
static void ngx_dns_seats_level(ngx_dns_upstream_t *u);


ngx_int_t
ngx_dns_seats_apply(ngx_dns_upstream_t *u, ngx_msec_t now,
    ngx_dns_seats_left_pt left, ngx_log_t *log)
{
    uint32_t         seats;
    ngx_uint_t       i, changed;
    ngx_dns_peer_t  *peer;

    seats = ngx_dns_load(&u->shm->seats);

    /* seats may be others' in a newer configuration */

    if ((seats == u->seated && !u->unseated && !u->regroup)
        || u->generation != ngx_dns_load(&u->shm->generation))
    {
        return NGX_OK;
    }

    u->unseated = 0;
    changed = u->regroup;
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].seats) {
            changed |= ngx_dns_seat_apply(&peer[i], now, left);
        }
    }

    u->seated = seats;
    u->regroup = changed && ngx_dns_seats_regroup(u, log) != NGX_OK;

    if (u->live) {
        u->expects = 0;
    }

    return u->regroup ? NGX_ERROR : NGX_OK;
}


/* 1: the groups are others now */

static ngx_uint_t
ngx_dns_seat_apply(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_seats_left_pt left)
{
    ngx_uint_t          changed;
    ngx_dns_seat_shm_t  seat;

    if (ngx_dns_seat_read(peer->shm, &seat) != NGX_OK) {
        return 0;
    }

    changed = 0;

    if (!peer->vacant && (seat.weight == 0 || seat.epoch != peer->epoch)) {
        peer->vacant = 1;
        peer->down = 1;
        peer->vacated = now;
        changed = 1;

        left(peer);
    }

    if (seat.weight == 0) {
        return changed;
    }

    if (peer->vacant) {

        if (ngx_dns_seat_busy(peer, now)) {
            peer->upstream->unseated = 1;
            return changed;
        }

        ngx_dns_seat_occupy(peer, &seat);
        changed = 1;
    }

    if (peer->weight != seat.weight || peer->backup != seat.backup) {
        peer->weight = seat.weight;
        peer->backup = seat.backup != 0;
        changed = 1;
    }

    return changed;
}


/* does a query of this process still wait for who sat there before? */

static ngx_uint_t
ngx_dns_seat_busy(ngx_dns_peer_t *peer, ngx_msec_t now)
{
    return peer->row && ngx_dns_load(peer->row)
           && now - peer->vacated < NGX_DNS_SEAT_DRAIN;
}


static void
ngx_dns_seat_occupy(ngx_dns_peer_t *peer, ngx_dns_seat_shm_t *seat)
{
    u_char  *p;

    ngx_memcpy(peer->sockaddr, seat->addr, seat->socklen);
    peer->socklen = seat->socklen;

    p = peer->name.data;
    p = ngx_cpymem(p, peer->seats->scheme.data, peer->seats->scheme.len);
    p = ngx_dns_address_text(p, peer->sockaddr, peer->socklen);

    peer->name.len = p - peer->name.data;
    peer->local = peer->seats->local;
    peer->epoch = seat->epoch;
    peer->judged = 0;
    peer->refused = 0;
    peer->vacant = 0;
    peer->down = peer->seats->down;
}


/*
 * The groups are made anew in a pool of their own.  Where there is no memory
 * the old ones stay: who has left is "down" in them.
 */

static ngx_int_t
ngx_dns_seats_regroup(ngx_dns_upstream_t *u, ngx_log_t *log)
{
    ngx_int_t         rc;
    ngx_pool_t       *pool;
    ngx_dns_group_t   group[2];

    pool = ngx_create_pool(NGX_DNS_SEATS_POOL, log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(group, u->group, sizeof(group));

    rc = ngx_dns_balancer_init(u, pool);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "dns upstream \"%V\": the weights have a sum over %d "
                      "after division by their common divisor, those of "
                      "resolved servers are taken as 1",
                      &u->name, NGX_DNS_MAX_SEQUENCE);

        ngx_dns_seats_level(u);
        rc = ngx_dns_balancer_init(u, pool);
    }

    if (rc != NGX_OK) {
        ngx_memcpy(u->group, group, sizeof(group));
        ngx_destroy_pool(pool);
        return NGX_ERROR;
    }

    if (u->pool) {
        ngx_destroy_pool(u->pool);
    }

    u->pool = pool;

    return NGX_OK;
}


static void
ngx_dns_seats_level(ngx_dns_upstream_t *u)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].seats) {
            peer[i].weight = 1;
        }
    }
}

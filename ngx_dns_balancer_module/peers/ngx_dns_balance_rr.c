
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_balancer.h"
#include "../base/ngx_dns_clock.h"


/*
 * A server of many would get one query of a batch, and that query would cost
 * system calls of its own, there and back.  So it gets a few of them in a row,
 * and passes over as many of its next turns.  If all that are looked at have
 * some left to pass over, the one with the fewest is taken.
 */

#define NGX_DNS_RR_MANY   64            /* servers, and more */
#define NGX_DNS_RR_RUN    16          /* queries of one batch, at most */
#define NGX_DNS_RR_DRAWS  16


typedef struct {
    uint64_t         batch;             /* its time */
    ngx_uint_t       left;              /* queries of it for the server */
    ngx_uint_t       index;             /* which server */
    uint16_t        *ahead;             /* turns each has had, of this worker */
} ngx_dns_rr_t;


static ngx_int_t ngx_dns_balance_rr_init(ngx_dns_group_t *group,
    ngx_pool_t *pool);
static ngx_dns_peer_t *ngx_dns_balance_rr_pick(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_dns_peer_t *ngx_dns_balance_rr_more(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);
static ngx_dns_peer_t *ngx_dns_balance_rr_next(ngx_dns_group_t *group,
    ngx_dns_pick_t *pick);


ngx_dns_balancer_t  ngx_dns_balance_rr = {
    ngx_string("round_robin"),
    ngx_dns_balance_rr_init,
    ngx_dns_balance_rr_pick,
    0
};


static ngx_int_t
ngx_dns_balance_rr_init(ngx_dns_group_t *group, ngx_pool_t *pool)
{
    ngx_dns_rr_t  *rr;

    group->data = NULL;

    if (group->n < NGX_DNS_RR_MANY) {
        return NGX_OK;
    }

    rr = ngx_pcalloc(pool, sizeof(ngx_dns_rr_t)
                           + group->n * sizeof(uint16_t));
    if (rr == NULL) {
        return NGX_ERROR;
    }

    rr->ahead = (uint16_t *) &rr[1];
    group->data = rr;

    return NGX_OK;
}


static ngx_dns_peer_t *
ngx_dns_balance_rr_pick(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    ngx_dns_rr_t    *rr;
    ngx_dns_peer_t  *peer;

    rr = group->data;

    if (rr == NULL || pick->ntried) {
        return ngx_dns_balancer_next(group, pick);
    }

    if (rr->left && rr->batch == ngx_dns_usec) {
        peer = ngx_dns_balance_rr_more(group, pick);

        if (peer) {
            return peer;
        }
    }

    return ngx_dns_balance_rr_next(group, pick);
}


/*
 * The server of the run once more, or NULL.  What was drawn for its turn, in
 * slow start, decided about all of the run.
 */

static ngx_dns_peer_t *
ngx_dns_balance_rr_more(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t         draw;
    ngx_uint_t       usable;
    ngx_dns_rr_t    *rr;
    ngx_dns_peer_t  *peer;

    rr = group->data;
    peer = group->peers[rr->index];

    draw = pick->draw;
    pick->draw = 0;

    usable = ngx_dns_balancer_usable(peer, pick);

    pick->draw = draw;

    if (!usable) {
        return NULL;
    }

    rr->left--;
    rr->ahead[rr->index]++;

    return peer;
}


static ngx_dns_peer_t *
ngx_dns_balance_rr_next(ngx_dns_group_t *group, ngx_dns_pick_t *pick)
{
    uint32_t         n;
    ngx_uint_t       i, k, least;
    ngx_dns_rr_t    *rr;
    ngx_dns_peer_t  *peer;

    rr = group->data;
    least = group->n;

    for (i = 0; i < NGX_DNS_RR_DRAWS; i++) {
        n = ngx_dns_add(group->ticket, 1);
        k = group->sequence[n % group->length];
        peer = group->peers[k];

        /* in slow start a turn that is not the server's pays for nothing */

        if ((rr->ahead[k] == 0 || pick->draw)
            && !ngx_dns_balancer_usable(peer, pick))
        {
            continue;
        }

        if (rr->ahead[k] == 0) {
            least = k;
            break;
        }

        rr->ahead[k]--;

        if (least == group->n || rr->ahead[k] < rr->ahead[least]) {
            least = k;
        }
    }

    rr->batch = ngx_dns_usec;
    rr->left = NGX_DNS_RR_RUN - 1;
    rr->index = least;

    if (i < NGX_DNS_RR_DRAWS) {
        return group->peers[least];
    }

    if (least < group->n
        && ngx_dns_balancer_usable(group->peers[least], pick))
    {
        rr->ahead[least]++;
        return group->peers[least];
    }

    rr->left = 0;

    return ngx_dns_balancer_chance(group, pick);
}

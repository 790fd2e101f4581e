
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_race.h"
#include "ngx_dns_keep.h"


static ngx_uint_t ngx_dns_race_live(ngx_dns_inflight_t *f);


void
ngx_dns_race_begin(ngx_dns_inflight_t *f, ngx_dns_event_pt handler)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    u = f->upstream;

    if (u->race < 2 || f->racing || f->only) {
        return;
    }

    f->racing = 1;
    f->race_end = ngx_current_msec + u->race_wait;

    if (f->limit < u->race) {
        f->limit = (uint8_t) ngx_min(u->live, u->race);
    }

    while (f->racing < u->race
           && ngx_dns_ask_next(f, NGX_DNS_ACCOUNT_NONE, handler) == NGX_OK)
    {
        f->racing++;
    }

    if (f->racing == 1) {
        return;
    }

    /* none of these is asked for another's being late */

    for (i = f->first; i < f->tries; i++) {
        ngx_dns_inflight_attempt(f, i)->beside = NGX_DNS_BESIDE_RACE;
    }
}


ngx_uint_t
ngx_dns_race_holds(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, size_t len)
{
    if (!f->upstream->race_positive || f->racing < 2
        || (m->rcode == NGX_DNS_NOERROR && m->answers != 0)
        || !ngx_dns_race_live(f)
        || (ngx_msec_int_t) (f->race_end - ngx_current_msec) <= 0)
    {
        return 0;
    }

    if (f->holds && !ngx_dns_race_better(f, m)) {
        return 1;
    }

    return ngx_dns_keep(f, msg, len) == NGX_OK;
}


/* may another server of this upstream still answer in its time? */

static ngx_uint_t
ngx_dns_race_live(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = f->first; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && !a->silent) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_dns_race_better(const ngx_dns_inflight_t *f, const ngx_dns_message_t *m)
{
    return m->rcode == NGX_DNS_NOERROR
           && (m->answers
               || (ngx_dns_get16(f->kept + NGX_DNS_OFF_FLAGS) & NGX_DNS_RCODE)
                  == NGX_DNS_NXDOMAIN);
}

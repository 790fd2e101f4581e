
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_life_end.h"
#include "ngx_dns_response.h"
#include "ngx_dns_cached.h"
#include "ngx_dns_stage.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


static ngx_dns_reason_e ngx_dns_life_end_reason(ngx_dns_inflight_t *f,
    ngx_uint_t shutdown);
static void ngx_dns_life_end_message(ngx_dns_inflight_t *f,
    ngx_dns_reason_e reason, ngx_dns_message_t *m);
static void ngx_dns_life_end_respond(ngx_dns_inflight_t *f,
    const ngx_dns_message_t *m, const u_char *msg, ngx_dns_reason_e reason);
static void ngx_dns_life_end_waiter(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w,
    const ngx_dns_message_t *m, const u_char *msg, ngx_dns_reason_e reason);
static void ngx_dns_life_end_logged(ngx_dns_inflight_t *f,
    ngx_dns_waiter_t *w, ngx_dns_logged_t *logged);


void
ngx_dns_life_end_good(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg)
{
    const ngx_dns_lean_t  *lean;

    if (f->policy->minimal) {
        lean = ngx_dns_response_minimal(f, m, msg);
        m = &lean->m;
        msg = lean->msg;
    }

    if (f->policy->cache) {
        ngx_dns_cached_store(f, m, msg);
    }

    ngx_dns_life_end_respond(f, m, msg, NGX_DNS_FINE);
}


/* nothing is stored: a fallback that failed may have said otherwise */

void
ngx_dns_life_end_kept(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg)
{
    if (f->has_stale) {
        ngx_dns_life_end_stale(f);
    }

    ngx_dns_cached_unclaim(f);
    ngx_dns_life_end_respond(f, m, msg, NGX_DNS_FINE);
}


void
ngx_dns_life_end_failed(ngx_dns_inflight_t *f, ngx_uint_t shutdown)
{
    ngx_dns_reason_e   reason;
    ngx_dns_message_t  m;

    /* a response past its end is worth more than any failure */

    if (f->has_stale) {
        ngx_dns_life_end_stale(f);
    }

    reason = ngx_dns_life_end_reason(f, shutdown);

    ngx_dns_life_end_message(f, reason, &m);

    if (shutdown) {
        ngx_dns_cached_unclaim(f);

    } else {
        ngx_dns_cached_failed(f, &m);
    }

    ngx_dns_life_end_respond(f, &m, NULL, reason);
}


static ngx_dns_reason_e
ngx_dns_life_end_reason(ngx_dns_inflight_t *f, ngx_uint_t shutdown)
{
    if (shutdown) {
        return NGX_DNS_ESHUTDOWN;
    }

    if (f->outcome == NGX_DNS_OUTCOME_NONE
        && f->upstream->all_down == NGX_DNS_ALL_DOWN_REFUSE)
    {
        return NGX_DNS_EDOWN;
    }

    return ngx_dns_outcome_reason(f->outcome);
}


/* what the client gets: the rcode of a server if one gave any */

static void
ngx_dns_life_end_message(ngx_dns_inflight_t *f, ngx_dns_reason_e reason,
    ngx_dns_message_t *m)
{
    ngx_memzero(m, sizeof(ngx_dns_message_t));

    if (reason == NGX_DNS_ERCODE || reason == NGX_DNS_ECUT) {
        m->rcode = f->best.rcode;
        m->flags = f->best.flags;
        m->ede = f->best.ede;
        m->edns = f->best.edns;
        return;
    }

    m->rcode = ngx_dns_reasons[reason].rcode;
    m->ede = ngx_dns_reasons[reason].ede;
    m->edns = 1;
}


static void
ngx_dns_life_end_respond(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg, ngx_dns_reason_e reason)
{
    ngx_dns_waiter_t  *w, *next;

    ngx_dns_timer_del(&f->timer);

    if (f->stale.set) {
        ngx_dns_timer_del(&f->stale);
    }

    ngx_dns_inflight_unlink(f);

    for (w = f->waiters; w; w = next) {
        next = w->next;

        ngx_dns_life_end_waiter(f, w, m, msg, reason);
        ngx_dns_inflight_leave(w);
    }

    f->waiters = NULL;
}


static void
ngx_dns_life_end_waiter(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w,
    const ngx_dns_message_t *m, const u_char *msg, ngx_dns_reason_e reason)
{
    size_t             sent;
    uint16_t           answers;
    ngx_dns_source_e   source;
    ngx_dns_asker_t    asker;
    ngx_dns_logged_t   logged;
    ngx_dns_message_t  failed;

    source = NGX_DNS_SOURCE_UPSTREAM;

    if (reason == NGX_DNS_FINE) {
        goto answer;
    }

    ngx_dns_count(reason[reason]);

    if (reason != NGX_DNS_ERCODE) {
        source = NGX_DNS_SOURCE_ERROR;
    }

    if (reason == NGX_DNS_ECUT && !w->client.bounded) {

        /* it can't come again by a better way */

        ngx_memzero(&failed, sizeof(ngx_dns_message_t));
        failed.rcode = ngx_dns_reasons[reason].rcode;
        failed.ede = ngx_dns_reasons[reason].ede;

        m = &failed;

    } else if (reason == NGX_DNS_ERCODE && !m->edns
               && (m->rcode == NGX_DNS_FORMERR || m->rcode == NGX_DNS_NOTIMP))
    {
        /* RFC 6891, 7: an OPT would say that EDNS was understood */

        w->asked.edns = 0;
    }

answer:

    ngx_dns_response_asker(&asker, f, w, source);

    sent = ngx_dns_response_send(&asker, m, msg, &answers);

    if (w->conf->listener.points & NGX_DNS_AT_END) {
        ngx_dns_life_end_logged(f, w, &logged);

        logged.sent = sent;
        logged.rcode = m->rcode;
        logged.answers = answers;
        logged.reason = reason;
        logged.peer = f->peer;
        logged.cache_status = w->stale ? NGX_DNS_CACHE_STATUS_EXPIRED
                              : f->policy->cache ? NGX_DNS_CACHE_STATUS_MISS
                                               : NGX_DNS_CACHE_STATUS_BYPASS;

        ngx_dns_stage_end(&logged);
    }
}


void
ngx_dns_life_end_stale(ngx_dns_inflight_t *f)
{
    size_t              sent;
    ngx_dns_waiter_t   *w, **p;
    ngx_dns_logged_t    logged;
    ngx_dns_message_t   m;

    p = &f->waiters;

    while (*p) {
        w = *p;

        sent = w->stale ? ngx_dns_cached_stale(f, w, &m) : 0;

        if (sent == 0) {

            /* there was none, or it was evicted meanwhile */

            w->stale = 0;
            p = &w->next;
            continue;
        }

        *p = w->next;

        if (w->conf->listener.points & NGX_DNS_AT_END) {
            ngx_dns_life_end_logged(f, w, &logged);

            logged.sent = sent;
            logged.rcode = m.rcode;
            logged.answers = m.answers;
            logged.cache_status = NGX_DNS_CACHE_STATUS_STALE;

            ngx_dns_stage_end(&logged);
        }

        ngx_dns_inflight_leave(w);
    }

    f->last = p;
}


static void
ngx_dns_life_end_logged(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w,
    ngx_dns_logged_t *logged)
{
    ngx_dns_logged_fill(logged, w->conf, &w->client, &w->asked, w->name);

    logged->received = w->received;
    logged->zone = f->zone;
    logged->upstream = f->peer ? f->peer->upstream : f->upstream;
    logged->tries = f->tries;
    logged->upstream_usec = ngx_dns_usec - f->start_usec;
    logged->start_usec = w->start_usec;
    logged->start_msec = w->start_msec;
}

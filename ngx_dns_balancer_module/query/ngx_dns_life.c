
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_life.h"
#include "ngx_dns_fallback.h"
#include "ngx_dns_keep.h"
#include "ngx_dns_life_end.h"
#include "ngx_dns_life_over.h"
#include "ngx_dns_race.h"
#include "ngx_dns_verdict.h"
#include "../base/ngx_dns_clock.h"
#include "../store/ngx_dns_metrics.h"


typedef void (*ngx_dns_life_pt)(ngx_dns_inflight_t *f);


static void ngx_dns_life_event(ngx_dns_inflight_t *f,
    ngx_dns_life_event_e event);

/* what is done, and which state that leads to */

static void ngx_dns_life_never(ngx_dns_inflight_t *f);
static void ngx_dns_life_ask(ngx_dns_inflight_t *f);
static void ngx_dns_life_beside(ngx_dns_inflight_t *f);
static void ngx_dns_life_wait(ngx_dns_inflight_t *f);
static void ngx_dns_life_hold(ngx_dns_inflight_t *f);
static void ngx_dns_life_fall(ngx_dns_inflight_t *f);
static void ngx_dns_life_give_up(ngx_dns_inflight_t *f);
static void ngx_dns_life_end(ngx_dns_inflight_t *f);

static ngx_inline void ngx_dns_life_settle(ngx_dns_inflight_t *f) ngx_dns_hot;
static void ngx_dns_life_timer_handler(ngx_dns_timer_t *timer);
static void ngx_dns_life_stale(ngx_dns_inflight_t *f);
static void ngx_dns_life_stale_handler(ngx_dns_timer_t *timer);
static void ngx_dns_life_attempt_handler(ngx_dns_attempt_t *attempt,
    ngx_dns_event_e event, u_char *msg, size_t len);
static void ngx_dns_life_idle_handler(ngx_dns_inflight_t *f);
static void ngx_dns_life_abort_handler(ngx_dns_inflight_t *f);


#define never    ngx_dns_life_never
#define ask      ngx_dns_life_ask
#define beside   ngx_dns_life_beside
#define wait     ngx_dns_life_wait
#define hold     ngx_dns_life_hold
#define fall     ngx_dns_life_fall
#define give_up  ngx_dns_life_give_up
#define end      ngx_dns_life_end
#define late     ngx_dns_life_late

static const ngx_dns_life_pt
ngx_dns_life_table[NGX_DNS_LIFE_STATES][NGX_DNS_LIFE_EVENTS] = {

    /*            START  GOOD   HOLD   NEGATIVE  NEXT   FINAL  PATIENCE  END  */

    /* FRESH */   { ask,   never, never, never,    never, never, never,
                    give_up },
    /* ASKING */  { never, end,   hold,  fall,     ask,   wait,  beside,
                    give_up },
    /* WAITING */ { never, end,   hold,  fall,     ask,   wait,  wait,
                    give_up },
    /* OVER */    { never, late,  late,  late,     late,  late,  never,
                    late    }
};

#undef never
#undef ask
#undef beside
#undef wait
#undef hold
#undef fall
#undef give_up
#undef end
#undef late


/* of this worker: what the event that is being handled is about */

static ngx_dns_verdict_t  ngx_dns_life_verdict;


void
ngx_dns_life_start(ngx_dns_inflight_t *f)
{
    ngx_dns_upstream_t  *u;

    u = f->upstream;

    ngx_dns_peers_earn(u, f->policy->budget);

    f->state = NGX_DNS_LIFE_FRESH;
    f->tries = 0;
    f->servers = 0;
    f->repeats = 0;
    f->live = 0;
    f->first = 0;
    f->spare = 0;
    f->fallen = 0;
    f->limit = (uint8_t) ngx_min(u->live, f->policy->tries);
    f->outcome = NGX_DNS_OUTCOME_NONE;
    f->said = NGX_DNS_OUTCOME_NONE;
    f->peer = NULL;
    f->deadline = ngx_current_msec + f->policy->next_timeout;

    if (f->special) {
        f->racing = 0;
        f->holds = 0;
        f->spare = (uint8_t) f->zone->fallbacks;
        f->limit = f->only ? 1 : f->limit;
    }

    f->timer.handler = ngx_dns_life_timer_handler;
    f->timer.data = f;

    if (f->has_stale) {
        ngx_dns_life_stale(f);
    }

    ngx_dns_life_verdict.account = NGX_DNS_ACCOUNT_LOSS;
    ngx_dns_life_event(f, NGX_DNS_LIFE_START);
}


static void
ngx_dns_life_event(ngx_dns_inflight_t *f, ngx_dns_life_event_e event)
{
    ngx_dns_life_table[f->state][event](f);
}


/* no transport and no timer does that */

static void
ngx_dns_life_never(ngx_dns_inflight_t *f)
{
    ngx_log_error(NGX_LOG_ALERT, f->policy->log, 0,
                  "dns question in state %d met an impossible event",
                  (int) f->state);
}


void
ngx_dns_life_joined(ngx_dns_inflight_t *f, ngx_dns_waiter_t *w)
{
    ngx_dns_waiter_t  *first;

    first = f->waiters;

    if (w->stale) {

        if (!f->has_stale) {
            f->has_stale = 1;
            ngx_dns_life_stale(f);
        }

        if (f->stale_due) {
            ngx_dns_life_end_stale(f);
            return;
        }
    }

    /*
     * A client that sends the same query again does so since nothing has come;
     * with another ID it may be many clients behind one socket, or a pipeline
     */

    if (f->state == NGX_DNS_LIFE_ASKING && first != w
        && w->asked.id == first->asked.id
        && ngx_cmp_sockaddr(ngx_dns_client_source(&w->client),
                            w->client.socklen,
                            ngx_dns_client_source(&first->client),
                            first->client.socklen, 1)
           == NGX_OK
        && ngx_current_msec - first->start_msec >= NGX_DNS_PATIENCE_MIN)
    {
        ngx_dns_life_verdict.account = NGX_DNS_ACCOUNT_LOSS;
        ngx_dns_life_event(f, NGX_DNS_LIFE_PATIENCE);
    }
}


/* the next server, if there is one, or the wait for those asked already */

static void
ngx_dns_life_ask(ngx_dns_inflight_t *f)
{
    if (ngx_dns_ask_next(f, ngx_dns_life_verdict.account,
                         ngx_dns_life_attempt_handler)
        == NGX_OK)
    {
        if (f->special) {
            ngx_dns_race_begin(f, ngx_dns_life_attempt_handler);
        }

        ngx_dns_life_settle(f);
        return;
    }

    if (f->upstream->expects && ngx_dns_ask_expects(f)) {
        f->state = NGX_DNS_LIFE_ASKING;
        ngx_dns_life_arm(f);
        return;
    }

    ngx_dns_life_wait(f);
}


/*
 * Another server beside those that are late, or a late one again; or the first
 * one, where there was none yet
 */

static void
ngx_dns_life_beside(ngx_dns_inflight_t *f)
{
    ngx_int_t                    rc;
    ngx_uint_t                   i, n;
    ngx_dns_inflight_attempt_t  *a;

    n = f->tries;

    if (n == 0) {
        f->limit = (uint8_t) ngx_min(f->upstream->live, f->policy->tries);
        ngx_dns_life_ask(f);
        return;
    }

    rc = ngx_dns_ask_beside(f, ngx_dns_life_attempt_handler);

    if (rc != NGX_OK) {
        rc = ngx_dns_ask_again(f, ngx_dns_life_attempt_handler);
    }

    if (rc == NGX_AGAIN) {

        /* nothing is late as long as its stream lives */

        ngx_dns_life_wait(f);
        return;
    }

    if (rc != NGX_OK) {

        /* whatever the reason: else patience would be over again at once */

        f->limit = f->servers;
        f->repeats = NGX_DNS_ASK_AGAIN;
    }

    for (i = 0; i < n; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (!a->live || a->beside || a->silent) {
            continue;
        }

        a->beside = NGX_DNS_BESIDE_LATE;

        if (f->tries > n && f->tried[n] != a->attempt.peer) {
            ngx_dns_count_peer(a->attempt.peer, hedges);
        }

        ngx_dns_peer_late(a->attempt.peer, ngx_current_msec);
    }

    ngx_dns_life_wait(f);
}


/* for those asked already; if there are none, it ends */

static void
ngx_dns_life_wait(ngx_dns_inflight_t *f)
{
    ngx_uint_t                   i;
    ngx_dns_inflight_attempt_t  *a;

    for (i = 0; i < f->tries; i++) {
        a = ngx_dns_inflight_attempt(f, i);

        if (a->live && !a->silent) {
            ngx_dns_life_settle(f);
            return;
        }
    }

    ngx_dns_life_give_up(f);
}


/* a response is waited for: may another be asked when patience is over? */

static ngx_inline void
ngx_dns_life_settle(ngx_dns_inflight_t *f)
{
    f->state = (f->policy->next & NGX_DNS_NEXT_TIMEOUT)
               && ngx_dns_ask_may_beside(f)
               ? NGX_DNS_LIFE_ASKING : NGX_DNS_LIFE_WAITING;

    ngx_dns_life_arm(f);
}


static void
ngx_dns_life_timer_handler(ngx_dns_timer_t *timer)
{
    ngx_uint_t           silent;
    ngx_dns_inflight_t  *f;

    f = timer->data;

    ngx_dns_clock_update();

    silent = ngx_dns_attempt_expire(f);

    ngx_dns_life_verdict.account = NGX_DNS_ACCOUNT_LOSS;

    if (f->state == NGX_DNS_LIFE_OVER
        || (ngx_msec_int_t) (f->deadline - ngx_current_msec) <= 0)
    {
        ngx_dns_life_event(f, NGX_DNS_LIFE_END);

    } else if (silent) {
        ngx_dns_life_event(f, f->policy->next & NGX_DNS_NEXT_TIMEOUT
                              ? NGX_DNS_LIFE_NEXT : NGX_DNS_LIFE_FINAL);

    } else if ((ngx_msec_int_t) (f->patience - ngx_current_msec) <= 0) {
        ngx_dns_life_event(f, NGX_DNS_LIFE_PATIENCE);

    } else {
        ngx_dns_life_arm(f);
    }
}


static void
ngx_dns_life_stale(ngx_dns_inflight_t *f)
{
    f->stale.handler = ngx_dns_life_stale_handler;
    f->stale.data = f;

    ngx_dns_timer_add(&f->stale, f->policy->stale_after);
}


/*
 * RFC 8767, 5: the client response timer.  The question goes on, so that the
 * cache gets a new response.
 */

static void
ngx_dns_life_stale_handler(ngx_dns_timer_t *timer)
{
    ngx_dns_inflight_t  *f;

    f = timer->data;

    ngx_dns_clock_update();

    f->stale_due = 1;

    ngx_dns_life_end_stale(f);

    if (f->waiters == NULL && ngx_exiting) {
        ngx_dns_life_abort_handler(f);
    }
}


ngx_dns_inflight_t *
ngx_dns_life_question(const ngx_dns_attempt_t *attempt)
{
    return attempt->handler == ngx_dns_life_attempt_handler ? attempt->data
                                                            : NULL;
}


static void
ngx_dns_life_attempt_handler(ngx_dns_attempt_t *attempt, ngx_dns_event_e event,
    u_char *msg, size_t len)
{
    ngx_dns_verdict_t           *v;
    ngx_dns_outcome_e            outcome;
    ngx_dns_inflight_t          *f;
    ngx_dns_life_event_e         what;
    ngx_dns_inflight_attempt_t  *a;

    f = attempt->data;
    a = (ngx_dns_inflight_attempt_t *) attempt;
    v = &ngx_dns_life_verdict;

    v->account = NGX_DNS_ACCOUNT_LOSS;

    if (event == NGX_DNS_EVENT_SOFT) {

        /* a hint that the way is broken, no more: it may still answer */

        if (f->state == NGX_DNS_LIFE_ASKING) {
            ngx_dns_life_event(f, NGX_DNS_LIFE_PATIENCE);
        }

        return;
    }

    outcome = ngx_dns_attempt_take(a, event, msg, len, &v->m);

    if (outcome == NGX_DNS_OUTCOME_NONE) {
        return;
    }

    if (ngx_dns_outcome_ends(outcome)) {

        if (f->tries > 1) {
            ngx_dns_attempt_judge(f);
        }

        v->msg = msg;
        what = NGX_DNS_LIFE_GOOD;

        if (f->state != NGX_DNS_LIFE_OVER) {
            f->peer = attempt->peer;

            /* else it can be nothing but good */

            if (f->special
                && (f->upstream->race > 1 || f->fallback || f->fallen))
            {
                what = ngx_dns_verdict_good(f, a, len, v);
            }
        }

        ngx_dns_life_event(f, what);
        return;
    }

    if (f->state != NGX_DNS_LIFE_OVER) {
        ngx_dns_attempt_note(f, outcome, &v->m, attempt->peer);
    }

    ngx_dns_life_event(f, ngx_dns_verdict_failed(f, a, outcome, v));
}


/* another server that races may have more than a denial */

static void
ngx_dns_life_hold(ngx_dns_inflight_t *f)
{
    if (!f->holds) {
        f->holds = 1;
        f->held = f->deadline;

        if ((ngx_msec_int_t) (f->race_end - f->deadline) < 0) {
            f->deadline = f->race_end;
        }
    }

    ngx_dns_life_arm(f);
}


/* to the next upstream of the chain, which may have more than a denial */

static void
ngx_dns_life_fall(ngx_dns_inflight_t *f)
{
    if (ngx_dns_fallback_next(f, ngx_dns_life_verdict.on) != NGX_OK) {
        ngx_dns_life_end(f);
        return;
    }

    ngx_dns_life_verdict.account = NGX_DNS_ACCOUNT_LOSS;
    ngx_dns_life_ask(f);
}


/* with a response of use */

static void
ngx_dns_life_end(ngx_dns_inflight_t *f)
{
    ngx_dns_life_end_good(f, &ngx_dns_life_verdict.m,
                          ngx_dns_life_verdict.msg);
    ngx_dns_life_over(f);
}


/* this upstream: to the next one of the chain, or with the best there is */

static void
ngx_dns_life_give_up(ngx_dns_inflight_t *f)
{
    ngx_dns_message_t     m;
    ngx_dns_life_event_e  what;

    if (f->special && f->holds) {
        what = ngx_dns_verdict_held(f, &ngx_dns_life_verdict);

        if (what != NGX_DNS_LIFE_FINAL) {
            ngx_dns_life_event(f, what);
            return;
        }
    }

    if (f->special
        && ngx_dns_fallback_next(f, ngx_dns_fallback_outcome(f)) == NGX_OK)
    {
        ngx_dns_life_ask(f);
        return;
    }

    if (f->kept && ngx_dns_keep_get(f, &m) == NGX_OK) {
        ngx_dns_life_end_kept(f, &m, f->kept);
        ngx_dns_life_over(f);
        return;
    }

    if (f->live) {

        /* its time is not over, but that of the question is */

        ngx_dns_attempt_note(f, NGX_DNS_OUTCOME_SILENT, NULL,
                             f->tried[f->tries - 1]);
    }

    ngx_dns_life_end_failed(f, 0);
    ngx_dns_life_over(f);
}


void
ngx_dns_life_abort(ngx_uint_t all)
{
    ngx_dns_inflight_each(all ? ngx_dns_life_abort_handler
                              : ngx_dns_life_idle_handler);

    if (all || ngx_exiting) {
        ngx_dns_life_over_abort();
    }
}


static void
ngx_dns_life_idle_handler(ngx_dns_inflight_t *f)
{
    if (f->waiters == NULL) {
        ngx_dns_life_abort_handler(f);
    }
}


static void
ngx_dns_life_abort_handler(ngx_dns_inflight_t *f)
{
    ngx_dns_message_t  m;

    if (f->kept && ngx_dns_keep_get(f, &m) == NGX_OK) {
        ngx_dns_life_end_kept(f, &m, f->kept);

    } else {
        ngx_dns_life_end_failed(f, 1);
    }

    ngx_dns_life_over(f);
}

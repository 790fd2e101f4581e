
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_peer_text.h"
#include "../base/ngx_dns_fault.h"
#include "../store/ngx_dns_desk.h"


/* lines of the log in a minute; the rest is counted */

#define NGX_DNS_PEER_LINES  6


static ngx_uint_t ngx_dns_peer_state(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_str_t *state);


void
ngx_dns_peer_say(ngx_dns_peer_t *peer, ngx_log_t *log, const char *fmt, ...)
{
    u_char               text[NGX_MAX_ERROR_STR / 4], *p, *last;
    va_list              args;
    uint32_t             minute, unsaid;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;
    minute = (uint32_t) (ngx_current_msec / 60000);

    unsaid = 0;

    /* that of a worker whose clock is behind may be the one before */

    if ((int32_t) (minute - ngx_dns_load(&shm->said_at)) > 0) {
        ngx_dns_store(&shm->said_at, minute);
        ngx_dns_store(&shm->said, 0);
        unsaid = ngx_dns_xchg(&shm->unsaid, 0);
    }

    if (ngx_dns_add(&shm->said, 1) >= NGX_DNS_PEER_LINES) {
        (void) ngx_dns_add(&shm->unsaid, 1);
        return;
    }

    last = text + sizeof(text) - 1;

    va_start(args, fmt);
    p = ngx_vslprintf(text, last, fmt, args);
    va_end(args);

    if (unsaid) {
        p = ngx_slprintf(p, last, ", %uD changes before this were not logged",
                         unsaid);
    }

    *p = '\0';

    ngx_log_error(NGX_LOG_WARN, log, 0, "dns upstream \"%V\": server %V %s",
                  &peer->upstream->name, &peer->name, text);
}


u_char *
ngx_dns_peer_reason(u_char *p, u_char *last, uint32_t reason)
{
    uint32_t  rcode;

    static const char  *rcodes[] = { "NOERROR", "FORMERR", "SERVFAIL",
                                     "NXDOMAIN", "NOTIMP", "REFUSED" };

    if (reason == (NGX_DNS_ETLS | (reason & 0xffff0000))) {
        return ngx_slprintf(p, last, "TLS failed, %s",
                            ngx_dns_fault_text(reason >> 16));
    }

    if (reason & NGX_DNS_PEER_HAND) {
        return ngx_slprintf(p, last, "%s",
                            (reason >> 16) ? "set by hand"
                                           : "no longer set by hand");
    }

    if (reason == NGX_DNS_FINE) {
        return ngx_slprintf(p, last, "answers again");
    }

    if ((reason & NGX_DNS_PEER_CHECK) == 0) {
        return ngx_slprintf(p, last, "%s",
                            ngx_dns_reasons[reason & 0xff].text);
    }

    rcode = reason >> 16;

    switch (reason & 0xff) {

    case NGX_DNS_FINE:
        return ngx_slprintf(p, last, "health check passed");

    case NGX_DNS_ETIMEOUT:
        return ngx_slprintf(p, last, "health check timed out");

    case NGX_DNS_ENETWORK:
        return ngx_slprintf(p, last,
                            "health check failed, server is unreachable");

    case NGX_DNS_ETLS:
        return ngx_slprintf(p, last, "TLS of the health check failed, %s",
                            ngx_dns_fault_text(rcode));

    case NGX_DNS_EANSWER:
        return ngx_slprintf(p, last, "malformed answer to the health check");

    default:
        return rcode < 6
               ? ngx_slprintf(p, last, "health check was answered with %s",
                              rcodes[rcode])
               : ngx_slprintf(p, last, "health check was answered with "
                                       "rcode %uD", rcode);
    }
}


/* in words; returns 1 if it gets queries */

static ngx_uint_t
ngx_dns_peer_state(ngx_dns_peer_t *peer, ngx_msec_t now, ngx_str_t *state)
{
    uint32_t             marks;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;
    marks = ngx_dns_load(&shm->marks);

    if (ngx_dns_peer_down(peer)) {
        ngx_str_set(state, "down");
        return 0;
    }

    if (marks && (marks & NGX_DNS_MARK_FORCED) == 0) {
        ngx_str_set(state, "unhealthy");
        return 0;
    }

    if (peer->max_fails
        && (ngx_dns_load(&shm->fails) & ~NGX_DNS_PEER_DOUBTED)
           >= peer->max_fails)
    {
        /* after fail_timeout, too: until it has answered */

        ngx_str_set(state, "ejected");
        return 0;
    }

    if (ngx_dns_peer_ramp(peer, now) < NGX_DNS_PEER_FULL) {
        ngx_str_set(state, "slow start");

    } else {
        ngx_str_set(state, "up");
    }

    return 1;
}


void
ngx_dns_peer_changed(ngx_dns_peer_t *peer, const char *state)
{
    u_char     text[NGX_DNS_PEER_TEXT];
    ngx_str_t  word, reason;

    ngx_dns_store(&peer->shm->changed, (uint64_t) ngx_time());

    if (state) {
        word.data = (u_char *) state;
        word.len = ngx_strlen(state);

    } else {
        (void) ngx_dns_peer_state(peer, ngx_current_msec, &word);
    }

    reason.data = text;
    reason.len = ngx_dns_peer_reason(text, text + NGX_DNS_PEER_TEXT,
                                     ngx_dns_load(&peer->shm->reason))
                 - text;

    ngx_dns_desk_note(&peer->upstream->name, &peer->name, &word, &reason);
}


void
ngx_dns_peer_status(ngx_dns_peer_t *peer, ngx_msec_t now,
    ngx_dns_peer_status_t *status)
{
    u_char              *p;
    ngx_dns_peer_shm_t  *shm;

    shm = peer->shm;

    status->up = ngx_dns_peer_state(peer, now, &status->state);

    ngx_str_null(&status->forced);

    if (ngx_dns_load(&shm->marks) & NGX_DNS_MARK_FORCED) {
        ngx_str_set(&status->forced, "up");

        if (ngx_dns_peer_down(peer)) {
            ngx_str_set(&status->forced, "down");
        }
    }

    status->changed = (time_t) ngx_dns_load(&shm->changed);
    status->checked = (time_t) ngx_dns_load(&shm->checked);
    status->rtt = ngx_dns_load(&shm->rtt);
    status->outstanding = ngx_dns_load(&shm->outstanding);

    /* between two steps of others it may be a little under zero */

    if ((int32_t) status->outstanding < 0) {
        status->outstanding = 0;
    }

    status->fails = ngx_dns_load(&shm->fails)
                    & ~(NGX_DNS_PEER_REFUSES | NGX_DNS_PEER_DOUBTED);

    status->tls.data = (u_char *) ngx_dns_fault_text(ngx_dns_load(&shm->fault));
    status->tls.len = ngx_strlen(status->tls.data);

    p = status->text;

    if (status->changed) {
        p = ngx_dns_peer_reason(p, p + NGX_DNS_PEER_TEXT,
                                ngx_dns_load(&shm->reason));
    }

    status->reason.data = status->text;
    status->reason.len = p - status->text;
}

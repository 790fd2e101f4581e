
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "../peers/ngx_dns_address.h"


/* milliseconds until the next try after the first failure, and at most */

#define NGX_STREAM_DNS_NAMES_RETRY  1000
#define NGX_STREAM_DNS_NAMES_LONG   10000

#define NGX_STREAM_DNS_NAMES_MARGIN  10       /* milliseconds */

/* weights of SRV over it are made smaller, all of them */

#define NGX_STREAM_DNS_NAMES_WEIGHT  1000

/* beside the states of nginx's resolver: no address is one of a server */

#define NGX_STREAM_DNS_NAMES_USELESS  100


static void ngx_stream_dns_names_done(ngx_resolver_ctx_t *ctx);
static ngx_int_t ngx_stream_dns_names_found(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx);
static void ngx_stream_dns_names_round(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx, ngx_uint_t seated);
static ngx_uint_t ngx_stream_dns_names_guest(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx, ngx_uint_t i, ngx_dns_guest_t *guest);
static ngx_uint_t ngx_stream_dns_names_seated(ngx_stream_dns_source_t *src,
    ngx_dns_guest_t *guest);
static ngx_uint_t ngx_stream_dns_names_partial(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx);
static void ngx_stream_dns_names_failed(ngx_stream_dns_source_t *src,
    ngx_int_t state);
static void ngx_stream_dns_names_retry(ngx_stream_dns_source_t *src);
static ngx_msec_t ngx_stream_dns_names_ttl(time_t valid);


void
ngx_stream_dns_names_handler(ngx_event_t *ev)
{
    ngx_resolver_ctx_t       *ctx;
    ngx_stream_dns_source_t  *src;

    src = ev->data;

    if (!ngx_stream_dns_seats_held(src)) {
        return;
    }

    ctx = ngx_resolve_start(src->us->resolver, NULL);

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        ngx_stream_dns_names_retry(src);
        return;
    }

    ctx->name = src->host;
    ctx->service = src->service;
    ctx->handler = ngx_stream_dns_names_done;
    ctx->data = src;
    ctx->timeout = src->us->resolver_timeout;
    ctx->cancelable = 1;

    src->ctx = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        src->ctx = NULL;
        ngx_stream_dns_names_retry(src);
    }
}


static void
ngx_stream_dns_names_done(ngx_resolver_ctx_t *ctx)
{
    time_t                    valid;
    ngx_int_t                 state;
    ngx_stream_dns_source_t  *src;

    src = ctx->data;
    src->ctx = NULL;

    state = ctx->state;
    valid = ctx->valid;

    if (state == NGX_OK && ngx_stream_dns_seats_held(src)
        && ngx_stream_dns_names_found(src, ctx) != NGX_OK)
    {
        state = NGX_STREAM_DNS_NAMES_USELESS;
    }

    ngx_resolve_name_done(ctx);

    if (!ngx_stream_dns_seats_held(src)) {
        return;
    }

    if (state != NGX_OK) {
        ngx_stream_dns_names_failed(src, state);
        return;
    }

    if (src->said) {
        ngx_log_error(NGX_LOG_NOTICE, src->event.log, 0,
                      "dns upstream \"%V\": \"%V\" is resolved again",
                      &src->us->upstream.name, &src->text);
    }

    src->fails = 0;
    src->said = 0;

    ngx_stream_dns_seats_settle(src->us, src->event.log);
    ngx_stream_dns_seats_apply(src->us, src->event.log);

    ngx_add_timer(&src->event, ngx_stream_dns_names_ttl(valid));
}


/*
 * Until the resolver no longer has it: its clock has seconds, and ours is not
 * exactly the one of timers
 */

static ngx_msec_t
ngx_stream_dns_names_ttl(time_t valid)
{
    int64_t      msec;
    ngx_time_t  *tp;

    tp = ngx_timeofday();
    msec = (int64_t) (valid + 1 - tp->sec) * 1000 - (int64_t) tp->msec
           + NGX_STREAM_DNS_NAMES_MARGIN;

    return (ngx_msec_t) ngx_max(msec, NGX_STREAM_DNS_NAMES_RETRY);
}


/*
 * Of too many those come first that are servers already.  NGX_DECLINED if none
 * of the addresses can be that of a server: what was known still is.
 */

static ngx_int_t
ngx_stream_dns_names_found(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx)
{
    ngx_uint_t       n, stay;
    ngx_dns_guest_t  guests[NGX_DNS_SEATS];

    n = src->n;
    ngx_memcpy(guests, src->guests, sizeof(guests));

    src->n = 0;
    src->over = src->over ? 1 : 0;

    ngx_stream_dns_names_round(src, ctx, 1);
    ngx_stream_dns_names_round(src, ctx, 0);

    if (src->over == 1) {
        src->over = 0;
    }

    stay = ngx_stream_dns_names_partial(src, ctx);

    if (src->n == 0 && !stay) {
        src->n = n;
        ngx_memcpy(src->guests, guests, sizeof(guests));
        return NGX_DECLINED;
    }

    src->known = 1;
    src->stay = stay;

    return NGX_OK;
}


static void
ngx_stream_dns_names_round(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx, ngx_uint_t seated)
{
    ngx_uint_t       i;
    ngx_dns_guest_t  guest;

    for (i = 0; i < ctx->naddrs; i++) {
        if (ngx_stream_dns_names_guest(src, ctx, i, &guest)
            && ngx_stream_dns_names_seated(src, &guest) == seated)
        {
            (void) ngx_stream_dns_seats_found(src, &guest, src->event.log);
        }
    }
}


/* RFC 2782: lower numbers of a priority go before; 0 if it is left out */

static ngx_uint_t
ngx_stream_dns_names_guest(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx, ngx_uint_t i, ngx_dns_guest_t *guest)
{
    u_short               first, most;
    ngx_uint_t            k;
    ngx_resolver_addr_t  *addr;

    addr = &ctx->addrs[i];

    ngx_memzero(guest, sizeof(ngx_dns_guest_t));

    guest->socklen = addr->socklen;
    guest->weight = src->weight;
    guest->backup = src->backup;

    ngx_memcpy(&guest->addr, addr->sockaddr, addr->socklen);

    if (src->service.len == 0) {
        ngx_inet_set_port(&guest->addr.sockaddr, src->port);
        return 1;
    }

    first = addr->priority;
    most = addr->weight;

    for (k = 0; k < ctx->naddrs; k++) {
        first = ngx_min(first, ctx->addrs[k].priority);
        most = ngx_max(most, ctx->addrs[k].weight);
    }

    if (src->weight == 1) {
        guest->weight = addr->weight;

        if (most > NGX_STREAM_DNS_NAMES_WEIGHT) {
            guest->weight = guest->weight * NGX_STREAM_DNS_NAMES_WEIGHT / most;
        }

        guest->weight = ngx_max(guest->weight, 1);
    }

    if (addr->priority == first) {
        return 1;
    }

    guest->backup = 1;

    return !src->backup;
}


static ngx_uint_t
ngx_stream_dns_names_seated(ngx_stream_dns_source_t *src,
    ngx_dns_guest_t *guest)
{
    ngx_uint_t       i, n;
    ngx_dns_guest_t  seated[NGX_DNS_SEATS];

    n = ngx_dns_seats_get(&src->seats, seated);

    for (i = 0; i < n; i++) {
        if (ngx_dns_address_same(&seated[i].addr.sockaddr, seated[i].socklen,
                                 &guest->addr.sockaddr, guest->socklen))
        {
            return 1;
        }
    }

    return 0;
}


/*
 * The addresses of a target of SRV were not to be had: since it is not known
 * which of the servers were its, all stay.
 */

static ngx_uint_t
ngx_stream_dns_names_partial(ngx_stream_dns_source_t *src,
    ngx_resolver_ctx_t *ctx)
{
    ngx_int_t                  state;
    ngx_uint_t                 i;
    ngx_resolver_srv_name_t   *srv;

    for (i = 0; i < ctx->nsrvs; i++) {
        srv = &ctx->srvs[i];
        state = srv->state;

        if (state == NGX_OK || state == NGX_RESOLVE_NXDOMAIN) {
            continue;
        }

        if (!src->stay) {
            ngx_log_error(NGX_LOG_ERR, src->event.log, 0,
                          "dns upstream \"%V\": target \"%V\" of \"%V\" could "
                          "not be resolved (%i: %s), old servers stay",
                          &src->us->upstream.name, &srv->name, &src->text,
                          state, ngx_resolver_strerror(state));
        }

        return 1;
    }

    return 0;
}


/*
 * A name without an address has no servers.  But the last servers of an
 * upstream stay: it is worth more to try them than to have none.
 */

static void
ngx_stream_dns_names_failed(ngx_stream_dns_source_t *src, ngx_int_t state)
{
    ngx_uint_t       n, last;
    ngx_dns_guest_t  seated[NGX_DNS_SEATS];

    n = ngx_dns_seats_get(&src->seats, seated);

    last = (state != NGX_RESOLVE_NXDOMAIN
            && state != NGX_STREAM_DNS_NAMES_USELESS)
           || ngx_stream_dns_seats_last(src);

    if (src->said != state) {
        ngx_log_error(NGX_LOG_ERR, src->event.log, 0,
                      "dns upstream \"%V\": \"%V\" could not be resolved "
                      "(%i: %s)%s",
                      &src->us->upstream.name, &src->text, state,
                      state == NGX_STREAM_DNS_NAMES_USELESS
                      ? "No address of a server" : ngx_resolver_strerror(state),
                      n == 0 ? "" : last ? ", its servers stay"
                                         : ", its servers are left");
    }

    src->said = state;

    if (!last) {
        src->n = 0;
        src->known = 1;
        src->stay = 0;

        ngx_stream_dns_seats_settle(src->us, src->event.log);
        ngx_stream_dns_seats_apply(src->us, src->event.log);
    }

    ngx_stream_dns_names_retry(src);
}


static void
ngx_stream_dns_names_retry(ngx_stream_dns_source_t *src)
{
    ngx_msec_t  wait;

    wait = NGX_STREAM_DNS_NAMES_RETRY << ngx_min(src->fails, 4);
    src->fails++;

    ngx_add_timer(&src->event, ngx_min(wait, NGX_STREAM_DNS_NAMES_LONG));
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


/*
 * What works, but can't be meant, is a warning: here, where all has been read
 * and merged.  What a server has from the level above is not its fault.
 */

#define NGX_STREAM_DNS_LINT_IDLE      0x01
#define NGX_STREAM_DNS_LINT_CLIENT    0x02
#define NGX_STREAM_DNS_LINT_PIPELINE  0x04
#define NGX_STREAM_DNS_LINT_PROXIES   0x08
#define NGX_STREAM_DNS_LINT_TRIES     0x10
#define NGX_STREAM_DNS_LINT_BUDGET    0x20
#define NGX_STREAM_DNS_LINT_TIMEOUT   0x40
#define NGX_STREAM_DNS_LINT_NEXT      0x80
#define NGX_STREAM_DNS_LINT_AFTER     0x100

#define NGX_STREAM_DNS_LINT_TCP                                               \
    (NGX_STREAM_DNS_LINT_IDLE|NGX_STREAM_DNS_LINT_CLIENT                      \
     |NGX_STREAM_DNS_LINT_PIPELINE)


typedef struct {
    ngx_uint_t   bit;
    const char  *directive;
} ngx_stream_dns_lint_t;


static ngx_uint_t ngx_stream_dns_lint_own(ngx_dns_policy_t *policy);
static void ngx_stream_dns_lint_policy(ngx_conf_t *cf,
    ngx_dns_policy_t *policy, ngx_uint_t own, ngx_stream_dns_place_t *place);
static void ngx_stream_dns_lint_server(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);
static void ngx_stream_dns_lint_useless(ngx_conf_t *cf, ngx_uint_t bits,
    const char *why, ngx_stream_dns_place_t *place);
static void ngx_stream_dns_lint_upstream(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static void ngx_stream_dns_lint_race(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static void ngx_stream_dns_lint_waits(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf, ngx_stream_dns_upstream_t *us);
static const char *ngx_stream_dns_lint_special(struct sockaddr *sa);
static void ngx_stream_dns_lint_caches(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);
static void ngx_stream_dns_lint_limits(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf);


static ngx_stream_dns_lint_t  ngx_stream_dns_lints[] = {
    { NGX_STREAM_DNS_LINT_IDLE, "dns_idle_timeout" },
    { NGX_STREAM_DNS_LINT_CLIENT, "dns_client_timeout" },
    { NGX_STREAM_DNS_LINT_PIPELINE, "dns_pipeline" },
    { NGX_STREAM_DNS_LINT_PROXIES, "dns_udp_proxy_protocol" },
    { NGX_STREAM_DNS_LINT_TRIES, "dns_next_upstream_tries" },
    { NGX_STREAM_DNS_LINT_BUDGET, "dns_next_upstream_budget" },
    { 0, NULL }
};


/* before it is merged: what stands in the block itself */

static ngx_uint_t
ngx_stream_dns_lint_own(ngx_dns_policy_t *policy)
{
    ngx_uint_t  own;

    own = 0;

    if (policy->tries != NGX_CONF_UNSET_UINT) {
        own |= NGX_STREAM_DNS_LINT_TRIES;
    }

    if (policy->budget != NGX_CONF_UNSET_UINT && policy->budget != 0) {
        own |= NGX_STREAM_DNS_LINT_BUDGET;
    }

    if (policy->upstream_timeout != NGX_CONF_UNSET_MSEC) {
        own |= NGX_STREAM_DNS_LINT_TIMEOUT;
    }

    if (policy->next_timeout != NGX_CONF_UNSET_MSEC) {
        own |= NGX_STREAM_DNS_LINT_NEXT;
    }

    if (policy->stale_after != NGX_CONF_UNSET_MSEC
        && policy->stale_after != NGX_STREAM_DNS_STALE_AFTER)
    {
        own |= NGX_STREAM_DNS_LINT_AFTER;
    }

    return own;
}


void
ngx_stream_dns_lint_note(ngx_stream_dns_srv_conf_t *conf)
{
    ngx_uint_t           own;
    ngx_dns_listener_t  *listener;

    own = ngx_stream_dns_lint_own(&conf->policy);
    listener = &conf->dns.listener;

    if (listener->idle_timeout != NGX_CONF_UNSET_MSEC) {
        own |= NGX_STREAM_DNS_LINT_IDLE;
    }

    if (listener->client_timeout != NGX_CONF_UNSET_MSEC) {
        own |= NGX_STREAM_DNS_LINT_CLIENT;
    }

    if (listener->pipeline != NGX_CONF_UNSET_UINT) {
        own |= NGX_STREAM_DNS_LINT_PIPELINE;
    }

    if (listener->proxies != NGX_CONF_UNSET_PTR && listener->proxies != NULL) {
        own |= NGX_STREAM_DNS_LINT_PROXIES;
    }

    conf->own = own;
}


void
ngx_stream_dns_lint_zone(ngx_conf_t *cf, ngx_dns_policy_t *own,
    ngx_stream_dns_target_t *target)
{
    ngx_dns_policy_t        rest;
    ngx_stream_dns_place_t  place;

    place.block = "dns_zone";
    place.file = target->file;
    place.line = target->line;

    if (target->returns) {
        rest = *own;

        /* queries that are answered here count, too, but never as misses */

        if (!own->misses) {
            rest.limits = NGX_CONF_UNSET_PTR;
        }

        if (ngx_stream_dns_policy_is_unset(&rest)) {
            return;
        }

        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "settings have no effect in a dns_zone with "
                      "\"dns_return\", in %s:%ui", target->file, target->line);
        return;
    }

    ngx_stream_dns_lint_policy(cf, target->policy, ngx_stream_dns_lint_own(own),
                               &place);
}


/* "own": bits, of what stands in the block itself */

static void
ngx_stream_dns_lint_policy(ngx_conf_t *cf, ngx_dns_policy_t *policy,
    ngx_uint_t own, ngx_stream_dns_place_t *place)
{
    if (policy->next & NGX_DNS_NEXT_OFF) {
        ngx_stream_dns_lint_useless(cf, own & (NGX_STREAM_DNS_LINT_TRIES
                                               |NGX_STREAM_DNS_LINT_BUDGET),
                                    "with \"dns_next_upstream off\"", place);
    }

    if (policy->upstream_timeout > policy->next_timeout
        && own & (NGX_STREAM_DNS_LINT_TIMEOUT|NGX_STREAM_DNS_LINT_NEXT))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"dns_upstream_timeout\" of %M ms never counts, as "
                      "\"dns_next_upstream_timeout\" of %M ms ends before, in "
                      "%s in %s:%ui", policy->upstream_timeout,
                      policy->next_timeout, place->block, place->file,
                      place->line);
    }

    if (policy->stale && policy->stale_after >= policy->next_timeout
        && own & NGX_STREAM_DNS_LINT_AFTER)
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"answer_after\" of %M ms never counts, as "
                      "\"dns_next_upstream_timeout\" of %M ms ends before, in "
                      "%s in %s:%ui", policy->stale_after,
                      policy->next_timeout, place->block, place->file,
                      place->line);
    }
}


void
ngx_stream_dns_lint(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_srv_conf_t   **dscf;
    ngx_stream_dns_upstream_t   **us;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        ngx_stream_dns_lint_server(cf, dscf[i]);
    }

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->file) {
            ngx_stream_dns_lint_upstream(cf, us[i]);
            ngx_stream_dns_lint_waits(cf, dmcf, us[i]);
        }
    }

    ngx_stream_dns_lint_caches(cf, dmcf);
    ngx_stream_dns_lint_limits(cf, dmcf);
}


static void
ngx_stream_dns_lint_server(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_stream_dns_place_t  place;

    place.block = "server";
    place.file = dscf->core->file_name;
    place.line = dscf->core->line;

    if (!dscf->tcp) {
        ngx_stream_dns_lint_useless(cf, dscf->own & NGX_STREAM_DNS_LINT_TCP,
                                    "without a \"listen\" for TCP", &place);
    }

    if (!dscf->udp) {
        ngx_stream_dns_lint_useless(cf,
                                    dscf->own & NGX_STREAM_DNS_LINT_PROXIES,
                                    "without a \"listen\" for UDP", &place);
    }

    ngx_stream_dns_lint_policy(cf, &dscf->policy, dscf->own, &place);
}


static void
ngx_stream_dns_lint_useless(ngx_conf_t *cf, ngx_uint_t bits, const char *why,
    ngx_stream_dns_place_t *place)
{
    ngx_stream_dns_lint_t  *lint;

    for (lint = ngx_stream_dns_lints; lint->directive; lint++) {
        if (bits & lint->bit) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"%s\" has no effect in a %s %s, in %s:%ui",
                          lint->directive, place->block, why, place->file,
                          place->line);
        }
    }
}


static void
ngx_stream_dns_lint_upstream(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_uint_t       i;
    const char      *what;
    ngx_dns_peer_t  *peer;

    if (!us->used) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "no \"dns_forward\" or \"dns_pass\" uses "
                      "dns_upstream \"%V\" in %s:%ui",
                      &us->upstream.name, us->file, us->line);
    }

    if (us->checks == NGX_STREAM_DNS_CHECKS_ON
        && us->health.timeout > us->health.interval)
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"health_check\": \"timeout\" of %M ms is over "
                      "\"interval\" of %M ms, a silent server is checked less "
                      "often, in dns_upstream \"%V\" in %s:%ui",
                      us->health.timeout, us->health.interval,
                      &us->upstream.name, us->file, us->line);
    }

    peer = us->upstream.peers.elts;

    for (i = 0; i < us->upstream.peers.nelts; i++) {
        what = peer[i].vacant ? NULL
                             : ngx_stream_dns_lint_special(peer[i].sockaddr);

        if (what) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"server\" \"%V\" is %s, in dns_upstream \"%V\" "
                          "in %s:%ui", &peer[i].name, what,
                          &us->upstream.name, us->file, us->line);
        }
    }

    ngx_stream_dns_lint_race(cf, us);

    if (us->upstream.balancer != &ngx_dns_balance_sequential) {
        return;
    }

    for (i = 0; i < us->upstream.peers.nelts; i++) {
        if (peer[i].weight != 1) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "\"weight=\" has no effect with \"sequential\" in "
                          "dns_upstream \"%V\" in %s:%ui",
                          &us->upstream.name, us->file, us->line);
            break;
        }
    }
}


static void
ngx_stream_dns_lint_race(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_dns_upstream_t  *u;

    u = &us->upstream;

    if (us->hedged && u->peers.nelts == 1) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"hedge\" has no effect with one server in "
                      "dns_upstream \"%V\" in %s:%ui",
                      &u->name, us->file, us->line);
    }

    if (u->race > u->peers.nelts) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"race %ui\" is more than the servers there are in "
                      "dns_upstream \"%V\" in %s:%ui",
                      u->race, &u->name, us->file, us->line);
    }
}


/* of all that may use it, so that what is said is so for each */

static void
ngx_stream_dns_lint_waits(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf,
    ngx_stream_dns_upstream_t *us)
{
    ngx_uint_t           i;
    ngx_msec_t           one, all;
    ngx_dns_policy_t   **policy;
    ngx_dns_upstream_t  *u;

    one = 0;
    all = 0;
    u = &us->upstream;
    policy = dmcf->policies.elts;

    for (i = 0; i < dmcf->policies.nelts; i++) {
        one = ngx_max(one, policy[i]->upstream_timeout);
        all = ngx_max(all, policy[i]->next_timeout);
    }

    one = ngx_min(one, all);

    if (us->used && us->hedged && u->hedge != NGX_DNS_HEDGE_OFF
        && u->hedge >= one)
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"hedge\" of %M ms never counts, as "
                      "\"dns_upstream_timeout\" of %M ms ends before, in "
                      "dns_upstream \"%V\" in %s:%ui",
                      u->hedge, one, &u->name, us->file, us->line);
    }

    if (us->used && u->race_positive && u->race_wait >= all) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"race\": \"wait\" of %M ms never counts, as "
                      "\"dns_next_upstream_timeout\" of %M ms ends before, in "
                      "dns_upstream \"%V\" in %s:%ui",
                      u->race_wait, all, &u->name, us->file, us->line);
    }
}


static const char *
ngx_stream_dns_lint_special(struct sockaddr *sa)
{
    in_addr_t             addr;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;

    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;

        return IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr)
               ? "no address of a server, it means this machine" : NULL;
    }

#endif

    if (sa->sa_family != AF_INET) {
        return NULL;
    }

    addr = ((struct sockaddr_in *) sa)->sin_addr.s_addr;

    return addr == INADDR_ANY ? "no address of a server, it means this machine"
           : addr == INADDR_BROADCAST ? "the broadcast address"
           : NULL;
}


static void
ngx_stream_dns_lint_caches(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                i, k;
    ngx_shm_zone_t          **zone;
    ngx_dns_policy_t        **policy;
    ngx_stream_dns_place_t   *place;

    zone = dmcf->status.caches.elts;
    place = dmcf->cache_places.elts;
    policy = dmcf->policies.elts;

    for (i = 0; i < dmcf->status.caches.nelts; i++) {

        for (k = 0; k < dmcf->policies.nelts; k++) {
            if (policy[k]->cache_zone == zone[i]) {
                break;
            }
        }

        if (k == dmcf->policies.nelts) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "no server with \"dns_cache\" uses "
                          "\"dns_cache_zone\" \"%V\" in %s:%ui",
                          &zone[i]->shm.name, place[i].file, place[i].line);
        }
    }
}


static void
ngx_stream_dns_lint_limits(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                i, k, used;
    ngx_dns_policy_t        **policy;
    ngx_dns_limit_zone_t    **zone;
    ngx_stream_dns_place_t   *place;

    zone = dmcf->limit_zones.elts;
    place = dmcf->limit_places.elts;
    policy = dmcf->policies.elts;

    for (i = 0; i < dmcf->limit_zones.nelts; i++) {
        used = 0;

        for (k = 0; k < dmcf->policies.nelts; k++) {
            used |= ngx_stream_dns_limit_uses(policy[k], zone[i]);
        }

        if (!used) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "no server with \"dns_limit\" uses "
                          "\"dns_limit_zone\" \"%V\" in %s:%ui",
                          &zone[i]->name, place[i].file, place[i].line);
        }
    }
}

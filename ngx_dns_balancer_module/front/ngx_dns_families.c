
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_families.h"


const ngx_dns_family_t  ngx_dns_families[] = {

    { "nginx_dns_build_info", NGX_DNS_PROMETHEUS_GAUGE,
      "1, with versions, and what this build has, as labels.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_build },

    { "nginx_dns_drained", NGX_DNS_PROMETHEUS_GAUGE,
      "1 if the page for ready was set down by hand.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_drained },

    { "nginx_dns_queries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries of clients.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_queries },

    { "nginx_dns_responses", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers that were sent to clients, by where they came from.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_responses },

    { "nginx_dns_dropped", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that got no answer.",
      NGX_DNS_FAMILY_ALL, NULL, 1,
      ngx_dns_prometheus_reasons },

    { "nginx_dns_failed", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that were refused or failed, and were told so.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_reasons },

    { "nginx_dns_limited", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries over a dns_limit, by what was done with them.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_limited },

    { "nginx_dns_cookies", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries with a cookie, by what it was.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_cookies },

    { "nginx_dns_dnstap_frames", NGX_DNS_PROMETHEUS_COUNTER,
      "Messages that the reader of a dns_dnstap was sent.",
      NGX_DNS_FAMILY_SERVER, "dnstap_frames",
      offsetof(ngx_dns_server_counters_t, dnstap_frames),
      NULL },

    { "nginx_dns_dnstap_dropped", NGX_DNS_PROMETHEUS_COUNTER,
      "Messages for it that found no room, since it did not read.",
      NGX_DNS_FAMILY_SERVER, "dnstap_dropped",
      offsetof(ngx_dns_server_counters_t, dnstap_dropped),
      NULL },

    { "nginx_dns_fallbacks", NGX_DNS_PROMETHEUS_COUNTER,
      "Times a fallback was asked after an upstream of a zone.",
      NGX_DNS_FAMILY_ALL, "fallbacks",
      offsetof(ngx_dns_counters_t, fallbacks),
      NULL },

    { "nginx_dns_joined", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that waited for an answer another one had asked for.",
      NGX_DNS_FAMILY_ALL, "joined", offsetof(ngx_dns_counters_t, joined),
      NULL },

    { "nginx_dns_unretried", NGX_DNS_PROMETHEUS_COUNTER,
      "Retries that were not made, since their budget was used up.",
      NGX_DNS_FAMILY_ALL, "unretried", offsetof(ngx_dns_counters_t, unretried),
      NULL },

    { "nginx_dns_crowded", NGX_DNS_PROMETHEUS_COUNTER,
      "Questions asked over TCP: too many alike were asked over UDP.",
      NGX_DNS_FAMILY_ALL, "crowded", offsetof(ngx_dns_counters_t, crowded),
      NULL },

    { "nginx_dns_guessed", NGX_DNS_PROMETHEUS_COUNTER,
      "Questions asked over TCP: answers with wrong IDs came for them.",
      NGX_DNS_FAMILY_ALL, "guessed", offsetof(ngx_dns_counters_t, guessed),
      NULL },

    { "nginx_dns_guarded", NGX_DNS_PROMETHEUS_COUNTER,
      "Questions asked over TCP: wrong IDs came for them a minute ago or less.",
      NGX_DNS_FAMILY_ALL, "guarded", offsetof(ngx_dns_counters_t, guarded),
      NULL },

    { "nginx_dns_local", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries not sent to a server for want of something here.",
      NGX_DNS_FAMILY_ALL, "local", offsetof(ngx_dns_counters_t, local),
      NULL },

    { "nginx_dns_limit", NGX_DNS_PROMETHEUS_GAUGE,
      "What the workers may use at most, by kind.",
      NGX_DNS_FAMILY_ALL, NULL, 1,
      ngx_dns_prometheus_limits },

    { "nginx_dns_used", NGX_DNS_PROMETHEUS_GAUGE,
      "What the workers use of it now.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_limits },

    { "nginx_dns_request_duration_seconds", NGX_DNS_PROMETHEUS_HISTOGRAM,
      "Time from a query to its answer; 0 for one that was there.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_duration },

    { "nginx_dns_cache_hits", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries answered from the cache.",
      NGX_DNS_FAMILY_ALL, NULL, NGX_DNS_SOURCE_CACHE,
      ngx_dns_prometheus_source },

    { "nginx_dns_cache_misses", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries the cache had no answer for, or none in time.",
      NGX_DNS_FAMILY_SERVER, "misses",
      offsetof(ngx_dns_server_counters_t, misses),
      NULL },

    { "nginx_dns_cache_stale", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries answered from the cache after the end of the answer.",
      NGX_DNS_FAMILY_ALL, NULL, NGX_DNS_SOURCE_STALE,
      ngx_dns_prometheus_source },

    { "nginx_dns_cache_prefetches", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers asked for again before their end.",
      NGX_DNS_FAMILY_SERVER, "prefetches",
      offsetof(ngx_dns_server_counters_t, prefetches),
      NULL },

    { "nginx_dns_cache_inserts", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers stored.",
      NGX_DNS_FAMILY_CACHE, "inserts",
      offsetof(ngx_dns_figures_cache_t, stat.inserts),
      NULL },

    { "nginx_dns_cache_evictions", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers dropped for others before their end.",
      NGX_DNS_FAMILY_CACHE, "evictions",
      offsetof(ngx_dns_figures_cache_t, stat.evictions),
      NULL },

    { "nginx_dns_cache_deferred", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers not stored because another worker was storing.",
      NGX_DNS_FAMILY_CACHE, "deferred",
      offsetof(ngx_dns_figures_cache_t, stat.deferred),
      NULL },

    { "nginx_dns_cache_entries", NGX_DNS_PROMETHEUS_GAUGE,
      "Answers in the cache.",
      NGX_DNS_FAMILY_CACHE, "entries",
      offsetof(ngx_dns_figures_cache_t, stat.entries),
      NULL },

    { "nginx_dns_cache_bytes", NGX_DNS_PROMETHEUS_GAUGE,
      "Memory of the answers in the cache.",
      NGX_DNS_FAMILY_CACHE, "bytes",
      offsetof(ngx_dns_figures_cache_t, stat.bytes),
      NULL },

    { "nginx_dns_cache_size_bytes", NGX_DNS_PROMETHEUS_GAUGE,
      "Memory of the cache.",
      NGX_DNS_FAMILY_CACHE, "size", offsetof(ngx_dns_figures_cache_t, size),
      NULL },

    { "nginx_dns_xdp_entries", NGX_DNS_PROMETHEUS_GAUGE,
      "Answers that the kernel gives by itself.",
      NGX_DNS_FAMILY_ALL, NULL, offsetof(ngx_dns_xdp_stat_t, entries),
      ngx_dns_prometheus_xdp },

    { "nginx_dns_xdp_entries_size", NGX_DNS_PROMETHEUS_GAUGE,
      "How many of them there can be.",
      NGX_DNS_FAMILY_ALL, NULL, offsetof(ngx_dns_xdp_stat_t, size),
      ngx_dns_prometheus_xdp },

    { "nginx_dns_xdp_promotions", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers of the cache that were given to the kernel.",
      NGX_DNS_FAMILY_ALL, NULL, offsetof(ngx_dns_xdp_stat_t, promotions),
      ngx_dns_prometheus_xdp },

    { "nginx_dns_xdp_passes", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that the kernel left to their socket, by reason.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_xdp_passes },

    { "nginx_dns_upstream_usable", NGX_DNS_PROMETHEUS_GAUGE,
      "Servers of the upstream that get queries.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_usable },

    { "nginx_dns_upstream_up", NGX_DNS_PROMETHEUS_GAUGE,
      "1 if the server gets queries, 0 if not.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_up },

    { "nginx_dns_upstream_disabled", NGX_DNS_PROMETHEUS_GAUGE,
      "1 if the server is marked down in the configuration.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_disabled },

    { "nginx_dns_upstream_forced", NGX_DNS_PROMETHEUS_GAUGE,
      "1 if the state of the server was set by hand.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_forced },

    { "nginx_dns_upstream_outstanding", NGX_DNS_PROMETHEUS_GAUGE,
      "Queries the server has not answered yet.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_outstanding },

    { "nginx_dns_upstream_queries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries sent to the server.",
      NGX_DNS_FAMILY_PEER, "queries",
      offsetof(ngx_dns_peer_counters_t, queries),
      NULL },

    { "nginx_dns_upstream_responses", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers accepted from the server.",
      NGX_DNS_FAMILY_PEER, "responses",
      offsetof(ngx_dns_peer_counters_t, responses),
      NULL },

    { "nginx_dns_upstream_timeouts", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries the server did not answer in time.",
      NGX_DNS_FAMILY_PEER, "timeouts",
      offsetof(ngx_dns_peer_counters_t, timeouts),
      NULL },

    { "nginx_dns_upstream_errors", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that failed: ICMP, socket, malformed answer.",
      NGX_DNS_FAMILY_PEER, "errors", offsetof(ngx_dns_peer_counters_t, errors),
      NULL },

    { "nginx_dns_upstream_retries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that were not the first for their question.",
      NGX_DNS_FAMILY_PEER, "retries",
      offsetof(ngx_dns_peer_counters_t, retries),
      NULL },

    { "nginx_dns_upstream_hedges", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries beside which another server was asked, being late.",
      NGX_DNS_FAMILY_PEER, "hedges", offsetof(ngx_dns_peer_counters_t, hedges),
      NULL },

    { "nginx_dns_upstream_rtt_seconds", NGX_DNS_PROMETHEUS_HISTOGRAM,
      "Time the server took to answer.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_rtt },

    { "nginx_dns_health_checks", NGX_DNS_PROMETHEUS_COUNTER,
      "Health checks of the server, by result.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_checks },

    { "nginx_dns_upstream_handshakes", NGX_DNS_PROMETHEUS_COUNTER,
      "Handshakes of TLS with the server, by result.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_handshakes },

    { "nginx_dns_upstream_unmatched", NGX_DNS_PROMETHEUS_COUNTER,
      "Messages of servers that are no answer to anything asked.",
      NGX_DNS_FAMILY_ALL, NULL, 0,
      ngx_dns_prometheus_unmatched },

    { NULL, NGX_DNS_PROMETHEUS_COUNTER, NULL, NGX_DNS_FAMILY_ALL, NULL, 0,
      NULL }
};


ngx_uint_t
ngx_dns_family_count(const ngx_dns_figures_t *f, ngx_dns_family_of_e of)
{
    switch (of) {

    case NGX_DNS_FAMILY_SERVER:
        return f->nservers;

    case NGX_DNS_FAMILY_CACHE:
        return f->ncaches;

    case NGX_DNS_FAMILY_PEER:
        return f->npeers;

    default: /* NGX_DNS_FAMILY_ALL */
        return 1;
    }
}


const void *
ngx_dns_family_figures(const ngx_dns_figures_t *f, ngx_dns_family_of_e of,
    ngx_uint_t i, const ngx_str_t **labels)
{
    switch (of) {

    case NGX_DNS_FAMILY_SERVER:
        *labels = &f->servers[i].labels;
        return &f->servers[i].sum;

    case NGX_DNS_FAMILY_CACHE:
        *labels = &f->caches[i].labels;
        return &f->caches[i];

    case NGX_DNS_FAMILY_PEER:
        *labels = &f->peers[i].labels;
        return &f->peers[i].sum;

    default: /* NGX_DNS_FAMILY_ALL */
        *labels = NULL;
        return &f->sum;
    }
}

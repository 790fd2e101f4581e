
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_prometheus.h"


#define NGX_DNS_PROMETHEUS_LABELS  128     /* of names that are known here */

#define ngx_dns_rcode_bit(rcode)   (1U << (rcode))


static void ngx_dns_prometheus_queries(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_responses(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_duration(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_source(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_server(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_cache(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_peer(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_up(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_outstanding(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_rtt(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_checks(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
static void ngx_dns_prometheus_reasons(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_unmatched(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
static void ngx_dns_prometheus_total(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);


static const ngx_dns_family_t  ngx_dns_families[] = {

    { "nginx_dns_queries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries of clients.",
      ngx_dns_prometheus_queries, 0 },

    { "nginx_dns_responses", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers that were sent to clients, by where they came from.",
      ngx_dns_prometheus_responses, 0 },

    { "nginx_dns_dropped", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that got no answer.",
      ngx_dns_prometheus_reasons, 1 },

    { "nginx_dns_failed", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that were refused or failed, and were told so.",
      ngx_dns_prometheus_reasons, 0 },

    { "nginx_dns_joined", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that waited for an answer another one had asked for.",
      ngx_dns_prometheus_total, offsetof(ngx_dns_counters_t, joined) },

    { "nginx_dns_unretried", NGX_DNS_PROMETHEUS_COUNTER,
      "Retries that were not made, since their budget was used up.",
      ngx_dns_prometheus_total, offsetof(ngx_dns_counters_t, unretried) },

    { "nginx_dns_request_duration_seconds", NGX_DNS_PROMETHEUS_HISTOGRAM,
      "Time from a query to its answer; 0 for one that was there.",
      ngx_dns_prometheus_duration, 0 },

    { "nginx_dns_cache_hits", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries answered from the cache.",
      ngx_dns_prometheus_source, NGX_DNS_SOURCE_CACHE },

    { "nginx_dns_cache_misses", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries the cache had no answer for, or none in time.",
      ngx_dns_prometheus_server,
      offsetof(ngx_dns_server_counters_t, misses) },

    { "nginx_dns_cache_stale", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries answered from the cache after the end of the answer.",
      ngx_dns_prometheus_source, NGX_DNS_SOURCE_STALE },

    { "nginx_dns_cache_prefetches", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers asked for again before their end.",
      ngx_dns_prometheus_server,
      offsetof(ngx_dns_server_counters_t, prefetches) },

    { "nginx_dns_cache_inserts", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers stored.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, stat.inserts) },

    { "nginx_dns_cache_evictions", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers dropped for others before their end.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, stat.evictions) },

    { "nginx_dns_cache_deferred", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers not stored because another worker was storing.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, stat.deferred) },

    { "nginx_dns_cache_entries", NGX_DNS_PROMETHEUS_GAUGE,
      "Answers in the cache.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, stat.entries) },

    { "nginx_dns_cache_bytes", NGX_DNS_PROMETHEUS_GAUGE,
      "Memory of the answers in the cache.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, stat.bytes) },

    { "nginx_dns_cache_size_bytes", NGX_DNS_PROMETHEUS_GAUGE,
      "Memory of the cache.",
      ngx_dns_prometheus_cache,
      offsetof(ngx_dns_figures_cache_t, size) },

    { "nginx_dns_upstream_up", NGX_DNS_PROMETHEUS_GAUGE,
      "1 if the server gets queries, 0 if not.",
      ngx_dns_prometheus_up, 0 },

    { "nginx_dns_upstream_outstanding", NGX_DNS_PROMETHEUS_GAUGE,
      "Queries the server has not answered yet.",
      ngx_dns_prometheus_outstanding, 0 },

    { "nginx_dns_upstream_queries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries sent to the server.",
      ngx_dns_prometheus_peer, offsetof(ngx_dns_peer_counters_t, queries) },

    { "nginx_dns_upstream_responses", NGX_DNS_PROMETHEUS_COUNTER,
      "Answers accepted from the server.",
      ngx_dns_prometheus_peer, offsetof(ngx_dns_peer_counters_t, responses) },

    { "nginx_dns_upstream_timeouts", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries the server did not answer in time.",
      ngx_dns_prometheus_peer, offsetof(ngx_dns_peer_counters_t, timeouts) },

    { "nginx_dns_upstream_errors", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that failed: ICMP, socket, malformed answer.",
      ngx_dns_prometheus_peer, offsetof(ngx_dns_peer_counters_t, errors) },

    { "nginx_dns_upstream_retries", NGX_DNS_PROMETHEUS_COUNTER,
      "Queries that another server had been asked before.",
      ngx_dns_prometheus_peer, offsetof(ngx_dns_peer_counters_t, retries) },

    { "nginx_dns_upstream_rtt_seconds", NGX_DNS_PROMETHEUS_HISTOGRAM,
      "Time the server took to answer.",
      ngx_dns_prometheus_rtt, 0 },

    { "nginx_dns_health_checks", NGX_DNS_PROMETHEUS_COUNTER,
      "Health checks of the server, by result.",
      ngx_dns_prometheus_checks, 0 },

    { "nginx_dns_upstream_unmatched", NGX_DNS_PROMETHEUS_COUNTER,
      "Messages of servers that are no answer to anything asked.",
      ngx_dns_prometheus_unmatched, 0 },
};


/*
 * Time series that are there from the start, so that the first event of a
 * kind is an increase: the rest appears when there is something to count.
 */

static const uint32_t  ngx_dns_prometheus_rcodes[NGX_DNS_SOURCES] = {
    ngx_dns_rcode_bit(NGX_DNS_NOERROR) | ngx_dns_rcode_bit(NGX_DNS_NXDOMAIN)
        | ngx_dns_rcode_bit(NGX_DNS_SERVFAIL),
    ngx_dns_rcode_bit(NGX_DNS_NOERROR) | ngx_dns_rcode_bit(NGX_DNS_NXDOMAIN),
    ngx_dns_rcode_bit(NGX_DNS_NOERROR),
    ngx_dns_rcode_bit(NGX_DNS_NOERROR),
    ngx_dns_rcode_bit(NGX_DNS_NOERROR) | ngx_dns_rcode_bit(NGX_DNS_NXDOMAIN)
        | ngx_dns_rcode_bit(NGX_DNS_SERVFAIL)
        | ngx_dns_rcode_bit(NGX_DNS_REFUSED),
    ngx_dns_rcode_bit(NGX_DNS_FORMERR) | ngx_dns_rcode_bit(NGX_DNS_SERVFAIL)
        | ngx_dns_rcode_bit(NGX_DNS_REFUSED),
};

static const uint16_t  ngx_dns_prometheus_types[] = { 1, 28, 65 };


void
ngx_dns_status_prometheus(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    ngx_uint_t openmetrics)
{
    ngx_uint_t               i;
    const ngx_dns_family_t  *family;

    static const char  *types[] = { "counter", "gauge", "histogram" };

    if (ngx_dns_prometheus_labels(f, t->pool) != NGX_OK) {
        t->failed = 1;
        return;
    }

    for (i = 0; i < sizeof(ngx_dns_families) / sizeof(ngx_dns_family_t); i++) {
        family = &ngx_dns_families[i];

        ngx_dns_text_c(t, "# HELP ");
        ngx_dns_prometheus_name(t, family, openmetrics ? NULL : "",
                                NULL, "");
        ngx_dns_text_c(t, " ");
        ngx_dns_text_c(t, family->help);
        ngx_dns_text_c(t, "\n# TYPE ");
        ngx_dns_prometheus_name(t, family, openmetrics ? NULL : "",
                                NULL, "");
        ngx_dns_text_c(t, " ");
        ngx_dns_text_c(t, types[family->type]);
        ngx_dns_text_c(t, "\n");

        family->samples(t, f, family);
    }

    if (openmetrics) {
        ngx_dns_text_c(t, "# EOF\n");
    }
}


static void
ngx_dns_prometheus_queries(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    uint64_t    n;
    ngx_uint_t  i, k, type, proto, usual;

    for (i = 0; i < f->nservers; i++) {
        for (proto = 0; proto < NGX_DNS_PROTOS; proto++) {
            for (type = 0; ngx_dns_metrics_types[type]; type++) {

                n = f->servers[i].sum.queries[proto][type];
                usual = 0;

                for (k = 0;
                     k < sizeof(ngx_dns_prometheus_types) / sizeof(uint16_t)
                     && proto == NGX_DNS_PROTO_UDP;
                     k++)
                {
                    usual |= type == ngx_dns_metrics_type(
                                                 ngx_dns_prometheus_types[k]);
                }

                if (n == 0 && !usual) {
                    continue;
                }

                (void) ngx_sprintf(extra, "proto=\"%s\",type=\"%s\"%Z",
                                   ngx_dns_metrics_protos[proto],
                                   ngx_dns_metrics_types[type]);

                ngx_dns_prometheus_sample(t, family, &f->servers[i].labels,
                                          (char *) extra, n);
            }
        }
    }
}


static void
ngx_dns_prometheus_responses(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    uint64_t    n;
    ngx_uint_t  i, source, rcode;

    for (i = 0; i < f->nservers; i++) {
        for (source = 0; source < NGX_DNS_SOURCES; source++) {
            for (rcode = 0; ngx_dns_metrics_rcodes[rcode]; rcode++) {

                n = f->servers[i].sum.responses[source][rcode];

                if (n == 0
                    && (ngx_dns_prometheus_rcodes[source]
                        & ngx_dns_rcode_bit(rcode)) == 0)
                {
                    continue;
                }

                (void) ngx_sprintf(extra, "rcode=\"%s\",source=\"%s\"%Z",
                                   ngx_dns_metrics_rcodes[rcode],
                                   ngx_dns_metrics_sources[source]);

                ngx_dns_prometheus_sample(t, family, &f->servers[i].labels,
                                          (char *) extra, n);
            }
        }
    }
}


static void
ngx_dns_prometheus_duration(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t                  i;
    ngx_dns_server_counters_t  *sum;

    for (i = 0; i < f->nservers; i++) {
        sum = &f->servers[i].sum;

        ngx_dns_prometheus_histogram(t, family, &f->servers[i].labels,
                                     &sum->duration,
                                     ngx_dns_status_source(sum,
                                                      NGX_DNS_SOURCE_CACHE));
    }
}


static void
ngx_dns_prometheus_source(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->nservers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->servers[i].labels, "",
                                  ngx_dns_status_source(&f->servers[i].sum,
                                            (ngx_dns_source_e)
                                                family->offset));
    }
}


static void
ngx_dns_prometheus_server(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      *p;
    ngx_uint_t   i;

    for (i = 0; i < f->nservers; i++) {
        p = (u_char *) &f->servers[i].sum + family->offset;

        ngx_dns_prometheus_sample(t, family, &f->servers[i].labels, "",
                                  *(uint64_t *) (void *) p);
    }
}


static void
ngx_dns_prometheus_cache(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      *p;
    ngx_uint_t   i;

    for (i = 0; i < f->ncaches; i++) {
        p = (u_char *) &f->caches[i] + family->offset;

        ngx_dns_prometheus_sample(t, family, &f->caches[i].labels, "",
                                  *(uint64_t *) (void *) p);
    }
}


static void
ngx_dns_prometheus_peer(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      *p;
    ngx_uint_t   i;

    for (i = 0; i < f->npeers; i++) {
        p = (u_char *) &f->peers[i].sum + family->offset;

        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  *(uint64_t *) (void *) p);
    }
}


static void
ngx_dns_prometheus_up(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].status.up ? 1 : 0);
    }
}


static void
ngx_dns_prometheus_outstanding(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].status.outstanding);
    }
}


static void
ngx_dns_prometheus_rtt(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_histogram(t, family, &f->peers[i].labels,
                                     &f->peers[i].sum.rtt, 0);
    }
}


static void
ngx_dns_prometheus_checks(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t               i;
    ngx_dns_figures_peer_t  *p;

    for (i = 0; i < f->npeers; i++) {
        p = &f->peers[i];

        ngx_dns_prometheus_sample(t, family, &p->labels, "result=\"pass\"",
                                  p->sum.checks_passed);
        ngx_dns_prometheus_sample(t, family, &p->labels, "result=\"fail\"",
                                  p->sum.checks_failed);
    }
}


/* those that get no answer, or those that get one */

static void
ngx_dns_prometheus_reasons(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    ngx_uint_t  i, drop;

    for (i = NGX_DNS_FINE + 1; i < NGX_DNS_REASONS; i++) {

        drop = ngx_dns_reasons[i].rcode == NGX_DNS_DROP;

        if (drop != family->offset) {
            continue;
        }

        (void) ngx_sprintf(extra, "reason=\"%s\"%Z", ngx_dns_reasons[i].label);

        ngx_dns_prometheus_sample(t, family, NULL,
                                  (char *) extra, f->sum.reason[i]);
    }

    if (family->offset) {
        ngx_dns_prometheus_sample(t, family, NULL,
                                  "reason=\"unsent\"", f->sum.unsent);
    }
}


static void
ngx_dns_prometheus_unmatched(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_dns_prometheus_sample(t, family, NULL,
                              "reason=\"late\"", f->sum.late);
    ngx_dns_prometheus_sample(t, family, NULL,
                              "reason=\"question\"", f->sum.foreign);
    ngx_dns_prometheus_sample(t, family, NULL,
                              "reason=\"malformed\"", f->sum.malformed);
}


static void
ngx_dns_prometheus_total(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char  *sum;

    sum = (u_char *) &f->sum + family->offset;

    ngx_dns_prometheus_sample(t, family, NULL, "",
                              *(uint64_t *) (void *) sum);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_prometheus.h"

#include <nginx.h>
#include <ldns/ldns.h>


#define NGX_DNS_PROMETHEUS_LABELS  128     /* of names that are known here */

/* what a build may be without; commas between them */

#if (NGX_STREAM_SSL)
#define NGX_DNS_FEATURE_SSL  ",ssl"
#else
#define NGX_DNS_FEATURE_SSL  ""
#endif

#if (NGX_DNS_DNSTAP)
#define NGX_DNS_FEATURE_TAP  ",dnstap"
#else
#define NGX_DNS_FEATURE_TAP  ""
#endif

#if (NGX_DNS_XDP)
#define NGX_DNS_FEATURE_XDP  ",xdp"
#else
#define NGX_DNS_FEATURE_XDP  ""
#endif

#define NGX_DNS_FEATURES  "http" NGX_DNS_FEATURE_SSL NGX_DNS_FEATURE_TAP      \
                          NGX_DNS_FEATURE_XDP

#define ngx_dns_rcode_bit(rcode)   (1U << (rcode))


/*
 * Time series that are there from the start, so that the first event of a
 * kind is an increase: the rest appears when there is something to count.
 */

static const uint32_t  ngx_dns_prometheus_rcodes[NGX_DNS_SOURCES] = {
    ngx_dns_rcode_bit(NGX_DNS_NOERROR) | ngx_dns_rcode_bit(NGX_DNS_NXDOMAIN)
        | ngx_dns_rcode_bit(NGX_DNS_SERVFAIL),
    0,
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
ngx_dns_prometheus_build(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char  extra[NGX_DNS_PROMETHEUS_LABELS];

    (void) ngx_snprintf(extra, sizeof(extra),
                        "version=\"%s\",nginx=\"%s\",ldns=\"%s\","
                        "features=\"%s\"%Z",
                        NGX_DNS_VERSION, NGINX_VERSION, ldns_version(),
                        NGX_DNS_FEATURES);

    ngx_dns_prometheus_sample(t, family, NULL, (char *) extra, 1);
}


void
ngx_dns_prometheus_limits(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_GAUGES; i++) {
        (void) ngx_sprintf(extra, "kind=\"%s\"%Z", ngx_dns_metrics_gauges[i]);

        ngx_dns_prometheus_sample(t, family, NULL, (char *) extra,
                                  family->offset ? f->sum.gauges[i].limit
                                                 : f->sum.gauges[i].used);
    }
}


/* of limits that the server, or one of its zones, has made use of */

void
ngx_dns_prometheus_limited(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    uint64_t   *n;
    ngx_str_t   labels;
    ngx_uint_t  i, k, action;

    for (i = 0; i < f->nservers; i++) {
        for (k = 0; k < f->nlimits; k++) {
            n = f->servers[i].sum.limited[f->limits[k]->metrics.slot];

            for (action = 0; action < NGX_DNS_LIMIT_ACTIONS; action++) {
                if (n[action] == 0) {
                    continue;
                }

                if (ngx_dns_prometheus_label(&labels, t->pool, "server=",
                                             &f->servers[i].conf->name,
                                             ",zone=", &f->limits[k]->name)
                    != NGX_OK)
                {
                    t->failed = 1;
                    return;
                }

                (void) ngx_sprintf(extra, "action=\"%s\"%Z",
                                   ngx_dns_metrics_actions[action]);

                ngx_dns_prometheus_sample(t, family, &labels, (char *) extra,
                                          n[action]);
            }
        }
    }
}


/* of servers with dns_cookie that have got one */

void
ngx_dns_prometheus_cookies(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    uint64_t   *n;
    ngx_uint_t  i, k;

    for (i = 0; i < f->nservers; i++) {
        n = f->servers[i].sum.cookies;

        if (n[0] + n[1] + n[2] == 0) {
            continue;
        }

        for (k = 0; k < NGX_DNS_COOKIES; k++) {
            (void) ngx_sprintf(extra, "cookie=\"%s\"%Z",
                               ngx_dns_metrics_cookies[k]);

            ngx_dns_prometheus_sample(t, family, &f->servers[i].labels,
                                      (char *) extra, n[k]);
        }
    }
}


void
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


void
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


void
ngx_dns_prometheus_xdp(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    if (f->xdp_used) {
        ngx_dns_prometheus_sample(t, family, NULL, "",
                                  ngx_dns_family_value(family, &f->xdp));
    }
}


void
ngx_dns_prometheus_xdp_passes(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    u_char      extra[NGX_DNS_PROMETHEUS_LABELS];
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_XDP_PASSES && f->xdp_used; i++) {
        (void) ngx_sprintf(extra, "reason=\"%s\"%Z", ngx_dns_xdp_passes[i]);

        ngx_dns_prometheus_sample(t, family, NULL, (char *) extra,
                                  f->xdp.passes[i]);
    }
}


void
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


void
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


void
ngx_dns_prometheus_up(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].status.up ? 1 : 0);
    }
}


/* there is one of each upstream, those without a server included */

void
ngx_dns_prometheus_usable(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t                   i, k, n;
    ngx_dns_figures_upstream_t  *fu;

    for (i = 0; i < f->nupstreams; i++) {
        fu = &f->upstreams[i];
        n = 0;

        for (k = 0; k < fu->npeers; k++) {
            n += fu->peers[k].status.up ? 1 : 0;
        }

        ngx_dns_prometheus_sample(t, family, &fu->labels, "", n);
    }
}


void
ngx_dns_prometheus_disabled(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].peer->down ? 1 : 0);
    }
}


void
ngx_dns_prometheus_drained(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_dns_prometheus_sample(t, family, NULL, "", f->drained);
}


void
ngx_dns_prometheus_forced(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].status.forced.len ? 1 : 0);
    }
}


void
ngx_dns_prometheus_outstanding(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_sample(t, family, &f->peers[i].labels, "",
                                  f->peers[i].status.outstanding);
    }
}


void
ngx_dns_prometheus_rtt(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t  i;

    for (i = 0; i < f->npeers; i++) {
        ngx_dns_prometheus_histogram(t, family, &f->peers[i].labels,
                                     &f->peers[i].sum.rtt, 0);
    }
}


void
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


void
ngx_dns_prometheus_handshakes(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    ngx_uint_t               i;
    ngx_dns_figures_peer_t  *p;

    for (i = 0; i < f->npeers; i++) {
        p = &f->peers[i];

        if (p->peer->tls == NULL) {
            continue;
        }

        ngx_dns_prometheus_sample(t, family, &p->labels, "result=\"full\"",
                                  p->sum.handshakes_full);
        ngx_dns_prometheus_sample(t, family, &p->labels, "result=\"resumed\"",
                                  p->sum.handshakes_resumed);
        ngx_dns_prometheus_sample(t, family, &p->labels, "result=\"fail\"",
                                  p->sum.handshakes_failed);
    }
}


/* those that get no response, or those that get one */

void
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


void
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

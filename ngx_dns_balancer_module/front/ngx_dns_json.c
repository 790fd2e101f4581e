
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_families.h"


#define NGX_DNS_JSON_SCHEMA  "1"


static ngx_uint_t ngx_dns_json_render(ngx_dns_page_request_t *pr);
static void ngx_dns_json_totals(ngx_dns_text_t *t, ngx_dns_figures_t *f);
static void ngx_dns_json_figures(ngx_dns_text_t *t, ngx_dns_family_of_e of,
    const void *figures);
static void ngx_dns_json_limits(ngx_dns_text_t *t, ngx_dns_figures_t *f);
static void ngx_dns_json_reasons(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    ngx_uint_t drop);
static void ngx_dns_json_server(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    ngx_dns_figures_server_t *s);
static void ngx_dns_json_conf(ngx_dns_text_t *t, ngx_dns_status_server_t *conf);
static void ngx_dns_json_queries(ngx_dns_text_t *t,
    const ngx_dns_server_counters_t *sum);
static void ngx_dns_json_responses(ngx_dns_text_t *t,
    const ngx_dns_server_counters_t *sum);
static void ngx_dns_json_limited(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    uint64_t (*limited)[NGX_DNS_LIMIT_ACTIONS]);
static void ngx_dns_json_cache(ngx_dns_text_t *t, ngx_dns_figures_cache_t *c);
static void ngx_dns_json_upstream(ngx_dns_text_t *t,
    ngx_dns_figures_upstream_t *fu);
static void ngx_dns_json_peer(ngx_dns_text_t *t, ngx_dns_figures_peer_t *p);
static void ngx_dns_json_xdp(ngx_dns_text_t *t, ngx_dns_figures_t *f);
static void ngx_dns_json_changes(ngx_dns_text_t *t, ngx_dns_figures_t *f);
static void ngx_dns_json_word(ngx_dns_text_t *t, const char *key, u_char *word);
static void ngx_dns_json_histogram(ngx_dns_text_t *t,
    const ngx_dns_histogram_t *h, uint64_t at_once);
static void ngx_dns_json_key(ngx_dns_text_t *t, const char *key);
static void ngx_dns_json_number(ngx_dns_text_t *t, const char *key,
    uint64_t n);
static void ngx_dns_json_string(ngx_dns_text_t *t, const char *key,
    const ngx_str_t *s);
static void ngx_dns_json_time(ngx_dns_text_t *t, const char *key, time_t sec);
static void ngx_dns_json_open(ngx_dns_text_t *t, const char *key, char bracket);
static void ngx_dns_json_close(ngx_dns_text_t *t, char bracket);


/* docs/monitoring.md has its schema */

const ngx_dns_page_t  ngx_dns_page_json = {
    ngx_string("json"),
    ngx_string("application/json"),
    ngx_dns_json_render
};


void
ngx_dns_json_server_of(ngx_dns_text_t *t, ngx_dns_figures_peer_t *p)
{
    ngx_dns_json_peer(t, p);

    ngx_dns_text_trim(t, ',');
    ngx_dns_text_c(t, "\n");
}


static ngx_uint_t
ngx_dns_json_render(ngx_dns_page_request_t *pr)
{
    ngx_uint_t          i;
    ngx_dns_text_t     *t;
    ngx_dns_figures_t  *f;

    t = pr->text;
    f = pr->figures;

    ngx_dns_text_c(t, "{\"schema\":" NGX_DNS_JSON_SCHEMA ",");
    ngx_dns_json_number(t, "time", (uint64_t) ngx_time());

    ngx_dns_json_key(t, "drained");
    ngx_dns_text_c(t, f->drained ? "true," : "false,");

    ngx_dns_json_totals(t, f);

    ngx_dns_json_open(t, "servers", '[');

    for (i = 0; i < f->nservers; i++) {
        ngx_dns_json_server(t, f, &f->servers[i]);
    }

    ngx_dns_json_close(t, ']');

    ngx_dns_json_open(t, "caches", '[');

    for (i = 0; i < f->ncaches; i++) {
        ngx_dns_json_cache(t, &f->caches[i]);
    }

    ngx_dns_json_close(t, ']');

    ngx_dns_json_open(t, "upstreams", '[');

    for (i = 0; i < f->nupstreams; i++) {
        ngx_dns_json_upstream(t, &f->upstreams[i]);
    }

    ngx_dns_json_close(t, ']');
    ngx_dns_json_xdp(t, f);
    ngx_dns_json_changes(t, f);
    ngx_dns_json_close(t, '}');

    ngx_dns_text_trim(t, ',');
    ngx_dns_text_c(t, "\n");

    return NGX_DNS_PAGE_OK;
}


static void
ngx_dns_json_totals(ngx_dns_text_t *t, ngx_dns_figures_t *f)
{
    ngx_dns_json_open(t, "totals", '{');

    ngx_dns_json_figures(t, NGX_DNS_FAMILY_ALL, &f->sum);

    ngx_dns_json_open(t, "limits", '{');
    ngx_dns_json_limits(t, f);
    ngx_dns_json_close(t, '}');

    ngx_dns_json_open(t, "dropped", '{');
    ngx_dns_json_reasons(t, f, 1);
    ngx_dns_json_number(t, "unsent", f->sum.unsent);
    ngx_dns_json_close(t, '}');

    ngx_dns_json_open(t, "failed", '{');
    ngx_dns_json_reasons(t, f, 0);
    ngx_dns_json_close(t, '}');

    ngx_dns_json_open(t, "unmatched", '{');
    ngx_dns_json_number(t, "late", f->sum.late);
    ngx_dns_json_number(t, "question", f->sum.foreign);
    ngx_dns_json_number(t, "malformed", f->sum.malformed);
    ngx_dns_json_close(t, '}');

    ngx_dns_json_close(t, '}');
}


/* the plain numbers of the table of metrics */

static void
ngx_dns_json_figures(ngx_dns_text_t *t, ngx_dns_family_of_e of,
    const void *figures)
{
    const ngx_dns_family_t  *family;

    for (family = ngx_dns_families; family->name; family++) {
        if (family->json && family->of == of) {
            ngx_dns_json_number(t, family->json,
                                ngx_dns_family_value(family, figures));
        }
    }
}


static void
ngx_dns_json_limits(ngx_dns_text_t *t, ngx_dns_figures_t *f)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_DNS_GAUGES; i++) {
        ngx_dns_json_open(t, ngx_dns_metrics_gauges[i], '{');
        ngx_dns_json_number(t, "used", f->sum.gauges[i].used);
        ngx_dns_json_number(t, "limit", f->sum.gauges[i].limit);
        ngx_dns_json_close(t, '}');
    }
}


static void
ngx_dns_json_reasons(ngx_dns_text_t *t, ngx_dns_figures_t *f, ngx_uint_t drop)
{
    ngx_uint_t  i;

    for (i = NGX_DNS_FINE + 1; i < NGX_DNS_REASONS; i++) {
        if ((ngx_dns_reasons[i].rcode == NGX_DNS_DROP) == drop) {
            ngx_dns_json_number(t, ngx_dns_reasons[i].label,
                                f->sum.reason[i]);
        }
    }
}


static void
ngx_dns_json_server(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    ngx_dns_figures_server_t *s)
{
    uint64_t    hits;
    ngx_uint_t  i;

    hits = ngx_dns_status_source(&s->sum, NGX_DNS_SOURCE_CACHE);

    ngx_dns_json_open(t, NULL, '{');
    ngx_dns_json_conf(t, s->conf);

    ngx_dns_json_queries(t, &s->sum);
    ngx_dns_json_responses(t, &s->sum);

    ngx_dns_json_number(t, "hits", hits);
    ngx_dns_json_number(t, "stale",
                        ngx_dns_status_source(&s->sum, NGX_DNS_SOURCE_STALE));
    ngx_dns_json_figures(t, NGX_DNS_FAMILY_SERVER, &s->sum);
    ngx_dns_json_limited(t, f, s->sum.limited);

    ngx_dns_json_open(t, "cookies", '{');

    for (i = 0; i < NGX_DNS_COOKIES; i++) {
        ngx_dns_json_number(t, ngx_dns_metrics_cookies[i], s->sum.cookies[i]);
    }

    ngx_dns_json_close(t, '}');

    ngx_dns_json_key(t, "duration");
    ngx_dns_json_histogram(t, &s->sum.duration, hits);

    ngx_dns_json_close(t, '}');
}


static void
ngx_dns_json_conf(ngx_dns_text_t *t, ngx_dns_status_server_t *conf)
{
    ngx_str_t           *listen;
    ngx_uint_t           i;
    ngx_dns_zone_t     **zone;
    ngx_dns_fallback_t  *fallback;

    ngx_dns_json_string(t, "server", &conf->name);

    ngx_dns_json_open(t, "listen", '[');
    listen = conf->listens.elts;

    for (i = 0; i < conf->listens.nelts; i++) {
        ngx_dns_json_string(t, NULL, &listen[i]);
    }

    ngx_dns_json_close(t, ']');

    ngx_dns_json_open(t, "zones", '[');
    zone = conf->zones.elts;

    for (i = 0; i < conf->zones.nelts; i++) {
        ngx_dns_json_open(t, NULL, '{');
        ngx_dns_json_string(t, "zone", &zone[i]->text);
        ngx_dns_json_string(t, "upstream", zone[i]->upstream
                                           ? &zone[i]->upstream->name : NULL);
        ngx_dns_json_string(t, "return", zone[i]->returns
                                         ? (ngx_str_t *) &zone[i]->returns->name
                                         : NULL);

        ngx_dns_json_open(t, "fallback", '[');

        for (fallback = zone[i]->fallback; fallback; fallback = fallback->next)
        {
            ngx_dns_json_string(t, NULL, &fallback->upstream->name);
        }

        ngx_dns_json_close(t, ']');
        ngx_dns_json_close(t, '}');
    }

    ngx_dns_json_close(t, ']');

    ngx_dns_json_string(t, "cache", conf->cache ? &conf->cache->shm.name
                                                : NULL);
}


static void
ngx_dns_json_queries(ngx_dns_text_t *t, const ngx_dns_server_counters_t *sum)
{
    uint64_t    n;
    ngx_uint_t  proto, type;

    ngx_dns_json_open(t, "queries", '{');

    for (proto = 0; proto < NGX_DNS_PROTOS; proto++) {
        ngx_dns_json_open(t, ngx_dns_metrics_protos[proto], '{');

        for (type = 0; ngx_dns_metrics_types[type]; type++) {
            n = sum->queries[proto][type];

            if (n) {
                ngx_dns_json_number(t, ngx_dns_metrics_types[type], n);
            }
        }

        ngx_dns_json_close(t, '}');
    }

    ngx_dns_json_close(t, '}');
}


static void
ngx_dns_json_responses(ngx_dns_text_t *t, const ngx_dns_server_counters_t *sum)
{
    uint64_t    n;
    ngx_uint_t  source, rcode;

    ngx_dns_json_open(t, "responses", '{');

    for (source = 0; source < NGX_DNS_SOURCES; source++) {
        ngx_dns_json_open(t, ngx_dns_metrics_sources[source], '{');

        for (rcode = 0; ngx_dns_metrics_rcodes[rcode]; rcode++) {
            n = sum->responses[source][rcode];

            if (n) {
                ngx_dns_json_number(t, ngx_dns_metrics_rcodes[rcode], n);
            }
        }

        ngx_dns_json_close(t, '}');
    }

    ngx_dns_json_close(t, '}');
}


/* by zone, then action; only what is not 0 */

static void
ngx_dns_json_limited(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    uint64_t (*limited)[NGX_DNS_LIMIT_ACTIONS])
{
    uint64_t    *n;
    ngx_uint_t   i, k;

    ngx_dns_json_open(t, "limited", '{');

    for (i = 0; i < f->nlimits; i++) {
        n = limited[f->limits[i]->metrics.slot];

        if (n[NGX_DNS_LIMIT_DROP] + n[NGX_DNS_LIMIT_TRUNCATE]
            + n[NGX_DNS_LIMIT_REFUSE] + n[NGX_DNS_LIMIT_DRY_RUN] == 0)
        {
            continue;
        }

        ngx_dns_text_json(t, &f->limits[i]->name);
        ngx_dns_text_c(t, ":");
        ngx_dns_json_open(t, NULL, '{');

        for (k = 0; k < NGX_DNS_LIMIT_ACTIONS; k++) {
            if (n[k]) {
                ngx_dns_json_number(t, ngx_dns_metrics_actions[k], n[k]);
            }
        }

        ngx_dns_json_close(t, '}');
    }

    ngx_dns_json_close(t, '}');
}


static void
ngx_dns_json_cache(ngx_dns_text_t *t, ngx_dns_figures_cache_t *c)
{
    ngx_dns_json_open(t, NULL, '{');

    ngx_dns_json_string(t, "zone", c->name);
    ngx_dns_json_figures(t, NGX_DNS_FAMILY_CACHE, c);
    ngx_dns_json_number(t, "rejected", c->stat.rejected);

    ngx_dns_json_close(t, '}');
}


static void
ngx_dns_json_upstream(ngx_dns_text_t *t, ngx_dns_figures_upstream_t *fu)
{
    ngx_uint_t  i;

    ngx_dns_json_open(t, NULL, '{');

    ngx_dns_json_string(t, "upstream", &fu->upstream->name);
    ngx_dns_json_string(t, "method", &fu->upstream->balancer->name);

    ngx_dns_json_open(t, "servers", '[');

    for (i = 0; i < fu->npeers; i++) {
        ngx_dns_json_peer(t, &fu->peers[i]);
    }

    ngx_dns_json_close(t, ']');
    ngx_dns_json_close(t, '}');
}


static void
ngx_dns_json_peer(ngx_dns_text_t *t, ngx_dns_figures_peer_t *p)
{
    ngx_dns_peer_status_t  *st;

    st = &p->status;

    ngx_dns_json_open(t, NULL, '{');

    ngx_dns_json_string(t, "server", &p->peer->name);
    ngx_dns_json_key(t, "up");
    ngx_dns_text_c(t, st->up ? "true," : "false,");
    ngx_dns_json_string(t, "state", &st->state);
    ngx_dns_json_string(t, "reason", &st->reason);
    ngx_dns_json_string(t, "forced", st->forced.len ? &st->forced : NULL);
    ngx_dns_json_time(t, "changed", st->changed);
    ngx_dns_json_time(t, "checked", st->checked);

    ngx_dns_json_number(t, "weight", p->peer->weight);
    ngx_dns_json_key(t, "backup");
    ngx_dns_text_c(t, p->peer->backup ? "true," : "false,");
    ngx_dns_json_number(t, "outstanding", st->outstanding);
    ngx_dns_json_number(t, "fails", st->fails);

    ngx_dns_json_key(t, "rtt");

    if (st->rtt) {
        ngx_dns_text_seconds(t, st->rtt);
        ngx_dns_text_c(t, ",");

    } else {
        ngx_dns_text_c(t, "null,");
    }

    ngx_dns_json_figures(t, NGX_DNS_FAMILY_PEER, &p->sum);
    ngx_dns_json_number(t, "checks_passed", p->sum.checks_passed);
    ngx_dns_json_number(t, "checks_failed", p->sum.checks_failed);

    ngx_dns_json_number(t, "handshakes_full", p->sum.handshakes_full);
    ngx_dns_json_number(t, "handshakes_resumed", p->sum.handshakes_resumed);
    ngx_dns_json_number(t, "handshakes_failed", p->sum.handshakes_failed);
    ngx_dns_json_string(t, "tls_error", st->tls.len ? &st->tls : NULL);

    ngx_dns_json_key(t, "times");
    ngx_dns_json_histogram(t, &p->sum.rtt, 0);

    ngx_dns_json_close(t, '}');
}


/* null, if there is no program in the kernel */

static void
ngx_dns_json_xdp(ngx_dns_text_t *t, ngx_dns_figures_t *f)
{
    ngx_uint_t  i;

    if (!f->xdp_used) {
        ngx_dns_json_string(t, "xdp", NULL);
        return;
    }

    ngx_dns_json_open(t, "xdp", '{');
    ngx_dns_json_number(t, "entries", f->xdp.entries);
    ngx_dns_json_number(t, "entries_size", f->xdp.size);
    ngx_dns_json_number(t, "promotions", f->xdp.promotions);

    ngx_dns_json_open(t, "passes", '{');

    for (i = 0; i < NGX_DNS_XDP_PASSES; i++) {
        ngx_dns_json_number(t, ngx_dns_xdp_passes[i], f->xdp.passes[i]);
    }

    ngx_dns_json_close(t, '}');
    ngx_dns_json_close(t, '}');
}


/* what is kept of them, the last one first */

static void
ngx_dns_json_changes(ngx_dns_text_t *t, ngx_dns_figures_t *f)
{
    ngx_uint_t              i;
    ngx_dns_desk_change_t  *c;

    ngx_dns_json_open(t, "changes", '[');

    for (i = 0; i < f->nchanges; i++) {
        c = &f->changes[i];

        ngx_dns_json_open(t, NULL, '{');
        ngx_dns_json_time(t, "time", (time_t) c->time);
        ngx_dns_json_word(t, "upstream", c->upstream);
        ngx_dns_json_word(t, "server", c->server);
        ngx_dns_json_word(t, "state", c->state);
        ngx_dns_json_word(t, "reason", c->reason);
        ngx_dns_json_close(t, '}');
    }

    ngx_dns_json_close(t, ']');
}


/* null, if it is empty */

static void
ngx_dns_json_word(ngx_dns_text_t *t, const char *key, u_char *word)
{
    ngx_str_t  s;

    s.data = word;
    s.len = ngx_strlen(word);

    ngx_dns_json_string(t, key, s.len ? &s : NULL);
}


/* [ seconds, number up to them ], cumulative; the last without a bound */

static void
ngx_dns_json_histogram(ngx_dns_text_t *t, const ngx_dns_histogram_t *h,
    uint64_t at_once)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = at_once;

    ngx_dns_text_c(t, "{\"buckets\":[");

    for (i = 0; i < NGX_DNS_HISTOGRAM_BUCKETS; i++) {
        n += h->bucket[i];

        ngx_dns_text_c(t, "[");

        if (i < NGX_DNS_HISTOGRAM_BUCKETS - 1) {
            ngx_dns_text_seconds(t, ngx_dns_histogram_bounds[i]);

        } else {
            ngx_dns_text_c(t, "null");
        }

        ngx_dns_text_c(t, ",");
        ngx_dns_text_number(t, n);
        ngx_dns_text_c(t, "],");
    }

    ngx_dns_json_close(t, ']');

    ngx_dns_json_number(t, "count", n);
    ngx_dns_json_key(t, "sum");
    ngx_dns_text_seconds(t, h->sum);

    ngx_dns_text_c(t, "},");
}


/*
 * Each value has a comma after it, which the end of what it is in takes
 * back.
 */

static void
ngx_dns_json_key(ngx_dns_text_t *t, const char *key)
{
    if (key) {
        ngx_dns_text_c(t, "\"");
        ngx_dns_text_c(t, key);
        ngx_dns_text_c(t, "\":");
    }
}


static void
ngx_dns_json_number(ngx_dns_text_t *t, const char *key, uint64_t n)
{
    ngx_dns_json_key(t, key);
    ngx_dns_text_number(t, n);
    ngx_dns_text_c(t, ",");
}


static void
ngx_dns_json_string(ngx_dns_text_t *t, const char *key, const ngx_str_t *s)
{
    ngx_dns_json_key(t, key);

    if (s) {
        ngx_dns_text_json(t, s);

    } else {
        ngx_dns_text_c(t, "null");
    }

    ngx_dns_text_c(t, ",");
}


static void
ngx_dns_json_time(ngx_dns_text_t *t, const char *key, time_t sec)
{
    if (sec) {
        ngx_dns_json_number(t, key, (uint64_t) sec);

    } else {
        ngx_dns_json_string(t, key, NULL);
    }
}


static void
ngx_dns_json_open(ngx_dns_text_t *t, const char *key, char bracket)
{
    ngx_dns_json_key(t, key);
    ngx_dns_text_add(t, &bracket, 1);
}


static void
ngx_dns_json_close(ngx_dns_text_t *t, char bracket)
{
    ngx_dns_text_trim(t, ',');

    ngx_dns_text_add(t, &bracket, 1);
    ngx_dns_text_c(t, ",");
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_prometheus.h"


/* the bounds of ngx_dns_histogram.h as OpenMetrics writes numbers */

static const char  *ngx_dns_prometheus_bounds[NGX_DNS_HISTOGRAM_BUCKETS] = {
    "le=\"5e-05\"", "le=\"0.0001\"", "le=\"0.00025\"", "le=\"0.0005\"",
    "le=\"0.001\"", "le=\"0.0025\"", "le=\"0.005\"", "le=\"0.01\"",
    "le=\"0.025\"", "le=\"0.05\"", "le=\"0.1\"", "le=\"0.25\"", "le=\"0.5\"",
    "le=\"1.0\"", "le=\"2.5\"", "le=\"5.0\"", "le=\"+Inf\""
};


/* each is written many times: made once */

ngx_int_t
ngx_dns_prometheus_labels(ngx_dns_figures_t *f, ngx_pool_t *pool)
{
    ngx_uint_t               i;
    ngx_dns_figures_peer_t  *p;

    for (i = 0; i < f->nservers; i++) {
        if (ngx_dns_prometheus_label(&f->servers[i].labels, pool, "server=",
                                     &f->servers[i].conf->name, NULL, NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < f->npeers; i++) {
        p = &f->peers[i];

        if (ngx_dns_prometheus_label(&p->labels, pool, "upstream=",
                                     &p->upstream->name, ",server=",
                                     &p->peer->name)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < f->nupstreams; i++) {
        if (ngx_dns_prometheus_label(&f->upstreams[i].labels, pool,
                                     "upstream=",
                                     &f->upstreams[i].upstream->name, NULL,
                                     NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < f->ncaches; i++) {
        if (ngx_dns_prometheus_label(&f->caches[i].labels, pool, "zone=",
                                     f->caches[i].name, NULL, NULL)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_dns_prometheus_label(ngx_str_t *labels, ngx_pool_t *pool,
    const char *name, ngx_str_t *value, const char *name2, ngx_str_t *value2)
{
    ngx_buf_t       buf;
    ngx_dns_text_t  t;

    ngx_dns_text_init(&t, pool);
    ngx_memzero(&buf, sizeof(ngx_buf_t));

    labels->len = ngx_strlen(name) + NGX_DNS_TEXT_ESCAPED * value->len + 2;

    if (name2) {
        labels->len += ngx_strlen(name2)
                       + NGX_DNS_TEXT_ESCAPED * value2->len + 2;
    }

    labels->data = ngx_pnalloc(pool, labels->len);
    if (labels->data == NULL) {
        return NGX_ERROR;
    }

    buf.last = labels->data;
    buf.end = labels->data + labels->len;
    t.buf = &buf;

    ngx_dns_text_c(&t, name);
    ngx_dns_text_label(&t, value);

    if (name2) {
        ngx_dns_text_c(&t, name2);
        ngx_dns_text_label(&t, value2);
    }

    labels->len = t.size;

    return NGX_OK;
}


/* "at_once": those of the first bucket that took no time */

void
ngx_dns_prometheus_histogram(ngx_dns_text_t *t,
    const ngx_dns_family_t *family, const ngx_str_t *labels,
    const ngx_dns_histogram_t *h, uint64_t at_once)
{
    uint64_t    n;
    ngx_uint_t  i;

    n = at_once;

    for (i = 0; i < NGX_DNS_HISTOGRAM_BUCKETS; i++) {
        n += h->bucket[i];

        ngx_dns_prometheus_name(t, family, "_bucket", labels,
                                ngx_dns_prometheus_bounds[i]);
        ngx_dns_text_c(t, " ");
        ngx_dns_text_number(t, n);
        ngx_dns_text_c(t, "\n");
    }

    ngx_dns_prometheus_name(t, family, "_sum", labels, "");
    ngx_dns_text_c(t, " ");
    ngx_dns_text_seconds(t, h->sum);
    ngx_dns_text_c(t, "\n");

    ngx_dns_prometheus_name(t, family, "_count", labels, "");
    ngx_dns_text_c(t, " ");
    ngx_dns_text_number(t, n);
    ngx_dns_text_c(t, "\n");
}


/* "suffix" NULL: the bare name of a family; a counter has "_total" else */

void
ngx_dns_prometheus_name(ngx_dns_text_t *t, const ngx_dns_family_t *family,
    const char *suffix, const ngx_str_t *labels, const char *extra)
{
    ngx_dns_text_c(t, family->name);

    if (suffix) {
        ngx_dns_text_c(t, suffix);

        if (family->type == NGX_DNS_PROMETHEUS_COUNTER) {
            ngx_dns_text_c(t, "_total");
        }
    }

    if (labels == NULL && extra[0] == '\0') {
        return;
    }

    ngx_dns_text_c(t, "{");

    if (labels) {
        ngx_dns_text_str(t, labels);

        if (extra[0] != '\0') {
            ngx_dns_text_c(t, ",");
        }
    }

    ngx_dns_text_c(t, extra);
    ngx_dns_text_c(t, "}");
}


void
ngx_dns_prometheus_sample(ngx_dns_text_t *t, const ngx_dns_family_t *family,
    const ngx_str_t *labels, const char *extra, uint64_t value)
{
    ngx_dns_prometheus_name(t, family, "", labels, extra);
    ngx_dns_text_c(t, " ");
    ngx_dns_text_number(t, value);
    ngx_dns_text_c(t, "\n");
}

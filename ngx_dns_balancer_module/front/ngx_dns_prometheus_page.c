
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_prometheus.h"


static ngx_uint_t ngx_dns_prometheus_render(ngx_dns_page_request_t *pr);
static void ngx_dns_prometheus_plain(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);


/* text format 0.0.4, or OpenMetrics 1.0.0 */

const ngx_dns_page_t  ngx_dns_page_prometheus = {
    ngx_string("prometheus"),
    ngx_string("text/plain; version=0.0.4; charset=utf-8"),
    ngx_dns_prometheus_render
};


static ngx_uint_t
ngx_dns_prometheus_render(ngx_dns_page_request_t *pr)
{
    ngx_uint_t               i, openmetrics;
    ngx_dns_text_t          *t;
    ngx_dns_figures_t       *f;
    const ngx_dns_family_t  *family;

    static const char  *types[] = { "counter", "gauge", "histogram" };

    t = pr->text;
    f = pr->figures;
    openmetrics = pr->openmetrics;

    if (openmetrics) {
        ngx_str_set(&pr->type, "application/openmetrics-text; version=1.0.0; "
                               "charset=utf-8");
    }

    if (ngx_dns_prometheus_labels(f, t->pool) != NGX_OK) {
        return NGX_DNS_PAGE_FAILED;
    }

    for (i = 0; ngx_dns_families[i].name; i++) {
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

        if (family->samples) {
            family->samples(t, f, family);

        } else {
            ngx_dns_prometheus_plain(t, f, family);
        }
    }

    if (openmetrics) {
        ngx_dns_text_c(t, "# EOF\n");
    }

    return NGX_DNS_PAGE_OK;
}


/* a number of each thing, or of all together */

static void
ngx_dns_prometheus_plain(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family)
{
    const void               *figures;
    ngx_uint_t                i;
    const ngx_str_t          *labels;

    for (i = 0; i < ngx_dns_family_count(f, family->of); i++) {
        figures = ngx_dns_family_figures(f, family->of, i, &labels);

        ngx_dns_prometheus_sample(t, family, labels, "",
                                  ngx_dns_family_value(family, figures));
    }
}

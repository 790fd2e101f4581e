
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_status.h"


static ngx_uint_t ngx_dns_ready_render(ngx_dns_page_request_t *pr);
static ngx_uint_t ngx_dns_ready_upstream(ngx_dns_page_request_t *pr,
    ngx_dns_figures_upstream_t *fu, ngx_uint_t reasons);
static ngx_uint_t ngx_dns_ready_counts(ngx_dns_page_request_t *pr,
    ngx_dns_upstream_t *u);
static void ngx_dns_ready_reason(ngx_dns_text_t *t, const char *reason,
    ngx_uint_t reasons);


/* for anycast daemons, load balancers and the like: a status and a line */

const ngx_dns_page_t  ngx_dns_page_ready = {
    ngx_string("ready"),
    ngx_string("text/plain; charset=utf-8"),
    ngx_dns_ready_render
};


static ngx_uint_t
ngx_dns_ready_render(ngx_dns_page_request_t *pr)
{
    ngx_uint_t          i, reasons;
    ngx_dns_text_t     *t;
    ngx_dns_figures_t  *f;

    t = pr->text;
    f = pr->figures;
    reasons = 0;

    if (pr->quits) {
        ngx_dns_ready_reason(t, "nginx was told to quit", reasons++);
    }

    if (f->drained) {
        ngx_dns_ready_reason(t, "set down by hand", reasons++);
    }

    if (f->nservers == 0) {
        ngx_dns_ready_reason(t, "there is no DNS server", reasons++);
    }

    for (i = 0; i < f->nupstreams; i++) {
        if (ngx_dns_ready_counts(pr, f->upstreams[i].upstream)) {
            reasons += ngx_dns_ready_upstream(pr, &f->upstreams[i], reasons);
        }
    }

    ngx_dns_text_c(t, reasons ? "\n" : "ready\n");

    return reasons ? NGX_DNS_PAGE_NOT : NGX_DNS_PAGE_OK;
}


/* 1 if none of the servers of an upstream is usable */

static ngx_uint_t
ngx_dns_ready_upstream(ngx_dns_page_request_t *pr,
    ngx_dns_figures_upstream_t *fu, ngx_uint_t reasons)
{
    ngx_uint_t       i;
    ngx_dns_text_t  *t;

    for (i = 0; i < fu->npeers; i++) {
        if (fu->peers[i].status.up) {
            return 0;
        }
    }

    t = pr->text;

    ngx_dns_ready_reason(t, "upstream ", reasons);
    ngx_dns_text_json(t, &fu->upstream->name);
    ngx_dns_text_c(t, " has no usable server");

    return 1;
}


static ngx_uint_t
ngx_dns_ready_counts(ngx_dns_page_request_t *pr, ngx_dns_upstream_t *u)
{
    ngx_str_t   *name;
    ngx_uint_t   i;

    if (pr->upstreams == NULL) {
        return u->used;
    }

    name = pr->upstreams->elts;

    for (i = 0; i < pr->upstreams->nelts; i++) {
        if (name[i].len == u->name.len
            && ngx_memcmp(name[i].data, u->name.data, u->name.len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static void
ngx_dns_ready_reason(ngx_dns_text_t *t, const char *reason, ngx_uint_t reasons)
{
    ngx_dns_text_c(t, reasons ? "; " : "not ready: ");
    ngx_dns_text_c(t, reason);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The metrics, each described once: its name, what it is counted for, and where
 * its figure stands.  Both pages are made from this table.  A metric that is a
 * plain number is a field of a struct of counters and a row here.
 */


#ifndef _NGX_DNS_FAMILIES_H_INCLUDED_
#define _NGX_DNS_FAMILIES_H_INCLUDED_


#include "ngx_dns_status.h"


typedef enum {
    NGX_DNS_PROMETHEUS_COUNTER = 0,
    NGX_DNS_PROMETHEUS_GAUGE,
    NGX_DNS_PROMETHEUS_HISTOGRAM
} ngx_dns_prometheus_type_e;


/* what there is one figure for each of */

typedef enum {
    NGX_DNS_FAMILY_ALL = 0,
    NGX_DNS_FAMILY_SERVER,      /* in ngx_dns_server_counters_t */
    NGX_DNS_FAMILY_CACHE,       /* in ngx_dns_figures_cache_t */
    NGX_DNS_FAMILY_PEER         /* in ngx_dns_peer_counters_t */
} ngx_dns_family_of_e;


typedef struct ngx_dns_family_s  ngx_dns_family_t;


typedef void (*ngx_dns_family_pt)(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);


/* a metric; its name is without the "_total" of a counter */

struct ngx_dns_family_s {
    const char                 *name;
    ngx_dns_prometheus_type_e   type;
    const char                 *help;
    ngx_dns_family_of_e         of;
    const char                 *json;      /* the key; NULL: the page of JSON
                                              has it in a form of its own */
    size_t                      offset;    /* of a figure, or a choice */
    ngx_dns_family_pt           samples;   /* NULL: it is a plain number */
};


#pragma GCC visibility push(hidden)

/* ends with a row without a name */
extern const ngx_dns_family_t  ngx_dns_families[];

/* how many of a kind there are; the figures and labels of one of them */
ngx_uint_t ngx_dns_family_count(const ngx_dns_figures_t *f,
    ngx_dns_family_of_e of);
const void *ngx_dns_family_figures(const ngx_dns_figures_t *f,
    ngx_dns_family_of_e of, ngx_uint_t i, const ngx_str_t **labels);

/* those that are more than numbers: ngx_dns_prometheus.c */
void ngx_dns_prometheus_build(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_queries(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_responses(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_reasons(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_limits(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_duration(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_limited(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_cookies(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_source(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_xdp(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_xdp_passes(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_up(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_usable(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_disabled(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_drained(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_forced(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_outstanding(ngx_dns_text_t *t,
    ngx_dns_figures_t *f, const ngx_dns_family_t *family);
void ngx_dns_prometheus_rtt(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_checks(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_handshakes(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);
void ngx_dns_prometheus_unmatched(ngx_dns_text_t *t, ngx_dns_figures_t *f,
    const ngx_dns_family_t *family);

#pragma GCC visibility pop


static ngx_inline uint64_t
ngx_dns_family_value(const ngx_dns_family_t *family, const void *figures)
{
    const u_char  *p;

    p = (const u_char *) figures + family->offset;

    return *(const uint64_t *) (const void *) p;
}


#endif /* _NGX_DNS_FAMILIES_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * How the samples of a metric are written.  Private to
 * ngx_dns_prometheus*.c.
 */


#ifndef _NGX_DNS_PROMETHEUS_H_INCLUDED_
#define _NGX_DNS_PROMETHEUS_H_INCLUDED_


#include "ngx_dns_families.h"


#pragma GCC visibility push(hidden)

/* makes the labels of all figures, which are written many times */
ngx_int_t ngx_dns_prometheus_labels(ngx_dns_figures_t *f, ngx_pool_t *pool);

/* one or two of them, NAME= and a value; NGX_ERROR: no memory */
ngx_int_t ngx_dns_prometheus_label(ngx_str_t *labels, ngx_pool_t *pool,
    const char *name, ngx_str_t *value, const char *name2, ngx_str_t *value2);

/*
 * The name of a series, with "labels", or NULL, and "extra" ones, which may be
 * "".  With "suffix" NULL it is the bare name of a family, otherwise "_total"
 * follows the name of a counter.
 */
void ngx_dns_prometheus_name(ngx_dns_text_t *t,
    const ngx_dns_family_t *family, const char *suffix,
    const ngx_str_t *labels, const char *extra);

void ngx_dns_prometheus_sample(ngx_dns_text_t *t,
    const ngx_dns_family_t *family, const ngx_str_t *labels,
    const char *extra, uint64_t value);

/* "at_once": those of the first bucket that took no time */
void ngx_dns_prometheus_histogram(ngx_dns_text_t *t,
    const ngx_dns_family_t *family, const ngx_str_t *labels,
    const ngx_dns_histogram_t *h, uint64_t at_once);

#pragma GCC visibility pop


#endif /* _NGX_DNS_PROMETHEUS_H_INCLUDED_ */

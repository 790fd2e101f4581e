
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a status page shows: the facts of the configuration, made once by
 * module/, and the text of them together with the figures of the moment.
 * Rendering reads shared memory and writes into memory of a pool; it takes no
 * lock, never waits, and needs no worker of its own.  For module/.
 */


#ifndef _NGX_DNS_STATUS_H_INCLUDED_
#define _NGX_DNS_STATUS_H_INCLUDED_


#include "ngx_dns_text.h"
#include "../query/ngx_dns_conf.h"
#include "../query/ngx_dns_limit.h"
#include "../store/ngx_dns_desk.h"
#include "../store/ngx_dns_metrics.h"
#include "../store/ngx_dns_xdp.h"


typedef struct {
    ngx_str_t                name;         /* the label: its first "listen" */
    ngx_array_t              listens;      /* of ngx_str_t */
    ngx_array_t              zones;        /* of ngx_dns_zone_t * */
    ngx_shm_zone_t          *cache;        /* or NULL */
    ngx_dns_metrics_id_t    *metrics;
} ngx_dns_status_server_t;


typedef struct {
    ngx_array_t              servers;      /* of ngx_dns_status_server_t */
    ngx_array_t              upstreams;    /* of ngx_dns_upstream_t * */
    ngx_array_t              caches;       /* of ngx_shm_zone_t * */
    ngx_array_t             *limits;       /* of ngx_dns_limit_zone_t * */
    ngx_dns_metrics_shm_t   *metrics;      /* NULL: no server, no figures */
    ngx_dns_desk_shm_t      *desk;         /* NULL: the same */
} ngx_dns_status_t;


/* the figures of a moment, and what they are of */

typedef struct {
    ngx_dns_status_server_t      *conf;
    ngx_dns_server_counters_t     sum;
    ngx_str_t                     labels;
} ngx_dns_figures_server_t;


typedef struct {
    ngx_dns_upstream_t           *upstream;
    ngx_dns_peer_t               *peer;
    ngx_dns_peer_counters_t       sum;
    ngx_dns_peer_status_t         status;
    ngx_str_t                     labels;
} ngx_dns_figures_peer_t;


/* an upstream's are together; there may be none of them now */

typedef struct {
    ngx_dns_upstream_t           *upstream;
    ngx_dns_figures_peer_t       *peers;
    ngx_uint_t                    npeers;
    ngx_str_t                     labels;
} ngx_dns_figures_upstream_t;


typedef struct {
    ngx_str_t                    *name;
    uint64_t                      size;
    ngx_dns_cache_stat_t          stat;
    ngx_str_t                     labels;
} ngx_dns_figures_cache_t;


typedef struct {
    ngx_dns_counters_t            sum;
    ngx_dns_figures_server_t     *servers;
    ngx_uint_t                    nservers;
    ngx_dns_figures_peer_t       *peers;       /* in the order of upstreams */
    ngx_uint_t                    npeers;
    ngx_dns_figures_upstream_t   *upstreams;
    ngx_uint_t                    nupstreams;
    ngx_dns_limit_zone_t        **limits;
    ngx_uint_t                    nlimits;
    ngx_dns_figures_cache_t      *caches;
    ngx_uint_t                    ncaches;
    ngx_dns_desk_change_t        *changes;     /* the last one first */
    ngx_uint_t                    nchanges;
    uint64_t                      drained;     /* by hand: not ready */
    ngx_uint_t                    xdp_used;    /* there is a program */
    ngx_dns_xdp_stat_t            xdp;
} ngx_dns_figures_t;


#define NGX_DNS_PAGE_OK      200
#define NGX_DNS_PAGE_FAILED  500               /* no memory */
#define NGX_DNS_PAGE_NOT     503               /* not ready */


/* what a page is made of, and for whom */

typedef struct {
    ngx_dns_text_t               *text;
    ngx_dns_figures_t            *figures;
    ngx_str_t                     type;        /* Content-Type: that of the
                                                  page, or one it sets */
    ngx_uint_t                    openmetrics; /* the client wants it */
    ngx_array_t                  *upstreams;   /* ready: ngx_str_t, those that
                                                  count; NULL: all in use */
    ngx_uint_t                    quits;       /* nginx is told to */
    ngx_str_t                     control;     /* html: the path of dns_control
                                                  here; empty: none */
    ngx_str_t                     policy;      /* html sets it:
                                                  Content-Security-Policy */
} ngx_dns_page_request_t;


/*
 * A page: one file, and a line in ngx_dns_pages[].  render() returns the status
 * of HTTP.
 */

typedef struct {
    ngx_str_t                     word;        /* of dns_status */
    ngx_str_t                     type;
    ngx_uint_t                  (*render)(ngx_dns_page_request_t *pr);
} ngx_dns_page_t;


#pragma GCC visibility push(hidden)

extern const ngx_dns_page_t  ngx_dns_page_html;
extern const ngx_dns_page_t  ngx_dns_page_json;
extern const ngx_dns_page_t  ngx_dns_page_prometheus;
extern const ngx_dns_page_t  ngx_dns_page_ready;

/* ends with NULL */
extern const ngx_dns_page_t  *ngx_dns_pages[];

/* by the word of dns_status; NULL: there is none */
const ngx_dns_page_t *ngx_dns_page_find(const ngx_str_t *word);

/* a server of an upstream alone, as it is in the page of JSON */
void ngx_dns_json_server_of(ngx_dns_text_t *t, ngx_dns_figures_peer_t *p);

/* none without a server {} of ours; NULL is for no memory */
ngx_dns_figures_t *ngx_dns_status_figures(ngx_dns_status_t *st,
    ngx_pool_t *pool);

/* responses of a source, of any rcode */
uint64_t ngx_dns_status_source(const ngx_dns_server_counters_t *sum,
    ngx_dns_source_e source);

#pragma GCC visibility pop


#endif /* _NGX_DNS_STATUS_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_xdp: the directives, and the life of the program in the kernel.  It is
 * loaded and attached by the master, which alone has descriptors of the links
 * to devices: with its end, however that comes, the program is gone.  Workers
 * have the memory of the program, and the descriptor of its table of addresses.
 *
 * Each configuration has a program and memory of its own.  A reload puts the
 * new program into the links of the old one, between two packets, so that no
 * answer of an old worker is ever found by it.  Only the counters are kept.
 */


#ifndef _NGX_STREAM_DNS_XDP_H_INCLUDED_
#define _NGX_STREAM_DNS_XDP_H_INCLUDED_


#include "ngx_stream_dns.h"
#include "../query/ngx_dns_hot.h"


typedef enum {
    NGX_STREAM_DNS_XDP_AUTO = 0,
    NGX_STREAM_DNS_XDP_NATIVE,
    NGX_STREAM_DNS_XDP_GENERIC
} ngx_stream_dns_xdp_mode_e;


struct ngx_stream_dns_xdp_s {
    ngx_array_t                 devices;   /* of ngx_str_t, with a zero */
    ngx_stream_dns_place_t      place;
    ngx_uint_t                  entries;
    ngx_stream_dns_xdp_mode_e   mode;

    int                         listen;    /* the table of addresses; -1 */
    ngx_uint_t                  wildcard;  /* it has addresses of this machine,
                                              which come and go */
    ngx_event_t                 event;     /* of the worker that looks after
                                              answers */
    ngx_uint_t                  ticks;
};


#if (NGX_DNS_XDP)

#pragma GCC visibility push(hidden)

/* of the master: what the new configuration wants; NULL: nothing */
void ngx_stream_dns_xdp_start(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);

/*
 * Links to devices.  begin() and end() enclose what a configuration does: those
 * that it has not set are gone at the end.  set() puts the program into all
 * devices it can, and says so.
 */
void ngx_stream_dns_xdp_links_begin(void);
ngx_int_t ngx_stream_dns_xdp_links_set(ngx_log_t *log,
    ngx_stream_dns_xdp_t *xdp, int program);
void ngx_stream_dns_xdp_links_end(ngx_log_t *log);

/* of all processes but the master, at their start */
void ngx_stream_dns_xdp_links_leave(void);

/*
 * Writes addresses and ports into the table: NGX_OK, or NGX_ERROR, and it is
 * said why.  Those of this machine, where a "listen" is for all of them, are
 * written anew by each call, and the others with the first one.
 */
ngx_int_t ngx_stream_dns_xdp_addresses(ngx_cycle_t *cycle,
    ngx_stream_dns_xdp_t *xdp);

/*
 * A worker: a server begins, all of its stages are known; it is the one that
 * looks after answers, and is it no longer
 */
void ngx_stream_dns_xdp_open(ngx_cycle_t *cycle,
    ngx_stream_dns_srv_conf_t *dscf);
void ngx_stream_dns_xdp_hold(ngx_stream_dns_main_conf_t *dmcf);
void ngx_stream_dns_xdp_let(ngx_stream_dns_main_conf_t *dmcf);

#pragma GCC visibility pop

#else

#define ngx_stream_dns_xdp_start(cycle, dmcf)
#define ngx_stream_dns_xdp_links_leave()
#define ngx_stream_dns_xdp_open(cycle, dscf)
#define ngx_stream_dns_xdp_hold(dmcf)
#define ngx_stream_dns_xdp_let(dmcf)

#endif


#endif /* _NGX_STREAM_DNS_XDP_H_INCLUDED_ */

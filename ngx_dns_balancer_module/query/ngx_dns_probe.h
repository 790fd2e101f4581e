
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Queries of this nginx's own to servers, one at a time to each: health checks
 * and the search for loops.  Here is what they have in common: their list, who
 * sends them, their timer, their end.  What is asked and what the response
 * means is the kind's.
 *
 * For ngx_dns_health.c and ngx_dns_loop.c, which begin with a probe each; and
 * for module/, which starts and ends them all.  Only the worker that holds the
 * lease sends any.
 */


#ifndef _NGX_DNS_PROBE_H_INCLUDED_
#define _NGX_DNS_PROBE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "../transport/ngx_dns_transport.h"


typedef struct ngx_dns_probe_s  ngx_dns_probe_t;


/* each ends with a query or a call of ngx_dns_probe_wait() */

typedef struct {
    /* this worker has got the lease */
    void                         (*start)(ngx_dns_probe_t *p);

    /* the time that was waited for is over */
    void                         (*due)(ngx_dns_probe_t *p);

    /* no response in time */
    void                         (*timeout)(ngx_dns_probe_t *p);

    /* what has come of the query, but for NGX_DNS_EVENT_SOFT */
    void                         (*outcome)(ngx_dns_probe_t *p,
                                            ngx_dns_event_e event,
                                            u_char *msg, size_t len);

    /* another server is there now; a query to the last one is given up */
    void                         (*left)(ngx_dns_probe_t *p);
} ngx_dns_probe_kind_t;


struct ngx_dns_probe_s {
    ngx_dns_attempt_t              attempt;
    ngx_event_t                    event;      /* the next one, or the
                                                  timeout */
    ngx_dns_peer_t                *peer;
    ngx_dns_transport_t           *transport;  /* the peer's, if not set */
    ngx_log_t                     *log;
    const ngx_dns_probe_kind_t    *kind;
    ngx_dns_probe_t               *next;
    unsigned                       waiting:1;  /* for a response */
};


#pragma GCC visibility push(hidden)

/*
 * One more, of "size" octets, the rest of which is zero; the kind then sets the
 * question of its attempt.  NULL: no memory.
 */
ngx_dns_probe_t *ngx_dns_probe_add(ngx_cycle_t *cycle, size_t size,
    ngx_dns_peer_t *peer, const ngx_dns_probe_kind_t *kind);

/* this worker has got the lease of this generation; it has lost it */
void ngx_dns_probe_start(ngx_dns_lease_t *lease, uint32_t generation);
void ngx_dns_probe_stop(void);

/* another server is to sit there, or none */
void ngx_dns_probe_leave(ngx_dns_peer_t *peer);

/* at the worker's exit, before its transports end */
void ngx_dns_probe_done(void);

/* has this worker still got the lease? */
ngx_uint_t ngx_dns_probe_held(void);

/* as the transport's send(); NGX_OK: an outcome or a timeout will follow */
ngx_int_t ngx_dns_probe_send(ngx_dns_probe_t *p, u_char *query, size_t len,
    ngx_msec_t timeout);

/* it is due after so many milliseconds; not in a worker that exits */
void ngx_dns_probe_wait(ngx_dns_probe_t *p, ngx_msec_t msec);

#pragma GCC visibility pop


#endif /* _NGX_DNS_PROBE_H_INCLUDED_ */

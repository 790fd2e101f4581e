
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What an operator has said of this nginx as a whole, and the last changes of
 * state of all servers, in shared memory that is kept over every reload.  For
 * peers/ and front/.  Nobody waits: a writer takes the next place of a ring, a
 * reader leaves out what is being written.
 */


#ifndef _NGX_DNS_DESK_H_INCLUDED_
#define _NGX_DNS_DESK_H_INCLUDED_


#include "../base/ngx_dns.h"
#include "../base/ngx_dns_atomic.h"


#define NGX_DNS_DESK_CHANGES  64       /* a power of two */
#define NGX_DNS_DESK_NAME     112      /* octets kept of a name, with a zero */
#define NGX_DNS_DESK_STATE    16
#define NGX_DNS_DESK_REASON   96


typedef struct {
    uint64_t  place;                   /* in the order of all changes, from 1
                                          on; 0: being written, or none */
    uint64_t  time;                    /* seconds since 1970 */
    u_char    upstream[NGX_DNS_DESK_NAME];   /* all end with a zero */
    u_char    server[NGX_DNS_DESK_NAME];
    u_char    state[NGX_DNS_DESK_STATE];
    u_char    reason[NGX_DNS_DESK_REASON];
} ngx_dns_desk_change_t;


typedef struct {
    uint32_t               layout;
    uint32_t               drained;    /* by hand: dns_status ready is 503 */
    uint64_t               next;       /* place of the last change */
    ngx_dns_desk_change_t  change[NGX_DNS_DESK_CHANGES];
} ngx_dns_desk_shm_t;


#pragma GCC visibility push(hidden)

/* of this process; NULL: there is none, nothing is kept */
extern ngx_dns_desk_shm_t  *ngx_dns_desk;

/* cleared memory, or what an earlier configuration had; NGX_ERROR: neither */
ngx_int_t ngx_dns_desk_init(ngx_dns_desk_shm_t *desk);

/* keeps a change; long words are cut off */
void ngx_dns_desk_note(const ngx_str_t *upstream, const ngx_str_t *server,
    const ngx_str_t *state, const ngx_str_t *reason);

/* copies the changes, the last one first; returns their number */
ngx_uint_t ngx_dns_desk_changes(ngx_dns_desk_shm_t *desk,
    ngx_dns_desk_change_t change[NGX_DNS_DESK_CHANGES]);

#pragma GCC visibility pop


#endif /* _NGX_DNS_DESK_H_INCLUDED_ */


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a query has to do with, in three parts: the listener, which is what a
 * server {} has; the policy of its zone (ngx_dns_policy.h); the runtime, which
 * this process counts and holds.  One ngx_dns_conf_t for each server {}, filled
 * by module/, read by the query layer, handed through by a front.  Also what a
 * front tells of a client and what a finished query was.
 */


#ifndef _NGX_DNS_CONF_H_INCLUDED_
#define _NGX_DNS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "../base/ngx_dns.h"
#include "../peers/ngx_dns_balancer.h"
#include "../store/ngx_dns_cache.h"
#include "../store/ngx_dns_hosts.h"
#include "../store/ngx_dns_metrics.h"
#include "../store/ngx_dns_secret.h"
#include "ngx_dns_forward.h"


/* $dns_cache_status */

typedef enum {
    NGX_DNS_CACHE_STATUS_NONE = 0,
    NGX_DNS_CACHE_STATUS_HIT,
    NGX_DNS_CACHE_STATUS_MISS,
    NGX_DNS_CACHE_STATUS_EXPIRED,
    NGX_DNS_CACHE_STATUS_STALE,
    NGX_DNS_CACHE_STATUS_BYPASS,
    NGX_DNS_CACHE_STATUS_HOSTS,
    NGX_DNS_CACHE_STATUS_LOCAL
} ngx_dns_cache_status_e;


typedef struct ngx_dns_conf_s    ngx_dns_conf_t;
typedef struct ngx_dns_client_s  ngx_dns_client_t;
typedef struct ngx_dns_logged_s  ngx_dns_logged_t;
typedef struct ngx_dns_request_s ngx_dns_request_t;
typedef struct ngx_dns_stage_s   ngx_dns_stage_t;
typedef struct ngx_dns_limit_zone_s  ngx_dns_limit_zone_t;


#define NGX_DNS_STAGES  8


/*
 * How a response gets to a client.  reserve() gives room for one message, up
 * to the next commit(); it never fails: a front that is full sends first.
 * "counter", of this process, is added to when the message has left.  "ttl" is
 * how long a client may keep it, of ngx_dns_ttl(), for a front that says so by
 * "aged"; else it is NGX_DECLINED.
 *
 * part() commits a message of a response of several (RFC 5936), all but the
 * last one.  NGX_AGAIN: it is taken, but none more before the event given to
 * room() is posted; NGX_ERROR: the client has gone.  A response that breaks
 * off ends by a commit() of size 0, which closes the client's connection
 * when what it was sent before has left.  A front of datagrams has neither.
 *
 * drop() ends a query that is well-formed and gets no response; NULL if there
 * is nothing to end.  It closes the client's connection, as above.
 *
 * deny() ends a query that a rule of the server denies, in a way of the front's
 * own, and adds to "counter" as commit() does; NULL: the client gets REFUSED.
 *
 * connection() is nginx's connection of the client, for logs and variables, or
 * NULL if that is closed.  A front whose clients have none has no connection().
 */

typedef struct {
    u_char           *(*reserve)(ngx_dns_client_t *client, size_t size);
    void              (*commit)(ngx_dns_client_t *client, size_t size,
                                uint64_t *counter, ngx_int_t ttl);
    ngx_int_t         (*part)(ngx_dns_client_t *client, size_t size);
    void              (*room)(ngx_dns_client_t *client, ngx_event_t *ev);
    void              (*drop)(ngx_dns_client_t *client);
    void              (*deny)(ngx_dns_client_t *client, uint64_t *counter);
    ngx_connection_t *(*connection)(ngx_dns_client_t *client);
    int                 type;          /* SOCK_*, as rules and logs see it */
    ngx_uint_t          aged;
} ngx_dns_front_t;


typedef union {
    struct sockaddr      sockaddr;
    struct sockaddr_in   sockaddr_in;
    struct sockaddr_in6  sockaddr_in6;
} ngx_dns_sockaddr_t;


/*
 * Copied into each query: kept small.  What it is is known to its front only,
 * which counts its queries and keeps "handle" until the last has ended.
 */

struct ngx_dns_client_s {
    ngx_dns_front_t      *front;
    void                 *handle;      /* the front's */
    ngx_listening_t      *listening;   /* nginx's */
    ngx_dns_sockaddr_t    sockaddr;
    socklen_t             socklen;
    uint32_t              proto;       /* ngx_dns_proto_e */
    unsigned              bounded:1;   /* what is longer than it takes is cut,
                                          with TC */
    unsigned              checked:1;   /* rules were run for its connection */
    unsigned              proxied:1;   /* "source" is who asks, "sockaddr" the
                                          proxy that the response goes to */

    /* the address that was asked, where a listener has several */
    unsigned              local:1;
    ngx_dns_sockaddr_t    local_sockaddr;
    ngx_dns_sockaddr_t    source;

    /* where the listener has a tap: when its query came, in nanoseconds of the
       wall clock; 0: it is not one of those that are shown */
    uint64_t              tapped;
};


/* who asks, for all but the response */

static ngx_inline struct sockaddr *
ngx_dns_client_source(ngx_dns_client_t *client)
{
    return client->proxied ? &client->source.sockaddr
                           : &client->sockaddr.sockaddr;
}


/*
 * Flat facts of a query, all that rules, logs and variables may read.  Good
 * during the call it is an argument of.
 */

struct ngx_dns_logged_s {
    ngx_dns_conf_t       *conf;
    ngx_dns_client_t     *client;

    u_char               *name;        /* on the wire, as asked; or NULL */
    size_t                name_len;
    uint16_t              id;
    uint16_t              flags;
    uint16_t              type;
    uint16_t              class;
    uint16_t              udp_size;    /* 0: no EDNS */
    uint16_t              dnssec_ok;

    size_t                received;
    size_t                sent;        /* 0: no response */
    uint16_t              rcode;
    uint16_t              answers;
    ngx_dns_reason_e      reason;
    ngx_dns_cache_status_e  cache_status;

    ngx_dns_zone_t       *zone;        /* or NULL, as the next ones */
    ngx_dns_upstream_t   *upstream;    /* that was chosen */
    ngx_dns_peer_t       *peer;        /* the last that was asked */
    ngx_uint_t            tries;
    uint64_t              upstream_usec;
    uint64_t              start_usec;
    ngx_msec_t            start_msec;
};


/* responses that no server is asked for: see ngx_dns_local.h */

typedef struct {
    ngx_dns_hosts_t      *hosts;       /* NULL: no files */
    uint32_t              ttl;         /* of their responses */
    ngx_str_t             id;          /* id.server, hostname.bind */
    ngx_str_t             version;     /* version.server, version.bind */
    ngx_str_t             whoami;      /* on the wire, in lower case; empty:
                                          none */
    ngx_str_t             resolver;    /* dns_resolver_name, lower case, on the
                                          wire; empty: none */
    ngx_array_t           designated;  /* of ngx_str_t, RDATA of its SVCB */

    unsigned              fallthrough:1;    /* other names may be elsewhere */
    unsigned              localhost:1;
    unsigned              server_id:1;
    unsigned              reverse:1;
    unsigned              special:1;
    unsigned              discovery:1;      /* resolver.arpa */
    unsigned              any:1;            /* names may be any: hosts files, or
                                               that of the resolver */
} ngx_dns_local_t;


/* what a server {} has, whatever the zone; not changed after the start */

typedef struct {
    ngx_dns_forward_t    *forward;
    ngx_dns_local_t      *local;       /* or NULL */
    ngx_array_t          *proxies;     /* of ngx_cidr_t: who sends PROXY
                                          headers over UDP; or NULL */
    size_t                udp_max_size;
    size_t                udp_unproven;    /* the same, of a client whose
                                              address may be forged */
    ngx_str_t             nsid;            /* empty: none */
    ngx_dns_secret_shm_t *secrets;         /* of cookies; NULL: none */
    ngx_msec_t            idle_timeout;    /* of a client's connection */
    ngx_msec_t            client_timeout;  /* to send a query, to read */
    ngx_uint_t            pipeline;        /* in flight of a connection */
    ngx_uint_t            max_queries;
    ngx_log_t            *log;

    /* what a query passes: ngx_dns_stage.h */
    ngx_uint_t            points;          /* NGX_DNS_AT_*, of any of them */
    ngx_dns_reason_e    (*enter)(ngx_dns_request_t *r,
                                 ngx_dns_reason_e reason);    /* or NULL */
    ngx_uint_t            nstages;
    const ngx_dns_stage_t  *stages[NGX_DNS_STAGES];

    /* a stage: NGX_OK, or NGX_DECLINED for a client that is denied */
    ngx_int_t           (*access)(ngx_dns_logged_t *r);

    /* the value of a limit's key; NGX_DECLINED: it is empty */
    ngx_int_t           (*limit_key)(ngx_dns_logged_t *r,
                                     const ngx_dns_limit_zone_t *zone,
                                     uint64_t *hash);

    /* the value of an upstream's hash key */
    uint64_t            (*key)(ngx_dns_logged_t *r, ngx_dns_upstream_t *u);

    /* where a query goes by zone->choice; NULL if that is nowhere */
    const ngx_dns_choice_t  *(*choose)(ngx_dns_logged_t *r);

    ngx_uint_t            xdp;         /* where its answers are counted, with
                                          "dns_xdp on" */
    void                 *tap;         /* the front's: ngx_dns_tap.h; NULL:
                                          none */
    void                 *data;        /* module's */
} ngx_dns_listener_t;


/* what this process counts and holds for a server {} */

typedef struct {
    ngx_uint_t            queries;     /* in flight */
    ngx_dns_server_counters_t  *counters;    /* see ngx_dns_metrics.h */
} ngx_dns_runtime_t;


struct ngx_dns_conf_s {
    ngx_dns_listener_t    listener;
    const ngx_dns_policy_t  *policy;      /* of queries that are in no zone */
    ngx_dns_runtime_t     runtime;
};


#endif /* _NGX_DNS_CONF_H_INCLUDED_ */

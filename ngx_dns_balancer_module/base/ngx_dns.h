
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Limits of DNS messages and the reasons a query can end with other than an
 * answer.  Included by every file; knows nothing of sockets, events, shared
 * memory or configuration.  The functions of the module are hidden from
 * other modules: nginx opens modules with RTLD_GLOBAL, so each header wraps
 * its declarations in "visibility push(hidden)".
 */


#ifndef _NGX_DNS_H_INCLUDED_
#define _NGX_DNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_DNS_VERSION  "0.1.0"


/*
 * After the declaration of a function that each query passes, but which is
 * called in several places: in line in all of them.
 */

#define ngx_dns_hot  __attribute__((always_inline))


#define NGX_DNS_PORT              53

#define NGX_DNS_HEADER_SIZE       12      /* RFC 1035, 4.1.1 */
#define NGX_DNS_MAX_NAME          255     /* octets on the wire, 2.3.4 */
#define NGX_DNS_MAX_LABEL         63
#define NGX_DNS_MAX_LABELS        127
#define NGX_DNS_MIN_UDP_SIZE      512     /* RFC 1035, 4.2.1 */
#define NGX_DNS_MAX_MESSAGE       65535
#define NGX_DNS_OPT_SIZE          11      /* an OPT record without options */
#define NGX_DNS_EDE_SIZE          6       /* RFC 8914, without extra text */

/* header, the longest question, OPT, Client Subnet: what is sent upstream */

#define NGX_DNS_MAX_QUERY         (NGX_DNS_HEADER_SIZE + NGX_DNS_MAX_NAME + 4 \
                                   + NGX_DNS_OPT_SIZE + 24)


/*
 * Why a query did not get a response of an upstream.  Wire faults come first:
 * the codec returns them as its verdict.  The order is that of the table in
 * ngx_dns_reason.c, which holds the words for $dns_error, the label for the
 * metrics, the rcode and the RFC 8914 code.
 */

typedef enum {
    NGX_DNS_FINE = 0,

    /* dropped: a response could be part of a loop or can't be made */
    NGX_DNS_EHEADER,             /* shorter than a header */
    NGX_DNS_ERESPONSE,           /* QR is set */
    NGX_DNS_EINCOMPLETE,         /* not there in time, over a stream */
    NGX_DNS_EPROXY,              /* no PROXY header of a trusted proxy */
    NGX_DNS_EHTTP,               /* a request of HTTP that has no query */
    NGX_DNS_EZDROP,              /* dns_return drop */
    NGX_DNS_ELIMITDROP,          /* over a dns_limit */

    /* NOTIMP */
    NGX_DNS_EOPCODE,
    NGX_DNS_EZNOTIMP,            /* dns_return notimp */

    /* FORMERR */
    NGX_DNS_EQDCOUNT,            /* not exactly one question */
    NGX_DNS_EQUESTION,           /* cut off inside the question */
    NGX_DNS_ELABEL,              /* label type or compression */
    NGX_DNS_ENAME,               /* name over 255 octets */
    NGX_DNS_ESECTION,            /* records in answer or authority */
    NGX_DNS_ERECORD,             /* record cut off or bad owner name */
    NGX_DNS_EOPT,                /* OPT with an owner other than root, or
                                    options that don't fit */
    NGX_DNS_EOPTS,               /* more than one OPT */
    NGX_DNS_ECOOKIE,             /* a cookie of no known length */
    NGX_DNS_ETRAILING,           /* octets after the last record */
    NGX_DNS_ESIZE,               /* over what is read of a query */

    /* BADVERS */
    NGX_DNS_EVERSION,

    /* no question but that for a cookie: NOERROR, BADCOOKIE */
    NGX_DNS_EASKCOOKIE,
    NGX_DNS_EBADCOOKIE,          /* the one it has is not good */

    /* REFUSED */
    NGX_DNS_ECLASS,
    NGX_DNS_ETRANSFER,           /* AXFR or IXFR over UDP */
    NGX_DNS_EMETA,               /* a type that can't be asked for */
    NGX_DNS_EANY,                /* dns_any refuse */
    NGX_DNS_ETSIG,
    NGX_DNS_EZONE,               /* no zone matches */
    NGX_DNS_EZREFUSED,           /* dns_return refused */
    NGX_DNS_EACCESS,             /* denied by a rule of the server */
    NGX_DNS_ELIMIT,              /* over a dns_limit, over a stream */
    NGX_DNS_ELIMITTC,            /* the same over UDP: a response with TC */
    NGX_DNS_EOVERLOAD,           /* dns_max_queries */
    NGX_DNS_ELOOP,               /* it is our own: ngx_dns_loop.h */
    NGX_DNS_EDOWN,               /* no usable server, all_down refuse */

    /* SERVFAIL */
    NGX_DNS_EZSERVFAIL,          /* dns_return servfail */
    NGX_DNS_ETARGET,             /* the value of dns_pass is no upstream */
    NGX_DNS_EPEERS,              /* no usable server */
    NGX_DNS_ETIMEOUT,            /* no server answered in time */
    NGX_DNS_ENETWORK,            /* ICMP or socket errors */
    NGX_DNS_ETLS,                /* no TLS with any server: see
                                    ngx_dns_fault.h */
    NGX_DNS_EANSWER,             /* malformed responses only */
    NGX_DNS_ERCODE,              /* rcodes of the servers */
    NGX_DNS_ECACHED,             /* a failure that the cache has */
    NGX_DNS_ECUT,                /* TC, and no way to the whole response */
    NGX_DNS_ESHUTDOWN,           /* worker_shutdown_timeout */
    NGX_DNS_EINTERNAL,           /* no memory, no socket: see "local" */

    NGX_DNS_REASONS
} ngx_dns_reason_e;


#define NGX_DNS_NOERROR           0
#define NGX_DNS_FORMERR           1
#define NGX_DNS_SERVFAIL          2
#define NGX_DNS_NXDOMAIN          3
#define NGX_DNS_NOTIMP            4
#define NGX_DNS_REFUSED           5
#define NGX_DNS_BADVERS           16
#define NGX_DNS_BADCOOKIE         23

#define NGX_DNS_DROP              0xffff  /* in place of an rcode */
#define NGX_DNS_NO_EDE            0xffff

#define NGX_DNS_EDE_STALE         3       /* RFC 8914, 4 */
#define NGX_DNS_EDE_CACHED_ERROR  13
#define NGX_DNS_EDE_STALE_NX      19


typedef struct {
    const char   *label;         /* [a-z_]+, the metrics' label */
    const char   *text;          /* for people: $dns_error, EXTRA-TEXT */
    uint16_t      rcode;         /* or NGX_DNS_DROP */
    uint16_t      ede;           /* RFC 8914 INFO-CODE or NGX_DNS_NO_EDE */
} ngx_dns_reason_t;


#pragma GCC visibility push(hidden)

extern const ngx_dns_reason_t  ngx_dns_reasons[NGX_DNS_REASONS];

#pragma GCC visibility pop


#endif /* _NGX_DNS_H_INCLUDED_ */

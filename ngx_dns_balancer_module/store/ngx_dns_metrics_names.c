
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_metrics.h"


/*
 * The label values of types are a short list, or a client could make as many
 * time series as there are types.  "none": the query has no question that
 * could be read.
 */

const char  *ngx_dns_metrics_types[NGX_DNS_METRICS_TYPES] = {
    "A", "NS", "CNAME", "SOA", "PTR", "HINFO", "MX", "TXT", "AAAA", "LOC",
    "SRV", "NAPTR", "DS", "SSHFP", "RRSIG", "DNSKEY", "TLSA", "SVCB", "HTTPS",
    "SPF", "AXFR", "ANY", "other", "none", NULL
};


#define O  NGX_DNS_METRICS_TYPE_OTHER
#define N  NGX_DNS_METRICS_TYPE_NONE

const uint8_t  ngx_dns_metrics_type_place[256] = {
    N, 0, 1, O, O, 2, 3, O, O, O, O, O, 4, 5, O, 6,     /* 0: A NS CNAME SOA */
    7, O, O, O, O, O, O, O, O, O, O, O, 8, 9, O, O,     /* 16: TXT AAAA LOC */
    O, 10, O, 11, O, O, O, O, O, O, O, 12, 13, O, 14, O,         /* 32: SRV */
    15, O, O, O, 16, O, O, O, O, O, O, O, O, O, O, O,         /* 48: DNSKEY */
    17, 18, O, O, O, O, O, O, O, O, O, O, O, O, O, O,     /* 64: SVCB HTTPS */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, 19, O, O, O, O, O, O, O, O, O, O, O, O,             /* 96: SPF */
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, O, O, O, O,
    O, O, O, O, O, O, O, O, O, O, O, O, 20, O, O, 21      /* 240: AXFR ANY */
};


const char  *ngx_dns_metrics_rcodes[NGX_DNS_METRICS_RCODES] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
    "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE", "BADVERS", "other",
    NULL, NULL, NULL
};


const char  *ngx_dns_metrics_actions[NGX_DNS_LIMIT_ACTIONS] = {
    "drop", "truncate", "refuse", "dry_run"
};


const char  *ngx_dns_metrics_cookies[NGX_DNS_COOKIES] = {
    "new", "valid", "invalid"
};


const char  *ngx_dns_metrics_protos[NGX_DNS_PROTOS] = {
    "udp", "tcp", "tls", "https"
};


const char  *ngx_dns_metrics_sources[NGX_DNS_SOURCES] = {
    "cache", "xdp", "stale", "hosts", "local", "upstream", "error"
};


const char  *ngx_dns_metrics_gauges[NGX_DNS_GAUGES] = {
    "upstream_connections", "client_connections", "queries", "transfers",
    "unread_octets"
};

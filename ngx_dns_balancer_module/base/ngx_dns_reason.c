
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns.h"


#define NO   NGX_DNS_NO_EDE


/* INFO-CODEs: RFC 8914, 4; one row for each value of ngx_dns_reason_e */

const ngx_dns_reason_t  ngx_dns_reasons[NGX_DNS_REASONS] = {

    { "none", "", NGX_DNS_NOERROR, NO },

    { "short_header", "shorter than a header", NGX_DNS_DROP, NO },
    { "response_bit", "response bit set", NGX_DNS_DROP, NO },
    { "incomplete", "query is incomplete", NGX_DNS_DROP, NO },
    { "proxy", "no valid PROXY protocol header", NGX_DNS_DROP, NO },
    { "http", "HTTP request without a query", NGX_DNS_DROP, NO },
    { "return_drop", "dns_return drop", NGX_DNS_DROP, NO },
    { "limit_drop", "over dns_limit, dropped", NGX_DNS_DROP, NO },

    { "opcode", "opcode not supported", NGX_DNS_NOTIMP, 21 },
    { "return_notimp", "dns_return notimp", NGX_DNS_NOTIMP, 21 },

    { "qdcount", "not exactly one question", NGX_DNS_FORMERR, NO },
    { "question", "question is cut off", NGX_DNS_FORMERR, NO },
    { "label", "bad label in question", NGX_DNS_FORMERR, NO },
    { "name", "name is over 255 octets", NGX_DNS_FORMERR, NO },
    { "section", "records in a query", NGX_DNS_FORMERR, NO },
    { "record", "malformed record", NGX_DNS_FORMERR, NO },
    { "opt", "malformed OPT record", NGX_DNS_FORMERR, NO },
    { "opt_repeated", "more than one OPT record", NGX_DNS_FORMERR, NO },
    { "cookie", "malformed cookie", NGX_DNS_FORMERR, NO },
    { "trailing", "octets after the message", NGX_DNS_FORMERR, NO },
    { "size", "query is too long", NGX_DNS_FORMERR, NO },

    { "edns_version", "EDNS version not supported", NGX_DNS_BADVERS, NO },

    { "cookie_only", "asked for a cookie only", NGX_DNS_NOERROR, NO },
    { "cookie_bad", "bad cookie and no question", NGX_DNS_BADCOOKIE, NO },

    { "class", "class is not IN", NGX_DNS_REFUSED, 21 },
    { "transfer", "zone transfer not over TCP or TLS", NGX_DNS_REFUSED, 21 },
    { "meta_type", "type can not be asked for", NGX_DNS_REFUSED, 21 },
    { "any", "dns_any refuse", NGX_DNS_REFUSED, 21 },
    { "tsig", "signed by TSIG", NGX_DNS_REFUSED, 21 },
    { "no_zone", "no zone matches", NGX_DNS_REFUSED, 20 },
    { "return_refused", "dns_return refused", NGX_DNS_REFUSED, 15 },
    { "access", "access denied", NGX_DNS_REFUSED, 18 },
    { "limit", "over dns_limit", NGX_DNS_REFUSED, 0 },
    { "limit_truncate", "over dns_limit, truncated", NGX_DNS_NOERROR, NO },
    { "overload", "too many queries in flight", NGX_DNS_REFUSED, 0 },
    { "loop", "loop, a query has come back", NGX_DNS_REFUSED, 0 },
    { "all_down", "all upstream servers are down", NGX_DNS_REFUSED, 22 },

    { "return_servfail", "dns_return servfail", NGX_DNS_SERVFAIL, 15 },
    { "no_target", "dns_pass names no upstream", NGX_DNS_SERVFAIL, 0 },
    { "no_peer", "no usable upstream server", NGX_DNS_SERVFAIL, 22 },
    { "timeout", "upstream timed out", NGX_DNS_SERVFAIL, 22 },
    { "network", "upstream unreachable", NGX_DNS_SERVFAIL, 23 },
    { "tls", "no TLS with upstream", NGX_DNS_SERVFAIL, 22 },
    { "bad_answer", "malformed upstream answer", NGX_DNS_SERVFAIL, 22 },
    { "upstream_rcode", "upstream failed to answer", NGX_DNS_SERVFAIL, 22 },
    { "cached", "cached failure", NGX_DNS_SERVFAIL,
      NGX_DNS_EDE_CACHED_ERROR },
    { "truncated", "upstream answers are truncated", NGX_DNS_SERVFAIL, 22 },
    { "shutdown", "worker is shutting down", NGX_DNS_SERVFAIL, 14 },
    { "internal", "internal error", NGX_DNS_SERVFAIL, 0 }
};

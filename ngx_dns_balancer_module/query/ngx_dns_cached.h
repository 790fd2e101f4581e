
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Rules of the cache: what may be stored and for how long (RFC 2181, 2308,
 * 4035, 6840, 8767), and answers from it.  Private to the query layer; the
 * memory is store/ngx_dns_cache.h.
 *
 * An answer is stored without its OPT and AA, with the offsets of its TTLs,
 * under the name in lower case, type, class, DO, CD and the upstream it came
 * from.
 */


#ifndef _NGX_DNS_CACHED_H_INCLUDED_
#define _NGX_DNS_CACHED_H_INCLUDED_


#include "ngx_dns_answer.h"


#pragma GCC visibility push(hidden)

/*
 * Looks the question up.  NGX_OK: answered, "record" has what was sent;
 * NGX_DONE: the same, and it is time for a refresh, which is said to one
 * caller in all processes.
 * NGX_AGAIN: there is an answer past its end that may be used if no server
 * gives a new one.  NGX_DECLINED: there is none.
 */
ngx_int_t ngx_dns_cached_find(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    ngx_dns_question_t *q, u_char *p, size_t len, ngx_dns_zone_t *zone,
    uint64_t key, ngx_dns_record_t *record);

/* keeps answers of different forwarding apart */
uint32_t ngx_dns_cached_scope(ngx_dns_zone_t *zone, uint64_t key);

/* answers a waiting client with the old answer; 0 if it is not there */
size_t ngx_dns_cached_stale(ngx_dns_inflight_t *f, ngx_dns_query_t *query,
    ngx_dns_message_t *m);

/* a server's parsed answer; msg NULL: the failure of all */
void ngx_dns_cached_store(ngx_dns_inflight_t *f, const ngx_dns_message_t *m,
    const u_char *msg);

#pragma GCC visibility pop


#endif /* _NGX_DNS_CACHED_H_INCLUDED_ */

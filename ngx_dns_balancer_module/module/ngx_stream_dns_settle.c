
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_text.h"
#include "../peers/ngx_dns_address.h"


static ngx_uint_t ngx_stream_dns_settle_taken(ngx_stream_dns_source_t *src,
    ngx_uint_t k, ngx_dns_guest_t *guest);
static ngx_uint_t ngx_stream_dns_settle_same(ngx_dns_guest_t *one,
    struct sockaddr *sockaddr, socklen_t socklen);
static void ngx_stream_dns_settle_source(ngx_stream_dns_source_t *src,
    ngx_uint_t k, ngx_log_t *log);
static void ngx_stream_dns_settle_log(ngx_stream_dns_source_t *src,
    ngx_dns_seats_change_t *change, ngx_log_t *log);
static ngx_uint_t ngx_stream_dns_settle_special(struct sockaddr *sa);
static void ngx_stream_dns_seats_left(ngx_dns_peer_t *peer);


/*
 * An address is a server once, that of the first line which has it.  Sources
 * of which this process knows nothing yet keep what they have.
 */

void
ngx_stream_dns_seats_settle(ngx_stream_dns_upstream_t *us, ngx_log_t *log)
{
    ngx_uint_t                 i;
    ngx_stream_dns_source_t  **src;

    src = us->sources->elts;

    for (i = 0; i < us->sources->nelts; i++) {
        if (src[i]->known) {
            ngx_stream_dns_settle_source(src[i], i, log);
        }
    }
}


static void
ngx_stream_dns_settle_source(ngx_stream_dns_source_t *src, ngx_uint_t k,
    ngx_log_t *log)
{
    ngx_uint_t                   i, n;
    ngx_dns_guest_t              guests[NGX_DNS_SEATS];
    ngx_dns_seats_change_t       change;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = src->us->dmcf;
    n = 0;

    for (i = 0; i < src->n; i++) {
        if (!ngx_stream_dns_settle_taken(src, k, &src->guests[i])) {
            guests[n++] = src->guests[i];
        }
    }

    ngx_dns_seats_set(&src->seats, guests, n, src->stay,
                      dmcf->status.metrics, &change);

    if (change.came || change.went || change.changed) {
        ngx_stream_dns_settle_log(src, &change, log);
    }
}


/* by a server of a fixed address, or by another source */

static ngx_uint_t
ngx_stream_dns_settle_taken(ngx_stream_dns_source_t *src, ngx_uint_t k,
    ngx_dns_guest_t *guest)
{
    ngx_uint_t                 i, m, n;
    ngx_dns_peer_t            *peer;
    ngx_dns_guest_t            seated[NGX_DNS_SEATS];
    ngx_stream_dns_source_t  **other;

    peer = src->us->upstream.peers.elts;

    for (i = 0; i < src->us->upstream.peers.nelts; i++) {
        if (peer[i].seats == NULL && peer[i].transport == src->transport
            && ngx_stream_dns_settle_same(guest, peer[i].sockaddr,
                                          peer[i].socklen))
        {
            return 1;
        }
    }

    other = src->us->sources->elts;

    for (i = 0; i < src->us->sources->nelts; i++) {

        if (i == k || other[i]->transport != src->transport
            || (i > k && other[i]->known))
        {
            continue;
        }

        n = ngx_dns_seats_get(&other[i]->seats, seated);

        for (m = 0; m < n; m++) {
            if (ngx_stream_dns_settle_same(guest, &seated[m].addr.sockaddr,
                                           seated[m].socklen))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_stream_dns_settle_same(ngx_dns_guest_t *one, struct sockaddr *sockaddr,
    socklen_t socklen)
{
    return ngx_dns_address_same(&one->addr.sockaddr, one->socklen, sockaddr,
                                socklen);
}


static void
ngx_stream_dns_settle_log(ngx_stream_dns_source_t *src,
    ngx_dns_seats_change_t *change, ngx_log_t *log)
{
    u_char           text[NGX_MAX_ERROR_STR / 2], *p, *last;
    ngx_uint_t       i, n;
    ngx_dns_guest_t  guests[NGX_DNS_SEATS];

    p = text;
    last = text + sizeof(text) - 1;

    n = ngx_dns_seats_get(&src->seats, guests);

    for (i = 0; i < n && p + NGX_DNS_ADDRESS_LEN + 32 < last; i++) {
        *p++ = ' ';
        p = ngx_dns_address_text(p, &guests[i].addr.sockaddr,
                                 guests[i].socklen);

        if (guests[i].weight != 1) {
            p = ngx_slprintf(p, last, " weight=%uD", guests[i].weight);
        }

        if (guests[i].backup) {
            p = ngx_slprintf(p, last, " backup");
        }
    }

    *p = '\0';

    ngx_log_error(NGX_LOG_NOTICE, log, 0,
                  "dns upstream \"%V\": %ui server%s of \"%V\", %ui new, %ui "
                  "gone:%s%s",
                  &src->us->upstream.name, n, n == 1 ? "" : "s", &src->text,
                  change->came, change->went, text, i < n ? " ..." : "");
}


ngx_int_t
ngx_stream_dns_seats_found(ngx_stream_dns_source_t *src,
    ngx_dns_guest_t *guest, ngx_log_t *log)
{
    ngx_uint_t   i;
    const char  *why;
    ngx_addr_t   addr;
    u_char       text[NGX_SOCKADDR_STRLEN];

    why = ngx_stream_dns_text_sockaddr(&guest->addr.sockaddr);

    if (why == NULL && ngx_inet_get_port(&guest->addr.sockaddr) == 0) {
        why = "it has port 0";
    }

    if (why == NULL && src->host.len
        && ngx_stream_dns_settle_special(&guest->addr.sockaddr))
    {
        why = "it is that of no other machine";
    }

    if (why == NULL && src->us->bind
        && src->us->bind->sockaddr->sa_family
           != guest->addr.sockaddr.sa_family)
    {
        why = "nothing can be sent there from the address of \"bind\"";
    }

    if (why) {
        addr.name.data = text;
        addr.name.len = ngx_sock_ntop(&guest->addr.sockaddr, guest->socklen,
                                      text, NGX_SOCKADDR_STRLEN, 1);

        ngx_log_error(NGX_LOG_INFO, log, 0,
                      "dns upstream \"%V\": no server at %V of \"%V\": %s",
                      &src->us->upstream.name, &addr.name, &src->text, why);
        return NGX_DECLINED;
    }

    for (i = 0; i < src->n; i++) {
        if (ngx_stream_dns_settle_same(guest, &src->guests[i].addr.sockaddr,
                                       src->guests[i].socklen))
        {
            return NGX_OK;
        }
    }

    if (src->n < NGX_DNS_SEATS_SERVERS) {
        src->guests[src->n++] = *guest;
        return NGX_OK;
    }

    if (!src->over) {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "dns upstream \"%V\": \"%V\" has more than %d "
                      "addresses, so many of them are servers",
                      &src->us->upstream.name, &src->text,
                      NGX_DNS_SEATS_SERVERS);
    }

    src->over = 2;

    return NGX_DECLINED;
}


/*
 * The unspecified address and broadcast: who has the name in DNS must not lead
 * us to this machine by what stands for it nowhere else.
 */

static ngx_uint_t
ngx_stream_dns_settle_special(struct sockaddr *sa)
{
    in_addr_t             addr;
    struct sockaddr_in6  *sin6;

    if (sa->sa_family == AF_INET6) {
        sin6 = (struct sockaddr_in6 *) sa;
        return IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr);
    }

    addr = ((struct sockaddr_in *) sa)->sin_addr.s_addr;

    return addr == INADDR_ANY || addr == INADDR_BROADCAST;
}


ngx_uint_t
ngx_stream_dns_seats_last(ngx_stream_dns_source_t *src)
{
    ngx_uint_t                 i;
    ngx_dns_peer_t            *peer;
    ngx_dns_guest_t            seated[NGX_DNS_SEATS];
    ngx_stream_dns_source_t  **other;

    peer = src->us->upstream.peers.elts;

    for (i = 0; i < src->us->upstream.peers.nelts; i++) {
        if (peer[i].seats == NULL && !peer[i].down) {
            return 0;
        }
    }

    other = src->us->sources->elts;

    for (i = 0; i < src->us->sources->nelts; i++) {
        if (other[i] != src && !other[i]->seats.down
            && ngx_dns_seats_get(&other[i]->seats, seated))
        {
            return 0;
        }
    }

    return 1;
}


static void
ngx_stream_dns_seats_left(ngx_dns_peer_t *peer)
{
    ngx_dns_probe_leave(peer);
    ngx_dns_transports_leave(peer);
}


void
ngx_stream_dns_seats_apply(ngx_stream_dns_upstream_t *us, ngx_log_t *log)
{
    if (ngx_dns_seats_apply(&us->upstream, ngx_current_msec,
                            ngx_stream_dns_seats_left, log)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "dns upstream \"%V\": no memory for new servers",
                      &us->upstream.name);
    }
}


/* it was stopped, and another does it now? */

ngx_uint_t
ngx_stream_dns_seats_held(ngx_stream_dns_source_t *src)
{
    return !ngx_exiting && ngx_stream_dns_once(src->us->dmcf);
}

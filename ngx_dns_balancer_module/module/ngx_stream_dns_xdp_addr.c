
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_xdp.h"

#include <ifaddrs.h>
#include <bpf/bpf.h>


/* addresses of the table, and so of this machine, at most */

#define NGX_STREAM_DNS_XDP_ADDRS  1024


typedef struct {
    ngx_dns_xdp_addr_t          addr;
    ngx_dns_xdp_listen_t        listen;
} ngx_stream_dns_xdp_addr_t;


typedef struct {
    ngx_cycle_t                *cycle;
    ngx_stream_dns_xdp_t       *xdp;
    struct ifaddrs             *ifaddrs;
    ngx_uint_t                  n;
    ngx_stream_dns_xdp_addr_t   addrs[NGX_STREAM_DNS_XDP_ADDRS];
} ngx_stream_dns_xdp_list_t;


static ngx_int_t ngx_stream_dns_xdp_listen(ngx_stream_dns_xdp_list_t *list,
    ngx_listening_t *ls);
static void ngx_stream_dns_xdp_all(ngx_stream_dns_xdp_list_t *list,
    ngx_listening_t *ls, ngx_dns_front_addr_t *addrs, ngx_uint_t n);
static ngx_uint_t ngx_stream_dns_xdp_other(ngx_stream_dns_xdp_list_t *list,
    ngx_listening_t *ls, struct sockaddr *sa);
static ngx_uint_t ngx_stream_dns_xdp_any(const struct sockaddr *sa);
static void ngx_stream_dns_xdp_add(ngx_stream_dns_xdp_list_t *list,
    const struct sockaddr *sa, in_port_t port, ngx_dns_conf_t *conf);
static ngx_int_t ngx_stream_dns_xdp_write(ngx_stream_dns_xdp_list_t *list);


/* of this process: too large for a stack */

static ngx_stream_dns_xdp_list_t  ngx_stream_dns_xdp_list;


ngx_int_t
ngx_stream_dns_xdp_addresses(ngx_cycle_t *cycle, ngx_stream_dns_xdp_t *xdp)
{
    ngx_int_t                   rc;
    ngx_uint_t                  i;
    ngx_listening_t            *ls;
    ngx_stream_dns_xdp_list_t  *list;

    list = &ngx_stream_dns_xdp_list;

    list->cycle = cycle;
    list->xdp = xdp;
    list->n = 0;

    if (getifaddrs(&list->ifaddrs) == -1) {
        ngx_log_error(NGX_LOG_ERR, cycle->log, ngx_errno,
                      "dns_xdp: getifaddrs() failed");
        return NGX_ERROR;
    }

    rc = NGX_OK;
    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts && rc == NGX_OK; i++) {
        rc = ngx_stream_dns_xdp_listen(list, &ls[i]);
    }

    freeifaddrs(list->ifaddrs);

    if (rc == NGX_OK) {
        rc = ngx_stream_dns_xdp_write(list);

        /* what the program remembers of it does not count any more */

        (void) ngx_dns_add(&ngx_dns_xdp_table.control->listens, 1);
    }

    return rc;
}


static ngx_int_t
ngx_stream_dns_xdp_listen(ngx_stream_dns_xdp_list_t *list,
    ngx_listening_t *ls)
{
    ngx_uint_t             i, sessions;
    in_port_t              port;
    ngx_stream_port_t     *servers;
    ngx_dns_front_addr_t  *addrs;

    /* of "reuseport" there is one for each worker */

    if (ngx_stream_dns_listen_ours(ls, NULL, NULL) != NGX_OK
        || (ls->reuseport && ls->worker != 0))
    {
        return NGX_OK;
    }

    servers = ls->servers;

    addrs = ngx_calloc(servers->naddrs * sizeof(ngx_dns_front_addr_t),
                       list->cycle->log);
    if (addrs == NULL) {
        return NGX_ERROR;
    }

    sessions = 0;
    (void) ngx_stream_dns_listen_ours(ls, addrs, &sessions);

    port = ngx_inet_get_port(ls->sockaddr);

    for (i = 0; i < servers->naddrs; i++) {
        addrs[i].sockaddr.sockaddr.sa_family = ls->sockaddr->sa_family;

        if (i < servers->naddrs - 1
            || !ngx_stream_dns_xdp_any(&addrs[i].sockaddr.sockaddr))
        {
            ngx_stream_dns_xdp_add(list, &addrs[i].sockaddr.sockaddr, port,
                                   addrs[i].conf);

        } else {
            ngx_stream_dns_xdp_all(list, ls, addrs, i);
        }
    }

    ngx_free(addrs);

    return NGX_OK;
}


/* a "listen" for all addresses: those of this machine that no other has */

static void
ngx_stream_dns_xdp_all(ngx_stream_dns_xdp_list_t *list, ngx_listening_t *ls,
    ngx_dns_front_addr_t *addrs, ngx_uint_t n)
{
    ngx_uint_t       i, both;
    struct ifaddrs  *ifa;

    list->xdp->wildcard = 1;

#if (NGX_HAVE_INET6 && defined IPV6_V6ONLY)
    both = ls->sockaddr->sa_family == AF_INET6 && !ls->ipv6only;
#else
    both = 0;
#endif

    for (ifa = list->ifaddrs; ifa; ifa = ifa->ifa_next) {

        if (ifa->ifa_addr == NULL
            || (ifa->ifa_addr->sa_family != ls->sockaddr->sa_family
                && !(both && ifa->ifa_addr->sa_family == AF_INET))
            || ngx_stream_dns_xdp_other(list, ls, ifa->ifa_addr))
        {
            continue;
        }

        for (i = 0; i < n; i++) {
            if (ngx_cmp_sockaddr(&addrs[i].sockaddr.sockaddr,
                                 sizeof(ngx_dns_sockaddr_t), ifa->ifa_addr,
                                 sizeof(ngx_dns_sockaddr_t), 0)
                == NGX_OK)
            {
                break;
            }
        }

        if (i == n) {
            ngx_stream_dns_xdp_add(list, ifa->ifa_addr,
                                   ngx_inet_get_port(ls->sockaddr),
                                   addrs[n].conf);
        }
    }
}


/* has another socket of ours this address? */

static ngx_uint_t
ngx_stream_dns_xdp_other(ngx_stream_dns_xdp_list_t *list, ngx_listening_t *ls,
    struct sockaddr *sa)
{
    ngx_uint_t        i;
    ngx_listening_t  *other;

    other = list->cycle->listening.elts;

    for (i = 0; i < list->cycle->listening.nelts; i++) {

        if (other[i].type == SOCK_DGRAM
            && other[i].sockaddr->sa_family == sa->sa_family
            && ngx_inet_get_port(other[i].sockaddr)
               == ngx_inet_get_port(ls->sockaddr)
            && !(ngx_stream_dns_xdp_any(other[i].sockaddr)
                 && ls->sockaddr->sa_family == sa->sa_family)
            && (ngx_stream_dns_xdp_any(other[i].sockaddr)
                || ngx_cmp_sockaddr(other[i].sockaddr, other[i].socklen, sa,
                                    other[i].socklen, 0)
                   == NGX_OK))
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_stream_dns_xdp_any(const struct sockaddr *sa)
{
    const struct sockaddr_in   *sin;
    const struct sockaddr_in6  *sin6;

    if (sa->sa_family == AF_INET6) {
        sin6 = (const struct sockaddr_in6 *) (const void *) sa;
        return IN6_IS_ADDR_UNSPECIFIED(&sin6->sin6_addr);
    }

    sin = (const struct sockaddr_in *) (const void *) sa;

    return sin->sin_addr.s_addr == INADDR_ANY;
}


static void
ngx_stream_dns_xdp_add(ngx_stream_dns_xdp_list_t *list,
    const struct sockaddr *sa, in_port_t port, ngx_dns_conf_t *conf)
{
    ngx_dns_listener_t          *listener;
    ngx_stream_dns_xdp_addr_t   *a;
    ngx_stream_dns_srv_conf_t   *dscf;
    const struct sockaddr_in    *sin;
    const struct sockaddr_in6   *sin6;

    listener = &conf->listener;
    dscf = listener->data;

    if (!dscf->xdp || list->n == NGX_STREAM_DNS_XDP_ADDRS) {
        return;
    }

    a = &list->addrs[list->n++];
    ngx_memzero(a, sizeof(ngx_stream_dns_xdp_addr_t));

    if (sa->sa_family == AF_INET6) {
        sin6 = (const struct sockaddr_in6 *) (const void *) sa;
        ngx_memcpy(a->addr.addr, &sin6->sin6_addr, 16);

    } else {
        sin = (const struct sockaddr_in *) (const void *) sa;
        a->addr.addr[10] = 0xff;
        a->addr.addr[11] = 0xff;
        ngx_memcpy(a->addr.addr + 12, &sin->sin_addr, 4);
    }

    a->addr.port = htons(port);

    a->listen.server = dscf->metrics.slot;
    a->listen.udp_max_size = (uint16_t) ngx_min(listener->udp_max_size, 65535);
    a->listen.udp_unproven = (uint16_t) ngx_min(listener->udp_unproven, 65535);
    a->listen.cookies = dscf->secret != NULL;
}


/* what is in the table and not in the list goes, all else is written */

static ngx_int_t
ngx_stream_dns_xdp_write(ngx_stream_dns_xdp_list_t *list)
{
    int                  fd, rc;
    ngx_uint_t           i;
    ngx_dns_xdp_addr_t   key, next;

    fd = list->xdp->listen;

    rc = bpf_map_get_next_key(fd, NULL, &next);

    while (rc == 0) {
        key = next;
        rc = bpf_map_get_next_key(fd, &key, &next);

        for (i = 0; i < list->n; i++) {
            if (ngx_memcmp(&list->addrs[i].addr, &key,
                           sizeof(ngx_dns_xdp_addr_t))
                == 0)
            {
                break;
            }
        }

        if (i == list->n) {
            (void) bpf_map_delete_elem(fd, &key);
        }
    }

    for (i = 0; i < list->n; i++) {
        if (bpf_map_update_elem(fd, &list->addrs[i].addr,
                                &list->addrs[i].listen, BPF_ANY)
            != 0)
        {
            ngx_log_error(NGX_LOG_ERR, list->cycle->log, ngx_errno,
                          "dns_xdp: an address could not be written into the "
                          "table of the program");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}

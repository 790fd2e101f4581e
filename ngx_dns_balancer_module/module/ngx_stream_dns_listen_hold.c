
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../front/ngx_dns_front_socket.h"
#include "../front/ngx_dns_front_udp.h"


static ngx_int_t ngx_stream_dns_listen_keep(ngx_cycle_t *cycle,
    ngx_array_t *fds);
static ngx_uint_t ngx_stream_dns_listen_kept(ngx_socket_t fd);
static ngx_uint_t ngx_stream_dns_listen_useless(ngx_cycle_t *cycle,
    ngx_listening_t *old);


/*
 * Sockets over UDP of the DNS servers of the running configuration, in its
 * pool.  An old cycle can't be asked: the indexes of modules may be others
 * by now.
 */

static ngx_array_t  *ngx_stream_dns_listen_fds;


/*
 * In the master, which closes the sockets that the new configuration has no
 * place for, but workers have them, too, until they are gone: they are left
 * now.  The others are locked, those of servers that are no longer ours too; a
 * failure is told by the worker.  nginx forks once after its first
 * configuration if it becomes a daemon, and the lock is lost then; but nobody
 * is told to quit in favour of that one.
 *
 * A socket that no DNS server has read is never touched.
 */

ngx_int_t
ngx_stream_dns_listen_hold(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_array_t      *fds;
    ngx_listening_t  *ls;

    if (ngx_test_config) {
        return NGX_OK;
    }

    /* an error would end the master: without memory nothing is touched */

    fds = ngx_array_create(cycle->pool, 4, sizeof(ngx_socket_t));
    if (fds == NULL || ngx_stream_dns_listen_keep(cycle, fds) != NGX_OK) {
        ngx_stream_dns_listen_fds = NULL;
        return NGX_OK;
    }

    ls = cycle->old_cycle->listening.elts;

    for (i = 0; i < cycle->old_cycle->listening.nelts; i++) {
        if (ls[i].type == SOCK_DGRAM && ls[i].fd != (ngx_socket_t) -1
            && !ls[i].remain && ngx_stream_dns_listen_useless(cycle, &ls[i]))
        {
            (void) ngx_dns_front_socket_leave(ls[i].fd);
        }
    }

    ngx_stream_dns_listen_fds = fds;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_listen_keep(ngx_cycle_t *cycle, ngx_array_t *fds)
{
    ngx_uint_t        i, ours;
    ngx_socket_t     *fd;
    ngx_listening_t  *ls;

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ls[i].type != SOCK_DGRAM || ls[i].fd == (ngx_socket_t) -1) {
            continue;
        }

        ours = ngx_stream_dns_listen_ours(&ls[i], NULL, NULL) == NGX_OK;

        if (ours || ngx_stream_dns_listen_kept(ls[i].fd)) {
            (void) ngx_dns_front_socket_hold(ls[i].fd, NGX_DNS_FRONT_MASTER);
        }

        if (!ours) {
            continue;
        }

        fd = ngx_array_push(fds);
        if (fd == NULL) {
            return NGX_ERROR;
        }

        *fd = ls[i].fd;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_stream_dns_listen_kept(ngx_socket_t fd)
{
    ngx_uint_t     i;
    ngx_socket_t  *fds;

    if (ngx_stream_dns_listen_fds == NULL) {
        return 0;
    }

    fds = ngx_stream_dns_listen_fds->elts;

    for (i = 0; i < ngx_stream_dns_listen_fds->nelts; i++) {
        if (fds[i] == fd) {
            return 1;
        }
    }

    return 0;
}


/*
 * A configuration of a new binary may be taken back, so an address without
 * another socket stays.  Who read it before is not known, but who does now.
 */

static ngx_uint_t
ngx_stream_dns_listen_useless(ngx_cycle_t *cycle, ngx_listening_t *old)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    if (!old->inherited || ngx_stream_dns_listen_kept(old->fd)) {
        return ngx_stream_dns_listen_kept(old->fd);
    }

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {
        if (ngx_stream_dns_listen_ours(&ls[i], NULL, NULL) == NGX_OK
            && ngx_cmp_sockaddr(ls[i].sockaddr, ls[i].socklen, old->sockaddr,
                                old->socklen, 1)
               == NGX_OK)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_socket.h"
#include "../query/ngx_dns_conf.h"


static void ngx_dns_front_socket_loopback(ngx_dns_sockaddr_t *sa);


ngx_int_t
ngx_dns_front_socket_hold(ngx_socket_t fd, off_t who)
{
    struct flock  lock;

    ngx_memzero(&lock, sizeof(struct flock));

    lock.l_type = F_RDLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = who;
    lock.l_len = 1;

    return fcntl(fd, F_SETLK, &lock) == -1 ? NGX_ERROR : NGX_OK;
}


ngx_uint_t
ngx_dns_front_socket_held(ngx_socket_t fd, off_t who)
{
    struct flock  lock;

    ngx_memzero(&lock, sizeof(struct flock));

    /* what a writer would have to wait for: own locks are not among that */

    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = who;
    lock.l_len = 1;

    return fcntl(fd, F_GETLK, &lock) == -1 || lock.l_type != F_UNLCK;
}


/*
 * A connected socket gets the datagrams of its peer only, and is passed over
 * where the kernel picks one of several with SO_REUSEPORT (Linux 5.4).  The
 * peer is the socket itself, which never sends to its own address.
 */

ngx_int_t
ngx_dns_front_socket_leave(ngx_socket_t fd)
{
    socklen_t           len;
    ngx_dns_sockaddr_t  sa;

    len = sizeof(ngx_dns_sockaddr_t);

    if (getsockname(fd, &sa.sockaddr, &len) == -1) {
        return NGX_ERROR;
    }

    ngx_dns_front_socket_loopback(&sa);

    return connect(fd, &sa.sockaddr, len) == -1 ? NGX_ERROR : NGX_OK;
}


static void
ngx_dns_front_socket_loopback(ngx_dns_sockaddr_t *sa)
{
    if (sa->sockaddr.sa_family == AF_INET) {

        if (sa->sockaddr_in.sin_addr.s_addr == htonl(INADDR_ANY)) {
            sa->sockaddr_in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        }

        return;
    }

#if (NGX_HAVE_INET6)

    if (IN6_IS_ADDR_UNSPECIFIED(&sa->sockaddr_in6.sin6_addr)) {
        sa->sockaddr_in6.sin6_addr = in6addr_loopback;
    }

#endif
}


ngx_uint_t
ngx_dns_front_socket_own(const ngx_listening_t *ls)
{
    u_char            text[NGX_INT64_LEN];
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_core_conf_t  *ccf;

    if (ls->inherited) {
        return 0;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    fd = ngx_open_file(ccf->oldpid.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        return ngx_errno == NGX_ENOENT;
    }

    n = ngx_read_fd(fd, text, sizeof(text));
    (void) ngx_close_file(fd);

    while (n > 0 && (text[n - 1] == LF || text[n - 1] == CR)) {
        n--;
    }

    /* of the binary before this one, if it is not ours */

    return n > 0 && ngx_atoi(text, (size_t) n) != (ngx_int_t) ngx_parent;
}


void
ngx_dns_front_socket_join(ngx_socket_t fd)
{
    socklen_t           len;
    ngx_dns_sockaddr_t  sa;

    len = sizeof(ngx_dns_sockaddr_t);

    if (getpeername(fd, &sa.sockaddr, &len) == -1) {
        return;
    }

    ngx_memzero(&sa, sizeof(ngx_dns_sockaddr_t));
    sa.sockaddr.sa_family = AF_UNSPEC;

    (void) connect(fd, &sa.sockaddr, sizeof(struct sockaddr));
}

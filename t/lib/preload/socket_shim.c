
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Makes the calls fail by which a connection begins, the ways they may fail
 * where a machine runs out of something.  For tests: nothing may be lost, and
 * no descriptor stay open.
 *
 *     cc -O2 -shared -fPIC -o socket_shim.so socket_shim.c -ldl
 *
 *     SOCKET_SHIM=FILE LD_PRELOAD=./socket_shim.so nginx ...
 *
 * While FILE is there, and in a process that has not begun with it, each third
 * socket(), fourth ioctl(FIONBIO), fifth epoll_ctl(EPOLL_CTL_ADD) and sixth
 * connect() fails; each process counts for itself.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>


static int
shim_fails(unsigned *count, unsigned each, int err)
{
    int          saved;
    const char  *file;

    saved = errno;
    file = getenv("SOCKET_SHIM");

    if (file == NULL || access(file, F_OK) != 0 || ++*count % each != 0) {
        errno = saved;
        return 0;
    }

    errno = err;

    return 1;
}


int
socket(int domain, int type, int protocol)
{
    static unsigned    count;
    static int       (*next)(int, int, int);

    if (next == NULL) {
        next = (int (*)(int, int, int)) dlsym(RTLD_NEXT, "socket");
    }

    return shim_fails(&count, 3, EMFILE) ? -1 : next(domain, type, protocol);
}


int
ioctl(int fd, unsigned long request, ...)
{
    void              *arg;
    va_list            args;
    static unsigned    count;
    static int       (*next)(int, unsigned long, ...);

    va_start(args, request);
    arg = va_arg(args, void *);
    va_end(args);

    if (next == NULL) {
        next = (int (*)(int, unsigned long, ...)) dlsym(RTLD_NEXT, "ioctl");
    }

    return request == FIONBIO && shim_fails(&count, 4, ENOMEM)
           ? -1 : next(fd, request, arg);
}


int
epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    static unsigned    count;
    static int       (*next)(int, int, int, struct epoll_event *);

    if (next == NULL) {
        next = (int (*)(int, int, int, struct epoll_event *))
               dlsym(RTLD_NEXT, "epoll_ctl");
    }

    return op == EPOLL_CTL_ADD && shim_fails(&count, 5, ENOSPC)
           ? -1 : next(epfd, op, fd, event);
}


int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
    static unsigned    count;
    static int       (*next)(int, const struct sockaddr *, socklen_t);

    if (next == NULL) {
        next = (int (*)(int, const struct sockaddr *, socklen_t))
               dlsym(RTLD_NEXT, "connect");
    }

    return shim_fails(&count, 6, EADDRNOTAVAIL) ? -1 : next(fd, addr, len);
}

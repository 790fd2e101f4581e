
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Makes sendmmsg(2) fail the ways it may fail, so that tests can show that
 * nothing is lost then.  On loopback the real one never does.  A datagram that
 * is sent by send(2), sendto(2) or sendmsg(2) goes the same way, as one message.
 *
 *     cc -O2 -Wall -Wextra -Werror -shared -fPIC \
 *         -o sendmmsg_shim.so sendmmsg_shim.c -ldl
 *
 *     SENDMMSG_SHIM_PARTIAL=3 LD_PRELOAD=./sendmmsg_shim.so nginx ...
 *
 * All is set in the environment of the process (nginx forks its workers
 * with what the master had; each worker counts for itself):
 *
 *     SENDMMSG_SHIM_PARTIAL=N   every Nth call of 2 messages or more sends
 *                               the first half of them only
 *     SENDMMSG_SHIM_EAGAIN=N    every Nth call sends nothing: EAGAIN
 *     SENDMMSG_SHIM_ERRNO=NAME  EPERM, ENOBUFS, ECONNREFUSED, EMSGSIZE or
 *                               EINVAL, for the message chosen with MATCH
 *     SENDMMSG_SHIM_MATCH=TEXT  which message: one with these octets in it,
 *                               as in a label of the name that was asked
 *     SENDMMSG_SHIM_TIMES=N     how often the chosen messages fail, 1 by
 *                               default, 0: always
 *     SENDMMSG_SHIM_SIDE=query  all of the above only for calls that send
 *                               queries, or with "response" responses: the
 *                               QR bit of the first message decides
 *     SENDMMSG_SHIM_LOG=FILE    what was done, a line each: "partial 32/64",
 *                               "eagain 64", "error 1 EPERM", and "run 12" for
 *                               a message that is twelve datagrams
 *
 * N of 0, or nothing, switches a fault off.  When a call is due for several,
 * EAGAIN goes before the chosen message, and that before the half.
 *
 * As in the kernel, an error is reported only when its message is the first
 * of the vector: a call sends what stands before it and returns how many
 * that were, and it is the next call that fails.
 *
 * Where the kernel says EAGAIN, the socket becomes writable later, and that
 * is an edge to epoll.  The shim makes one too, at once: Linux signals it
 * whenever SO_SNDBUF is set.
 *
 * Under AddressSanitizer add ASAN_OPTIONS=verify_asan_link_order=0.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>


#define SHIM_HEADER  12                 /* of a DNS message */

/* sides, bits */

#define SHIM_QUERY     1
#define SHIM_RESPONSE  2


typedef int (*shim_sendmmsg_pt)(int fd, struct mmsghdr *msg,
    unsigned int n, int flags);

typedef ssize_t (*shim_sendmsg_pt)(int fd, const struct msghdr *msg,
    int flags);

typedef struct {
    const char          *name;
    int                  value;
} shim_errno_t;

typedef struct {
    shim_sendmmsg_pt     next;          /* libc's sendmmsg() */
    shim_sendmsg_pt      next_one;      /* libc's sendmsg() */
    const shim_errno_t  *error;
    const char          *match;
    size_t               match_len;
    unsigned             partial;
    unsigned             eagain;
    unsigned             sides;
    int                  log;

    /* atomic: threads of one process share the counts */
    unsigned             partial_calls;
    unsigned             eagain_calls;
    int                  times;         /* left, or negative: no end */
} shim_t;


int sendmmsg(int fd, struct mmsghdr *msg, unsigned int n, int flags);
ssize_t sendmsg(int fd, const struct msghdr *msg, int flags);
ssize_t sendto(int fd, const void *p, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen);
ssize_t send(int fd, const void *p, size_t len, int flags);

static void shim_init(void) __attribute__((constructor));
static unsigned shim_number(const char *name, unsigned value);
static const shim_errno_t *shim_errno(const char *name);
static int shim_datagrams(int fd);
static unsigned shim_side(const struct msghdr *msg);
static int shim_due(unsigned *calls, unsigned every);
static void shim_edge(int fd);
static unsigned shim_chosen(const struct mmsghdr *msg, unsigned n);
static int shim_take(void);
static void shim_log(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));


static const shim_errno_t  shim_errors[] = {
    { "EPERM", EPERM },
    { "ENOBUFS", ENOBUFS },
    { "ECONNREFUSED", ECONNREFUSED },
    { "EMSGSIZE", EMSGSIZE },
    { "EINVAL", EINVAL },
    { NULL, 0 }
};


static shim_t  shim;


static void
shim_init(void)
{
    void        *next;
    const char  *p;

    next = dlsym(RTLD_NEXT, "sendmmsg");
    memcpy(&shim.next, &next, sizeof(next));

    next = dlsym(RTLD_NEXT, "sendmsg");
    memcpy(&shim.next_one, &next, sizeof(next));

    shim.partial = shim_number("SENDMMSG_SHIM_PARTIAL", 0);
    shim.eagain = shim_number("SENDMMSG_SHIM_EAGAIN", 0);
    shim.times = shim_number("SENDMMSG_SHIM_TIMES", 1);

    if (shim.times == 0) {
        shim.times = -1;
    }

    /* a copy: nginx writes its title over the environment */

    p = getenv("SENDMMSG_SHIM_MATCH");
    shim.match = p ? strdup(p) : NULL;
    shim.match_len = shim.match ? strlen(shim.match) : 0;
    shim.error = shim_errno(getenv("SENDMMSG_SHIM_ERRNO"));

    p = getenv("SENDMMSG_SHIM_SIDE");

    if (p == NULL || *p == '\0') {
        shim.sides = SHIM_QUERY|SHIM_RESPONSE;

    } else {
        shim.sides = (*p == 'q') ? SHIM_QUERY : SHIM_RESPONSE;
    }

    p = getenv("SENDMMSG_SHIM_LOG");

    shim.log = (p && *p) ? open(p, O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0644)
                         : -1;
}


static unsigned
shim_number(const char *name, unsigned value)
{
    const char  *p;

    p = getenv(name);

    return (p && *p) ? (unsigned) atoi(p) : value;
}


/* A misspelt fault must not make a test pass */

static const shim_errno_t *
shim_errno(const char *name)
{
    const shim_errno_t  *e;

    if (name == NULL || *name == '\0') {
        return NULL;
    }

    for (e = shim_errors; e->name; e++) {
        if (strcmp(e->name, name) == 0) {
            return e;
        }
    }

    fprintf(stderr, "SENDMMSG_SHIM_ERRNO: unknown error \"%s\"\n", name);
    abort();
}


int
sendmmsg(int fd, struct mmsghdr *msg, unsigned int n, int flags)
{
    unsigned  i;

    for (i = 0; i < n; i++) {
        if (msg[i].msg_hdr.msg_iovlen > 1) {
            shim_log("run %u\n", (unsigned) msg[i].msg_hdr.msg_iovlen);
        }
    }

    if (n == 0 || !(shim_side(&msg[0].msg_hdr) & shim.sides)) {
        return shim.next(fd, msg, n, flags);
    }

    if (shim_due(&shim.eagain_calls, shim.eagain)) {
        shim_log("eagain %u\n", n);
        shim_edge(fd);
        errno = EAGAIN;
        return -1;
    }

    i = shim_chosen(msg, n);

    if (i == 0 && shim_take()) {
        shim_log("error %u %s\n", n, shim.error->name);
        errno = shim.error->value;
        return -1;
    }

    if (i && i < n) {
        shim_log("before %u/%u\n", i, n);
        return shim.next(fd, msg, i, flags);
    }

    if (n > 1 && shim_due(&shim.partial_calls, shim.partial)) {
        shim_log("partial %u/%u\n", n / 2, n);
        n /= 2;
    }

    return shim.next(fd, msg, n, flags);
}


ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
    struct mmsghdr  one;

    if (!shim_datagrams(fd)) {
        return shim.next_one(fd, msg, flags);
    }

    one.msg_hdr = *msg;
    one.msg_len = 0;

    return sendmmsg(fd, &one, 1, flags) == -1 ? -1 : (ssize_t) one.msg_len;
}


ssize_t
sendto(int fd, const void *p, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
    struct iovec   iov;
    struct msghdr  msg;

    memset(&msg, 0, sizeof(msg));

    iov.iov_base = (void *) p;
    iov.iov_len = len;

    msg.msg_name = (void *) addr;
    msg.msg_namelen = addrlen;
    msg.msg_iov = &iov;
    msg.msg_iovlen = 1;

    return sendmsg(fd, &msg, flags);
}


ssize_t
send(int fd, const void *p, size_t len, int flags)
{
    return sendto(fd, p, len, flags, NULL, 0);
}


static int
shim_datagrams(int fd)
{
    int        family, type;
    socklen_t  len;

    len = sizeof(int);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0
           && type == SOCK_DGRAM
           && getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0
           && family != AF_UNIX;
}


static unsigned
shim_side(const struct msghdr *msg)
{
    const u_char  *p;

    if (msg->msg_iovlen == 0 || msg->msg_iov[0].iov_len < SHIM_HEADER) {
        return SHIM_QUERY|SHIM_RESPONSE;
    }

    p = msg->msg_iov[0].iov_base;

    return (p[2] & 0x80) ? SHIM_RESPONSE : SHIM_QUERY;
}


static int
shim_due(unsigned *calls, unsigned every)
{
    if (every == 0) {
        return 0;
    }

    return __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED) % every == 0;
}


static void
shim_edge(int fd)
{
    int        size;
    socklen_t  len;

    len = sizeof(size);

    if (getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, &len) == 0) {

        /* what is read is twice what was set: socket(7) */

        size /= 2;
        (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    }
}


/* The number of the first chosen message, n if there is none */

static unsigned
shim_chosen(const struct mmsghdr *msg, unsigned n)
{
    size_t                j;
    unsigned              i;
    const struct iovec   *iov;
    const struct msghdr  *h;

    if (shim.error == NULL || shim.match_len == 0
        || __atomic_load_n(&shim.times, __ATOMIC_RELAXED) == 0)
    {
        return n;
    }

    for (i = 0; i < n; i++) {
        h = &msg[i].msg_hdr;

        for (j = 0; j < h->msg_iovlen; j++) {
            iov = &h->msg_iov[j];

            if (memmem(iov->iov_base, iov->iov_len, shim.match,
                       shim.match_len))
            {
                return i;
            }
        }
    }

    return n;
}


static int
shim_take(void)
{
    int  times;

    times = __atomic_load_n(&shim.times, __ATOMIC_RELAXED);

    while (times > 0) {

        if (__atomic_compare_exchange_n(&shim.times, &times, times - 1, 0,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        {
            return 1;
        }
    }

    return times < 0;
}


static void
shim_log(const char *fmt, ...)
{
    va_list  args;

    if (shim.log == -1) {
        return;
    }

    va_start(args, fmt);
    vdprintf(shim.log, fmt, args);
    va_end(args);
}

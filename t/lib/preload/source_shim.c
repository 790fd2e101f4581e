
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Counts how often a socket is asked for its own address.  For tests of what
 * it costs to see that the way to a server has changed.
 *
 *     cc -O2 -shared -fPIC -o source_shim.so source_shim.c -ldl
 *
 *     SOURCE_SHIM=FILE LD_PRELOAD=./source_shim.so nginx ...
 *
 * FILE gets an octet for each call, by any process.
 */


#define _GNU_SOURCE

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>


static int  shim_fd = -1;


static void __attribute__((constructor))
shim_init(void)
{
    const char  *file;

    file = getenv("SOURCE_SHIM");

    if (file) {
        shim_fd = open(file, O_WRONLY|O_APPEND|O_CREAT, 0666);
    }
}


int
getsockname(int fd, struct sockaddr *addr, socklen_t *len)
{
    static int  (*next)(int, struct sockaddr *, socklen_t *);

    if (next == NULL) {
        next = (int (*)(int, struct sockaddr *, socklen_t *))
               dlsym(RTLD_NEXT, "getsockname");
    }

    if (shim_fd != -1 && write(shim_fd, ".", 1) != 1) {
        abort();
    }

    return next(fd, addr, len);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The program of dns_xdp in the kernel, with answers put into it as a worker
 * does, and frames given to it one by one (BPF_PROG_TEST_RUN).  For tests of
 * builds that have it; as root.
 */


#ifndef _UNIT_XDP_H_INCLUDED_
#define _UNIT_XDP_H_INCLUDED_


#include "nginx.h"
#include "store/ngx_dns_xdp.h"


#define XDP_PORT   5300
#define XDP_FRAME  4096


typedef struct {
    u_char    p[XDP_FRAME];
    size_t    len;
    size_t    dns;              /* where the message begins */
} xdp_frame_t;


/* what a frame has around its message */

typedef struct {
    unsigned  vlans;
    unsigned  v6;
} xdp_way_t;


/* why there is none; NULL: it is loaded */
const char *xdp_load(ngx_dns_xdp_t *x, unsigned entries);

/* the instructions that the kernel's verifier has looked at; 0: unknown */
unsigned xdp_verified(void);

/* is 192.0.2.1 in the table of what is listened on? */
void xdp_listen(int on);

/* a frame with a query to 192.0.2.1 or 2001:db8::1 */
void xdp_query(xdp_frame_t *f, const xdp_way_t *way, const void *msg,
    size_t len);

/* XDP_*; "to" is the frame afterwards */
int xdp_run(const xdp_frame_t *from, xdp_frame_t *to);

/* the frame went back as it came, and its lengths and checksums are right */
int xdp_right(const xdp_frame_t *from, const xdp_frame_t *to);


#endif /* _UNIT_XDP_H_INCLUDED_ */

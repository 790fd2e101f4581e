
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_xdp.h"

#include <net/if.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>


#define NGX_STREAM_DNS_XDP_FDS  1024       /* looked at after an upgrade */


/* a device with the program */

typedef struct {
    unsigned int               ifindex;
    int                        fd;
    ngx_uint_t                 mode;       /* as it is, never AUTO */
    ngx_uint_t                 kept;
} ngx_stream_dns_xdp_link_t;


static ngx_int_t ngx_stream_dns_xdp_link_set(ngx_log_t *log,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *name, int program);
static ngx_int_t ngx_stream_dns_xdp_link_keep(ngx_stream_dns_xdp_t *xdp,
    unsigned int ifindex, int program);
static ngx_int_t ngx_stream_dns_xdp_link_new(ngx_log_t *log,
    ngx_stream_dns_xdp_t *xdp, ngx_str_t *name, unsigned int ifindex,
    int program);
static int ngx_stream_dns_xdp_link_try(unsigned int ifindex, ngx_uint_t mode,
    int program);
static void ngx_stream_dns_xdp_link_add(unsigned int ifindex, ngx_uint_t mode,
    int fd);
static void ngx_stream_dns_xdp_link_remove(ngx_uint_t i);
static void ngx_stream_dns_xdp_link_inherit(void);
static ngx_uint_t ngx_stream_dns_xdp_link_ours(uint32_t id);


/* of the master */

static ngx_uint_t                 ngx_stream_dns_xdp_nlinks;
static ngx_stream_dns_xdp_link_t  ngx_stream_dns_xdp_links[
                                                     2 * NGX_DNS_XDP_DEVICES];


void
ngx_stream_dns_xdp_links_begin(void)
{
    ngx_uint_t  i;

    static ngx_uint_t  inherited;

    if (!inherited && !ngx_test_config && getenv("NGINX")) {
        ngx_stream_dns_xdp_link_inherit();
    }

    inherited = 1;

    for (i = 0; i < ngx_stream_dns_xdp_nlinks; i++) {
        ngx_stream_dns_xdp_links[i].kept = 0;
    }
}


/*
 * A new binary has the descriptors of the old one, but does not know of them.
 * Nothing else of nginx leaves it a link of BPF.
 */

static void
ngx_stream_dns_xdp_link_inherit(void)
{
    int                   fd;
    uint32_t              len;
    struct bpf_link_info  info;

    for (fd = 3; fd < NGX_STREAM_DNS_XDP_FDS
                 && ngx_stream_dns_xdp_nlinks < NGX_DNS_XDP_DEVICES; fd++)
    {
        len = sizeof(struct bpf_link_info);
        ngx_memzero(&info, sizeof(struct bpf_link_info));

        if (bpf_obj_get_info_by_fd(fd, &info, &len) != 0
            || info.type != BPF_LINK_TYPE_XDP
            || !ngx_stream_dns_xdp_link_ours(info.prog_id))
        {
            continue;
        }

        ngx_stream_dns_xdp_link_add(info.xdp.ifindex,
                                    NGX_STREAM_DNS_XDP_AUTO, fd);
    }
}


static ngx_uint_t
ngx_stream_dns_xdp_link_ours(uint32_t id)
{
    int                   fd, rc;
    uint32_t              len;
    struct bpf_prog_info  info;

    fd = bpf_prog_get_fd_by_id(id);
    if (fd < 0) {
        return 0;
    }

    len = sizeof(struct bpf_prog_info);
    ngx_memzero(&info, sizeof(struct bpf_prog_info));

    rc = bpf_obj_get_info_by_fd(fd, &info, &len);

    (void) close(fd);

    return rc == 0 && ngx_strcmp(info.name, "ngx_dns_xdp") == 0;
}


ngx_int_t
ngx_stream_dns_xdp_links_set(ngx_log_t *log, ngx_stream_dns_xdp_t *xdp,
    int program)
{
    ngx_str_t   *name;
    ngx_uint_t   i, set;

    set = 0;
    name = xdp->devices.elts;

    for (i = 0; i < xdp->devices.nelts; i++) {
        if (ngx_stream_dns_xdp_link_set(log, xdp, &name[i], program)
            == NGX_OK)
        {
            set++;
        }
    }

    return set ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_stream_dns_xdp_link_set(ngx_log_t *log, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *name, int program)
{
    unsigned int  ifindex;

    ifindex = if_nametoindex((char *) name->data);

    if (ifindex == 0) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      "dns_xdp: there is no device \"%V\"", name);
        return NGX_ERROR;
    }

    if (ngx_stream_dns_xdp_link_keep(xdp, ifindex, program) == NGX_OK) {
        return NGX_OK;
    }

    return ngx_stream_dns_xdp_link_new(log, xdp, name, ifindex, program);
}


/* between two packets the new program takes the place of the old one */

static ngx_int_t
ngx_stream_dns_xdp_link_keep(ngx_stream_dns_xdp_t *xdp, unsigned int ifindex,
    int program)
{
    ngx_uint_t                  i;
    ngx_stream_dns_xdp_link_t  *link;

    for (i = 0; i < ngx_stream_dns_xdp_nlinks; i++) {
        link = &ngx_stream_dns_xdp_links[i];

        if (link->ifindex != ifindex) {
            continue;
        }

        if ((xdp->mode == NGX_STREAM_DNS_XDP_AUTO || xdp->mode == link->mode)
            && bpf_link_update(link->fd, program, NULL) == 0)
        {
            link->kept = 1;
            return NGX_OK;
        }

        /* a device has one link: that of another mode goes first */

        ngx_stream_dns_xdp_link_remove(i);
        break;
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_stream_dns_xdp_link_new(ngx_log_t *log, ngx_stream_dns_xdp_t *xdp,
    ngx_str_t *name, unsigned int ifindex, int program)
{
    int         fd;
    ngx_err_t   err;
    ngx_uint_t  mode;

    mode = xdp->mode == NGX_STREAM_DNS_XDP_GENERIC
           ? NGX_STREAM_DNS_XDP_GENERIC : NGX_STREAM_DNS_XDP_NATIVE;

    fd = ngx_stream_dns_xdp_link_try(ifindex, mode, program);
    err = errno;

    if (fd < 0 && xdp->mode == NGX_STREAM_DNS_XDP_AUTO && err != EBUSY
        && err != EEXIST)
    {
        mode = NGX_STREAM_DNS_XDP_GENERIC;

        fd = ngx_stream_dns_xdp_link_try(ifindex, mode, program);
        err = errno;
    }

    if (fd >= 0) {
        ngx_stream_dns_xdp_link_add(ifindex, mode, fd);

        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dns_xdp: attached to \"%V\" in %s mode", name,
                      mode == NGX_STREAM_DNS_XDP_NATIVE ? "native"
                                                        : "generic");
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_WARN, log, err,
                  "dns_xdp: not attached to \"%V\"%s; queries are answered "
                  "over sockets there", name,
                  err == EBUSY || err == EEXIST
                  ? ", which has another program"
                  : err == EOPNOTSUPP && mode == NGX_STREAM_DNS_XDP_NATIVE
                  ? ", whose driver has no native mode" : "");

    return NGX_ERROR;
}


static int
ngx_stream_dns_xdp_link_try(unsigned int ifindex, ngx_uint_t mode,
    int program)
{
    LIBBPF_OPTS(bpf_link_create_opts, opts,
                .flags = mode == NGX_STREAM_DNS_XDP_NATIVE
                         ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE);

    return bpf_link_create(program, (int) ifindex, BPF_XDP, &opts);
}


/* at a binary upgrade the new master gets the descriptor, too */

static void
ngx_stream_dns_xdp_link_add(unsigned int ifindex, ngx_uint_t mode, int fd)
{
    ngx_stream_dns_xdp_link_t  *link;

    (void) fcntl(fd, F_SETFD, 0);

    link = &ngx_stream_dns_xdp_links[ngx_stream_dns_xdp_nlinks++];

    link->ifindex = ifindex;
    link->mode = mode;
    link->fd = fd;
    link->kept = 1;
}


static void
ngx_stream_dns_xdp_link_remove(ngx_uint_t i)
{
    (void) close(ngx_stream_dns_xdp_links[i].fd);

    ngx_stream_dns_xdp_links[i]
                        = ngx_stream_dns_xdp_links[--ngx_stream_dns_xdp_nlinks];
}


void
ngx_stream_dns_xdp_links_end(ngx_log_t *log)
{
    ngx_uint_t  i;
    u_char      name[IF_NAMESIZE];

    for (i = ngx_stream_dns_xdp_nlinks; i-- > 0; /* void */ ) {

        if (ngx_stream_dns_xdp_links[i].kept) {
            continue;
        }

        if (if_indextoname(ngx_stream_dns_xdp_links[i].ifindex, (char *) name))
        {
            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "dns_xdp: detached from \"%s\"", name);
        }

        ngx_stream_dns_xdp_link_remove(i);
    }
}


/* who has one keeps the program attached */

void
ngx_stream_dns_xdp_links_leave(void)
{
    while (ngx_stream_dns_xdp_nlinks) {
        ngx_stream_dns_xdp_link_remove(ngx_stream_dns_xdp_nlinks - 1);
    }
}

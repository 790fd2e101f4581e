
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_xdp.h"
#include "../base/ngx_dns_random.h"
#include "ngx_dns_xdp_object.h"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <linux/if_link.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>


/* counters, which outlive a configuration */

typedef struct {
    int                        fd;
    ngx_dns_xdp_counts_t      *counts;
    size_t                     size;
    uint32_t                   servers;
    uint32_t                   cpus;
    ngx_dns_metrics_shm_t     *metrics;    /* they belong to its slots */
    uint64_t                  *keys;       /* two for each slot: whose it is */
} ngx_stream_dns_xdp_counts_t;


/* what a configuration has, gone with its pool */

typedef struct {
    void                      *p;          /* or NULL */
    size_t                     size;
    int                        fd;         /* or -1 */
} ngx_stream_dns_xdp_own_t;


static ngx_uint_t ngx_stream_dns_xdp_wanted(ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_xdp_load(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_xdp_object(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf, struct bpf_object *object);
static ngx_int_t ngx_stream_dns_xdp_counters(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_xdp_counters_new(ngx_cycle_t *cycle,
    ngx_stream_dns_xdp_counts_t *c);
static void ngx_stream_dns_xdp_counters_claim(
    ngx_stream_dns_main_conf_t *dmcf);
static void ngx_stream_dns_xdp_counters_show(
    ngx_stream_dns_main_conf_t *dmcf);
static ngx_int_t ngx_stream_dns_xdp_memory(ngx_cycle_t *cycle,
    ngx_stream_dns_xdp_t *xdp, struct bpf_object *object);
static ngx_int_t ngx_stream_dns_xdp_fill(ngx_cycle_t *cycle,
    ngx_stream_dns_xdp_t *xdp);
static void ngx_stream_dns_xdp_device(ngx_dns_xdp_device_t *device,
    u_char *name);
static int ngx_stream_dns_xdp_fd(struct bpf_object *object, const char *name);
static void *ngx_stream_dns_xdp_map(ngx_cycle_t *cycle, int fd, size_t size);
static ngx_stream_dns_xdp_own_t *ngx_stream_dns_xdp_own(ngx_cycle_t *cycle);
static void ngx_stream_dns_xdp_own_end(void *data);
static ngx_int_t ngx_stream_dns_xdp_failed(ngx_cycle_t *cycle, int err,
    const char *what);
static int ngx_stream_dns_xdp_print(enum libbpf_print_level level,
    const char *fmt, va_list args);


/* of the master */

static ngx_stream_dns_xdp_counts_t  ngx_stream_dns_xdp_counts = { .fd = -1 };


void
ngx_stream_dns_xdp_start(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_memzero(&ngx_dns_xdp_table, sizeof(ngx_dns_xdp_t));

    ngx_stream_dns_xdp_links_begin();

    if (dmcf && ngx_stream_dns_xdp_wanted(dmcf)
        && ngx_stream_dns_xdp_load(cycle, dmcf) != NGX_OK)
    {
        ngx_dns_xdp_table.control = NULL;
    }

    ngx_stream_dns_xdp_counters_show(dmcf);
    ngx_stream_dns_xdp_links_end(cycle->log);
}


static ngx_uint_t
ngx_stream_dns_xdp_wanted(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_srv_conf_t   **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts && dmcf->xdp; i++) {
        if (dscf[i]->xdp) {
            return 1;
        }
    }

    return 0;
}


/* without it queries are answered over sockets, as ever: nothing is refused */

static ngx_int_t
ngx_stream_dns_xdp_load(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_int_t           rc;
    struct bpf_object  *object;

    LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "ngx_dns_xdp");

    (void) libbpf_set_print(ngx_stream_dns_xdp_print);

    object = bpf_object__open_mem(ngx_dns_xdp_object,
                                  sizeof(ngx_dns_xdp_object), &opts);
    if (object == NULL) {
        return ngx_stream_dns_xdp_failed(cycle, errno,
                                         "the program can't be read");
    }

    rc = ngx_stream_dns_xdp_object(cycle, dmcf, object);

    bpf_object__close(object);

    return rc;
}


static ngx_int_t
ngx_stream_dns_xdp_object(ngx_cycle_t *cycle, ngx_stream_dns_main_conf_t *dmcf,
    struct bpf_object *object)
{
    int                    rc;
    uint32_t               sets;
    struct bpf_map        *index, *answers, *counts;
    struct bpf_program    *program;

    index = bpf_object__find_map_by_name(object, "dns_xdp_index");
    answers = bpf_object__find_map_by_name(object, "dns_xdp_answers");
    counts = bpf_object__find_map_by_name(object, "dns_xdp_counts");
    program = bpf_object__find_program_by_name(object, "ngx_dns_xdp");

    if (!index || !answers || !counts || !program) {
        return ngx_stream_dns_xdp_failed(cycle, 0, "the program is another");
    }

    if (ngx_stream_dns_xdp_counters(cycle, dmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    sets = (uint32_t) ngx_dns_xdp_sets(dmcf->xdp->entries);

    if (bpf_map__set_max_entries(index, sets) != 0
        || bpf_map__set_max_entries(answers, sets * NGX_DNS_XDP_WAYS) != 0
        || bpf_map__reuse_fd(counts, ngx_stream_dns_xdp_counts.fd) != 0)
    {
        return ngx_stream_dns_xdp_failed(cycle, errno,
                                         "its memory has no size");
    }

    rc = bpf_object__load(object);

    if (rc != 0) {
        return ngx_stream_dns_xdp_failed(cycle, -rc,
                                         "the kernel does not take the "
                                         "program");
    }

    if (ngx_test_config) {
        return NGX_DECLINED;
    }

    if (ngx_stream_dns_xdp_memory(cycle, dmcf->xdp, object) != NGX_OK
        || ngx_stream_dns_xdp_fill(cycle, dmcf->xdp) != NGX_OK
        || ngx_stream_dns_xdp_addresses(cycle, dmcf->xdp) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_stream_dns_xdp_links_set(cycle->log, dmcf->xdp,
                                        bpf_program__fd(program));
}


/* kept over reloads, as long as what they are counted for has its place */

static ngx_int_t
ngx_stream_dns_xdp_counters(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_stream_dns_xdp_counts_t   *c, fresh;
    const ngx_dns_metrics_shm_t   *metrics;

    c = &ngx_stream_dns_xdp_counts;
    metrics = dmcf->status.metrics;

    if (c->fd == -1 || c->metrics != metrics
        || c->servers != metrics->slots[NGX_DNS_METRICS_SERVER])
    {
        ngx_memzero(&fresh, sizeof(ngx_stream_dns_xdp_counts_t));

        fresh.metrics = dmcf->status.metrics;
        fresh.servers = metrics->slots[NGX_DNS_METRICS_SERVER];

        if (ngx_stream_dns_xdp_counters_new(cycle, &fresh) != NGX_OK) {
            return NGX_ERROR;
        }

        if (c->fd != -1) {
            (void) close(c->fd);
            (void) munmap(c->counts, c->size);
            ngx_free(c->keys);
        }

        *c = fresh;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_xdp_counters_new(ngx_cycle_t *cycle,
    ngx_stream_dns_xdp_counts_t *c)
{
    int  cpus;

    LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);

    cpus = libbpf_num_possible_cpus();

    c->cpus = cpus > 0 ? (uint32_t) cpus : 1;
    c->size = (size_t) c->cpus * c->servers * sizeof(ngx_dns_xdp_counts_t);

    c->fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "dns_xdp_counts",
                           sizeof(uint32_t), sizeof(ngx_dns_xdp_counts_t),
                           c->cpus * c->servers, &opts);
    if (c->fd < 0) {
        return ngx_stream_dns_xdp_failed(cycle, errno,
                                         "its memory can't be made");
    }

    c->keys = ngx_calloc((size_t) c->servers * 2 * sizeof(uint64_t),
                         cycle->log);
    c->counts = mmap(NULL, c->size, PROT_READ|PROT_WRITE, MAP_SHARED, c->fd,
                     0);

    if (c->keys == NULL || c->counts == MAP_FAILED) {
        (void) ngx_stream_dns_xdp_failed(cycle, errno,
                                         "its memory can't be mapped");

        if (c->counts != MAP_FAILED) {
            (void) munmap(c->counts, c->size);
        }

        if (c->keys) {
            ngx_free(c->keys);
        }

        (void) close(c->fd);

        return NGX_ERROR;
    }

    return NGX_OK;
}


/* a slot that was another server's begins with 0 */

static void
ngx_stream_dns_xdp_counters_claim(ngx_stream_dns_main_conf_t *dmcf)
{
    uint64_t                     *key;
    uint32_t                      slot;
    ngx_uint_t                    i, cpu;
    ngx_stream_dns_srv_conf_t   **dscf;
    ngx_stream_dns_xdp_counts_t  *c;

    c = &ngx_stream_dns_xdp_counts;
    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        slot = dscf[i]->metrics.slot;
        key = &c->keys[2 * slot];

        if (slot >= c->servers
            || (key[0] == dscf[i]->metrics.key[0]
                && key[1] == dscf[i]->metrics.key[1]))
        {
            continue;
        }

        key[0] = dscf[i]->metrics.key[0];
        key[1] = dscf[i]->metrics.key[1];

        for (cpu = 0; cpu < c->cpus; cpu++) {
            ngx_memzero(&c->counts[cpu * c->servers + slot],
                        sizeof(ngx_dns_xdp_counts_t));
        }
    }
}


/* what was counted is shown as long as its servers are there */

static void
ngx_stream_dns_xdp_counters_show(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_stream_dns_xdp_counts_t  *c;

    c = &ngx_stream_dns_xdp_counts;

    if (c->fd == -1 || dmcf == NULL || c->metrics != dmcf->status.metrics
        || c->servers != c->metrics->slots[NGX_DNS_METRICS_SERVER])
    {
        return;
    }

    ngx_stream_dns_xdp_counters_claim(dmcf);

    ngx_dns_xdp_table.counts = c->counts;
    ngx_dns_xdp_table.servers = c->servers;
    ngx_dns_xdp_table.cpus = c->cpus;
}


static ngx_int_t
ngx_stream_dns_xdp_memory(ngx_cycle_t *cycle, ngx_stream_dns_xdp_t *xdp,
    struct bpf_object *object)
{
    size_t                     sets;
    ngx_dns_xdp_t             *x;
    ngx_stream_dns_xdp_own_t  *own;

    x = &ngx_dns_xdp_table;
    sets = ngx_dns_xdp_sets(xdp->entries);

    x->index = ngx_stream_dns_xdp_map(cycle,
                              ngx_stream_dns_xdp_fd(object, "dns_xdp_index"),
                              sets * sizeof(ngx_dns_xdp_set_t));
    x->slots = ngx_stream_dns_xdp_map(cycle,
                              ngx_stream_dns_xdp_fd(object, "dns_xdp_answers"),
                              sets * NGX_DNS_XDP_WAYS
                              * sizeof(ngx_dns_xdp_slot_t));
    x->control = ngx_stream_dns_xdp_map(cycle,
                              ngx_stream_dns_xdp_fd(object, "dns_xdp_control"),
                              sizeof(ngx_dns_xdp_control_t));
    x->shm = ngx_stream_dns_xdp_map(cycle, -1, sizeof(ngx_dns_xdp_shm_t));

    own = ngx_stream_dns_xdp_own(cycle);

    if (x->index == NULL || x->slots == NULL || x->control == NULL
        || x->shm == NULL || own == NULL)
    {
        return NGX_ERROR;
    }

    own->fd = fcntl(ngx_stream_dns_xdp_fd(object, "dns_xdp_listen"),
                    F_DUPFD_CLOEXEC, 3);
    if (own->fd == -1) {
        return ngx_stream_dns_xdp_failed(cycle, errno, "no descriptor is left");
    }

    xdp->listen = own->fd;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_xdp_fill(ngx_cycle_t *cycle, ngx_stream_dns_xdp_t *xdp)
{
    ngx_str_t              *name;
    ngx_uint_t              i;
    ngx_dns_xdp_control_t  *c;

    c = ngx_dns_xdp_table.control;

    c->mask = (uint32_t) ngx_dns_xdp_sets(xdp->entries) - 1;
    c->seed = ngx_dns_random64();
    c->servers = ngx_stream_dns_xdp_counts.servers;
    c->epoch = 1;

    /* it is idle until a worker looks after it */

    c->clock = 0;
    c->listens = 1;

    name = xdp->devices.elts;

    for (i = 0; i < xdp->devices.nelts; i++) {
        ngx_stream_dns_xdp_device(&c->device[i], name[i].data);
    }

    c->ndevices = (uint32_t) xdp->devices.nelts;

    return NGX_OK;
}


/* one that is not there any more has the index 0, and ends the list */

static void
ngx_stream_dns_xdp_device(ngx_dns_xdp_device_t *device, u_char *name)
{
    int           fd;
    struct ifreq  ifr;

    fd = socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, 0);
    if (fd == -1) {
        return;
    }

    ngx_memzero(&ifr, sizeof(struct ifreq));
    (void) ngx_cpystrn((u_char *) ifr.ifr_name, name, IF_NAMESIZE);

    if (ioctl(fd, SIOCGIFHWADDR, &ifr) == 0) {
        ngx_memcpy(device->mac, ifr.ifr_hwaddr.sa_data, 6);
    }

    if (ioctl(fd, SIOCGIFFLAGS, &ifr) == 0) {
        device->loopback = (ifr.ifr_flags & IFF_LOOPBACK) != 0;
    }

    (void) close(fd);

    /* never 0 in the midst of the list */

    device->ifindex = if_nametoindex((char *) name);

    if (device->ifindex == 0) {
        device->ifindex = (uint32_t) -1;
    }
}


static int
ngx_stream_dns_xdp_fd(struct bpf_object *object, const char *name)
{
    return bpf_object__find_map_fd_by_name(object, name);
}


/* a map of BPF, or memory for all processes where "fd" is -1 */

static void *
ngx_stream_dns_xdp_map(ngx_cycle_t *cycle, int fd, size_t size)
{
    void                      *p;
    ngx_stream_dns_xdp_own_t  *own;

    own = ngx_stream_dns_xdp_own(cycle);
    if (own == NULL) {
        return NULL;
    }

    p = mmap(NULL, size, PROT_READ|PROT_WRITE,
             fd == -1 ? MAP_SHARED|MAP_ANON : MAP_SHARED, fd, 0);

    if (p == MAP_FAILED) {
        (void) ngx_stream_dns_xdp_failed(cycle, errno,
                                         "its memory can't be mapped");
        return NULL;
    }

    own->p = p;
    own->size = size;

    return p;
}


static ngx_stream_dns_xdp_own_t *
ngx_stream_dns_xdp_own(ngx_cycle_t *cycle)
{
    ngx_pool_cleanup_t        *cln;
    ngx_stream_dns_xdp_own_t  *own;

    cln = ngx_pool_cleanup_add(cycle->pool, sizeof(ngx_stream_dns_xdp_own_t));
    if (cln == NULL) {
        return NULL;
    }

    own = cln->data;
    own->p = NULL;
    own->fd = -1;

    cln->handler = ngx_stream_dns_xdp_own_end;

    return own;
}


static void
ngx_stream_dns_xdp_own_end(void *data)
{
    ngx_stream_dns_xdp_own_t *own = data;

    if (own->p) {
        (void) munmap(own->p, own->size);
    }

    if (own->fd != -1) {
        (void) close(own->fd);
    }
}


static ngx_int_t
ngx_stream_dns_xdp_failed(ngx_cycle_t *cycle, int err, const char *what)
{
    const char  *why;

    switch (err) {

    case EPERM:
    case EACCES:
        why = "; this needs root, or CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN";
        break;

    case ENOSYS:
    case EINVAL:
        why = "; this needs Linux 6.1 or later with BPF";
        break;

    default:
        why = "";
    }

    ngx_log_error(NGX_LOG_WARN, cycle->log, err,
                  "dns_xdp: %s%s; queries are answered over sockets", what,
                  why);

    return NGX_ERROR;
}


static int
ngx_stream_dns_xdp_print(enum libbpf_print_level level, const char *fmt,
    va_list args)
{
    int     n;
    char   *line, *end;
    char    text[NGX_MAX_ERROR_STR];

    if (level != LIBBPF_WARN) {
        return 0;
    }

    n = vsnprintf(text, sizeof(text), fmt, args);

    for (line = text; n > 0 && *line; line = end) {
        end = line + strcspn(line, "\n");

        ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0, "dns_xdp: %*s",
                      (size_t) (end - line), line);

        end += *end == '\n';
    }

    return n;
}

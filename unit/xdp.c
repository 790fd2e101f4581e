
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "xdp.h"


#if (NGX_DNS_XDP)

#include <sys/mman.h>
#include <time.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ngx_dns_xdp_object.h"


static int  program;
static int  listening;


/* what the kernel has against the program is shown if XDP_LOG is set */

static int
show(enum libbpf_print_level level, const char *fmt, va_list args)
{
    if (level != LIBBPF_WARN || getenv("XDP_LOG") == NULL) {
        return 0;
    }

    return vfprintf(stderr, fmt, args);
}


static void *
map(struct bpf_object *object, const char *name, size_t size)
{
    return mmap(NULL, size, PROT_READ|PROT_WRITE, MAP_SHARED,
                bpf_object__find_map_fd_by_name(object, name), 0);
}


static void
listen_on(const void *addr, size_t len, int on)
{
    ngx_dns_xdp_addr_t    key;
    ngx_dns_xdp_listen_t  l;

    memset(&key, 0, sizeof(key));

    if (len == 4) {
        key.addr[10] = 0xff;
        key.addr[11] = 0xff;
    }

    memcpy(key.addr + 16 - len, addr, len);
    key.port = htons(XDP_PORT);

    l.server = 0;
    l.udp_max_size = 1232;
    l.udp_unproven = 1232;
    l.cookies = 0;

    if (on) {
        (void) bpf_map_update_elem(listening, &key, &l, BPF_ANY);

    } else {
        (void) bpf_map_delete_elem(listening, &key);
    }
}


static const u_char  v4[] = { 192, 0, 2, 1 };
static const u_char  v6[] = { 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                              0, 1 };


const char *
xdp_load(ngx_dns_xdp_t *x, unsigned entries)
{
    unsigned            sets;
    static struct bpf_object  *object;

    libbpf_set_print(show);

    object = bpf_object__open_mem(ngx_dns_xdp_object,
                                  sizeof(ngx_dns_xdp_object), NULL);
    if (object == NULL) {
        return "the program can't be read";
    }

    sets = (unsigned) ngx_dns_xdp_sets(entries);

    (void) bpf_map__set_max_entries(
        bpf_object__find_map_by_name(object, "dns_xdp_index"), sets);
    (void) bpf_map__set_max_entries(
        bpf_object__find_map_by_name(object, "dns_xdp_answers"),
        sets * NGX_DNS_XDP_WAYS);
    (void) bpf_map__set_max_entries(
        bpf_object__find_map_by_name(object, "dns_xdp_counts"), 1024);

    if (bpf_object__load(object) != 0) {
        return "the kernel does not take the program, or not from us";
    }

    program = bpf_program__fd(bpf_object__find_program_by_name(object,
                                                               "ngx_dns_xdp"));
    listening = bpf_object__find_map_fd_by_name(object, "dns_xdp_listen");

    x->control = map(object, "dns_xdp_control", sizeof(ngx_dns_xdp_control_t));
    x->index = map(object, "dns_xdp_index", sets * sizeof(ngx_dns_xdp_set_t));
    x->slots = map(object, "dns_xdp_answers",
                   sets * NGX_DNS_XDP_WAYS * sizeof(ngx_dns_xdp_slot_t));
    x->counts = map(object, "dns_xdp_counts",
                    1024 * sizeof(ngx_dns_xdp_counts_t));
    x->shm = calloc(1, sizeof(ngx_dns_xdp_shm_t));
    x->servers = 1;
    x->cpus = 1024;

    x->control->epoch = 1;
    x->control->listens = 1;
    x->control->mask = sets - 1;
    x->control->seed = 0x1234567890abcdefUL;
    x->control->servers = 1;
    x->control->device[0].ifindex = 1;
    memcpy(x->control->device[0].mac, "\2\0\0\0\0\1", 6);

    ngx_dns_xdp_alive(x);

    listen_on(v4, 4, 1);
    listen_on(v6, 16, 1);

    return NULL;
}


unsigned
xdp_verified(void)
{
    uint32_t              size;
    struct bpf_prog_info  info;

    size = sizeof(info);
    memset(&info, 0, size);

    if (bpf_obj_get_info_by_fd(program, &info, &size) != 0) {
        return 0;
    }

    return info.verified_insns;
}


void
xdp_listen(int on)
{
    listen_on(v4, 4, on);
}


static unsigned
sum(const u_char *p, size_t len, unsigned n)
{
    size_t  i;

    for (i = 0; i + 1 < len; i += 2) {
        n += (unsigned) (p[i] << 8 | p[i + 1]);
    }

    if (len & 1) {
        n += (unsigned) (p[len - 1] << 8);
    }

    while (n >> 16) {
        n = (n & 0xffff) + (n >> 16);
    }

    return n;
}


static u_char *
put16(u_char *p, size_t v)
{
    p[0] = (u_char) (v >> 8);
    p[1] = (u_char) v;

    return p + 2;
}


void
xdp_query(xdp_frame_t *f, const xdp_way_t *way, const void *msg, size_t len)
{
    u_char    *p, *ip;
    unsigned   i;

    memcpy(f->p, "\2\0\0\0\0\1\2\0\0\0\0\2", 12);
    p = f->p + 12;

    for (i = 0; i < way->vlans; i++) {
        p = put16(p, i + 1 < way->vlans ? 0x88a8 : 0x8100);
        p = put16(p, 100 + i);
    }

    p = put16(p, way->v6 ? 0x86dd : 0x0800);
    ip = p;

    if (way->v6) {
        memset(p, 0, 40);
        p[0] = 0x60;
        put16(p + 4, len + 8);
        p[6] = 17;
        p[7] = 5;
        memcpy(p + 8, v6, 16);
        p[23] = 2;
        memcpy(p + 24, v6, 16);
        p += 40;

    } else {
        memset(p, 0, 20);
        p[0] = 0x45;
        put16(p + 2, len + 28);
        put16(p + 4, 77);
        p[8] = 5;
        p[9] = 17;
        memcpy(p + 12, v4, 4);
        p[15] = 2;
        memcpy(p + 16, v4, 4);
        put16(ip + 10, ~sum(ip, 20, 0));
        p += 20;
    }

    p = put16(p, 4000);
    p = put16(p, XDP_PORT);
    p = put16(p, len + 8);
    p = put16(p, 0x1234);

    memcpy(p, msg, len);

    f->dns = (size_t) (p - f->p);
    f->len = f->dns + len;
}


int
xdp_run(const xdp_frame_t *from, xdp_frame_t *to)
{
    LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = from->p,
                .data_size_in = (unsigned) from->len, .data_out = to->p,
                .data_size_out = XDP_FRAME, .repeat = 1);

    if (bpf_prog_test_run_opts(program, &opts) != 0) {
        return -1;
    }

    to->len = opts.data_size_out;
    to->dns = from->dns;

    return (int) opts.retval;
}


int
xdp_right(const xdp_frame_t *from, const xdp_frame_t *to)
{
    size_t         l2, len;
    unsigned       pseudo;
    const u_char  *ip, *udp, *was;

    l2 = 12;

    while (from->p[l2] == 0x81 || from->p[l2] == 0x88) {
        l2 += 4;
    }

    l2 += 2;

    ip = to->p + l2;
    was = from->p + l2;
    udp = to->p + to->dns - 8;
    len = to->len - to->dns + 8;

    if (memcmp(to->p, from->p + 6, 6) != 0
        || memcmp(to->p + 6, from->p, 6) != 0
        || memcmp(to->p + 12, from->p + 12, l2 - 12) != 0
        || memcmp(udp, from->p + to->dns - 6, 2) != 0
        || memcmp(udp + 2, from->p + to->dns - 8, 2) != 0
        || (size_t) (udp[4] << 8 | udp[5]) != len)
    {
        return 0;
    }

    if (ip[0] == 0x45) {
        pseudo = sum(ip + 12, 8, 17 + (unsigned) len);

        return memcmp(ip + 12, was + 16, 4) == 0
               && memcmp(ip + 16, was + 12, 4) == 0
               && (size_t) (ip[2] << 8 | ip[3]) == len + 20
               && ip[8] == 64 && sum(ip, 20, 0) == 0xffff
               && sum(udp, len, pseudo) == 0xffff;
    }

    pseudo = sum(ip + 8, 32, 17 + (unsigned) len);

    return ip[0] == 0x60 && memcmp(ip + 8, was + 24, 16) == 0
           && memcmp(ip + 24, was + 8, 16) == 0
           && (size_t) (ip[4] << 8 | ip[5]) == len
           && ip[6] == 17 && ip[7] == 64
           && sum(udp, len, pseudo) == 0xffff;
}

#else

const char *
xdp_load(ngx_dns_xdp_t *x, unsigned entries)
{
    return "dns_xdp is not in this build";
}


unsigned
xdp_verified(void)
{
    return 0;
}


void
xdp_listen(int on)
{
}


void
xdp_query(xdp_frame_t *f, const xdp_way_t *way, const void *msg, size_t len)
{
}


int
xdp_run(const xdp_frame_t *from, xdp_frame_t *to)
{
    return -1;
}


int
xdp_right(const xdp_frame_t *from, const xdp_frame_t *to)
{
    return 0;
}

#endif

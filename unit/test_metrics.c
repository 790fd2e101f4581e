
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Counters: rows of processes, slots over reloads, histograms. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_metrics.h"

#include <sys/mman.h>
#include <sys/wait.h>


#define SERVERS  16
#define PEERS    16


static ngx_dns_metrics_shm_t *
zone(void)
{
    void  *p;

    p = mmap(NULL, ngx_dns_metrics_size(SERVERS, PEERS),
             PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0);

    /* of a slab pool nothing can be expected but the first word */

    memset(p, 0x5a, 65536);
    *(uint32_t *) p = 0;

    return p;
}


/* a configuration with these servers is tried: of each, its slot */

static ngx_int_t
try(ngx_dns_metrics_shm_t *shm, const char *names, uint32_t *slots)
{
    ngx_str_t              name;
    ngx_uint_t             n;
    ngx_dns_metrics_id_t   ids[SERVERS + 1], *p[SERVERS + 1];

    if (ngx_dns_metrics_init(shm, SERVERS, PEERS) != NGX_OK) {
        return NGX_ERROR;
    }

    for (n = 0; names[n]; n++) {
        name.data = (u_char *) &names[n];
        name.len = 1;

        ngx_dns_metrics_identify(&ids[n], &name, NULL);
        p[n] = &ids[n];
    }

    if (ngx_dns_metrics_place(shm, NGX_DNS_METRICS_SERVER, p, n) != NGX_OK) {
        return NGX_ERROR;
    }

    while (n--) {
        slots[n] = ids[n].slot;
    }

    return NGX_OK;
}


static ngx_int_t
configure(ngx_dns_metrics_shm_t *shm, const char *names, uint32_t *slots)
{
    if (try(shm, names, slots) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dns_metrics_commit(shm);

    return NGX_OK;
}


static uint64_t
misses(ngx_dns_metrics_shm_t *shm, uint32_t slot)
{
    ngx_dns_server_counters_t  sum;

    ngx_dns_metrics_sum_server(shm, slot, &sum);

    return sum.misses;
}


static void
slots(void)
{
    uint32_t                a[SERVERS + 1], b[SERVERS + 1];
    ngx_uint_t              i;
    ngx_dns_metrics_shm_t  *shm;

    shm = zone();

    is_int(configure(shm, "ab", a), NGX_OK, "configured");
    (void) ngx_dns_metrics_attach(shm);

    is_int(misses(shm, a[0]), 0, "a new row is clear");

    ngx_dns_metrics_server(a[0])->misses = 5;
    ngx_dns_metrics_server(a[1])->misses = 7;

    is_int(configure(shm, "xb", b), NGX_OK, "reload");
    is_int(b[1], a[1], "b keeps its slot");
    is_int(misses(shm, b[1]), 7, "and its count");
    ok(b[0] != a[0], "x does not get that of a, which old workers use");
    is_int(misses(shm, b[0]), 0, "x begins at 0");

    is_int(configure(shm, "bx", a), NGX_OK, "another order");
    ok(a[0] == b[1] && a[1] == b[0], "changes nothing");

    for (i = 0; i < 50; i++) {
        if (configure(shm, i % 2 ? "abcdefgh" : "pqrstuvw", a) != NGX_OK) {
            break;
        }
    }

    is_int(i, 50, "slots of long ago are used again");
    is_int(misses(shm, a[0]), 0, "and are cleared");
    is_int(misses(shm, a[1]), 7, "if they are given away");

    is_int(configure(shm, "0123456789", b), NGX_ERROR, "not enough slots");

    /* reloads that fail later leave slots in use alone */

    (void) configure(shm, "ab", a);
    ngx_dns_metrics_server(a[0])->misses = 9;

    for (i = 0; i < 5; i++) {
        is_int(try(shm, "0123", b), NGX_OK, "tried");

        ok(b[0] != a[0] && b[0] != a[1] && b[3] != a[0] && b[3] != a[1],
           "slots in use are not given away");
    }

    is_int(misses(shm, a[0]), 9, "nor cleared");

    is_int(ngx_dns_metrics_init(shm, SERVERS, 2 * PEERS), NGX_ERROR,
           "another layout");

    ngx_dns_metrics_detach(shm);
}


/* the counters of a limit are a part of those of each server */

static void
limits(void)
{
    uint32_t                    a[SERVERS + 1];
    ngx_str_t                   name;
    ngx_uint_t                  i, k, n, reloads;
    ngx_dns_metrics_id_t        ids[NGX_DNS_LIMIT_ZONES];
    ngx_dns_metrics_id_t       *p[NGX_DNS_LIMIT_ZONES];
    ngx_dns_metrics_shm_t      *shm;
    ngx_dns_server_counters_t   sum;

    static u_char  names[] = "0123456789abcdefghijklmnopqrstuvwxyz+-=*/.,:";

    /* all are others with each reload, but the last one */

    static const ngx_uint_t  first[] = { 0, 15, 0, 15 };

    shm = zone();

    for (reloads = 0; reloads < 4; reloads++) {
        is_int(try(shm, "ab", a), NGX_OK, "servers");

        n = NGX_DNS_LIMIT_ZONES;

        for (i = 0; i < n; i++) {
            name.data = &names[i == n - 1 ? 40 : first[reloads] + i];
            name.len = 1;

            ngx_dns_metrics_identify(&ids[i], &name, NULL);
            p[i] = &ids[i];
        }

        is_int(ngx_dns_metrics_place(shm, NGX_DNS_METRICS_LIMIT, p, n), NGX_OK,
               "room for as many others");

        ngx_dns_metrics_commit(shm);
        (void) ngx_dns_metrics_attach(shm);

        for (i = 0; i < n; i++) {
            for (k = 0; k < 2; k++) {
                ngx_dns_metrics_server(a[k])->limited[ids[i].slot][k]++;
            }

            ngx_dns_metrics_server(a[0])->misses++;
        }

        ngx_dns_metrics_sum_server(shm, a[1], &sum);

        is_int(sum.limited[ids[n - 1].slot][1], reloads + 1,
               "one that stays goes on");
        is_int(sum.limited[ids[n - 1].slot][0], 0, "by what was done");
        is_int(sum.limited[ids[0].slot][1], reloads < 2 ? 1 : 2,
               "of the last configuration but one it is known, too");

        ngx_dns_metrics_detach(shm);
    }

    ngx_dns_metrics_sum_server(shm, a[0], &sum);

    is_int(sum.misses, 4 * NGX_DNS_LIMIT_ZONES, "other counters stay");
}


static void
rows(void)
{
    int                      status;
    pid_t                    pid;
    uint32_t                 a[SERVERS + 1];
    ngx_uint_t               i;
    ngx_dns_counters_t       sum;
    ngx_dns_metrics_shm_t   *shm;

    shm = zone();

    (void) configure(shm, "a", a);
    (void) ngx_dns_metrics_attach(shm);

    ngx_dns_count_in(ngx_dns_metrics_server(a[0]), misses);
    ngx_dns_count(joined);

    /* one dies, one exits; the next ones go on with their rows */

    for (i = 0; i < 4; i++) {
        pid = fork();

        if (pid == 0) {
            ngx_pid = getpid();
            (void) ngx_dns_metrics_attach(shm);

            ngx_dns_count_in(ngx_dns_metrics_server(a[0]), misses);
            ngx_dns_count_in(ngx_dns_metrics_peer(3), timeouts);
            ngx_dns_count(joined);

            if (i % 2) {
                kill(getpid(), SIGKILL);
            }

            ngx_dns_metrics_detach(shm);
            _exit(0);
        }

        (void) waitpid(pid, &status, 0);
    }

    ngx_dns_metrics_sum(shm, &sum);

    is_int(sum.joined, 5, "counts of the dead stay");
    is_int(misses(shm, a[0]), 5, "of a server, too");
    is_int(shm->used[0] + shm->used[1] + shm->used[2], 2,
           "their row is used again");

    ngx_dns_metrics_detach(shm);

    /* without a row nothing is counted, and nothing breaks */

    pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        shm->pid[i] = (uint32_t) pid;
    }

    is_int(ngx_dns_metrics_attach(shm), NGX_DECLINED, "no row");
    ngx_dns_count(joined);
    ngx_dns_count_in(ngx_dns_metrics_server(a[0]), misses);
    ngx_dns_count_in(ngx_dns_metrics_peer(0), queries);
    is_int(misses(shm, a[0]), 5, "no row is free");

    ngx_dns_metrics_detach(shm);

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);

    is_int(ngx_dns_metrics_attach(shm), NGX_OK, "of a dead one");
    ngx_dns_metrics_detach(shm);

    /* an earlier process had the same number */

    shm->pid[0] = (uint32_t) ngx_pid;
    is_int(ngx_dns_metrics_attach(shm), NGX_OK, "its own pid");
    ngx_dns_count(joined);
    ngx_dns_metrics_sum(shm, &sum);
    is_int(sum.joined, 6, "in the same row");
    is_int(shm->pid[1] == (uint32_t) ngx_pid, 0, "and in no other");
    ngx_dns_metrics_detach(shm);
}


static void
histogram(void)
{
    uint64_t             v;
    ngx_uint_t           i, bad;
    ngx_dns_histogram_t  h;

    static const struct {
        uint64_t     usec;
        unsigned     bucket;
    } cases[] = {
        { 0, 0 }, { 1, 0 }, { 50, 0 }, { 51, 1 }, { 100, 1 }, { 101, 2 },
        { 999, 4 }, { 1000, 4 }, { 1001, 5 }, { 2500, 5 }, { 5000000, 15 },
        { 5000001, 16 }, { ~0ULL, 16 },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_int(ngx_dns_histogram_bucket(cases[i].usec), cases[i].bucket,
               "%llu us", (unsigned long long) cases[i].usec);
    }

    bad = 0;

    for (v = 0; v < 6000000; v++) {
        i = ngx_dns_histogram_bucket(v);

        if (v > ngx_dns_histogram_bounds[i]
            || (i && v <= ngx_dns_histogram_bounds[i - 1]))
        {
            bad++;
        }
    }

    is_int(bad, 0, "every time is in its bucket");

    memset(&h, 0, sizeof(h));
    ngx_dns_histogram_add(&h, 70);
    ngx_dns_histogram_add(&h, 30);
    is_int(h.sum, 100, "sum");
    is_int(h.bucket[0] + h.bucket[1], 2, "count");
}


static void
labels(void)
{
    ngx_uint_t  i, bad;

    static const struct {
        uint16_t     type;
        const char  *label;
    } cases[] = {
        { 1, "A" }, { 28, "AAAA" }, { 12, "PTR" }, { 15, "MX" }, { 16, "TXT" },
        { 2, "NS" }, { 6, "SOA" }, { 33, "SRV" }, { 5, "CNAME" },
        { 65, "HTTPS" }, { 64, "SVCB" }, { 255, "ANY" }, { 43, "DS" },
        { 48, "DNSKEY" }, { 46, "RRSIG" }, { 35, "NAPTR" }, { 52, "TLSA" },
        { 252, "AXFR" }, { 99, "SPF" }, { 44, "SSHFP" }, { 29, "LOC" },
        { 13, "HINFO" }, { 0, "none" }, { 3, "other" }, { 251, "other" },
        { 256, "other" }, { 65535, "other" },
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        is_str(ngx_dns_metrics_types[ngx_dns_metrics_type(cases[i].type)],
               cases[i].label, "type %u", cases[i].type);
    }

    bad = 0;

    for (i = 0; i < 65536; i++) {
        if (ngx_dns_metrics_types[ngx_dns_metrics_type((uint16_t) i)]
            == NULL)
        {
            bad++;
        }
    }

    is_int(bad, 0, "every type has a label");

    is_str(ngx_dns_metrics_rcodes[ngx_dns_metrics_rcode(3)], "NXDOMAIN",
           "rcode");
    is_str(ngx_dns_metrics_rcodes[ngx_dns_metrics_rcode(16)], "BADVERS",
           "rcode of EDNS");
    is_str(ngx_dns_metrics_rcodes[ngx_dns_metrics_rcode(4095)], "other",
           "rcode that has no name");
}


int
main(void)
{
    ngx_pid = getpid();

    slots();
    limits();
    rows();
    histogram();
    labels();

    return done_testing();
}

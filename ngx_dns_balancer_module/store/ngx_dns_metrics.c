
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_metrics.h"


#define NGX_DNS_METRICS_LAYOUT                                                \
    (0x444d0000 + (uint32_t) sizeof(ngx_dns_counters_t))

#define NGX_DNS_METRICS_STRIDE                                                \
    ngx_align(sizeof(ngx_dns_counters_t), 2 * NGX_DNS_CACHELINE)


static ngx_dns_counters_t *ngx_dns_metrics_row(ngx_dns_metrics_shm_t *shm,
    ngx_uint_t i);


static ngx_dns_counters_t  ngx_dns_metrics_private;

ngx_dns_counters_t  *ngx_dns_counters = &ngx_dns_metrics_private;


size_t
ngx_dns_metrics_size(void)
{
    return ngx_align(sizeof(ngx_dns_metrics_shm_t), NGX_DNS_CACHELINE)
           + NGX_DNS_METRICS_PROCS * NGX_DNS_METRICS_STRIDE;
}


static ngx_dns_counters_t *
ngx_dns_metrics_row(ngx_dns_metrics_shm_t *shm, ngx_uint_t i)
{
    u_char  *p;

    p = (u_char *) shm
        + ngx_align(sizeof(ngx_dns_metrics_shm_t), NGX_DNS_CACHELINE)
        + i * NGX_DNS_METRICS_STRIDE;

    return (ngx_dns_counters_t *) (void *) p;
}


ngx_int_t
ngx_dns_metrics_init(ngx_dns_metrics_shm_t *shm)
{
    if (shm->layout == 0) {
        shm->layout = NGX_DNS_METRICS_LAYOUT;
    }

    return shm->layout == NGX_DNS_METRICS_LAYOUT ? NGX_OK : NGX_ERROR;
}


void
ngx_dns_metrics_attach(ngx_dns_metrics_shm_t *shm)
{
    uint32_t    pid;
    ngx_uint_t  i;

    ngx_dns_counters = &ngx_dns_metrics_private;

    if (shm == NULL) {
        return;
    }

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        pid = ngx_dns_load(&shm->pid[i]);

        if (pid != 0
            && (kill((ngx_pid_t) pid, 0) != -1 || ngx_errno != NGX_ESRCH))
        {
            continue;
        }

        if (ngx_dns_cas(&shm->pid[i], pid, (uint32_t) ngx_pid)) {
            ngx_dns_counters = ngx_dns_metrics_row(shm, i);
            return;
        }
    }
}


void
ngx_dns_metrics_detach(ngx_dns_metrics_shm_t *shm)
{
    ngx_uint_t  i;

    ngx_dns_counters = &ngx_dns_metrics_private;

    if (shm == NULL) {
        return;
    }

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        if (ngx_dns_cas(&shm->pid[i], (uint32_t) ngx_pid, 0)) {
            return;
        }
    }
}


void
ngx_dns_metrics_sum(ngx_dns_metrics_shm_t *shm, ngx_dns_counters_t *sum)
{
    uint64_t    *to, *from;
    ngx_uint_t   i, k;

    ngx_memzero(sum, sizeof(ngx_dns_counters_t));

    to = (uint64_t *) (void *) sum;

    for (i = 0; i < NGX_DNS_METRICS_PROCS; i++) {
        from = (uint64_t *) (void *) ngx_dns_metrics_row(shm, i);

        for (k = 0; k < sizeof(ngx_dns_counters_t) / sizeof(uint64_t); k++) {
            to[k] += ngx_dns_load(&from[k]);
        }
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_tap.h"


static ngx_uint_t ngx_dns_tap_ring_wrap(ngx_dns_tap_t *tap, size_t size);
static size_t ngx_dns_tap_ring_first(const ngx_dns_tap_t *tap);


u_char *
ngx_dns_tap_ring_reserve(ngx_dns_tap_t *tap, size_t size)
{
    size += NGX_DNS_TAP_LENGTH;

    if (tap->ring == NULL) {
        return NULL;
    }

    if (tap->wrapped) {
        if (tap->tail - tap->head <= size) {
            return NULL;
        }

    } else if (NGX_DNS_TAP_RING - tap->head < size
               && !ngx_dns_tap_ring_wrap(tap, size))
    {
        return NULL;
    }

    return tap->ring + tap->head + NGX_DNS_TAP_LENGTH;
}


/* frames stand in one piece: what is left at the end is not used */

static ngx_uint_t
ngx_dns_tap_ring_wrap(ngx_dns_tap_t *tap, size_t size)
{
    if (tap->tail <= size) {
        return 0;
    }

    tap->end = tap->head;
    tap->head = 0;
    tap->wrapped = 1;

    return 1;
}


ngx_uint_t
ngx_dns_tap_ring_waits(const ngx_dns_tap_t *tap)
{
    return tap->wrapped || tap->tail != tap->head;
}


/* octets of the first frame */

static size_t
ngx_dns_tap_ring_first(const ngx_dns_tap_t *tap)
{
    return NGX_DNS_TAP_LENGTH + ngx_dns_get32(tap->ring + tap->tail);
}


void
ngx_dns_tap_ring_next(ngx_dns_tap_t *tap)
{
    tap->tail += ngx_dns_tap_ring_first(tap);

    if (tap->wrapped && tap->tail == tap->end) {
        tap->tail = 0;
        tap->wrapped = 0;
    }

    if (!tap->wrapped && tap->tail == tap->head) {
        tap->tail = 0;
        tap->head = 0;
    }
}


/* frames count when all of them has left */

void
ngx_dns_tap_ring_written(ngx_dns_tap_t *tap, size_t n)
{
    size_t  size;

    tap->sent += n;

    while (tap->sent) {
        size = ngx_dns_tap_ring_first(tap);

        if (tap->sent < size) {
            return;
        }

        tap->sent -= size;

        ngx_dns_count_in(tap->counters, dnstap_frames);
        ngx_dns_tap_ring_next(tap);
    }
}

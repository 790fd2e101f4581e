
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_desk.h"


#define NGX_DNS_DESK_LAYOUT  0x444e4401


static void ngx_dns_desk_copy(u_char *dst, const ngx_str_t *src, size_t size);


ngx_dns_desk_shm_t  *ngx_dns_desk;


ngx_int_t
ngx_dns_desk_init(ngx_dns_desk_shm_t *desk)
{
    if (desk->layout == 0) {
        desk->layout = NGX_DNS_DESK_LAYOUT;
    }

    return desk->layout == NGX_DNS_DESK_LAYOUT ? NGX_OK : NGX_ERROR;
}


void
ngx_dns_desk_note(const ngx_str_t *upstream, const ngx_str_t *server,
    const ngx_str_t *state, const ngx_str_t *reason)
{
    uint64_t                place;
    ngx_dns_desk_change_t  *c;

    if (ngx_dns_desk == NULL) {
        return;
    }

    place = ngx_dns_add(&ngx_dns_desk->next, 1) + 1;
    c = &ngx_dns_desk->change[place & (NGX_DNS_DESK_CHANGES - 1)];

    ngx_dns_store(&c->place, 0);
    __atomic_thread_fence(__ATOMIC_RELEASE);

    c->time = (uint64_t) ngx_time();

    ngx_dns_desk_copy(c->upstream, upstream, NGX_DNS_DESK_NAME);
    ngx_dns_desk_copy(c->server, server, NGX_DNS_DESK_NAME);
    ngx_dns_desk_copy(c->state, state, NGX_DNS_DESK_STATE);
    ngx_dns_desk_copy(c->reason, reason, NGX_DNS_DESK_REASON);

    __atomic_store_n(&c->place, place, __ATOMIC_RELEASE);
}


/* a character of UTF-8 is there as a whole, or not */

static void
ngx_dns_desk_copy(u_char *dst, const ngx_str_t *src, size_t size)
{
    size_t  len;

    len = src->len;

    if (len >= size) {
        for (len = size - 1; len && (src->data[len] & 0xc0) == 0x80; len--) {
            /* void */
        }
    }

    ngx_memcpy(dst, src->data, len);
    dst[len] = '\0';
}


ngx_uint_t
ngx_dns_desk_changes(ngx_dns_desk_shm_t *desk,
    ngx_dns_desk_change_t change[NGX_DNS_DESK_CHANGES])
{
    uint64_t                place, next;
    ngx_uint_t              i, n;
    ngx_dns_desk_change_t  *c;

    n = 0;
    next = ngx_dns_load(&desk->next);

    for (i = 0; i < NGX_DNS_DESK_CHANGES && i < next; i++) {
        place = next - i;
        c = &desk->change[place & (NGX_DNS_DESK_CHANGES - 1)];

        if (__atomic_load_n(&c->place, __ATOMIC_ACQUIRE) != place) {
            continue;
        }

        ngx_memcpy(&change[n], c, sizeof(ngx_dns_desk_change_t));

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (ngx_dns_load(&c->place) != place) {
            continue;
        }

        /* two writers, the ring apart, may have been at it */

        change[n].upstream[NGX_DNS_DESK_NAME - 1] = '\0';
        change[n].server[NGX_DNS_DESK_NAME - 1] = '\0';
        change[n].state[NGX_DNS_DESK_STATE - 1] = '\0';
        change[n].reason[NGX_DNS_DESK_REASON - 1] = '\0';

        n++;
    }

    return n;
}

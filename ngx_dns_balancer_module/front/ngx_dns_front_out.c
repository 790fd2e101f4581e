
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_front_out.h"
#include "../store/ngx_dns_metrics.h"


/* beside a message that has a block of its own */

#define NGX_DNS_FRONT_OUT_EXTRA  (sizeof(ngx_dns_front_block_t)               \
                                  + 2 + sizeof(uint64_t *))


static ngx_dns_front_block_t *ngx_dns_front_out_block(
    ngx_dns_front_out_t *out, size_t size);
static void ngx_dns_front_out_free(ngx_dns_front_block_t *b);
static void ngx_dns_front_out_count(ssize_t size);


/* of this worker */

static ngx_dns_front_block_t  *ngx_dns_front_out_spare;
static ngx_uint_t              ngx_dns_front_out_nspare;
static size_t                  ngx_dns_front_out_total;

static u_char                  ngx_dns_front_out_scratch[NGX_DNS_MAX_MESSAGE];


static ngx_inline ngx_uint_t
ngx_dns_front_out_fits(ngx_dns_front_block_t *b, size_t size)
{
    return b->last + 2 + size <= (u_char *) (b->end - b->n - 1);
}


u_char *
ngx_dns_front_out_reserve(ngx_dns_front_out_t *out, size_t size)
{
    ngx_dns_front_block_t  *b;

    if (size > NGX_DNS_FRONT_OUT_BLOCK - NGX_DNS_FRONT_OUT_EXTRA) {

        /* what may be long seldom is */

        return ngx_dns_front_out_scratch;
    }

    b = out->last;

    if (b == NULL || !ngx_dns_front_out_fits(b, size)) {
        b = ngx_dns_front_out_block(out, size);
    }

    return b ? b->last + 2 : ngx_dns_front_out_scratch;
}


ngx_int_t
ngx_dns_front_out_commit(ngx_dns_front_out_t *out, u_char *room, size_t size,
    uint64_t *counter)
{
    u_char                 *p;
    ngx_dns_front_block_t  *b;

    b = out->last;

    if (b == NULL || !ngx_dns_front_out_fits(b, size)) {
        b = ngx_dns_front_out_block(out, size);

        if (b == NULL) {
            return NGX_ERROR;
        }
    }

    p = b->last;

    *p++ = (u_char) (size >> 8);
    *p++ = (u_char) size;

    if (room != p) {
        ngx_memcpy(p, room, size);
    }

    b->last = p + size;
    out->size += 2 + size;

    if (counter) {
        b->n++;
        b->end[- (ngx_int_t) b->n] = counter;
    }

    return NGX_OK;
}


static ngx_dns_front_block_t *
ngx_dns_front_out_block(ngx_dns_front_out_t *out, size_t size)
{
    size_t                  len;
    ngx_dns_front_block_t  *b;

    len = ngx_align(size + NGX_DNS_FRONT_OUT_EXTRA, sizeof(uint64_t *));
    len = ngx_max(len, NGX_DNS_FRONT_OUT_BLOCK);

    b = ngx_dns_front_out_spare;

    if (len == NGX_DNS_FRONT_OUT_BLOCK && b) {
        ngx_dns_front_out_spare = b->next;
        ngx_dns_front_out_nspare--;

    } else {
        if (ngx_dns_front_out_total + len > NGX_DNS_FRONT_OUT_TOTAL) {
            return NULL;
        }

        b = ngx_alloc(len, ngx_cycle->log);
        if (b == NULL) {
            return NULL;
        }

        b->size = len;
        ngx_dns_front_out_count((ssize_t) len);
    }

    b->next = NULL;
    b->pos = b->data;
    b->last = b->data;
    b->end = (uint64_t **) (void *) ((u_char *) b + b->size);
    b->n = 0;

    if (out->last) {
        out->last->next = b;

    } else {
        out->first = b;
    }

    out->last = b;

    return b;
}


static void
ngx_dns_front_out_free(ngx_dns_front_block_t *b)
{
    if (b->size == NGX_DNS_FRONT_OUT_BLOCK
        && ngx_dns_front_out_nspare < NGX_DNS_FRONT_OUT_SPARE)
    {
        b->next = ngx_dns_front_out_spare;
        ngx_dns_front_out_spare = b;
        ngx_dns_front_out_nspare++;
        return;
    }

    ngx_dns_front_out_count(- (ssize_t) b->size);
    ngx_free(b);
}


static void
ngx_dns_front_out_count(ssize_t size)
{
    ngx_dns_front_out_total = (size_t) ((ssize_t) ngx_dns_front_out_total
                                        + size);

    ngx_dns_gauge_used(NGX_DNS_GAUGE_UNREAD, ngx_dns_front_out_total);
}


ngx_int_t
ngx_dns_front_out_flush(ngx_dns_front_out_t *out, ngx_connection_t *c,
    ngx_uint_t *progress)
{
    ssize_t                 n;
    ngx_uint_t              i;
    ngx_dns_front_block_t  *b;

    while (out->first) {
        b = out->first;

        if (b->pos < b->last) {

            if (!c->write->ready) {
                return NGX_AGAIN;
            }

            /* TLS wants the same octets at the same place after NGX_AGAIN */

            n = c->send(c, b->pos, b->last - b->pos);

            if (n == NGX_AGAIN || n == 0) {
                return NGX_AGAIN;
            }

            if (n < 0) {
                return NGX_ERROR;
            }

            b->pos += n;
            out->size -= n;

            if (b->pos < b->last) {
                continue;
            }
        }

        for (i = 1; i <= b->n; i++) {
            ngx_dns_count_at(b->end[- (ngx_int_t) i]);
        }

        out->first = b->next;

        if (out->first == NULL) {
            out->last = NULL;
        }

        *progress = 1;
        ngx_dns_front_out_free(b);
    }

    return NGX_OK;
}


size_t
ngx_dns_front_out_limit(void)
{
    return ngx_dns_front_out_total < NGX_DNS_FRONT_OUT_TOTAL / 2
           ? NGX_DNS_FRONT_OUT_MOST : NGX_DNS_FRONT_OUT_LEAST;
}


void
ngx_dns_front_out_drop(ngx_dns_front_out_t *out)
{
    ngx_uint_t              i;
    ngx_dns_front_block_t  *b;

    while (out->first) {
        b = out->first;
        out->first = b->next;

        for (i = 0; i < b->n; i++) {
            ngx_dns_count(unsent);
        }

        ngx_dns_front_out_free(b);
    }

    out->last = NULL;
    out->size = 0;
}


void
ngx_dns_front_out_done(void)
{
    ngx_dns_front_block_t  *b;

    while (ngx_dns_front_out_spare) {
        b = ngx_dns_front_out_spare;
        ngx_dns_front_out_spare = b->next;

        ngx_dns_front_out_count(- (ssize_t) b->size);
        ngx_free(b);
    }

    ngx_dns_front_out_nspare = 0;
}

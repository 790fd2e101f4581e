
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_tcp_frame.h"


#define NGX_DNS_TCP_OPTION    4           /* a keepalive of RFC 7828 */
#define NGX_DNS_TCP_PADDING   4           /* an empty padding of RFC 7830 */


static size_t ngx_dns_tcp_frame_ask(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a,
    u_char *msg);
static u_char *ngx_dns_tcp_frame_pad(u_char *msg, u_char *end, size_t block);


ngx_int_t
ngx_dns_tcp_frame_append(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a)
{
    size_t   need, size;
    u_char  *p;

    need = t->out_len + 2 + a->query_len + NGX_DNS_TCP_OPTION
           + NGX_DNS_TCP_PADDING + t->endpoint->bytes->block;

    if (need > t->out_size) {

        for (size = 1024; size < need; size *= 2) {
            /* void */
        }

        p = ngx_alloc(size, ngx_cycle->log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        if (t->out) {
            ngx_memcpy(p, t->out, t->out_len);
            ngx_free(t->out);
        }

        t->out = p;
        t->out_size = size;
    }

    p = t->out + t->out_len;

    ngx_memcpy(p + 2, a->query, a->query_len);
    ngx_dns_put16(p + 2, a->id);

    if (a->query_len == NGX_DNS_HEADER_SIZE + a->question_len) {
        ngx_dns_put16(p + 2 + NGX_DNS_OFF_ARCOUNT, 0);
    }

    size = ngx_dns_tcp_frame_ask(t, a, p + 2);

    ngx_dns_put16(p, size);
    t->out_len += 2 + size;

    if (ngx_dns_transport_tap) {
        ngx_dns_transport_tap(a, t->connection, 0, p + 2, size);
    }

    return NGX_OK;
}


/*
 * Asks how long a connection may be idle (RFC 7828, 3.2.1), which is said over
 * streams only: an option more in the OPT that ends the query, if it has one;
 * and the padding, which comes last.  Returns the length.
 */

static size_t
ngx_dns_tcp_frame_ask(ngx_dns_tcp_t *t, ngx_dns_attempt_t *a, u_char *msg)
{
    u_char  *opt, *end;

    if (ngx_dns_get16(msg + NGX_DNS_OFF_ARCOUNT) != 1) {
        return a->query_len;
    }

    opt = msg + NGX_DNS_HEADER_SIZE + a->question_len;
    end = msg + a->query_len;

    ngx_dns_put16(end, NGX_DNS_OPTION_KEEPALIVE);
    ngx_dns_put16(end + 2, 0);
    end += NGX_DNS_TCP_OPTION;

    if (t->endpoint->bytes->block) {
        end = ngx_dns_tcp_frame_pad(msg, end, t->endpoint->bytes->block);
    }

    ngx_dns_put16(opt + NGX_DNS_OPT_SIZE - 2, end - opt - NGX_DNS_OPT_SIZE);

    return (size_t) (end - msg);
}


/* RFC 8467, 4.1: to the next multiple, the option itself included */

static u_char *
ngx_dns_tcp_frame_pad(u_char *msg, u_char *end, size_t block)
{
    size_t  len, over;

    over = (size_t) (end + NGX_DNS_TCP_PADDING - msg) % block;
    len = over ? block - over : 0;

    ngx_dns_put16(end, NGX_DNS_OPTION_PADDING);
    ngx_dns_put16(end + 2, len);
    ngx_memzero(end + NGX_DNS_TCP_PADDING, len);

    return end + NGX_DNS_TCP_PADDING + len;
}

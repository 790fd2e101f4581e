
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_text.h"


#define NGX_DNS_TEXT_SECONDS  (NGX_INT64_LEN + 8)


void
ngx_dns_text_init(ngx_dns_text_t *t, ngx_pool_t *pool)
{
    t->pool = pool;
    t->out = NULL;
    t->last = &t->out;
    t->buf = NULL;
    t->size = 0;
    t->failed = 0;
}


u_char *
ngx_dns_text_room(ngx_dns_text_t *t, size_t size)
{
    ngx_chain_t  *cl;

    if (t->buf && (size_t) (t->buf->end - t->buf->last) >= size) {
        return t->buf->last;
    }

    if (t->failed) {
        return NULL;
    }

    cl = ngx_alloc_chain_link(t->pool);
    t->buf = ngx_create_temp_buf(t->pool, ngx_max(size, NGX_DNS_TEXT_CHUNK));

    if (cl == NULL || t->buf == NULL) {
        t->buf = NULL;
        t->failed = 1;
        return NULL;
    }

    cl->buf = t->buf;
    cl->next = NULL;

    *t->last = cl;
    t->last = &cl->next;

    return t->buf->last;
}


void
ngx_dns_text_used(ngx_dns_text_t *t, u_char *end)
{
    t->size += end - t->buf->last;
    t->buf->last = end;
}


void
ngx_dns_text_add(ngx_dns_text_t *t, const void *p, size_t len)
{
    u_char  *room;

    if (len == 0) {
        return;
    }

    room = ngx_dns_text_room(t, len);

    if (room) {
        ngx_dns_text_used(t, ngx_cpymem(room, p, len));
    }
}


void
ngx_dns_text_trim(ngx_dns_text_t *t, u_char last)
{
    /* no buffer is made but for something to be put into it at once */

    if (t->buf && t->buf->last != t->buf->pos && t->buf->last[-1] == last) {
        t->buf->last--;
        t->size--;
    }
}


void
ngx_dns_text_number(ngx_dns_text_t *t, uint64_t n)
{
    u_char  *p;

    p = ngx_dns_text_room(t, NGX_INT64_LEN);

    if (p) {
        ngx_dns_text_used(t, ngx_sprintf(p, "%uL", n));
    }
}


void
ngx_dns_text_seconds(ngx_dns_text_t *t, uint64_t usec)
{
    u_char  *p;

    p = ngx_dns_text_room(t, NGX_DNS_TEXT_SECONDS);

    if (p) {
        ngx_dns_text_used(t, ngx_sprintf(p, "%uL.%06uL", usec / 1000000,
                                         usec % 1000000));
    }
}


void
ngx_dns_text_json(ngx_dns_text_t *t, const ngx_str_t *s)
{
    size_t   len;
    u_char  *p;

    len = s->len + ngx_escape_json(NULL, s->data, s->len) + 2;

    p = ngx_dns_text_room(t, len);

    if (p) {
        *p++ = '"';
        p = (u_char *) ngx_escape_json(p, s->data, s->len);
        *p++ = '"';

        ngx_dns_text_used(t, p);
    }
}


void
ngx_dns_text_label(ngx_dns_text_t *t, const ngx_str_t *s)
{
    size_t   i;
    u_char  *p, ch;

    p = ngx_dns_text_room(t, 2 * s->len + 2);

    if (p == NULL) {
        return;
    }

    *p++ = '"';

    for (i = 0; i < s->len; i++) {
        ch = s->data[i];

        if (ch == '\\' || ch == '"' || ch == LF) {
            *p++ = '\\';
            ch = (ch == LF) ? 'n' : ch;
        }

        *p++ = ch;
    }

    *p++ = '"';

    ngx_dns_text_used(t, p);
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_text.h"


#define NGX_DNS_TEXT_SECONDS  (NGX_INT64_LEN + 8)


static u_char *ngx_dns_text_octet(u_char *p, u_char ch);
static size_t ngx_dns_text_valid(const u_char *p, size_t len);
static size_t ngx_dns_text_char(const u_char *p, size_t len);


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
    size_t   i, n;
    u_char  *p;

    p = ngx_dns_text_room(t, NGX_DNS_TEXT_ESCAPED * s->len + 2);

    if (p == NULL) {
        return;
    }

    *p++ = '"';

    for (i = 0; i < s->len; i += n) {
        n = ngx_dns_text_valid(s->data + i, s->len - i);

        if (n) {
            p = (u_char *) ngx_escape_json(p, s->data + i, n);

        } else {
            p = ngx_dns_text_octet(p, s->data[i]);
            n = 1;
        }
    }

    *p++ = '"';

    ngx_dns_text_used(t, p);
}


void
ngx_dns_text_label(ngx_dns_text_t *t, const ngx_str_t *s)
{
    size_t   i, n;
    u_char  *p, ch;

    p = ngx_dns_text_room(t, NGX_DNS_TEXT_ESCAPED * s->len + 2);

    if (p == NULL) {
        return;
    }

    *p++ = '"';

    for (i = 0; i < s->len; i += n) {
        ch = s->data[i];
        n = ngx_dns_text_char(s->data + i, s->len - i);

        if (n == 0) {
            p = ngx_dns_text_octet(p, ch);
            n = 1;

        } else if (ch == '\\' || ch == '"' || ch == LF) {
            *p++ = '\\';
            *p++ = (ch == LF) ? 'n' : ch;

        } else {
            p = ngx_cpymem(p, s->data + i, n);
        }
    }

    *p++ = '"';

    ngx_dns_text_used(t, p);
}


/* one that is not of UTF-8, as "\xfc": a page with it is refused as a whole */

static u_char *
ngx_dns_text_octet(u_char *p, u_char ch)
{
    static const u_char  hex[] = "0123456789abcdef";

    p = ngx_cpymem(p, "\\\\x", 3);

    *p++ = hex[ch >> 4];
    *p++ = hex[ch & 0xf];

    return p;
}


/* how much of it is UTF-8 */

static size_t
ngx_dns_text_valid(const u_char *p, size_t len)
{
    size_t  i, n;

    for (i = 0; i < len; i += n) {
        n = ngx_dns_text_char(p + i, len - i);

        if (n == 0) {
            break;
        }
    }

    return i;
}


/* RFC 3629, 4: the octets of a character, or 0 */

static size_t
ngx_dns_text_char(const u_char *p, size_t len)
{
    size_t  i, n;

    if (p[0] < 0x80) {
        return 1;
    }

    n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3
        : p[0] < 0xf5 ? 4 : 0;

    if (n > len) {
        return 0;
    }

    for (i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    /* longer than it needs, a surrogate, after the last one */

    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)
        || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
    {
        return 0;
    }

    return n;
}

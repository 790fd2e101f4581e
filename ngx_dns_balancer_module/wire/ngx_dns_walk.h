
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Reads the records of a message, and the options of an OPT, one after the
 * other.  For the wire and query layers.  A record or option that does not fit
 * ends the walk for good, and "bad" is set: the caller tests once, at the end.
 * Never reads past the message; the work for names is bounded (see
 * ngx_dns_name_walk()).
 *
 *     ngx_dns_walk_init(&w, msg, size, pos, records);
 *
 *     while (ngx_dns_walk_next(&w)) {
 *         ... w.type, w.rdata, w.rdlen ...
 *     }
 *
 *     if (w.bad || w.pos != size) ...
 */


#ifndef _NGX_DNS_WALK_H_INCLUDED_
#define _NGX_DNS_WALK_H_INCLUDED_


#include "ngx_dns_name.h"


#define NGX_DNS_WALK_FIXED  10            /* TYPE, CLASS, TTL, RDLENGTH */


typedef struct {
    const u_char  *p;
    size_t         size;
    size_t         pos;         /* of the next record */
    ngx_uint_t     left;        /* so many are to come */
    ngx_uint_t     work;
    ngx_uint_t     bad;

    /* offsets of the record that was read */

    size_t         owner;
    size_t         fixed;       /* where the type stands */
    size_t         rdata;
    size_t         rdlen;
    uint16_t       type;
} ngx_dns_walk_t;


typedef struct {
    const u_char  *p;           /* of the next option */
    size_t         left;        /* octets */
    ngx_uint_t     bad;

    const u_char  *data;        /* of the option that was read */
    size_t         len;
    uint16_t       code;
} ngx_dns_option_walk_t;


static ngx_inline void
ngx_dns_walk_init(ngx_dns_walk_t *w, const u_char *p, size_t size, size_t pos,
    ngx_uint_t records)
{
    w->p = p;
    w->size = size;
    w->pos = pos;
    w->left = records;
    w->work = NGX_DNS_NAME_WORK;
    w->bad = 0;
    w->rdlen = 0;
}


/* 1: a record was read; 0: there is none, or it does not fit */

static ngx_inline ngx_uint_t
ngx_dns_walk_next(ngx_dns_walk_t *w)
{
    size_t      pos;
    ngx_uint_t  work;

    if (w->left == 0) {
        return 0;
    }

    w->left--;
    w->owner = w->pos;

    /* of "w" no address is taken, so that it can be kept in registers */

    work = w->work;
    pos = ngx_dns_name_walk(w->p, w->pos, w->size, &work);
    w->work = work;

    if (pos == 0 || w->size - pos < NGX_DNS_WALK_FIXED) {
        goto bad;
    }

    w->fixed = pos;
    w->type = ngx_dns_get16(w->p + pos);
    w->rdlen = ngx_dns_get16(w->p + pos + 8);
    w->rdata = pos + NGX_DNS_WALK_FIXED;

    if (w->size - w->rdata < w->rdlen) {
        goto bad;
    }

    w->pos = w->rdata + w->rdlen;

    return 1;

bad:

    w->left = 0;
    w->bad = 1;

    return 0;
}


/* the options are "len" octets */

static ngx_inline void
ngx_dns_option_walk_init(ngx_dns_option_walk_t *w, const u_char *p, size_t len)
{
    w->p = p;
    w->left = len;
    w->bad = 0;
}


/* RFC 6891, 6.1.2: OPTION-CODE, OPTION-LENGTH, OPTION-DATA */

static ngx_inline ngx_uint_t
ngx_dns_option_walk_next(ngx_dns_option_walk_t *w)
{
    if (w->left == 0) {
        return 0;
    }

    if (w->left < 4) {
        goto bad;
    }

    w->code = ngx_dns_get16(w->p);
    w->len = ngx_dns_get16(w->p + 2);
    w->data = w->p + 4;

    if (w->left - 4 < w->len) {
        goto bad;
    }

    w->p = w->data + w->len;
    w->left -= 4 + w->len;

    return 1;

bad:

    w->left = 0;
    w->bad = 1;

    return 0;
}


#endif /* _NGX_DNS_WALK_H_INCLUDED_ */

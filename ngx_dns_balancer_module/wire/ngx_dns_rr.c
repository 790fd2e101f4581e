
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_rr.h"


#define NGX_DNS_RR_FIXED  12             /* all before the data */
#define NGX_DNS_RR_SOA    (16 + 20)      /* but its MNAME */


static u_char *ngx_dns_rr_header(ngx_dns_rr_t *rr, ngx_uint_t owner,
    ngx_uint_t type, size_t len);
static u_char *ngx_dns_rr_owner(const ngx_dns_rr_t *rr, u_char *p,
    ngx_uint_t owner);
static u_char *ngx_dns_rr_put32(u_char *p, uint32_t v);


void
ngx_dns_rr_write(ngx_dns_rr_t *rr, ngx_uint_t owner, ngx_uint_t type,
    const u_char *data, size_t len)
{
    u_char  *p;

    p = ngx_dns_rr_header(rr, owner, type, len);

    if (p) {
        ngx_memcpy(p, data, len);
    }
}


void
ngx_dns_rr_txt(ngx_dns_rr_t *rr, ngx_uint_t owner, const u_char *text,
    size_t len)
{
    u_char  *p;

    p = ngx_dns_rr_header(rr, owner, NGX_DNS_TYPE_TXT, len + 1);

    if (p) {
        *p++ = (u_char) len;
        ngx_memcpy(p, text, len);
    }
}


void
ngx_dns_rr_soa(ngx_dns_rr_t *rr, ngx_uint_t owner)
{
    size_t   len;
    u_char  *p;

    /* @ TTL IN SOA @ nobody.invalid. 1 3600 1200 604800 TTL */

    len = NGX_DNS_RR_SOA + (rr->name[owner] == 0 ? 1 : 2);

    p = ngx_dns_rr_header(rr, owner, NGX_DNS_TYPE_SOA, len);

    if (p) {
        p = ngx_dns_rr_owner(rr, p, owner);
        p = ngx_cpymem(p, "\6nobody\7invalid", 16);
        p = ngx_dns_rr_put32(p, 1);
        p = ngx_dns_rr_put32(p, 3600);
        p = ngx_dns_rr_put32(p, 1200);
        p = ngx_dns_rr_put32(p, 604800);
        (void) ngx_dns_rr_put32(p, rr->ttl);
    }
}


/* returns where "len" octets of data go; NULL if they don't fit */

static u_char *
ngx_dns_rr_header(ngx_dns_rr_t *rr, ngx_uint_t owner, ngx_uint_t type,
    size_t len)
{
    u_char  *p;

    if (rr->full || (size_t) (rr->end - rr->pos) < NGX_DNS_RR_FIXED + len) {
        rr->full = 1;
        return NULL;
    }

    p = ngx_dns_rr_owner(rr, rr->pos, owner);

    ngx_dns_put16(p, type);
    ngx_dns_put16(p + 2, rr->class);
    p = ngx_dns_rr_put32(p + 4, rr->ttl);
    ngx_dns_put16(p, len);

    rr->pos = p + 2 + len;
    rr->n++;

    return p + 2;
}


static u_char *
ngx_dns_rr_owner(const ngx_dns_rr_t *rr, u_char *p, ngx_uint_t owner)
{
    if (rr->name[owner] == 0) {
        *p = 0;
        return p + 1;
    }

    ngx_dns_put16(p, 0xc000 | (NGX_DNS_HEADER_SIZE + owner));

    return p + 2;
}


static u_char *
ngx_dns_rr_put32(u_char *p, uint32_t v)
{
    ngx_dns_put16(p, v >> 16);
    ngx_dns_put16(p + 2, v & 0xffff);

    return p + 4;
}

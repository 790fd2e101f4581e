
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../base/ngx_dns_fault.h"
#include "../base/ngx_dns_clock.h"

#include <ldns/ldns.h>


/* writes the value at "p", which has room for any of them; returns its end */

typedef u_char *(*ngx_stream_dns_value_pt)(u_char *p, ngx_dns_logged_t *r);


static ngx_int_t ngx_stream_dns_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data);
static u_char *ngx_stream_dns_qname(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_qtype(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_qclass(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_id(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_opcode(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_flags(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_edns_size(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_do(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_rcode(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_answers(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_response_size(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_cache_status(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_zone(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_upstream(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_upstream_addr(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_upstream_tries(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_upstream_time(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_request_time(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_error(u_char *p, ngx_dns_logged_t *r);
static u_char *ngx_stream_dns_seconds(u_char *p, uint64_t usec);
static u_char *ngx_stream_dns_copy(u_char *p, ngx_str_t *s);
static ngx_uint_t ngx_stream_dns_variable_in(ngx_str_t *text,
    ngx_str_t *name);


/* is there no value until the upstream is chosen, or the query has ended? */

#define NGX_STREAM_DNS_VAR_CHOSEN  1
#define NGX_STREAM_DNS_VAR_ENDED   2


static struct {
    ngx_str_t                name;
    ngx_stream_dns_value_pt  value;
    ngx_uint_t               late;
} ngx_stream_dns_vars[] = {
    { ngx_string("dns_qname"), ngx_stream_dns_qname, 0 },
    { ngx_string("dns_qtype"), ngx_stream_dns_qtype, 0 },
    { ngx_string("dns_qclass"), ngx_stream_dns_qclass, 0 },
    { ngx_string("dns_id"), ngx_stream_dns_id, 0 },
    { ngx_string("dns_opcode"), ngx_stream_dns_opcode, 0 },
    { ngx_string("dns_flags"), ngx_stream_dns_flags, 0 },
    { ngx_string("dns_edns_size"), ngx_stream_dns_edns_size, 0 },
    { ngx_string("dns_do"), ngx_stream_dns_do, 0 },
    { ngx_string("dns_rcode"), ngx_stream_dns_rcode,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_answers"), ngx_stream_dns_answers,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_response_size"), ngx_stream_dns_response_size,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_cache_status"), ngx_stream_dns_cache_status,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_zone"), ngx_stream_dns_zone, 0 },
    { ngx_string("dns_upstream"), ngx_stream_dns_upstream,
      NGX_STREAM_DNS_VAR_CHOSEN },
    { ngx_string("dns_upstream_addr"), ngx_stream_dns_upstream_addr,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_upstream_tries"), ngx_stream_dns_upstream_tries,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_upstream_time"), ngx_stream_dns_upstream_time,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_request_time"), ngx_stream_dns_request_time,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_string("dns_error"), ngx_stream_dns_error,
      NGX_STREAM_DNS_VAR_ENDED },
    { ngx_null_string, NULL, 0 }
};


ngx_int_t
ngx_stream_dns_add_variables(ngx_conf_t *cf)
{
    ngx_uint_t              i;
    ngx_stream_variable_t  *var;

    for (i = 0; ngx_stream_dns_vars[i].name.len; i++) {

        var = ngx_stream_add_variable(cf, &ngx_stream_dns_vars[i].name,
                                      NGX_STREAM_VAR_NOCACHEABLE);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = ngx_stream_dns_variable;
        var->data = i;
    }

    return NGX_OK;
}


ngx_str_t *
ngx_stream_dns_variable_name(ngx_uint_t i)
{
    return ngx_stream_dns_vars[i].name.len ? &ngx_stream_dns_vars[i].name
                                           : NULL;
}


size_t
ngx_stream_dns_variable_value(ngx_uint_t i, ngx_dns_logged_t *r, u_char *p)
{
    return ngx_stream_dns_vars[i].value(p, r) - p;
}


/* in a server that is not ours there is no query: not found, "-" in a log */

static ngx_int_t
ngx_stream_dns_variable(ngx_stream_session_t *s,
    ngx_stream_variable_value_t *v, uintptr_t data)
{
    u_char            *p, *last, buf[NGX_STREAM_DNS_VALUE];
    ngx_dns_logged_t  *r;

    r = ngx_stream_get_module_ctx(s, ngx_dns_balancer_module);

    last = r ? ngx_stream_dns_vars[data].value(buf, r) : buf;

    if (last == buf) {
        v->not_found = 1;
        return NGX_OK;
    }

    p = ngx_pnalloc(s->connection->pool, last - buf);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, buf, last - buf);

    v->data = p;
    v->len = (unsigned) (last - buf);
    v->valid = 1;
    v->no_cacheable = 0;
    v->not_found = 0;

    return NGX_OK;
}


/* in lower case: one name is one value, for a hash or a map */

static u_char *
ngx_stream_dns_qname(u_char *p, ngx_dns_logged_t *r)
{
    u_char  *last;

    if (r->name == NULL) {
        return p;
    }

    last = ngx_dns_name_text(p, r->name);

    ngx_strlow(p, p, last - p);

    return last;
}


static u_char *
ngx_stream_dns_qtype(u_char *p, ngx_dns_logged_t *r)
{
    const ldns_rr_descriptor  *d;

    if (r->name == NULL) {
        return p;
    }

    /* ldns has descriptions of what can be in a zone only */

    switch (r->type) {

    case LDNS_RR_TYPE_A:
        *p = 'A';
        return p + 1;

    case LDNS_RR_TYPE_AAAA:
        return ngx_cpymem(p, "AAAA", 4);

    case LDNS_RR_TYPE_ANY:
        return ngx_cpymem(p, "ANY", 3);

    case LDNS_RR_TYPE_AXFR:
        return ngx_cpymem(p, "AXFR", 4);

    case LDNS_RR_TYPE_IXFR:
        return ngx_cpymem(p, "IXFR", 4);
    }

    d = ldns_rr_descript(r->type);

    if (d && d->_name && d->_type == (ldns_rr_type) r->type) {
        return ngx_sprintf(p, "%s", d->_name);
    }

    return ngx_sprintf(p, "TYPE%uD", (uint32_t) r->type);
}


static u_char *
ngx_stream_dns_qclass(u_char *p, ngx_dns_logged_t *r)
{
    ldns_lookup_table  *lt;

    if (r->name == NULL) {
        return p;
    }

    lt = ldns_lookup_by_id(ldns_rr_classes, r->class);

    return lt ? ngx_sprintf(p, "%s", lt->name)
              : ngx_sprintf(p, "CLASS%uD", (uint32_t) r->class);
}


static u_char *
ngx_stream_dns_id(u_char *p, ngx_dns_logged_t *r)
{
    return ngx_sprintf(p, "%uD", (uint32_t) r->id);
}


static u_char *
ngx_stream_dns_opcode(u_char *p, ngx_dns_logged_t *r)
{
    ldns_lookup_table  *lt;

    lt = ldns_lookup_by_id(ldns_opcodes, (r->flags & NGX_DNS_OPCODE) >> 11);

    return lt ? ngx_sprintf(p, "%s", lt->name)
              : ngx_sprintf(p, "OPCODE%uD",
                            (uint32_t) (r->flags & NGX_DNS_OPCODE) >> 11);
}


/* those of the query, as dig prints them */

static u_char *
ngx_stream_dns_flags(u_char *p, ngx_dns_logged_t *r)
{
    u_char      *start;
    ngx_uint_t   i;

    static struct {
        uint16_t     flag;
        const char  *name;
    } flags[] = {
        { NGX_DNS_QR, "qr" }, { NGX_DNS_AA, "aa" }, { NGX_DNS_TC, "tc" },
        { NGX_DNS_RD, "rd" }, { NGX_DNS_RA, "ra" }, { NGX_DNS_AD, "ad" },
        { NGX_DNS_CD, "cd" }
    };

    start = p;

    for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (r->flags & flags[i].flag) {
            p = ngx_sprintf(p, "%s%s", p == start ? "" : " ", flags[i].name);
        }
    }

    return p;
}


static u_char *
ngx_stream_dns_edns_size(u_char *p, ngx_dns_logged_t *r)
{
    return r->udp_size ? ngx_sprintf(p, "%uD", (uint32_t) r->udp_size) : p;
}


static u_char *
ngx_stream_dns_do(u_char *p, ngx_dns_logged_t *r)
{
    *p = r->dnssec_ok ? '1' : '0';

    return p + 1;
}


static u_char *
ngx_stream_dns_rcode(u_char *p, ngx_dns_logged_t *r)
{
    ldns_lookup_table  *lt;

    if (r->sent == 0) {
        return p;
    }

    /* RFC 6891, 9, RFC 7873; ldns knows those of the header, and NOTIMPL */

    if (r->rcode == NGX_DNS_BADVERS) {
        return ngx_cpymem(p, "BADVERS", 7);
    }

    if (r->rcode == NGX_DNS_BADCOOKIE) {
        return ngx_cpymem(p, "BADCOOKIE", 9);
    }

    if (r->rcode == NGX_DNS_NOTIMP) {
        return ngx_cpymem(p, "NOTIMP", 6);
    }

    lt = ldns_lookup_by_id(ldns_rcodes, r->rcode);

    return lt ? ngx_sprintf(p, "%s", lt->name)
              : ngx_sprintf(p, "RCODE%uD", (uint32_t) r->rcode);
}


static u_char *
ngx_stream_dns_answers(u_char *p, ngx_dns_logged_t *r)
{
    return ngx_sprintf(p, "%uD", (uint32_t) r->answers);
}


static u_char *
ngx_stream_dns_response_size(u_char *p, ngx_dns_logged_t *r)
{
    return ngx_sprintf(p, "%uz", r->sent);
}


static u_char *
ngx_stream_dns_cache_status(u_char *p, ngx_dns_logged_t *r)
{
    static const char  *names[] = { "", "HIT", "MISS", "EXPIRED", "STALE",
                                    "BYPASS", "HOSTS", "LOCAL" };

    return ngx_sprintf(p, "%s", names[r->cache_status]);
}


static u_char *
ngx_stream_dns_zone(u_char *p, ngx_dns_logged_t *r)
{
    return r->zone ? ngx_stream_dns_copy(p, &r->zone->text) : p;
}


static u_char *
ngx_stream_dns_upstream(u_char *p, ngx_dns_logged_t *r)
{
    return r->upstream ? ngx_stream_dns_copy(p, &r->upstream->name) : p;
}


static u_char *
ngx_stream_dns_upstream_addr(u_char *p, ngx_dns_logged_t *r)
{
    return r->peer ? ngx_stream_dns_copy(p, &r->peer->name) : p;
}


static u_char *
ngx_stream_dns_upstream_tries(u_char *p, ngx_dns_logged_t *r)
{
    return r->tries ? ngx_sprintf(p, "%ui", r->tries) : p;
}


static u_char *
ngx_stream_dns_upstream_time(u_char *p, ngx_dns_logged_t *r)
{
    return r->tries ? ngx_stream_dns_seconds(p, r->upstream_usec) : p;
}


static u_char *
ngx_stream_dns_request_time(u_char *p, ngx_dns_logged_t *r)
{
    return ngx_stream_dns_seconds(p, ngx_dns_usec - r->start_usec);
}


static u_char *
ngx_stream_dns_error(u_char *p, ngx_dns_logged_t *r)
{
    uint32_t  fault;

    p = ngx_sprintf(p, "%s", ngx_dns_reasons[r->reason].text);

    if (r->reason == NGX_DNS_ETLS && r->peer) {
        fault = ngx_dns_load(&r->peer->shm->fault);

        if (fault) {
            p = ngx_sprintf(p, ": %s", ngx_dns_fault_text(fault));
        }
    }

    return p;
}


/* microseconds: most responses take less than nginx's milliseconds */

static u_char *
ngx_stream_dns_seconds(u_char *p, uint64_t usec)
{
    return ngx_sprintf(p, "%uL.%06uL", usec / 1000000, usec % 1000000);
}


static u_char *
ngx_stream_dns_copy(u_char *p, ngx_str_t *s)
{
    return ngx_cpymem(p, s->data, ngx_min(s->len, NGX_STREAM_DNS_VALUE));
}


ngx_stream_complex_value_t *
ngx_stream_dns_variable_compile(ngx_conf_t *cf, ngx_str_t *text,
    ngx_uint_t chosen)
{
    ngx_str_t                           *value;
    ngx_stream_complex_value_t          *cv;
    ngx_stream_compile_complex_value_t   ccv;

    ngx_stream_dns_variable_warn(cf, text, chosen);

    cv = ngx_palloc(cf->pool, sizeof(ngx_stream_complex_value_t));
    if (cv == NULL) {
        return NULL;
    }

    ngx_memzero(&ccv, sizeof(ngx_stream_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = text;
    ccv.complex_value = cv;

    if (ngx_stream_compile_complex_value(&ccv) != NGX_OK) {
        value = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", variables in it "
                           "must be \"$name\" or \"${name}\"",
                           &value[0], text);
        return NULL;
    }

    return cv;
}


void
ngx_stream_dns_variable_warn(ngx_conf_t *cf, ngx_str_t *text,
    ngx_uint_t chosen)
{
    ngx_str_t   *value, *name;
    ngx_uint_t   i;

    value = cf->args->elts;

    for (i = 0; ngx_stream_dns_vars[i].name.len; i++) {
        name = &ngx_stream_dns_vars[i].name;

        if (ngx_stream_dns_vars[i].late > chosen
            && ngx_stream_dns_variable_in(text, name))
        {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"%V\": \"$%V\" in \"%V\" has no value yet "
                               "when it is asked for", &value[0], name, text);
        }
    }
}


/* as "$name" or "${name}" */

static ngx_uint_t
ngx_stream_dns_variable_in(ngx_str_t *text, ngx_str_t *name)
{
    u_char  *p, *last, c;

    last = text->data + text->len;

    for (p = text->data; p < last; p++) {

        if (*p != '$') {
            continue;
        }

        if (p + 1 < last && p[1] == '{') {
            p++;
        }

        if ((size_t) (last - p) <= name->len
            || ngx_strncasecmp(p + 1, name->data, name->len) != 0)
        {
            continue;
        }

        if ((size_t) (last - p) == name->len + 1) {
            return 1;
        }

        c = p[name->len + 1];

        if (!((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && !(c >= '0' && c <= '9') && c != '_')
        {
            return 1;
        }
    }

    return 0;
}

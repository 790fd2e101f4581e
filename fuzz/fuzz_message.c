
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as a server's answer: what parses can be walked, truncated to
 * any size and given to a longer name, and still parses.
 */


#include "wire/ngx_dns_message.h"
#include "wire/ngx_dns_name.h"
#include "wire/ngx_dns_turn.h"
#include "wire/ngx_dns_xfr.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);

static void truncates(const u_char *p, const ngx_dns_message_t *m,
    size_t limit);
static void shifts(const u_char *p, const ngx_dns_message_t *m, size_t body);
static void turns(const u_char *data, size_t size,
    const ngx_dns_message_t *m);
static void stands(const u_char *data, const ngx_dns_message_t *m);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    size_t                  pos, body;
    ngx_uint_t              n;
    uint32_t                serial;
    ngx_dns_xfr_t           x;
    ngx_dns_message_t       m;
    ngx_dns_record_view_t   rr;

    if (size < NGX_DNS_HEADER_SIZE) {
        return 0;
    }

    body = ngx_dns_name_skip(data, NGX_DNS_HEADER_SIZE, size);

    if (body == 0 || size - body < 4) {
        return 0;
    }

    body += 4;

    (void) ngx_dns_message_keepalive(data, size, body, &n);
    (void) ngx_dns_xfr_have(data, size, body, &serial, &pos);

    if (ngx_dns_message_parse(&m, data, size, body) != NGX_OK) {
        return 0;
    }

    ngx_memzero(&x, sizeof(ngx_dns_xfr_t));
    x.incremental = data[0] & 1;
    (void) ngx_dns_xfr_message(&x, &m, data);

    pos = m.body;

    for (n = 0; n < (ngx_uint_t) m.answers + m.authority + m.additional; n++) {
        ngx_dns_message_record(&rr, data, pos);
        pos = rr.next;
    }

    if (pos != m.end || m.end > size) {
        abort();
    }

    if (size <= NGX_DNS_MAX_MESSAGE) {
        turns(data, size, &m);
        stands(data, &m);
    }

    for (n = body; n < size; n += 7) {
        truncates(data, &m, n);
    }

    if (ngx_dns_message_denial(&m, data)) {
        shifts(data, &m, body);
    }

    return 0;
}


static void
truncates(const u_char *p, const ngx_dns_message_t *m, size_t limit)
{
    ngx_dns_message_t  cut;

    cut = *m;
    ngx_dns_message_truncate(&cut, p, limit);

    if (cut.end > limit && cut.end != m->end) {
        abort();
    }

    if (cut.answers > m->answers || cut.authority > m->authority
        || cut.additional > m->additional)
    {
        abort();
    }
}


/* as the answer to a name with one label more */

static void
shifts(const u_char *p, const ngx_dns_message_t *m, size_t body)
{
    u_char             *copy;
    ngx_dns_message_t   moved, again;

    copy = malloc(m->end + 2);
    if (copy == NULL) {
        return;
    }

    ngx_memcpy(copy, p, NGX_DNS_HEADER_SIZE);
    ngx_memcpy(copy + NGX_DNS_HEADER_SIZE, "\1a", 2);
    ngx_memcpy(copy + NGX_DNS_HEADER_SIZE + 2, p + NGX_DNS_HEADER_SIZE,
               m->end - NGX_DNS_HEADER_SIZE);
    ngx_dns_put16(copy + NGX_DNS_OFF_ARCOUNT, 0);

    moved = *m;
    moved.body += 2;
    moved.end += 2;

    ngx_dns_message_shift(&moved, copy, 2);

    if (ngx_dns_message_parse(&again, copy, moved.end, body + 2) != NGX_OK) {
        abort();
    }

    free(copy);
}


/* the same length and records, and still well-formed; or fewer of them */

static void
turns(const u_char *data, size_t size, const ngx_dns_message_t *m)
{
    ngx_dns_message_t  turned;

    static u_char  p[NGX_DNS_MAX_MESSAGE], out[NGX_DNS_MAX_MESSAGE];

    memcpy(p, data, size);
    ngx_dns_turn(p, size, m->body, m->answers, data[1]);

    if (ngx_dns_message_parse(&turned, p, size, m->body) != NGX_OK
        || turned.end != m->end || turned.answers != m->answers)
    {
        abort();
    }

    turned = *m;

    if (ngx_dns_minimal(&turned, data, out, data[1] & 1) != NGX_OK) {
        return;
    }

    ngx_dns_put16(out + NGX_DNS_OFF_NSCOUNT, turned.authority);
    ngx_dns_put16(out + NGX_DNS_OFF_ARCOUNT, 0);

    if (ngx_dns_message_parse(&turned, out, turned.end, m->body) != NGX_OK) {
        abort();
    }
}


/* what is stored of it is well-formed without the rest */

static void
stands(const u_char *data, const ngx_dns_message_t *m)
{
    u_char             *p;
    ngx_dns_message_t   alone;

    p = malloc(m->end);
    if (p == NULL) {
        return;
    }

    memcpy(p, data, m->end);
    ngx_dns_put16(p + NGX_DNS_OFF_ARCOUNT, m->additional);

    if (ngx_dns_message_parse(&alone, p, m->end, m->body) != NGX_OK) {
        abort();
    }

    free(p);
}

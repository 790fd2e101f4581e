
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Answers on their way to a client over a stream: blocks, counters, bounds. */


#include "tap.h"
#include "front/ngx_dns_front_out.h"
#include "store/ngx_dns_metrics.h"


static u_char            wire[8 * 1024 * 1024];   /* what the client has read */
static size_t            wire_len;
static size_t            wire_room;                /* octets it will read */
static ngx_uint_t        sends;

static ngx_event_t       wev;
static ngx_connection_t  c;
static ngx_dns_front_out_t  out;


static ssize_t
fake_send(ngx_connection_t *conn, u_char *p, size_t size)
{
    size_t  n;

    sends++;
    n = ngx_min(size, wire_room);

    if (n == 0) {
        wev.ready = 0;
        return NGX_AGAIN;
    }

    memcpy(wire + wire_len, p, n);
    wire_len += n;
    wire_room -= n;

    return (ssize_t) n;
}


static ssize_t
fake_error(ngx_connection_t *conn, u_char *p, size_t size)
{
    return NGX_ERROR;
}


static void
start(size_t room)
{
    memset(&c, 0, sizeof(c));
    memset(&wev, 0, sizeof(wev));
    memset(&out, 0, sizeof(out));

    c.write = &wev;
    c.send = fake_send;
    wev.ready = 1;

    wire_len = 0;
    wire_room = room;
    sends = 0;
}


static ngx_int_t
message(size_t size, size_t reserved, u_char octet, uint64_t *counter)
{
    u_char  *p;

    p = ngx_dns_front_out_reserve(&out, reserved);
    memset(p, octet, size);

    return ngx_dns_front_out_commit(&out, p, size, counter);
}


/* NGX_OK if the wire has messages of these sizes, of octets 0, 1, ... */

static ngx_int_t
is_wire(const size_t *sizes, ngx_uint_t n)
{
    size_t      pos, k;
    ngx_uint_t  i;

    pos = 0;

    for (i = 0; i < n; i++) {
        if (pos + 2 + sizes[i] > wire_len
            || (size_t) (wire[pos] << 8 | wire[pos + 1]) != sizes[i])
        {
            return NGX_ERROR;
        }

        for (k = 0; k < sizes[i]; k++) {
            if (wire[pos + 2 + k] != (u_char) i) {
                return NGX_ERROR;
            }
        }

        pos += 2 + sizes[i];
    }

    return pos == wire_len ? NGX_OK : NGX_ERROR;
}


static void
writes(void)
{
    uint64_t    counter;
    ngx_uint_t  progress, i;
    size_t      sizes[200];

    counter = 0;
    progress = 0;
    start(sizeof(wire));

    for (i = 0; i < 100; i++) {
        sizes[i] = 40;
        (void) message(40, 40, (u_char) i, &counter);
    }

    is_int(out.size, 100 * 42, "what waits");
    is_int(counter, 0, "not counted yet");
    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_OK, "all left");
    is_int(sends, 1, "in one write");
    is_int(counter, 100, "counted");
    is_int(progress, 1, "progress");
    is_int(out.size, 0, "nothing waits");
    is_int(is_wire(sizes, 100), NGX_OK, "as they were");

    /* of all sizes, and reserved for more than they have */

    start(sizeof(wire));
    counter = 0;

    for (i = 0; i < 200; i++) {
        sizes[i] = i % 50 == 49 ? 65535 : i * 331 % 17000 + 12;
        (void) message(sizes[i], i % 3 ? sizes[i] : 65535, (u_char) i,
                       i % 2 ? &counter : NULL);
    }

    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_OK,
           "of all sizes");
    is_int(is_wire(sizes, 200), NGX_OK, "as they were");
    is_int(counter, 100, "those with a counter");

    /* room that was not used */

    start(sizeof(wire));
    (void) ngx_dns_front_out_reserve(&out, 100);
    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_OK, "unused room");
    is_int(sends, 0, "is not written");
}


static void
slow(void)
{
    uint64_t    counter;
    ngx_int_t   rc;
    ngx_uint_t  progress, i;
    size_t      sizes[64];

    counter = 0;
    start(0);

    for (i = 0; i < 64; i++) {
        sizes[i] = 1000;
        (void) message(1000, 1000, (u_char) i, &counter);
    }

    /* an octet more each time, and then the rest */

    for (i = 1; i < 100; i++) {
        wire_room = i;
        wev.ready = 1;
        progress = 0;
        rc = ngx_dns_front_out_flush(&out, &c, &progress);

        if (rc != NGX_AGAIN || progress || counter) {
            break;
        }
    }

    is_int(i, 100, "octet by octet");
    is_int(out.size, 64 * 1002 - wire_len, "what waits");

    wire_room = 17000;
    wev.ready = 1;
    (void) ngx_dns_front_out_flush(&out, &c, &progress);
    is_int(progress, 1, "a block has left");
    is_int(counter, 16, "its messages are counted");

    wire_room = sizeof(wire);
    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_AGAIN,
           "not before there is an event");
    wev.ready = 1;
    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_OK, "the rest");
    is_int(is_wire(sizes, 64), NGX_OK, "as they were");
    is_int(counter, 64, "counted");
}


static void
drops(void)
{
    uint64_t    counter, unsent;
    ngx_uint_t  progress, i;

    counter = 0;
    progress = 0;
    start(0);

    for (i = 0; i < 10; i++) {
        (void) message(10000, 10000, 0, &counter);
    }

    c.send = fake_error;
    is_int(ngx_dns_front_out_flush(&out, &c, &progress), NGX_ERROR, "error");

    unsent = ngx_dns_counters->unsent;
    ngx_dns_front_out_drop(&out);
    is_int(ngx_dns_counters->unsent - unsent, 10, "counted as unsent");
    is_int(counter, 0, "not as answers");
    is_int(out.size, 0, "nothing waits");

    /* all that may wait */

    is_int(ngx_dns_front_out_limit(), NGX_DNS_FRONT_OUT_MOST, "for one client");

    for (i = 0; message(65535, 65535, 0, &counter) == NGX_OK; i++) {
        /* void */
    }

    ok(i > 1000 && i <= NGX_DNS_FRONT_OUT_TOTAL / 65535, "bounded: %d",
       (int) i);

    is_int(ngx_dns_front_out_limit(), NGX_DNS_FRONT_OUT_LEAST,
           "less for each now");

    ngx_dns_front_out_drop(&out);
    is_int(message(65535, 65535, 0, &counter), NGX_OK, "and room again");

    ngx_dns_front_out_drop(&out);
    ngx_dns_front_out_done();
}


int
main(void)
{
    ngx_dns_metrics_attach(NULL);

    writes();
    slow();
    drops();

    return done_testing();
}

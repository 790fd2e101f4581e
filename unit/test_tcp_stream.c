
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* The connection of a zone transfer, over octets of the test's own. */


#include "tap.h"
#include "tcp.h"


#define FRAME  "\0\5hello"


static ngx_dns_tcp_stream_t  *stream;
static ngx_dns_reason_e       reason;
static unsigned               messages;
static unsigned               ends;
static ngx_int_t              says;        /* what the handler returns */


static ngx_int_t
take(void *data, ngx_dns_reason_e r, u_char *msg, size_t len)
{
    reason = r;

    if (r != NGX_DNS_FINE) {
        ends++;
        stream = NULL;
        return NGX_DONE;
    }

    messages += len == 5 && memcmp(msg, "hello", 5) == 0;

    return says;
}


static ngx_int_t
begin(ngx_int_t rc)
{
    tcp_start(rc);

    messages = 0;
    ends = 0;
    reason = NGX_DNS_FINE;
    says = NGX_OK;

    return ngx_dns_tcp_stream_open(&peer, (u_char *) QUERY, sizeof(QUERY) - 1,
                                   1000, take, NULL, &stream);
}


static void
end(const char *name)
{
    if (stream) {
        ngx_dns_tcp_stream_close(stream);
        stream = NULL;
    }

    is_int(unit_timers(), 0, "%s: no timer is left", name);
}


/* what the server sends */

static void
comes(unsigned n)
{
    links[0].in_len = 0;

    while (n--) {
        memcpy(links[0].in + links[0].in_len, FRAME, 7);
        links[0].in_len += 7;
    }

    readable(0);
}


static void
opened(void)
{
    is_int(begin(NGX_AGAIN), NGX_OK, "it begins");
    readable(0);
    is_int(links[0].out_len, 0, "nothing leaves before it is established");
    links[0].ready = NGX_OK;
    writable(0);
    is_int(links[0].out_len, 2 + sizeof(QUERY) - 1, "then the query does");
    comes(3);
    is_int(messages, 3, "three messages");
    end("established");

    is_int(begin(NGX_OK), NGX_OK, "established at once");
    turn();
    is_int(links[0].out_len, 2 + sizeof(QUERY) - 1, "the query leaves");
    comes(1);
    is_int(messages, 1, "a message");
    end("at once");

    is_int(begin(NGX_ERROR), NGX_ERROR, "no way to it");
    end("no way");
    is_int(begin(NGX_BUSY), NGX_BUSY, "no connection for it");
    end("no connection");

    unit_no_memory = 1;
    is_int(begin(NGX_OK), NGX_BUSY, "no memory");
    unit_no_memory = 0;
    ok(stream == NULL, "for it");
    end("no memory");
}


static void
written(void)
{
    (void) begin(NGX_OK);
    links[0].room = 5;
    turn();
    is_int(links[0].out_len, 5, "as much as it takes");
    links[0].room = 1000;
    writable(0);
    is_int(links[0].out_len, 2 + sizeof(QUERY) - 1, "then the rest");
    ok(memcmp(links[0].out + 2, QUERY, sizeof(QUERY) - 1) == 0, "in order");
    end("slow");

    (void) begin(NGX_OK);
    links[0].broken = 1;
    turn();
    is_int(ends, 1, "it can't be written to: the end");
    is_int(reason, NGX_DNS_ENETWORK, "of the network");
    is_int(links[0].closed, 1, "closed");
    end("broken");

    (void) begin(NGX_OK);
    handles = NGX_ERROR;
    turn();
    is_int(ends, 1, "no event for writing: the end");
    is_int(reason, NGX_DNS_ENETWORK, "of the network");
    end("write event");
}


static void
read_from(void)
{
    unsigned  n;

    (void) begin(NGX_OK);
    turn();
    links[0].step = 1;
    comes(4);
    is_int(messages, 1, "so many reads in a row, and no more");

    for (n = 1; !ngx_queue_empty(&ngx_posted_next_events) && n < 10; n++) {
        ngx_delete_posted_event(&links[0].read);
        readable(0);
    }

    is_int(messages, 4, "the rest in the next rounds");
    is_int(n, 4, "three of them");
    end("bounded");

    (void) begin(NGX_OK);
    turn();
    says = NGX_AGAIN;
    comes(3);
    is_int(messages, 1, "the client has no room: one message");
    readable(0);
    is_int(messages, 1, "and no other");
    unit_pass(5000);
    is_int(ends, 0, "which is not the server's time");
    says = NGX_OK;
    ngx_dns_tcp_stream_go_on(stream);
    is_int(messages, 3, "there is room: the others");
    unit_pass(1000);
    is_int(reason, NGX_DNS_ETIMEOUT, "silence: the end");
    end("room");

    (void) begin(NGX_OK);
    turn();
    says = NGX_DONE;
    comes(2);
    is_int(messages, 1, "the last message");
    end("done");

    (void) begin(NGX_OK);
    turn();
    links[0].eof = 1;
    comes(1);
    is_int(messages, 1, "a message");
    is_int(reason, NGX_DNS_ENETWORK, "and the end");
    end("closed");

    (void) begin(NGX_OK);
    turn();
    handles = NGX_ERROR;
    readable(0);
    is_int(ends, 1, "no event for reading: the end");
    end("read event");

    /* a worker that quits closes what has no use: it is not the server */

    (void) begin(NGX_OK);
    turn();
    links[0].c.close = 1;
    readable(0);
    is_int(ends, 0, "it is closed by us: nobody is told");
    end("by us");
}


int
main(void)
{
    ngx_pid = getpid();

    opened();
    written();
    read_from();

    return done_testing();
}

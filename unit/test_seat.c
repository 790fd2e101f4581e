
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * Servers that come and go: who has a seat, what is known of those who stay,
 * and what a writer leaves that dies at any word of a record.
 */


#include "tap.h"
#include "peers.h"
#include "peers/ngx_dns_seat.h"

#include <arpa/inet.h>


#define SEATS  4


static ngx_dns_seats_t  line;
static ngx_uint_t       left_n;
static uint32_t         heavier;          /* than the one before */


static void
left(ngx_dns_peer_t *peer)
{
    left_n++;
}


/* a worker: a server of its own, "a", and a line with seats */

static ngx_dns_upstream_t *
worker(ngx_dns_upstream_t *other)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_seats_t     *s;
    ngx_dns_upstream_t  *u;

    u = unit_upstream("round_robin", "a k0 k1 k2 k3");

    s = malloc(sizeof(ngx_dns_seats_t));
    memset(s, 0, sizeof(ngx_dns_seats_t));
    s->upstream = u;
    s->first = 1;
    s->n = SEATS;
    ngx_str_set(&s->scheme, "");

    for (i = 0; i < SEATS; i++) {
        peer = unit_peer(u, 1 + i);
        peer->seats = s;
        peer->vacant = 1;
        peer->down = 1;
        peer->sockaddr = calloc(1, sizeof(ngx_sockaddr_t));
    }

    if (other) {

        /* the same memory, and the same configuration */

        for (i = 0; i < u->peers.nelts; i++) {
            unit_peer(u, i)->shm = unit_peer(other, i)->shm;
        }

        u->shm = other->shm;
        u->generation = other->generation;
    }

    for (i = 0; i < SEATS; i++) {
        unit_peer(u, 1 + i)->name.data = malloc(NGX_SOCKADDR_STRLEN);
    }

    (void) ngx_dns_balancer_init(u, &unit_pool);

    line = *s;

    return u;
}


static ngx_uint_t
set(ngx_dns_upstream_t *u, const char *addrs, ngx_uint_t stay)
{
    char                    *s, *word, *save;
    ngx_uint_t               n;
    ngx_dns_guest_t          guests[NGX_DNS_SEATS_SERVERS];
    ngx_dns_seats_change_t   change;

    n = 0;
    s = strdup(addrs);

    for (word = strtok_r(s, " ", &save);
         word;
         word = strtok_r(NULL, " ", &save))
    {
        memset(&guests[n], 0, sizeof(ngx_dns_guest_t));

        guests[n].weight = 1 + (uint32_t) n * heavier;
        guests[n].socklen = sizeof(struct sockaddr_in);
        guests[n].addr.sockaddr_in.sin_family = AF_INET;
        guests[n].addr.sockaddr_in.sin_port = htons(53);
        inet_pton(AF_INET, word, &guests[n++].addr.sockaddr_in.sin_addr);
    }

    free(s);

    line.upstream = u;
    ngx_dns_seats_set(&line, guests, n, stay, NULL, &change);

    return change.came * 100 + change.went * 10 + change.changed;
}


static const char *
apply(ngx_dns_upstream_t *u)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    static char  text[256];

    (void) ngx_dns_seats_apply(u, ngx_current_msec, left, &unit_log);

    text[0] = '\0';

    for (i = 0; i < SEATS; i++) {
        peer = unit_peer(u, 1 + i);
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.*s",
                 i ? " " : "", peer->vacant ? 1 : (int) peer->name.len,
                 peer->vacant ? "-" : (char *) peer->name.data);
    }

    return text;
}


static void
come_and_go(void)
{
    ngx_dns_upstream_t  *u, *v;

    u = worker(NULL);
    v = worker(u);

    is_str(apply(u), "- - - -", "nobody");
    is_int(u->live, 1, "one server");

    is_int(set(u, "1.0.0.1 1.0.0.2", 0), 200, "two come");
    is_str(apply(u), "1.0.0.1:53 1.0.0.2:53 - -", "the writer");
    is_str(apply(v), "1.0.0.1:53 1.0.0.2:53 - -", "and another");
    is_int(v->live, 3, "three servers");
    is_int(v->group[0].n, 3, "in the group");

    unit_peer(u, 2)->shm->rtt = 77;

    ngx_current_msec += 10;
    is_int(set(u, "1.0.0.2 1.0.0.3", 0), 110, "one comes, one goes");
    is_str(apply(v), "- 1.0.0.2:53 1.0.0.3:53 -", "not into a warm seat");
    is_int(left_n, 1, "one was left");
    is_int(unit_peer(v, 2)->shm->rtt, 77, "what stays is known");
    ok(unit_peer(v, 1)->down && unit_peer(v, 1)->vacant, "what goes is down");

    is_int(set(u, "1.0.0.2 1.0.0.3", 0), 0, "the same again");
    is_int(set(u, "1.0.0.4", 1), 100, "nobody leaves");
    is_str(apply(v), "- 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53", "so they stay");

    is_int(set(u, "1.0.0.5 1.0.0.6", 1), 100, "there is one seat");
    is_str(apply(v), "1.0.0.5:53 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53", "full");

    is_int(set(u, "", 0), 40, "all go");
    is_str(apply(v), "- - - -", "nobody");
    is_int(v->group[0].n, 1, "the group has its own");
    is_int(unit_peer(v, 0)->max_fails, 0, "which is alone");
}


/* who asked the one before has no word on the one after */

static void
replaced(void)
{
    ngx_uint_t           i;
    ngx_dns_peer_t      *was, *is;
    ngx_dns_upstream_t  *u, *v;

    u = worker(NULL);
    v = worker(u);

    set(u, "1.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4", 0);
    apply(u);
    apply(v);

    was = unit_peer(u, 1);
    is = unit_peer(v, 1);

    is_int(ngx_dns_peer_acquire(was, ngx_current_msec, 0), NGX_OK, "asked");

    set(u, "2.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4", 0);
    apply(v);
    ok(!is->vacant, "somebody else sits there");
    is_int(is->shm->outstanding, 1, "a query to the one before is counted");

    for (i = 0; i < 10; i++) {
        ngx_dns_peer_failure(was, ngx_current_msec, NGX_DNS_ETIMEOUT,
                             &unit_log);
        ngx_dns_peer_checked(was, ngx_current_msec, NGX_DNS_ETIMEOUT, 0, 0,
                             1, 1, &unit_log);
    }

    is_int(is->shm->fails, 0, "its failures are not the new one's");
    is_int(is->shm->marks, 0, "nor its checks");

    is_str(apply(u), "- 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53",
           "the seat is kept while something is outstanding");
    ngx_dns_peer_release(was);
    is_str(apply(u), "2.0.0.1:53 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53",
           "then it is taken");

    is_int(ngx_dns_peer_acquire(was, ngx_current_msec, 0), NGX_OK, "asked");
    set(u, "3.0.0.1 1.0.0.2 1.0.0.3 1.0.0.4", 0);
    is_str(apply(u), "- 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53", "kept");
    ngx_current_msec += NGX_DNS_SEAT_DRAIN;
    is_str(apply(u), "3.0.0.1:53 1.0.0.2:53 1.0.0.3:53 1.0.0.4:53",
           "but not for ever");
    ngx_dns_peer_release(was);
    is_int(was->shm->outstanding, 0, "all are counted");
}


/* a writer dies after each word of a record */

static void
torn(void)
{
    ngx_uint_t           k, words;
    const char          *seats;
    ngx_dns_upstream_t  *u, *v;
    ngx_dns_seat_shm_t   before, after;

    words = sizeof(ngx_dns_seat_shm_t) / sizeof(uint64_t);

    for (k = 1; k < words; k++) {
        u = worker(NULL);
        v = worker(u);

        set(u, "1.0.0.1 1.0.0.2", 0);
        apply(v);

        before = unit_peer(u, 1)->shm->seat;
        set(u, "1.0.0.2", 0);
        ngx_current_msec += 10;
        set(u, "1.0.0.2 9.9.9.9 9.9.9.8 9.9.9.7", 0);
        after = unit_peer(u, 1)->shm->seat;

        unit_peer(u, 1)->shm->seat = before;
        memcpy(&unit_peer(u, 1)->shm->seat, &after, k * sizeof(uint64_t));

        seats = apply(v);
        ok(strncmp(seats, "1.0.0.1:53 ", 11) == 0
           || strncmp(seats, "9.9.9.7:53 ", 11) == 0, "%d words: %s", (int) k,
           seats);

        set(v, "1.0.0.2 3.3.3.3", 0);
        seats = apply(v);
        ok(strstr(seats, "1.0.0.2:53") && strstr(seats, "3.3.3.3:53")
           && !strstr(seats, "9.9.9.7"), "the next writer mends it: %s",
           seats);
    }
}


static void
counters(void)
{
    ngx_dns_upstream_t       *u;
    ngx_dns_peer_counters_t   sum;

    u = worker(NULL);

    memset(&sum, 0, sizeof(sum));
    sum.queries = 50;
    sum.timeouts = 3;

    unit_peer(u, 1)->shm->base.queries = 40;
    unit_peer(u, 1)->shm->base.timeouts = 4;
    ngx_dns_seat_counters(unit_peer(u, 1), &sum);

    is_int(sum.queries, 10, "of who sits there now");
    is_int(sum.timeouts, 3, "not below zero, where the counters are new");

    unit_peer(u, 0)->shm->base.queries = 5;
    ngx_dns_seat_counters(unit_peer(u, 0), &sum);
    is_int(sum.queries, 10, "others have no base");
}


static void
memory(void)
{
    ngx_dns_upstream_t  *u;

    u = worker(NULL);
    set(u, "1.0.0.1", 0);

    unit_no_pool = 1;
    is_int(ngx_dns_seats_apply(u, ngx_current_msec, left, &unit_log),
           NGX_ERROR, "no memory");
    is_int(u->group[0].n, 1, "the groups are as they were");
    unit_no_pool = 0;
    is_int(ngx_dns_seats_apply(u, ngx_current_msec, left, &unit_log), NGX_OK,
           "later there is");
    is_int(u->group[0].n, 2, "and they are new");
}


/* weights that make too long a turn */

static void
levels(void)
{
    ngx_uint_t           logged;
    ngx_dns_upstream_t  *u;

    u = worker(NULL);
    logged = unit_logged;

    heavier = 1000;
    set(u, "1.0.0.1 1.0.0.2 1.0.0.3", 0);
    is_str(apply(u), "1.0.0.1:53 1.0.0.2:53 1.0.0.3:53 -", "three come");
    is_int(u->group[0].weight, 1 + 1 + 1001 + 2001, "with their weights");
    is_int(unit_logged, logged, "without a word");

    heavier = 500000;
    set(u, "1.0.0.4 1.0.0.5 1.0.0.6", 0);
    (void) apply(u);
    is_int(u->group[0].weight, 4, "too heavy: all count as one");
    is_int(u->group[0].length, 4, "a short turn");
    ok(unit_logged > logged, "said so");

    heavier = 0;
}


int
main(void)
{
    ngx_pid = getpid();

    come_and_go();
    replaced();
    torn();
    counters();
    memory();
    levels();

    return done_testing();
}

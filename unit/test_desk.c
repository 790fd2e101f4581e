
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/* The last changes of state: in order, not more than are kept, and whole. */


#include "tap.h"
#include "nginx.h"
#include "store/ngx_dns_desk.h"


static ngx_dns_desk_shm_t     shm;
static ngx_dns_desk_change_t  change[NGX_DNS_DESK_CHANGES];


static void
note(const char *upstream, const char *server, const char *reason)
{
    ngx_str_t  u, s, r, state;

    u.data = (u_char *) upstream;
    u.len = strlen(upstream);
    s.data = (u_char *) server;
    s.len = strlen(server);
    r.data = (u_char *) reason;
    r.len = strlen(reason);
    ngx_str_set(&state, "ejected");

    ngx_dns_desk_note(&u, &s, &state, &r);
}


static void
test_order(void)
{
    char      name[16];
    unsigned  i;

    note("a", "b", "nobody keeps it");
    is_int(ngx_dns_desk_init(&shm), NGX_OK, "new memory");

    ngx_dns_desk = &shm;
    is_int(ngx_dns_desk_changes(&shm, change), 0, "no changes");

    note("up", "192.0.2.1:53", "why");
    is_int(ngx_dns_desk_changes(&shm, change), 1, "one");
    is_str((char *) change[0].upstream, "up", "upstream");
    is_str((char *) change[0].server, "192.0.2.1:53", "server");
    is_str((char *) change[0].state, "ejected", "state");
    is_str((char *) change[0].reason, "why", "reason");

    for (i = 0; i < 3 * NGX_DNS_DESK_CHANGES; i++) {
        sprintf(name, "%u", i);
        note("up", name, "");
    }

    is_int(ngx_dns_desk_changes(&shm, change), NGX_DNS_DESK_CHANGES, "many");
    is_str((char *) change[0].server, "191", "the last one first");
    is_str((char *) change[NGX_DNS_DESK_CHANGES - 1].server, "128",
           "the first one last");

    /* one that a writer has begun, and was killed at */

    shm.change[(shm.next - 1) & (NGX_DNS_DESK_CHANGES - 1)].place = 0;

    is_int(ngx_dns_desk_changes(&shm, change), NGX_DNS_DESK_CHANGES - 1,
           "without one that is not complete");
    is_str((char *) change[1].server, "189", "the next one");

    is_int(ngx_dns_desk_init(&shm), NGX_OK, "memory that was used");
    shm.layout++;
    is_int(ngx_dns_desk_init(&shm), NGX_ERROR, "of another version");
    shm.layout--;
}


static void
test_long(void)
{
    char  name[2 * NGX_DNS_DESK_NAME + 1];

    memset(name, 'x', sizeof(name));
    name[sizeof(name) - 1] = '\0';

    /* an umlaut where it is cut off: a half of it is no UTF-8 */

    name[NGX_DNS_DESK_NAME - 2] = '\xc3';
    name[NGX_DNS_DESK_NAME - 1] = '\xa4';

    note(name, name + 1, name);
    (void) ngx_dns_desk_changes(&shm, change);

    is_int(strlen((char *) change[0].upstream), NGX_DNS_DESK_NAME - 2,
           "not half a character");
    is_int(strlen((char *) change[0].server), NGX_DNS_DESK_NAME - 1,
           "a whole one");
    is_int(strlen((char *) change[0].reason), NGX_DNS_DESK_REASON - 1,
           "a long reason");
}


int
main(void)
{
    test_order();
    test_long();

    return done_testing();
}

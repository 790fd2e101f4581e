
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#define _GNU_SOURCE

#include <unistd.h>

#include "dnsgen.h"


static void gen_option(gen_t *g, int c);


void
gen_options(gen_t *g, int argc, char **argv)
{
    int  c;

    g->mode = "unique";
    g->names_n = 1000000;
    g->window = 1024;
    g->nsockets = 8;
    g->seconds = 2 * SEC;
    g->warmup = 500 * MSEC;
    g->timeout = 1000 * MSEC;

    while ((c = getopt(argc, argv, "am:n:x:w:s:r:t:u:c:e:o:")) != -1) {
        gen_option(g, c);
    }

    if (optind + 1 != argc) {
        bench_fatal("usage: dnsgen [OPTION ...] ADDRESS:PORT");
    }

    g->addr = bench_addr(argv[optind]);

    if (g->nsockets == 0 || g->window < g->nsockets || g->names_n == 0
        || g->window / g->nsockets > GEN_WINDOW)
    {
        bench_fatal("1 to %d queries for each socket, and at least one name",
                    GEN_WINDOW);
    }
}


static void
gen_option(gen_t *g, int c)
{
    switch (c) {

    case 'a':
        g->own = 1;
        break;

    case 'm':
        g->mode = optarg;
        break;

    case 'n':
        g->names_n = bench_number(optarg, NAMES_MAX);
        break;

    case 'x':
        g->seed = bench_number(optarg, ~0UL);
        break;

    case 'w':
        g->window = bench_number(optarg, GEN_WINDOW * GEN_SOCKETS);
        break;

    case 's':
        g->nsockets = bench_number(optarg, GEN_SOCKETS);
        break;

    case 'r':
        g->rate = bench_number(optarg, 100000000);
        break;

    case 't':
        g->seconds = bench_number(optarg, 3600) * SEC;
        break;

    case 'u':
        g->warmup = bench_number(optarg, 3600000) * MSEC;
        break;

    case 'c':
        g->count = bench_number(optarg, ~0UL);
        break;

    case 'e':
        g->edns = bench_number(optarg, 65535);
        break;

    case 'o':
        g->timeout = bench_number(optarg, 3600000) * MSEC;
        break;

    default:
        exit(2);
    }
}

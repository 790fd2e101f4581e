
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a hosts file costs: the time to load it and the longest slice of that
 * work, the memory of its table, and the time of a look-up, in random order,
 * of names that are there and of names that are not.
 *
 *     hosts FILE
 */


#include "store/ngx_dns_hosts_build.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>


#define LOOKUPS  4000000
#define SAMPLES  1048576                   /* names that are asked for */


ngx_pid_t                      ngx_pid;

static ngx_dns_hosts_t         hosts;
static ngx_dns_hosts_build_t   build;
static ngx_dns_hosts_answer_t  answer;
static ngx_dns_question_t     *questions;
static unsigned                nquestions;


static double
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}


static void
bad(ngx_dns_hosts_build_t *b, ngx_uint_t line, const char *why,
    const u_char *p, size_t len)
{
    fprintf(stderr, "line %u: %s\n", (unsigned) line, why);
}


static void
load(ngx_str_t *file)
{
    double     start, t, longest;
    unsigned   slices;
    ngx_int_t  rc;

    build.files = file;
    build.nfiles = 1;
    build.bad = bad;

    start = now();
    longest = 0;
    slices = 0;

    ngx_dns_hosts_build_start(&build);

    do {
        t = now();
        rc = ngx_dns_hosts_build(&build);
        t = now() - t;

        longest = t > longest ? t : longest;
        slices++;

        if (rc == NGX_ERROR) {
            fprintf(stderr, "%s failed (%d)\n", build.failed, build.err);
            exit(1);
        }

        if (rc == NGX_OK && build.phase == NGX_DNS_HOSTS_SCANNED) {
            (void) ngx_dns_hosts_init(&hosts,
                                  calloc(1, ngx_dns_hosts_size(build.need)),
                                  build.need);
            build.table = ngx_dns_hosts_idle(&hosts);
            build.size = hosts.size;
        }

    } while (build.phase != NGX_DNS_HOSTS_DONE);

    ngx_dns_hosts_publish(&hosts);

    printf("loaded in %.2f s, %u slices, the longest %.2f ms\n",
           (now() - start) / 1e6, slices, longest / 1e3);
    printf("%u names, %u addresses, %.1f MB\n", build.table->names,
           build.table->addresses, (double) build.table->used * 4 / 1e6);
}


/* names of the file itself, picked from all over it */

static void
pick(ngx_str_t *file)
{
    FILE      *f;
    char       line[8192], name[256], *p, *label;
    size_t     len, n;
    unsigned   seen, i;
    u_char     msg[600];

    questions = malloc(SAMPLES * sizeof(ngx_dns_question_t));
    f = fopen((char *) file->data, "r");
    seen = 0;

    while (fgets(line, sizeof(line), f)) {

        if (line[0] == '#' || sscanf(line, "%*s %255s", name) != 1) {
            continue;
        }

        i = seen++ < SAMPLES ? nquestions++ : (unsigned) rand() % seen;

        if (i >= SAMPLES) {
            continue;
        }

        ngx_memzero(msg, sizeof(msg));
        msg[5] = 1;
        len = 12;

        for (label = strtok_r(name, ".", &p); label;
             label = strtok_r(NULL, ".", &p))
        {
            n = strlen(label);
            msg[len++] = (u_char) n;
            ngx_memcpy(msg + len, label, n);
            len += n;
        }

        msg[len + 2] = 1;
        msg[len + 4] = 1;

        if (ngx_dns_question_parse(&questions[i], msg, len + 5)
            != NGX_DNS_FINE)
        {
            exit(1);
        }
    }

    fclose(f);
}


static void
look_up(const char *what, u_char change)
{
    double               start;
    unsigned             i, found;
    ngx_dns_question_t  *q;

    for (i = 0; i < nquestions; i++) {
        questions[i].name[1] ^= change;
    }

    found = 0;
    start = now();

    for (i = 0; i < LOOKUPS; i++) {
        q = &questions[(i * 2654435761U) % nquestions];
        found += ngx_dns_hosts_find(&hosts, q, &answer) == NGX_OK;
    }

    printf("%s: %.0f ns a look-up, %.1f%% found\n", what,
           (now() - start) * 1e3 / LOOKUPS, found * 100.0 / LOOKUPS);
}


int
main(int argc, char *const *argv)
{
    ngx_str_t  file;

    if (argc != 2) {
        fprintf(stderr, "usage: hosts FILE\n");
        return 2;
    }

    file.data = (u_char *) argv[1];
    file.len = strlen(argv[1]);

    load(&file);
    pick(&file);
    look_up("names that are there", 0);
    look_up("names that are not", 0x80);

    return 0;
}

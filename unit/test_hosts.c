
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Hosts files: lines, what a table says about names, slices of work, two
 * tables of which one is in use, and what a million names take.
 *
 *     test_hosts [names]
 */


#include "tap.h"
#include "store/ngx_dns_hosts_build.h"
#include "wire/ngx_dns_name.h"

#include <ldns/ldns.h>
#include <time.h>
#include <sys/wait.h>


#define NAMES  1000000


static ngx_dns_hosts_t         hosts;
static ngx_dns_hosts_build_t   build;
static ngx_dns_hosts_answer_t  answer;
static char                    file[64];
static unsigned                bad_lines;
static char                    bad_text[4096];


/* ---- lines ---- */

static struct {
    const char  *title;
    const char  *line;
    const char  *why;            /* NULL: fine */
    unsigned     names;
    const char  *first;
} lines[] = {
    { "empty", "", NULL, 0, NULL },
    { "blanks", " \t ", NULL, 0, NULL },
    { "comment", "# 10.0.0.1 a", NULL, 0, NULL },
    { "comment after blanks", "  # a", NULL, 0, NULL },
    { "carriage return only", "\r", NULL, 0, NULL },
    { "IPv4", "10.0.0.1 a.test", NULL, 1, "a.test." },
    { "IPv6", "2001:db8::1\ta.test", NULL, 1, "a.test." },
    { "blanks before", "  10.0.0.1 a", NULL, 1, "a." },
    { "aliases", "10.0.0.1 a b\tc  d", NULL, 4, "a." },
    { "CRLF", "10.0.0.1 a.test\r", NULL, 1, "a.test." },
    { "comment at the end", "10.0.0.1 a # b c", NULL, 1, "a." },
    { "comment without a blank", "10.0.0.1 a#b", NULL, 1, "a." },
    { "upper case", "10.0.0.1 A.TeSt", NULL, 1, "a.test." },
    { "last dot", "10.0.0.1 a.test.", NULL, 1, "a.test." },
    { "escape", "10.0.0.1 a\\046b.test", NULL, 1, "a\\.b.test." },
    { "wildcard", "10.0.0.1 *.a.test", NULL, 1, "*.a.test." },
    { "wildcard of the root", "10.0.0.1 *", NULL, 1, "*." },
    { "UTF-8", "10.0.0.1 b\xc3\xbc" "cher.test",
      "name is not ASCII, it must be in Punycode", 0, NULL },
    { "page", "10.0.0.1 http://x/",
      "character that names have only with \"\\\" in", 0, NULL },
    { "port", "10.0.0.1 host:8080",
      "character that names have only with \"\\\" in", 0, NULL },
    { "escaped", "10.0.0.1 0\\/25.a.test", NULL, 1, "0/25.a.test." },
    { "underscore", "10.0.0.1 _a-b.test", NULL, 1, "_a-b.test." },
    { "backslash at the end", "10.0.0.1 a\\", "invalid name", 0, NULL },
    { "no name", "10.0.0.1", "no name for address", 0, NULL },
    { "only a comment", "10.0.0.1 # a", "no name for address", 0, NULL },
    { "no address", "a.test b.test", "invalid address", 0, NULL },
    { "address out of range", "256.0.0.1 a", "invalid address", 0, NULL },
    { "short address", "127.1 a", "invalid address", 0, NULL },
    { "address with a zone", "fe80::1%lo0 a", "invalid address", 0, NULL },
    { "empty label", "10.0.0.1 a b..c", "invalid name", 0, NULL },
    { "long label", "10.0.0.1 a23456789012345678901234567890123456789012345"
      "67890123456789012345", "invalid name", 0, NULL },
    { "star inside", "10.0.0.1 a.*.b",
      "\"*\" other than as the first label of name", 0, NULL },
    { "star in a label", "10.0.0.1 *a.b",
      "\"*\" other than as the first label of name", 0, NULL },
    { "two stars", "10.0.0.1 *.*.b",
      "\"*\" other than as the first label of name", 0, NULL }
};


static void
test_lines(void)
{
    char                        *text;
    unsigned                     i;
    ldns_rdf                    *rdf;
    const char                  *why;
    static ngx_dns_hosts_line_t  line;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        why = ngx_dns_hosts_line(&line, (u_char *) lines[i].line,
                                 strlen(lines[i].line));

        is_str(why, lines[i].why, "line: %s", lines[i].title);
        is_int(line.n, lines[i].names, "names: %s", lines[i].title);

        if (lines[i].first) {
            rdf = ldns_dname_new_frm_data(line.names[0], line.names + 1);
            text = ldns_rdf2str(rdf);

            is_str(text, lines[i].first, "name: %s", lines[i].title);

            free(text);
            ldns_rdf_deep_free(rdf);
        }
    }
}


/* ---- tables ---- */

static void
bad(ngx_dns_hosts_build_t *b, ngx_uint_t line, const char *why,
    const u_char *p, size_t len)
{
    bad_lines++;

    snprintf(bad_text, sizeof(bad_text), "%u: %s", (unsigned) line, why);
}


static void
write_file(const char *text, size_t len)
{
    FILE  *f;

    f = fopen(file, "w");

    if (f == NULL || fwrite(text, 1, len, f) != len || fclose(f) != 0) {
        abort();
    }
}


/* returns the number of slices; the longest in nanoseconds */

static unsigned
load(ngx_int_t *rc, long *longest)
{
    long              t;
    unsigned          n;
    ngx_str_t         name;
    struct timespec   from, to;

    name.data = (u_char *) file;
    name.len = strlen(file);

    memset(&build, 0, offsetof(ngx_dns_hosts_build_t, buf));
    build.files = &name;
    build.nfiles = 1;
    build.bad = bad;
    bad_lines = 0;
    *longest = 0;

    ngx_dns_hosts_build_start(&build);

    for (n = 1; ; n++) {
        clock_gettime(CLOCK_MONOTONIC, &from);
        *rc = ngx_dns_hosts_build(&build);
        clock_gettime(CLOCK_MONOTONIC, &to);

        t = (to.tv_sec - from.tv_sec) * 1000000000 + to.tv_nsec - from.tv_nsec;
        *longest = ngx_max(*longest, t);

        if (*rc == NGX_AGAIN) {
            continue;
        }

        if (*rc == NGX_ERROR || build.phase == NGX_DNS_HOSTS_DONE) {
            break;
        }

        if (hosts.shm == NULL) {
            (void) ngx_dns_hosts_init(&hosts,
                           calloc(1, ngx_dns_hosts_size(build.need + 65536)),
                           build.need + 65536);
        }

        build.table = ngx_dns_hosts_idle(&hosts);
        build.size = hosts.size;
    }

    ngx_dns_hosts_build_end(&build);

    if (*rc == NGX_OK) {
        ngx_dns_hosts_publish(&hosts);
    }

    return n;
}


static ngx_int_t
load_text(const char *text)
{
    long       longest;
    ngx_int_t  rc;

    write_file(text, strlen(text));
    (void) load(&rc, &longest);

    return rc;
}


static void
question(ngx_dns_question_t *q, const char *name)
{
    u_char     msg[600];
    size_t     len;
    ldns_rdf  *rdf;

    rdf = ldns_dname_new_frm_str(name);
    len = ldns_rdf_size(rdf);

    memset(msg, 0, sizeof(msg));
    msg[5] = 1;
    memcpy(msg + 12, ldns_rdf_data(rdf), len);
    msg[12 + len + 1] = 1;
    msg[12 + len + 3] = 1;

    if (ngx_dns_question_parse(q, msg, 12 + len + 4) != NGX_DNS_FINE) {
        abort();
    }

    ldns_rdf_deep_free(rdf);
}


/* "4:1.2.3.4,... 6:... p:name,...", or "none" */

static const char *
ask(const char *name)
{
    char                *p, addr[64];
    ngx_uint_t           i;
    ngx_dns_question_t   q;
    static char          text[16384];

    question(&q, name);

    if (ngx_dns_hosts_find(&hosts, &q, &answer) != NGX_OK) {
        return "none";
    }

    p = text;
    *p = '\0';

    for (i = 0; i < answer.n4; i++) {
        inet_ntop(AF_INET, answer.a[i], addr, sizeof(addr));
        p += sprintf(p, "%s ", addr);
    }

    for (i = 0; i < answer.n6; i++) {
        inet_ntop(AF_INET6, answer.aaaa[i], addr, sizeof(addr));
        p += sprintf(p, "%s ", addr);
    }

    for (i = 0; i < answer.nptr; i++) {
        p = (char *) ngx_dns_name_text((u_char *) p, answer.ptr[i]);
        *p++ = ' ';
        *p = '\0';
    }

    if (p > text) {
        p[-1] = '\0';
    }

    return text;
}


static struct {
    const char  *name;
    const char  *answer;
} names[] = {
    { "a.test", "10.0.0.1 10.0.0.2 2001:db8::1" },
    { "A.TEST", "10.0.0.1 10.0.0.2 2001:db8::1" },
    { "alias", "10.0.0.1" },
    { "test", "none" },
    { "b.a.test", "none" },
    { ".", "none" },
    { "1.0.0.10.in-addr.arpa", "a.test other.test" },
    { "2.0.0.10.in-addr.arpa", "a.test" },
    { "3.0.0.10.in-addr.arpa", "none" },
    { "0.0.10.in-addr.arpa", "none" },
    { "01.0.0.10.in-addr.arpa", "none" },
    { "257.0.0.10.in-addr.arpa", "none" },
    { "5.1.0.0.10.in-addr.arpa", "none" },
    { "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
      ".ip6.arpa", "a.test" },
    { "g.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2"
      ".ip6.arpa", "none" },
    { "x.wild.test", "10.0.0.9" },
    { "x.y.wild.test", "10.0.0.9" },
    { "wild.test", "none" },
    { "host.wild.test", "10.0.0.8" },
    { "x.host.wild.test", "none" },
    { "x.sub.wild.test", "10.0.0.7" },
    { "sub.wild.test", "10.0.0.9" },
    { "*.wild.test", "10.0.0.9" },
    { "9.0.0.10.in-addr.arpa", "none" }
};


static void
test_table(void)
{
    unsigned  i;

    (void) ngx_dns_hosts_init(&hosts, calloc(1, ngx_dns_hosts_size(65536)),
                              65536);

    is_str(ask("a.test"), "none", "no table yet");

    is_int(load_text("\xef\xbb\xbf" "10.0.0.1 a.test alias\r\n"
                     "10.0.0.2 a.test\n"
                     "10.0.0.2 a.test\n"
                     "bad line\n"
                     "2001:db8::1 a.test\n"
                     "10.0.0.1 other.test\n"
                     "10.0.0.9 *.wild.test\n"
                     "10.0.0.8 host.wild.test\n"
                     "10.0.0.7 *.sub.wild.test"), NGX_OK, "load");

    is_int(bad_lines, 1, "bad lines");
    is_str(bad_text, "4: invalid address", "bad line");

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        is_str(ask(names[i].name), names[i].answer, "%s", names[i].name);
    }
}


static void
test_swap(void)
{
    char      *text, *p;
    unsigned   i;
    u_char    *mem;

    /* what lies behind the header */

    mem = (u_char *) hosts.shm + sizeof(ngx_dns_hosts_shm_t);

    is_int(load_text("10.1.0.1 b.test\n"), NGX_OK, "second table");
    is_str(ask("a.test"), "none", "gone");
    is_str(ask("b.test"), "10.1.0.1", "there");

    is_int(load_text("# nothing\n"), NGX_OK, "no names");
    is_str(ask("b.test"), "none", "empty table");

    (void) load_text("10.1.0.1 b.test\n");

    /* more than there is room for leaves all as it is */

    text = malloc(200000 * 24);
    p = text;

    for (i = 0; i < 200000; i++) {
        p += sprintf(p, "10.2.0.1 n%u.test\n", i);
    }

    is_int(load_text(text), NGX_ERROR, "no room");
    is_int(build.err, 0, "no room, not a failed call");
    is_str(ask("b.test"), "10.1.0.1", "still there");
    free(text);

    (void) unlink(file);

    {
        long       longest;
        ngx_int_t  rc;

        (void) load(&rc, &longest);
        is_int(rc, NGX_ERROR, "no file");
        is_int(build.err, NGX_ENOENT, "no such file");
        is_str(ask("b.test"), "10.1.0.1", "still there without a file");
    }

    /* torn: whatever is read, nothing is read out of bounds */

    for (i = 0; i < 20000; i++) {
        mem[rand() % (2 * hosts.size)] = (u_char) rand();

        if (i % 8 == 0) {
            memset(mem + rand() % (2 * hosts.size - 4), rand() % 2 ? 0xff : 0,
                   4);
        }

        (void) ask(i % 2 ? "x.y.b.test" : "1.0.1.10.in-addr.arpa");
        (void) ask("b.test");
    }

    ok(1, "torn tables");

    free(hosts.shm);
    hosts.shm = NULL;
}


static void
test_bounds(void)
{
    char      *text, *p;
    unsigned   i;

    text = malloc(1000000);
    p = text;

    for (i = 0; i < 300; i++) {
        p += sprintf(p, "10.0.%u.%u many.test\n", i / 256, i % 256);
    }

    for (i = 0; i < 300; i++) {
        p += sprintf(p, "0.0.0.0 block%u.test\n", i);
    }

    p += sprintf(p, "10.1.1.1");

    for (i = 0; i < 9000; i++) {
        p += sprintf(p, " x");
    }

    p += sprintf(p, "\n10.1.1.1 after");

    is_int(load_text(text), NGX_OK, "load");
    is_int(bad_lines, 46, "45 addresses too many, a line too long");

    (void) ask("many.test");
    is_int(answer.n4, NGX_DNS_HOSTS_ADDRS, "addresses of a name");
    (void) ask("0.0.0.0.in-addr.arpa");
    is_int(answer.nptr, NGX_DNS_HOSTS_PTRS, "names of an address");
    is_str(ask("block299.test"), "0.0.0.0", "name without PTR");
    is_str(ask("after"), "10.1.1.1", "line after a long one");
    is_str(ask("x"), "none", "long line");

    free(hosts.shm);
    hosts.shm = NULL;
    free(text);
}


/* the text of a name is what stands in the file */

static void
test_million(unsigned n)
{
    long                 longest;
    char                *text, *p;
    double               bytes;
    size_t               octets;
    unsigned             i, slices, wrong;
    ngx_int_t            rc;
    ngx_dns_question_t   q;

    text = malloc((size_t) n * 80);
    p = text;
    octets = 0;

    for (i = 0; i < n; i++) {
        p += sprintf(p, "2001:db8:%x:%x::1 ", i >> 16, i & 0xffff);
        rc = sprintf(p, "host-%u.site%u.example.com", i, i % 1000);
        p += rc;
        octets += rc;
        *p++ = '\n';
    }

    write_file(text, p - text);
    slices = load(&rc, &longest);

    is_int(rc, NGX_OK, "load of %u names", n);
    is_int(build.table->names, n, "names");

    bytes = ((double) build.table->used * 4 - octets) / n;

    ok(bytes < 100, "%.1f octets for a name, beside the text", bytes);
    ok(build.need >= (size_t) build.table->used * 4, "scan sees enough");

    diag("%u slices, the longest %.2f ms", slices, longest / 1e6);

    wrong = 0;

    for (i = 0; i < n; i += 97) {
        char  name[64];

        sprintf(name, "host-%u.site%u.example.com", i, i % 1000);
        question(&q, name);

        wrong += ngx_dns_hosts_find(&hosts, &q, &answer) != NGX_OK
                 || answer.n6 != 1;

        sprintf(name, "host-%u.site%u.example.org", i, i % 1000);
        question(&q, name);

        wrong += ngx_dns_hosts_find(&hosts, &q, &answer) != NGX_DECLINED;
    }

    is_int(wrong, 0, "all found, and no other");

    free(hosts.shm);
    hosts.shm = NULL;
    free(text);
}


/* a builder that is stopped, and who takes over */

static void
test_builders(void)
{
    int                     status;
    pid_t                   pid;
    ngx_dns_hosts_t         a, b;
    ngx_dns_hosts_table_t  *t;

    ngx_pid = getpid();

    ngx_memzero(&a, sizeof(a));
    (void) ngx_dns_hosts_init(&a, calloc(1, ngx_dns_hosts_size(65536)), 65536);
    b = a;

    (void) ngx_dns_hosts_idle(&a);
    is_int(ngx_dns_hosts_publish(&a), NGX_OK, "the first table");

    pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }

    t = ngx_dns_hosts_idle(&a);
    a.shm->builder[a.idle] = (uint32_t) pid;

    ok(ngx_dns_hosts_idle(&b) != t, "not the table of the stopped one");
    ok(b.idle != (a.shm->generation & 3), "nor that in use");
    is_int(ngx_dns_hosts_publish(&b), NGX_OK, "published");

    t = ngx_dns_hosts_current(&b);

    a.shm->builder[a.idle] = (uint32_t) ngx_pid;
    is_int(ngx_dns_hosts_publish(&a), NGX_DECLINED, "the first goes on");
    ok(ngx_dns_hosts_current(&a) == t, "and takes nothing back");
    is_int(a.shm->builder[a.idle], 0, "it has given up");

    a.shm->builder[0] = (uint32_t) pid;
    a.shm->builder[1] = (uint32_t) pid;
    a.shm->builder[2] = (uint32_t) pid;
    ok(ngx_dns_hosts_idle(&b) == NULL, "all are taken");

    (void) kill(pid, SIGKILL);
    (void) waitpid(pid, &status, 0);
    ok(ngx_dns_hosts_idle(&b) != NULL, "those of a dead one are free");

    free(a.shm);
}


int
main(int argc, char *const *argv)
{
    snprintf(file, sizeof(file), "/tmp/ngx-dns-unit-hosts-%d", (int) getpid());

    test_builders();
    test_lines();
    test_table();
    test_swap();
    test_bounds();
    test_million(argc > 1 ? (unsigned) atoi(argv[1]) : NAMES);

    (void) unlink(file);

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What a unit test prints: TAP, the Test Anything Protocol.  A test is
 * one file; it includes this header once.
 *
 *     int
 *     main(void)
 *     {
 *         plan(2);
 *
 *         is_int(add(1, 2), 3, "add");
 *         ok(add(1, 2) == add(2, 1), "add %d and %d", 1, 2);
 *
 *         return done_testing();
 *     }
 *
 * plan() may be left out.  The names are formats of printf().  A failed test
 * says what it got and wanted, and in which line it stands.  All tests give
 * 1 if passed, so that a loop over many cases can stop at the first failure.
 */


#ifndef _TAP_H_INCLUDED_
#define _TAP_H_INCLUDED_


#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>


#define tap_func  static inline __attribute__((unused))

#define plan(n)  tap_plan(n)

#define ok(cond, ...)                                                         \
    tap_ok(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

#define is_int(got, want, ...)                                                \
    tap_is_int((long long) (got), (long long) (want), __FILE__, __LINE__,     \
               __VA_ARGS__)

#define is_str(got, want, ...)                                                \
    tap_is_str(got, want, __FILE__, __LINE__, __VA_ARGS__)

/* two lengths: memory of different sizes differs */

#define is_mem(got, got_len, want, want_len, ...)                             \
    tap_is_mem(got, got_len, want, want_len, __FILE__, __LINE__, __VA_ARGS__)

#define skip(n, ...)  tap_skip(n, __VA_ARGS__)

#define diag(...)  tap_diag(__VA_ARGS__)

#define done_testing()  tap_done()


#define TAP_DUMP  16                    /* octets shown of each side */


static struct {
    unsigned  planned;
    unsigned  run;
    unsigned  failed;
} tap;


tap_func void
tap_plan(unsigned n)
{
    tap.planned = n;

    /* or the lines before a crash would be lost */
    setvbuf(stdout, NULL, _IOLBF, 0);

    printf("1..%u\n", n);
}


tap_func void __attribute__((format(printf, 1, 2)))
tap_diag(const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);

    fflush(stdout);
    fputs("# ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);

    va_end(args);
}


tap_func int
tap_result(int passed, const char *file, int line, const char *fmt,
    va_list args)
{
    char  name[256];

    vsnprintf(name, sizeof(name), fmt, args);

    printf("%sok %u - %s\n", passed ? "" : "not ", ++tap.run, name);

    if (!passed) {
        tap.failed++;
        tap_diag("  Failed test '%s'", name);
        tap_diag("  at %s:%d", file, line);
    }

    return passed;
}


tap_func int __attribute__((format(printf, 5, 6)))
tap_ok(int passed, const char *file, int line, const char *cond,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    tap_result(passed, file, line, fmt, args);
    va_end(args);

    if (!passed) {
        tap_diag("    not true: %s", cond);
    }

    return passed;
}


tap_func int __attribute__((format(printf, 5, 6)))
tap_is_int(long long got, long long want, const char *file, int line,
    const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    tap_result(got == want, file, line, fmt, args);
    va_end(args);

    if (got != want) {
        tap_diag("         got: %lld (0x%llx)", got, got);
        tap_diag("    expected: %lld (0x%llx)", want, want);
    }

    return got == want;
}


tap_func int __attribute__((format(printf, 5, 6)))
tap_is_str(const char *got, const char *want, const char *file, int line,
    const char *fmt, ...)
{
    int      equal;
    va_list  args;

    equal = (got && want) ? strcmp(got, want) == 0 : got == want;

    va_start(args, fmt);
    tap_result(equal, file, line, fmt, args);
    va_end(args);

    if (!equal) {
        tap_diag("         got: \"%s\"", got ? got : "(null)");
        tap_diag("    expected: \"%s\"", want ? want : "(null)");
    }

    return equal;
}


tap_func void
tap_dump(const char *title, const u_char *p, size_t len, size_t from)
{
    char    text[TAP_DUMP * 3 + 1];
    size_t  i, n;

    n = 0;

    for (i = from; i < len && i < from + TAP_DUMP; i++) {
        n += sprintf(&text[n], " %02x", p[i]);
    }

    text[n] = '\0';

    tap_diag("%s:%s%s (%zu octets)", title, text,
             i < len ? " ..." : "", len);
}


tap_func int __attribute__((format(printf, 7, 8)))
tap_is_mem(const void *got, size_t got_len, const void *want,
    size_t want_len, const char *file, int line, const char *fmt, ...)
{
    int            equal;
    size_t         i;
    va_list        args;
    const u_char  *g, *w;

    g = got;
    w = want;

    for (i = 0; i < got_len && i < want_len && g[i] == w[i]; i++) {
        /* void */
    }

    equal = (i == got_len && i == want_len);

    va_start(args, fmt);
    tap_result(equal, file, line, fmt, args);
    va_end(args);

    if (!equal) {
        tap_diag("    differ from octet %zu:", i);
        tap_dump("         got", g, got_len, i);
        tap_dump("    expected", w, want_len, i);
    }

    return equal;
}


tap_func void __attribute__((format(printf, 2, 3)))
tap_skip(unsigned n, const char *fmt, ...)
{
    char     why[256];
    va_list  args;

    va_start(args, fmt);
    vsnprintf(why, sizeof(why), fmt, args);
    va_end(args);

    while (n--) {
        printf("ok %u # SKIP %s\n", ++tap.run, why);
    }
}


/* The exit status of the test */

tap_func int
tap_done(void)
{
    if (tap.planned == 0) {
        printf("1..%u\n", tap.run);

    } else if (tap.planned != tap.run) {
        tap_diag("planned %u tests but ran %u", tap.planned, tap.run);
    }

    if (tap.failed) {
        tap_diag("failed %u tests of %u", tap.failed, tap.run);
    }

    fflush(stdout);

    return tap.failed || tap.run == 0
           || (tap.planned && tap.planned != tap.run);
}


#endif /* _TAP_H_INCLUDED_ */

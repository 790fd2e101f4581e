
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as the arguments of a GET over HTTPS: what is decoded is what
 * another reader finds, which takes one step after the other, and no more is
 * written than there is room.
 */


#include "wire/ngx_dns_base64.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);

static ssize_t fuzz_value(const u_char *data, size_t size, u_char *value);
static ssize_t fuzz_unescape(u_char *p, size_t size);
static int fuzz_hex(u_char c);
static ssize_t fuzz_decode(u_char *p, size_t size);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    size_t    room, most;
    u_char   *p, *value;
    ssize_t   n, expected;

    value = malloc(size + 1);
    if (value == NULL) {
        return 0;
    }

    expected = fuzz_value(data, size, value);

    if (expected >= 0) {
        expected = fuzz_unescape(value, (size_t) expected);
    }

    if (expected >= 0) {
        expected = fuzz_decode(value, (size_t) expected);
    }

    /* exactly the room it is told of, and less than that */

    for (room = size; ; room /= 2) {
        p = malloc(room ? room : 1);
        if (p == NULL) {
            break;
        }

        n = ngx_dns_base64url_argument(p, room, data, size);
        most = n > 0 ? ((size_t) n < room ? (size_t) n : room) : 0;

        if (n != expected || memcmp(p, value, most) != 0) {
            abort();
        }

        free(p);

        if (room == 0) {
            break;
        }
    }

    free(value);

    return 0;
}


static ssize_t
fuzz_value(const u_char *data, size_t size, u_char *value)
{
    size_t   i;
    ssize_t  n;

    n = -1;

    for (i = 0; i + 4 <= size; i++) {

        if ((i && data[i - 1] != '&') || memcmp(data + i, "dns=", 4) != 0) {
            continue;
        }

        if (n != -1) {
            return -1;
        }

        for (n = 0; i + 4 + n < size && data[i + 4 + n] != '&'; n++) {
            value[n] = data[i + 4 + n];
        }
    }

    return n;
}


/* in place */

static ssize_t
fuzz_unescape(u_char *p, size_t size)
{
    size_t  i, n;

    for (i = 0, n = 0; i < size; i++) {

        if (p[i] != '%') {
            p[n++] = p[i];
            continue;
        }

        if (i + 2 >= size || fuzz_hex(p[i + 1]) < 0 || fuzz_hex(p[i + 2]) < 0) {
            return -1;
        }

        p[n++] = (u_char) (fuzz_hex(p[i + 1]) * 16 + fuzz_hex(p[i + 2]));
        i += 2;
    }

    return (ssize_t) n;
}


static int
fuzz_hex(u_char c)
{
    const char  *p;

    static const char  digits[] = "0123456789abcdef0123456789ABCDEF";

    p = memchr(digits, c, sizeof(digits) - 1);

    return p ? (int) (p - digits) % 16 : -1;
}


/* in place, a bit at a time */

static ssize_t
fuzz_decode(u_char *p, size_t size)
{
    size_t       i, n;
    unsigned     bit, bits, octet;
    const char  *ch;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    n = 0;
    bits = 0;
    octet = 0;

    for (i = 0; i < size; i++) {
        ch = memchr(alphabet, p[i], sizeof(alphabet) - 1);

        if (ch == NULL) {
            return -1;
        }

        for (bit = 6; bit--; /* void */) {
            octet = octet << 1 | ((unsigned) (ch - alphabet) >> bit & 1);

            if (++bits == 8) {
                p[n++] = (u_char) octet;
                bits = 0;
                octet = 0;
            }
        }
    }

    return bits == 6 || octet ? -1 : (ssize_t) n;
}

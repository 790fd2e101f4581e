
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as the argument of a GET over HTTPS: what is decoded is what other
 * characters would not have given, and no more is written than there is room.
 */


#include "wire/ngx_dns_base64.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    size_t    i, bits, room;
    u_char   *p;
    ssize_t   n;
    uint32_t  word;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    /* exactly the room it is told of, and less than that */

    for (room = size; ; room /= 2) {
        p = malloc(room ? room : 1);
        if (p == NULL) {
            return 0;
        }

        n = ngx_dns_base64url(p, room, data, size);

        if (n != NGX_ERROR && (size_t) n != size * 3 / 4) {
            abort();
        }

        if (n > 0 && room == size) {

            /* back again */

            for (i = 0; i < size; i++) {
                bits = i * 6;
                word = (uint32_t) p[bits / 8] << 8;

                if (bits / 8 + 1 < (size_t) n) {
                    word |= p[bits / 8 + 1];
                }

                if (alphabet[(word >> (10 - bits % 8)) & 63] != data[i]) {
                    abort();
                }
            }
        }

        free(p);

        if (room == 0) {
            return 0;
        }
    }
}

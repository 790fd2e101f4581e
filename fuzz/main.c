
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Runs a fuzz target over files, without libFuzzer: its seeds, or what a
 * fuzzer found.
 */


#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


int
main(int argc, char *const *argv)
{
    int       i;
    FILE     *f;
    size_t    n;
    uint8_t  *copy;

    static uint8_t  data[1 << 20];

    for (i = 1; i < argc; i++) {
        f = fopen(argv[i], "rb");

        if (f == NULL) {
            perror(argv[i]);
            return 1;
        }

        n = fread(data, 1, sizeof(data), f);
        fclose(f);

        /* of its own size, so that a read past the end is seen */

        copy = malloc(n ? n : 1);
        if (copy == NULL) {
            return 1;
        }

        memcpy(copy, data, n);
        (void) LLVMFuzzerTestOneInput(copy, n);
        free(copy);
    }

    printf("%d inputs\n", argc - 1);

    return 0;
}

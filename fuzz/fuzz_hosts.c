
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as lines of a hosts file: each line is read, what is right goes
 * into a table of the size that the scan asks for, and must fit.
 */


#include "store/ngx_dns_hosts.h"
#include "store/ngx_dns_hosts_line.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    u_char                       *name;
    ngx_uint_t                    i;
    const u_char                 *p, *nl, *end;
    ngx_dns_hosts_scan_t          scan;
    ngx_dns_hosts_count_t         count;
    ngx_dns_hosts_table_t        *t;
    static ngx_dns_hosts_line_t   line;

    ngx_memzero(&scan, sizeof(ngx_dns_hosts_scan_t));
    ngx_dns_hosts_scan(&scan, data, size);
    ngx_dns_hosts_scan(&scan, (u_char *) "\n", 1);

    count.names = scan.names;
    count.octets = scan.octets;
    count.addresses = scan.addresses;

    t = malloc(ngx_dns_hosts_table_size(&count));
    ngx_dns_hosts_table_init(t, ngx_dns_hosts_table_size(&count), &count);
    ngx_dns_hosts_table_clear(t, 0, (size_t) t->mask + 1);

    end = data + size;

    for (p = data; p < end; p = nl + 1) {
        for (nl = p; nl < end && *nl != '\n' && *nl != '\r'; nl++) {
            /* void */
        }

        if (ngx_dns_hosts_line(&line, p, nl - p) != NULL) {
            continue;
        }

        name = line.names;

        for (i = 0; i < line.n; i++, name += *name + 1) {
            if (ngx_dns_hosts_add(t, name + 1, *name, line.addr,
                                  line.addr_len, i == 0)
                == NGX_ERROR)
            {
                abort();
            }
        }
    }

    free(t);

    return 0;
}

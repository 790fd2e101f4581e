
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/* PROXY protocol headers of datagrams. */


#include "front/ngx_dns_front_proxy.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    size_t            n;
    ngx_dns_client_t  client;

    memset(&client, 0, sizeof(client));

    n = ngx_dns_front_proxy_read(&client, data, size);

    if (n > size || (client.proxied && n < 28)) {
        abort();
    }

    return 0;
}

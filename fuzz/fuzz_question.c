
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as a client's query.  What is said to be fine must be inside the
 * message, and its name must print.
 */


#include "wire/ngx_dns_name.h"
#include "wire/ngx_dns_question.h"

#include <stdlib.h>


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    u_char              *p;
    ngx_dns_reason_e     reason;
    ngx_dns_question_t   q;

    static u_char  text[NGX_DNS_NAME_TEXT];

    /* a front reads into a buffer with this room behind */

    p = malloc(size + NGX_DNS_READ_PAD);
    if (p == NULL) {
        return 0;
    }

    ngx_memcpy(p, data, size);
    ngx_memzero(p + size, NGX_DNS_READ_PAD);

    reason = ngx_dns_question_parse(&q, p, size);

    if (reason == NGX_DNS_FINE || reason == NGX_DNS_EVERSION) {

        if (q.end == 0 || q.end > size
            || q.asked.name_len > NGX_DNS_MAX_NAME
            || q.name[q.asked.name_len - 1] != 0
            || q.label[q.labels] != q.asked.name_len - 1
            || (size_t) q.options + q.options_len > size
            || ngx_dns_name_text(text, q.name) - text > NGX_DNS_NAME_TEXT)
        {
            abort();
        }
    }

    free(p);

    return 0;
}

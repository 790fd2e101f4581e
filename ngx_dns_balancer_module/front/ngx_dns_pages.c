
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_status.h"


const ngx_dns_page_t  *ngx_dns_pages[] = {
    &ngx_dns_page_prometheus,
    &ngx_dns_page_json,
    &ngx_dns_page_ready,
    &ngx_dns_page_html,
    NULL
};


const ngx_dns_page_t *
ngx_dns_page_find(const ngx_str_t *word)
{
    ngx_uint_t  i;

    for (i = 0; ngx_dns_pages[i]; i++) {
        if (ngx_dns_pages[i]->word.len == word->len
            && ngx_memcmp(ngx_dns_pages[i]->word.data, word->data, word->len)
               == 0)
        {
            return ngx_dns_pages[i];
        }
    }

    return NULL;
}

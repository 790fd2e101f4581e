
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Any octets as the file of a cache.  As they are, they are left out unless
 * they are what was written.  With their sums put right, as if somebody had
 * written them so, what is read from the cache stays within it.
 */


#include "store/ngx_dns_cache_image.c"

#include <stdlib.h>


#define IMAGE_CACHE  65536


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);

static void image_right(u_char *p, size_t size);
static void image_read(u_char *p, size_t size);
static void image_look(ngx_dns_cache_shm_t *c);


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    u_char  *p;

    if (size < sizeof(ngx_dns_cache_image_head_t)) {
        return 0;
    }

    /* 16 octets more may be read for a hash */

    p = malloc(size + 16);
    if (p == NULL) {
        return 0;
    }

    memcpy(p, data, size);
    memset(p + size, 0, 16);

    image_read(p, size);

    memcpy(p, data, size);
    image_right(p, size);
    image_read(p, size);

    free(p);

    return 0;
}


static void
image_right(u_char *p, size_t size)
{
    u_char                        *last;
    uint64_t                       sum;
    ngx_dns_cache_image_head_t    *head;
    ngx_dns_cache_image_record_t  *r;

    last = p + size;
    head = (ngx_dns_cache_image_head_t *) (void *) p;

    head->magic = NGX_DNS_CACHE_IMAGE_MAGIC;
    head->time = 0;
    head->sum = ngx_dns_cache_image_sum(head, sizeof(*head)
                                              - sizeof(head->sum), 0);
    sum = head->sum;
    p += sizeof(*head);

    while ((size_t) (last - p) >= sizeof(*r)) {
        r = (ngx_dns_cache_image_record_t *) (void *) p;
        size = r->size ? r->size : sizeof(*r);

        if (size < sizeof(*r) || size > (size_t) (last - p)) {
            return;
        }

        r->sum = sum;
        sum = ngx_dns_cache_image_sum(r, size, sum);
        r->sum = sum;

        p += size - size % 8;
    }
}


static void
image_read(u_char *p, size_t size)
{
    u_char                     *last;
    ngx_int_t                   rc;
    ngx_dns_cache_image_t       image;
    ngx_dns_cache_image_head_t  head;

    static u_char  mem[IMAGE_CACHE] __attribute__((aligned(64)));

    memset(mem, 0, sizeof(mem));
    memset(&image, 0, sizeof(image));
    memcpy(&head, p, sizeof(head));

    last = p + size;
    p += sizeof(head);

    image.sec = 1000;
    image.usec = 1000000000;

    if (ngx_dns_cache_image_open(&image, &head, 1000) != NGX_OK) {
        return;
    }

    image.cache = ngx_dns_cache_init(mem, sizeof(mem));

    do {
        rc = ngx_dns_cache_image_read(&image, &p, last);
    } while (rc == NGX_OK);

    image_look(image.cache);
}


/* all that can be found in it can be written down again */

static void
image_look(ngx_dns_cache_shm_t *c)
{
    u_char                 *p, *end;
    ngx_dns_cache_image_t   image;

    p = malloc(2 * NGX_DNS_CACHE_IMAGE_RECORD);
    if (p == NULL) {
        return;
    }

    end = ngx_dns_cache_image_begin(&image, c, p, 1, 1);

    if (ngx_dns_cache_image_write(&image, &end, p
                                  + 2 * NGX_DNS_CACHE_IMAGE_RECORD, 1 << 20)
        != NGX_OK)
    {
        abort();
    }

    free(p);
}

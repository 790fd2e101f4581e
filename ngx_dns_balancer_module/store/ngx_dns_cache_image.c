
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_cache_image.h"
#include "ngx_dns_cache_shard.h"
#include "../base/ngx_dns_clock.h"
#include "../base/ngx_dns_random.h"


/* seconds */

#define NGX_DNS_CACHE_IMAGE_PARTS  2


static uint64_t ngx_dns_cache_image_sum(const void *p, size_t len,
    uint64_t before);
static ngx_int_t ngx_dns_cache_image_word(ngx_dns_cache_image_t *image,
    ngx_dns_cache_shard_t *s, uint64_t *word, u_char **p, u_char *last);
static size_t ngx_dns_cache_image_copy(ngx_dns_cache_shard_t *s,
    uint64_t value, u_char *p, u_char *last);
static ngx_int_t ngx_dns_cache_image_restore(ngx_dns_cache_image_t *image,
    ngx_dns_cache_image_record_t *r);
static uint64_t ngx_dns_cache_image_asked(const ngx_dns_cache_image_t *image,
    uint32_t stored);
static ngx_uint_t ngx_dns_cache_image_sane(
    const ngx_dns_cache_image_record_t *r, const u_char *name,
    const uint16_t *ttl);


static const ngx_dns_hash_key_t  ngx_dns_cache_image_key = {
    0x6361636865206f66, 0x20616e7377657273
};


static uint64_t
ngx_dns_cache_image_sum(const void *p, size_t len, uint64_t before)
{
    return ngx_dns_hash(&ngx_dns_cache_image_key, p, len, before);
}


u_char *
ngx_dns_cache_image_begin(ngx_dns_cache_image_t *image, ngx_dns_cache_shm_t *c,
    u_char *p, time_t wall, uint32_t now)
{
    ngx_dns_cache_image_head_t  head;

    ngx_memzero(image, sizeof(ngx_dns_cache_image_t));
    ngx_memzero(&head, sizeof(ngx_dns_cache_image_head_t));

    head.magic = NGX_DNS_CACHE_IMAGE_MAGIC;
    head.id = c->id;
    head.time = (uint64_t) wall;
    head.now = now;
    head.key = c->key;
    head.number = ngx_dns_random64();
    head.sum = ngx_dns_cache_image_sum(&head, sizeof(head) - sizeof(head.sum),
                                       0);

    image->cache = c;
    image->sum = head.sum;

    return ngx_cpymem(p, &head, sizeof(ngx_dns_cache_image_head_t));
}


ngx_int_t
ngx_dns_cache_image_write(ngx_dns_cache_image_t *image, u_char **p,
    u_char *last, ngx_uint_t words)
{
    uint64_t               *word, n;
    ngx_dns_cache_shm_t    *c;
    ngx_dns_cache_shard_t  *s;

    c = image->cache;

    while (image->shard < c->shards) {
        s = ngx_dns_cache_shard(c, (uint64_t) image->shard
                                   << NGX_DNS_CACHE_SHARD_SHIFT);

        word = (uint64_t *) (void *) ((u_char *) s + s->bucket);
        n = s->buckets * NGX_DNS_CACHE_WAYS;

        for ( /* void */ ; image->word < n; image->word++) {

            if (words-- == 0
                || ngx_dns_cache_image_word(image, s, &word[image->word], p,
                                            last)
                   != NGX_OK)
            {
                return NGX_AGAIN;
            }
        }

        image->shard++;
        image->word = 0;
    }

    return NGX_OK;
}


/* NGX_AGAIN: there is no room left, perhaps */

static ngx_int_t
ngx_dns_cache_image_word(ngx_dns_cache_image_t *image,
    ngx_dns_cache_shard_t *s, uint64_t *word, u_char **p, u_char *last)
{
    size_t                         size, place;
    uint64_t                       value;
    uint32_t                      *gen, generation;
    ngx_dns_cache_image_record_t  *r;

    value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

    if (value == 0) {
        return NGX_OK;
    }

    if (last - *p < NGX_DNS_CACHE_IMAGE_RECORD) {
        return NGX_AGAIN;
    }

    place = ngx_dns_cache_offset(value) >> s->shift;

    gen = ngx_dns_cache_generation(s, place);
    generation = __atomic_load_n(gen, __ATOMIC_ACQUIRE);

    if (((__atomic_load_n(word, __ATOMIC_ACQUIRE) ^ value)
         & NGX_DNS_CACHE_PLACE) != 0)
    {
        return NGX_OK;
    }

    size = ngx_dns_cache_image_copy(s, value, *p, last);

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    /* what is written to at this moment will be in the next one */

    if (size == 0 || ngx_dns_load(gen) != generation) {
        return NGX_OK;
    }

    r = (ngx_dns_cache_image_record_t *) (void *) *p;

    r->size = (uint32_t) size;
    r->uses = (uint32_t) ((value & NGX_DNS_CACHE_USES) / NGX_DNS_CACHE_USE);

    if (ngx_dns_load(&ngx_dns_cache_segment(s, place)->log)
        == NGX_DNS_CACHE_MAIN)
    {
        r->uses |= NGX_DNS_CACHE_RESTORE_MAIN;
    }

    r->sum = image->sum;
    image->sum = ngx_dns_cache_image_sum(r, size, image->sum);
    r->sum = image->sum;

    image->records++;
    *p += size;

    return NGX_OK;
}


/* nothing of it is believed; its size as a record, or 0 */

static size_t
ngx_dns_cache_image_copy(ngx_dns_cache_shard_t *s, uint64_t value, u_char *p,
    u_char *last)
{
    size_t                         offset, room, size, all;
    const u_char                  *from;
    ngx_dns_cache_response_t       a;
    const ngx_dns_cache_entry_t   *e;
    ngx_dns_cache_image_record_t  *r;

    offset = ngx_dns_cache_offset(value);
    room = ((size_t) 1 << s->shift) - (offset & (((size_t) 1 << s->shift) - 1));

    from = ngx_dns_cache_data(s) + offset;
    e = (const ngx_dns_cache_entry_t *) (const void *) from;

    if (room < sizeof(ngx_dns_cache_entry_t)) {
        return 0;
    }

    ngx_dns_cache_copy(&a, &e->answer, sizeof(ngx_dns_cache_response_t));

    if (ngx_dns_cache_size(&a) > room) {
        return 0;
    }

    size = 2 * (size_t) a.nttl + a.name_len + a.body_len;
    all = ngx_align(sizeof(ngx_dns_cache_image_record_t) + size, 8UL);

    if ((size_t) (last - p) < all) {
        return 0;
    }

    r = (ngx_dns_cache_image_record_t *) (void *) p;
    r->answer = a;

    p += sizeof(ngx_dns_cache_image_record_t);

    ngx_dns_cache_copy(p, from + sizeof(ngx_dns_cache_entry_t), size);
    ngx_memzero(p + size, all - sizeof(ngx_dns_cache_image_record_t) - size);

    return all;
}


u_char *
ngx_dns_cache_image_end(ngx_dns_cache_image_t *image, u_char *p)
{
    ngx_dns_cache_image_record_t  r;

    ngx_memzero(&r, sizeof(ngx_dns_cache_image_record_t));

    r.answer.bits = image->records;
    r.sum = image->sum;
    r.sum = ngx_dns_cache_image_sum(&r, sizeof(r), image->sum);

    return ngx_cpymem(p, &r, sizeof(ngx_dns_cache_image_record_t));
}


ngx_int_t
ngx_dns_cache_image_open(ngx_dns_cache_image_t *image,
    const ngx_dns_cache_image_head_t *head, time_t wall)
{
    if (head->magic != NGX_DNS_CACHE_IMAGE_MAGIC) {
        return NGX_DECLINED;
    }

    if (head->sum != ngx_dns_cache_image_sum(head, sizeof(*head)
                                                   - sizeof(head->sum), 0))
    {
        return NGX_ERROR;
    }

    if ((uint64_t) wall + NGX_DNS_CACHE_IMAGE_AHEAD < head->time) {
        return NGX_ABORT;
    }

    image->sum = head->sum;
    image->records = 0;
    image->stored = 0;

    /* 32 bits of seconds are compared as such, also across a boot */

    wall = ngx_max(wall, (time_t) head->time);

    image->age = (uint32_t) ngx_min((uint64_t) wall - head->time, 0x7fffffff);
    image->shift = image->sec - image->age - (uint32_t) head->now;

    return NGX_OK;
}


ngx_int_t
ngx_dns_cache_image_read(ngx_dns_cache_image_t *image, u_char **p,
    u_char *last)
{
    size_t                         size;
    uint64_t                       sum;
    ngx_dns_cache_image_record_t  *r;

    if ((size_t) (last - *p) < sizeof(ngx_dns_cache_image_record_t)) {
        return NGX_AGAIN;
    }

    r = (ngx_dns_cache_image_record_t *) (void *) *p;
    size = r->size ? r->size : sizeof(ngx_dns_cache_image_record_t);

    if (size % 8 || size < sizeof(ngx_dns_cache_image_record_t)
        || size > NGX_DNS_CACHE_IMAGE_RECORD)
    {
        return NGX_ERROR;
    }

    if ((size_t) (last - *p) < size) {
        return NGX_AGAIN;
    }

    sum = r->sum;
    r->sum = image->sum;

    if (ngx_dns_cache_image_sum(r, size, image->sum) != sum) {
        return NGX_ERROR;
    }

    r->sum = sum;
    image->sum = sum;
    *p += size;

    if (r->size == 0) {
        return r->answer.bits == image->records ? NGX_DONE : NGX_ERROR;
    }

    return ngx_dns_cache_image_restore(image, r);
}


/* without a cache it is only looked at */

static ngx_int_t
ngx_dns_cache_image_restore(ngx_dns_cache_image_t *image,
    ngx_dns_cache_image_record_t *r)
{
    u_char                *name;
    uint64_t               hash;
    uint16_t              *ttl;
    ngx_dns_cache_when_t   when;

    ttl = (uint16_t *) (void *) (r + 1);
    name = (u_char *) (ttl + r->answer.nttl);

    if (!ngx_dns_cache_image_sane(r, name, ttl)) {
        return NGX_ERROR;
    }

    image->records++;

    if (image->cache == NULL) {
        return NGX_OK;
    }

    r->answer.stored += image->shift;
    r->answer.expires += image->shift;

    when.asked = ngx_dns_cache_image_asked(image, r->answer.stored);
    when.now = image->sec;

    hash = ngx_dns_cache_hash(image->cache, name, r->answer.name_len,
                              r->answer.bits, r->answer.partition);

    if (ngx_dns_cache_restore(image->cache, hash, name, &r->answer, ttl,
                              r->uses, &when)
        == NGX_OK)
    {
        image->stored++;
    }

    return NGX_OK;
}


/*
 * What was asked for before a purge is not stored any more.  When that was, at
 * the latest that is certain: of its own second only the beginning is, and with
 * clocks that are read in seconds "shift" may be one too many.
 */

static uint64_t
ngx_dns_cache_image_asked(const ngx_dns_cache_image_t *image, uint32_t stored)
{
    uint64_t  past;

    past = ngx_dns_clock_past(image->sec, stored);
    past = (past + NGX_DNS_CACHE_IMAGE_PARTS) * 1000000;

    return image->usec - ngx_min(image->usec, past);
}


/* sums find what was damaged, not what was written so */

static ngx_uint_t
ngx_dns_cache_image_sane(const ngx_dns_cache_image_record_t *r,
    const u_char *name, const uint16_t *ttl)
{
    size_t                           size, n;
    ngx_uint_t                       i;
    const ngx_dns_cache_response_t  *a;

    a = &r->answer;
    size = 2 * (size_t) a->nttl + a->name_len + a->body_len;

    if (r->size != ngx_align(sizeof(*r) + size, 8UL)
        || a->name_len == 0 || a->name_len > NGX_DNS_MAX_NAME
        || r->uses > (NGX_DNS_CACHE_RESTORE_MAIN | 3))
    {
        return 0;
    }

    for (i = 0; i < a->nttl; i++) {
        if ((size_t) ttl[i] + 4 > a->body_len) {
            return 0;
        }
    }

    for (n = 0; n + name[n] + 1 < a->name_len; n += (size_t) name[n] + 1) {
        if (name[n] == 0 || name[n] > NGX_DNS_MAX_LABEL) {
            return 0;
        }
    }

    return n + 1 == a->name_len && name[n] == 0;
}

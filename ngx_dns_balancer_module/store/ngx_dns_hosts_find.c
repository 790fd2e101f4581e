
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hosts_table.h"
#include "../wire/ngx_dns_reverse.h"


static ngx_int_t ngx_dns_hosts_find_in(ngx_dns_hosts_table_t *t,
    size_t words, const ngx_dns_question_t *q,
    ngx_dns_hosts_answer_t *answer);
static uint32_t ngx_dns_hosts_wildcard(ngx_dns_hosts_table_t *t,
    size_t words, const ngx_dns_question_t *q);
static void ngx_dns_hosts_copy(ngx_dns_hosts_table_t *t, size_t words,
    uint32_t node, ngx_dns_hosts_answer_t *answer);
static void ngx_dns_hosts_copy_node(const uint32_t *node, size_t room,
    ngx_dns_hosts_answer_t *answer);


ngx_int_t
ngx_dns_hosts_find(ngx_dns_hosts_t *h, const ngx_dns_question_t *q,
    ngx_dns_hosts_answer_t *answer)
{
    uint64_t    generation;
    ngx_int_t   rc;
    ngx_uint_t  tries;

    for (tries = 0; tries < 2; tries++) {

        generation = __atomic_load_n(&h->shm->generation, __ATOMIC_ACQUIRE);

        if (generation == 0) {
            break;
        }

        rc = ngx_dns_hosts_find_in(ngx_dns_hosts_table(h, generation),
                                   h->size / 4, q, answer);

        __atomic_thread_fence(__ATOMIC_ACQUIRE);

        if (ngx_dns_load(&h->shm->generation) == generation) {
            return rc;
        }
    }

    return NGX_DECLINED;
}


static ngx_int_t
ngx_dns_hosts_find_in(ngx_dns_hosts_table_t *t, size_t words,
    const ngx_dns_question_t *q, ngx_dns_hosts_answer_t *answer)
{
    size_t    len;
    u_char    addr[16];
    uint32_t  node;

    answer->n4 = 0;
    answer->n6 = 0;
    answer->nptr = 0;
    answer->blocked = 0;

    node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME, q->name,
                                q->asked.name_len);

    if (node) {
        ngx_dns_hosts_copy(t, words, node, answer);
        return NGX_OK;
    }

    /* an address without a name of its own, as that of aliases, is none */

    len = ngx_dns_reverse_address(q, addr);

    if (len) {
        node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_ADDRESS, addr,
                                    len);
        if (node) {
            ngx_dns_hosts_copy(t, words, node, answer);

            if (answer->nptr) {
                return NGX_OK;
            }
        }
    }

    node = ngx_dns_hosts_wildcard(t, words, q);

    if (node) {
        ngx_dns_hosts_copy(t, words, node, answer);
        return NGX_OK;
    }

    return NGX_DECLINED;
}


/*
 * RFC 4592, 3.3.1: the wildcard of the closest encloser, which is the nearest
 * name above that exists.  The nearest wildcard is looked for first, as most
 * depths have none; a name between it and the question then forbids it.
 */

static uint32_t
ngx_dns_hosts_wildcard(ngx_dns_hosts_table_t *t, size_t words,
    const ngx_dns_question_t *q)
{
    size_t       len;
    u_char       name[NGX_DNS_MAX_NAME + 2];
    uint32_t     node;
    ngx_uint_t   i, k;
    ngx_uint_t   labels;

    if (ngx_dns_load(&t->wildcards[0]) == 0
        && ngx_dns_load(&t->wildcards[1]) == 0)
    {
        return 0;
    }

    node = 0;

    for (i = 1; i <= q->labels; i++) {
        labels = q->labels - i;

        if (!((ngx_dns_load(&t->wildcards[labels / 64]) >> (labels % 64)) & 1))
        {
            continue;
        }

        /* at least one label is gone: it fits */

        len = (size_t) q->asked.name_len - q->label[i];

        name[0] = 1;
        name[1] = '*';
        ngx_memcpy(name + 2, q->name + q->label[i], len);

        node = ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME, name,
                                    len + 2);
        if (node) {
            break;
        }
    }

    for (k = 1; node && k < i; k++) {
        if (ngx_dns_hosts_lookup(t, words, NGX_DNS_HOSTS_NAME,
                                 q->name + q->label[k],
                                 (size_t) q->asked.name_len - q->label[k]))
        {
            return 0;
        }
    }

    return node;
}


/* from here on the table may be torn: "words" is what there is for sure */

uint32_t
ngx_dns_hosts_lookup(ngx_dns_hosts_table_t *t, size_t words, uint32_t kind,
    const u_char *p, size_t len)
{
    size_t       size, bucket;
    uint32_t    *w, node;
    ngx_uint_t   n;

    w = (uint32_t *) (void *) t;
    size = NGX_DNS_HOSTS_DATA + (len + 3) / 4;
    bucket = NGX_DNS_HOSTS_HEADER
             + (ngx_dns_hash(&t->key, p, len, kind) & ngx_dns_load(&t->mask));

    if (bucket >= words) {
        return 0;
    }

    node = ngx_dns_load(&w[bucket]);

    for (n = 0; node && n < NGX_DNS_HOSTS_STEPS; n++) {

        if (node > words || size > words - node) {
            return 0;
        }

        if (ngx_dns_load(&w[node + NGX_DNS_HOSTS_KIND]) == (kind | len)
            && ngx_memcmp(&w[node + NGX_DNS_HOSTS_DATA], p, len) == 0)
        {
            return node;
        }

        node = ngx_dns_load(&w[node + NGX_DNS_HOSTS_NEXT]);
    }

    return 0;
}


/* all that a node's list leads to */

static void
ngx_dns_hosts_copy(ngx_dns_hosts_table_t *t, size_t words, uint32_t node,
    ngx_dns_hosts_answer_t *answer)
{
    uint32_t    *w, link;
    ngx_uint_t   n;

    w = (uint32_t *) (void *) t;
    link = ngx_dns_load(&w[node + NGX_DNS_HOSTS_LIST]);

    for (n = 0; link && n < NGX_DNS_HOSTS_ADDRS; n++) {

        if (link > words || words - link < NGX_DNS_HOSTS_LINK) {
            return;
        }

        node = ngx_dns_load(&w[link + NGX_DNS_HOSTS_NODE]);

        if (node > words || words - node <= NGX_DNS_HOSTS_DATA) {
            return;
        }

        ngx_dns_hosts_copy_node(&w[node], words - node, answer);

        link = ngx_dns_load(&w[link + NGX_DNS_HOSTS_NEXT]);
    }
}


static void
ngx_dns_hosts_copy_node(const uint32_t *node, size_t room,
    ngx_dns_hosts_answer_t *answer)
{
    size_t         len;
    uint32_t       kind;
    const u_char  *data;

    kind = ngx_dns_load(&node[NGX_DNS_HOSTS_KIND]);
    len = kind & 0xff;
    data = (const u_char *) &node[NGX_DNS_HOSTS_DATA];

    if (NGX_DNS_HOSTS_DATA + (len + 3) / 4 > room) {
        return;
    }

    if (kind == (NGX_DNS_HOSTS_ADDRESS | 1)) {
        answer->blocked = data[0];

    } else if (kind == (NGX_DNS_HOSTS_ADDRESS | 4)) {
        ngx_memcpy(answer->a[answer->n4++], data, 4);

    } else if (kind == (NGX_DNS_HOSTS_ADDRESS | 16)) {
        ngx_memcpy(answer->aaaa[answer->n6++], data, 16);

    } else if ((kind & NGX_DNS_HOSTS_NAME)
               && answer->nptr < NGX_DNS_HOSTS_PTRS)
    {
        answer->ptr_len[answer->nptr] = (u_char) len;
        ngx_memcpy(answer->ptr[answer->nptr++], data, len);
    }
}


ngx_uint_t
ngx_dns_hosts_turn(ngx_dns_hosts_t *h, const ngx_dns_question_t *q)
{
    uint64_t                   hash;

    static ngx_dns_hash_key_t  key;

    hash = ngx_dns_hash(&key, q->name, q->asked.name_len, q->asked.type);

    return ngx_dns_add(&h->shm->turn[hash % NGX_DNS_HOSTS_TURNS], 1);
}


ngx_dns_hosts_table_t *
ngx_dns_hosts_table(ngx_dns_hosts_t *h, uint64_t generation)
{
    u_char  *p;

    p = (u_char *) h->shm + NGX_DNS_HOSTS_START
        + (generation & NGX_DNS_HOSTS_INDEX) * h->size;

    return (ngx_dns_hosts_table_t *) (void *) p;
}

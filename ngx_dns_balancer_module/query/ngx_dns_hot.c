
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hot.h"
#include "ngx_dns_cached.h"
#include "ngx_dns_local.h"
#include "../base/ngx_dns_clock.h"
#include "../wire/ngx_dns_name.h"
#include "../wire/ngx_dns_turn.h"


#define NGX_DNS_HOT_PENDING  64
#define NGX_DNS_HOT_PARTS    10          /* of a second */


typedef struct {
    ngx_dns_conf_t      *conf;
    ngx_dns_xdp_key_t    key;
} ngx_dns_hot_name_t;


static void ngx_dns_hot_end(ngx_dns_logged_t *logged);
static void ngx_dns_hot_posted_handler(ngx_event_t *ev);
static void ngx_dns_hot_promote(const ngx_dns_hot_name_t *hot);
static ngx_dns_zone_t *ngx_dns_hot_zone(const ngx_dns_hot_name_t *hot,
    ngx_dns_question_t *q);
static ngx_int_t ngx_dns_hot_question(const ngx_dns_hot_name_t *hot,
    ngx_dns_question_t *q);
static ngx_uint_t ngx_dns_hot_fits(const ngx_dns_cache_view_t *view);
static ngx_int_t ngx_dns_hot_turn(ngx_dns_xdp_slot_t *slot);
static ngx_int_t ngx_dns_hot_write(ngx_dns_xdp_slot_t *slot,
    const ngx_dns_policy_t *policy, const ngx_dns_cache_view_t *view);
static ngx_uint_t ngx_dns_hot_cache(const ngx_dns_policy_t *policy);
static void ngx_dns_hot_check(ngx_uint_t i);
static ngx_int_t ngx_dns_hot_current(const ngx_dns_xdp_slot_t *slot);


const ngx_dns_stage_t  ngx_dns_stage_hot = {
    NULL,
    NULL,
    ngx_dns_hot_end
};


/* of this worker */

static ngx_array_t        *ngx_dns_hot_caches;
static ngx_uint_t          ngx_dns_hot_next;
static ngx_uint_t          ngx_dns_hot_n;
static ngx_event_t         ngx_dns_hot_event;
static ngx_dns_hot_name_t  ngx_dns_hot_names[NGX_DNS_HOT_PENDING];


void
ngx_dns_hot_open(ngx_array_t *caches, ngx_log_t *log)
{
    ngx_dns_hot_caches = caches;
    ngx_dns_hot_n = 0;

    ngx_dns_hot_event.handler = ngx_dns_hot_posted_handler;
    ngx_dns_hot_event.log = log;
    ngx_dns_hot_event.data = &ngx_dns_xdp_table;
}


void
ngx_dns_hot_flush(void)
{
    ngx_dns_xdp_flush(&ngx_dns_xdp_table);
}


static void
ngx_dns_hot_end(ngx_dns_logged_t *logged)
{
    size_t               len;
    ngx_dns_xdp_key_t   *key;
    ngx_dns_hot_name_t  *hot;

    if (logged->cache_status != NGX_DNS_CACHE_STATUS_HIT
        || logged->client->proto != NGX_DNS_PROTO_UDP
        || ngx_dns_xdp_table.control == NULL
        || ngx_dns_hot_n == NGX_DNS_HOT_PENDING)
    {
        return;
    }

    hot = &ngx_dns_hot_names[ngx_dns_hot_n];
    hot->conf = logged->conf;

    key = &hot->key;
    len = logged->name_len;

    key->server = (uint32_t) logged->conf->listener.xdp;
    key->type = logged->type;
    key->bits = (logged->flags & NGX_DNS_CD ? NGX_DNS_XDP_BIT_CD : 0)
                | (logged->dnssec_ok ? NGX_DNS_XDP_BIT_DO : 0);
    key->name_len = (uint16_t) len;

    ngx_dns_name_lower(key->name, logged->name, len);
    ngx_memzero(key->name + len, NGX_DNS_XDP_NAME - len);

    ngx_dns_xdp_hash(&ngx_dns_xdp_table, key);

    if (!ngx_dns_xdp_often(&ngx_dns_xdp_table, key->hash, ngx_dns_usec)) {
        return;
    }

    ngx_dns_hot_n++;

    if (!ngx_dns_hot_event.posted) {
        ngx_post_event(&ngx_dns_hot_event, &ngx_posted_events);
    }
}


static void
ngx_dns_hot_posted_handler(ngx_event_t *ev)
{
    ngx_uint_t  i;

    ngx_dns_clock_update();

    for (i = 0; i < ngx_dns_hot_n; i++) {
        ngx_dns_hot_promote(&ngx_dns_hot_names[i]);
    }

    ngx_dns_hot_n = 0;
}


/*
 * The epoch is read first: what changes after that makes another one, and what
 * was changed before is seen here.
 */

static void
ngx_dns_hot_promote(const ngx_dns_hot_name_t *hot)
{
    uint32_t               epoch;
    ngx_uint_t             good;
    ngx_dns_zone_t        *zone;
    ngx_dns_question_t    *q;
    ngx_dns_xdp_slot_t    *slot;
    ngx_dns_cached_key_t   key;
    ngx_dns_cache_view_t   view;

    static ngx_dns_question_t  question;

    q = &question;
    epoch = ngx_dns_xdp_epoch(&ngx_dns_xdp_table);

    zone = ngx_dns_hot_zone(hot, q);

    if (zone == NULL) {
        return;
    }

    key.policy = zone->policy;
    key.name = q->name;
    key.len = q->asked.name_len;
    key.bits = ngx_dns_cached_bits(q);
    key.partition = zone->partition;

    if (ngx_dns_cached_lookup(&key, &view) != NGX_OK
        || !ngx_dns_hot_fits(&view))
    {
        return;
    }

    slot = ngx_dns_xdp_take(&ngx_dns_xdp_table, &hot->key, view.answer.stored,
                            view.answer.expires, epoch);
    if (slot == NULL) {
        return;
    }

    good = ngx_dns_hot_write(slot, zone->policy, &view) == NGX_OK
           && ngx_dns_cache_check(&view);

    ngx_dns_xdp_give(&ngx_dns_xdp_table, slot, good);

    if (good) {
        (void) ngx_dns_add(&ngx_dns_xdp_table.shm->promotions, 1);
    }
}


/* the way of a query, up to the cache; NULL: it would not get there */

static ngx_dns_zone_t *
ngx_dns_hot_zone(const ngx_dns_hot_name_t *hot, ngx_dns_question_t *q)
{
    ngx_dns_zone_t      *zone;
    ngx_dns_listener_t  *listener;

    listener = &hot->conf->listener;

    if (ngx_dns_hot_question(hot, q) != NGX_OK) {
        return NULL;
    }

    if (listener->local && ngx_dns_local_likely(listener->local, q)
        && ngx_dns_local_known(hot->conf, q))
    {
        return NULL;
    }

    zone = ngx_dns_forward_find(listener->forward, q);

    if (zone == NULL || zone->policy->cache == NULL || zone->policy->subnet
        || (zone->special & (NGX_DNS_ZONE_RETURN|NGX_DNS_ZONE_CHOICE))
        || (zone->upstream && zone->upstream->by_client))
    {
        return NULL;
    }

    return zone;
}


static ngx_int_t
ngx_dns_hot_question(const ngx_dns_hot_name_t *hot, ngx_dns_question_t *q)
{
    size_t                    len;
    const ngx_dns_xdp_key_t  *key;
    u_char                    p[NGX_DNS_HEADER_SIZE + NGX_DNS_XDP_NAME + 4
                                + NGX_DNS_READ_PAD];

    key = &hot->key;
    len = NGX_DNS_HEADER_SIZE + key->name_len;

    /* these and some others are not asked for as most are */

    if (key->type == 0 || key->type == NGX_DNS_TYPE_OPT
        || (key->type >= NGX_DNS_TYPE_TKEY && key->type <= NGX_DNS_TYPE_ANY))
    {
        return NGX_DECLINED;
    }

    ngx_memzero(p, sizeof(p));

    ngx_dns_put16(p + NGX_DNS_OFF_FLAGS,
                  key->bits & NGX_DNS_XDP_BIT_CD ? NGX_DNS_CD : 0);
    ngx_dns_put16(p + NGX_DNS_OFF_QDCOUNT, 1);
    ngx_memcpy(p + NGX_DNS_HEADER_SIZE, key->name, key->name_len);
    ngx_dns_put16(p + len, key->type);
    ngx_dns_put16(p + len + 2, NGX_DNS_CLASS_IN);

    if (ngx_dns_question_parse(q, p, len + 4) != NGX_DNS_FINE) {
        return NGX_DECLINED;
    }

    q->asked.dnssec_ok = (key->bits & NGX_DNS_XDP_BIT_DO) != 0;

    return NGX_OK;
}


static ngx_uint_t
ngx_dns_hot_fits(const ngx_dns_cache_view_t *view)
{
    ngx_uint_t                       rcode;
    const ngx_dns_cache_response_t  *a;

    a = &view->answer;
    rcode = ngx_dns_cache_rcode(a);

    return (int32_t) (a->expires - ngx_dns_sec) > 1
           && (rcode == NGX_DNS_NOERROR || rcode == NGX_DNS_NXDOMAIN)
           && a->nttl <= NGX_DNS_XDP_TTLS && a->body_len <= NGX_DNS_XDP_BODY;
}


/*
 * Addresses that the socket would turn are turned by the program, which copies
 * 16 octets at most.  Of a slot that is written: what is torn in it will not be
 * used.
 */

static ngx_int_t
ngx_dns_hot_turn(ngx_dns_xdp_slot_t *slot)
{
    size_t      place[NGX_DNS_TURN_MAX], len, body;
    ngx_uint_t  i, n;

    static u_char  msg[NGX_DNS_HEADER_SIZE + NGX_DNS_MAX_NAME + 4
                       + NGX_DNS_XDP_BODY];

    body = NGX_DNS_HEADER_SIZE + (size_t) slot->name_len + 4;

    ngx_memcpy(msg + NGX_DNS_HEADER_SIZE, slot->name, slot->name_len);
    ngx_memcpy(msg + body, slot->body, slot->body_len);

    n = ngx_dns_turn_places(msg, body + slot->body_len, body, slot->answers,
                            place, &len);

    if (n > NGX_DNS_XDP_TTLS
        || (n && place[n - 1] - body > NGX_DNS_XDP_BODY - 16))
    {
        return NGX_DECLINED;
    }

    for (i = 0; i < n; i++) {
        slot->turn[i] = (uint16_t) (place[i] - body);
    }

    slot->turns = (uint16_t) n;
    slot->turn_len = (uint16_t) len;

    return NGX_OK;
}


static ngx_int_t
ngx_dns_hot_write(ngx_dns_xdp_slot_t *slot, const ngx_dns_policy_t *policy,
    const ngx_dns_cache_view_t *view)
{
    uint32_t                         left;
    const ngx_dns_cache_response_t  *a;

    a = &view->answer;

    /* as ngx_dns_cached_due() has it: from there on the socket is asked */

    left = 0;

    if (policy->prefetch) {
        left = (uint32_t) ((uint64_t) (a->expires - a->stored)
                           * policy->prefetch / 100);
        left = ngx_max(left, 1);
    }

    slot->end = a->expires - left;
    slot->partition = a->partition;
    slot->cache = (uint16_t) ngx_dns_hot_cache(policy);
    slot->body_len = a->body_len;
    slot->answers = a->answers;
    slot->authority = a->authority;
    slot->additional = a->additional;
    slot->flags = a->flags;
    slot->ede = a->ede;
    slot->nttl = a->nttl;
    slot->place = (uint8_t) ngx_dns_metrics_type(slot->type);
    slot->hits = 1;

    ngx_dns_cache_copy(slot->ttl, view->ttl, 2 * (size_t) a->nttl);
    ngx_dns_cache_copy(slot->body, view->body, a->body_len);

    slot->turns = 0;

    return (policy->rotate && a->answers > 1) ? ngx_dns_hot_turn(slot) : NGX_OK;
}


static ngx_uint_t
ngx_dns_hot_cache(const ngx_dns_policy_t *policy)
{
    ngx_uint_t        i;
    ngx_shm_zone_t  **zone;

    zone = ngx_dns_hot_caches->elts;

    for (i = 0; i < ngx_dns_hot_caches->nelts; i++) {
        if (zone[i]->data == policy->cache) {
            break;
        }
    }

    return i;
}


void
ngx_dns_hot_look(void)
{
    ngx_uint_t  i, n, part;

    if (ngx_dns_xdp_table.control == NULL) {
        return;
    }

    ngx_dns_clock_update();

    n = ((ngx_uint_t) ngx_dns_xdp_table.control->mask + 1) * NGX_DNS_XDP_WAYS;
    part = (n + NGX_DNS_HOT_PARTS - 1) / NGX_DNS_HOT_PARTS;

    for (i = 0; i < part; i++) {
        ngx_dns_hot_check(ngx_dns_hot_next);
        ngx_dns_hot_next = (ngx_dns_hot_next + 1) % n;
    }

    ngx_dns_xdp_alive(&ngx_dns_xdp_table);
}


/* has the cache still got it?  Then what the kernel has counted is use of it */

static void
ngx_dns_hot_check(ngx_uint_t i)
{
    uint32_t             seq;
    ngx_dns_xdp_slot_t  *slot, copy;

    slot = ngx_dns_xdp_slot(&ngx_dns_xdp_table, i, &seq);

    if (slot == NULL) {
        return;
    }

    ngx_memcpy(&copy, slot, offsetof(ngx_dns_xdp_slot_t, body));

    __atomic_thread_fence(__ATOMIC_ACQUIRE);

    if (ngx_dns_load(&slot->seq) != seq) {
        return;
    }

    if (ngx_dns_hot_current(&copy) != NGX_OK) {
        ngx_dns_xdp_drop(&ngx_dns_xdp_table, slot, seq);
        return;
    }

    if (copy.hits) {
        ngx_dns_store(&slot->hits, 0);
    }
}


static ngx_int_t
ngx_dns_hot_current(const ngx_dns_xdp_slot_t *slot)
{
    uint64_t               hash, bits;
    ngx_shm_zone_t       **zone;
    ngx_dns_cache_shm_t   *cache;
    ngx_dns_cache_view_t   view;

    if (slot->epoch != ngx_dns_xdp_epoch(&ngx_dns_xdp_table)
        || slot->cache >= ngx_dns_hot_caches->nelts
        || slot->name_len > NGX_DNS_MAX_NAME
        || (int32_t) (slot->expires - ngx_dns_sec) <= 0)
    {
        return NGX_DECLINED;
    }

    zone = ngx_dns_hot_caches->elts;
    cache = zone[slot->cache]->data;

    bits = (uint64_t) slot->type << 48 | (uint64_t) NGX_DNS_CLASS_IN << 32
           | (slot->bits & NGX_DNS_XDP_BIT_CD ? NGX_DNS_BITS_CD : 0)
           | (slot->bits & NGX_DNS_XDP_BIT_DO ? NGX_DNS_BITS_DO : 0);

    hash = ngx_dns_cache_hash(cache, slot->name, slot->name_len, bits,
                              slot->partition);

    if (ngx_dns_cache_find(cache, hash, slot->name, slot->name_len, bits,
                           slot->partition, &view)
        != NGX_OK
        || view.answer.stored != slot->stored
        || view.answer.expires != slot->expires)
    {
        return NGX_DECLINED;
    }

    if (slot->hits) {
        ngx_dns_cache_touch(&view);
    }

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_loop.h"
#include "../base/ngx_dns_random.h"
#include "../transport/ngx_dns_transport.h"
#include "../wire/ngx_dns_message.h"
#include "../wire/ngx_dns_name.h"


/* milliseconds */

#define NGX_DNS_LOOP_FIRST    300      /* others may be starting, too */
#define NGX_DNS_LOOP_ROUND    2000     /* all zones of a server once, and as
                                          long again if all are silent */
#define NGX_DNS_LOOP_OUT      5000     /* between queries to one that is out */
#define NGX_DNS_LOOP_LOOK     10000    /* is it failing now? */
#define NGX_DNS_LOOP_REST     60000

#define NGX_DNS_LOOP_ROUNDS   2
#define NGX_DNS_LOOP_SILENT   3        /* queries that nobody has seen again,
                                          of a server that is out */

#define NGX_DNS_LOOP_ROOT     "\12nginx-loop"


typedef struct ngx_dns_loop_s  ngx_dns_loop_t;


struct ngx_dns_loop_s {
    ngx_dns_attempt_t        attempt;
    ngx_event_t              event;    /* the next query, or the timeout */
    ngx_dns_peer_t          *peer;
    ngx_dns_loop_conf_t     *conf;
    ngx_dns_loop_t          *next;
    ngx_log_t               *log;
    uint32_t                 led;      /* a bit of each zone that is known to
                                          lead elsewhere */
    ngx_uint_t               zone;     /* the next to be asked for */
    ngx_uint_t               asked;    /* the one that was */
    ngx_uint_t               left;     /* queries, then there is rest */
    ngx_uint_t               silent;
    ngx_msec_t               rested;   /* since then */
    unsigned                 waiting:1;
    u_char                   query[NGX_DNS_MAX_QUERY];
    size_t                   len;
};


static ngx_int_t ngx_dns_loop_peer(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_loop_conf_t *conf);
static void ngx_dns_loop_cancel(ngx_dns_loop_t *l);
static void ngx_dns_loop_handler(ngx_event_t *ev);
static ngx_uint_t ngx_dns_loop_due(ngx_dns_loop_t *l);
static void ngx_dns_loop_next(ngx_dns_loop_t *l);
static void ngx_dns_loop_send(ngx_dns_loop_t *l);
static uint64_t ngx_dns_loop_write(ngx_dns_loop_t *l);
static void ngx_dns_loop_outcome(ngx_dns_attempt_t *a, ngx_dns_event_e event,
    u_char *msg, size_t len);
static void ngx_dns_loop_end(ngx_dns_loop_t *l, ngx_uint_t useful);
static void ngx_dns_loop_begin(ngx_dns_loop_t *l);
static void ngx_dns_loop_wait(ngx_dns_loop_t *l);
static ngx_inline ngx_uint_t ngx_dns_loop_out(ngx_dns_peer_t *peer);


/* of this worker */

static ngx_dns_loop_t   *ngx_dns_loop_list;
static ngx_dns_lease_t  *ngx_dns_loop_lease;
static uint32_t          ngx_dns_loop_generation;


void
ngx_dns_loop_add(ngx_dns_loop_conf_t *conf, ngx_dns_zone_t *zone)
{
    ngx_uint_t  i;

    for (i = 0; i < conf->n; i++) {
        if (conf->zone[i]->name.len == zone->name.len
            && ngx_memcmp(conf->zone[i]->name.data, zone->name.data,
                          zone->name.len)
               == 0)
        {
            return;
        }
    }

    if (conf->n < NGX_DNS_LOOP_ZONES
        && zone->name.len + NGX_DNS_LOOP_LABEL + 1 <= NGX_DNS_MAX_NAME)
    {
        conf->zone[conf->n++] = zone;
    }
}


ngx_int_t
ngx_dns_loop_init(ngx_cycle_t *cycle, ngx_dns_loop_conf_t *conf)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = conf->upstream->peers.elts;

    for (i = 0; conf->n && i < conf->upstream->peers.nelts; i++) {
        if (ngx_dns_loop_peer(cycle, &peer[i], conf) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_loop_peer(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_loop_conf_t *conf)
{
    ngx_dns_loop_t  *l;

    l = ngx_pcalloc(cycle->pool, sizeof(ngx_dns_loop_t));
    if (l == NULL) {
        return NGX_ERROR;
    }

    /* the name is in lower case as it stands in the query */

    l->attempt.peer = peer;
    l->attempt.handler = ngx_dns_loop_outcome;
    l->attempt.data = l;
    l->attempt.question = l->query + NGX_DNS_HEADER_SIZE;

    l->event.handler = ngx_dns_loop_handler;
    l->event.data = l;
    l->event.log = cycle->log;
    l->event.cancelable = 1;

    l->peer = peer;
    l->conf = conf;
    l->log = cycle->log;
    l->next = ngx_dns_loop_list;

    ngx_dns_loop_list = l;

    return NGX_OK;
}


void
ngx_dns_loop_start(ngx_dns_lease_t *lease, uint32_t generation)
{
    ngx_dns_loop_t  *l;

    ngx_dns_loop_lease = lease;
    ngx_dns_loop_generation = generation;

    for (l = ngx_dns_loop_list; l; l = l->next) {
        ngx_dns_loop_begin(l);

        /* a handshake is dear: only where queries fail */

        if (l->peer->tls) {
            l->left = 0;
            l->rested = ngx_current_msec - NGX_DNS_LOOP_REST;
        }

        ngx_add_timer(&l->event, NGX_DNS_LOOP_FIRST
                                 + ngx_dns_random_below(NGX_DNS_LOOP_FIRST));
    }
}


void
ngx_dns_loop_stop(void)
{
    ngx_dns_loop_t  *l;

    for (l = ngx_dns_loop_list; l; l = l->next) {
        ngx_dns_loop_cancel(l);

        if (l->event.timer_set) {
            ngx_del_timer(&l->event);
        }
    }
}


void
ngx_dns_loop_leave(ngx_dns_peer_t *peer)
{
    ngx_dns_loop_t  *l;

    for (l = ngx_dns_loop_list; l; l = l->next) {

        if (l->peer != peer) {
            continue;
        }

        ngx_dns_loop_cancel(l);

        if (l->event.timer_set) {
            ngx_dns_loop_begin(l);
            ngx_dns_loop_wait(l);
        }
    }
}


static void
ngx_dns_loop_cancel(ngx_dns_loop_t *l)
{
    if (l->waiting) {
        l->peer->transport->cancel(&l->attempt);
        l->waiting = 0;
    }
}


void
ngx_dns_loop_done(void)
{
    ngx_dns_loop_stop();

    ngx_dns_loop_list = NULL;
}


static void
ngx_dns_loop_handler(ngx_event_t *ev)
{
    ngx_dns_loop_t  *l;

    l = ev->data;

    if (l->waiting) {
        l->peer->transport->cancel(&l->attempt);
        ngx_dns_loop_end(l, 0);
        return;
    }

    if (ngx_exiting
        || !ngx_dns_lease_held(ngx_dns_loop_lease, ngx_dns_loop_generation))
    {
        return;
    }

    if (ngx_dns_loop_due(l)) {
        ngx_dns_loop_send(l);
        return;
    }

    ngx_dns_loop_wait(l);
}


/* is there something to ask now? */

static ngx_uint_t
ngx_dns_loop_due(ngx_dns_loop_t *l)
{
    if (ngx_dns_peer_down(l->peer)) {
        return 0;
    }

    if (l->left || ngx_dns_loop_out(l->peer)) {
        return 1;
    }

    /* a server that fails may have begun to lead back */

    if (ngx_dns_load(&l->peer->shm->fails)
        && ngx_current_msec - l->rested >= NGX_DNS_LOOP_REST)
    {
        ngx_dns_loop_begin(l);
        return 1;
    }

    return 0;
}


static void
ngx_dns_loop_send(ngx_dns_loop_t *l)
{
    uint64_t             key;
    ngx_dns_peer_shm_t  *shm;

    shm = l->peer->shm;

    /* one that is out is asked for what has come back */

    if (!ngx_dns_loop_out(l->peer)) {
        l->asked = l->zone;
    }

    key = ngx_dns_loop_write(l);

    ngx_dns_store(&shm->loops, 0);
    ngx_dns_store(&shm->loop, key);

    l->attempt.channel = NULL;
    l->attempt.question_len = l->len - NGX_DNS_HEADER_SIZE;

    if (l->peer->transport->send(&l->attempt, l->query, l->len) != NGX_OK) {
        ngx_dns_loop_end(l, 0);
        return;
    }

    l->waiting = 1;
    ngx_add_timer(&l->event, NGX_DNS_LOOP_ROUND / l->conf->n);
}


static uint64_t
ngx_dns_loop_write(ngx_dns_loop_t *l)
{
    u_char           *p;
    uint64_t          key;
    ngx_uint_t        shift;
    const ngx_str_t  *zone;

    do {
        key = ngx_dns_random64();
    } while (key == 0);

    zone = &l->conf->zone[l->asked]->name;
    p = l->query;

    ngx_memzero(p, NGX_DNS_HEADER_SIZE);
    ngx_dns_put16(p + NGX_DNS_OFF_FLAGS, NGX_DNS_RD);
    ngx_dns_put16(p + NGX_DNS_OFF_QDCOUNT, 1);

    p += NGX_DNS_HEADER_SIZE;

    *p++ = NGX_DNS_LOOP_LABEL;
    p = ngx_cpymem(p, "dnsloop-", 8);

    for (shift = 64; shift; /* void */ ) {
        shift -= 4;
        *p++ = (u_char) "0123456789abcdef"[key >> shift & 0xf];
    }

    if (zone->len == 1) {
        p = ngx_cpymem(p, NGX_DNS_LOOP_ROOT, sizeof(NGX_DNS_LOOP_ROOT) - 1);
    }

    p = ngx_cpymem(p, zone->data, zone->len);

    ngx_dns_put16(p, NGX_DNS_TYPE_TXT);
    ngx_dns_put16(p + 2, NGX_DNS_CLASS_IN);

    l->len = (size_t) (p + 4 - l->query);

    return key;
}


static void
ngx_dns_loop_outcome(ngx_dns_attempt_t *a, ngx_dns_event_e event, u_char *msg,
    size_t len)
{
    ngx_uint_t       rcode;
    ngx_dns_loop_t  *l;

    if (event == NGX_DNS_EVENT_SOFT) {
        return;
    }

    l = a->data;

    rcode = event == NGX_DNS_EVENT_ANSWER
            ? ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS) & NGX_DNS_RCODE
            : NGX_DNS_SERVFAIL;

    ngx_dns_loop_end(l, event == NGX_DNS_EVENT_WHOLE
                        || rcode == NGX_DNS_NOERROR
                        || rcode == NGX_DNS_NXDOMAIN);
}


/* "useful": somebody knows about the name */

static void
ngx_dns_loop_end(ngx_dns_loop_t *l, ngx_uint_t useful)
{
    l->waiting = 0;

    if (ngx_dns_loop_out(l->peer)) {

        if (ngx_dns_load(&l->peer->shm->loops)) {
            l->silent = 0;

        } else if (useful || ++l->silent == NGX_DNS_LOOP_SILENT) {
            ngx_dns_loop_begin(l);
            ngx_dns_peer_led(l->peer, ngx_current_msec, l->log);
        }

    } else {

        if (useful) {
            l->led |= 1u << l->asked;
        }

        ngx_dns_loop_next(l);
    }

    ngx_dns_loop_wait(l);
}


/* the next zone that is not known to lead elsewhere */

static void
ngx_dns_loop_next(ngx_dns_loop_t *l)
{
    while (l->left) {
        l->left--;
        l->zone = (l->zone + 1) % l->conf->n;

        if (l->left && (l->led & (1u << l->zone)) == 0) {
            return;
        }
    }

    l->rested = ngx_current_msec;
}


/* all zones, and once more those that nobody had an answer for */

static void
ngx_dns_loop_begin(ngx_dns_loop_t *l)
{
    l->led = 0;
    l->zone = 0;
    l->silent = 0;
    l->left = NGX_DNS_LOOP_ROUNDS * l->conf->n;
}


static void
ngx_dns_loop_wait(ngx_dns_loop_t *l)
{
    ngx_msec_t  wait;

    if (l->event.timer_set) {
        ngx_del_timer(&l->event);
    }

    if (ngx_exiting) {
        return;
    }

    wait = ngx_dns_loop_out(l->peer) ? NGX_DNS_LOOP_OUT
           : l->left ? NGX_DNS_LOOP_ROUND / l->conf->n
           : NGX_DNS_LOOP_LOOK;

    ngx_add_timer(&l->event, wait);
}


static ngx_inline ngx_uint_t
ngx_dns_loop_out(ngx_dns_peer_t *peer)
{
    return ngx_dns_load(&peer->shm->marks) & NGX_DNS_MARK_LOOP;
}


ngx_uint_t
ngx_dns_loop_came(const ngx_dns_request_t *r)
{
    u_char               c;
    uint64_t             key;
    ngx_uint_t           i;
    ngx_dns_peer_t      *peer;
    ngx_dns_upstream_t  *u;

    key = 0;

    for (i = 9; i < NGX_DNS_LOOP_LABEL + 1; i++) {
        c = r->question->name[i];
        key = key << 4 | ((c & 0xfu) + (c >> 6) * 9u);
    }

    u = ngx_dns_request_upstream(r);
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {

        if (key && ngx_dns_load(&peer[i].shm->loop) == key) {
            ngx_dns_store(&peer[i].shm->loops, 1);
            ngx_dns_peer_loops(&peer[i], r->conf->listener.log);

            return 1;
        }
    }

    return 0;
}

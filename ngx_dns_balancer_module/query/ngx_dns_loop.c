
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_loop.h"
#include "ngx_dns_probe.h"
#include "../base/ngx_dns_random.h"
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


typedef struct {
    ngx_dns_probe_t          probe;
    ngx_dns_loop_conf_t     *conf;
    uint32_t                 led;      /* a bit of each zone that is known to
                                          lead elsewhere */
    ngx_uint_t               zone;     /* the next to be asked for */
    ngx_uint_t               asked;    /* the one that was */
    ngx_uint_t               left;     /* queries, then there is rest */
    ngx_uint_t               silent;
    ngx_msec_t               rested;   /* since then */
    u_char                   query[NGX_DNS_MAX_QUERY];
    size_t                   len;
} ngx_dns_loop_t;


static ngx_int_t ngx_dns_loop_peer(ngx_cycle_t *cycle, ngx_dns_peer_t *peer,
    ngx_dns_loop_conf_t *conf);
static void ngx_dns_loop_start(ngx_dns_probe_t *p);
static void ngx_dns_loop_due(ngx_dns_probe_t *p);
static ngx_uint_t ngx_dns_loop_asks(ngx_dns_loop_t *l);
static void ngx_dns_loop_next(ngx_dns_loop_t *l);
static void ngx_dns_loop_send(ngx_dns_loop_t *l);
static uint64_t ngx_dns_loop_write(ngx_dns_loop_t *l);
static void ngx_dns_loop_timeout(ngx_dns_probe_t *p);
static void ngx_dns_loop_outcome(ngx_dns_probe_t *p, ngx_dns_event_e event,
    u_char *msg, size_t len);
static void ngx_dns_loop_end(ngx_dns_loop_t *l, ngx_uint_t useful);
static void ngx_dns_loop_left(ngx_dns_probe_t *p);
static void ngx_dns_loop_begin(ngx_dns_loop_t *l);
static void ngx_dns_loop_wait(ngx_dns_loop_t *l);
static ngx_inline ngx_uint_t ngx_dns_loop_out(ngx_dns_peer_t *peer);


static const ngx_dns_probe_kind_t  ngx_dns_loop_kind = {
    ngx_dns_loop_start,
    ngx_dns_loop_due,
    ngx_dns_loop_timeout,
    ngx_dns_loop_outcome,
    ngx_dns_loop_left
};


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

    l = (ngx_dns_loop_t *) ngx_dns_probe_add(cycle, sizeof(ngx_dns_loop_t),
                                             peer, &ngx_dns_loop_kind);
    if (l == NULL) {
        return NGX_ERROR;
    }

    l->conf = conf;

    /* the name is in lower case as it stands in the query */

    l->probe.attempt.question = l->query + NGX_DNS_HEADER_SIZE;

    return NGX_OK;
}


static void
ngx_dns_loop_start(ngx_dns_probe_t *p)
{
    ngx_dns_loop_t  *l;

    l = (ngx_dns_loop_t *) p;

    ngx_dns_loop_begin(l);

    /* a handshake is dear: only where queries fail */

    if (p->peer->tls) {
        l->left = 0;
        l->rested = ngx_current_msec - NGX_DNS_LOOP_REST;
    }

    ngx_dns_probe_wait(p, NGX_DNS_LOOP_FIRST
                          + ngx_dns_random_below(NGX_DNS_LOOP_FIRST));
}


static void
ngx_dns_loop_due(ngx_dns_probe_t *p)
{
    ngx_dns_loop_t  *l;

    l = (ngx_dns_loop_t *) p;

    if (ngx_dns_loop_asks(l)) {
        ngx_dns_loop_send(l);

    } else {
        ngx_dns_loop_wait(l);
    }
}


/* is there something to ask now? */

static ngx_uint_t
ngx_dns_loop_asks(ngx_dns_loop_t *l)
{
    if (ngx_dns_peer_down(l->probe.peer)) {
        return 0;
    }

    if (l->left || ngx_dns_loop_out(l->probe.peer)) {
        return 1;
    }

    /* a server that fails may have begun to lead back */

    if (ngx_dns_load(&l->probe.peer->shm->fails)
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

    shm = l->probe.peer->shm;

    /* one that is out is asked for what has come back */

    if (!ngx_dns_loop_out(l->probe.peer)) {
        l->asked = l->zone;
    }

    key = ngx_dns_loop_write(l);

    ngx_dns_store(&shm->loops, 0);
    ngx_dns_store(&shm->loop, key);

    l->probe.attempt.question_len = l->len - NGX_DNS_HEADER_SIZE;

    if (ngx_dns_probe_send(&l->probe, l->query, l->len,
                           NGX_DNS_LOOP_ROUND / l->conf->n)
        != NGX_OK)
    {
        ngx_dns_loop_end(l, 0);
    }
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
ngx_dns_loop_timeout(ngx_dns_probe_t *p)
{
    ngx_dns_loop_end((ngx_dns_loop_t *) p, 0);
}


static void
ngx_dns_loop_outcome(ngx_dns_probe_t *p, ngx_dns_event_e event, u_char *msg,
    size_t len)
{
    ngx_uint_t  rcode;

    rcode = event == NGX_DNS_EVENT_RESPONSE
            ? ngx_dns_get16(msg + NGX_DNS_OFF_FLAGS) & NGX_DNS_RCODE
            : NGX_DNS_SERVFAIL;

    ngx_dns_loop_end((ngx_dns_loop_t *) p, event == NGX_DNS_EVENT_WHOLE
                                           || rcode == NGX_DNS_NOERROR
                                           || rcode == NGX_DNS_NXDOMAIN);
}


/* "useful": somebody knows about the name */

static void
ngx_dns_loop_end(ngx_dns_loop_t *l, ngx_uint_t useful)
{
    /* another process asks by now, and has the word on servers */

    if (!ngx_dns_probe_held()) {
        return;
    }

    if (ngx_dns_loop_out(l->probe.peer)) {

        if (ngx_dns_load(&l->probe.peer->shm->loops)) {
            l->silent = 0;

        } else if (useful || ++l->silent == NGX_DNS_LOOP_SILENT) {
            ngx_dns_loop_begin(l);
            ngx_dns_peer_led(l->probe.peer, ngx_current_msec, l->probe.log);
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


static void
ngx_dns_loop_left(ngx_dns_probe_t *p)
{
    ngx_dns_loop_begin((ngx_dns_loop_t *) p);
    ngx_dns_loop_wait((ngx_dns_loop_t *) p);
}


/* all zones, and once more those that nobody had a response for */

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

    wait = ngx_dns_loop_out(l->probe.peer) ? NGX_DNS_LOOP_OUT
           : l->left ? NGX_DNS_LOOP_ROUND / l->conf->n
           : NGX_DNS_LOOP_LOOK;

    ngx_dns_probe_wait(&l->probe, wait);
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


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_reserve.h"
#include "../store/ngx_dns_metrics.h"


/* of all descriptors, at most */

#define NGX_DNS_RESERVE_SHARE  4


typedef struct {
    ngx_cycle_t       *cycle;
    ngx_connection_t  *free;             /* linked as nginx links its own */
    ngx_uint_t         n;                /* of these */
    ngx_uint_t         used;
    ngx_uint_t         limit;

    ngx_uint_t         apart;            /* for the first ones of servers */
    ngx_uint_t         firsts;           /* of these in use */
    u_char            *first;            /* by the number of a connection */

    ngx_socket_t      *fds;              /* NULL: there are enough for all */
    ngx_uint_t         nfds;

    ngx_uint_t         before;           /* nginx's count, while it is wrong */
    ngx_uint_t         begun;            /* that of a first one */
} ngx_dns_reserve_t;


static ngx_uint_t ngx_dns_reserve_descriptors(ngx_cycle_t *cycle,
    ngx_uint_t n);
static void ngx_dns_reserve_take(void);
static void ngx_dns_reserve_take_fd(void);
static void ngx_dns_reserve_back(void);


/* of this worker */

static ngx_dns_reserve_t  ngx_dns_reserve;


void
ngx_dns_reserve_init(ngx_cycle_t *cycle, ngx_uint_t wish, ngx_uint_t servers)
{
    ngx_uint_t          n;
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    ngx_memzero(r, sizeof(ngx_dns_reserve_t));

    r->cycle = cycle;

    n = ngx_min(wish, cycle->connection_n / 2);
    n = ngx_dns_reserve_descriptors(cycle, n);

    r->limit = n;

    while (r->n < n && cycle->free_connection_n) {
        ngx_dns_reserve_take();
    }

    /* what nginx itself has in use may have left less */

    r->limit = r->n;

    r->first = ngx_pcalloc(cycle->pool, cycle->connection_n);

    if (r->first && r->limit) {
        r->apart = ngx_min(servers, r->limit - 1);
    }

    ngx_dns_gauge_limit(NGX_DNS_GAUGE_UPSTREAM, r->limit);
}


/*
 * Are there less descriptors than connections?  Then the reserve holds its
 * own, a quarter of all at most.
 */

static ngx_uint_t
ngx_dns_reserve_descriptors(ngx_cycle_t *cycle, ngx_uint_t n)
{
    struct rlimit       limit;
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1
        || limit.rlim_cur >= cycle->connection_n + NGX_DNS_RESERVE_FILES)
    {
        return n;
    }

    n = ngx_min(n, limit.rlim_cur / NGX_DNS_RESERVE_SHARE);

    r->fds = ngx_palloc(cycle->pool, ngx_max(n, 1) * sizeof(ngx_socket_t));
    if (r->fds == NULL) {
        return n;
    }

    r->limit = n;

    while (r->nfds < n) {
        ngx_dns_reserve_take_fd();

        if (r->fds[r->nfds - 1] == -1) {
            break;
        }
    }

    return n;
}


void
ngx_dns_reserve_done(void)
{
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    while (r->nfds) {
        if (r->fds[--r->nfds] != -1) {
            (void) close(r->fds[r->nfds]);
        }
    }

    r->limit = 0;
}


ngx_uint_t
ngx_dns_reserve_limit(void)
{
    return ngx_dns_reserve.limit;
}


/* the first of nginx's list */

static void
ngx_dns_reserve_take(void)
{
    ngx_connection_t   *c;
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;
    c = r->cycle->free_connections;

    r->cycle->free_connections = c->data;
    r->cycle->free_connection_n--;

    c->data = r->free;
    r->free = c;
    r->n++;
}


static void
ngx_dns_reserve_take_fd(void)
{
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    r->fds[r->nfds++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
}


ngx_int_t
ngx_dns_reserve_begin(ngx_uint_t first)
{
    ngx_uint_t          apart;
    ngx_connection_t   *c;
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    apart = (first || r->firsts >= r->apart) ? 0 : r->apart - r->firsts;

    if (r->n <= apart) {
        return NGX_BUSY;
    }

    r->begun = first;

    c = r->free;
    r->free = c->data;
    r->n--;
    r->used++;

    c->data = r->cycle->free_connections;
    r->cycle->free_connections = c;

    /* with so many free ones nginx does not look for others to close */

    r->before = r->cycle->free_connection_n;
    r->cycle->free_connection_n = r->cycle->connection_n;

    if (r->nfds && r->fds[--r->nfds] != -1) {
        (void) close(r->fds[r->nfds]);
    }

    ngx_dns_gauge_used(NGX_DNS_GAUGE_UPSTREAM, r->used);

    return NGX_OK;
}


void
ngx_dns_reserve_end(ngx_connection_t *c)
{
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    if (c) {
        r->cycle->free_connection_n = r->before;

        if (r->begun && r->first) {
            r->first[c - r->cycle->connections] = 1;
            r->firsts++;
        }

        return;
    }

    r->cycle->free_connection_n = r->before + 1;

    ngx_dns_reserve_back();
}


void
ngx_dns_reserve_close(ngx_connection_t *c)
{
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    if (r->first && r->first[c - r->cycle->connections]) {
        r->first[c - r->cycle->connections] = 0;
        r->firsts--;
    }

    ngx_close_connection(c);
    ngx_dns_reserve_back();
}


/* the first of nginx's list is of the reserve again */

static void
ngx_dns_reserve_back(void)
{
    ngx_dns_reserve_t  *r;

    r = &ngx_dns_reserve;

    r->used--;
    ngx_dns_gauge_used(NGX_DNS_GAUGE_UPSTREAM, r->used);

    if (r->n + r->used < r->limit) {
        ngx_dns_reserve_take();

        if (r->fds && r->nfds < r->limit) {
            ngx_dns_reserve_take_fd();
        }
    }
}

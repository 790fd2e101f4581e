
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "nginx.h"
#include "base/ngx_dns_clock.h"

#include <arpa/inet.h>
#include <stdio.h>


ngx_pool_t                  unit_pool;
ngx_cycle_t                 unit_cycle = { .pool = &unit_pool,
                                           .log = &unit_log };
ngx_log_t                   unit_log = { .log_level = NGX_LOG_INFO };
ngx_uint_t                  unit_no_pool;
ngx_uint_t                  unit_no_memory;
ngx_uint_t                  unit_logged;
const char                 *unit_last_log;

volatile ngx_msec_t         ngx_current_msec = 1000000;
volatile ngx_cycle_t       *ngx_cycle = &unit_cycle;
ngx_rbtree_t                ngx_event_timer_rbtree;
static ngx_time_t           unit_time = { .sec = 1000000000 };
volatile ngx_time_t        *ngx_cached_time = &unit_time;
ngx_uint_t                  ngx_exiting;
ngx_pid_t                   ngx_pid;

static ngx_rbtree_node_t   *unit_timer[UNIT_TIMERS];
static ngx_uint_t           unit_ntimers;

static void               **tracked;
static size_t               tracked_n;
static ngx_uint_t           tracking;


void
unit_track(void)
{
    while (tracked_n) {
        free(tracked[--tracked_n]);
    }

    tracking = 1;
}


static void *
track(void *p)
{
    static size_t  max;

    if (tracking) {

        if (tracked_n == max) {
            max = max ? 2 * max : 1024;
            tracked = realloc(tracked, max * sizeof(void *));
        }

        tracked[tracked_n++] = p;
    }

    return p;
}


static void **
tracked_find(const void *p)
{
    size_t  i;

    for (i = tracked_n; i--; /* void */ ) {
        if (tracked[i] == p) {
            return &tracked[i];
        }
    }

    return NULL;
}


static ngx_uint_t
no_memory(void)
{
    return unit_no_memory && --unit_no_memory == 0;
}


void *
ngx_palloc(ngx_pool_t *pool, size_t size)
{
    return no_memory() ? NULL : track(malloc(size));
}


void *
ngx_pnalloc(ngx_pool_t *pool, size_t size)
{
    return track(malloc(size));
}


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    return no_memory() ? NULL : track(calloc(1, size));
}


ngx_int_t
ngx_pfree(ngx_pool_t *pool, void *p)
{
    void  **slot;

    slot = tracked_find(p);

    if (slot) {
        *slot = NULL;
    }

    free(p);

    return NGX_OK;
}


void *
ngx_array_push(ngx_array_t *a)
{
    void  **slot;

    if (a->nelts == a->nalloc) {
        a->nalloc *= 2;
        slot = tracked_find(a->elts);
        a->elts = realloc(a->elts, a->nalloc * a->size);

        if (slot) {
            *slot = a->elts;
        }
    }

    return (u_char *) a->elts + a->size * a->nelts++;
}


#if (NGX_HAVE_VARIADIC_MACROS)

void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    unit_logged++;
    unit_last_log = fmt;
}

#endif


/* as much of nginx's formats as is used: %s, %V, %d, %uD, %uL, %M, %Z */

u_char *
ngx_vslprintf(u_char *buf, u_char *last, const char *fmt, va_list args)
{
    int         width;
    char        word[256];
    ngx_str_t  *v;

    for ( /* void */ ; *fmt && buf < last; fmt++) {

        if (*fmt != '%') {
            *buf++ = (u_char) *fmt;
            continue;
        }

        fmt++;
        width = 0;

        if (*fmt == 'Z') {
            *buf++ = '\0';
            continue;
        }

        if (*fmt == '0') {
            width = *++fmt - '0';
            fmt++;
        }

        if (*fmt == 's') {
            snprintf(word, sizeof(word), "%s", va_arg(args, char *));

        } else if (*fmt == 'V') {
            v = va_arg(args, ngx_str_t *);
            snprintf(word, sizeof(word), "%.*s", (int) v->len,
                     (char *) v->data);

        } else if (*fmt == 'd') {
            snprintf(word, sizeof(word), "%d", va_arg(args, int));

        } else if (fmt[0] == 'u' && fmt[1] == 'L') {
            fmt++;
            snprintf(word, sizeof(word), "%0*lu", width,
                     (unsigned long) va_arg(args, uint64_t));

        } else if (*fmt == 'u' && *++fmt == 'D') {
            snprintf(word, sizeof(word), "%u", va_arg(args, uint32_t));

        } else if (*fmt == 'M') {
            snprintf(word, sizeof(word), "%lu",
                     (unsigned long) va_arg(args, ngx_msec_t));

        } else {
            abort();
        }

        buf = ngx_cpymem(buf, word,
                         ngx_min(strlen(word), (size_t) (last - buf)));
    }

    return buf;
}


u_char *
ngx_sprintf(u_char *buf, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    buf = ngx_vslprintf(buf, buf + 65536, fmt, args);
    va_end(args);

    return buf;
}


u_char *
ngx_snprintf(u_char *buf, size_t max, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    buf = ngx_vslprintf(buf, buf + max, fmt, args);
    va_end(args);

    return buf;
}


u_char *
ngx_slprintf(u_char *buf, u_char *last, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    buf = ngx_vslprintf(buf, last, fmt, args);
    va_end(args);

    return buf;
}


void
ngx_rbtree_insert(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    if (unit_ntimers == UNIT_TIMERS) {
        abort();
    }

    unit_timer[unit_ntimers++] = node;
}


void
ngx_rbtree_delete(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    ngx_uint_t  i;

    for (i = 0; i < unit_ntimers; i++) {
        if (unit_timer[i] == node) {
            unit_timer[i] = unit_timer[--unit_ntimers];
            return;
        }
    }

    abort();
}


ngx_uint_t
unit_timers(void)
{
    return unit_ntimers;
}


void
unit_process_save(unit_process_t *p)
{
    p->now = ngx_current_msec;
    p->n = unit_ntimers;
    memcpy(p->timer, unit_timer, unit_ntimers * sizeof(ngx_rbtree_node_t *));
}


void
unit_process_load(const unit_process_t *p)
{
    ngx_current_msec = p->now;
    unit_ntimers = p->n;
    memcpy(unit_timer, p->timer, unit_ntimers * sizeof(ngx_rbtree_node_t *));
}


void
unit_pass(ngx_msec_t msec)
{
    ngx_uint_t    i, first;
    ngx_msec_t    end;
    ngx_event_t  *ev;

    end = ngx_current_msec + msec;

    for ( ;; ) {
        first = 0;

        for (i = 1; i < unit_ntimers; i++) {
            if (unit_timer[i]->key < unit_timer[first]->key) {
                first = i;
            }
        }

        if (unit_ntimers == 0 || unit_timer[first]->key > end) {
            break;
        }

        if (unit_timer[first]->key > ngx_current_msec) {
            ngx_current_msec = unit_timer[first]->key;
        }

        ev = ngx_rbtree_data(unit_timer[first], ngx_event_t, timer);

        ngx_rbtree_delete(&ngx_event_timer_rbtree, unit_timer[first]);

        ev->timer_set = 0;
        ev->timedout = 1;
        ev->handler(ev);
    }

    ngx_current_msec = end;
}


/* pools give memory back when they go, and here they never do */

const char *__asan_default_options(void);


const char *
__asan_default_options(void)
{
    return "detect_leaks=0";
}


void *
ngx_alloc(size_t size, ngx_log_t *log)
{
    return no_memory() ? NULL : malloc(size);
}


in_port_t
ngx_inet_get_port(struct sockaddr *sa)
{
    return ntohs(((struct sockaddr_in *) sa)->sin_port);
}


size_t
ngx_sock_ntop(struct sockaddr *sa, socklen_t socklen, u_char *text, size_t len,
    ngx_uint_t port)
{
    char                 addr[INET_ADDRSTRLEN];
    struct sockaddr_in  *sin;

    if (sa->sa_family != AF_INET) {
        return (size_t) snprintf((char *) text, len, "::");
    }

    sin = (struct sockaddr_in *) (void *) sa;
    inet_ntop(AF_INET, &sin->sin_addr, addr, sizeof(addr));

    return (size_t) snprintf((char *) text, len, "%s:%d", addr,
                             ntohs(sin->sin_port));
}


ngx_int_t
ngx_cmp_sockaddr(struct sockaddr *a, socklen_t alen, struct sockaddr *b,
    socklen_t blen, ngx_uint_t port)
{
    struct sockaddr_in  *one, *other;

    (void) alen;
    (void) blen;

    one = (struct sockaddr_in *) (void *) a;
    other = (struct sockaddr_in *) (void *) b;

    /* IPv4 alone */

    return one->sin_family == other->sin_family
           && one->sin_addr.s_addr == other->sin_addr.s_addr
           && (!port || one->sin_port == other->sin_port)
           ? NGX_OK : NGX_DECLINED;
}


ngx_pool_t *
ngx_create_pool(size_t size, ngx_log_t *log)
{
    return unit_no_pool ? NULL : &unit_pool;
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
}


void *
ngx_calloc(size_t size, ngx_log_t *log)
{
    return no_memory() ? NULL : calloc(1, size);
}


ngx_buf_t *
ngx_create_temp_buf(ngx_pool_t *pool, size_t size)
{
    ngx_buf_t  *b;

    if (unit_no_pool) {
        return NULL;
    }

    b = calloc(1, sizeof(ngx_buf_t));

    b->start = malloc(size);
    b->pos = b->start;
    b->last = b->start;
    b->end = b->start + size;

    return b;
}


ngx_chain_t *
ngx_alloc_chain_link(ngx_pool_t *pool)
{
    return calloc(1, sizeof(ngx_chain_t));
}


/* returns how many octets more than "size" it takes if "dst" is NULL */

uintptr_t
ngx_escape_json(u_char *dst, u_char *src, size_t size)
{
    char    word[8];
    size_t  i, n, len;

    len = 0;

    for (i = 0; i < size; i++) {

        if (src[i] == '"' || src[i] == '\\') {
            n = (size_t) snprintf(word, sizeof(word), "\\%c", src[i]);

        } else if (src[i] == '\n') {
            n = (size_t) snprintf(word, sizeof(word), "\\n");

        } else if (src[i] < 0x20) {
            n = (size_t) snprintf(word, sizeof(word), "\\u%04x", src[i]);

        } else {
            n = (size_t) snprintf(word, sizeof(word), "%c", src[i]);
        }

        len += n;

        if (dst) {
            dst = ngx_cpymem(dst, word, n);
        }
    }

    return dst ? (uintptr_t) dst : (uintptr_t) (len - size);
}

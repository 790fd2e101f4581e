
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "../query/ngx_dns_hot.h"


/*
 * The master makes the first table of a list of files.  Then one worker looks
 * at the files each two seconds, and reads them when two looks in a row have
 * seen the same change: so one counts within five seconds, and one that is
 * still being written does not.
 */

#define NGX_STREAM_DNS_HOSTS_CHECK  2000       /* milliseconds */
#define NGX_STREAM_DNS_HOSTS_SLICE  1          /* between slices of work */
#define NGX_STREAM_DNS_HOSTS_FREE   4194304    /* octets in a slice */
#define NGX_STREAM_DNS_HOSTS_BAD    10         /* bad lines logged of a file */
#define NGX_STREAM_DNS_HOSTS_TEXT   64         /* octets of each */


/* they are logged when it is known that the file is a hosts file */

struct ngx_stream_dns_hosts_bad_s {
    ngx_uint_t    line;
    const char   *why;
    size_t        len;
    u_char        text[4 * NGX_STREAM_DNS_HOSTS_TEXT + 3];
};


static ngx_int_t ngx_stream_dns_hosts_open(ngx_stream_dns_hosts_t *h,
    ngx_log_t *log);
static void ngx_stream_dns_hosts_close(ngx_stream_dns_hosts_t *h);
static ngx_int_t ngx_stream_dns_hosts_work(ngx_stream_dns_hosts_t *h);
static ngx_int_t ngx_stream_dns_hosts_publish(ngx_stream_dns_hosts_t *h,
    uint64_t sign);
static void ngx_stream_dns_hosts_failed(ngx_stream_dns_hosts_t *h,
    ngx_uint_t level);
static void ngx_stream_dns_hosts_handler(ngx_event_t *ev);
static void ngx_stream_dns_hosts_free(ngx_stream_dns_hosts_t *h);
static ngx_int_t ngx_stream_dns_hosts_step(ngx_stream_dns_hosts_t *h);
static ngx_uint_t ngx_stream_dns_hosts_changed(ngx_stream_dns_hosts_t *h);
static void ngx_stream_dns_hosts_bad(ngx_dns_hosts_build_t *b,
    ngx_uint_t line, const char *why, const u_char *p, size_t len);
static u_char *ngx_stream_dns_hosts_text(u_char *p, const u_char *src,
    size_t len);
static void ngx_stream_dns_hosts_bad_log(ngx_stream_dns_hosts_t *h);


ngx_int_t
ngx_stream_dns_hosts_need(ngx_stream_dns_hosts_t *h, ngx_log_t *log,
    size_t *need)
{
    ngx_int_t  rc;

    if (ngx_stream_dns_hosts_open(h, log) != NGX_OK) {
        return NGX_ERROR;
    }

    do {
        rc = ngx_dns_hosts_build(h->build);
    } while (rc == NGX_AGAIN);

    if (rc == NGX_ERROR) {
        ngx_stream_dns_hosts_failed(h, NGX_LOG_EMERG);
    }

    *need = h->build->need;

    ngx_stream_dns_hosts_close(h);

    return rc;
}


ngx_int_t
ngx_stream_dns_hosts_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    void                    *mem;
    size_t                   size;
    ngx_int_t                rc;
    ngx_slab_pool_t         *shpool;
    ngx_stream_dns_hosts_t  *h;

    h = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    /* pages of new shared memory are zero, and are not there until used */

    size = ngx_dns_hosts_size(h->size);
    mem = ngx_slab_alloc(shpool, size);

    if (mem == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(mem, sizeof(ngx_dns_hosts_shm_t));

    if (ngx_dns_hosts_init(&h->hosts, mem, h->size) != NGX_OK
        || ngx_stream_dns_hosts_open(h, shm_zone->shm.log) != NGX_OK)
    {
        return NGX_ERROR;
    }

    do {
        rc = ngx_stream_dns_hosts_work(h);
    } while (rc == NGX_AGAIN);

    if (rc == NGX_OK) {
        rc = ngx_stream_dns_hosts_publish(h, h->sign);

    } else {
        ngx_stream_dns_hosts_failed(h, NGX_LOG_EMERG);
    }

    ngx_stream_dns_hosts_close(h);

    return rc;
}


static ngx_int_t
ngx_stream_dns_hosts_open(ngx_stream_dns_hosts_t *h, ngx_log_t *log)
{
    time_t                  newest;
    ngx_uint_t              file;
    ngx_dns_hosts_build_t  *b;

    b = ngx_alloc(sizeof(ngx_dns_hosts_build_t), log);
    if (b == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(b, sizeof(ngx_dns_hosts_build_t));

    if (h->lines == NULL) {
        h->lines = ngx_alloc(NGX_STREAM_DNS_HOSTS_BAD
                             * sizeof(ngx_stream_dns_hosts_bad_t), log);
        if (h->lines == NULL) {
            ngx_free(b);
            return NGX_ERROR;
        }
    }

    b->files = h->files->elts;
    b->nfiles = h->files->nelts;
    b->text = h->text;
    b->blocks = h->blocks;
    b->no_reverse = h->no_reverse;
    b->strict = ngx_process == NGX_PROCESS_WORKER;
    b->bad = ngx_stream_dns_hosts_bad;
    b->data = h;

    ngx_dns_hosts_build_start(b);

    h->build = b;
    h->log = log;
    h->bad = 0;
    h->bad_file = 0;

    (void) ngx_dns_hosts_sign(b->files, b->nfiles, &h->sign, &newest, &file);

    /*
     * What was written just now may be written to once more within the
     * resolution of file times: workers have to look again
     */

    if (newest + 2 > ngx_time()) {
        h->sign = 0;
    }

    return NGX_OK;
}


static void
ngx_stream_dns_hosts_close(ngx_stream_dns_hosts_t *h)
{
    if (h->build == NULL) {
        return;
    }

    if (h->build->table) {
        ngx_dns_hosts_drop(&h->hosts);
    }

    ngx_dns_hosts_build_end(h->build);
    ngx_free(h->build);
    h->build = NULL;

    ngx_free(h->lines);
    h->lines = NULL;
}


/* a slice; NGX_OK: the idle table is ready */

static ngx_int_t
ngx_stream_dns_hosts_work(ngx_stream_dns_hosts_t *h)
{
    ngx_int_t               rc;
    ngx_dns_hosts_build_t  *b;

    b = h->build;

    rc = ngx_dns_hosts_build(b);

    if (rc == NGX_OK && b->phase == NGX_DNS_HOSTS_SCANNED) {
        b->table = ngx_dns_hosts_idle(&h->hosts);
        b->size = h->hosts.size;

        return b->table ? NGX_AGAIN : NGX_DECLINED;
    }

    return rc;
}


static ngx_int_t
ngx_stream_dns_hosts_publish(ngx_stream_dns_hosts_t *h, uint64_t sign)
{
    ngx_int_t  rc;

    ngx_stream_dns_hosts_bad_log(h);

    h->build->table->sign = sign;

    rc = ngx_dns_hosts_publish(&h->hosts);

    /* names may be answered by it now that were none of it before */

    if (rc == NGX_OK) {
        ngx_dns_hot_flush();
    }

    return rc;
}


static void
ngx_stream_dns_hosts_failed(ngx_stream_dns_hosts_t *h, ngx_uint_t level)
{
    ngx_str_t              *file;
    ngx_dns_hosts_build_t  *b;

    b = h->build;
    file = h->files->elts;

    if (b->foreign && level == NGX_LOG_EMERG) {
        ngx_log_error(level, h->log, 0,
                      "\"dns_hosts\": \"%V\" is not a hosts file: %s, in "
                      "%s:%ui", &file[b->file], b->foreign,
                      h->places[b->file].file, h->places[b->file].line);
        return;
    }

    if (b->foreign) {
        ngx_log_error(level, h->log, 0,
                      "dns_hosts: \"%V\" is not a hosts file: %s: the old "
                      "contents stay in use", &file[b->file], b->foreign);
        return;
    }

    ngx_stream_dns_hosts_bad_log(h);

    if (b->err) {
        ngx_log_error(level, h->log, b->err, "dns_hosts: %s \"%V\" failed",
                      b->failed, &file[b->file]);
        return;
    }

    ngx_log_error(level, h->log, 0,
                  "dns_hosts: no room for \"%V\"%s, it needs %uz octets of "
                  "%uz: the old contents stay in use, reload nginx for more",
                  file, h->files->nelts > 1 ? " and the files after it" : "",
                  b->need, h->hosts.size);
}


void
ngx_stream_dns_hosts_start(ngx_cycle_t *cycle,
    ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                i;
    ngx_stream_dns_hosts_t  **h;

    h = dmcf->hosts.elts;

    for (i = 0; i < dmcf->hosts.nelts; i++) {
        h[i]->log = cycle->log;
        h[i]->dmcf = dmcf;
        h[i]->event.handler = ngx_stream_dns_hosts_handler;
        h[i]->event.data = h[i];
        h[i]->event.log = cycle->log;
        h[i]->event.cancelable = 1;

        /* what a worker that died may have left half done */

        h[i]->release = 1;
        h[i]->released = 0;
        h[i]->seen = 0;

        ngx_add_timer(&h[i]->event, NGX_STREAM_DNS_HOSTS_SLICE);
    }
}


void
ngx_stream_dns_hosts_stop(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                i;
    ngx_stream_dns_hosts_t  **h;

    h = dmcf->hosts.elts;

    for (i = 0; i < dmcf->hosts.nelts; i++) {
        if (h[i]->event.timer_set) {
            ngx_del_timer(&h[i]->event);
        }

        ngx_stream_dns_hosts_close(h[i]);
    }
}


static void
ngx_stream_dns_hosts_handler(ngx_event_t *ev)
{
    ngx_msec_t               next;
    ngx_stream_dns_hosts_t  *h;

    h = ev->data;

    /* it was stopped, and another does it now */

    if (ngx_exiting || !ngx_stream_dns_once(h->dmcf)) {
        ngx_stream_dns_hosts_close(h);
        return;
    }

    next = NGX_STREAM_DNS_HOSTS_SLICE;

    if (h->release) {
        ngx_stream_dns_hosts_free(h);

    } else if (h->build) {
        if (ngx_stream_dns_hosts_step(h) != NGX_AGAIN) {
            ngx_stream_dns_hosts_close(h);

            /* one more look before: readers have left the old table */

            next = NGX_STREAM_DNS_HOSTS_CHECK;
            h->release = 1;
            h->released = 0;
        }

    } else if (!ngx_stream_dns_hosts_changed(h)
               || ngx_stream_dns_hosts_open(h, ev->log) != NGX_OK)
    {
        next = NGX_STREAM_DNS_HOSTS_CHECK;

    } else {
        h->sign = h->seen;
    }

    ngx_add_timer(ev, next);
}


static void
ngx_stream_dns_hosts_free(ngx_stream_dns_hosts_t *h)
{
    ngx_dns_hosts_release(&h->hosts, h->release - 1, h->released,
                          NGX_STREAM_DNS_HOSTS_FREE);

    h->released += NGX_STREAM_DNS_HOSTS_FREE;

    if (h->released < h->hosts.size) {
        return;
    }

    /* the next table, if there is one */

    h->released = 0;
    h->release++;

    if (h->release > NGX_DNS_HOSTS_TABLES) {
        h->release = 0;
    }
}


/* a slice of work in a worker, and its end */

static ngx_int_t
ngx_stream_dns_hosts_step(ngx_stream_dns_hosts_t *h)
{
    time_t       newest;
    uint64_t     sign;
    ngx_int_t    rc;
    ngx_uint_t   file;

    rc = ngx_stream_dns_hosts_work(h);

    if (rc == NGX_AGAIN || rc == NGX_DECLINED) {
        return rc;
    }

    if (rc == NGX_ERROR) {

        /* a file that can't be opened may be so later: said only once */

        if (h->refused != h->sign) {
            ngx_stream_dns_hosts_failed(h, NGX_LOG_ERR);
        }

        h->refused = h->sign;
        h->retry = h->build->err != 0;

        return NGX_ERROR;
    }

    rc = ngx_dns_hosts_sign(h->build->files, h->build->nfiles, &sign, &newest,
                            &file);

    /* files that were changed meanwhile are read when they have settled */

    if (rc != NGX_OK || sign != h->sign) {
        return NGX_DECLINED;
    }

    rc = ngx_stream_dns_hosts_publish(h, sign);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_log_error(NGX_LOG_NOTICE, h->log, 0,
                  "dns_hosts: %uD names from \"%V\"%s",
                  h->build->table->names, h->build->files,
                  h->files->nelts > 1 ? " and the files after it" : "");

    return NGX_OK;
}


/* have the files another state than the table, and for a while already? */

static ngx_uint_t
ngx_stream_dns_hosts_changed(ngx_stream_dns_hosts_t *h)
{
    time_t      newest;
    uint64_t    sign, seen;
    ngx_int_t   rc;
    ngx_str_t  *files;
    ngx_uint_t  file;

    files = h->files->elts;
    seen = h->seen;

    rc = ngx_dns_hosts_sign(files, h->files->nelts, &sign, &newest, &file);

    if (rc != NGX_OK) {

        if (!h->missing) {
            ngx_log_error(NGX_LOG_ERR, h->log, rc == NGX_ERROR ? ngx_errno : 0,
                          "dns_hosts: \"%V\" is %s: the old contents stay in "
                          "use", &files[file],
                          rc == NGX_ERROR ? "not a file that can be read"
                                          : "empty");
        }

        h->missing = 1;
        h->seen = 0;

        return 0;
    }

    h->missing = 0;
    h->seen = sign;

    return sign == seen && (sign != h->refused || h->retry)
           && sign != ngx_dns_hosts_current(&h->hosts)->sign;
}


static void
ngx_stream_dns_hosts_bad(ngx_dns_hosts_build_t *b, ngx_uint_t line,
    const char *why, const u_char *p, size_t len)
{
    u_char                      *last;
    ngx_stream_dns_hosts_t      *h;
    ngx_stream_dns_hosts_bad_t  *bad;

    h = b->data;

    if (h->bad_file != b->file) {
        ngx_stream_dns_hosts_bad_log(h);
        h->bad_file = b->file;
    }

    if (h->bad++ >= NGX_STREAM_DNS_HOSTS_BAD) {
        return;
    }

    bad = &h->lines[h->bad - 1];

    bad->line = line;
    bad->why = why;

    last = ngx_stream_dns_hosts_text(bad->text, p,
                                     ngx_min(len, NGX_STREAM_DNS_HOSTS_TEXT));
    bad->len = (size_t) (last - bad->text);
}


/* of a file that may be anything: what is not printable is escaped */

static u_char *
ngx_stream_dns_hosts_text(u_char *p, const u_char *src, size_t len)
{
    size_t  i;

    if (len == 0) {
        return p;
    }

    *p++ = ' ';
    *p++ = '"';

    for (i = 0; i < len; i++) {

        if (src[i] < ' ' || src[i] >= 0x7f) {
            p = ngx_sprintf(p, "\\x%02xd", (int) src[i]);

        } else {
            *p++ = src[i];
        }
    }

    *p++ = '"';

    return p;
}


static void
ngx_stream_dns_hosts_bad_log(ngx_stream_dns_hosts_t *h)
{
    ngx_str_t                   *file, text;
    ngx_uint_t                   i;
    ngx_stream_dns_hosts_bad_t  *bad;

    file = h->files->elts;
    file += h->bad_file;

    for (i = 0; i < ngx_min(h->bad, NGX_STREAM_DNS_HOSTS_BAD); i++) {
        bad = &h->lines[i];

        text.data = bad->text;
        text.len = bad->len;

        ngx_log_error(NGX_LOG_WARN, h->log, 0,
                      "dns_hosts: %s%V in %V:%ui, line skipped",
                      bad->why, &text, file, bad->line);
    }

    if (h->bad > NGX_STREAM_DNS_HOSTS_BAD) {
        ngx_log_error(NGX_LOG_WARN, h->log, 0,
                      "dns_hosts: %ui more bad lines in \"%V\"",
                      h->bad - NGX_STREAM_DNS_HOSTS_BAD, file);
    }

    h->bad = 0;
}

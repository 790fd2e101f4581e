
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_cache_file.h"
#include "../base/ngx_dns_clock.h"


static void ngx_stream_dns_cache_file_look(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c);
static ngx_uint_t ngx_stream_dns_cache_file_due(ngx_dns_cache_shm_t *c);
static void ngx_stream_dns_cache_file_slice(ngx_event_t *ev);
static void ngx_stream_dns_cache_file_timer(
    ngx_stream_dns_cache_file_t *file);
static ngx_int_t ngx_stream_dns_cache_file_begin(
    ngx_stream_dns_cache_file_t *file, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_cache_file_write(
    ngx_stream_dns_cache_file_t *file, ngx_uint_t words, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_cache_file_flush(
    ngx_stream_dns_cache_file_t *file);
static ngx_int_t ngx_stream_dns_cache_file_rename(
    ngx_stream_dns_cache_file_t *file);
static ngx_int_t ngx_stream_dns_cache_file_give(
    ngx_stream_dns_cache_file_t *file);
static ngx_int_t ngx_stream_dns_cache_file_failed(
    ngx_stream_dns_cache_file_t *file, const char *what, ngx_log_t *log);


void
ngx_stream_dns_cache_file_tick(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                     i;
    ngx_stream_dns_cache_file_t  **files;

    files = dmcf->cache_files.elts;

    /* this worker may have had no query for long */

    ngx_dns_clock_update();

    for (i = 0; i < dmcf->cache_files.nelts; i++) {
        if (files[i]->fd == NGX_INVALID_FILE) {
            ngx_stream_dns_cache_file_look(files[i],
                                           files[i]->shm_zone->data);
        }
    }
}


void
ngx_stream_dns_cache_file_stop(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                     i;
    ngx_stream_dns_cache_file_t  **files;

    files = dmcf->cache_files.elts;

    for (i = 0; i < dmcf->cache_files.nelts; i++) {
        ngx_stream_dns_cache_file_close(files[i]);
    }
}


/* is there something to read, or time to write? */

static void
ngx_stream_dns_cache_file_look(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c)
{
    if (ngx_stream_dns_cache_file_changed(file)
        && ngx_stream_dns_cache_file_open(file, c, ngx_cycle->log) == NGX_OK)
    {
        /* with another key names of subnets could not be found again */

        if (file->key.k0 == c->key.k0 && file->key.k1 == c->key.k1) {
            ngx_stream_dns_cache_file_timer(file);
            return;
        }

        ngx_stream_dns_cache_file_close(file);
    }

    /* one that is not there, as after a change of its path, is written now */

    if ((ngx_stream_dns_cache_file_due(c) || (file->uniq == 0 && !file->told))
        && ngx_stream_dns_cache_file_begin(file, ngx_cycle->log) == NGX_OK)
    {
        ngx_stream_dns_cache_file_timer(file);
    }
}


/*
 * What was purged must not come back: the file is written at once, and when the
 * purge is over for certain.
 */

static ngx_uint_t
ngx_stream_dns_cache_file_due(ngx_dns_cache_shm_t *c)
{
    uint64_t  written, purged;

    written = ngx_dns_load(&c->written);
    purged = ngx_dns_load(&c->purged);

    if (written == 0
        || ngx_dns_usec >= written + NGX_STREAM_DNS_CACHE_FILE_EVERY)
    {
        return 1;
    }

    if (purged == 0) {
        return 0;
    }

    return written < purged
           || (written < purged + NGX_STREAM_DNS_CACHE_FILE_PURGE
               && ngx_dns_usec >= purged + NGX_STREAM_DNS_CACHE_FILE_PURGE);
}


static void
ngx_stream_dns_cache_file_timer(ngx_stream_dns_cache_file_t *file)
{
    file->event.handler = ngx_stream_dns_cache_file_slice;
    file->event.data = file;
    file->event.log = ngx_cycle->log;
    file->event.cancelable = 1;

    ngx_add_timer(&file->event, NGX_STREAM_DNS_CACHE_FILE_SLICE);
}


static void
ngx_stream_dns_cache_file_slice(ngx_event_t *ev)
{
    ngx_int_t                     rc;
    ngx_stream_dns_cache_file_t  *file;

    file = ev->data;

    rc = file->reading
         ? ngx_stream_dns_cache_file_read(file,
                                          NGX_STREAM_DNS_CACHE_FILE_RECORDS,
                                          ev->log)
         : ngx_stream_dns_cache_file_write(file,
                                           NGX_STREAM_DNS_CACHE_FILE_WORDS,
                                           ev->log);

    if (rc == NGX_AGAIN) {
        ngx_add_timer(ev, NGX_STREAM_DNS_CACHE_FILE_SLICE);
    }
}


static ngx_int_t
ngx_stream_dns_cache_file_begin(ngx_stream_dns_cache_file_t *file,
    ngx_log_t *log)
{
    ngx_dns_cache_shm_t  *c;

    c = file->shm_zone->data;

    ngx_dns_clock_update();

    /* also if it fails: it is tried again as late */

    ngx_dns_store(&c->written, ngx_dns_usec);

    /* of a process that was killed, or of one that began earlier */

    (void) ngx_delete_file(file->temp.data);

    file->fd = open((char *) file->temp.data,
                    O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC,
                    S_IRUSR|S_IWUSR);

    if (file->fd == NGX_INVALID_FILE) {
        return ngx_stream_dns_cache_file_failed(file, ngx_open_file_n, log);
    }

    file->buffer = ngx_alloc(NGX_STREAM_DNS_CACHE_FILE_BUFFER, log);
    if (file->buffer == NULL) {
        return ngx_stream_dns_cache_file_failed(file, "malloc()", log);
    }

    file->reading = 0;
    file->pos = file->buffer;
    file->last = ngx_dns_cache_image_begin(&file->image, c, file->buffer,
                                           ngx_time(), ngx_dns_sec);
    return NGX_OK;
}


/* NGX_AGAIN: there is more; NGX_OK: the file is there; NGX_ERROR */

static ngx_int_t
ngx_stream_dns_cache_file_write(ngx_stream_dns_cache_file_t *file,
    ngx_uint_t words, ngx_log_t *log)
{
    ngx_int_t  rc;

    rc = ngx_dns_cache_image_write(&file->image, &file->last,
                                   file->buffer
                                   + NGX_STREAM_DNS_CACHE_FILE_BUFFER, words);

    if (rc == NGX_OK) {

        if (NGX_STREAM_DNS_CACHE_FILE_BUFFER - (file->last - file->buffer)
            < NGX_DNS_CACHE_IMAGE_RECORD
            && ngx_stream_dns_cache_file_flush(file) != NGX_OK)
        {
            return ngx_stream_dns_cache_file_failed(file, ngx_write_fd_n, log);
        }

        file->last = ngx_dns_cache_image_end(&file->image, file->last);
    }

    if (ngx_stream_dns_cache_file_flush(file) != NGX_OK) {
        return ngx_stream_dns_cache_file_failed(file, ngx_write_fd_n, log);
    }

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    rc = ngx_stream_dns_cache_file_rename(file);

    if (rc == NGX_ERROR) {
        return ngx_stream_dns_cache_file_failed(file, ngx_rename_file_n, log);
    }

    if (file->told && rc == NGX_OK) {
        file->told = 0;
        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dns_cache_zone \"%V\" is written to \"%V\" again",
                      &file->zone, &file->path);
    }

    ngx_stream_dns_cache_file_close(file);

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_cache_file_flush(ngx_stream_dns_cache_file_t *file)
{
    ssize_t  n;

    while (file->pos < file->last) {
        n = ngx_write_fd(file->fd, file->pos,
                         (size_t) (file->last - file->pos));

        if (n == -1 && ngx_errno == NGX_EINTR) {
            continue;
        }

        if (n <= 0) {
            return NGX_ERROR;
        }

        file->pos += n;
    }

    file->pos = file->buffer;
    file->last = file->buffer;

    return NGX_OK;
}


/* NGX_DECLINED: another process has begun a newer one, which is to stay */

static ngx_int_t
ngx_stream_dns_cache_file_rename(ngx_stream_dns_cache_file_t *file)
{
    ngx_file_info_t  fi;

    if (!ngx_stream_dns_cache_file_mine(file)) {
        return NGX_DECLINED;
    }

    if (ngx_stream_dns_cache_file_give(file) != NGX_OK
        || ngx_fd_info(file->fd, &fi) == NGX_FILE_ERROR
        || ngx_rename_file(file->temp.data, file->path.data) == NGX_FILE_ERROR)
    {
        return NGX_ERROR;
    }

    file->uniq = ngx_file_uniq(&fi);
    file->mtime = ngx_file_mtime(&fi);

    return NGX_OK;
}


/* the master's file is the workers', too: they write the next one */

static ngx_int_t
ngx_stream_dns_cache_file_give(ngx_stream_dns_cache_file_t *file)
{
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(file->cycle->conf_ctx,
                                           ngx_core_module);

    if (geteuid() == 0 && ccf->user != (ngx_uid_t) NGX_CONF_UNSET_UINT
        && fchown(file->fd, ccf->user, (gid_t) -1) == -1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* said once, until it can be written again; the file that was there stays */

static ngx_int_t
ngx_stream_dns_cache_file_failed(ngx_stream_dns_cache_file_t *file,
    const char *what, ngx_log_t *log)
{
    if (!file->told) {
        file->told = 1;
        ngx_log_error(NGX_LOG_ERR, log, ngx_errno,
                      "dns_cache_zone \"%V\" can't be written to \"%V\": %s "
                      "\"%s\" failed, the file that was there stays",
                      &file->zone, &file->path, what, file->temp.data);
    }

    ngx_stream_dns_cache_file_close(file);

    return NGX_ERROR;
}


void
ngx_stream_dns_cache_file_exit(ngx_cycle_t *cycle)
{
    ngx_uint_t                     i;
    ngx_stream_dns_main_conf_t    *dmcf;
    ngx_stream_dns_cache_file_t  **files;

    dmcf = ngx_stream_cycle_get_module_main_conf(cycle,
                                                 ngx_dns_balancer_module);
    if (dmcf == NULL) {
        return;
    }

    files = dmcf->cache_files.elts;

    for (i = 0; i < dmcf->cache_files.nelts; i++) {

        if (ngx_stream_dns_cache_file_begin(files[i], cycle->log) != NGX_OK) {
            continue;
        }

        while (ngx_stream_dns_cache_file_write(files[i], NGX_MAX_UINT32_VALUE,
                                               cycle->log)
               == NGX_AGAIN)
        {
            /* void */
        }
    }
}

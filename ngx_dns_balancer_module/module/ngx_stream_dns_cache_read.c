
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_cache_file.h"
#include "../base/ngx_dns_clock.h"


static ngx_int_t ngx_stream_dns_cache_file_head(
    ngx_stream_dns_cache_file_t *file, ngx_dns_cache_shm_t *c, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_cache_file_whole(ngx_fd_t fd, void *p,
    size_t size);
static ngx_int_t ngx_stream_dns_cache_file_fill(
    ngx_stream_dns_cache_file_t *file);
static ngx_int_t ngx_stream_dns_cache_file_done(
    ngx_stream_dns_cache_file_t *file, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_cache_file_refuse(
    ngx_stream_dns_cache_file_t *file, ngx_err_t err, const char *why,
    ngx_log_t *log);


/* another one than that which was last read or written */

ngx_uint_t
ngx_stream_dns_cache_file_changed(ngx_stream_dns_cache_file_t *file)
{
    ngx_file_info_t  fi;

    if (ngx_file_info(file->path.data, &fi) == NGX_FILE_ERROR) {
        file->uniq = 0;
        return 0;
    }

    if (ngx_file_uniq(&fi) == file->uniq && ngx_file_mtime(&fi) == file->mtime)
    {
        return 0;
    }

    file->uniq = ngx_file_uniq(&fi);
    file->mtime = ngx_file_mtime(&fi);

    return 1;
}


/*
 * NGX_OK: its records can be read; NGX_DECLINED: there is none, or it is of
 * this cache itself, or it is left out, and that is said.
 */

ngx_int_t
ngx_stream_dns_cache_file_open(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c, ngx_log_t *log)
{
    file->fd = open((char *) file->path.data, O_RDONLY|O_NONBLOCK|O_CLOEXEC);

    if (file->fd == NGX_INVALID_FILE) {
        return ngx_errno == NGX_ENOENT
               ? NGX_DECLINED
               : ngx_stream_dns_cache_file_refuse(file, ngx_errno,
                                                  "can't be opened", log);
    }

    file->buffer = ngx_alloc(NGX_STREAM_DNS_CACHE_FILE_BUFFER + 16, log);

    if (file->buffer == NULL) {
        ngx_stream_dns_cache_file_close(file);
        return NGX_DECLINED;
    }

    ngx_dns_clock_update();

    file->target = c;
    file->reading = 1;
    file->checked = 0;
    file->image.cache = NULL;
    file->image.sec = ngx_dns_sec;
    file->image.usec = ngx_dns_usec;

    return ngx_stream_dns_cache_file_head(file, c, log);
}


static ngx_int_t
ngx_stream_dns_cache_file_head(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c, ngx_log_t *log)
{
    ngx_int_t                   rc;
    ngx_dns_cache_image_head_t  head;

    if (ngx_stream_dns_cache_file_whole(file->fd, &head, sizeof(head))
        != NGX_OK)
    {
        return ngx_stream_dns_cache_file_refuse(file, 0, "is damaged", log);
    }

    rc = ngx_dns_cache_image_open(&file->image, &head, ngx_time());

    if (rc != NGX_OK) {
        return ngx_stream_dns_cache_file_refuse(file, 0,
                     rc == NGX_DECLINED ? "is of another version"
                     : rc == NGX_ABORT ? "is of a time to come" : "is damaged",
                     log);
    }

    if (head.id == c->id
        || (!file->checked && (uint32_t) head.sum == ngx_dns_load(&c->seen)))
    {
        ngx_stream_dns_cache_file_close(file);
        return NGX_DECLINED;
    }

    file->pos = file->buffer;
    file->last = file->buffer;
    file->key = head.key;
    file->seen = (uint32_t) head.sum;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_cache_file_whole(ngx_fd_t fd, void *p, size_t size)
{
    ssize_t  n;
    u_char  *pos, *last;

    pos = p;
    last = pos + size;

    while (pos < last) {
        n = ngx_read_fd(fd, pos, (size_t) (last - pos));

        if (n <= 0) {
            return NGX_ERROR;
        }

        pos += n;
    }

    return NGX_OK;
}


/* NGX_AGAIN: after so many records there are more; NGX_OK: all were read */

ngx_int_t
ngx_stream_dns_cache_file_read(ngx_stream_dns_cache_file_t *file,
    ngx_uint_t records, ngx_log_t *log)
{
    ngx_int_t  rc;

    while (records--) {
        rc = ngx_dns_cache_image_read(&file->image, &file->pos, file->last);

        if (rc == NGX_AGAIN) {
            rc = ngx_stream_dns_cache_file_fill(file);
        }

        if (rc == NGX_DONE) {
            return ngx_stream_dns_cache_file_done(file, log);
        }

        if (rc != NGX_OK) {
            return ngx_stream_dns_cache_file_refuse(file, 0, "is damaged",
                                                    log);
        }
    }

    return NGX_AGAIN;
}


/* NGX_ERROR: it ends in the middle of a record */

static ngx_int_t
ngx_stream_dns_cache_file_fill(ngx_stream_dns_cache_file_t *file)
{
    size_t   rest;
    ssize_t  n;

    rest = (size_t) (file->last - file->pos);

    ngx_memmove(file->buffer, file->pos, rest);

    file->pos = file->buffer;
    file->last = file->buffer + rest;

    n = ngx_read_fd(file->fd, file->last,
                    NGX_STREAM_DNS_CACHE_FILE_BUFFER - rest);

    if (n <= 0) {
        return NGX_ERROR;
    }

    file->last += n;

    return NGX_OK;
}


/* all of it is as it was written: it is read again, into the cache */

static ngx_int_t
ngx_stream_dns_cache_file_done(ngx_stream_dns_cache_file_t *file,
    ngx_log_t *log)
{
    u_char  octet;

    if (file->pos != file->last || ngx_read_fd(file->fd, &octet, 1) != 0) {
        return ngx_stream_dns_cache_file_refuse(file, 0, "is damaged", log);
    }

    if (file->checked) {
        ngx_dns_store(&file->target->seen, file->seen);

        ngx_log_error(NGX_LOG_NOTICE, log, 0,
                      "dns_cache_zone \"%V\": %uL of %uL answers of \"%V\" "
                      "were read, written %uD s ago", &file->zone,
                      file->image.stored, file->image.records, &file->path,
                      file->image.age);

        ngx_stream_dns_cache_file_close(file);
        return NGX_OK;
    }

    file->checked = 1;

    if (lseek(file->fd, 0, SEEK_SET) == -1) {
        return ngx_stream_dns_cache_file_refuse(file, ngx_errno,
                                                "can't be read", log);
    }

    if (ngx_stream_dns_cache_file_head(file, file->target, log) != NGX_OK) {
        return NGX_ERROR;
    }

    file->image.cache = file->target;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_stream_dns_cache_file_refuse(ngx_stream_dns_cache_file_t *file,
    ngx_err_t err, const char *why, ngx_log_t *log)
{
    ngx_log_error(NGX_LOG_WARN, log, err,
                  "dns_cache_zone \"%V\": \"%V\" %s, it is left out",
                  &file->zone, &file->path, why);

    ngx_stream_dns_cache_file_close(file);

    return NGX_DECLINED;
}


ngx_uint_t
ngx_stream_dns_cache_file_mine(ngx_stream_dns_cache_file_t *file)
{
    ngx_file_info_t  mine, there;

    return ngx_fd_info(file->fd, &mine) != NGX_FILE_ERROR
           && ngx_file_info(file->temp.data, &there) != NGX_FILE_ERROR
           && mine.st_dev == there.st_dev && mine.st_ino == there.st_ino;
}


void
ngx_stream_dns_cache_file_close(ngx_stream_dns_cache_file_t *file)
{
    if (file->fd != NGX_INVALID_FILE) {

        if (!file->reading && ngx_stream_dns_cache_file_mine(file)) {
            (void) ngx_delete_file(file->temp.data);
        }

        (void) ngx_close_file(file->fd);
        file->fd = NGX_INVALID_FILE;
    }

    if (file->buffer) {
        ngx_free(file->buffer);
        file->buffer = NULL;
    }

    if (file->event.timer_set) {
        ngx_del_timer(&file->event);
    }
}


void
ngx_stream_dns_cache_file_load(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c, ngx_log_t *log)
{
    (void) ngx_stream_dns_cache_file_changed(file);

    if (ngx_stream_dns_cache_file_open(file, c, log) != NGX_OK) {
        return;
    }

    /* all that was keyed by it is found again */

    c->key = file->key;

    while (ngx_stream_dns_cache_file_read(file, NGX_MAX_UINT32_VALUE, log)
           == NGX_AGAIN)
    {
        /* void */
    }

    if (file->checked) {
        ngx_dns_store(&c->written, ngx_dns_usec);
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_cache_file.h"
#include "ngx_stream_dns_rights.h"
#include "../base/ngx_dns_clock.h"


/* added to the path while it is written */

#define NGX_STREAM_DNS_CACHE_FILE_TEMP  ".tmp"


static ngx_int_t ngx_stream_dns_cache_file_directory(
    ngx_stream_dns_cache_file_t *file, u_char *name, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_cache_file_twice(
    ngx_stream_dns_cache_file_t *file, ngx_log_t *log);


ngx_stream_dns_cache_file_t *
ngx_stream_dns_cache_file_add(ngx_conf_t *cf, ngx_stream_dns_main_conf_t *dmcf,
    ngx_str_t *zone, ngx_str_t *path)
{
    ngx_str_t                    *directive;
    ngx_stream_dns_cache_file_t  *file, **files;

    static ngx_str_t  temp = ngx_string(NGX_STREAM_DNS_CACHE_FILE_TEMP);

    directive = cf->args->elts;

    file = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_cache_file_t));
    if (file == NULL) {
        return NULL;
    }

    file->path = *path;
    file->zone = *zone;
    file->cycle = cf->cycle;
    file->fd = NGX_INVALID_FILE;

    ngx_stream_dns_place(cf, &file->place);

    if (path->len == 0 || path->data[path->len - 1] == '/') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": \"file=%V\" must be the path of a file",
                           directive, path);
        return NULL;
    }

    if (path->len >= temp.len
        && ngx_memcmp(path->data + path->len - temp.len, temp.data, temp.len)
           == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": \"file=%V\" must not end with \"%V\", "
                           "which is added while it is written", directive,
                           path, &temp);
        return NULL;
    }

    if (ngx_conf_full_name(cf->cycle, &file->path, 0) != NGX_OK) {
        return NULL;
    }

    file->temp.data = ngx_pnalloc(cf->pool, file->path.len + temp.len + 1);
    if (file->temp.data == NULL) {
        return NULL;
    }

    ngx_sprintf(file->temp.data, "%V%V%Z", &file->path, &temp);

    files = ngx_array_push(&dmcf->cache_files);
    if (files == NULL) {
        return NULL;
    }

    *files = file;

    return file;
}


ngx_int_t
ngx_stream_dns_cache_file_check(ngx_stream_dns_cache_file_t *file,
    ngx_log_t *log)
{
    u_char           *name, *p;
    ngx_int_t         rc;
    ngx_file_info_t   fi;

    if (ngx_file_info(file->path.data, &fi) != NGX_FILE_ERROR) {

        if (!ngx_is_file(&fi)) {
            ngx_log_error(NGX_LOG_EMERG, log, 0,
                          "\"dns_cache_zone\" \"%V\": \"file=%V\" must be a "
                          "regular file, or not be there yet, in %s:%ui",
                          &file->zone, &file->path, file->place.file,
                          file->place.line);
            return NGX_ERROR;
        }

    } else if (ngx_errno != NGX_ENOENT) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "\"dns_cache_zone\" \"%V\": \"file=%V\" must be a "
                      "file, " ngx_file_info_n " failed, in %s:%ui",
                      &file->zone, &file->path, file->place.file,
                      file->place.line);
        return NGX_ERROR;
    }

    name = ngx_alloc(file->path.len + 1, log);
    if (name == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(name, file->path.data, file->path.len);

    for (p = name + file->path.len; p > name + 1 && p[-1] != '/'; p--) {
        /* void */
    }

    *p = '\0';

    file->name = file->path.data + (p - name);

    rc = ngx_stream_dns_cache_file_directory(file, name, log);

    ngx_free(name);

    return rc;
}


static ngx_int_t
ngx_stream_dns_cache_file_directory(ngx_stream_dns_cache_file_t *file,
    u_char *name, ngx_log_t *log)
{
    ngx_file_info_t  fi;

    if (ngx_file_info(name, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, log, ngx_errno,
                      "\"dns_cache_zone\" \"%V\": the directory of \"file=%V\" "
                      "must be there, " ngx_file_info_n " \"%s\" failed, in "
                      "%s:%ui", &file->zone, &file->path, name,
                      file->place.file, file->place.line);
        return NGX_ERROR;
    }

    if (!ngx_is_dir(&fi)
        || !ngx_stream_dns_rights(file->cycle, (char *) name, &fi,
                                  S_IWOTH|S_IXOTH))
    {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "\"dns_cache_zone\" \"%V\": \"file=%V\": workers must "
                      "have the right to write to the directory \"%s\", in "
                      "%s:%ui", &file->zone, &file->path, name,
                      file->place.file, file->place.line);
        return NGX_ERROR;
    }

    file->device = fi.st_dev;
    file->directory = fi.st_ino;

    return ngx_stream_dns_cache_file_twice(file, log);
}


/* two paths may lead to one file */

static ngx_int_t
ngx_stream_dns_cache_file_twice(ngx_stream_dns_cache_file_t *file,
    ngx_log_t *log)
{
    ngx_uint_t                     i;
    ngx_stream_dns_main_conf_t    *dmcf;
    ngx_stream_dns_cache_file_t  **other;

    dmcf = ngx_stream_cycle_get_module_main_conf(file->cycle,
                                                 ngx_dns_balancer_module);
    other = dmcf->cache_files.elts;

    for (i = 0; i < dmcf->cache_files.nelts; i++) {

        if (other[i] == file || other[i]->directory != file->directory
            || other[i]->device != file->device
            || ngx_strcmp(other[i]->name, file->name) != 0)
        {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "\"dns_cache_zone\" \"%V\": \"file=%V\" is that of zone "
                      "\"%V\", too, it must be another one in %s:%ui",
                      &file->zone, &file->path, &other[i]->zone,
                      file->place.file, file->place.line);
        return NGX_ERROR;
    }

    return NGX_OK;
}

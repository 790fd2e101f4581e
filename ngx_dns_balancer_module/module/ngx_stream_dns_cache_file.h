
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * dns_cache_zone ... file=: a cache that outlives nginx.  The master reads the
 * file when it makes a new zone, before there are workers, and writes it at
 * its end, when they are gone.  Between that the worker with the lease writes
 * it every five minutes, and soon after a purge, in slices.  It is written
 * under another name and renamed.
 *
 * A file that somebody else has put there meanwhile is read by that worker, in
 * slices, too: at a binary upgrade that is what the old master leaves.
 */


#ifndef _NGX_STREAM_DNS_CACHE_FILE_H_INCLUDED_
#define _NGX_STREAM_DNS_CACHE_FILE_H_INCLUDED_


#include "ngx_stream_dns.h"
#include "../store/ngx_dns_cache_image.h"


#define NGX_STREAM_DNS_CACHE_FILE_EVERY   300000000   /* microseconds */
#define NGX_STREAM_DNS_CACHE_FILE_PURGE   5000000     /* the same */
#define NGX_STREAM_DNS_CACHE_FILE_SLICE   10          /* milliseconds */
#define NGX_STREAM_DNS_CACHE_FILE_WORDS   4096        /* of a slice */
#define NGX_STREAM_DNS_CACHE_FILE_RECORDS  1024
#define NGX_STREAM_DNS_CACHE_FILE_BUFFER  (2 * NGX_DNS_CACHE_IMAGE_RECORD)


struct ngx_stream_dns_cache_file_s {
    ngx_str_t                    path;      /* ends with a zero, as temp */
    ngx_str_t                    zone;
    ngx_stream_dns_place_t       place;

    /* the directory, whatever it is called, and the name in it */
    dev_t                        device;
    ino_t                        directory;     /* 0: not known yet */
    u_char                      *name;

    ngx_cycle_t                 *cycle;
    ngx_shm_zone_t              *shm_zone;

    /* what is being written or read, in slices or at once */
    ngx_fd_t                     fd;
    ngx_uint_t                   reading;
    ngx_uint_t                   checked;   /* read for the second time */
    ngx_dns_cache_shm_t         *target;    /* read: where to */
    ngx_dns_hash_key_t           key;       /* read: of the cache it is of */
    uint32_t                     seen;      /* read: a part of its sum */
    ngx_dns_cache_image_t        image;
    u_char                      *buffer;
    u_char                      *pos;       /* read: what is not looked at */
    u_char                      *last;
    ngx_str_t                    temp;
    ngx_event_t                  event;

    /* of the file that was last looked at */
    ngx_file_uniq_t              uniq;      /* 0: there is none */
    time_t                       mtime;
    ngx_uint_t                   told;      /* that it can't be written */
};


#pragma GCC visibility push(hidden)

/* file=PATH of a zone; NULL, and it is said why */
ngx_stream_dns_cache_file_t *ngx_stream_dns_cache_file_add(ngx_conf_t *cf,
    ngx_stream_dns_main_conf_t *dmcf, ngx_str_t *zone, ngx_str_t *path);

/*
 * In the master, at nginx -t, too: can it be written?  NGX_ERROR, and it is
 * said why.
 */
ngx_int_t ngx_stream_dns_cache_file_check(ngx_stream_dns_cache_file_t *file,
    ngx_log_t *log);

/* in the master: into a new zone */
void ngx_stream_dns_cache_file_load(
    ngx_stream_dns_cache_file_t *file, ngx_dns_cache_shm_t *c,
    ngx_log_t *log);

/* in the worker with the lease, each second; and when it has it no more */
void ngx_stream_dns_cache_file_tick(ngx_stream_dns_main_conf_t *dmcf);
void ngx_stream_dns_cache_file_stop(ngx_stream_dns_main_conf_t *dmcf);

/* in the master, when all workers have gone */
void ngx_stream_dns_cache_file_exit(ngx_cycle_t *cycle);

/* the rest is between the files of this part; see there */

ngx_uint_t ngx_stream_dns_cache_file_changed(
    ngx_stream_dns_cache_file_t *file);
ngx_int_t ngx_stream_dns_cache_file_open(ngx_stream_dns_cache_file_t *file,
    ngx_dns_cache_shm_t *c, ngx_log_t *log);
ngx_int_t ngx_stream_dns_cache_file_read(ngx_stream_dns_cache_file_t *file,
    ngx_uint_t records, ngx_log_t *log);

/* is what is being written still at its place, not another process's? */
ngx_uint_t ngx_stream_dns_cache_file_mine(ngx_stream_dns_cache_file_t *file);

void ngx_stream_dns_cache_file_close(ngx_stream_dns_cache_file_t *file);

#pragma GCC visibility pop


#endif /* _NGX_STREAM_DNS_CACHE_FILE_H_INCLUDED_ */

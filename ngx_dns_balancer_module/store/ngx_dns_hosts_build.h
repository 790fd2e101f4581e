
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Makes a table from hosts files, in slices of about a millisecond, so that
 * a worker can do it while it answers queries: the files are read once to
 * find what room the table needs, its buckets are cleared, and the files are
 * read again.  For module/; the caller logs and publishes.
 *
 * Reads are of 64 KB.  They are of regular files only, but may still wait for
 * a disk, as all of nginx's own reads without "aio" do.
 */


#ifndef _NGX_DNS_HOSTS_BUILD_H_INCLUDED_
#define _NGX_DNS_HOSTS_BUILD_H_INCLUDED_


#include "ngx_dns_hosts.h"
#include "ngx_dns_hosts_line.h"


#define NGX_DNS_HOSTS_READ   65536
#define NGX_DNS_HOSTS_SLICE  1024         /* names */


typedef struct ngx_dns_hosts_build_s  ngx_dns_hosts_build_t;


typedef enum {
    NGX_DNS_HOSTS_SCAN = 0,
    NGX_DNS_HOSTS_SCANNED,
    NGX_DNS_HOSTS_CLEAR,
    NGX_DNS_HOSTS_LOAD,
    NGX_DNS_HOSTS_DONE
} ngx_dns_hosts_phase_e;


struct ngx_dns_hosts_build_s {

    /* the caller's */
    const ngx_str_t         *files;         /* with '\0' at the end */
    ngx_uint_t               nfiles;
    const u_char            *blocks;        /* of each: NGX_DNS_HOSTS_BLOCK*, or
                                               0; NULL: of none */
    ngx_str_t                text;          /* lines after those of all files,
                                               known to be right; or empty */
    ngx_dns_hosts_table_t   *table;         /* where it goes, once scanned */
    size_t                   size;          /* its room */
    ngx_uint_t               strict;        /* a file without a right line but
                                               with wrong ones is foreign */
    ngx_uint_t               no_reverse;    /* addresses have no names */
    void                    *data;

    /* line 0: of the whole file; "len" may be 0.  Called in LOAD only */
    void                   (*bad)(ngx_dns_hosts_build_t *b, ngx_uint_t line,
                                  const char *why, const u_char *p,
                                  size_t len);

    /* results */
    ngx_dns_hosts_phase_e    phase;
    ngx_uint_t               file;          /* the one being read */
    ngx_uint_t               lines;         /* of it */
    size_t                   need;          /* room; good after SCAN */
    const char              *failed;        /* the call, after NGX_ERROR ... */
    ngx_err_t                err;           /* ... and why; 0: no room */
    const char              *foreign;       /* ... or it is no hosts file */

    /* private */
    ngx_fd_t                 fd;
    ngx_uint_t               begun;         /* something of it was seen */
    ngx_uint_t               right;         /* lines of the file */
    ngx_uint_t               wrong;
    ngx_uint_t               skip;          /* in a line that is too long */
    ngx_uint_t               eof;
    size_t                   cleared;
    size_t                   start;         /* unread part of "buf" */
    size_t                   end;
    ngx_dns_hosts_count_t    count;
    ngx_dns_hosts_scan_t     scan;
    ngx_dns_hosts_line_t     line;
    u_char                   buf[NGX_DNS_HOSTS_LINE + NGX_DNS_HOSTS_READ + 1];
};


#pragma GCC visibility push(hidden)

/* files and nfiles are set, all else is cleared */
void ngx_dns_hosts_build_start(ngx_dns_hosts_build_t *b);

/*
 * A slice of work.  NGX_AGAIN: there is more; NGX_OK: the files are scanned,
 * then, with table and size set, loaded; NGX_ERROR.
 */
ngx_int_t ngx_dns_hosts_build(ngx_dns_hosts_build_t *b);

/* closes what is open, at any time */
void ngx_dns_hosts_build_end(ngx_dns_hosts_build_t *b);

/*
 * What tells one state of the files from another: never 0.  NGX_OK;
 * NGX_DECLINED: "*file" is empty; NGX_ERROR: it can't be read, or is not a
 * regular file (ngx_errno is 0 then).
 */
ngx_int_t ngx_dns_hosts_sign(const ngx_str_t *files, ngx_uint_t n,
    uint64_t *sign, time_t *newest, ngx_uint_t *file);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HOSTS_BUILD_H_INCLUDED_ */

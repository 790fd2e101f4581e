
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hosts_build.h"


#define NGX_DNS_HOSTS_CLEARED  65536      /* buckets in a slice */


static ngx_int_t ngx_dns_hosts_build_scan(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_scanned(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_init(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_clear(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_load(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_text(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_next(ngx_dns_hosts_build_t *b);
static u_char *ngx_dns_hosts_build_end_of(ngx_dns_hosts_build_t *b);
static void ngx_dns_hosts_build_bad(ngx_dns_hosts_build_t *b, ngx_uint_t line,
    const char *why, const u_char *p, size_t len);
static ngx_int_t ngx_dns_hosts_build_look(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_foreign(ngx_dns_hosts_build_t *b,
    const char *why);
static ngx_int_t ngx_dns_hosts_build_line(ngx_dns_hosts_build_t *b,
    const u_char *p, size_t len);
static ngx_int_t ngx_dns_hosts_build_block(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_read(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_open(ngx_dns_hosts_build_t *b);
static void ngx_dns_hosts_build_close(ngx_dns_hosts_build_t *b);
static ngx_int_t ngx_dns_hosts_build_failed(ngx_dns_hosts_build_t *b,
    const char *call, ngx_err_t err);


void
ngx_dns_hosts_build_start(ngx_dns_hosts_build_t *b)
{
    b->fd = NGX_INVALID_FILE;
    b->phase = NGX_DNS_HOSTS_SCAN;
    b->file = 0;
    b->failed = NULL;
    b->foreign = NULL;
    b->err = 0;
    b->cleared = 0;

    ngx_memzero(&b->count, sizeof(ngx_dns_hosts_count_t));
    ngx_memzero(&b->scan, sizeof(ngx_dns_hosts_scan_t));
}


ngx_int_t
ngx_dns_hosts_build(ngx_dns_hosts_build_t *b)
{
    switch (b->phase) {

    case NGX_DNS_HOSTS_SCAN:
        return ngx_dns_hosts_build_scan(b);

    case NGX_DNS_HOSTS_SCANNED:
        return ngx_dns_hosts_build_init(b);

    case NGX_DNS_HOSTS_CLEAR:
        return ngx_dns_hosts_build_clear(b);

    case NGX_DNS_HOSTS_LOAD:
        return ngx_dns_hosts_build_load(b);

    default: /* NGX_DNS_HOSTS_DONE */
        return NGX_OK;
    }
}


void
ngx_dns_hosts_build_end(ngx_dns_hosts_build_t *b)
{
    ngx_dns_hosts_build_close(b);
}


static ngx_int_t
ngx_dns_hosts_build_scan(ngx_dns_hosts_build_t *b)
{
    ngx_int_t  rc;

    if (b->file == b->nfiles) {
        return ngx_dns_hosts_build_scanned(b);
    }

    rc = ngx_dns_hosts_build_read(b);

    if (rc == NGX_ERROR || ngx_dns_hosts_build_look(b) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_dns_hosts_scan(&b->scan, b->buf, b->end);
    b->end = 0;

    if (b->eof) {
        ngx_dns_hosts_scan(&b->scan, (u_char *) "\n", 1);
        ngx_dns_hosts_build_close(b);
        b->file++;
    }

    return NGX_AGAIN;
}


/* is it a page that says that there is no file, a picture, UTF-16? */

static ngx_int_t
ngx_dns_hosts_build_look(ngx_dns_hosts_build_t *b)
{
    size_t  i;

    if (memchr(b->buf, '\0', b->end)) {
        return ngx_dns_hosts_build_foreign(b, "it has octets of 0");
    }

    if (b->begun) {
        return NGX_OK;
    }

    i = (b->end >= 3 && ngx_memcmp(b->buf, "\xef\xbb\xbf", 3) == 0) ? 3 : 0;

    while (i < b->end && (b->buf[i] <= ' ')) {
        i++;
    }

    b->begun = (i < b->end);

    return b->begun && b->buf[i] == '<'
           ? ngx_dns_hosts_build_foreign(b, "it begins with \"<\"") : NGX_OK;
}


static ngx_int_t
ngx_dns_hosts_build_scanned(ngx_dns_hosts_build_t *b)
{
    ngx_dns_hosts_scan(&b->scan, b->text.data, b->text.len);

    b->count.names = b->scan.names;
    b->count.octets = b->scan.octets;
    b->count.addresses = b->scan.addresses;

    b->need = ngx_dns_hosts_table_size(&b->count);
    b->phase = NGX_DNS_HOSTS_SCANNED;
    b->file = 0;

    /* offsets are 32 bits, in words */

    if (b->need / 4 > NGX_MAX_UINT32_VALUE / 4) {
        return ngx_dns_hosts_build_failed(b, "", 0);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_hosts_build_init(ngx_dns_hosts_build_t *b)
{
    if (b->need > b->size) {
        return ngx_dns_hosts_build_failed(b, "", 0);
    }

    ngx_dns_hosts_table_init(b->table, b->size, &b->count);

    b->phase = NGX_DNS_HOSTS_CLEAR;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_dns_hosts_build_clear(ngx_dns_hosts_build_t *b)
{
    size_t  n;

    n = (size_t) b->table->mask + 1 - b->cleared;

    if (n == 0) {
        b->phase = NGX_DNS_HOSTS_LOAD;
        return NGX_AGAIN;
    }

    n = ngx_min(n, NGX_DNS_HOSTS_CLEARED);

    ngx_dns_hosts_table_clear(b->table, b->cleared, n);
    b->cleared += n;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_dns_hosts_build_load(ngx_dns_hosts_build_t *b)
{
    ngx_int_t   rc;
    ngx_uint_t  names;

    for (names = 0; names < NGX_DNS_HOSTS_SLICE; names += 1 + b->line.n) {

        if (b->file == b->nfiles) {
            b->phase = NGX_DNS_HOSTS_DONE;
            return ngx_dns_hosts_build_text(b);
        }

        b->line.n = 0;
        rc = ngx_dns_hosts_build_next(b);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        if (rc == NGX_DONE) {

            if (b->strict && b->wrong && !b->right) {
                return ngx_dns_hosts_build_foreign(b, "no line of it is right");
            }

            ngx_dns_hosts_build_close(b);
            b->file++;
        }
    }

    return NGX_AGAIN;
}


/* of the configuration: few */

static ngx_int_t
ngx_dns_hosts_build_text(ngx_dns_hosts_build_t *b)
{
    u_char  *p, *nl, *last;

    last = b->text.data + b->text.len;
    b->lines = 0;

    for (p = b->text.data; p < last; p = nl + 1) {
        nl = memchr(p, '\n', (size_t) (last - p));

        if (nl == NULL) {
            nl = last;
        }

        b->lines++;

        if (ngx_dns_hosts_build_line(b, p, (size_t) (nl - p)) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a line of the file; NGX_DONE: there is none left */

static ngx_int_t
ngx_dns_hosts_build_next(ngx_dns_hosts_build_t *b)
{
    u_char     *p, *nl;
    ngx_int_t   rc;

    for ( ;; ) {
        p = b->buf + b->start;
        nl = ngx_dns_hosts_build_end_of(b);

        if (nl == NULL && b->eof && b->fd != NGX_INVALID_FILE) {

            /* the last line may have no end */

            if (b->start == b->end) {
                return NGX_DONE;
            }

            nl = b->buf + b->end++;
        }

        if (nl) {
            b->start = (size_t) (nl + 1 - b->buf);
            b->lines++;

            /* both ends at once are one */

            if (b->start < b->end && nl[0] == '\r' && nl[1] == '\n') {
                b->start++;
            }

            if (b->skip) {
                b->skip = 0;
                return NGX_OK;
            }

            return ngx_dns_hosts_build_line(b, p, (size_t) (nl - p));
        }

        if (b->end - b->start > NGX_DNS_HOSTS_LINE) {

            /* the rest of it is of no use */

            if (!b->skip) {
                b->skip = 1;
                ngx_dns_hosts_build_bad(b, b->lines + 1,
                                        "line is longer than 8192 octets",
                                        NULL, 0);
            }

            b->end = b->start;
        }

        rc = ngx_dns_hosts_build_read(b);

        if (rc != NGX_OK) {
            return rc;
        }
    }
}


/*
 * Lines end with LF, CR or both.  A CR is known to be the end only if the octet
 * after it is there.
 */

static u_char *
ngx_dns_hosts_build_end_of(ngx_dns_hosts_build_t *b)
{
    size_t   len;
    u_char  *p, *nl, *cr;

    p = b->buf + b->start;
    len = b->end - b->start;

    if (len == 0) {
        return NULL;
    }

    nl = memchr(p, '\n', len);
    cr = memchr(p, '\r', nl ? (size_t) (nl - p) : len);

    return cr && (b->eof || cr + 1 < p + len) ? cr : nl;
}


static void
ngx_dns_hosts_build_bad(ngx_dns_hosts_build_t *b, ngx_uint_t line,
    const char *why, const u_char *p, size_t len)
{
    b->wrong++;
    b->bad(b, line, why, p, len);
}


static ngx_int_t
ngx_dns_hosts_build_line(ngx_dns_hosts_build_t *b, const u_char *p, size_t len)
{
    u_char      *name;
    ngx_int_t    rc;
    ngx_uint_t   i;
    const char  *why;

    /* editors of another system mark UTF-8 by three octets */

    if (b->lines == 1 && len >= 3 && ngx_memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
        len -= 3;
    }

    why = ngx_dns_hosts_line(&b->line, p, len);

    if (why) {
        ngx_dns_hosts_build_bad(b, b->lines, why, b->line.bad,
                                b->line.bad_len);
        return NGX_OK;
    }

    b->right += b->line.n != 0;
    name = b->line.names;

    if (b->blocks && b->file < b->nfiles && b->blocks[b->file]) {
        return ngx_dns_hosts_build_block(b);
    }

    for (i = 0; i < b->line.n; i++) {

        rc = ngx_dns_hosts_add(b->table, name + 1, *name, b->line.addr,
                               b->line.addr_len,
                               i == 0 && !b->no_reverse);

        /* a file that has grown since it was scanned */

        if (rc == NGX_ERROR) {
            return ngx_dns_hosts_build_failed(b, "", 0);
        }

        if (rc == NGX_DECLINED) {
            ngx_dns_hosts_build_bad(b, b->lines,
                                    "more than 255 addresses for name",
                                    NULL, 0);
        }

        name += *name + 1;
    }

    return NGX_OK;
}


/*
 * Names of a line of a list to block.  Such lists begin with localhost and the
 * like: names of one label are left out.
 */

static ngx_int_t
ngx_dns_hosts_build_block(ngx_dns_hosts_build_t *b)
{
    u_char      *name;
    ngx_uint_t   i;

    name = b->line.names;

    for (i = 0; i < b->line.n; i++, name += 1 + *name) {

        if (name[1] + 3 == *name + 1) {
            continue;
        }

        if (ngx_dns_hosts_add(b->table, name + 1, *name, &b->blocks[b->file], 1,
                              0)
            == NGX_ERROR)
        {
            return ngx_dns_hosts_build_failed(b, "", 0);
        }
    }

    return NGX_OK;
}


/* more of the file behind what is left of it */

static ngx_int_t
ngx_dns_hosts_build_read(ngx_dns_hosts_build_t *b)
{
    ssize_t  n;

    if (b->fd == NGX_INVALID_FILE && ngx_dns_hosts_build_open(b) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_memmove(b->buf, b->buf + b->start, b->end - b->start);

    b->end -= b->start;
    b->start = 0;

    n = read(b->fd, b->buf + b->end, NGX_DNS_HOSTS_READ);

    if (n == -1) {
        return ngx_dns_hosts_build_failed(b, "read()", ngx_errno);
    }

    b->eof = (n == 0);
    b->end += (size_t) n;

    return NGX_OK;
}


static ngx_int_t
ngx_dns_hosts_build_open(ngx_dns_hosts_build_t *b)
{
    /* whatever it has become, a pipe is not waited for */

    b->fd = open((const char *) b->files[b->file].data,
                 O_RDONLY|O_NONBLOCK|O_CLOEXEC);

    if (b->fd == NGX_INVALID_FILE) {
        return ngx_dns_hosts_build_failed(b, "open()", ngx_errno);
    }

    b->start = 0;
    b->end = 0;
    b->eof = 0;
    b->skip = 0;
    b->lines = 0;
    b->begun = 0;
    b->right = 0;
    b->wrong = 0;

    return NGX_OK;
}


static void
ngx_dns_hosts_build_close(ngx_dns_hosts_build_t *b)
{
    if (b->fd != NGX_INVALID_FILE) {
        (void) close(b->fd);
        b->fd = NGX_INVALID_FILE;
    }

    b->start = 0;
    b->end = 0;
    b->eof = 0;
}


static ngx_int_t
ngx_dns_hosts_build_failed(ngx_dns_hosts_build_t *b, const char *call,
    ngx_err_t err)
{
    b->failed = call;
    b->err = err;

    return NGX_ERROR;
}


static ngx_int_t
ngx_dns_hosts_build_foreign(ngx_dns_hosts_build_t *b, const char *why)
{
    b->foreign = why;

    return ngx_dns_hosts_build_failed(b, "", 0);
}


ngx_int_t
ngx_dns_hosts_sign(const ngx_str_t *files, ngx_uint_t n, uint64_t *sign,
    time_t *newest, ngx_uint_t *file)
{
    uint64_t            word[4];
    struct stat         st;
    ngx_dns_hash_key_t  key;

    *sign = 0;
    *newest = 0;

    ngx_memzero(&key, sizeof(ngx_dns_hash_key_t));

    for (*file = 0; *file < n; (*file)++) {

        if (stat((const char *) files[*file].data, &st) == -1) {
            return NGX_ERROR;
        }

        if (!S_ISREG(st.st_mode)) {
            ngx_set_errno(0);
            return NGX_ERROR;
        }

        if (st.st_size == 0) {
            return NGX_DECLINED;
        }

        word[0] = (uint64_t) st.st_ino;
        word[1] = (uint64_t) st.st_size;
        word[2] = (uint64_t) st.st_mtim.tv_sec;
        word[3] = (uint64_t) st.st_mtim.tv_nsec;

        *sign = ngx_dns_hash(&key, (u_char *) word, sizeof(word), *sign);
        *newest = ngx_max(*newest, st.st_mtim.tv_sec);
    }

    *sign |= 1;

    return NGX_OK;
}

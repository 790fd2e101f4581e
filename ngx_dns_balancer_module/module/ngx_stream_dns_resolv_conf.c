
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "../transport/ngx_dns_udp_out.h"

#include <net/if.h>


/* milliseconds; it is read when two looks in a row have seen the same change */

#define NGX_STREAM_DNS_RESOLV_CONF_CHECK  2000
#define NGX_STREAM_DNS_RESOLV_CONF_SIZE   65536


static ngx_int_t ngx_stream_dns_resolv_conf_read(ngx_stream_dns_source_t *src,
    ngx_log_t *log);
static ngx_int_t ngx_stream_dns_resolv_conf_text(ngx_str_t *file,
    u_char **text, ngx_log_t *log);
static void ngx_stream_dns_resolv_conf_line(ngx_stream_dns_source_t *src,
    u_char *p, ngx_log_t *log);
static ngx_int_t ngx_stream_dns_resolv_conf_address(u_char *p, size_t len,
    ngx_dns_guest_t *guest, ngx_pool_t *pool);
static unsigned ngx_stream_dns_resolv_conf_scope(u_char *p, size_t *len);
static void ngx_stream_dns_resolv_conf_failed(ngx_stream_dns_source_t *src,
    ngx_err_t err);


/* "FILE": its servers are as those of a "server" line without parameters */

char *
ngx_stream_dns_resolv_conf(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t                     *value, file;
    ngx_uint_t                     i;
    ngx_stream_dns_source_t      **other;
    ngx_stream_dns_server_line_t   line;

    value = cf->args->elts;
    file = value[1];

    if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    other = us->sources ? us->sources->elts : NULL;

    for (i = 0; us->sources && i < us->sources->nelts; i++) {
        if (other[i]->host.len == 0) {
            return "is duplicate";
        }
    }

    ngx_memzero(&line, sizeof(ngx_stream_dns_server_line_t));

    line.peer.weight = 1;
    line.peer.max_fails = 3;
    line.peer.fail_timeout = 10000;
    line.transport = &ngx_dns_udp_out;

    return ngx_stream_dns_seats_add(cf, us, &line, &file) ? NGX_CONF_OK
                                                          : NGX_CONF_ERROR;
}


/* a line after it, "bind", may say that a server is of no use */

ngx_int_t
ngx_stream_dns_resolv_conf_check(ngx_conf_t *cf, ngx_stream_dns_source_t *src)
{
    ngx_int_t  rc;

    rc = ngx_stream_dns_resolv_conf_read(src, cf->log);

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      "\"resolv_conf\": \"%V\" can't be read, in "
                      "dns_upstream \"%V\" in %s:%ui", &src->text,
                      &src->us->upstream.name, src->us->file, src->us->line);
        return NGX_ERROR;
    }

    if (rc != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"resolv_conf\": there is no \"nameserver\" in \"%V\" "
                      "that can be asked, in dns_upstream \"%V\" in %s:%ui",
                      &src->text, &src->us->upstream.name, src->us->file,
                      src->us->line);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* NGX_DECLINED: it has no server, those that there were are still known */

static ngx_int_t
ngx_stream_dns_resolv_conf_read(ngx_stream_dns_source_t *src, ngx_log_t *log)
{
    u_char           *text, *p, *line;
    ngx_uint_t        n;
    ngx_dns_guest_t   guests[NGX_DNS_SEATS];

    if (ngx_stream_dns_resolv_conf_text(&src->text, &text, log) != NGX_OK) {
        return NGX_ERROR;
    }

    n = src->n;
    ngx_memcpy(guests, src->guests, sizeof(guests));

    src->n = 0;
    src->over = 0;

    p = text;

    /* of editors that write UTF-8 so */

    if (ngx_strncmp(p, "\xef\xbb\xbf", 3) == 0) {
        p += 3;
    }

    for (line = p; ; p++) {
        if (*p == '\n' || *p == '\0') {

            if (*p == '\0') {
                ngx_stream_dns_resolv_conf_line(src, line, log);
                break;
            }

            *p = '\0';
            ngx_stream_dns_resolv_conf_line(src, line, log);
            line = p + 1;
        }
    }

    ngx_free(text);

    if (src->n == 0) {
        src->n = n;
        ngx_memcpy(src->guests, guests, sizeof(guests));
        return NGX_DECLINED;
    }

    src->known = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_resolv_conf_text(ngx_str_t *file, u_char **text,
    ngx_log_t *log)
{
    u_char     *p;
    ssize_t     n;
    ngx_fd_t    fd;
    ngx_err_t   err;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return NGX_ERROR;
    }

    p = ngx_alloc(NGX_STREAM_DNS_RESOLV_CONF_SIZE + 1, log);
    n = p ? ngx_read_fd(fd, p, NGX_STREAM_DNS_RESOLV_CONF_SIZE) : -1;
    err = ngx_errno;

    ngx_close_file(fd);

    if (n == -1) {
        if (p) {
            ngx_free(p);
        }

        ngx_set_errno(err);
        return NGX_ERROR;
    }

    p[n] = '\0';
    *text = p;

    return NGX_OK;
}


/* resolv.conf(5): a keyword at the beginning, then what belongs to it */

static void
ngx_stream_dns_resolv_conf_line(ngx_stream_dns_source_t *src, u_char *p,
    ngx_log_t *log)
{
    size_t            len;
    ngx_str_t         word;
    ngx_pool_t       *pool;
    ngx_dns_guest_t   guest;

    if (ngx_strncmp(p, "nameserver", 10) != 0
        || (p[10] != ' ' && p[10] != '\t'))
    {
        return;
    }

    for (p += 10; *p == ' ' || *p == '\t'; p++) { /* void */ }

    for (len = 0; p[len] > ' ' && p[len] != '#' && p[len] != ';'; len++) {
        /* void */
    }

    word.data = p;
    word.len = len;

    pool = ngx_create_pool(NGX_MIN_POOL_SIZE, log);
    if (pool == NULL) {
        return;
    }

    if (ngx_stream_dns_resolv_conf_address(p, len, &guest, pool) == NGX_OK) {
        (void) ngx_stream_dns_seats_found(src, &guest, log);

    } else {
        ngx_log_error(NGX_LOG_WARN, log, 0,
                      "\"resolv_conf\": \"%V\" in \"%V\" is no address",
                      &word, &src->text);
    }

    ngx_destroy_pool(pool);
}


/* an address, with or without a device; or, as of OpenBSD, [address]:port */

static ngx_int_t
ngx_stream_dns_resolv_conf_address(u_char *p, size_t len,
    ngx_dns_guest_t *guest, ngx_pool_t *pool)
{
    u_char               text[NGX_SOCKADDR_STRLEN + IF_NAMESIZE + 3], *end;
    unsigned             scope;
    in_port_t            port;
    ngx_int_t            n;
    ngx_addr_t           addr;
    struct sockaddr_in6 *sin6;

    if (len == 0 || len > NGX_SOCKADDR_STRLEN + IF_NAMESIZE) {
        return NGX_DECLINED;
    }

    port = NGX_DNS_PORT;

    if (*p == '[') {
        end = ngx_strlchr(p, p + len, ']');

        if (end == NULL) {
            return NGX_DECLINED;
        }

        if (end + 1 < p + len) {
            n = end[1] == ':' ? ngx_atoi(end + 2, p + len - end - 2)
                              : NGX_ERROR;

            if (n < 1 || n > 65535) {
                return NGX_DECLINED;
            }

            port = (in_port_t) n;
        }

        p++;
        len = end - p;
    }

    ngx_memcpy(text, p, len);
    text[len] = '\0';

    scope = ngx_stream_dns_resolv_conf_scope(text, &len);

    if (ngx_parse_addr(pool, &addr, text, len) != NGX_OK) {
        return NGX_DECLINED;
    }

    ngx_memzero(guest, sizeof(ngx_dns_guest_t));

    guest->weight = 1;
    guest->socklen = addr.socklen;
    ngx_memcpy(&guest->addr, addr.sockaddr, addr.socklen);
    ngx_inet_set_port(&guest->addr.sockaddr, port);

    if (addr.sockaddr->sa_family == AF_INET6) {
        sin6 = &guest->addr.sockaddr_in6;
        sin6->sin6_scope_id = scope;
    }

    return NGX_OK;
}


/* of "fe80::1%eth0"; 0: it has none, or there is no such device */

static unsigned
ngx_stream_dns_resolv_conf_scope(u_char *p, size_t *len)
{
    u_char  *device;

    device = ngx_strlchr(p, p + *len, '%');

    if (device == NULL) {
        return 0;
    }

    *len = device - p;

    return if_nametoindex((char *) device + 1);
}


void
ngx_stream_dns_resolv_conf_handler(ngx_event_t *ev)
{
    time_t                    newest;
    uint64_t                  sign, seen;
    ngx_int_t                 rc;
    ngx_uint_t                file;
    ngx_stream_dns_source_t  *src;

    src = ev->data;

    if (!ngx_stream_dns_seats_held(src)) {
        return;
    }

    seen = src->seen;

    rc = ngx_dns_hosts_sign(&src->text, 1, &sign, &newest, &file);

    if (rc != NGX_OK) {
        src->seen = 0;
        ngx_stream_dns_resolv_conf_failed(src,
                                          rc == NGX_ERROR ? ngx_errno : 0);

    } else {
        src->seen = sign;

        /* what has just been written may be written to once more */

        if (!src->known || (sign == seen && sign != src->sign)) {
            src->sign = newest + 2 > ngx_time() ? 0 : sign;
            rc = ngx_stream_dns_resolv_conf_read(src, ev->log);

            if (rc == NGX_OK) {
                src->said = 0;
                ngx_stream_dns_seats_settle(src->us, ev->log);
                ngx_stream_dns_seats_apply(src->us, ev->log);

            } else {
                ngx_stream_dns_resolv_conf_failed(src,
                                             rc == NGX_ERROR ? ngx_errno : 0);
            }
        }
    }

    ngx_add_timer(ev, NGX_STREAM_DNS_RESOLV_CONF_CHECK);
}


/* once for each kind of failure in a row */

static void
ngx_stream_dns_resolv_conf_failed(ngx_stream_dns_source_t *src, ngx_err_t err)
{
    ngx_int_t  kind;

    kind = (ngx_int_t) err + 1;

    if (src->said != kind) {
        ngx_log_error(NGX_LOG_ERR, src->event.log, err,
                      "\"resolv_conf\": \"%V\" %s: the old servers stay in "
                      "use", &src->text,
                      err ? "can't be read"
                          : "has no \"nameserver\" that can be asked");
    }

    src->said = kind;
}

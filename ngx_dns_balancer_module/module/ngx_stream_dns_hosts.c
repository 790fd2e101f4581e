
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


#define NGX_STREAM_DNS_HOSTS_MIN  65536        /* octets of a table */
#define NGX_STREAM_DNS_HOSTS_TTL  60


static ngx_int_t ngx_stream_dns_hosts_parameter(ngx_conf_t *cf,
    ngx_str_t *value, ngx_uint_t *blocks);
static ngx_stream_dns_hosts_conf_t *ngx_stream_dns_hosts_conf(ngx_conf_t *cf,
    ngx_stream_dns_srv_conf_t *dscf);
static ngx_int_t ngx_stream_dns_host_add(ngx_conf_t *cf,
    ngx_stream_dns_hosts_conf_t *hcf, ngx_str_t *line);
static char *ngx_stream_dns_hosts_word(ngx_conf_t *cf,
    ngx_stream_dns_hosts_conf_t *hcf, ngx_str_t *value);
static char *ngx_stream_dns_hosts_file(ngx_conf_t *cf,
    ngx_stream_dns_hosts_conf_t *hcf, ngx_str_t *value);
static ngx_stream_dns_hosts_t *ngx_stream_dns_hosts_get(ngx_conf_t *cf,
    ngx_stream_dns_hosts_conf_t *hcf);
static ngx_int_t ngx_stream_dns_hosts_key(ngx_conf_t *cf,
    ngx_stream_dns_hosts_conf_t *hcf, ngx_str_t *key);
static ngx_int_t ngx_stream_dns_hosts_zone(ngx_conf_t *cf,
    ngx_stream_dns_hosts_t *h);


char *
ngx_stream_dns_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    char                         *rv;
    u_char                       *block;
    ngx_int_t                     rc;
    ngx_str_t                    *value;
    ngx_uint_t                    i, n, first, blocks;
    ngx_stream_dns_hosts_conf_t  *hcf;

    ngx_stream_dns_claim(cf);

    value = cf->args->elts;
    blocks = 0;

    first = dscf->hosts == NGX_CONF_UNSET_PTR;

    hcf = ngx_stream_dns_hosts_conf(cf, dscf);
    if (hcf == NULL) {
        return NGX_CONF_ERROR;
    }

    if (first
        && cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0)
    {
        hcf->off = 1;
        return NGX_CONF_OK;
    }

    n = hcf->files.nelts;

    for (i = 1; i < cf->args->nelts; i++) {

        rc = ngx_stream_dns_hosts_parameter(cf, &value[i], &blocks);

        if (rc == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }

        if (rc == NGX_DECLINED) {
            rv = ngx_stream_dns_hosts_word(cf, hcf, &value[i]);

            if (rv != NGX_CONF_OK) {
                return rv;
            }
        }
    }

    if (hcf->files.nelts == n) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": no file is named");
        return NGX_CONF_ERROR;
    }

    /* for the files of this line */

    while (n++ < hcf->files.nelts) {
        block = ngx_array_push(&hcf->blocks);
        if (block == NULL) {
            return NGX_CONF_ERROR;
        }

        *block = (u_char) blocks;
    }

    return NGX_CONF_OK;
}


/* NGX_DECLINED: it is none, but a file */

static ngx_int_t
ngx_stream_dns_hosts_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t *blocks)
{
    if (ngx_strncmp(value->data, "block", 5) != 0
        || (value->len != 5 && value->data[5] != '='))
    {
        return NGX_DECLINED;
    }

    if (*blocks) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": \"%V\" after another "
                           "\"block\": a parameter is given once", value);
        return NGX_ERROR;
    }

    if (value->len == 5) {
        *blocks = NGX_DNS_HOSTS_BLOCK;
        return NGX_OK;
    }

    if (ngx_strcmp(value->data + 6, "nodata") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": invalid value \"%V\", it "
                           "must be \"block\" or \"block=nodata\"", value);
        return NGX_ERROR;
    }

    *blocks = NGX_DNS_HOSTS_BLOCK_NODATA;

    return NGX_OK;
}


/* of this level, which has "dns_hosts" and "dns_host" lines */

static ngx_stream_dns_hosts_conf_t *
ngx_stream_dns_hosts_conf(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_stream_dns_hosts_conf_t  *hcf;

    if (dscf->hosts != NGX_CONF_UNSET_PTR) {
        hcf = dscf->hosts;

        if (hcf->off) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"dns_hosts\": there is an \"off\" on this "
                               "level");
            return NULL;
        }

        return hcf;
    }

    hcf = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_hosts_conf_t));

    if (hcf == NULL
        || ngx_array_init(&hcf->files, cf->pool, 4, sizeof(ngx_str_t))
           != NGX_OK
        || ngx_array_init(&hcf->blocks, cf->pool, 4, 1) != NGX_OK
        || ngx_array_init(&hcf->places, cf->pool, 4,
                          sizeof(ngx_stream_dns_place_t))
           != NGX_OK)
    {
        return NULL;
    }

    hcf->ttl = NGX_CONF_UNSET;
    dscf->hosts = hcf;

    return hcf;
}


/* a line of a hosts file in the configuration */

char *
ngx_stream_dns_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t                     bad, line;
    const char                   *why;
    ngx_dns_hosts_line_t         *parsed;
    ngx_stream_dns_hosts_conf_t  *hcf;

    ngx_stream_dns_claim(cf);

    hcf = ngx_stream_dns_hosts_conf(cf, dscf);
    parsed = ngx_palloc(cf->temp_pool, sizeof(ngx_dns_hosts_line_t));

    if (hcf == NULL || parsed == NULL) {
        return NGX_CONF_ERROR;
    }

    if (ngx_stream_dns_host_add(cf, hcf, &line) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    why = ngx_dns_hosts_line(parsed, line.data, line.len);

    /* in quotes a word may have what would make it two */

    if (why == NULL && parsed->n != cf->args->nelts - 2) {
        why = "blank, \"#\" or end of line in a name";
        parsed->bad_len = 0;
    }

    if (why) {
        bad.data = (u_char *) parsed->bad;
        bad.len = parsed->bad_len;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_host\": %s%s%V%s, it must be an address and "
                           "names of it", why, bad.len ? " \"" : "", &bad,
                           bad.len ? "\"" : "");
        return NGX_CONF_ERROR;
    }

    /* there may be thousands of lines, and each would keep 16 KB */

    (void) ngx_pfree(cf->temp_pool, parsed);

    return NGX_CONF_OK;
}


/* adds the words of the directive to the text, as one line of a hosts file */

static ngx_int_t
ngx_stream_dns_host_add(ngx_conf_t *cf, ngx_stream_dns_hosts_conf_t *hcf,
    ngx_str_t *line)
{
    u_char      *p;
    size_t       len, room;
    ngx_str_t   *value;
    ngx_uint_t   i;

    value = cf->args->elts;
    len = hcf->text.len;

    for (i = 1; i < cf->args->nelts; i++) {
        len += value[i].len + 1;
    }

    /* twice as much each time: many lines are not copied for each of them */

    if (len > hcf->room) {
        room = ngx_max(2 * hcf->room, len);

        p = ngx_pnalloc(cf->pool, room);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, hcf->text.data, hcf->text.len);
        (void) ngx_pfree(cf->pool, hcf->text.data);

        hcf->text.data = p;
        hcf->room = room;
    }

    line->data = hcf->text.data + hcf->text.len;
    hcf->text.len = len;

    p = line->data;

    for (i = 1; i < cf->args->nelts; i++) {
        p = ngx_cpymem(p, value[i].data, value[i].len);
        *p++ = ' ';
    }

    line->len = (size_t) (p - line->data - 1);
    p[-1] = '\n';

    return NGX_OK;
}


static char *
ngx_stream_dns_hosts_word(ngx_conf_t *cf, ngx_stream_dns_hosts_conf_t *hcf,
    ngx_str_t *value)
{
    ngx_int_t  ttl;
    ngx_str_t  s;

    if (ngx_strcmp(value->data, "fallthrough") == 0) {
        hcf->fallthrough = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "no_reverse") == 0) {
        hcf->no_reverse = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "off") == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": \"off\" allows no other value, on "
                           "this line or another of this level");
        return NGX_CONF_ERROR;
    }

    if (ngx_strncmp(value->data, "ttl=", 4) != 0) {
        return ngx_stream_dns_hosts_file(cf, hcf, value);
    }

    s.data = value->data + 4;
    s.len = value->len - 4;

    ttl = ngx_parse_time(&s, 1);

    if (ttl == NGX_ERROR || ttl > 86400 * 7) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": invalid value \"%V\", \"ttl\" must "
                           "be a time from 0 to 7d", value);
        return NGX_CONF_ERROR;
    }

    if (hcf->ttl != NGX_CONF_UNSET && hcf->ttl != ttl) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": \"%V\" differs from that of "
                           "another line: there is one for all files", value);
        return NGX_CONF_ERROR;
    }

    hcf->ttl = ttl;

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_hosts_file(ngx_conf_t *cf, ngx_stream_dns_hosts_conf_t *hcf,
    ngx_str_t *value)
{
    time_t      newest;
    uint64_t    sign;
    ngx_fd_t    fd;
    ngx_str_t   name, *file;
    ngx_uint_t  n;

    name = *value;

    if (ngx_conf_full_name(cf->cycle, &name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    fd = ngx_open_file(name.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"dns_hosts\": invalid value \"%V\", it must be "
                           "a hosts file, \"fallthrough\", \"no_reverse\", "
                           "\"block\", \"ttl=\" or \"off\": open() \"%V\" "
                           "failed", value, &name);
        return NGX_CONF_ERROR;
    }

    (void) ngx_close_file(fd);

    if (ngx_dns_hosts_sign(&name, 1, &sign, &newest, &n) == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_hosts\": invalid value \"%V\", it must be "
                           "a regular file", value);
        return NGX_CONF_ERROR;
    }

    file = ngx_array_push(&hcf->files);

    if (file == NULL || ngx_stream_dns_place_add(cf, &hcf->places) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    *file = name;

    return NGX_CONF_OK;
}


ngx_int_t
ngx_stream_dns_hosts_init(ngx_conf_t *cf, ngx_stream_dns_srv_conf_t *dscf)
{
    ngx_stream_dns_hosts_t       *h;
    ngx_stream_dns_hosts_conf_t  *hcf;

    hcf = dscf->hosts;

    if (hcf == NULL || hcf->off) {
        return NGX_OK;
    }

    /* with "dns_host" lines alone */

    if (hcf->files.nelts == 0) {
        hcf->fallthrough = 1;
    }

    if (dscf->forwards && !hcf->fallthrough) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"dns_forward\" and \"dns_zone\" have no effect with "
                      "\"dns_hosts\" without \"fallthrough\" in server in "
                      "%s:%ui",
                      dscf->core->file_name, dscf->core->line);
    }

    h = ngx_stream_dns_hosts_get(cf, hcf);
    if (h == NULL) {
        return NGX_ERROR;
    }

    dscf->local.hosts = &h->hosts;
    dscf->local.any = 1;
    dscf->local.fallthrough = hcf->fallthrough;
    dscf->local.ttl = hcf->ttl == NGX_CONF_UNSET ? NGX_STREAM_DNS_HOSTS_TTL
                                                 : (uint32_t) hcf->ttl;
    dscf->dns.listener.local = &dscf->local;

    return NGX_OK;
}


static ngx_stream_dns_hosts_t *
ngx_stream_dns_hosts_get(ngx_conf_t *cf, ngx_stream_dns_hosts_conf_t *hcf)
{
    ngx_str_t                     key;
    ngx_uint_t                    i;
    ngx_stream_dns_hosts_t       *h, **hp;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    if (ngx_stream_dns_hosts_key(cf, hcf, &key) != NGX_OK) {
        return NULL;
    }

    hp = dmcf->hosts.elts;

    for (i = 0; i < dmcf->hosts.nelts; i++) {
        if (hp[i]->key.len == key.len
            && ngx_memcmp(hp[i]->key.data, key.data, key.len) == 0)
        {
            return hp[i];
        }
    }

    h = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_hosts_t));
    hp = ngx_array_push(&dmcf->hosts);

    if (h == NULL || hp == NULL) {
        return NULL;
    }

    h->key = key;
    h->files = &hcf->files;
    h->blocks = hcf->blocks.elts;
    h->places = hcf->places.elts;
    h->text = hcf->text;
    h->no_reverse = hcf->no_reverse;
    *hp = h;

    return ngx_stream_dns_hosts_zone(cf, h) == NGX_OK ? h : NULL;
}


/* tables differ by their files, what is blocked, and if addresses have names */

static ngx_int_t
ngx_stream_dns_hosts_key(ngx_conf_t *cf, ngx_stream_dns_hosts_conf_t *hcf,
    ngx_str_t *key)
{
    u_char      *p, *block;
    ngx_str_t   *file, prefix;
    ngx_uint_t   i;

    if (hcf->no_reverse) {
        ngx_str_set(&prefix, "dns_hosts(no_reverse)");

    } else {
        ngx_str_set(&prefix, "dns_hosts");
    }

    file = hcf->files.elts;
    key->len = prefix.len + 1 + hcf->text.len;

    for (i = 0; i < hcf->files.nelts; i++) {
        key->len += 1 + file[i].len;
    }

    key->data = ngx_pnalloc(cf->pool, key->len);
    if (key->data == NULL) {
        return NGX_ERROR;
    }

    p = ngx_cpymem(key->data, prefix.data, prefix.len);

    if (hcf->text.len) {
        *p++ = '(';
        p = ngx_cpymem(p, hcf->text.data, hcf->text.len - 1);
        *p++ = ')';
    }

    block = hcf->blocks.elts;

    for (i = 0; i < hcf->files.nelts; i++) {
        *p++ = ":!?"[block[i]];
        p = ngx_cpymem(p, file[i].data, file[i].len);
    }

    key->len = (size_t) (p - key->data);

    return NGX_OK;
}


/* each table has twice the room that the files need now */

static ngx_int_t
ngx_stream_dns_hosts_zone(ngx_conf_t *cf, ngx_stream_dns_hosts_t *h)
{
    size_t           size;
    ngx_shm_zone_t  *zone;

    if (ngx_stream_dns_hosts_need(h, cf->log, &size) != NGX_OK) {
        return NGX_ERROR;
    }

    h->size = ngx_max(2 * size, NGX_STREAM_DNS_HOSTS_MIN);

    size = ngx_stream_dns_shm_size(ngx_dns_hosts_size(h->size));

    zone = ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_HOSTS, &h->key, size,
                                  ngx_stream_dns_hosts_init_zone, h);

    return zone ? NGX_OK : NGX_ERROR;
}

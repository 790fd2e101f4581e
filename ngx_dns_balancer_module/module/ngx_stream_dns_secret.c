
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


#define NGX_STREAM_DNS_SECRET_LOOK  2000      /* milliseconds */


/* what is wrong with a file */

typedef struct {
    const char  *why;
    ngx_uint_t   line;                        /* 0: none */
    ngx_err_t    err;
    u_char       text[80];
} ngx_stream_dns_secret_fault_t;


static ngx_stream_dns_secret_t *ngx_stream_dns_secret_get(ngx_conf_t *cf,
    ngx_str_t *file);
static ngx_int_t ngx_stream_dns_secret_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_int_t ngx_stream_dns_secret_read(ngx_stream_dns_secret_t *s,
    ngx_dns_secret_set_t *set, ngx_stream_dns_secret_fault_t *fault);
static ngx_int_t ngx_stream_dns_secret_text(ngx_fd_t fd,
    ngx_dns_secret_set_t *set, ngx_stream_dns_secret_fault_t *fault);
static u_char *ngx_stream_dns_secret_said(
    ngx_stream_dns_secret_fault_t *fault);
static void ngx_stream_dns_secret_again(ngx_stream_dns_secret_t *s,
    ngx_log_t *log);


/* off | on | secret=FILE */

char *
ngx_stream_dns_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_srv_conf_t *dscf = conf;

    ngx_str_t  *value, file;

    ngx_stream_dns_claim(cf);

    if (dscf->secret != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        dscf->secret = NULL;
        return NGX_CONF_OK;
    }

    ngx_str_null(&file);

    if (ngx_strncmp(value[1].data, "secret=", 7) == 0 && value[1].len > 7) {
        file.data = value[1].data + 7;
        file.len = value[1].len - 7;

        if (ngx_conf_full_name(cf->cycle, &file, 1) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

    } else if (ngx_strcmp(value[1].data, "on") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be \"off\", "
                           "\"on\" or \"secret=FILE\"", &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    dscf->secret = ngx_stream_dns_secret_get(cf, &file);

    return dscf->secret ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* those of a file are the same for all servers that name it */

static ngx_stream_dns_secret_t *
ngx_stream_dns_secret_get(ngx_conf_t *cf, ngx_str_t *file)
{
    u_char                         *p;
    ngx_str_t                       name;
    ngx_uint_t                      i;
    ngx_stream_dns_secret_t        *s, **sp;
    ngx_stream_dns_main_conf_t     *dmcf;
    ngx_stream_dns_secret_fault_t   fault;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);
    sp = dmcf->secrets.elts;

    for (i = 0; i < dmcf->secrets.nelts; i++) {
        if (sp[i]->file.len == file->len
            && ngx_memcmp(sp[i]->file.data, file->data, file->len) == 0)
        {
            return sp[i];
        }
    }

    s = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_secret_t));
    sp = ngx_array_push(&dmcf->secrets);

    name.len = sizeof("dns_cookie:") - 1 + file->len;
    name.data = ngx_pnalloc(cf->pool, name.len);

    if (s == NULL || sp == NULL || name.data == NULL) {
        return NULL;
    }

    p = ngx_cpymem(name.data, "dns_cookie:", sizeof("dns_cookie:") - 1);
    ngx_memcpy(p, file->data, file->len);

    s->file = *file;
    ngx_stream_dns_place(cf, &s->place);
    *sp = s;

    if (file->len && ngx_stream_dns_secret_read(s, &s->set, &fault) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, fault.err,
                           "\"dns_cookie\": invalid file \"%V\", it must have "
                           "32 hexadecimal digits a line, 1 to 16 lines: %s",
                           file, ngx_stream_dns_secret_said(&fault));
        return NULL;
    }

    return ngx_stream_dns_shm_add(cf, NGX_STREAM_DNS_SHM_SECRET, &name,
                                  ngx_stream_dns_shm_size(
                                                sizeof(ngx_dns_secret_shm_t)),
                                  ngx_stream_dns_secret_init_zone, s)
           ? s : NULL;
}


static ngx_int_t
ngx_stream_dns_secret_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_stream_dns_secret_t *old = data;

    ngx_slab_pool_t          *shpool;
    ngx_stream_dns_secret_t  *s;

    s = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (old) {
        s->shm = old->shm;

    } else if (shm_zone->shm.exists) {
        s->shm = shpool->data;

    } else {
        s->shm = ngx_slab_calloc(shpool, sizeof(ngx_dns_secret_shm_t));
        if (s->shm == NULL) {
            return NGX_ERROR;
        }

        shpool->data = s->shm;
    }

    if (ngx_dns_secret_init(s->shm) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                      "zone \"%V\" was made by another version of the module",
                      &shm_zone->shm.name);
        return NGX_ERROR;
    }

    if (s->file.len == 0) {
        ngx_dns_secret_draw(s->shm, ngx_time());

    } else {
        (void) ngx_dns_secret_put(s->shm, &s->set);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_secret_read(ngx_stream_dns_secret_t *s,
    ngx_dns_secret_set_t *set, ngx_stream_dns_secret_fault_t *fault)
{
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_file_info_t  fi;

    fault->line = 0;
    fault->why = ngx_open_file_n " failed";

    fd = ngx_open_file(s->file.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        fault->err = ngx_errno;
        return NGX_ERROR;
    }

    fault->err = 0;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        fault->why = "not a regular file";
        rc = NGX_ERROR;

    } else if (s->shm && (ngx_file_mtime(&fi) == ngx_time()
                          || ngx_file_mtime(&fi) == ngx_time() + 1))
    {
        /* perhaps it is still being written; nginx's time may be a bit late */

        rc = NGX_AGAIN;

    } else {
        rc = ngx_stream_dns_secret_text(fd, set, fault);
    }

    (void) ngx_close_file(fd);

    return rc;
}


static ngx_int_t
ngx_stream_dns_secret_text(ngx_fd_t fd, ngx_dns_secret_set_t *set,
    ngx_stream_dns_secret_fault_t *fault)
{
    u_char   text[NGX_DNS_SECRET_FILE + 1];
    ssize_t  n;

    n = ngx_read_fd(fd, text, sizeof(text));

    if (n == -1) {
        fault->err = ngx_errno;
        fault->why = ngx_read_fd_n " failed";

    } else if (n > NGX_DNS_SECRET_FILE) {
        fault->why = "longer than 4096 octets";

    } else {
        fault->why = ngx_dns_secret_read(set, text, (size_t) n, &fault->line);
    }

    ngx_explicit_memzero(text, sizeof(text));

    return fault->why ? NGX_ERROR : NGX_OK;
}


/* in words, with the line if there is one */

static u_char *
ngx_stream_dns_secret_said(ngx_stream_dns_secret_fault_t *fault)
{
    if (fault->line == 0) {
        return (u_char *) fault->why;
    }

    (void) ngx_snprintf(fault->text, sizeof(fault->text), "%s in line %ui%Z",
                        fault->why, fault->line);

    return fault->text;
}


void
ngx_stream_dns_secret_open(ngx_stream_dns_main_conf_t *dmcf)
{
    ngx_uint_t                    i;
    ngx_stream_dns_srv_conf_t   **dscf;

    dscf = dmcf->servers.elts;

    for (i = 0; i < dmcf->servers.nelts; i++) {
        dscf[i]->dns.listener.secrets = dscf[i]->secret ? dscf[i]->secret->shm
                                                        : NULL;
    }
}


void
ngx_stream_dns_secret_look(ngx_stream_dns_main_conf_t *dmcf, ngx_log_t *log)
{
    ngx_uint_t                 i;
    ngx_stream_dns_secret_t  **s;

    s = dmcf->secrets.elts;

    for (i = 0; i < dmcf->secrets.nelts; i++) {

        if (s[i]->file.len == 0) {
            ngx_dns_secret_draw(s[i]->shm, ngx_time());

        } else if (ngx_current_msec - s[i]->looked
                   >= NGX_STREAM_DNS_SECRET_LOOK)
        {
            s[i]->looked = ngx_current_msec;
            ngx_stream_dns_secret_again(s[i], log);
        }
    }
}


/* a bad one leaves the secrets as they are, and is said once */

static void
ngx_stream_dns_secret_again(ngx_stream_dns_secret_t *s, ngx_log_t *log)
{
    ngx_int_t                      rc;
    ngx_dns_secret_set_t           set;
    ngx_stream_dns_secret_fault_t  fault;

    rc = ngx_stream_dns_secret_read(s, &set, &fault);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_OK) {
        s->refused = NULL;

        if (ngx_dns_secret_put(s->shm, &set)) {
            ngx_log_error(NGX_LOG_NOTICE, log, 0,
                          "dns_cookie: \"%V\" was read, %uD secrets",
                          &s->file, set.n);
        }

    } else if (s->refused != fault.why) {
        s->refused = fault.why;

        ngx_log_error(NGX_LOG_ERR, log, fault.err,
                      "dns_cookie: \"%V\" can't be used: %s: the old secrets "
                      "stay in use",
                      &s->file, ngx_stream_dns_secret_said(&fault));
    }

    ngx_explicit_memzero(&set, sizeof(set));
}

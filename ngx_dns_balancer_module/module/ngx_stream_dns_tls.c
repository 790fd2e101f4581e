
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_tls.h"
#include "ngx_stream_dns_text.h"


#if (NGX_SSL)

static char *ngx_stream_dns_tls_depth(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_dns_tls_host(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_dns_tls_protocols(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_stream_dns_tls_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static const char *ngx_stream_dns_tls_name_fault(ngx_str_t *name);
static void ngx_stream_dns_tls_cleanup(void *data);


/* these have nginx's own meanings; they stand in dns_upstream {} only */

static ngx_command_t  ngx_stream_dns_tls_commands[] = {

    { ngx_string("ssl_verify"),
      0,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, verify),
      NULL },

    { ngx_string("ssl_verify_depth"),
      0,
      ngx_stream_dns_tls_depth,
      0,
      0,
      NULL },

    { ngx_string("ssl_trusted_certificate"),
      0,
      ngx_stream_dns_tls_file,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, trusted),
      NULL },

    { ngx_string("ssl_crl"),
      0,
      ngx_stream_dns_tls_file,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, crl),
      NULL },

    { ngx_string("ssl_name"),
      0,
      ngx_stream_dns_tls_host,
      0,
      0,
      NULL },

    { ngx_string("ssl_certificate"),
      0,
      ngx_stream_dns_tls_file,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, certificate),
      NULL },

    { ngx_string("ssl_certificate_key"),
      0,
      ngx_stream_dns_tls_file,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, key),
      NULL },

    { ngx_string("ssl_password_file"),
      0,
      ngx_stream_dns_tls_file,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, password_file),
      NULL },

    { ngx_string("ssl_protocols"),
      0,
      ngx_stream_dns_tls_protocols,
      0,
      0,
      NULL },

    { ngx_string("ssl_ciphers"),
      0,
      ngx_conf_set_str_slot,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, ciphers),
      NULL },

    { ngx_string("ssl_conf_command"),
      0,
      ngx_conf_set_keyval_slot,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, commands),
      NULL },

    { ngx_string("ssl_session_reuse"),
      0,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_stream_dns_tls_conf_t, reuse),
      NULL },

    ngx_null_command
};


void
ngx_stream_dns_tls_create(ngx_stream_dns_tls_conf_t *conf)
{
    conf->verify = NGX_CONF_UNSET;
    conf->depth = NGX_CONF_UNSET;
    conf->commands = NGX_CONF_UNSET_PTR;
    conf->reuse = NGX_CONF_UNSET;
}


char *
ngx_stream_dns_tls_line(ngx_conf_t *cf, ngx_stream_dns_tls_conf_t *conf)
{
    ngx_str_t      *value;
    ngx_command_t  *cmd;

    value = cf->args->elts;
    cmd = ngx_stream_dns_tls_commands;

    while (cmd->name.len != value[0].len
           || ngx_strcmp(cmd->name.data, value[0].data) != 0)
    {
        cmd++;
    }

    conf->set = 1;

    return cmd->set(cf, cmd, conf);
}


static char *
ngx_stream_dns_tls_depth(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_tls_conf_t  *tcf = conf;

    ngx_str_t  *value;

    value = cf->args->elts;

    if (tcf->depth != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    tcf->depth = ngx_atoi(value[1].data, value[1].len);

    if (tcf->depth == NGX_ERROR || tcf->depth > 100) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a number "
                           "from 0 to 100", &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_tls_host(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_tls_conf_t  *tcf = conf;

    ngx_str_t   *value;
    const char  *why;

    value = cf->args->elts;

    if (tcf->name.len) {
        return "is duplicate";
    }

    why = ngx_stream_dns_tls_name_fault(&value[1]);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be a host "
                           "name or an IP address: %s",
                           &cmd->name, &value[1], why);
        return NGX_CONF_ERROR;
    }

    tcf->name = value[1];

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_tls_protocols(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_stream_dns_tls_conf_t  *tcf = conf;

    ngx_str_t   *value;
    ngx_uint_t   i, k;

    static ngx_conf_bitmask_t  masks[] = {
        { ngx_string("TLSv1"), NGX_SSL_TLSv1 },
        { ngx_string("TLSv1.1"), NGX_SSL_TLSv1_1 },
        { ngx_string("TLSv1.2"), NGX_SSL_TLSv1_2 },
        { ngx_string("TLSv1.3"), NGX_SSL_TLSv1_3 },
        { ngx_null_string, 0 }
    };

    value = cf->args->elts;

    if (tcf->protocols) {
        return "is duplicate";
    }

    for (i = 1; i < cf->args->nelts; i++) {

        for (k = 0; masks[k].name.len; k++) {
            if (ngx_strcmp(masks[k].name.data, value[i].data) == 0) {
                break;
            }
        }

        if (masks[k].name.len == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\": invalid value \"%V\", it must be "
                               "\"TLSv1\", \"TLSv1.1\", \"TLSv1.2\" or "
                               "\"TLSv1.3\"", &cmd->name, &value[i]);
            return NGX_CONF_ERROR;
        }

        tcf->protocols |= masks[k].mask;
    }

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_tls_file(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (value[1].len == 0
        || ngx_strlchr(value[1].data, value[1].data + value[1].len, '$'))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be the name "
                           "of a file, without variables",
                           &cmd->name, &value[1]);
        return NGX_CONF_ERROR;
    }

    return ngx_conf_set_str_slot(cf, cmd, conf);
}


ngx_int_t
ngx_stream_dns_tls_name(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server)
{
    const char  *why;

    server->name.data = value->data + sizeof("name=") - 1;
    server->name.len = value->len - (sizeof("name=") - 1);

    why = ngx_stream_dns_tls_name_fault(&server->name);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", \"name\" "
                           "must be a host name or an IP address: %s",
                           value, why);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static const char *
ngx_stream_dns_tls_name_fault(ngx_str_t *name)
{
    if (name->len == 0) {
        return "it is empty";
    }

    if (ngx_stream_dns_tls_literal(name)) {
        return NULL;
    }

    /* RFC 6066, 3: a name in a handshake is "without a trailing dot" */

    if (name->data[name->len - 1] == '.') {
        return "it ends with a \".\"";
    }

    return ngx_stream_dns_text_host(name);
}


ngx_int_t
ngx_stream_dns_tls_pin(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server)
{
    u_char     *pin, buf[NGX_DNS_TLS_PIN + 3];
    ngx_str_t   src, dst;

    src.data = value->data + sizeof("pin=") - 1;
    src.len = value->len - (sizeof("pin=") - 1);
    dst.data = buf;

    /* 44 characters are 33 octets at most */

    if (src.len != ngx_base64_encoded_length(NGX_DNS_TLS_PIN)
        || ngx_decode_base64(&dst, &src) != NGX_OK
        || dst.len != NGX_DNS_TLS_PIN)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"server\": invalid parameter \"%V\", \"pin\" "
                           "must be the SHA-256 of a public key in base64, 44 "
                           "characters", value);
        return NGX_ERROR;
    }

    if (server->pins == NULL) {
        server->pins = ngx_array_create(cf->pool, 2, NGX_DNS_TLS_PIN);
        if (server->pins == NULL) {
            return NGX_ERROR;
        }
    }

    pin = ngx_array_push(server->pins);
    if (pin == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(pin, buf, NGX_DNS_TLS_PIN);

    return NGX_OK;
}


/* at the end of a worker */

static void
ngx_stream_dns_tls_cleanup(void *data)
{
    ngx_dns_tls_t *tls = data;

    if (tls->session) {
        ngx_ssl_free_session(tls->session);
    }
}


ngx_int_t
ngx_stream_dns_tls_server(ngx_conf_t *cf, ngx_dns_peer_t *peer,
    ngx_stream_dns_tls_server_t *server)
{
    ngx_pool_cleanup_t  *cln;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    peer->tls = ngx_pcalloc(cf->pool, sizeof(ngx_dns_tls_t));

    if (cln == NULL || peer->tls == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_stream_dns_tls_cleanup;
    cln->data = peer->tls;

    peer->tls->name = server->name;

    if (server->pins) {
        peer->tls->pins = server->pins->elts;
        peer->tls->npins = server->pins->nelts;
    }

    /* counts if there is no "ssl_name", which may come after this line */

    peer->tls->host = server->host;

    return NGX_OK;
}


#else /* !NGX_SSL */


#define NGX_STREAM_DNS_TLS_NONE                                               \
    "is not possible: the nginx that this module was built for has no SSL"


void
ngx_stream_dns_tls_create(ngx_stream_dns_tls_conf_t *conf)
{
}


char *
ngx_stream_dns_tls_line(ngx_conf_t *cf, ngx_stream_dns_tls_conf_t *conf)
{
    return NGX_STREAM_DNS_TLS_NONE;
}


ngx_int_t
ngx_stream_dns_tls_name(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"server\": \"%V\" %s", value,
                       NGX_STREAM_DNS_TLS_NONE);
    return NGX_ERROR;
}


ngx_int_t
ngx_stream_dns_tls_pin(ngx_conf_t *cf, ngx_str_t *value,
    ngx_stream_dns_tls_server_t *server)
{
    return ngx_stream_dns_tls_name(cf, value, server);
}


ngx_int_t
ngx_stream_dns_tls_server(ngx_conf_t *cf, ngx_dns_peer_t *peer,
    ngx_stream_dns_tls_server_t *server)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_stream_dns_tls_init(ngx_conf_t *cf, ngx_dns_upstream_t *u,
    ngx_stream_dns_tls_conf_t *conf)
{
    return NGX_OK;
}

#endif

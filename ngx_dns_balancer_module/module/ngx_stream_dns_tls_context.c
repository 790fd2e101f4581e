
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_tls.h"


#if (NGX_SSL)

#define NGX_STREAM_DNS_TLS_DEPTH  9


static ngx_uint_t ngx_stream_dns_tls_count(ngx_dns_upstream_t *u,
    ngx_uint_t *unpinned);
static void ngx_stream_dns_tls_unused(ngx_conf_t *cf, ngx_dns_upstream_t *u,
    ngx_stream_dns_tls_conf_t *conf);
static ngx_int_t ngx_stream_dns_tls_context(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf);
static ngx_int_t ngx_stream_dns_tls_own(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf);
static ngx_int_t ngx_stream_dns_tls_refuse(ngx_conf_t *cf, const char *name,
    ngx_str_t *file);
static ngx_int_t ngx_stream_dns_tls_trust(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf);
static ngx_int_t ngx_stream_dns_tls_crl(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf);
static ngx_uint_t ngx_stream_dns_tls_system(ngx_conf_t *cf, SSL_CTX *ctx);


ngx_int_t
ngx_stream_dns_tls_init(ngx_conf_t *cf, ngx_dns_upstream_t *u,
    ngx_stream_dns_tls_conf_t *conf)
{
    ngx_ssl_t       *ssl;
    ngx_uint_t       i, n, unpinned;
    ngx_dns_tls_t   *tls;
    ngx_dns_peer_t  *peer;

    n = ngx_stream_dns_tls_count(u, &unpinned);

    if (n == 0) {
        if (conf->set) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "\"ssl_...\" directives in dns_upstream \"%V\" "
                               "have no effect: none of its servers is "
                               "\"tls://\"", &u->name);
        }

        return NGX_OK;
    }

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_ERROR;
    }

    ngx_conf_init_value(conf->verify, 1);
    ngx_conf_init_ptr_value(conf->commands, NULL);
    ngx_conf_init_value(conf->reuse, 1);

    if (ngx_stream_dns_tls_context(cf, ssl, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!conf->verify || unpinned == 0) {
        ngx_stream_dns_tls_unused(cf, u, conf);

    } else if (ngx_stream_dns_tls_trust(cf, ssl, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        tls = peer[i].tls;

        if (tls == NULL) {
            continue;
        }

        if (tls->name.len == 0) {
            tls->name = conf->name.len ? conf->name : tls->host;
        }

        tls->literal = ngx_stream_dns_tls_literal(&tls->name);
        tls->verify = (ngx_uint_t) conf->verify;
        tls->reuse = (ngx_uint_t) conf->reuse;
        tls->ssl = ssl;
    }

    return NGX_OK;
}


/* servers over TLS, and those that need an authority */

static ngx_uint_t
ngx_stream_dns_tls_count(ngx_dns_upstream_t *u, ngx_uint_t *unpinned)
{
    ngx_uint_t       i, n;
    ngx_dns_peer_t  *peer;

    n = 0;
    *unpinned = 0;
    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (peer[i].tls) {
            n++;
            *unpinned += peer[i].tls->npins == 0;
        }
    }

    return n;
}


/* what is about authorities, where none is asked for */

static void
ngx_stream_dns_tls_unused(ngx_conf_t *cf, ngx_dns_upstream_t *u,
    ngx_stream_dns_tls_conf_t *conf)
{
    const char  *name;

    name = conf->trusted.len ? "ssl_trusted_certificate"
           : conf->crl.len ? "ssl_crl"
           : conf->depth != NGX_CONF_UNSET ? "ssl_verify_depth" : NULL;

    if (name) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%s\" in dns_upstream \"%V\" has no effect: %s",
                           name, &u->name,
                           conf->verify ? "all of its servers over TLS have a "
                                          "\"pin=\""
                                        : "\"ssl_verify\" is \"off\"");
    }
}


static ngx_int_t
ngx_stream_dns_tls_context(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf)
{
    ngx_pool_cleanup_t  *cln;

    ssl->log = cf->log;

    if (conf->protocols == 0) {
        conf->protocols = NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3;
    }

    if (conf->ciphers.data == NULL) {
        ngx_str_set(&conf->ciphers, "DEFAULT");
    }

    if (ngx_ssl_create(ssl, conf->protocols, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    if (ngx_ssl_ciphers(cf, ssl, &conf->ciphers, 0) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"ssl_ciphers\": invalid value \"%V\", it must be "
                           "a list of ciphers that OpenSSL has",
                           &conf->ciphers);
        return NGX_ERROR;
    }

    if (ngx_stream_dns_tls_own(cf, ssl, conf) != NGX_OK
        || ngx_ssl_client_session_cache(cf, ssl, (ngx_uint_t) conf->reuse)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ssl_conf_commands(cf, ssl, conf->commands) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"ssl_conf_command\": invalid command, it must be "
                           "one of OpenSSL's with a value that it may have");
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* the certificate that we show */

static ngx_int_t
ngx_stream_dns_tls_own(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf)
{
    ngx_array_t  *passwords;

    if (conf->certificate.len == 0 && conf->key.len == 0) {

        if (conf->password_file.len) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "no \"ssl_certificate_key\" beside "
                               "\"ssl_password_file %V\"",
                               &conf->password_file);
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (conf->certificate.len == 0 || conf->key.len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"%s\" beside \"%s %V\"",
                           conf->key.len ? "ssl_certificate"
                                         : "ssl_certificate_key",
                           conf->key.len ? "ssl_certificate_key"
                                         : "ssl_certificate",
                           conf->key.len ? &conf->key : &conf->certificate);
        return NGX_ERROR;
    }

    passwords = NULL;

    if (conf->password_file.len) {
        passwords = ngx_ssl_read_password_file(cf, &conf->password_file);
        if (passwords == NULL) {
            return ngx_stream_dns_tls_refuse(cf, "ssl_password_file",
                                             &conf->password_file);
        }
    }

    if (ngx_ssl_certificate(cf, ssl, &conf->certificate, &conf->key,
                            passwords)
        != NGX_OK)
    {
        return ngx_stream_dns_tls_refuse(cf, "ssl_certificate",
                                         &conf->certificate);
    }

    return NGX_OK;
}


/* after a line of nginx's, which has neither the directive nor its place */

static ngx_int_t
ngx_stream_dns_tls_refuse(ngx_conf_t *cf, const char *name, ngx_str_t *file)
{
    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%s\": \"%V\" can't be used: see the line before",
                       name, file);
    return NGX_ERROR;
}


/* whom we believe */

static ngx_int_t
ngx_stream_dns_tls_trust(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf)
{
    ngx_conf_init_value(conf->depth, NGX_STREAM_DNS_TLS_DEPTH);

    if (conf->trusted.len) {
        if (ngx_ssl_trusted_certificate(cf, ssl, &conf->trusted, conf->depth)
            != NGX_OK)
        {
            return ngx_stream_dns_tls_refuse(cf, "ssl_trusted_certificate",
                                             &conf->trusted);
        }

    } else if (ngx_stream_dns_tls_system(cf, ssl->ctx) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no certificate of an authority in \"%s\" and "
                           "\"%s\", where this system has them: install them, "
                           "or name a file with \"ssl_trusted_certificate\"",
                           X509_get_default_cert_file(),
                           X509_get_default_cert_dir());
        return NGX_ERROR;
    }

    if (conf->crl.len && ngx_stream_dns_tls_crl(cf, ssl, conf) != NGX_OK) {
        return NGX_ERROR;
    }

    /* nginx's own callback has the check go on, and the last fault be told */

    SSL_CTX_set_verify(ssl->ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_verify_depth(ssl->ctx, (int) conf->depth);

    return NGX_OK;
}


/* OpenSSL takes certificates that are in the file, too, and none of a list */

static ngx_int_t
ngx_stream_dns_tls_crl(ngx_conf_t *cf, ngx_ssl_t *ssl,
    ngx_stream_dns_tls_conf_t *conf)
{
    int                     i;
    STACK_OF(X509_OBJECT)  *objects;

    if (ngx_ssl_crl(cf, ssl, &conf->crl) != NGX_OK) {
        return ngx_stream_dns_tls_refuse(cf, "ssl_crl", &conf->crl);
    }

    objects = X509_STORE_get0_objects(SSL_CTX_get_cert_store(ssl->ctx));

    for (i = 0; i < sk_X509_OBJECT_num(objects); i++) {
        if (X509_OBJECT_get_type(sk_X509_OBJECT_value(objects, i))
            == X509_LU_CRL)
        {
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"ssl_crl\": no certificate revocation list is in "
                       "\"%V\"", &conf->crl);

    return NGX_ERROR;
}


/*
 * As SSL_CTX_set_default_verify_paths(), but that the directory is read now: it
 * would be looked into in the middle of a handshake.  Returns the number of
 * files.
 */

static ngx_uint_t
ngx_stream_dns_tls_system(ngx_conf_t *cf, SSL_CTX *ctx)
{
    char         *file, *dir;
    u_char        path[NGX_MAX_PATH];
    ngx_str_t     name;
    ngx_glob_t    gl;
    ngx_uint_t    n;
    X509_STORE   *store;

    store = SSL_CTX_get_cert_store(ctx);

    file = getenv(X509_get_default_cert_file_env());
    dir = getenv(X509_get_default_cert_dir_env());

    if (file == NULL) {
        file = (char *) X509_get_default_cert_file();
    }

    if (dir == NULL) {
        dir = (char *) X509_get_default_cert_dir();
    }

    n = X509_STORE_load_locations(store, file, NULL) == 1;

    (void) ngx_snprintf(path, sizeof(path), "%s/*.[0-9]%Z", dir);

    ngx_memzero(&gl, sizeof(ngx_glob_t));
    gl.pattern = path;
    gl.log = cf->log;
    gl.test = 1;

    if (ngx_open_glob(&gl) == NGX_OK) {
        while (ngx_read_glob(&gl, &name) == NGX_OK) {
            n += X509_STORE_load_locations(store, (char *) name.data, NULL)
                 == 1;
        }

        ngx_close_glob(&gl);
    }

    ERR_clear_error();

    return n;
}

#endif


ngx_uint_t
ngx_stream_dns_tls_literal(ngx_str_t *name)
{
#if (NGX_HAVE_INET6)
    u_char  addr[16];

    if (ngx_inet6_addr(name->data, name->len, addr) == NGX_OK) {
        return 1;
    }
#endif

    return ngx_inet_addr(name->data, name->len) != INADDR_NONE;
}

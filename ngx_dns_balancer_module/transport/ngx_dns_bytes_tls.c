
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_bytes.h"
#include "ngx_dns_reserve.h"
#include "ngx_dns_tls_out.h"
#include "../base/ngx_dns_fault.h"


#if (NGX_SSL)

#define NGX_DNS_TLS_POOL   512            /* octets */
#define NGX_DNS_TLS_BLOCK  128            /* RFC 8467, 4.1: of queries */
#define NGX_DNS_TLS_ALPN   "\3dot"        /* IANA's name of RFC 7858 */


/* of a connection, in its pool; OpenSSL's object knows where */

typedef struct {
    ngx_dns_peer_t  *peer;
    uint16_t         fault;
    unsigned         started:1;           /* the handshake */
    unsigned         done:1;
} ngx_dns_tls_link_t;


static ngx_int_t ngx_dns_tls_connect(ngx_dns_peer_t *peer, ngx_uint_t first,
    ngx_connection_t **cp);
static ngx_int_t ngx_dns_tls_create(ngx_dns_peer_t *peer, ngx_connection_t *c);
static ngx_int_t ngx_dns_tls_expect(ngx_dns_peer_t *peer, SSL *ssl);
static ngx_int_t ngx_dns_tls_expect_address(struct sockaddr *sa,
    X509_VERIFY_PARAM *param);
static ngx_int_t ngx_dns_tls_ready(ngx_connection_t *c);
static ngx_int_t ngx_dns_tls_handshake(ngx_connection_t *c,
    ngx_dns_tls_link_t *link);
static uint16_t ngx_dns_tls_verify(ngx_dns_tls_t *tls, SSL *ssl);
static uint16_t ngx_dns_tls_pinned(ngx_dns_tls_t *tls, X509 *cert);
static void ngx_dns_tls_save_session(ngx_connection_t *c);
static ngx_uint_t ngx_dns_tls_failed(ngx_connection_t *c);
static ssize_t ngx_dns_tls_read(ngx_connection_t *c, u_char *p, size_t size);
static ssize_t ngx_dns_tls_write(ngx_connection_t *c, u_char *p, size_t size);
static void ngx_dns_tls_close(ngx_connection_t *c);
static ngx_dns_tls_link_t *ngx_dns_tls_link(ngx_connection_t *c);
static void ngx_dns_tls_listen(ngx_connection_t *c);
static uint16_t ngx_dns_tls_listened(ngx_connection_t *c);
static void ngx_dns_tls_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf,
    size_t len);


const ngx_dns_bytes_t  ngx_dns_bytes_tls = {
    NGX_DNS_TLS_BLOCK,
    ngx_dns_tls_connect,
    ngx_dns_tls_ready,
    ngx_dns_tls_failed,
    ngx_dns_tls_read,
    ngx_dns_tls_write,
    ngx_dns_tls_close
};


/*
 * nginx writes OpenSSL's errors to the log of the connection, and takes them
 * off OpenSSL's queue.  A server could fill the log with them, and people are
 * to be told elsewhere, too: so this is the log meanwhile.
 */

static ngx_open_file_t  ngx_dns_tls_log_file = { .fd = NGX_INVALID_FILE };
static ngx_log_t        ngx_dns_tls_log = {
    .log_level = NGX_LOG_INFO,
    .file = &ngx_dns_tls_log_file,
    .writer = ngx_dns_tls_writer
};

static uint16_t         ngx_dns_tls_heard;


static ngx_int_t
ngx_dns_tls_connect(ngx_dns_peer_t *peer, ngx_uint_t first,
    ngx_connection_t **cp)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    rc = ngx_dns_bytes_plain.connect(peer, first, &c);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return rc;
    }

    ngx_dns_tls_listen(c);

    if (ngx_dns_tls_create(peer, c) != NGX_OK) {
        (void) ngx_dns_tls_listened(c);
        ngx_dns_tls_close(c);
        return NGX_BUSY;
    }

    (void) ngx_dns_tls_listened(c);

    if (rc == NGX_OK) {

        /* the handshake begins with an event in any case */

        ngx_post_event(c->write, &ngx_posted_events);
    }

    *cp = c;

    return NGX_AGAIN;
}


static ngx_int_t
ngx_dns_tls_create(ngx_dns_peer_t *peer, ngx_connection_t *c)
{
    SSL                 *ssl;
    ngx_dns_tls_link_t  *link;

    c->pool = ngx_create_pool(NGX_DNS_TLS_POOL, c->log);
    if (c->pool == NULL) {
        return NGX_ERROR;
    }

    link = ngx_pcalloc(c->pool, sizeof(ngx_dns_tls_link_t));
    if (link == NULL) {
        return NGX_ERROR;
    }

    link->peer = peer;

    if (ngx_ssl_create_connection(peer->tls->ssl, c, NGX_SSL_CLIENT) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ssl = c->ssl->connection;

    SSL_set_app_data(ssl, link);

    /* what waits to be written may be moved, and more may be added to it */

    SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE
                      | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    if (ngx_dns_tls_expect(peer, ssl) != NGX_OK) {
        ERR_clear_error();
        return NGX_ERROR;
    }

    if (peer->tls->reuse) {
        c->ssl->save_session = ngx_dns_tls_save_session;

        if (peer->tls->session
            && ngx_ssl_set_session(c, peer->tls->session) != NGX_OK)
        {
            ngx_dns_tls_forget(peer->tls);
        }
    }

    return NGX_OK;
}


/* which name or address its certificate must have, and what it is told */

static ngx_int_t
ngx_dns_tls_expect(ngx_dns_peer_t *peer, SSL *ssl)
{
    char               *name;
    ngx_dns_tls_t      *tls;
    X509_VERIFY_PARAM  *param;

    tls = peer->tls;
    name = (char *) tls->name.data;
    param = SSL_get0_param(ssl);

    /* gives 0 if all is well, as no other function does */

    if (SSL_set_alpn_protos(ssl, (u_char *) NGX_DNS_TLS_ALPN,
                            sizeof(NGX_DNS_TLS_ALPN) - 1)
        != 0)
    {
        return NGX_ERROR;
    }

    if (tls->name.len == 0) {
        return ngx_dns_tls_expect_address(peer->sockaddr, param);
    }

    /* RFC 6066, 3: addresses are not sent as names */

    if (tls->literal) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1 ? NGX_OK
                                                               : NGX_ERROR;
    }

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    if (SSL_set_tlsext_host_name(ssl, name) != 1
        || X509_VERIFY_PARAM_set1_host(param, name, tls->name.len) != 1)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_dns_tls_expect_address(struct sockaddr *sa, X509_VERIFY_PARAM *param)
{
    size_t   len;
    u_char  *addr;

    if (sa->sa_family == AF_INET6) {
        addr = (u_char *) &((struct sockaddr_in6 *) sa)->sin6_addr;
        len = sizeof(struct in6_addr);

    } else {
        addr = (u_char *) &((struct sockaddr_in *) sa)->sin_addr;
        len = sizeof(struct in_addr);
    }

    return X509_VERIFY_PARAM_set1_ip(param, addr, len) == 1 ? NGX_OK
                                                            : NGX_ERROR;
}


static ngx_int_t
ngx_dns_tls_ready(ngx_connection_t *c)
{
    ngx_int_t            rc;
    ngx_dns_tls_link_t  *link;

    link = ngx_dns_tls_link(c);

    if (c->write->timedout) {
        return NGX_ERROR;
    }

    if (!link->started) {
        rc = ngx_dns_bytes_plain.ready(c);

        if (rc != NGX_OK) {
            return rc;
        }

        link->started = 1;
        ngx_add_timer(c->write, NGX_DNS_TLS_HANDSHAKE);
    }

    rc = ngx_dns_tls_handshake(c, link);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_del_timer(c->write);

    link->fault = ngx_dns_tls_verify(link->peer->tls, c->ssl->connection);

    if (link->fault) {
        return NGX_ERROR;
    }

    link->done = 1;

    ngx_dns_peer_handshake(link->peer, 0,
                           SSL_session_reused(c->ssl->connection) ? 1 : 0,
                           (ngx_log_t *) ngx_cycle->log);

    return NGX_OK;
}


/*
 * ngx_ssl_handshake() puts a handler of its own into the events, which calls
 * it again and then somebody else.  Here each event does that by ready().
 */

static ngx_int_t
ngx_dns_tls_handshake(ngx_connection_t *c, ngx_dns_tls_link_t *link)
{
    uint16_t              fault;
    ngx_int_t             rc;
    ngx_event_handler_pt  read, write;

    read = c->read->handler;
    write = c->write->handler;

    ngx_dns_tls_listen(c);
    rc = ngx_ssl_handshake(c);
    fault = ngx_dns_tls_listened(c);

    c->read->handler = read;
    c->write->handler = write;

    if (rc == NGX_OK || rc == NGX_AGAIN) {
        return rc;
    }

    link->fault = fault ? fault : NGX_DNS_FAULT_CLOSED;

    return NGX_ERROR;
}


static uint16_t
ngx_dns_tls_verify(ngx_dns_tls_t *tls, SSL *ssl)
{
    long       rc;
    X509      *cert;
    uint16_t   fault;

    if (!tls->verify && tls->npins == 0) {
        return 0;
    }

    cert = SSL_get_peer_certificate(ssl);
    if (cert == NULL) {
        return NGX_DNS_FAULT_ANYONE;
    }

    if (tls->npins) {
        fault = ngx_dns_tls_pinned(tls, cert);

    } else {
        rc = SSL_get_verify_result(ssl);
        fault = (uint16_t) (rc < NGX_DNS_FAULT_SSL ? rc : NGX_DNS_FAULT_OTHER);
    }

    X509_free(cert);

    return fault;
}


/* a key that is known makes up for the chain and the name, not for the dates */

static uint16_t
ngx_dns_tls_pinned(ngx_dns_tls_t *tls, X509 *cert)
{
    int         len;
    u_char     *der, hash[NGX_DNS_TLS_PIN];
    ngx_uint_t  i;

    if (X509_cmp_current_time(X509_get0_notBefore(cert)) >= 0) {
        return X509_V_ERR_CERT_NOT_YET_VALID;
    }

    if (X509_cmp_current_time(X509_get0_notAfter(cert)) <= 0) {
        return X509_V_ERR_CERT_HAS_EXPIRED;
    }

    der = NULL;
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

    if (len <= 0
        || EVP_Digest(der, (size_t) len, hash, NULL, EVP_sha256(), NULL) != 1)
    {
        ERR_clear_error();
        OPENSSL_free(der);
        return NGX_DNS_FAULT_OTHER;
    }

    OPENSSL_free(der);

    for (i = 0; i < tls->npins; i++) {
        if (ngx_memcmp(tls->pins[i], hash, NGX_DNS_TLS_PIN) == 0) {
            return 0;
        }
    }

    return NGX_DNS_FAULT_PIN;
}


/* with TLS 1.3 whenever the server sends a ticket */

static void
ngx_dns_tls_save_session(ngx_connection_t *c)
{
    ngx_dns_tls_t      *tls;
    ngx_ssl_session_t  *session;

    tls = ngx_dns_tls_link(c)->peer->tls;

    session = ngx_ssl_get_session(c);

    if (session) {
        ngx_dns_tls_forget(tls);
        tls->session = session;
    }
}


void
ngx_dns_tls_forget(ngx_dns_tls_t *tls)
{
    if (tls->session) {
        ngx_ssl_free_session(tls->session);
        tls->session = NULL;
    }
}


static ngx_uint_t
ngx_dns_tls_failed(ngx_connection_t *c)
{
    ngx_dns_tls_link_t  *link;

    link = ngx_dns_tls_link(c);

    if (link->fault == 0 && link->started && !link->done
        && c->write->timedout)
    {
        link->fault = NGX_DNS_FAULT_TIMEOUT;
    }

    if (link->fault == 0) {
        return 0;
    }

    /* the next one is not to fail for what is remembered of an earlier one */

    ngx_dns_tls_forget(link->peer->tls);

    ngx_dns_peer_handshake(link->peer, link->fault, 0,
                           (ngx_log_t *) ngx_cycle->log);

    return 1;
}


static ssize_t
ngx_dns_tls_read(ngx_connection_t *c, u_char *p, size_t size)
{
    ssize_t   n;
    uint16_t  fault;

    ngx_dns_tls_listen(c);
    n = c->recv(c, p, size);
    fault = ngx_dns_tls_listened(c);

    if (n == NGX_ERROR) {

        /* with TLS 1.3 this is where it refuses our certificate */

        ngx_dns_tls_link(c)->fault = fault;
    }

    return n;
}


static ssize_t
ngx_dns_tls_write(ngx_connection_t *c, u_char *p, size_t size)
{
    ssize_t  n;

    ngx_dns_tls_listen(c);
    n = c->send(c, p, size);
    (void) ngx_dns_tls_listened(c);

    return n;
}


/*
 * With a word of goodbye if there is room for it, and without a wait for the
 * server's.
 */

static void
ngx_dns_tls_close(ngx_connection_t *c)
{
    ngx_pool_t  *pool;

    pool = c->pool;

    if (c->ssl) {
        ngx_dns_tls_listen(c);

        c->ssl->no_wait_shutdown = 1;

        if (ngx_ssl_shutdown(c) == NGX_AGAIN) {
            c->timedout = 1;
            (void) ngx_ssl_shutdown(c);
        }

        (void) ngx_dns_tls_listened(c);
    }

    ngx_dns_reserve_close(c);

    if (pool) {
        ngx_destroy_pool(pool);
    }
}


static ngx_dns_tls_link_t *
ngx_dns_tls_link(ngx_connection_t *c)
{
    return SSL_get_app_data(c->ssl->connection);
}


static void
ngx_dns_tls_listen(ngx_connection_t *c)
{
    ngx_dns_tls_heard = 0;
    c->log = &ngx_dns_tls_log;
}


/* what was said since then; 0: nothing */

static uint16_t
ngx_dns_tls_listened(ngx_connection_t *c)
{
    c->log = (ngx_log_t *) ngx_cycle->log;

    return ngx_dns_tls_heard;
}


static void
ngx_dns_tls_writer(ngx_log_t *log, ngx_uint_t level, u_char *buf, size_t len)
{
    /* an alert is about what somebody else has left in OpenSSL's queue */

    if (level > NGX_LOG_ALERT && ngx_dns_tls_heard == 0) {
        ngx_dns_tls_heard = ngx_dns_fault_parse(buf, len);
    }
}

#endif

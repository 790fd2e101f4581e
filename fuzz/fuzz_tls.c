
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The octets of TLS below a server's connection: a server that speaks TLS, and
 * in between somebody who cuts, holds back, changes and makes up what it sends,
 * as the input says.  Whatever he does: what is read is what the server has
 * written, from its beginning; a server that is not who it should be is never
 * ready; a failure has words; and nothing is left.
 */


#include "transport/ngx_dns_bytes_tls.c"

#include <stdlib.h>


#define FUZZ_RAW     0x01               /* there is no server */
#define FUZZ_VERIFY  0x02
#define FUZZ_PIN     0x04
#define FUZZ_WRONG   0x08               /* it is not who it should be */
#define FUZZ_OLD     0x10               /* TLS 1.2 */
#define FUZZ_REUSE   0x20


typedef enum {
    FUZZ_DELIVER = 0,
    FUZZ_CHANGE,
    FUZZ_EVENT,
    FUZZ_SEND,
    FUZZ_ANSWER,
    FUZZ_GOODBYE,
    FUZZ_END,
    FUZZ_MADE_UP
} fuzz_op_e;


int LLVMFuzzerTestOneInput(const u_char *data, size_t size);

static void fuzz_setup(void);
static void fuzz_start(unsigned mode);
static ngx_connection_t *fuzz_connect(void);
static const u_char *fuzz_do(ngx_connection_t *c, unsigned op,
    const u_char *p, const u_char *last);
static int fuzz_event(ngx_connection_t *c, size_t size);
static void fuzz_server(ngx_connection_t *c);
static void fuzz_deliver(ngx_connection_t *c, size_t n, int change);
static ssize_t fuzz_recv(ngx_connection_t *c, u_char *buf, size_t size);
static ssize_t fuzz_send(ngx_connection_t *c, u_char *buf, size_t size);
static ngx_int_t fuzz_result(ngx_connection_t *c, int n);
static ngx_int_t fuzz_plain_connect(ngx_dns_peer_t *peer, ngx_uint_t first,
    ngx_connection_t **cp);
static ngx_int_t fuzz_plain_ready(ngx_connection_t *c);
static int fuzz_session(SSL *ssl, SSL_SESSION *session);


static SSL_CTX             *fuzz_server_ctx, *fuzz_client_ctx;
static SSL                 *fuzz_peer;
static u_char               fuzz_key[1][NGX_DNS_TLS_PIN];
static u_char               fuzz_no_key[1][NGX_DNS_TLS_PIN];

static ngx_ssl_t            fuzz_ssl;
static ngx_dns_tls_t        fuzz_tls;
static ngx_dns_peer_t       fuzz_name;
static struct sockaddr_in   fuzz_addr;

static ngx_event_t          fuzz_read, fuzz_write;
static ngx_connection_t     fuzz_connection;
static ngx_ssl_connection_t fuzz_own;
static size_t               fuzz_was_read, fuzz_was_written;
static unsigned             fuzz_mode, fuzz_closed, fuzz_said;
static ngx_uint_t           fuzz_fault;


/* what the source under test wants of nginx, and of the other parts */

static ngx_log_t            fuzz_log;
static ngx_cycle_t          fuzz_cycle;

volatile ngx_cycle_t       *ngx_cycle = &fuzz_cycle;
ngx_queue_t                 ngx_posted_events;
ngx_rbtree_t                ngx_event_timer_rbtree;
volatile ngx_msec_t         ngx_current_msec = 1;

const ngx_dns_bytes_t       ngx_dns_bytes_plain = {
    0, fuzz_plain_connect, fuzz_plain_ready, NULL, NULL, NULL, NULL
};


int
LLVMFuzzerTestOneInput(const u_char *data, size_t size)
{
    const u_char      *p, *last;
    ngx_connection_t  *c;

    if (size == 0) {
        return 0;
    }

    fuzz_setup();
    fuzz_start(data[0]);

    c = fuzz_connect();
    last = data + size;

    for (p = data + 1; c && p && p < last; /* void */) {
        p = fuzz_do(c, p[0], p + 1, last);
    }

    if (c) {
        ngx_dns_bytes_tls.close(c);
    }

    if (!fuzz_closed) {
        abort();
    }

    ngx_dns_tls_forget(&fuzz_tls);
    SSL_free(fuzz_peer);
    ERR_clear_error();

    return 0;
}


/* once: a server's key and its certificate, which is its own authority */

static void
fuzz_setup(void)
{
    u_char    *der;
    X509      *cert;
    EVP_PKEY  *key;
    int        len;

    if (fuzz_server_ctx) {
        return;
    }

    fuzz_cycle.log = &fuzz_log;
    ngx_queue_init(&ngx_posted_events);

    key = EVP_EC_gen("P-256");
    cert = X509_new();

    X509_set_version(cert, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), 86400 * 365);
    X509_set_pubkey(cert, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC,
                               (const u_char *) "one.test", -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_sign(cert, key, EVP_sha256());

    der = NULL;
    len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    EVP_Digest(der, (size_t) len, fuzz_key[0], NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);

    fuzz_server_ctx = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(fuzz_server_ctx, cert);
    SSL_CTX_use_PrivateKey(fuzz_server_ctx, key);

    fuzz_client_ctx = SSL_CTX_new(TLS_client_method());
    X509_STORE_add_cert(SSL_CTX_get_cert_store(fuzz_client_ctx), cert);
    SSL_CTX_set_session_cache_mode(fuzz_client_ctx,
                                   SSL_SESS_CACHE_CLIENT
                                   |SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(fuzz_client_ctx, fuzz_session);

    X509_free(cert);
    EVP_PKEY_free(key);
}


static void
fuzz_start(unsigned mode)
{
    fuzz_mode = mode;
    fuzz_closed = 0;
    fuzz_said = 0;
    fuzz_fault = 0;
    fuzz_was_read = 0;
    fuzz_was_written = 0;

    fuzz_ssl.ctx = fuzz_client_ctx;

    ngx_memzero(&fuzz_tls, sizeof(fuzz_tls));
    fuzz_tls.ssl = &fuzz_ssl;
    fuzz_tls.verify = mode & FUZZ_VERIFY ? 1 : 0;
    fuzz_tls.reuse = mode & FUZZ_REUSE ? 1 : 0;

    if (mode & FUZZ_PIN) {
        fuzz_tls.pins = mode & FUZZ_WRONG ? fuzz_no_key : fuzz_key;
        fuzz_tls.npins = 1;

    } else if (mode & FUZZ_WRONG) {
        fuzz_tls.verify = 1;
        ngx_str_set(&fuzz_tls.name, "other.test");

    } else if (fuzz_tls.verify) {

        /* the certificate has it as its common name */

        ngx_str_set(&fuzz_tls.name, "one.test");
    }

    fuzz_addr.sin_family = AF_INET;
    fuzz_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    fuzz_name.tls = &fuzz_tls;
    fuzz_name.sockaddr = (struct sockaddr *) &fuzz_addr;

    fuzz_peer = SSL_new(fuzz_server_ctx);
    SSL_set_bio(fuzz_peer, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(fuzz_peer);

    if (mode & FUZZ_OLD) {
        SSL_set_max_proto_version(fuzz_peer, TLS1_2_VERSION);
    }
}


static ngx_connection_t *
fuzz_connect(void)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    ngx_queue_init(&ngx_posted_events);

    rc = ngx_dns_bytes_tls.connect(&fuzz_name, 0, &c);

    if (rc != NGX_AGAIN) {
        abort();
    }

    return c;
}


/* one thing that happens; NULL: the connection is at its end */

static const u_char *
fuzz_do(ngx_connection_t *c, unsigned op, const u_char *p, const u_char *last)
{
    size_t   n;
    u_char   buf[2048];

    n = op & 31;

    switch (op >> 5) {

    case FUZZ_DELIVER:
    case FUZZ_CHANGE:
        fuzz_server(c);
        fuzz_deliver(c, n == 31 ? 16384 : n * 16 + 1, op >> 5 == FUZZ_CHANGE);
        break;

    case FUZZ_EVENT:
        return fuzz_event(c, n * 64 + 1) ? p : NULL;

    case FUZZ_SEND:
        if (ngx_dns_tls_link(c)->done) {
            ngx_memset(buf, 'q', sizeof(buf));

            if (ngx_dns_bytes_tls.write(c, buf, n * 32 + 1) == NGX_ERROR) {
                return NULL;
            }
        }

        break;

    case FUZZ_ANSWER:
        fuzz_server(c);

        if (SSL_is_init_finished(fuzz_peer)) {
            for (n = 0; n < (op & 31) * 64 + 1; n++) {
                buf[n] = (u_char) ((fuzz_was_written + n) * 7);
            }

            if (SSL_write(fuzz_peer, buf, (int) n) > 0) {
                fuzz_was_written += n;
            }
        }

        break;

    case FUZZ_GOODBYE:
        (void) SSL_shutdown(fuzz_peer);
        break;

    case FUZZ_END:
        BIO_set_mem_eof_return(SSL_get_rbio(c->ssl->connection), 0);
        break;

    case FUZZ_MADE_UP:
        n = ngx_min(n, (size_t) (last - p));
        BIO_write(SSL_get_rbio(c->ssl->connection), p, (int) n);
        p += n;
        break;
    }

    return p;
}


/* 0: it has failed */

static int
fuzz_event(ngx_connection_t *c, size_t size)
{
    u_char    *buf;
    ssize_t    n, i;
    ngx_int_t  rc;

    if (!ngx_dns_tls_link(c)->done) {
        rc = ngx_dns_bytes_tls.ready(c);

        if (rc == NGX_OK && (fuzz_mode & (FUZZ_WRONG|FUZZ_RAW))) {
            abort();
        }

        if (rc == NGX_ERROR && ngx_dns_bytes_tls.failed(c)) {
            if (fuzz_fault == 0 || ngx_dns_fault_text(fuzz_fault)[0] == '\0') {
                abort();
            }
        }

        return rc != NGX_ERROR;
    }

    buf = malloc(size);
    if (buf == NULL) {
        return 0;
    }

    n = ngx_dns_bytes_tls.read(c, buf, size);

    if (n > (ssize_t) size) {
        abort();
    }

    for (i = 0; i < n; i++) {
        if (fuzz_was_read + i >= fuzz_was_written
            || buf[i] != (u_char) ((fuzz_was_read + i) * 7))
        {
            abort();
        }
    }

    free(buf);

    fuzz_was_read += n > 0 ? (size_t) n : 0;

    return n > 0 || n == NGX_AGAIN;
}


/* what the client has written so far */

static void
fuzz_server(ngx_connection_t *c)
{
    int      n;
    u_char   buf[4096];

    if (fuzz_mode & FUZZ_RAW) {
        return;
    }

    while ((n = BIO_read(SSL_get_wbio(c->ssl->connection), buf, sizeof(buf)))
           > 0)
    {
        BIO_write(SSL_get_rbio(fuzz_peer), buf, n);
    }

    while (SSL_read(fuzz_peer, buf, sizeof(buf)) > 0) { /* void */ }

    ERR_clear_error();
}


static void
fuzz_deliver(ngx_connection_t *c, size_t size, int change)
{
    int      n;
    u_char   buf[16384];

    n = BIO_read(SSL_get_wbio(fuzz_peer), buf, (int) size);

    if (n > 0) {
        buf[n / 2] ^= change ? 0x40 : 0;
        BIO_write(SSL_get_rbio(c->ssl->connection), buf, n);
    }
}


static ngx_int_t
fuzz_plain_connect(ngx_dns_peer_t *peer, ngx_uint_t first,
    ngx_connection_t **cp)
{
    ngx_connection_t  *c;

    c = &fuzz_connection;

    ngx_memzero(c, sizeof(ngx_connection_t));
    ngx_memzero(&fuzz_read, sizeof(ngx_event_t));
    ngx_memzero(&fuzz_write, sizeof(ngx_event_t));

    c->read = &fuzz_read;
    c->write = &fuzz_write;
    c->read->data = c;
    c->write->data = c;
    c->read->log = &fuzz_log;
    c->write->log = &fuzz_log;
    c->log = &fuzz_log;
    c->recv = fuzz_recv;
    c->send = fuzz_send;

    *cp = c;

    return NGX_AGAIN;
}


static ngx_int_t
fuzz_plain_ready(ngx_connection_t *c)
{
    return NGX_OK;
}


void
ngx_dns_reserve_close(ngx_connection_t *c)
{
    if (fuzz_closed++) {
        abort();
    }
}


void
ngx_dns_peer_handshake(ngx_dns_peer_t *peer, ngx_uint_t fault,
    ngx_uint_t resumed, ngx_log_t *log)
{
    if (fuzz_said++) {
        abort();
    }

    fuzz_fault = fault;
}


/* nginx's functions of TLS, as far as they matter here */

ngx_int_t
ngx_ssl_create_connection(ngx_ssl_t *ssl, ngx_connection_t *c,
    ngx_uint_t flags)
{
    BIO  *in;

    ngx_memzero(&fuzz_own, sizeof(fuzz_own));
    c->ssl = &fuzz_own;
    c->ssl->connection = SSL_new(ssl->ctx);

    in = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(in, -1);

    SSL_set_bio(c->ssl->connection, in, BIO_new(BIO_s_mem()));
    SSL_set_connect_state(c->ssl->connection);

    return NGX_OK;
}


ngx_int_t
ngx_ssl_handshake(ngx_connection_t *c)
{
    int  n;

    n = SSL_do_handshake(c->ssl->connection);

    return n == 1 ? NGX_OK : fuzz_result(c, n);
}


ngx_int_t
ngx_ssl_shutdown(ngx_connection_t *c)
{
    (void) SSL_shutdown(c->ssl->connection);
    ERR_clear_error();

    SSL_free(c->ssl->connection);
    c->ssl = NULL;

    return NGX_OK;
}


ngx_int_t
ngx_ssl_set_session(ngx_connection_t *c, ngx_ssl_session_t *session)
{
    return SSL_set_session(c->ssl->connection, session) == 1 ? NGX_OK
                                                             : NGX_ERROR;
}


ngx_ssl_session_t *
ngx_ssl_get_session(ngx_connection_t *c)
{
    return SSL_get1_session(c->ssl->connection);
}


static int
fuzz_session(SSL *ssl, SSL_SESSION *session)
{
    if (fuzz_own.save_session) {
        fuzz_own.save_session(&fuzz_connection);
    }

    return 0;
}


static ssize_t
fuzz_recv(ngx_connection_t *c, u_char *buf, size_t size)
{
    int  n;

    n = SSL_read(c->ssl->connection, buf, (int) size);

    return n > 0 ? n : fuzz_result(c, n);
}


static ssize_t
fuzz_send(ngx_connection_t *c, u_char *buf, size_t size)
{
    int  n;

    n = SSL_write(c->ssl->connection, buf, (int) size);

    return n > 0 ? n : fuzz_result(c, n);
}


/* nginx tells of an error in its log, and takes it off OpenSSL's queue */

static ngx_int_t
fuzz_result(ngx_connection_t *c, int n)
{
    int     rc;
    size_t  len;
    char    text[256] = "SSL_function() failed (SSL: ";

    rc = SSL_get_error(c->ssl->connection, n);

    if (rc == SSL_ERROR_WANT_READ || rc == SSL_ERROR_WANT_WRITE) {
        return NGX_AGAIN;
    }

    if (rc == SSL_ERROR_ZERO_RETURN) {
        return 0;
    }

    len = strlen(text);
    ERR_error_string_n(ERR_peek_error(), text + len, sizeof(text) - len);

    if (ERR_peek_error()) {
        c->log->writer(c->log, NGX_LOG_INFO, (u_char *) text, strlen(text));
    }

    ERR_clear_error();

    return NGX_ERROR;
}


void
ngx_log_error_core(ngx_uint_t level, ngx_log_t *log, ngx_err_t err,
    const char *fmt, ...)
{
    /* void */
}


ngx_pool_t *
ngx_create_pool(size_t size, ngx_log_t *log)
{
    return calloc(1, size);
}


void *
ngx_pcalloc(ngx_pool_t *pool, size_t size)
{
    return pool;
}


void
ngx_destroy_pool(ngx_pool_t *pool)
{
    free(pool);
}


void
ngx_rbtree_insert(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    /* void */
}


void
ngx_rbtree_delete(ngx_rbtree_t *tree, ngx_rbtree_node_t *node)
{
    /* void */
}

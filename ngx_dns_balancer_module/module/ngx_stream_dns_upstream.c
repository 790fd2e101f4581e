
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_text.h"
#include "../transport/ngx_dns_tcp_out.h"


/*
 * The lines of a dns_upstream {} are not nginx's directives: "server",
 * "zone", "random" and "hash" have handlers of stock modules in every other
 * block.  They are found in a table of this file.
 */

typedef struct {
    ngx_str_t     name;
    ngx_uint_t    min;                    /* arguments */
    ngx_uint_t    max;
    char       *(*handler)(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us);
} ngx_stream_dns_upstream_line_t;


static char *ngx_stream_dns_upstream_line(ngx_conf_t *cf,
    ngx_command_t *dummy, void *conf);
static ngx_stream_dns_upstream_line_t *ngx_stream_dns_upstream_word(
    ngx_str_t *word);
static char *ngx_stream_dns_upstream_set(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, const char *method);
static char *ngx_stream_dns_upstream_method(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static char *ngx_stream_dns_upstream_random(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static char *ngx_stream_dns_upstream_hash(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static char *ngx_stream_dns_upstream_zone(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static char *ngx_stream_dns_upstream_include(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static char *ngx_stream_dns_upstream_tls(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static ngx_int_t ngx_stream_dns_upstream_named(ngx_conf_t *cf,
    ngx_str_t *name);
static ngx_stream_dns_upstream_t *ngx_stream_dns_upstream_create(
    ngx_conf_t *cf, ngx_str_t *name);
static char *ngx_stream_dns_upstream_finish(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us);
static ngx_uint_t ngx_stream_dns_upstream_primary(ngx_dns_upstream_t *u);


/* the last row: a method without parameters, from the table of those */

static ngx_stream_dns_upstream_line_t  ngx_stream_dns_upstream_lines[] = {
    { ngx_string("server"), 1, 16, ngx_stream_dns_server },
    { ngx_string("random"), 0, 2, ngx_stream_dns_upstream_random },
    { ngx_string("hash"), 1, 2, ngx_stream_dns_upstream_hash },
    { ngx_string("resolver"), 1, 16, ngx_stream_dns_seats_resolver },
    { ngx_string("resolver_timeout"), 1, 1, ngx_stream_dns_seats_timeout },
    { ngx_string("resolv_conf"), 1, 1, ngx_stream_dns_resolv_conf },
    { ngx_string("zone"), 2, 2, ngx_stream_dns_upstream_zone },
    { ngx_string("health_check"), 0, 16, ngx_stream_dns_health_check },
    { ngx_string("all_down"), 1, 1, ngx_stream_dns_all_down },
    { ngx_string("bind"), 1, 1, ngx_stream_dns_bind },
    { ngx_string("hedge"), 1, 1, ngx_stream_dns_hedge },
    { ngx_string("race"), 1, 3, ngx_stream_dns_race },
    { ngx_string("keepalive"), 1, 1, ngx_stream_dns_keepalive },
    { ngx_string("keepalive_requests"), 1, 1, ngx_stream_dns_keepalive },
    { ngx_string("keepalive_timeout"), 1, 1, ngx_stream_dns_keepalive },
    { ngx_string("keepalive_time"), 1, 1, ngx_stream_dns_keepalive },
    { ngx_string("ssl_verify"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_verify_depth"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_trusted_certificate"), 1, 1,
      ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_crl"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_name"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_certificate"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_certificate_key"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_password_file"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_protocols"), 1, 4, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_ciphers"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_conf_command"), 2, 2, ngx_stream_dns_upstream_tls },
    { ngx_string("ssl_session_reuse"), 1, 1, ngx_stream_dns_upstream_tls },
    { ngx_string("include"), 1, 1, ngx_stream_dns_upstream_include },
    { ngx_null_string, 0, 0, ngx_stream_dns_upstream_method }
};


char *
ngx_stream_dns_upstream_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char                       *rv;
    ngx_str_t                  *value;
    ngx_conf_t                  save;
    ngx_stream_dns_upstream_t  *us;

    value = cf->args->elts;

    if (ngx_stream_dns_upstream_find(cf, &value[1])) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate dns_upstream \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (ngx_stream_dns_upstream_named(cf, &value[1]) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    us = ngx_stream_dns_upstream_create(cf, &value[1]);
    if (us == NULL) {
        return NGX_CONF_ERROR;
    }

    us->file = cf->conf_file->file.name.data;
    us->line = cf->conf_file->line;

    save = *cf;
    cf->handler = ngx_stream_dns_upstream_line;
    cf->handler_conf = (void *) us;

    rv = ngx_conf_parse(cf, NULL);

    *cf = save;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    return ngx_stream_dns_upstream_finish(cf, us);
}


/* "dns_forward" and "dns_pass" take names and addresses */

static ngx_int_t
ngx_stream_dns_upstream_named(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_url_t    u;
    const char  *why;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *name;
    u.default_port = NGX_DNS_PORT;
    u.no_resolve = 1;

    why = NULL;

    if (name->len == 0) {
        why = "it is empty";

    } else if (name->data[0] == '$') {
        why = "it begins with \"$\"";

    } else if (ngx_stream_dns_text_address(name)
               || (ngx_parse_url(cf->temp_pool, &u) == NGX_OK && u.naddrs))
    {
        why = "it is an address";
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"dns_upstream\": invalid name \"%V\": %s",
                           name, why);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_stream_dns_upstream_t *
ngx_stream_dns_upstream_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_stream_dns_upstream_t   *us, **p;
    ngx_stream_dns_main_conf_t  *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    us = ngx_pcalloc(cf->pool, sizeof(ngx_stream_dns_upstream_t));
    p = ngx_array_push(&dmcf->upstreams);

    if (us == NULL || p == NULL
        || ngx_array_init(&us->upstream.peers, cf->pool, 4,
                          sizeof(ngx_dns_peer_t))
           != NGX_OK)
    {
        return NULL;
    }

    *p = us;
    us->upstream.name = *name;
    ngx_stream_dns_tls_create(&us->tls);
    ngx_stream_dns_keepalive_create(us);
    us->upstream.partition = ngx_stream_dns_partition(name);

    return us;
}


uint64_t
ngx_stream_dns_partition(const ngx_str_t *name)
{
    static const ngx_dns_hash_key_t  key = { 0x646e735f75707374ULL,
                                             0x7265616d5f6b6579ULL };

    return ngx_dns_hash(&key, name->data, name->len, 0);
}


ngx_stream_dns_upstream_t *
ngx_stream_dns_upstream_find(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_stream_dns_upstream_t   **us;
    ngx_stream_dns_main_conf_t   *dmcf;

    dmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_dns_balancer_module);

    us = dmcf->upstreams.elts;

    for (i = 0; i < dmcf->upstreams.nelts; i++) {
        if (us[i]->upstream.name.len == name->len
            && ngx_strncmp(us[i]->upstream.name.data, name->data, name->len)
               == 0)
        {
            return us[i];
        }
    }

    return NULL;
}


static char *
ngx_stream_dns_upstream_line(ngx_conf_t *cf, ngx_command_t *dummy, void *conf)
{
    char                            *rv;
    ngx_str_t                       *value;
    ngx_uint_t                       n;
    ngx_stream_dns_upstream_t       *us;
    ngx_stream_dns_upstream_line_t  *line;

    us = (ngx_stream_dns_upstream_t *) conf;
    value = cf->args->elts;
    n = cf->args->nelts - 1;

    line = ngx_stream_dns_upstream_word(&value[0]);

    if (line == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "unknown directive \"%V\" in dns_upstream \"%V\"",
                           &value[0], &us->upstream.name);
        return NGX_CONF_ERROR;
    }

    if (n < line->min || n > line->max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid number of arguments in \"%V\" "
                           "directive of dns_upstream \"%V\"",
                           &value[0], &us->upstream.name);
        return NGX_CONF_ERROR;
    }

    rv = line->handler(cf, us);

    if (rv == NGX_CONF_OK && ngx_stream_dns_text_once(cf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (rv == NGX_CONF_OK || rv == NGX_CONF_ERROR) {
        return rv;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" directive %s in dns_upstream \"%V\"",
                       &value[0], rv, &us->upstream.name);
    return NGX_CONF_ERROR;
}


/* a word that is no line of its own may be a method without parameters */

static ngx_stream_dns_upstream_line_t *
ngx_stream_dns_upstream_word(ngx_str_t *word)
{
    ngx_stream_dns_upstream_line_t  *line;

    for (line = ngx_stream_dns_upstream_lines; line->name.len; line++) {

        if (line->name.len == word->len
            && ngx_strcmp(line->name.data, word->data) == 0)
        {
            return line;
        }
    }

    return ngx_dns_balancer_find(word) ? line : NULL;
}


static char *
ngx_stream_dns_upstream_set(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    const char *method)
{
    ngx_str_t  name;

    if (us->upstream.balancer) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "a second method, \"%s\", in dns_upstream \"%V\" "
                           "that has \"%V\"", method, &us->upstream.name,
                           &us->upstream.balancer->name);
        return NGX_CONF_ERROR;
    }

    name.data = (u_char *) method;
    name.len = ngx_strlen(method);

    us->upstream.balancer = ngx_dns_balancer_find(&name);

    return NGX_CONF_OK;
}


static char *
ngx_stream_dns_upstream_method(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    return ngx_stream_dns_upstream_set(cf, us, (char *) value[0].data);
}


static char *
ngx_stream_dns_upstream_random(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t   *value;
    ngx_uint_t   n;

    value = cf->args->elts;
    n = cf->args->nelts;

    if (n == 1) {
        return ngx_stream_dns_upstream_set(cf, us, "random");
    }

    if (ngx_strcmp(value[1].data, "two") != 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"random\": invalid value \"%V\", it must be "
                           "\"two\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    if (n == 2 || ngx_strcmp(value[2].data, "least_conn") == 0) {
        return ngx_stream_dns_upstream_set(cf, us, "random two least_conn");
    }

    if (ngx_strcmp(value[2].data, "least_time") == 0) {
        return ngx_stream_dns_upstream_set(cf, us, "random two least_time");
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"random two\": invalid value \"%V\", it must be "
                       "\"least_conn\" or \"least_time\"", &value[2]);

    return NGX_CONF_ERROR;
}


static char *
ngx_stream_dns_upstream_hash(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t  *value;

    value = cf->args->elts;

    if (cf->args->nelts == 3
        && ngx_strcmp(value[2].data, "consistent") != 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"hash\": invalid value \"%V\", it must be "
                           "\"consistent\"", &value[2]);
        return NGX_CONF_ERROR;
    }

    if (ngx_stream_script_variables_count(&value[1]) == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"hash\": invalid key \"%V\", it must have a "
                           "variable, as \"$dns_qname\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    us->key = ngx_stream_dns_variable_compile(cf, &value[1], 1);
    if (us->key == NULL) {
        return NGX_CONF_ERROR;
    }

    /* the commonest key, which needs no variable to be made */

    us->qname = ngx_strcmp(value[1].data, "$dns_qname") == 0;

    /* a client waits for a response that is right for its key only */

    us->upstream.by_client = !us->qname;
    us->upstream.key = us;

    return ngx_stream_dns_upstream_set(cf, us, cf->args->nelts == 3
                                               ? "hash consistent" : "hash");
}


static char *
ngx_stream_dns_upstream_zone(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ssize_t     size;
    ngx_str_t  *value;

    value = cf->args->elts;

    if (us->shm_size) {
        return "is duplicate";
    }

    size = ngx_parse_size(&value[2]);

    if (size == NGX_ERROR || size < (ssize_t) (8 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"zone\": invalid size \"%V\" of zone \"%V\", it "
                           "must be at least %uz, in octets or with \"k\" or "
                           "\"m\"", &value[2], &value[1], 8 * ngx_pagesize);
        return NGX_CONF_ERROR;
    }

    us->shm_name = value[1];
    us->shm_size = (size_t) size;

    return NGX_CONF_OK;
}


/* its lines come here, as those of the block do */

static char *
ngx_stream_dns_upstream_include(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    return ngx_conf_include(cf, NULL, NULL);
}


static char *
ngx_stream_dns_upstream_tls(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    return ngx_stream_dns_tls_line(cf, &us->tls);
}


ngx_stream_dns_upstream_t *
ngx_stream_dns_upstream_address(ngx_conf_t *cf, ngx_url_t *url,
    ngx_dns_transport_t *transport)
{
    ngx_stream_dns_upstream_t  *us;

    static ngx_stream_dns_tls_server_t  by_address;

    if (url->addrs[0].sockaddr->sa_family == AF_UNIX) {
        transport = &ngx_dns_tcp_out;
    }

    if (ngx_stream_dns_server_name(cf, &url->addrs[0], transport) != NGX_OK) {
        return NULL;
    }

    us = ngx_stream_dns_upstream_find(cf, &url->addrs[0].name);

    if (us) {
        return us;
    }

    us = ngx_stream_dns_upstream_create(cf, &url->addrs[0].name);

    if (us) {
        /* there is nothing to choose: no checks that are not asked for */

        us->checks = NGX_STREAM_DNS_CHECKS_OFF;
    }

    if (us == NULL
        || ngx_stream_dns_server_add(cf, us, &url->addrs[0], transport,
                                     &by_address)
           == NULL
        || ngx_stream_dns_upstream_finish(cf, us) != NGX_CONF_OK)
    {
        return NULL;
    }

    return us;
}


static char *
ngx_stream_dns_upstream_finish(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_int_t            rc;
    ngx_dns_upstream_t  *u;

    u = &us->upstream;

    if (u->balancer == NULL) {
        u->balancer = &ngx_dns_balance_rr;
    }

    if (u->peers.nelts == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"server\" in dns_upstream \"%V\"", &u->name);
        return NGX_CONF_ERROR;
    }

    rc = ngx_dns_balancer_init(u, cf->pool);

    if (rc == NGX_DECLINED) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the weights in dns_upstream \"%V\" have a sum "
                           "over %d after division by their common divisor",
                           &u->name, NGX_DNS_MAX_SEQUENCE);
    }

    if (rc != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_stream_dns_keepalive_init(us);

    if (ngx_stream_dns_health_init(cf, us) != NGX_OK
        || ngx_stream_dns_bind_init(cf, us) != NGX_OK
        || ngx_stream_dns_tls_init(cf, u, &us->tls) != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (!ngx_stream_dns_upstream_primary(u)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no \"server\" without \"backup\" in dns_upstream "
                           "\"%V\"", &u->name);
        return NGX_CONF_ERROR;
    }

    return ngx_stream_dns_upstream_memory(cf, us) == NGX_OK ? NGX_CONF_OK
                                                         : NGX_CONF_ERROR;
}


/* is a server, or one to be found, not a backup? */

static ngx_uint_t
ngx_stream_dns_upstream_primary(ngx_dns_upstream_t *u)
{
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    peer = u->peers.elts;

    for (i = 0; i < u->peers.nelts; i++) {
        if (!peer[i].backup) {
            return 1;
        }
    }

    return 0;
}

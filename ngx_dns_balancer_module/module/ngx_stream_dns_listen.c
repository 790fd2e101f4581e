
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"


/* a "listen" of any server, in one form for all versions of nginx */

typedef struct {
    ngx_stream_core_srv_conf_t   *core;
    ngx_stream_dns_srv_conf_t    *dns;      /* NULL: not ours */
    struct sockaddr              *sockaddr;
    ngx_str_t                     text;
    int                           type;
    int                           rcvbuf;
    unsigned                      bind:1;
    unsigned                      wildcard:1;
    unsigned                      ssl:1;
    unsigned                      shared:1; /* by several server_name, ... */
    unsigned                      named:1;  /* ... of which it is not the
                                               default */
} ngx_stream_dns_listen_t;


static ngx_int_t ngx_stream_dns_listen_collect(ngx_conf_t *cf,
    ngx_array_t *listens);
static ngx_int_t ngx_stream_dns_listen_name(ngx_conf_t *cf,
    ngx_stream_dns_listen_t *ls, ngx_str_t *name);
static void ngx_stream_dns_listen_lint(ngx_conf_t *cf, ngx_array_t *listens,
    ngx_stream_dns_listen_t *ls);
static ngx_int_t ngx_stream_dns_listen_rmem_max(void);
static ngx_int_t ngx_stream_dns_listen_kind(ngx_conf_t *cf,
    ngx_stream_dns_listen_t *ls);
static ngx_int_t ngx_stream_dns_listen_note(ngx_conf_t *cf,
    ngx_stream_dns_listen_t *ls);
static ngx_int_t ngx_stream_dns_listen_socket(ngx_conf_t *cf,
    ngx_array_t *listens, ngx_stream_dns_listen_t *ls);
static ngx_stream_dns_srv_conf_t *ngx_stream_dns_listen_server(
    ngx_stream_conf_ctx_t *ctx);
static ngx_int_t ngx_stream_dns_listen_take(ngx_cycle_t *cycle,
    ngx_listening_t *ls);


#if (nginx_version >= 1025005)

#define ngx_stream_dns_addr_ctx(conf)  (conf)->default_server->ctx


static ngx_int_t
ngx_stream_dns_listen_collect(ngx_conf_t *cf, ngx_array_t *listens)
{
    ngx_uint_t                     p, a, i;
    ngx_stream_conf_port_t        *port;
    ngx_stream_conf_addr_t        *addr;
    ngx_stream_dns_listen_t       *ls;
    ngx_stream_core_srv_conf_t   **server;
    ngx_stream_core_main_conf_t   *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    if (cmcf->ports == NULL) {
        return NGX_OK;
    }

    port = cmcf->ports->elts;

    for (p = 0; p < cmcf->ports->nelts; p++) {

        addr = port[p].addrs.elts;

        for (a = 0; a < port[p].addrs.nelts; a++) {

            server = addr[a].servers.elts;

            for (i = 0; i < addr[a].servers.nelts; i++) {

                ls = ngx_array_push(listens);
                if (ls == NULL) {
                    return NGX_ERROR;
                }

                ls->core = server[i];
                ls->dns = ngx_stream_dns_listen_server(server[i]->ctx);
                ls->sockaddr = addr[a].opt.sockaddr;
                ls->text = addr[a].opt.addr_text;
                ls->type = port[p].type;
                ls->rcvbuf = addr[a].opt.rcvbuf;
                ls->bind = addr[a].opt.bind;
                ls->wildcard = addr[a].opt.wildcard;
                ls->ssl = addr[a].opt.ssl;
                ls->shared = addr[a].servers.nelts > 1;
                ls->named = server[i] != addr[a].default_server;
            }
        }
    }

    return NGX_OK;
}


/* who has no name of its own is never picked: nginx has warned already */

static ngx_int_t
ngx_stream_dns_listen_name(ngx_conf_t *cf, ngx_stream_dns_listen_t *ls,
    ngx_str_t *name)
{
    ngx_stream_server_name_t  *server;

    *name = ls->text;

    if (!ls->named) {
        return NGX_OK;
    }

    if (!ls->ssl) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"listen %V\": without \"ssl\" clients name no "
                      "server, the server in %s:%ui gets no queries there",
                      &ls->text, ls->core->file_name, ls->core->line);
    }

    server = ls->core->server_names.elts;

    name->len = ls->text.len + 1 + server[0].name.len;
    name->data = ngx_pnalloc(cf->pool, name->len);

    if (name->data == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_sprintf(name->data, "%V/%V", &ls->text, &server[0].name);

    return NGX_OK;
}

#else

#define ngx_stream_dns_addr_ctx(conf)  (conf)->ctx


static ngx_int_t
ngx_stream_dns_listen_collect(ngx_conf_t *cf, ngx_array_t *listens)
{
    ngx_uint_t                    i;
    ngx_stream_listen_t          *listen;
    ngx_stream_dns_listen_t      *ls;
    ngx_stream_core_main_conf_t  *cmcf;

    cmcf = ngx_stream_conf_get_module_main_conf(cf, ngx_stream_core_module);

    listen = cmcf->listen.elts;

    for (i = 0; i < cmcf->listen.nelts; i++) {

        ls = ngx_array_push(listens);
        if (ls == NULL) {
            return NGX_ERROR;
        }

        ls->core = listen[i].ctx->srv_conf[ngx_stream_core_module.ctx_index];
        ls->dns = ngx_stream_dns_listen_server(listen[i].ctx);
        ls->sockaddr = listen[i].sockaddr;
        ls->text = listen[i].addr_text;
        ls->type = listen[i].type;
        ls->rcvbuf = listen[i].rcvbuf;
        ls->bind = listen[i].bind;
        ls->wildcard = listen[i].wildcard;
        ls->ssl = listen[i].ssl;
        ls->shared = 0;
        ls->named = 0;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_listen_name(ngx_conf_t *cf, ngx_stream_dns_listen_t *ls,
    ngx_str_t *name)
{
    *name = ls->text;

    return NGX_OK;
}

#endif


static ngx_stream_dns_srv_conf_t *
ngx_stream_dns_listen_server(ngx_stream_conf_ctx_t *ctx)
{
    ngx_stream_dns_srv_conf_t  *dscf;

    dscf = ctx->srv_conf[ngx_dns_balancer_module.ctx_index];

    return dscf->enabled ? dscf : NULL;
}


ngx_int_t
ngx_stream_dns_listen_check(ngx_conf_t *cf)
{
    ngx_uint_t                i;
    ngx_array_t               listens;
    ngx_stream_dns_listen_t  *ls;

    if (ngx_array_init(&listens, cf->temp_pool, 8,
                       sizeof(ngx_stream_dns_listen_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_stream_dns_listen_collect(cf, &listens) != NGX_OK) {
        return NGX_ERROR;
    }

    ls = listens.elts;

    for (i = 0; i < listens.nelts; i++) {
        if (ls[i].dns == NULL) {
            continue;
        }

        if (ngx_stream_dns_listen_kind(cf, &ls[i]) != NGX_OK
            || ngx_stream_dns_listen_note(cf, &ls[i]) != NGX_OK
            || ngx_stream_dns_listen_socket(cf, &listens, &ls[i]) != NGX_OK)
        {
            return NGX_ERROR;
        }

        ngx_stream_dns_listen_lint(cf, &listens, &ls[i]);
    }

    return NGX_OK;
}


static void
ngx_stream_dns_listen_lint(ngx_conf_t *cf, ngx_array_t *listens,
    ngx_stream_dns_listen_t *ls)
{
    ngx_int_t                 max;
    ngx_uint_t                i;
    ngx_stream_dns_listen_t  *other;

    if (ls->type != SOCK_DGRAM) {
        ls->dns->tcp = 1;
        return;
    }

    ls->dns->udp = 1;
    max = ngx_stream_dns_listen_rmem_max();

    if (max > 0 && ls->rcvbuf > max) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"listen %V\": \"rcvbuf=\" of %d is cut to %i by the "
                      "system, set net.core.rmem_max, in server in %s:%ui",
                      &ls->text, ls->rcvbuf, max, ls->core->file_name,
                      ls->core->line);
    }

    other = listens->elts;

    for (i = 0; i < listens->nelts; i++) {
        if (other[i].dns && other[i].type != SOCK_DGRAM
            && other[i].sockaddr->sa_family != AF_UNIX
            && ngx_inet_get_port(other[i].sockaddr)
               == ngx_inet_get_port(ls->sockaddr))
        {
            return;
        }
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"listen %V\": there is UDP, but no \"listen\" for TCP on "
                  "this port, which clients need for long answers (RFC 7766, "
                  "5), in server in %s:%ui",
                  &ls->text, ls->core->file_name, ls->core->line);
}


/* 0: not known */

static ngx_int_t
ngx_stream_dns_listen_rmem_max(void)
{
    u_char      text[NGX_INT_T_LEN];
    ssize_t     n;
    ngx_fd_t    fd;

    fd = ngx_open_file((u_char *) "/proc/sys/net/core/rmem_max",
                       NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return 0;
    }

    n = ngx_read_fd(fd, text, sizeof(text));
    (void) ngx_close_file(fd);

    while (n > 0 && (text[n - 1] < '0' || text[n - 1] > '9')) {
        n--;
    }

    return n > 0 ? ngx_max(ngx_atoi(text, (size_t) n), 0) : 0;
}


static ngx_int_t
ngx_stream_dns_listen_kind(ngx_conf_t *cf, ngx_stream_dns_listen_t *ls)
{
    const char  *what;

    if (ls->type != SOCK_DGRAM) {
        return NGX_OK;
    }

    if (ls->sockaddr->sa_family == AF_UNIX) {
        what = "\"unix:\" with \"udp\" is not supported";

    } else if (ls->shared) {
        what = "several servers on one UDP address are not supported";

    } else {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"listen %V\": %s in a server with \"dns_forward\" "
                  "in %s:%ui",
                  &ls->text, what, ls->core->file_name, ls->core->line);

    return NGX_ERROR;
}


/* for status pages; the first one is what the server is known by */

static ngx_int_t
ngx_stream_dns_listen_note(ngx_conf_t *cf, ngx_stream_dns_listen_t *ls)
{
    ngx_str_t               *text;
    ngx_array_t             *listens;
    ngx_stream_dns_offer_t   offer;

    listens = &ls->dns->listens;

    if (listens->elts == NULL
        && ngx_array_init(listens, cf->pool, 2, sizeof(ngx_str_t)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    text = ngx_array_push(listens);
    if (text == NULL) {
        return NGX_ERROR;
    }

    *text = ls->text;

    if (ls->ssl && ls->sockaddr->sa_family != AF_UNIX) {
        ngx_memzero(&offer, sizeof(ngx_stream_dns_offer_t));

        offer.priority = 1;
        offer.port = ngx_inet_get_port(ls->sockaddr);
        ngx_str_set(&offer.alpn, "dot");

        if (ngx_stream_dns_resolver_offer(cf->cycle, ls->dns, &offer)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (listens->nelts > 1) {
        return NGX_OK;
    }

    return ngx_stream_dns_listen_name(cf, ls, &ls->dns->name);
}


/*
 * nginx has one socket for a wildcard address and all addresses of the same
 * port that are not bound for themselves: it can be read by one of us only.
 */

static ngx_int_t
ngx_stream_dns_listen_socket(ngx_conf_t *cf, ngx_array_t *listens,
    ngx_stream_dns_listen_t *ls)
{
    ngx_uint_t                i;
    ngx_stream_dns_listen_t  *other;

    other = listens->elts;

    for (i = 0; i < listens->nelts; i++) {

        if (other[i].dns || ls->type != SOCK_DGRAM
            || other[i].type != SOCK_DGRAM
            || other[i].sockaddr->sa_family != ls->sockaddr->sa_family
            || ngx_inet_get_port(other[i].sockaddr)
               != ngx_inet_get_port(ls->sockaddr))
        {
            continue;
        }

        if ((ls->wildcard && !other[i].bind)
            || (other[i].wildcard && !ls->bind))
        {
            ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                          "\"listen %V\" of a server with \"dns_forward\" "
                          "in %s:%ui and \"listen %V\" of one without in "
                          "%s:%ui would share a socket, add \"bind\" to the "
                          "one that is not a wildcard",
                          &ls->text, ls->core->file_name, ls->core->line,
                          &other[i].text, other[i].core->file_name,
                          other[i].core->line);
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Who reads a socket: NGX_OK, a DNS server, NGX_DECLINED, others, which stay
 * alone.  "addrs" has room for all of its addresses, or is NULL.
 */

ngx_int_t
ngx_stream_dns_listen_ours(ngx_listening_t *ls, ngx_dns_front_addr_t *addrs,
    ngx_uint_t *sessions)
{
    ngx_uint_t                  i;
    ngx_stream_port_t          *port;
    ngx_stream_in_addr_t       *addr;
    ngx_stream_in6_addr_t      *addr6;
    ngx_stream_conf_ctx_t      *ctx;
    ngx_stream_dns_srv_conf_t  *dscf;

    if (ls->type != SOCK_DGRAM || ls->handler != ngx_stream_init_connection) {
        return NGX_DECLINED;
    }

    port = ls->servers;
    addr = port->addrs;
    addr6 = port->addrs;

    for (i = 0; i < port->naddrs; i++) {

        ctx = (ls->sockaddr->sa_family == AF_INET6)
              ? ngx_stream_dns_addr_ctx(&addr6[i].conf)
              : ngx_stream_dns_addr_ctx(&addr[i].conf);

        dscf = ngx_stream_dns_listen_server(ctx);

        if (dscf == NULL) {
            return NGX_DECLINED;
        }

        if (addrs == NULL) {
            continue;
        }

        if (ls->sockaddr->sa_family == AF_INET6) {
            addrs[i].sockaddr.sockaddr_in6.sin6_addr = addr6[i].addr6;

        } else {
            addrs[i].sockaddr.sockaddr_in.sin_addr.s_addr = addr[i].addr;
        }

        addrs[i].conf = &dscf->dns;
        *sessions |= dscf->limited;
    }

    return NGX_OK;
}


ngx_int_t
ngx_stream_dns_listen_open(ngx_cycle_t *cycle)
{
    ngx_uint_t        i;
    ngx_listening_t  *ls;

    ls = cycle->listening.elts;

    for (i = 0; i < cycle->listening.nelts; i++) {

        if (ngx_stream_dns_listen_ours(&ls[i], NULL, NULL) != NGX_OK) {
            continue;
        }

        /* with "reuseport" each worker has a socket of its own */

        if (ls[i].connection == NULL
            || (ls[i].reuseport && ls[i].worker != ngx_worker))
        {
            continue;
        }

        if (ngx_stream_dns_listen_take(cycle, &ls[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_listen_take(ngx_cycle_t *cycle, ngx_listening_t *ls)
{
    ngx_uint_t             sessions;
    ngx_stream_port_t     *port;
    ngx_dns_front_addr_t  *addrs;

    port = ls->servers;

    addrs = ngx_pcalloc(cycle->pool,
                        port->naddrs * sizeof(ngx_dns_front_addr_t));
    if (addrs == NULL) {
        return NGX_ERROR;
    }

    sessions = 0;

    (void) ngx_stream_dns_listen_ours(ls, addrs, &sessions);

    return ngx_dns_front_udp_open(cycle, ls, addrs, port->naddrs, sessions);
}

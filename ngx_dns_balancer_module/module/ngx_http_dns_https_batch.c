
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_http_dns_https.h"


#if (NGX_HTTP_V2 && NGX_HTTP_SSL)

#define NGX_HTTP_DNS_HTTPS_BUFS  32       /* of a response there are three */


static ngx_chain_t *ngx_http_dns_https_gather(ngx_connection_t *c,
    ngx_chain_t *in, off_t limit);


/*
 * The last buffer of each response makes nginx write what it has for the
 * connection: a record of TLS and a system call for each response, which cost
 * more than the response.  While a response is sent the connection writes by
 * ngx_http_dns_https_gather(), so that responses stay in nginx's buffer for
 * records.  nginx writes that at the latest in the event that is posted here.
 * "postpone_output 0" is nginx's word for who does not want any of that.
 */

ngx_connection_t *
ngx_http_dns_https_hold(ngx_http_request_t *r)
{
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;

    if (r->stream == NULL || r != r->main) {
        return NULL;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (clcf->postpone_output == 0) {
        return NULL;
    }

    c = r->stream->connection->connection;

    if (c->ssl == NULL || c->send_chain != ngx_ssl_send_chain) {
        return NULL;
    }

    c->send_chain = ngx_http_dns_https_gather;

    return c;
}


void
ngx_http_dns_https_release(ngx_connection_t *c)
{
    if (c == NULL) {
        return;
    }

    c->send_chain = ngx_ssl_send_chain;

    if (c->buffered && !c->error) {
        ngx_post_event(c->write, &ngx_posted_events);
    }
}


/* as nginx's, but nothing asks for its being written now */

static ngx_chain_t *
ngx_http_dns_https_gather(ngx_connection_t *c, ngx_chain_t *in, off_t limit)
{
    uint32_t      last, flush, bit;
    ngx_buf_t    *bufs[NGX_HTTP_DNS_HTTPS_BUFS];
    ngx_uint_t    i, n;
    ngx_chain_t  *cl;

    n = 0;

    for (cl = in; cl; cl = cl->next) {

        if (n == NGX_HTTP_DNS_HTTPS_BUFS) {
            return ngx_ssl_send_chain(c, in, limit);
        }

        bufs[n++] = cl->buf;
    }

    if (n == 0) {
        return ngx_ssl_send_chain(c, in, limit);
    }

    last = 0;
    flush = 0;

    for (i = 0, bit = 1; i < n; i++, bit <<= 1) {
        last |= bufs[i]->last_buf ? bit : 0;
        flush |= bufs[i]->flush ? bit : 0;

        bufs[i]->last_buf = 0;
        bufs[i]->flush = 0;
    }

    cl = ngx_ssl_send_chain(c, in, limit);

    for (i = 0, bit = 1; i < n; i++, bit <<= 1) {
        bufs[i]->last_buf = (last & bit) ? 1 : 0;
        bufs[i]->flush = (flush & bit) ? 1 : 0;
    }

    return cl;
}


#else

ngx_connection_t *
ngx_http_dns_https_hold(ngx_http_request_t *r)
{
    return NULL;
}


void
ngx_http_dns_https_release(ngx_connection_t *c)
{
    /* void */
}

#endif


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_html.h"
#include "../base/ngx_dns_random.h"


#define NGX_DNS_HTML_NONCE_LEN  32

/* nothing but the two pieces with the nonce, and figures from this nginx */

#define NGX_DNS_HTML_POLICY                                                   \
    "default-src 'none'; script-src 'nonce-%*s'; style-src 'nonce-%*s'; "     \
    "connect-src 'self'; img-src data:; base-uri 'none'; "                    \
    "form-action 'none'; frame-ancestors 'none'"


static ngx_uint_t ngx_dns_html_render(ngx_dns_page_request_t *pr);
static void ngx_dns_html_escape(ngx_dns_text_t *t, const ngx_str_t *s);


const ngx_dns_page_t  ngx_dns_page_html = {
    ngx_string("html"),
    ngx_string("text/html; charset=utf-8"),
    ngx_dns_html_render
};


static ngx_uint_t
ngx_dns_html_render(ngx_dns_page_request_t *pr)
{
    u_char                      *p, nonce[NGX_DNS_HTML_NONCE_LEN + 1];
    size_t                       len;
    ngx_dns_text_t              *t;
    const ngx_dns_html_piece_t  *piece;

    t = pr->text;

    (void) ngx_sprintf(nonce, "%016xL%016xL%Z", ngx_dns_random64(),
                       ngx_dns_random64());

    len = sizeof(NGX_DNS_HTML_POLICY) + 2 * NGX_DNS_HTML_NONCE_LEN;

    p = ngx_pnalloc(t->pool, len);
    if (p == NULL) {
        return NGX_DNS_PAGE_FAILED;
    }

    pr->policy.data = p;
    pr->policy.len = ngx_snprintf(p, len, NGX_DNS_HTML_POLICY,
                                  (size_t) NGX_DNS_HTML_NONCE_LEN, nonce,
                                  (size_t) NGX_DNS_HTML_NONCE_LEN, nonce)
                     - p;

    for (piece = ngx_dns_html_pieces; /* void */ ; piece++) {
        ngx_dns_text_str(t, &piece->text);

        if (piece->then == NGX_DNS_HTML_NONCE) {
            ngx_dns_text_c(t, (char *) nonce);

        } else if (piece->then == NGX_DNS_HTML_CONTROL) {
            ngx_dns_html_escape(t, &pr->control);

        } else {
            break;
        }
    }

    return NGX_DNS_PAGE_OK;
}


static void
ngx_dns_html_escape(ngx_dns_text_t *t, const ngx_str_t *s)
{
    size_t   len;
    u_char  *p;

    len = s->len + ngx_escape_html(NULL, s->data, s->len);

    p = ngx_dns_text_room(t, len);

    if (p) {
        ngx_dns_text_used(t, (u_char *) ngx_escape_html(p, s->data, s->len));
    }
}

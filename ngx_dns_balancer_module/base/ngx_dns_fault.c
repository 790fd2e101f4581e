
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_fault.h"

#if (NGX_SSL)
#include <openssl/err.h>
#include <openssl/x509.h>
#endif


#define NGX_DNS_FAULT_MARK  "error:"


static ngx_uint_t ngx_dns_fault_hex(u_char c);


const char *
ngx_dns_fault_text(ngx_uint_t fault)
{
    const char  *text;

    static const char  *own[] = {
        "TLS error",
        "TLS handshake timed out",
        "connection closed in TLS handshake",
        "no certificate",
        "key does not match any pin"
    };

    if (fault == 0) {
        return "";
    }

    if (fault >= NGX_DNS_FAULT_OTHER
        && fault < NGX_DNS_FAULT_OTHER + sizeof(own) / sizeof(own[0]))
    {
        return own[fault - NGX_DNS_FAULT_OTHER];
    }

    text = NULL;

#if (NGX_SSL)

    if (fault < NGX_DNS_FAULT_SSL) {
        text = X509_verify_cert_error_string((long) fault);

    } else if (fault < NGX_DNS_FAULT_OTHER) {
        text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0,
                                                fault - NGX_DNS_FAULT_SSL));
    }

#endif

    return text ? text : own[0];
}


uint16_t
ngx_dns_fault_parse(const u_char *p, size_t len)
{
    size_t         i, mark;
    ngx_uint_t     n;
    unsigned long  code;

    mark = sizeof(NGX_DNS_FAULT_MARK) - 1;
    code = 0;

    for (i = 0; i + mark < len; i++) {
        if (ngx_memcmp(p + i, NGX_DNS_FAULT_MARK, mark) == 0) {
            break;
        }
    }

    for (i += mark; i < len && code < 0x10000000; i++) {
        n = ngx_dns_fault_hex(p[i]);

        if (n == 16) {
            break;
        }

        code = code << 4 | n;
    }

    if (code == 0) {
        return 0;
    }

#if (NGX_SSL)

    n = (ngx_uint_t) ERR_GET_REASON(code);

    if (ERR_GET_LIB(code) == ERR_LIB_SSL
        && n < NGX_DNS_FAULT_OTHER - NGX_DNS_FAULT_SSL)
    {
        return (uint16_t) (NGX_DNS_FAULT_SSL + n);
    }

#endif

    return NGX_DNS_FAULT_OTHER;
}


/* 16: it is none */

static ngx_uint_t
ngx_dns_fault_hex(u_char c)
{
    if (c >= '0' && c <= '9') {
        return (ngx_uint_t) (c - '0');
    }

    c |= 0x20;

    return c >= 'a' && c <= 'f' ? (ngx_uint_t) (c - 'a' + 10) : 16;
}

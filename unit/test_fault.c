
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* What was wrong with TLS: lines of nginx's log, and words. */


#include "tap.h"
#include "base/ngx_dns_fault.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>


static uint16_t
parse(const char *line)
{
    size_t    len;
    u_char   *p;
    uint16_t  fault;

    /* on the heap, so that what is read behind it is seen */

    len = strlen(line);
    p = malloc(len ? len : 1);
    memcpy(p, line, len);

    fault = ngx_dns_fault_parse(p, len);
    free(p);

    return fault;
}


int
main(void)
{
    char      line[300], code[200];
    unsigned  i;

    static const char  *none[] = {
        "", "e", "error:", "error:x", "error:0", "error:0:", " error: 1",
        "2026/11/27 02:11:00 [info] 1#1: *5 peer closed connection in SSL "
        "handshake",
    };

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        is_int(parse(none[i]), 0, "nothing in \"%s\"", none[i]);
    }

    ERR_error_string_n(ERR_PACK(ERR_LIB_SSL, 0, SSL_R_WRONG_VERSION_NUMBER),
                       code, sizeof(code));
    snprintf(line, sizeof(line), "2026/11/27 [info] 1#1: *5 SSL_do_handshake() "
             "failed (SSL: %s)", code);
    is_int(parse(line), NGX_DNS_FAULT_SSL + SSL_R_WRONG_VERSION_NUMBER,
           "of the SSL library");

    ERR_error_string_n(ERR_PACK(ERR_LIB_SSL, 0, 1116), code, sizeof(code));
    snprintf(line, sizeof(line), "failed (SSL: %s error:0200000D:x)", code);
    is_int(parse(line), NGX_DNS_FAULT_SSL + 1116, "an alert, the first of two");

    ERR_error_string_n(ERR_PACK(ERR_LIB_ASN1, 0, 100), code, sizeof(code));
    is_int(parse(code), NGX_DNS_FAULT_OTHER, "of another library");
    is_int(parse("error:FFFFFFFFFFFFFFFFFFFF"), NGX_DNS_FAULT_OTHER,
           "too many digits");
    is_int(parse("error:0a"), NGX_DNS_FAULT_OTHER, "cut off");

    is_str(ngx_dns_fault_text(0), "", "no fault, no words");
    is_str(ngx_dns_fault_text(X509_V_ERR_CERT_HAS_EXPIRED),
           "certificate has expired", "a certificate");
    is_str(ngx_dns_fault_text(X509_V_ERR_HOSTNAME_MISMATCH),
           "hostname mismatch", "a name");
    is_str(ngx_dns_fault_text(NGX_DNS_FAULT_TIMEOUT),
           "TLS handshake timed out", "ours");
    is_str(ngx_dns_fault_text(NGX_DNS_FAULT_PIN),
           "key does not match any pin", "the last of ours");

    for (i = 1; i < 0x10000; i++) {
        if (ngx_dns_fault_text(i)[0] == '\0') {
            break;
        }
    }

    is_int(i, 0x10000, "every number has words");

    return done_testing();
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * What was wrong with TLS, as a number that fits into shared memory, and its
 * words, which are OpenSSL's.  For the TLS transport, which finds it out, and
 * those who tell people.  Calls OpenSSL for words only.
 */


#ifndef _NGX_DNS_FAULT_H_INCLUDED_
#define _NGX_DNS_FAULT_H_INCLUDED_


#include "ngx_dns.h"


/*
 * 0: nothing.  Up to 0xfff: an X509_V_ERR_ of a certificate.  From 0x1000 on: a
 * reason of OpenSSL's SSL library, alerts of the server among them.
 */

#define NGX_DNS_FAULT_SSL      0x1000

#define NGX_DNS_FAULT_OTHER    0x2000     /* in another library */
#define NGX_DNS_FAULT_TIMEOUT  0x2001
#define NGX_DNS_FAULT_CLOSED   0x2002     /* by the server, in the handshake */
#define NGX_DNS_FAULT_ANYONE   0x2003     /* it has shown no certificate */
#define NGX_DNS_FAULT_PIN      0x2004     /* none has the key */


#pragma GCC visibility push(hidden)

/* never NULL; without SSL in nginx there are no words of certificates */
const char *ngx_dns_fault_text(ngx_uint_t fault);

/*
 * The fault that a line of nginx's log tells of: what OpenSSL's
 * ERR_error_string() gave is in it.  0: there is none.
 */
uint16_t ngx_dns_fault_parse(const u_char *p, size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_FAULT_H_INCLUDED_ */

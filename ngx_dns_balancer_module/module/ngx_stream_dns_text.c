
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_text.h"
#include "../wire/ngx_dns_name.h"
#include "../wire/ngx_dns_question.h"

#include <ldns/ldns.h>
#include <nginx.h>


static ngx_uint_t ngx_stream_dns_text_foreign(ngx_str_t *text);
static ngx_uint_t ngx_stream_dns_text_ipv6(ngx_str_t *text);
static ngx_int_t ngx_stream_dns_text_variable(ngx_conf_t *cf, u_char **pos,
    u_char *last, ngx_str_t *value);
static void ngx_stream_dns_text_octets_init(void);


/* of IPv4 addresses, in decimal; made when first needed */

static u_char  ngx_stream_dns_text_octets[256][8];


const char *
ngx_stream_dns_text_address(ngx_str_t *text)
{
    if (ngx_strstr(text->data, "://")) {
        return "there is no scheme but \"tcp://\" and \"tls://\"";
    }

    if (text->len && text->data[0] == '/') {
        return "a file is for \"resolv_conf\", and a socket has \"unix:\" in "
               "front";
    }

    if (ngx_stream_dns_text_foreign(text)) {
        return "a port stands after \":\", and the name that a certificate "
               "must have in \"name=\"";
    }

    if (ngx_stream_dns_text_ipv6(text)) {
        return "an IPv6 address must be in brackets, as \"[2001:db8::1]\"";
    }

    if (ngx_strlchr(text->data, text->data + text->len, '%')) {
        return "a device is for a link-local address in brackets, as "
               "\"[fe80::1%eth0]\"";
    }

    return NULL;
}


/* ADDRESS@PORT#NAME, as other programs have it */

static ngx_uint_t
ngx_stream_dns_text_foreign(ngx_str_t *text)
{
    ngx_str_t  addr;

    addr = *text;

    for (addr.len = 0; addr.len < text->len; addr.len++) {

        if (addr.data[addr.len] == '@' || addr.data[addr.len] == '#') {
            return ngx_inet_addr(addr.data, addr.len) != INADDR_NONE
                   || ngx_stream_dns_text_ipv6(&addr);
        }
    }

    return 0;
}


/* with or without a port: no other address has two colons */

static ngx_uint_t
ngx_stream_dns_text_ipv6(ngx_str_t *text)
{
    u_char  *p, *last;

    last = text->data + text->len;

    if (text->len == 0 || text->data[0] == '['
        || ngx_strncmp(text->data, "unix:", 5) == 0)
    {
        return 0;
    }

    p = ngx_strlchr(text->data, last, ':');

    return p && ngx_strlchr(p + 1, last, ':');
}


const char *
ngx_stream_dns_text_sockaddr(struct sockaddr *sa)
{
    in_addr_t             addr;
    struct sockaddr_in   *sin;
#if (NGX_HAVE_INET6)
    struct sockaddr_in6  *sin6;
#endif

    switch (sa->sa_family) {

#if (NGX_HAVE_INET6)
    case AF_INET6:
        sin6 = (struct sockaddr_in6 *) sa;

        if (IN6_IS_ADDR_MULTICAST(&sin6->sin6_addr)) {
            return "it is a multicast address";
        }

        if (IN6_IS_ADDR_LINKLOCAL(&sin6->sin6_addr)
            && sin6->sin6_scope_id == 0)
        {
            return "it is a link-local address without a device, as "
                   "\"[fe80::1%eth0]\" has it";
        }

        return NULL;
#endif

    case AF_INET:
        sin = (struct sockaddr_in *) sa;
        addr = ntohl(sin->sin_addr.s_addr);

        return IN_MULTICAST(addr) ? "it is a multicast address" : NULL;
    }

    return NULL;
}


/* RFC 1123, 2.1, with "_"; a name of digits alone would be an address */

const char *
ngx_stream_dns_text_host(ngx_str_t *text)
{
    u_char      c;
    size_t      i, label;
    ngx_uint_t  digits;

    if (text->len > NGX_DNS_MAX_NAME - 2) {
        return "it is longer than 253 octets";
    }

    digits = 1;

    for (i = 0, label = 0; i < text->len; i++) {
        c = text->data[i];

        if (c == '.' ? label == 0 : label == 63) {
            return c == '.' ? "a label of it is empty"
                            : "a label of it is longer than 63 octets";
        }

        if (c == '.') {
            label = 0;
            continue;
        }

        label++;

        if (c < '0' || c > '9') {
            digits = 0;
        }

        if (!(c >= '0' && c <= '9') && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            && c != '-' && c != '_')
        {
            return "there is a character in it that no host name has";
        }
    }

    return digits ? "it is no name" : NULL;
}


const char *
ngx_stream_dns_text_zone(ngx_str_t *text)
{
    size_t      i;
    u_char      c;
    ngx_cidr_t  cidr;

    if (ngx_ptocidr(text, &cidr) != NGX_ERROR) {
        return "an address or network is no zone: those of its names end with "
               "\"in-addr.arpa\" or \"ip6.arpa\"";
    }

    for (i = 0; i < text->len; i++) {
        c = text->data[i];

        if (c > 0x7f) {
            return "it is not ASCII, other alphabets are in Punycode";
        }

        if (c == '$') {
            return "variables are not supported";
        }

        if (c == '*') {
            return "a zone has all names below it, without \"*\"";
        }

        if (c == ':') {
            return "it has a \":\"";
        }

        if (c == '\\') {
            i++;
        }
    }

    return NULL;
}


ngx_int_t
ngx_stream_dns_text_constant(ngx_conf_t *cf, ngx_str_t *text)
{
    size_t       len;
    u_char      *p, *q, *last;
    ngx_str_t    value, from;

    from = *text;
    last = from.data + from.len;

    if (ngx_strlchr(from.data, last, '$') == NULL) {
        return NGX_OK;
    }

    /* a variable has a name of two octets at least */

    len = ngx_max(cf->cycle->hostname.len, sizeof(NGINX_VERSION));
    len = from.len + (from.len / 2 + 1) * len;

    p = ngx_pnalloc(cf->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;

    for (q = from.data; q < last; /* void */ ) {

        if (*q != '$') {
            *p++ = *q++;
            continue;
        }

        if (ngx_stream_dns_text_variable(cf, &q, last, &value) != NGX_OK) {
            *text = from;
            return NGX_DECLINED;
        }

        p = ngx_cpymem(p, value.data, value.len);
    }

    text->len = (size_t) (p - text->data);

    return NGX_OK;
}


/* "$name" or "${name}" at *pos, which is moved behind it */

static ngx_int_t
ngx_stream_dns_text_variable(ngx_conf_t *cf, u_char **pos, u_char *last,
    ngx_str_t *value)
{
    u_char     *p, c;
    ngx_str_t   name;
    ngx_uint_t  braces;

    p = *pos + 1;
    braces = p < last && *p == '{';
    p += braces;

    for (name.data = p; p < last; p++) {
        c = *p | 0x20;

        if (*p != '_' && (*p < '0' || *p > '9') && (c < 'a' || c > 'z')) {
            break;
        }
    }

    name.len = p - name.data;

    if (braces && (p == last || *p++ != '}')) {
        return NGX_DECLINED;
    }

    *pos = p;

    if (name.len == sizeof("hostname") - 1
        && ngx_strncmp(name.data, "hostname", name.len) == 0)
    {
        *value = cf->cycle->hostname;
        return NGX_OK;
    }

    if (name.len == sizeof("nginx_version") - 1
        && ngx_strncmp(name.data, "nginx_version", name.len) == 0)
    {
        ngx_str_set(value, NGINX_VERSION);
        return NGX_OK;
    }

    return NGX_DECLINED;
}


size_t
ngx_stream_dns_text_ipv4(u_char *text, struct sockaddr *sa)
{
    u_char     *p, *octet, *word;
    ngx_uint_t  i;

    if (ngx_stream_dns_text_octets[0][0] == 0) {
        ngx_stream_dns_text_octets_init();
    }

    p = text;
    octet = (u_char *) &((struct sockaddr_in *) sa)->sin_addr;

    for (i = 0; i < 4; i++) {
        word = ngx_stream_dns_text_octets[octet[i]];

        ngx_memcpy(p, word, 4);
        p += word[4];
    }

    return p - text - 1;
}


/* each with a dot behind it, and its length with that */

static void
ngx_stream_dns_text_octets_init(void)
{
    u_char      *word;
    ngx_uint_t   i;

    for (i = 0; i < 256; i++) {
        word = ngx_stream_dns_text_octets[i];
        word[4] = (u_char) (ngx_sprintf(word, "%ui.", i) - word);
    }
}


ngx_uint_t
ngx_stream_dns_text_status(ngx_dns_reason_e reason)
{
    switch (reason) {

    case NGX_DNS_EACCESS:
    case NGX_DNS_EZDROP:
    case NGX_DNS_EZNOTIMP:
    case NGX_DNS_EZREFUSED:
    case NGX_DNS_EZSERVFAIL:
        return NGX_STREAM_FORBIDDEN;

    case NGX_DNS_EOVERLOAD:
    case NGX_DNS_ELIMIT:
    case NGX_DNS_ELIMITTC:
    case NGX_DNS_ELIMITDROP:
        return NGX_STREAM_SERVICE_UNAVAILABLE;

    default:
        return reason < NGX_DNS_EDOWN ? NGX_STREAM_BAD_REQUEST
                                         : NGX_STREAM_BAD_GATEWAY;
    }
}


ngx_int_t
ngx_stream_dns_text_once(ngx_conf_t *cf)
{
    size_t       len;
    u_char      *p;
    ngx_str_t   *value;
    ngx_uint_t   i, k;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        p = (u_char *) ngx_strchr(value[i].data, '=');
        len = p ? (size_t) (p - value[i].data) + 1 : value[i].len + 1;

        if (ngx_strncmp(value[i].data, "pin=", 4) == 0) {
            len = value[i].len + 1;
        }

        for (k = 1; k < i; k++) {
            if (ngx_strncmp(value[k].data, value[i].data, len) == 0) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "\"%V\": \"%V\" after \"%V\": a parameter "
                                   "is given once",
                                   &value[0], &value[i], &value[k]);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


const char *
ngx_stream_dns_text_name(ngx_conf_t *cf, ngx_str_t *text, ngx_str_t *name)
{
    size_t        len;
    u_char       *p;
    ldns_rdf     *rdf;
    const char   *why;
    ldns_status   rc;

    why = ngx_stream_dns_text_zone(text);

    if (why) {
        return why;
    }

    rdf = NULL;
    rc = ldns_str2rdf_dname(&rdf, (char *) text->data);

    if (rc != LDNS_STATUS_OK) {
        return ldns_get_errorstr_by_id(rc);
    }

    /* the copy in lower case goes by words of eight octets */

    len = ldns_rdf_size(rdf);
    p = ngx_pcalloc(cf->temp_pool, len + NGX_DNS_READ_PAD);
    name->data = ngx_pcalloc(cf->pool, len + NGX_DNS_READ_PAD);
    name->len = len;

    if (p == NULL || name->data == NULL) {
        ldns_rdf_deep_free(rdf);
        return "no memory";
    }

    ngx_memcpy(p, ldns_rdf_data(rdf), len);
    ngx_dns_name_lower(name->data, p, len);

    ldns_rdf_deep_free(rdf);

    return NULL;
}


uint16_t
ngx_stream_dns_text_type(ngx_str_t *text)
{
    ngx_int_t  type;

    /* RFC 3597, 5; ldns takes "TYPE65537", "TYPE-1" and "TYPE1x", too */

    if (ngx_strncasecmp(text->data, (u_char *) "TYPE", 4) == 0) {
        type = ngx_atoi(text->data + 4, text->len - 4);

        return type > 0 && type <= 65535 ? (uint16_t) type : 0;
    }

    return (uint16_t) ldns_get_rr_type_by_name((char *) text->data);
}

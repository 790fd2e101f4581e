
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_hosts_line.h"
#include "../wire/ngx_dns_name.h"

#include <ldns/ldns.h>


#define ngx_dns_hosts_blank(c)                                                \
    ((c) == ' ' || (c) == '\t' || (c) == '\r' || (c) == '\f' || (c) == '\v')


static ngx_uint_t ngx_dns_hosts_word(const u_char **p, const u_char *end,
    ngx_str_t *word);
static ngx_uint_t ngx_dns_hosts_addr(ngx_dns_hosts_line_t *line,
    const ngx_str_t *word);
static const char *ngx_dns_hosts_name(ngx_dns_hosts_line_t *line,
    const ngx_str_t *word);
static const char *ngx_dns_hosts_octets(const ngx_str_t *word);


const char *
ngx_dns_hosts_line(ngx_dns_hosts_line_t *line, const u_char *p, size_t len)
{
    ngx_str_t      word;
    const char    *why;
    const u_char  *end;

    line->n = 0;
    line->used = 0;
    line->bad_len = 0;

    if (len > NGX_DNS_HOSTS_LINE) {
        return "line is longer than 8192 octets";
    }

    end = p + len;

    if (!ngx_dns_hosts_word(&p, end, &word)) {
        return NULL;
    }

    line->bad = word.data;
    line->bad_len = word.len;

    if (!ngx_dns_hosts_addr(line, &word)) {
        return "invalid address";
    }

    while (ngx_dns_hosts_word(&p, end, &word)) {

        why = ngx_dns_hosts_name(line, &word);

        if (why) {
            line->bad = word.data;
            line->bad_len = word.len;
            line->n = 0;

            return why;
        }

        line->n++;
    }

    return line->n ? NULL : "no name for address";
}


static ngx_uint_t
ngx_dns_hosts_word(const u_char **p, const u_char *end, ngx_str_t *word)
{
    const u_char  *s;

    s = *p;

    while (s < end && ngx_dns_hosts_blank(*s)) {
        s++;
    }

    word->data = (u_char *) s;

    while (s < end && *s != '#' && !ngx_dns_hosts_blank(*s)) {
        s++;
    }

    word->len = (size_t) (s - word->data);

    /* what follows is a comment: the next word starts, and ends, at "#" */

    *p = s;

    return word->len != 0;
}


static ngx_uint_t
ngx_dns_hosts_addr(ngx_dns_hosts_line_t *line, const ngx_str_t *word)
{
    char  text[NGX_INET6_ADDRSTRLEN + 1];

    if (word->len >= sizeof(text)) {
        return 0;
    }

    ngx_memcpy(text, word->data, word->len);
    text[word->len] = '\0';

    if (inet_pton(AF_INET, text, line->addr) == 1) {
        line->addr_len = 4;
        return 1;
    }

    line->addr_len = 16;

    return inet_pton(AF_INET6, text, line->addr) == 1;
}


static const char *
ngx_dns_hosts_name(ngx_dns_hosts_line_t *line, const ngx_str_t *word)
{
    char          text[NGX_DNS_NAME_TEXT];
    size_t        len;
    u_char       *p, name[NGX_DNS_MAX_NAME + NGX_DNS_READ_PAD];
    ldns_rdf     *rdf;
    const char   *why;
    ngx_uint_t    star;
    ldns_status   rc;

    if (word->len >= sizeof(text)) {
        return "name is too long";
    }

    why = ngx_dns_hosts_octets(word);

    if (why) {
        return why;
    }

    /* "*" is a whole first label, or a mistake: no pattern is supported */

    star = ngx_strlchr(word->data, word->data + word->len, '*') != NULL;

    if (star
        && (word->data[0] != '*' || (word->len > 1 && word->data[1] != '.')
            || ngx_strlchr(word->data + 1, word->data + word->len, '*')))
    {
        return "\"*\" other than as the first label of name";
    }

    ngx_memcpy(text, word->data, word->len);
    text[word->len] = '\0';

    rdf = NULL;
    rc = ldns_str2rdf_dname(&rdf, text);

    if (rc != LDNS_STATUS_OK) {
        return "invalid name";
    }

    len = ldns_rdf_size(rdf);

    /* wire names are at most an octet longer than text: they fit */

    ngx_memcpy(name, ldns_rdf_data(rdf), len);
    ngx_memzero(name + len, NGX_DNS_READ_PAD);
    ldns_rdf_deep_free(rdf);

    p = line->names + line->used;

    *p++ = (u_char) len;
    ngx_dns_name_lower(p, name, len);

    line->used += len + 1;

    return NULL;
}


/* addresses of pages, ports and the like are no names, though DNS has them */

static const char *
ngx_dns_hosts_octets(const ngx_str_t *word)
{
    size_t  i;
    u_char  c;

    for (i = 0; i < word->len; i++) {
        c = word->data[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            || c == '-' || c == '_' || c == '.' || c == '*')
        {
            continue;
        }

        if (c == '\\') {
            i++;
            continue;
        }

        return c > 0x7f ? "name is not ASCII, it must be in Punycode"
                        : "character that names have only with \"\\\" in";
    }

    return NULL;
}


void
ngx_dns_hosts_scan(ngx_dns_hosts_scan_t *scan, const u_char *p, size_t len)
{
    u_char         c;
    const u_char  *end;

    for (end = p + len; p < end; p++) {
        c = *p;

        /* a line may end with either, or both */

        if (c == '\r') {
            c = '\n';
        }

        if (!scan->comment && c != '#' && c != '\n'
            && !ngx_dns_hosts_blank(c))
        {
            scan->word++;
            continue;
        }

        if (scan->word) {

            if (scan->words++ == 0) {
                scan->addresses++;

            } else {
                scan->names++;
                scan->octets += (scan->word + 2 + 3) / 4 * 4;
            }

            scan->word = 0;
        }

        if (c == '#') {
            scan->comment = 1;

        } else if (c == '\n') {
            scan->words = 0;
            scan->comment = 0;
        }
    }
}

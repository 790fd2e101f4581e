
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * One line of a hosts file: an address and its names, separated by blanks,
 * "#" starts a comment.  Names are read by ldns, so escapes work as in
 * RFC 1035, 5.1, and all are absolute, with or without the last dot.  For
 * ngx_dns_hosts_build.c and tests; touches no file and no table.
 */


#ifndef _NGX_DNS_HOSTS_LINE_H_INCLUDED_
#define _NGX_DNS_HOSTS_LINE_H_INCLUDED_


#include "../wire/ngx_dns_question.h"


/* bounds how long a slice of work can take */

#define NGX_DNS_HOSTS_LINE  8192


typedef struct {
    ngx_uint_t               n;             /* names; 0: nothing to add */
    size_t                   addr_len;      /* 4 or 16 */
    u_char                   addr[16];

    /* of the first fault: a part of the line, or none */
    const u_char            *bad;
    size_t                   bad_len;

    /* lower-case names, on the wire, each after its length */
    size_t                   used;
    u_char                   names[NGX_DNS_HOSTS_LINE * 2
                                   + NGX_DNS_MAX_NAME];
} ngx_dns_hosts_line_t;


/* what a file is to hold, at most; "words" and "word" are of this line */

typedef struct {
    size_t                   names;
    size_t                   octets;
    size_t                   addresses;
    size_t                   word;
    ngx_uint_t               words;
    ngx_uint_t               comment;
} ngx_dns_hosts_scan_t;


#pragma GCC visibility push(hidden)

/* the line without its end; NULL, or what is wrong with it */
const char *ngx_dns_hosts_line(ngx_dns_hosts_line_t *line, const u_char *p,
    size_t len);

/*
 * Counts in a piece of a file, which need not end with a line: much faster
 * than to read names.  The end of the last line is counted by a "\n".
 */
void ngx_dns_hosts_scan(ngx_dns_hosts_scan_t *scan, const u_char *p,
    size_t len);

#pragma GCC visibility pop


#endif /* _NGX_DNS_HOSTS_LINE_H_INCLUDED_ */

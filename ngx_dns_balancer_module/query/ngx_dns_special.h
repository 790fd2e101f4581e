
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Zones that are answered here as if they were empty, but for what a zone of
 * the configuration is for: those of RFC 6303 and the special names.  Private
 * to ngx_dns_local.c.
 */


#ifndef _NGX_DNS_SPECIAL_H_INCLUDED_
#define _NGX_DNS_SPECIAL_H_INCLUDED_


#include "ngx_dns_request.h"


#pragma GCC visibility push(hidden)

/*
 * How many labels the zone has that the question's name is in; 0 if it is in
 * none, or in one that the configuration has a zone for.
 */
ngx_uint_t ngx_dns_special_zone(const ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q);

/* has the configuration a zone of so many labels, or more, for the question? */
ngx_uint_t ngx_dns_special_own(const ngx_dns_conf_t *conf,
    const ngx_dns_question_t *q, ngx_uint_t labels);

#pragma GCC visibility pop


#endif /* _NGX_DNS_SPECIAL_H_INCLUDED_ */

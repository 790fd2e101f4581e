
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Cookies of one client, read and made by the option as queries have it. */


#ifndef _UNIT_COOKIE_H_INCLUDED_
#define _UNIT_COOKIE_H_INCLUDED_


#include "nginx.h"
#include "query/ngx_dns_option.h"


extern ngx_time_t            cookie_now;
extern ngx_dns_conf_t        cookie_conf;
extern ngx_dns_client_t      cookie_client;
extern ngx_dns_asked_t       cookie_asked;
extern ngx_dns_secret_shm_t  cookie_shm;


void cookie_init(void);

/* who asks from now on: 4 octets of an address, or 16 */
void cookie_from(const u_char *address, ngx_uint_t v6);

/*
 * Is it proven by this data of the option?  "reason" is what is to become of
 * the query, before and after.
 */
ngx_uint_t cookie_good(const u_char *p, size_t len,
    ngx_dns_reason_e *reason);

/* Returns how long it is, 0 if the option says that it is another length */
size_t cookie_made(u_char *p);


#endif /* _UNIT_COOKIE_H_INCLUDED_ */

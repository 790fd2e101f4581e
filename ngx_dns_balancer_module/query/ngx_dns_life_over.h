
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The last state of a question: all who waited are answered, and servers that
 * have still to answer are watched for what that says of them.  Private to
 * ngx_dns_life.c, whose table says when.
 */


#ifndef _NGX_DNS_LIFE_OVER_H_INCLUDED_
#define _NGX_DNS_LIFE_OVER_H_INCLUDED_


#include "ngx_dns_attempt.h"


/* the states of a question, all of them: the table is in ngx_dns_life.c */

typedef enum {
    NGX_DNS_LIFE_FRESH = 0,      /* nobody was asked */
    NGX_DNS_LIFE_ASKING,         /* asked, and patience runs for another one */
    NGX_DNS_LIFE_WAITING,        /* asked, and there is nothing but to wait */
    NGX_DNS_LIFE_OVER,           /* answered; witnesses are outstanding */
    NGX_DNS_LIFE_STATES
} ngx_dns_life_state_e;


#pragma GCC visibility push(hidden)

/* sets the timer of the question for what comes first */
void ngx_dns_life_arm(ngx_dns_inflight_t *f);

/*
 * The question is out of the table.  Frees it, or keeps it while a server's
 * response would still be of use as a witness.
 */
void ngx_dns_life_over(ngx_dns_inflight_t *f);

/* a witness has answered, or failed, or its time is over */
void ngx_dns_life_late(ngx_dns_inflight_t *f);

/* at the worker's end: nothing is waited for any more */
void ngx_dns_life_over_abort(void);

#pragma GCC visibility pop


#endif /* _NGX_DNS_LIFE_OVER_H_INCLUDED_ */

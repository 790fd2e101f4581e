
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * Writes answers to clients: a server's, with the client's own ID, question
 * and OPT around it, or an error of our own.  Private to the query layer.
 */


#ifndef _NGX_DNS_ANSWER_H_INCLUDED_
#define _NGX_DNS_ANSWER_H_INCLUDED_


#include "ngx_dns_inflight.h"


#pragma GCC visibility push(hidden)

/*
 * Sends the parsed answer "m" in "msg"; with msg NULL, one without records
 * that has m's flags, rcode and EDE.  Returns its size.
 */
size_t ngx_dns_answer_send(ngx_dns_query_t *query, const ngx_dns_message_t *m,
    const u_char *msg, uint16_t *answers);

/*
 * Refuses a query that is still in the buffer "p" it was parsed from.
 * Returns the size of the answer, 0 if it is one not to be answered.
 */
size_t ngx_dns_answer_error(ngx_dns_conf_t *conf, ngx_dns_client_t *client,
    const ngx_dns_question_t *q, const u_char *p, ngx_dns_reason_e reason);

#pragma GCC visibility pop


#endif /* _NGX_DNS_ANSWER_H_INCLUDED_ */

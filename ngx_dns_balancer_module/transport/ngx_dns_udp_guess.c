
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_udp_table.h"
#include "../store/ngx_dns_metrics.h"


#define NGX_DNS_UDP_GUESSES  16           /* wrong IDs before TCP */
#define NGX_DNS_UDP_LOOK     64           /* attempts that one is compared to */


static void ngx_dns_udp_guessed(ngx_dns_udp_socket_t *s);


/*
 * RFC 5452, 9.3: an ID that nobody has sent, for a question that is asked just
 * now.  After some of these it is asked over TCP, where nobody can guess.  An
 * response that is late looks the same, but there are not so many of one name.
 */

void
ngx_dns_udp_guess(ngx_dns_udp_socket_t *s, const u_char *msg, size_t len)
{
    ngx_uint_t          i, enough;
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

    enough = 0;
    q = ngx_queue_last(&s->attempts);

    for (i = 0; i < NGX_DNS_UDP_LOOK && q != &s->attempts; i++) {
        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);
        q = ngx_queue_prev(q);

        /* it was a guess at each query with this question */

        if (ngx_dns_message_question(msg, len, a->question, a->question_len)
            == NGX_OK)
        {
            enough |= ++a->guesses >= NGX_DNS_UDP_GUESSES;
        }
    }

    if (enough) {
        ngx_dns_udp_guessed(s);
    }
}


/*
 * Whoever is told may end other attempts, so the list is read from its end
 * again after each; those that are begun meanwhile have met no guess.
 */

static void
ngx_dns_udp_guessed(ngx_dns_udp_socket_t *s)
{
    ngx_uint_t          i;
    ngx_queue_t        *q;
    ngx_dns_attempt_t  *a;

again:

    q = ngx_queue_last(&s->attempts);

    for (i = 0; i < 2 * NGX_DNS_UDP_LOOK && q != &s->attempts; i++) {
        a = ngx_queue_data(q, ngx_dns_attempt_t, queue);

        if (a->guesses >= NGX_DNS_UDP_GUESSES) {
            ngx_dns_count(guessed);
            ngx_dns_udp_remove(a);
            a->handler(a, NGX_DNS_EVENT_GUESSED, NULL, 0);
            goto again;
        }

        q = ngx_queue_prev(q);
    }
}

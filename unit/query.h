
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/*
 * The query layer with a transport, a front and a clock of the test's own:
 * what is sent to which server when, and what the client gets.
 */


#ifndef _UNIT_QUERY_H_INCLUDED_
#define _UNIT_QUERY_H_INCLUDED_


#include "tap.h"
#include "peers.h"
#include "query/ngx_dns_query.h"
#include "query/ngx_dns_attempt.h"
#include "query/ngx_dns_inflight.h"
#include "query/ngx_dns_stage.h"
#include "query/ngx_dns_transfer.h"
#include "base/ngx_dns_clock.h"
#include "store/ngx_dns_metrics.h"
#include "wire/ngx_dns_wire.h"


#define NAME    "\3WwW\7example\0"
#define ASKED   NAME "\0\1\0\1"
#define ANSWER  "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"
#define OPT     "\0\0\x29\x04\xd0\0\0\0\0\0\0"


/* what the fakes saw; "tcp" tells which transport */

extern ngx_dns_transport_t fakes[2];
extern ngx_dns_attempt_t  *sent[512];
extern unsigned            tcp[512];
extern unsigned            nsent;
extern unsigned            cancelled;
extern unsigned            mute;             /* connections are */
extern ngx_int_t           refuse;           /* what send() returns, ... */
extern unsigned            refusals;         /* ... so many times */
extern u_char              wire[600];
extern size_t              wire_len;

extern u_char              got[70000];
extern size_t              got_len;
extern ngx_int_t           got_ttl;
extern ngx_dns_front_t     front;
extern unsigned            answers;
extern unsigned            dones;
extern unsigned            taps;
extern ngx_dns_logged_t    logged;

extern ngx_dns_conf_t      conf;
extern ngx_dns_policy_t    policy;
extern ngx_dns_zone_t      zone;


/* once, then for each test */
void query_init(void);
void start(const char *method, const char *servers);

/* one more upstream */
ngx_dns_upstream_t *query_upstream(const char *method, const char *servers);

/* a query of a client at this port; over UDP, or a stream */
void ask(const char *p, size_t len);
void ask_from(const char *p, size_t len, unsigned port, unsigned stream);

/* a server's message: flags, count of answers, and all after the question */
void reply(unsigned n, const char *flags, unsigned an, const char *rr,
    size_t len);
void reply_opt(unsigned n, const char *flags, unsigned an, const char *rr,
    size_t len);
void event(unsigned n, ngx_dns_event_e e);

ngx_uint_t outstanding(void);

/*
 * Counters are never cleared: what a server has counted since count() was
 * called for it.
 */
extern ngx_dns_peer_t          *count_peer;
extern ngx_dns_peer_counters_t  count_before;

void count(ngx_dns_peer_t *peer);

#define counted(name)                                                         \
    (count_peer->counters->name - count_before.name)

#define ask_it(id)                                                            \
    ask(id "\1\0\0\1\0\0\0\0\0\0" ASKED, 12 + 17)

#define network_error(n)  event(n, NGX_DNS_EVENT_NETWORK)

#define rcode()  (got[3] & 0xf)


/*
 * All is as it was before, when witnesses have had their time.  Here, since
 * each program counts its tests itself.
 */

static ngx_inline void
clean(const char *name)
{
    /* witnesses have their time */

    unit_pass(policy.upstream_timeout);

    is_int(outstanding(), 0, "%s: nothing outstanding", name);
    is_int(ngx_dns_inflight_count(), 0, "%s: nothing in flight", name);
    is_int(conf.runtime.queries, 0, "%s: no query waits", name);
    is_int(dones, answers, "%s: each query was logged", name);
    is_int(taps, answers, "%s: each response passed its stages", name);
}


#endif /* _UNIT_QUERY_H_INCLUDED_ */

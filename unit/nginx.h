
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * The little of nginx that the tested sources call: memory from malloc(), a
 * log that counts, and a clock and timers that a test moves by hand.
 */


#ifndef _UNIT_NGINX_H_INCLUDED_
#define _UNIT_NGINX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>


/* a pool whose memory lives until the program ends, and a cycle with it */

extern ngx_pool_t   unit_pool;
extern ngx_cycle_t  unit_cycle;
extern ngx_log_t    unit_log;

/*
 * Frees what was taken from it since the last call, and remembers what is
 * taken from now on.  For programs that do without end what a test does once.
 */

void unit_track(void);

/* there is no memory for another pool */

extern ngx_uint_t   unit_no_pool;

/* from now on the first, second, ... time that memory is asked for fails */

extern ngx_uint_t   unit_no_memory;

/* lines written to any log, and the last one's format */

extern ngx_uint_t   unit_logged;
extern const char  *unit_last_log;

/* lets time pass; what is due on the way is called in order */

void unit_pass(ngx_msec_t msec);

/* nginx's timers that are set */

ngx_uint_t unit_timers(void);

/* the clock and the timers of a process, for programs that play several */

#define UNIT_TIMERS  1024

typedef struct {
    ngx_msec_t          now;
    ngx_uint_t          n;
    ngx_rbtree_node_t  *timer[UNIT_TIMERS];
} unit_process_t;

void unit_process_save(unit_process_t *p);
void unit_process_load(const unit_process_t *p);


#endif /* _UNIT_NGINX_H_INCLUDED_ */

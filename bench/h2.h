
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */

/*
 * As much of HTTP/2 (RFC 9113) as a generator of DNS over HTTPS needs: GET
 * requests of one kind, and answers that fit into a frame.  Header blocks are
 * not decoded; what is said of an answer is its message.
 */


#ifndef _H2_H_INCLUDED_
#define _H2_H_INCLUDED_


#include "bench.h"


#define H2_REQUEST  512                 /* octets of a request, at most */
#define H2_PREFACE  128


typedef struct {
    uint32_t   stream;                  /* of the last request */
    uint32_t   read;                    /* octets of answers, not yet granted */
    unsigned   settings:1;              /* are to be acknowledged */
    unsigned   ended:1;                 /* the server opens no more streams */
} h2_t;


typedef void (*h2_answer_pt)(void *data, const u_char *p, size_t len);


/* What a connection begins with; returns how long it is, as those below */
size_t h2_begin(h2_t *h, u_char *p);

/* A GET of a query, on the next stream */
size_t h2_request(h2_t *h, u_char *p, const u_char *query, size_t len);

/* What the server waits for, of H2_PREFACE octets at most, often nothing */
size_t h2_reply(h2_t *h, u_char *p);

/*
 * Reads what has come; returns how much of it was whole frames.  Each answer is
 * told of, one that has no message or was an error with a length of 0.
 */
size_t h2_read(h2_t *h, const u_char *p, size_t len, h2_answer_pt answer,
    void *data);


#endif /* _H2_H_INCLUDED_ */

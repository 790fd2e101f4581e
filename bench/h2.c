
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#define _GNU_SOURCE

#include "h2.h"


#define H2_HEADER        9              /* of a frame */
#define H2_WINDOW        0x7fff0000     /* octets that a server may send */

#define H2_DATA          0
#define H2_HEADERS       1
#define H2_RST_STREAM    3
#define H2_SETTINGS      4
#define H2_GOAWAY        7
#define H2_WINDOW_UPDATE 8

#define H2_ACK           0x01
#define H2_END_STREAM    0x01
#define H2_END_HEADERS   0x04

#define H2_STATUS_200    0x88           /* RFC 7541, A */


static u_char *h2_frame(u_char *p, size_t len, int type, int flags,
    uint32_t stream);
static u_char *h2_path(u_char *p, const u_char *query, size_t len);
static u_char *h2_add(u_char *p, const char *data, size_t len);
static u_char *h2_put32(u_char *p, uint32_t n);
static u_char *h2_base64(u_char *p, const u_char *data, size_t len);
static int h2_status(const u_char *p, size_t len);


/* no push; all that answers may need together */

size_t
h2_begin(h2_t *h, u_char *p)
{
    u_char  *start;

    static const char  preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    start = p;
    memset(h, 0, sizeof(h2_t));

    p = h2_add(p, preface, sizeof(preface) - 1);

    p = h2_frame(p, 6, H2_SETTINGS, 0, 0);
    *p++ = 0;
    *p++ = 2;
    p = h2_put32(p, 0);

    p = h2_frame(p, 4, H2_WINDOW_UPDATE, 0, 0);
    p = h2_put32(p, H2_WINDOW);

    return p - start;
}


/*
 * The first request puts ":authority" and "accept" into the table of the
 * server, later ones have their numbers in it: 63 and 62.
 */

size_t
h2_request(h2_t *h, u_char *p, const u_char *query, size_t len)
{
    u_char  *block, *end;

    static const char  authority[] = "\x82\x87\x41\x09localhost";
    static const char  accept[] = "\x53\x17" "application/dns-message";

    block = p + H2_HEADER;

    if (h->stream == 0) {
        h->stream = 1;

        end = h2_add(block, authority, sizeof(authority) - 1);
        end = h2_path(end, query, len);
        end = h2_add(end, accept, sizeof(accept) - 1);

    } else {
        h->stream += 2;

        end = h2_add(block, "\x82\x87\xbf", 3);
        end = h2_path(end, query, len);
        *end++ = 0xbe;
    }

    h2_frame(p, end - block, H2_HEADERS, H2_END_STREAM|H2_END_HEADERS,
             h->stream);

    return end - p;
}


/* ":path", not for the table; shorter than 127 octets */

static u_char *
h2_path(u_char *p, const u_char *query, size_t len)
{
    static const char  path[] = "/dns-query?dns=";

    *p++ = 0x04;
    *p++ = (u_char) (sizeof(path) - 1 + (len * 4 + 2) / 3);

    return h2_base64(h2_add(p, path, sizeof(path) - 1), query, len);
}


size_t
h2_reply(h2_t *h, u_char *p)
{
    u_char  *start;

    start = p;

    if (h->settings) {
        h->settings = 0;
        p = h2_frame(p, 0, H2_SETTINGS, H2_ACK, 0);
    }

    if (h->read > H2_WINDOW / 2) {
        p = h2_frame(p, 4, H2_WINDOW_UPDATE, 0, 0);
        p = h2_put32(p, h->read);
        h->read = 0;
    }

    return p - start;
}


size_t
h2_read(h2_t *h, const u_char *p, size_t len, h2_answer_pt answer, void *data)
{
    size_t         size;
    const u_char  *start;

    for (start = p; len >= H2_HEADER; p += size, len -= size) {

        size = H2_HEADER + ((size_t) p[0] << 16 | p[1] << 8 | p[2]);

        if (len < size) {
            break;
        }

        switch (p[3]) {

        case H2_DATA:
            h->read += size - H2_HEADER;

            /* an empty one may say that this was all */

            if (size > H2_HEADER) {
                answer(data, p + H2_HEADER, size - H2_HEADER);
            }

            break;

        case H2_HEADERS:
            if (!h2_status(p + H2_HEADER, size - H2_HEADER)) {
                answer(data, p, 0);
            }

            break;

        case H2_RST_STREAM:
            answer(data, p, 0);
            break;

        case H2_SETTINGS:
            h->settings = h->settings || !(p[4] & H2_ACK);
            break;

        case H2_GOAWAY:
            h->ended = 1;
            break;
        }
    }

    return p - start;
}


/* is it 200?  It comes first, but for a change of the table's size. */

static int
h2_status(const u_char *p, size_t len)
{
    while (len && (*p & 0xe0) == 0x20) {
        if ((*p & 0x1f) == 0x1f) {
            for (p++, len--; len && (*p & 0x80); p++, len--) { /* void */ }
        }

        if (len) {
            p++;
            len--;
        }
    }

    return len && *p == H2_STATUS_200;
}


static u_char *
h2_frame(u_char *p, size_t len, int type, int flags, uint32_t stream)
{
    *p++ = (u_char) (len >> 16);
    *p++ = (u_char) (len >> 8);
    *p++ = (u_char) len;
    *p++ = (u_char) type;
    *p++ = (u_char) flags;

    return h2_put32(p, stream);
}


static u_char *
h2_add(u_char *p, const char *data, size_t len)
{
    memcpy(p, data, len);

    return p + len;
}


static u_char *
h2_put32(u_char *p, uint32_t n)
{
    *p++ = (u_char) (n >> 24);
    *p++ = (u_char) (n >> 16);
    *p++ = (u_char) (n >> 8);
    *p++ = (u_char) n;

    return p;
}


/* RFC 4648, 5, without padding */

static u_char *
h2_base64(u_char *p, const u_char *data, size_t len)
{
    size_t    i, n;
    uint32_t  word;

    static const char  alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                    "abcdefghijklmnopqrstuvwxyz0123456789-_";

    for (i = 0; i < len; i += 3) {
        n = len - i;

        word = (uint32_t) data[i] << 16;
        word |= n > 1 ? (uint32_t) data[i + 1] << 8 : 0;
        word |= n > 2 ? data[i + 2] : 0;

        *p++ = alphabet[word >> 18];
        *p++ = alphabet[word >> 12 & 63];

        if (n > 1) {
            *p++ = alphabet[word >> 6 & 63];
        }

        if (n > 2) {
            *p++ = alphabet[word & 63];
        }
    }

    return p;
}

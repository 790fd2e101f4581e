
/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_dns_option.h"


/*
 * The data of the option (RFC 9018, 3 and 4), numbers in network byte order:
 *
 *   0  client cookie
 *   8  version, of a server cookie
 *   9  reserved
 *  12  timestamp, seconds since 1970
 *  16  SipHash-2-4 of all before it, and the client's address
 *  24
 */

#define NGX_DNS_OPTION_COOKIE          10
#define NGX_DNS_OPTION_COOKIE_CLIENT   8
#define NGX_DNS_OPTION_COOKIE_MIN      16     /* with a server's: RFC 7873, 4 */
#define NGX_DNS_OPTION_COOKIE_MAX      40
#define NGX_DNS_OPTION_COOKIE_HASHED   16
#define NGX_DNS_OPTION_COOKIE_SIZE     24
#define NGX_DNS_OPTION_COOKIE_VERSION  1

/* RFC 9018, 4.3: seconds */

#define NGX_DNS_OPTION_COOKIE_PAST     3600
#define NGX_DNS_OPTION_COOKIE_FUTURE   300


static ngx_uint_t ngx_dns_option_cookie_parse(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static ngx_uint_t ngx_dns_option_cookie_good(ngx_dns_option_query_t *query,
    const u_char *data, size_t len);
static size_t ngx_dns_option_cookie_size(const ngx_dns_asker_t *asker);
static u_char *ngx_dns_option_cookie_write(
    const ngx_dns_option_place_t *place, u_char *p);
static uint64_t ngx_dns_option_cookie_hash(const ngx_dns_hash_key_t *key,
    ngx_dns_client_t *client, const u_char *data);
static size_t ngx_dns_option_cookie_address(u_char *p,
    ngx_dns_client_t *client);


/* RFC 7873: a client that has got a cookie by its address has that address */

const ngx_dns_option_t  ngx_dns_option_cookie = {
    NGX_DNS_OPTION_COOKIE,
    0,
    ngx_dns_option_cookie_parse,
    ngx_dns_option_cookie_size,
    ngx_dns_option_cookie_write
};


static ngx_uint_t
ngx_dns_option_cookie_parse(ngx_dns_option_query_t *query, const u_char *data,
    size_t len)
{
    ngx_uint_t  good, empty;

    if (query->conf->listener.secrets == NULL || query->again) {
        return 0;
    }

    empty = query->reason == NGX_DNS_EQDCOUNT;

    /* RFC 7873, 5.2.2: FORMERR */

    if (len != NGX_DNS_OPTION_COOKIE_CLIENT
        && (len < NGX_DNS_OPTION_COOKIE_MIN
            || len > NGX_DNS_OPTION_COOKIE_MAX))
    {
        if (query->reason == NGX_DNS_FINE || empty) {
            query->reason = NGX_DNS_ECOOKIE;
        }

        return 0;
    }

    good = ngx_dns_option_cookie_good(query, data, len);

    ngx_dns_count_in(query->conf->runtime.counters,
                     cookies[len == NGX_DNS_OPTION_COOKIE_CLIENT
                             ? NGX_DNS_COOKIE_NEW
                             : good ? NGX_DNS_COOKIE_VALID
                                    : NGX_DNS_COOKIE_INVALID]);

    query->asked->proven = (uint8_t) good;
    ngx_memcpy(query->asked->kept, data, NGX_DNS_OPTION_COOKIE_CLIENT);

    /* 5.4: without a question it is the cookie that is asked for */

    if (empty) {
        query->reason = good || len == NGX_DNS_OPTION_COOKIE_CLIENT
                        ? NGX_DNS_EASKCOOKIE : NGX_DNS_EBADCOOKIE;
    }

    return 1;
}


/* is there a server cookie that one of our secrets has made, not long ago? */

static ngx_uint_t
ngx_dns_option_cookie_good(ngx_dns_option_query_t *query, const u_char *data,
    size_t len)
{
    int32_t                      age;
    uint64_t                     hash;
    ngx_uint_t                   i;
    const ngx_dns_secret_set_t  *set;

    if (len != NGX_DNS_OPTION_COOKIE_SIZE
        || data[NGX_DNS_OPTION_COOKIE_CLIENT] != NGX_DNS_OPTION_COOKIE_VERSION)
    {
        return 0;
    }

    /* RFC 1982: it goes on when 32 bits are over */

    age = (int32_t) ((uint32_t) ngx_time() - ngx_dns_get32(data + 12));

    if (age > NGX_DNS_OPTION_COOKIE_PAST
        || age < -NGX_DNS_OPTION_COOKIE_FUTURE)
    {
        return 0;
    }

    ngx_memcpy(&hash, data + NGX_DNS_OPTION_COOKIE_HASHED, 8);

    set = ngx_dns_secret_get(query->conf->listener.secrets);

    for (i = 0; i < set->n; i++) {
        if (ngx_dns_option_cookie_hash(&set->key[i], query->client, data)
            == hash)
        {
            return 1;
        }
    }

    return 0;
}


static size_t
ngx_dns_option_cookie_size(const ngx_dns_asker_t *asker)
{
    return NGX_DNS_OPTION_COOKIE_SIZE;
}


/* always a new one: its time is now */

static u_char *
ngx_dns_option_cookie_write(const ngx_dns_option_place_t *place, u_char *p)
{
    uint64_t                     hash;
    const ngx_dns_asker_t       *asker;
    const ngx_dns_secret_set_t  *set;

    asker = place->asker;
    set = ngx_dns_secret_get(asker->conf->listener.secrets);

    ngx_memcpy(p, asker->asked->kept, NGX_DNS_OPTION_COOKIE_CLIENT);
    ngx_dns_put32(p + 8, (uint32_t) NGX_DNS_OPTION_COOKIE_VERSION << 24);
    ngx_dns_put32(p + 12, (uint32_t) ngx_time());

    hash = ngx_dns_option_cookie_hash(&set->key[0], asker->client, p);

    ngx_memcpy(p + NGX_DNS_OPTION_COOKIE_HASHED, &hash, 8);

    return p + NGX_DNS_OPTION_COOKIE_SIZE;
}


/* SipHash-2-4, which is fixed by RFC 9018, 4.4: that of base/ is SipHash-1-3 */

static uint64_t
ngx_dns_option_cookie_hash(const ngx_dns_hash_key_t *key,
    ngx_dns_client_t *client, const u_char *data)
{
    size_t      len;
    u_char      text[NGX_DNS_OPTION_COOKIE_HASHED + 16 + 8];
    uint64_t    v0, v1, v2, v3, m;
    ngx_uint_t  i;

    ngx_memzero(text, sizeof(text));
    ngx_memcpy(text, data, NGX_DNS_OPTION_COOKIE_HASHED);

    len = NGX_DNS_OPTION_COOKIE_HASHED
          + ngx_dns_option_cookie_address(text + NGX_DNS_OPTION_COOKIE_HASHED,
                                          client);

    v0 = key->k0 ^ 0x736f6d6570736575ULL;
    v1 = key->k1 ^ 0x646f72616e646f6dULL;
    v2 = key->k0 ^ 0x6c7967656e657261ULL;
    v3 = key->k1 ^ 0x7465646279746573ULL;

    /* the last word has what is left and the length; "text" ends with zeros */

    for (i = 0; i <= len / 8; i++) {
        ngx_memcpy(&m, text + i * 8, 8);

        if (i == len / 8) {
            m |= (uint64_t) len << 56;
        }

        v3 ^= m;
        ngx_dns_sip_round(v0, v1, v2, v3);
        ngx_dns_sip_round(v0, v1, v2, v3);
        v0 ^= m;
    }

    v2 ^= 0xff;

    for (i = 0; i < 4; i++) {
        ngx_dns_sip_round(v0, v1, v2, v3);
    }

    return v0 ^ v1 ^ v2 ^ v3;
}


/* an IPv4 address is one, by whatever socket it has come */

static size_t
ngx_dns_option_cookie_address(u_char *p, ngx_dns_client_t *client)
{
    struct in6_addr  *v6;
    struct sockaddr  *sa;

    sa = ngx_dns_client_source(client);

    if (sa->sa_family == AF_INET) {
        ngx_memcpy(p, &((struct sockaddr_in *) sa)->sin_addr, 4);
        return 4;
    }

    if (sa->sa_family != AF_INET6) {
        return 0;
    }

    v6 = &((struct sockaddr_in6 *) sa)->sin6_addr;

    if (IN6_IS_ADDR_V4MAPPED(v6)) {
        ngx_memcpy(p, v6->s6_addr + 12, 4);
        return 4;
    }

    ngx_memcpy(p, v6->s6_addr, 16);

    return 16;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns_seats.h"
#include "ngx_stream_dns_text.h"
#include "../wire/ngx_dns_name.h"

#include <ldns/ldns.h>


#define NGX_STREAM_DNS_HEALTH_TIMEOUT  1000      /* milliseconds */


/* a parameter of health_check: where its number goes, and what is allowed */

typedef struct {
    ngx_str_t     name;
    ngx_uint_t    msec;                   /* a time, else a number */
    ngx_int_t     min;
    ngx_int_t     max;
    size_t        offset;
    const char   *allowed;
} ngx_stream_dns_health_number_t;


static void ngx_stream_dns_health_defaults(ngx_dns_health_conf_t *health);
static ngx_int_t ngx_stream_dns_health_number(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_health_type(ngx_conf_t *cf, ngx_str_t *value,
    ngx_uint_t *type);
static ngx_int_t ngx_stream_dns_health_expect(ngx_conf_t *cf,
    ngx_stream_dns_upstream_t *us, ngx_str_t *value);
static ngx_int_t ngx_stream_dns_health_query(ngx_conf_t *cf,
    ngx_dns_health_conf_t *health, ngx_str_t *name, ngx_uint_t type);


static ngx_stream_dns_health_number_t  ngx_stream_dns_health_numbers[] = {
    { ngx_string("interval="), 1, 100, 3600000,
      offsetof(ngx_dns_health_conf_t, interval), "a time from 100ms to 1h" },
    { ngx_string("timeout="), 1, 10, 60000,
      offsetof(ngx_dns_health_conf_t, timeout), "a time from 10ms to 1m" },
    { ngx_string("fails="), 0, 1, 1000,
      offsetof(ngx_dns_health_conf_t, fails), "a number from 1 to 1000" },
    { ngx_string("passes="), 0, 1, 1000,
      offsetof(ngx_dns_health_conf_t, passes), "a number from 1 to 1000" },
    { ngx_string("jitter="), 0, 0, 50,
      offsetof(ngx_dns_health_conf_t, jitter), "a percentage from 0% to 50%" },
    { ngx_null_string, 0, 0, 0, 0, NULL }
};


static void
ngx_stream_dns_health_defaults(ngx_dns_health_conf_t *health)
{
    health->interval = 1000;
    health->timeout = 0;
    health->fails = 2;
    health->passes = 2;
    health->jitter = 10;
    health->expect = ~(1u << NGX_DNS_SERVFAIL);
}


/* [interval=] [timeout=] ... [query=] [type=] [expect=] | off */

char *
ngx_stream_dns_health_check(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_int_t    rc;
    ngx_str_t   *value, name;
    ngx_uint_t   i, type;

    if (us->checks != NGX_STREAM_DNS_CHECKS_DEFAULT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        us->checks = NGX_STREAM_DNS_CHECKS_OFF;
        return NGX_CONF_OK;
    }

    us->checks = NGX_STREAM_DNS_CHECKS_ON;
    ngx_stream_dns_health_defaults(&us->health);

    type = LDNS_RR_TYPE_NS;
    ngx_str_set(&name, ".");

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_strncmp(value[i].data, "query=", 6) == 0) {
            name.data = value[i].data + 6;
            name.len = value[i].len - 6;
            continue;
        }

        if (ngx_strcmp(value[i].data, "tcp") == 0) {
            us->health.tcp = 1;
            continue;
        }

        if (ngx_strncmp(value[i].data, "type=", 5) == 0) {
            rc = ngx_stream_dns_health_type(cf, &value[i], &type);

        } else if (ngx_strncmp(value[i].data, "expect=", 7) == 0) {
            rc = ngx_stream_dns_health_expect(cf, us, &value[i]);

        } else {
            rc = ngx_stream_dns_health_number(cf, us, &value[i]);
        }

        if (rc != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_stream_dns_health_query(cf, &us->health, &name, type) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_stream_dns_health_number(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_str_t *value)
{
    ngx_int_t                        v;
    ngx_str_t                        s;
    ngx_stream_dns_health_number_t  *n;

    for (n = ngx_stream_dns_health_numbers; n->name.len; n++) {

        if (ngx_strncmp(value->data, n->name.data, n->name.len) != 0) {
            continue;
        }

        s.data = value->data + n->name.len;
        s.len = value->len - n->name.len;

        if (s.len > 1 && s.data[s.len - 1] == '%' && n->max == 50) {
            s.len--;
        }

        v = n->msec ? ngx_parse_time(&s, 0) : ngx_atoi(s.data, s.len);

        if (v == NGX_ERROR || v < n->min || v > n->max) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"health_check\": invalid parameter \"%V\", "
                               "it must be %s", value, n->allowed);
            return NGX_ERROR;
        }

        *(ngx_uint_t *) (void *) ((u_char *) &us->health + n->offset) =
                                                               (ngx_uint_t) v;
        return NGX_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"health_check\": unknown parameter \"%V\", it "
                       "must be \"interval=\", \"timeout=\", \"fails=\", "
                       "\"passes=\", \"jitter=\", \"query=\", \"type=\", "
                       "\"expect=\", \"tcp\", or \"off\" alone", value);

    return NGX_ERROR;
}


static ngx_int_t
ngx_stream_dns_health_type(ngx_conf_t *cf, ngx_str_t *value, ngx_uint_t *type)
{
    ngx_str_t  name;

    name.data = value->data + 5;
    name.len = value->len - 5;

    *type = ngx_stream_dns_text_type(&name);

    /* those over 127 are for queries of a kind that is not forwarded */

    if (*type == 0 || (*type >= 128 && *type <= 255)
        || *type == LDNS_RR_TYPE_OPT)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"health_check\": invalid parameter \"%V\", it "
                           "must be a type of records, as \"NS\" or "
                           "\"TYPE2\"", value);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* RCODE,RCODE,... */

static ngx_int_t
ngx_stream_dns_health_expect(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us,
    ngx_str_t *value)
{
    u_char             *p, *end, word[16];
    size_t              len;
    ldns_lookup_table  *rcode;

    p = value->data + 7;
    us->health.expect = 0;

    do {
        end = (u_char *) ngx_strchr(p, ',');
        len = end ? (size_t) (end - p) : ngx_strlen(p);

        ngx_cpystrn(word, p, ngx_min(len + 1, sizeof(word)));

        rcode = ldns_lookup_by_name(ldns_rcodes, (char *) word);

        if (rcode == NULL || len >= sizeof(word) || rcode->id > 31) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"health_check\": invalid parameter \"%V\", "
                               "it must be a list of rcodes, as "
                               "\"NOERROR,NXDOMAIN\"", value);
            return NGX_ERROR;
        }

        us->health.expect |= 1u << rcode->id;

        p = end + 1;

    } while (end);

    return NGX_OK;
}


static ngx_int_t
ngx_stream_dns_health_query(ngx_conf_t *cf, ngx_dns_health_conf_t *health,
    ngx_str_t *name, ngx_uint_t type)
{
    u_char       *wire;
    size_t        len;
    ldns_pkt     *pkt;
    ldns_rdf     *rdf;
    ldns_status   rc;

    if (ngx_stream_script_variables_count(name)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"health_check\": invalid parameter \"query=%V\", "
                           "it must be a domain name: variables are not "
                           "supported", name);
        return NGX_ERROR;
    }

    rdf = NULL;
    rc = ldns_str2rdf_dname(&rdf, (char *) name->data);

    if (rc != LDNS_STATUS_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"health_check\": invalid parameter \"query=%V\", "
                           "it must be a domain name: %s",
                           name, ldns_get_errorstr_by_id(rc));
        return NGX_ERROR;
    }

    /* the packet owns the name */

    pkt = ldns_pkt_query_new(rdf, (ldns_rr_type) type, LDNS_RR_CLASS_IN,
                             LDNS_RD);
    if (pkt == NULL) {
        ldns_rdf_deep_free(rdf);
        return NGX_ERROR;
    }

    rc = ldns_pkt2wire(&wire, pkt, &len);
    ldns_pkt_free(pkt);

    if (rc != LDNS_STATUS_OK) {
        return NGX_ERROR;
    }

    health->len = len;
    health->question_len = len - NGX_DNS_HEADER_SIZE;
    health->query = ngx_pcalloc(cf->pool, len + NGX_DNS_READ_PAD);
    health->question = ngx_pcalloc(cf->pool, health->question_len
                                             + NGX_DNS_READ_PAD);

    if (health->query == NULL || health->question == NULL) {
        LDNS_FREE(wire);
        return NGX_ERROR;
    }

    ngx_memcpy(health->query, wire, len);
    LDNS_FREE(wire);

    ngx_dns_name_lower(health->question, health->query + NGX_DNS_HEADER_SIZE,
                       health->question_len - 4);
    ngx_memcpy(health->question + health->question_len - 4,
               health->query + len - 4, 4);

    return NGX_OK;
}


/* try | servfail | refuse */

char *
ngx_stream_dns_all_down(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t  *value;

    if (us->all_down) {
        return "is duplicate";
    }

    us->all_down = 1;
    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "try") == 0) {
        us->upstream.all_down = NGX_DNS_ALL_DOWN_TRY;

    } else if (ngx_strcmp(value[1].data, "servfail") == 0) {
        us->upstream.all_down = NGX_DNS_ALL_DOWN_SERVFAIL;

    } else if (ngx_strcmp(value[1].data, "refuse") == 0) {
        us->upstream.all_down = NGX_DNS_ALL_DOWN_REFUSE;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"all_down\": invalid value \"%V\", it must be "
                           "\"try\", \"servfail\" or \"refuse\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* a block has checks if it does not say "off" */

ngx_int_t
ngx_stream_dns_health_init(ngx_conf_t *cf, ngx_stream_dns_upstream_t *us)
{
    ngx_str_t        name;
    ngx_uint_t       i;
    ngx_dns_peer_t  *peer;

    if (us->checks == NGX_STREAM_DNS_CHECKS_DEFAULT) {
        us->checks = NGX_STREAM_DNS_CHECKS_ON;
        ngx_stream_dns_health_defaults(&us->health);
        ngx_str_set(&name, ".");

        if (ngx_stream_dns_health_query(cf, &us->health, &name,
                                        LDNS_RR_TYPE_NS)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (us->health.timeout == 0) {
        us->health.timeout = ngx_min(us->health.interval,
                                     NGX_STREAM_DNS_HEALTH_TIMEOUT);
    }

    peer = us->upstream.peers.elts;

    for (i = 0; i < us->upstream.peers.nelts; i++) {
        peer[i].checked = us->checks == NGX_STREAM_DNS_CHECKS_ON
                          && !(peer[i].seats ? peer[i].seats->down
                                             : peer[i].down);

        us->upstream.ramps |= peer[i].slow_start != 0;
    }

    return NGX_OK;
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


#include "ngx_stream_dns.h"
#include "ngx_stream_dns_slot.h"
#include "../query/ngx_dns_timer.h"


#define NGX_STREAM_DNS_NUMBER   0
#define NGX_STREAM_DNS_MSEC     1
#define NGX_STREAM_DNS_SEC      2
#define NGX_STREAM_DNS_PERCENT  3
#define NGX_STREAM_DNS_FLAG     4
#define NGX_STREAM_DNS_WORD     5         /* one of those in "allowed" */


static ngx_int_t ngx_stream_dns_slot_word(ngx_str_t *value,
    const char *allowed);


/* what a directive of one value takes, and how that is said */

ngx_stream_dns_range_t  ngx_stream_dns_idle_timeout = {
    NGX_STREAM_DNS_MSEC, 1, NGX_DNS_TIMER_MAX, 10000,
    "a time from 1ms to 1h"
};

ngx_stream_dns_range_t  ngx_stream_dns_client_timeout = {
    NGX_STREAM_DNS_MSEC, 1, NGX_DNS_TIMER_MAX, 5000,
    "a time from 1ms to 1h"
};

ngx_stream_dns_range_t  ngx_stream_dns_pipeline = {
    NGX_STREAM_DNS_NUMBER, 1, 65536, 128,
    "a number from 1 to 65536"
};

ngx_stream_dns_range_t  ngx_stream_dns_max_queries = {
    NGX_STREAM_DNS_NUMBER, 1, 1048576, 16384,
    "a number from 1 to 1048576"
};

ngx_stream_dns_range_t  ngx_stream_dns_upstream_timeout = {
    NGX_STREAM_DNS_MSEC, 1, NGX_DNS_TIMER_MAX, 2000,
    "a time from 1ms to 1h"
};

ngx_stream_dns_range_t  ngx_stream_dns_next_timeout = {
    NGX_STREAM_DNS_MSEC, 1, NGX_DNS_TIMER_MAX, 5000,
    "a time from 1ms to 1h"
};

ngx_stream_dns_range_t  ngx_stream_dns_tries = {
    NGX_STREAM_DNS_NUMBER, 0, NGX_DNS_MAX_TRIES, 3,
    "a number from 0 (all servers) to 8"
};

ngx_stream_dns_range_t  ngx_stream_dns_budget = {
    NGX_STREAM_DNS_PERCENT, 1, 1000, 20,
    "a percentage from 1% to 1000%, or \"off\""
};

ngx_stream_dns_range_t  ngx_stream_dns_min_ttl = {
    NGX_STREAM_DNS_SEC, 0, 604800, 0,
    "a time in seconds from 0 to 7d"
};

ngx_stream_dns_range_t  ngx_stream_dns_max_ttl = {
    NGX_STREAM_DNS_SEC, 0, 604800, 86400,
    "a time in seconds from 0 to 7d"
};

ngx_stream_dns_range_t  ngx_stream_dns_servfail_ttl = {
    NGX_STREAM_DNS_SEC, 0, 300, 1,
    "a time in seconds from 0 to 5m"
};

ngx_stream_dns_range_t  ngx_stream_dns_rotate = {
    NGX_STREAM_DNS_FLAG, 0, 1, 1,
    "\"on\" or \"off\""
};

ngx_stream_dns_range_t  ngx_stream_dns_minimal = {
    NGX_STREAM_DNS_FLAG, 0, 1, 0,
    "\"on\" or \"off\""
};

ngx_stream_dns_range_t  ngx_stream_dns_any = {
    NGX_STREAM_DNS_WORD, 0, 2, 0,
    "\"forward\", \"minimal\" or \"refuse\""
};

ngx_stream_dns_range_t  ngx_stream_dns_nxdomain_cut = {
    NGX_STREAM_DNS_FLAG, 0, 1, 0,
    "\"on\" or \"off\""
};


char *
ngx_stream_dns_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    size_t                   len;
    ngx_int_t                n, *np;
    ngx_str_t               *value;
    ngx_stream_dns_range_t  *range;

    ngx_stream_dns_claim(cf);

    np = (ngx_int_t *) (void *) (p + cmd->offset);

    if (*np != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;
    range = cmd->post;

    switch (range->kind) {

    case NGX_STREAM_DNS_MSEC:
        n = ngx_parse_time(&value[1], 0);
        break;

    case NGX_STREAM_DNS_SEC:
        n = ngx_parse_time(&value[1], 1);
        break;

    case NGX_STREAM_DNS_PERCENT:

        if (ngx_strcmp(value[1].data, "off") == 0) {
            *np = 0;
            return NGX_CONF_OK;
        }

        len = value[1].len;

        if (len > 1 && value[1].data[len - 1] == '%') {
            len--;
        }

        n = ngx_atoi(value[1].data, len);
        break;

    case NGX_STREAM_DNS_FLAG:
        n = ngx_strcasecmp(value[1].data, (u_char *) "on") == 0 ? 1
            : ngx_strcasecmp(value[1].data, (u_char *) "off") == 0
            ? 0 : NGX_ERROR;
        break;

    case NGX_STREAM_DNS_WORD:
        n = ngx_stream_dns_slot_word(&value[1], range->allowed);
        break;

    default:
        n = ngx_atoi(value[1].data, value[1].len);
    }

    if (n == NGX_ERROR || n < range->min || n > range->max) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\": invalid value \"%V\", it must be %s",
                           &value[0], &value[1], range->allowed);
        return NGX_CONF_ERROR;
    }

    *np = n;

    return NGX_CONF_OK;
}


/* which one it is of the words in quotes */

static ngx_int_t
ngx_stream_dns_slot_word(ngx_str_t *value, const char *allowed)
{
    size_t       len;
    ngx_int_t    n;
    const char  *p;

    p = allowed;

    for (n = 0; /* void */ ; n++) {
        p = ngx_strchr(p, '"');

        if (p == NULL) {
            return NGX_ERROR;
        }

        p++;
        len = (size_t) (ngx_strchr(p, '"') - p);

        if (len == value->len && ngx_strncmp(p, value->data, len) == 0) {
            return n;
        }

        p += len + 1;
    }
}


void
ngx_stream_dns_slot_unset(void *conf, ngx_uint_t context)
{
    char           *p = conf;
    ngx_command_t  *cmd;

    for (cmd = ngx_dns_balancer_module.commands; cmd->name.len; cmd++) {

        if (cmd->set == ngx_stream_dns_slot && (cmd->type & context)) {
            *(ngx_int_t *) (void *) (p + cmd->offset) = NGX_CONF_UNSET;
        }
    }
}


void
ngx_stream_dns_slot_merge(void *conf, void *prev, ngx_uint_t context)
{
    char                    *p = conf;
    ngx_int_t               *to, from;
    ngx_command_t           *cmd;
    ngx_stream_dns_range_t  *range;

    for (cmd = ngx_dns_balancer_module.commands; cmd->name.len; cmd++) {

        if (cmd->set != ngx_stream_dns_slot || (cmd->type & context) == 0) {
            continue;
        }

        range = cmd->post;
        to = (ngx_int_t *) (void *) (p + cmd->offset);
        from = *(ngx_int_t *) (void *) ((char *) prev + cmd->offset);

        ngx_conf_merge_value(*to, from, range->value);
    }
}


/*
 * Copyright (C) 2026 The ngx_dns_balancer_module authors
 */


/* Pages from figures that are made here: what each writes, and how. */


#include "tap.h"
#include "peers.h"
#include "front/ngx_dns_status.h"


static ngx_dns_text_t  text;
static char            said[1024 * 1024];


/* that one is looked at in a browser: tools/check-page */

const ngx_dns_page_t  ngx_dns_page_html = {
    ngx_string("html"),
    ngx_string("text/html"),
    NULL
};


/* what was written, as a string; what it is made of is freed */

static const char *
written(ngx_dns_text_t *t)
{
    char         *p;
    ngx_chain_t  *cl, *next;

    p = said;

    for (cl = t->out; cl; cl = next) {
        next = cl->next;
        p = (char *) ngx_cpymem(p, cl->buf->pos, cl->buf->last - cl->buf->pos);

        free(cl->buf->start);
        free(cl->buf);
        free(cl);
    }

    *p = '\0';

    is_int(p - said, t->size, "its size is told");

    ngx_dns_text_init(t, &unit_pool);

    return said;
}


static ngx_uint_t
times(const char *in, const char *what)
{
    ngx_uint_t  n;

    for (n = 0; (in = strstr(in, what)) != NULL; in++) {
        n++;
    }

    return n;
}


static void
texts(void)
{
    size_t      i;
    ngx_str_t   s;

    static u_char  odd[] = "a\"b\\c\nd\1";

    /* RFC 3629, 3 and 4 */

    static const struct {
        const char  *text;
        const char  *shown;
    } octets[] = {
        { "b\xc3\xbc" "b", "\"b\xc3\xbc" "b\"" },
        { "\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\"" },
        { "b\xfc" "b", "\"b\\\\xfcb\"" },
        { "\x80", "\"\\\\x80\"" },
        { "\xc1\xbf", "\"\\\\xc1\\\\xbf\"" },
        { "a\xc3", "\"a\\\\xc3\"" },
        { "\xe0\x9f\xbf", "\"\\\\xe0\\\\x9f\\\\xbf\"" },
        { "\xed\xa0\x80", "\"\\\\xed\\\\xa0\\\\x80\"" },
        { "\xf0\x8f\xbf\xbf", "\"\\\\xf0\\\\x8f\\\\xbf\\\\xbf\"" },
        { "\xf4\x90\x80\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\"" },
        { "\xf5", "\"\\\\xf5\"" },
        { "\xe2\x82", "\"\\\\xe2\\\\x82\"" }
    };

    ngx_dns_text_init(&text, &unit_pool);
    is_str(written(&text), "", "nothing");

    ngx_dns_text_number(&text, 0);
    ngx_dns_text_c(&text, " ");
    ngx_dns_text_number(&text, 18446744073709551615ULL);
    is_str(written(&text), "0 18446744073709551615", "numbers");

    ngx_dns_text_seconds(&text, 0);
    ngx_dns_text_c(&text, " ");
    ngx_dns_text_seconds(&text, 1000001);
    is_str(written(&text), "0.000000 1.000001", "seconds");

    s.data = odd;
    s.len = sizeof(odd) - 1;

    ngx_dns_text_json(&text, &s);
    is_str(written(&text), "\"a\\\"b\\\\c\\nd\\u0001\"", "JSON");

    ngx_dns_text_label(&text, &s);
    is_str(written(&text), "\"a\\\"b\\\\c\\nd\1\"", "label");

    for (i = 0; i < sizeof(octets) / sizeof(octets[0]); i++) {
        s.data = (u_char *) octets[i].text;
        s.len = strlen(octets[i].text);

        ngx_dns_text_json(&text, &s);
        is_str(written(&text), octets[i].shown, "JSON is UTF-8");

        ngx_dns_text_label(&text, &s);
        is_str(written(&text), octets[i].shown, "and so is a label");
    }

    ngx_dns_text_trim(&text, ',');
    ngx_dns_text_c(&text, "a,");
    ngx_dns_text_trim(&text, ',');
    ngx_dns_text_trim(&text, ',');
    is_str(written(&text), "a", "an octet is taken back");

    for (i = 0; i < NGX_DNS_TEXT_CHUNK; i++) {
        ngx_dns_text_c(&text, "abc");
    }

    is_int(strlen(written(&text)), 3 * NGX_DNS_TEXT_CHUNK, "many buffers");

    unit_no_pool = 1;
    ngx_dns_text_c(&text, "a");
    ngx_dns_text_number(&text, 1);
    unit_no_pool = 0;

    is_int(text.failed, 1, "no memory is remembered");
    is_str(written(&text), "", "and nothing is written");
}


static void
words(void)
{
    size_t     i;
    ngx_str_t  word;

    static const struct {
        const char            *word;
        const ngx_dns_page_t  *page;
    } cases[] = {
        { "json", &ngx_dns_page_json },
        { "prometheus", &ngx_dns_page_prometheus },
        { "ready", &ngx_dns_page_ready },
        { "jso", NULL },
        { "jsonx", NULL },
        { "", NULL }
    };

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        word.data = (u_char *) cases[i].word;
        word.len = strlen(cases[i].word);

        ok(ngx_dns_page_find(&word) == cases[i].page, "word \"%s\"",
           cases[i].word);
    }
}


/* two servers of an upstream "unit", and what else there is */

static ngx_dns_figures_t *
figures(ngx_uint_t up)
{
    ngx_uint_t           i;
    ngx_dns_upstream_t  *u;

    static ngx_dns_figures_t           f;
    static ngx_dns_figures_peer_t      peers[2];
    static ngx_dns_figures_server_t    server;
    static ngx_dns_figures_upstream_t  upstream;
    static ngx_dns_status_server_t     conf;

    u = unit_upstream("round_robin", "a b");

    memset(&f, 0, sizeof(f));
    memset(&server, 0, sizeof(server));

    for (i = 0; i < 2; i++) {
        memset(&peers[i], 0, sizeof(peers[i]));

        peers[i].upstream = u;
        peers[i].peer = unit_peer(u, i);
        peers[i].status.up = (up >> i) & 1;
        ngx_str_set(&peers[i].status.state, "well");
        ngx_str_set(&peers[i].status.reason, "a \"reason\"");
        peers[i].sum.queries = 5 + i;
    }

    ngx_str_set(&conf.name, "127.0.0.1:53");
    server.conf = &conf;
    server.sum.responses[NGX_DNS_SOURCE_CACHE][0] = 7;

    upstream.upstream = u;
    upstream.peers = peers;
    upstream.npeers = 2;

    f.servers = &server;
    f.nservers = 1;
    f.peers = peers;
    f.npeers = 2;
    f.upstreams = &upstream;
    f.nupstreams = 1;

    u->used = 1;

    return &f;
}


static const char *
page(const ngx_dns_page_t *page, ngx_dns_page_request_t *pr, ngx_uint_t status)
{
    pr->text = &text;
    pr->type = page->type;

    is_int(page->render(pr), status, "status");

    return written(&text);
}


static void
ready(void)
{
    ngx_str_t               name;
    ngx_array_t             names;
    ngx_dns_figures_t       none;
    ngx_dns_page_request_t  pr;

    memset(&pr, 0, sizeof(pr));
    memset(&none, 0, sizeof(none));

    pr.figures = figures(2);
    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_OK), "ready\n",
           "one server is enough");

    pr.figures->drained = 1;
    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_NOT),
           "not ready: set down by hand\n", "by hand");

    pr.figures = figures(0);
    pr.quits = 1;
    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_NOT),
           "not ready: nginx was told to quit; upstream \"unit\" has no usable "
           "server\n", "two reasons");

    pr.quits = 0;
    pr.figures->upstreams[0].upstream->used = 0;
    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_OK), "ready\n",
           "an upstream that nobody uses");

    memset(&names, 0, sizeof(names));
    ngx_str_set(&name, "unit");
    names.elts = &name;
    names.nelts = 1;
    pr.upstreams = &names;

    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_NOT),
           "not ready: upstream \"unit\" has no usable server\n", "but named");

    pr.upstreams = NULL;
    pr.figures = &none;
    is_str(page(&ngx_dns_page_ready, &pr, NGX_DNS_PAGE_NOT),
           "not ready: there is no DNS server\n", "no server");
}


/* brackets close in the order they were opened in, and no comma is too much */

static ngx_uint_t
is_json(const char *p)
{
    char        open[64];
    ngx_uint_t  n, quoted;

    n = 0;
    quoted = 0;

    for ( /* void */ ; *p && *p != '\n'; p++) {

        if (quoted) {
            if (*p == '\\') {
                p++;

            } else if (*p == '"') {
                quoted = 0;
            }

            continue;
        }

        if (*p == '"') {
            quoted = 1;

        } else if (*p == '{' || *p == '[') {
            open[n++] = *p;

        } else if (*p == '}' || *p == ']') {
            if (n == 0 || open[--n] != (*p == '}' ? '{' : '[')
                || p[-1] == ',' || p[-1] == ':')
            {
                return 0;
            }

        } else if (*p == ',' && (p[-1] == ',' || p[-1] == '{')) {
            return 0;
        }
    }

    return n == 0 && !quoted && p[0] == '\n' && p[1] == '\0';
}


static void
json(void)
{
    const char              *p;
    ngx_dns_figures_t        none;
    ngx_dns_page_request_t   pr;

    memset(&pr, 0, sizeof(pr));
    memset(&none, 0, sizeof(none));

    pr.figures = &none;

    p = page(&ngx_dns_page_json, &pr, NGX_DNS_PAGE_OK);
    ok(is_json(p), "no figures: JSON");
    ok(strstr(p, "\"servers\":[],") != NULL, "no servers");

    pr.figures = figures(3);

    p = page(&ngx_dns_page_json, &pr, NGX_DNS_PAGE_OK);
    ok(is_json(p), "JSON");
    ok(strstr(p, "\"reason\":\"a \\\"reason\\\"\",") != NULL, "escaped");
    ok(strstr(p, "\"cache\":{\"noerror\":7}") != NULL
       || strstr(p, "\"cache\":{\"NOERROR\":7}") != NULL, "responses");
    is_int(times(p, "\"up\":true,"), 2, "servers of an upstream");
}


/* each family is described once, before its series; no series is there twice */

static void
prometheus(ngx_uint_t openmetrics)
{
    char                    *line, *next, name[128], series[256], *p;
    ngx_uint_t               n, unknown, twice;
    ngx_dns_page_request_t   pr;

    memset(&pr, 0, sizeof(pr));

    pr.figures = figures(3);
    pr.openmetrics = openmetrics;

    (void) page(&ngx_dns_page_prometheus, &pr, NGX_DNS_PAGE_OK);

    is_int(strstr((char *) pr.type.data, "openmetrics") != NULL, openmetrics,
           "type");

    is_int(times(said, "# EOF\n"), openmetrics, "end");
    is_int(times(said, "# HELP "), times(said, "# TYPE "), "help and type");

    n = 0;
    unknown = 0;
    twice = 0;

    for (line = said; *line; line = next) {
        next = strchr(line, '\n') + 1;

        if (*line == '#') {
            continue;
        }

        n++;

        p = strchr(line, ' ');

        /* the value is behind the last space of a line */

        while (memchr(p + 1, ' ', (size_t) (next - p - 1))) {
            p = memchr(p + 1, ' ', (size_t) (next - p - 1));
        }

        snprintf(series, sizeof(series), "\n%.*s ", (int) (p - line), line);
        twice += times(said, series) > 1;

        snprintf(name, sizeof(name), "# TYPE %.*s",
                 (int) strcspn(line, "{ "), line);

        /* without what a counter or a histogram adds */

        while (strstr(said, name) == NULL) {
            p = strrchr(name, '_');

            if (p == NULL) {
                unknown++;
                break;
            }

            *p = '\0';
        }
    }

    ok(n > 100, "%lu series", n);
    is_int(twice, 0, "none is there twice");
    is_int(unknown, 0, "each is described");
}


int
main(void)
{
    texts();
    words();
    ready();
    json();
    prometheus(0);
    prometheus(1);

    return done_testing();
}

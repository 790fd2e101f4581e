#!/usr/bin/perl

# Tests for dns_over_https beside what else nginx does for a location and the
# module for a server: limits, headers, gzip, subrequests, logs, and a worker
# that is not let wait for ever.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTP2;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

use IO::Socket::INET;

my $t = Test::Nginx::DNS->new()->has(qw/ http http_realip /)->plan(29);

tls_certificate($t);

my $http2 = $t->newer(1, 25, 1) ? "http2 on;" : '';
my $listen = $http2 ? 'ssl' : 'ssl http2';

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes         1;
worker_shutdown_timeout  1s;

events {
}

http {
    %%TEST_GLOBALS_HTTP%%

    set_real_ip_from  127.0.0.1;
    real_ip_header    X-Real-IP;

    limit_req_zone    $dns_x zone=r:1m rate=1r/m;
    log_format        f  '$status "$dns_qname" "$dns_error" $body_bytes_sent';

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    map $http_x_key $dns_x {
        default  $http_x_key;
    }

    gzip        on;
    gzip_types  *;
    gzip_min_length  1;

    server {
        listen  127.0.0.1:%%PORT_8080%%;
        listen  127.0.0.1:%%PORT_8443%% LISTEN;
        HTTP2

        access_log  %%TESTDIR%%/http.log f;

        location /metrics {
            dns_status  prometheus;
            access_log  off;
        }

        location /dns-query {
            dns_over_https  doh;
            gzip            off;
        }

        location /limited {
            dns_over_https  limited;
        }

        location /req {
            dns_over_https  doh;
            limit_req       zone=r;
        }

        location /expires {
            dns_over_https  doh;
            expires         1h;
        }

        location /off {
            dns_over_https  doh;
            expires         off;
            add_header      Access-Control-Allow-Origin  *;
        }

        location /both {
            dns_over_https  doh;
            add_header      Cache-Control  private;
        }

        location /gzip {
            dns_over_https  doh;
        }

        location /mirror {
            mirror  /copy;
            alias   %%TESTDIR%%/users;
        }

        location /mirrored {
            mirror          /copy;
            dns_over_https  doh;
        }

        location /copy {
            internal;
            dns_over_https  copy;
        }

        location /page {
            ssi        on;
            ssi_types  *;
            alias      %%TESTDIR%%/page;
        }

        location /sub {
            dns_over_https  doh;
        }
    }
}

stream {
    dns_limit_zone  client zone=l:1m rate=1r/m;

    log_format  f  '$protocol $remote_addr $dns_qname $dns_rcode $dns_error';
    access_log  %%TESTDIR%%/dns.log f;

    server {
        dns_service  doh;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        dns_service  copy;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }

    server {
        listen       127.0.0.1:%%PORT_8053%%;
        dns_service  limited;
        dns_limit    zone=l burst=2;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
    }
}

EOF_CONF

$conf =~ s/LISTEN/$listen/;
$conf =~ s/HTTP2/$http2/;

$t->write_file_expand('nginx.conf', $conf);

my $u = $t->upstream(8081, sub {
    my ($query) = @_;
    my $name = $query->{qname};

    return if $name =~ /^never/;
    return { a => '192.0.2.1', ttl => 50 };
}, tcp => 1);

sub query { encode(id => 0, flags => 0x0100, question => [ $_[0],
                                                           $_[1] // 'A' ]) }
sub address { decode($_[0]->{body} // '')->{answers}[0]{data} // 'none' }
sub argument { doh_argument(query($_[0])) }

$t->write_file('page', '<!--# include virtual="/sub?dns='
                       . argument('ssi.test') . '" -->');

$t->write_file('users', "a\n");

$t->run();

my ($web, $port) = ($t->port(8080), $t->port(8443));

sub get { doh($web, 'GET', query($_[0]), @_[1 .. $#_]) }

# dns_limit by the address of the HTTP client, with TCP in the same count

sub limited {
    my ($n, @headers) = @_;

    return join ' ', map {
        decode(get("l$_.test", uri => '/limited', headers => \@headers)
               ->{body})->{rcode}
    } 1 .. $n;
}

is(limited(4), 'NOERROR NOERROR NOERROR REFUSED', 'dns_limit');
is(limited(4, 'X-Real-IP: 192.0.2.66'), 'NOERROR NOERROR NOERROR REFUSED',
   'of another client');
is(dns_query($t->port(8053), 'l.test', 'A', proto => 'tcp')->{rcode},
   'REFUSED', 'TCP, in the same count');
is(limited(4, 'X-Real-IP: 192.0.3.66'), 'NOERROR NOERROR NOERROR REFUSED',
   'of a third');
is(total(metrics($web), 'nginx_dns_limited_total', qr/zone="l",action="refuse"/),
   4, 'counted');

my $h = http2_connect($port, uri => '/limited');
my @over = map { decode($h->response($_)->{body})->{rcode} }
           $h->get(map { query("h$_.test") } 1 .. 3);
is("@over", 'REFUSED REFUSED REFUSED', 'streams of HTTP/2, too');

# limit_req of http is for requests

my @req = map { get('a.test', uri => '/req', headers => [ 'X-Key: 1' ])
                ->{status} } 1, 2;
is("@req", '200 503', 'limit_req');

# Cache-Control

my $raw;

sub headers {
    my ($uri, $name, @headers) = @_;

    my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $web)
        or die "no connection: $!";

    print $s join "\r\n", "GET $uri?dns=" . argument('a.test') . ' HTTP/1.1',
        'Host: localhost', 'Connection: close', @headers, '', '';
    local $/;
    $raw = <$s>;

    return join ' | ', $raw =~ /^$name: (.*)\r$/mgi;
}

is(headers('/dns-query', 'Cache-Control'), 'max-age=50', 'one Cache-Control');
is(headers('/expires', 'Cache-Control'), 'max-age=3600', 'expires: one');
is(headers('/off', 'Cache-Control'), 'max-age=50', 'expires off');
is(headers('/off', 'Access-Control-Allow-Origin'), '*', 'add_header');
is(headers('/both', 'Cache-Control'), 'max-age=50 | private',
   'add_header Cache-Control');

# gzip

is(headers('/gzip', 'Content-Encoding', 'Accept-Encoding: gzip'), 'gzip',
   'gzip on');
is(headers('/gzip', 'Content-Encoding'), '', 'for who wants it');
is(headers('/dns-query', 'Content-Encoding', 'Accept-Encoding: gzip'), '',
   'gzip off');
is(headers('/dns-query', 'Content-Length'), 40, 'with a length');

# subrequests

like(doh_request($web, 'GET /page HTTP/1.1')->{body}, qr/ssi.*\xc0\x00\x02\x01/s,
     'SSI');

is(doh_request($web, 'GET /mirror?dns=' . argument('mirror.test')
                     . ' HTTP/1.1')->{body}, "a\n", 'mirror');
ok($t->wait_for(sub { $u->count('mirror.test') }), 'was asked');

is(address(get('both.test', uri => '/mirrored')), '192.0.2.1', 'mirrored');
ok($t->wait_for(sub { $u->count('both.test') == 2 }), 'asked twice');

my $post = doh($web, 'POST', query('post.test'), uri => '/mirrored');
is(address($post), '192.0.2.1', 'mirrored, POST');
ok($t->wait_for(sub { $u->count('post.test') == 2 }), 'asked twice');

# a transfer

is(decode(doh($web, 'GET', query('test', 'AXFR'))->{body})->{rcode}, 'REFUSED',
   'a transfer');

# a worker that quits does not wait longer than worker_shutdown_timeout

$h = http2_connect($port);

my ($never) = $h->get(query('never.test'));
my $s = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $web)
    or die "no connection: $!";

print $s 'GET /dns-query?dns=' . argument('never1.test')
    . " HTTP/1.1\r\nHost: localhost\r\n\r\n";

$t->wait_for(sub { $u->count('never.test') && $u->count('never1.test') });
$t->signal('QUIT');

is($h->response($never, 10), undef, 'a query without an answer: closed');
ok($t->wait_for(sub { $t->gone($t->pid()) }, 10), 'the worker is gone');

my $log = $t->read_file('http.log');

like($log, qr/^200 "test" "zone transfer not over TCP or TLS" \d+$/m,
     'http log: why');
like($log, qr/^200 "l4\.test" "over dns_limit" \d+$/m, 'of a limit, too');
like($t->read_file('dns.log'),
     qr/^TCP 192\.0\.2\.66 l4\.test REFUSED over dns_limit$/m, 'stream log');

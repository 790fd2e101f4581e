#!/usr/bin/perl

# Tests for dns_over_https with programs that people use, over HTTP/2: kdig,
# curl and dnsperf.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::HTTPS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(9);

tls_certificate($t);

$t->write_file('names', join '', map { "n$_.test A\n" } 1 .. 100);
$t->write_file('page', "here\n");

my $http2 = $t->newer(1, 25, 1) ? "http2 on;" : '';
my $listen = $http2 ? 'ssl' : 'ssl http2';

my $conf = <<'EOF_CONF';

%%TEST_GLOBALS%%

worker_processes 2;

events {
}

stream {
    dns_cache_zone  zone=c:1m;

    server {
        dns_service  doh;
        dns_forward  . 127.0.0.1:%%PORT_8081%%;
        dns_cache    c;
    }
}

http {
    %%TEST_GLOBALS_HTTP%%

    ssl_certificate      %%TESTDIR%%/cert.pem;
    ssl_certificate_key  %%TESTDIR%%/key.pem;

    # at the end of a connection dnsperf loses what it has just sent
    keepalive_requests   1000000;

    server {
        listen  127.0.0.1:%%PORT_8443%% LISTEN;
        HTTP2

        location /dns-query {
            dns_over_https  doh;
        }

        # dnsperf 2.10 loses all but one of what a record of TLS has

        location /each {
            dns_over_https   doh;
            postpone_output  0;
        }
    }

    server {
        listen  127.0.0.1:%%PORT_8080%%;
        root    %%TESTDIR%%;
    }
}

EOF_CONF

$conf =~ s/LISTEN/$listen/;
$conf =~ s/HTTP2/$http2/;

$t->write_file_expand('nginx.conf', $conf);

$t->upstream(8081, sub {
    my ($query) = @_;
    return $query->{qtype} eq 'A' ? { a => '127.0.0.1' } : {};
}, tcp => 1);

$t->run();

my $dir = $t->testdir();
my $port = $t->port(8443);
my $at = "\@127.0.0.1 -p $port";
my $url = "https://127.0.0.1:$port/dns-query";

sub said { my $said = `$_[0] 2>&1`; $said =~ s/^;;.*\n|^\s*\n//mg; $said }

is(said("kdig $at +https +short a.test"), "127.0.0.1\n", 'kdig +https');
is(said("kdig $at +https +https-get +short a.test"), "127.0.0.1\n",
   'kdig +https-get');
is(said("kdig $at +https=/dns-query +tls-ca=$dir/cert.pem "
        . '+tls-hostname=localhost +short a.test'),
   "127.0.0.1\n", 'kdig with a check of the certificate');
is(said("kdig $at +https +short a.test b.test c.test"), "127.0.0.1\n" x 3,
   'kdig: three queries');

my $web = $t->port(8080);

is(said("curl -s --noproxy '*' --doh-insecure --doh-url $url "
        . "http://only.doh.test:$web/page"), "here\n", 'curl --doh-url');

my $q = encode(id => 0, flags => 0x0100, question => [ 'a.test', 'A' ]);
my $get = "$url?dns=" . doh_argument($q);

is(said("curl -sk --noproxy '*' --http2 -o /dev/null -w "
        . "'%{http_code} %{http_version}' '$get'"), '200 2', 'curl --http2');

$t->write_file('query', $q);

is(decode(`curl -sk --noproxy '*' --http2 --data-binary \@$dir/query -H 'Content-Type: application/dns-message' $url`)
   ->{answers}[0]{data}, '127.0.0.1', 'curl --http2: POST');

for my $method (qw/ GET POST /) {
    my $said = `dnsperf -m doh -O doh-method=$method -O doh-uri=https://localhost/each -s 127.0.0.1 -p $port -d $dir/names -n 50 -c 4 -q 40 2>&1`;

    like($said, qr/Queries completed:\s+5000 .*NOERROR 5000 /s,
         "dnsperf -m doh, $method") or diag $said;
}

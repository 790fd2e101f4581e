#!/usr/bin/perl

# Tests for several DNS servers on one TLS address, told apart by the name
# that a client says (SNI; RFC 8310, 8.1).

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->has(qw/ ssl server_name http /)->plan(13);

tls_certificate($t);

$t->write_file('hosts', "192.0.2.9 host.test\n");

my $ssl = 'ssl_certificate cert.pem; ssl_certificate_key key.pem;';

$t->write_stream(<<"EOF_CONF", pages => 'metrics status');
$ssl

server {
    listen       127.0.0.1:%%PORT_8853%% ssl;
    listen       127.0.0.1:%%PORT_8053%% udp;
    server_name  a.test;
    dns_forward  . 127.0.0.1:%%PORT_8081%%;
}

server {
    listen       127.0.0.1:%%PORT_8853%% ssl;
    server_name  b.test *.b.test;
    dns_forward  . 127.0.0.1:%%PORT_8082%%;
}

# ours is not the default one

server {
    listen       127.0.0.1:%%PORT_8854%% ssl;
    server_name  web.test;
    return       web;
}

server {
    listen       127.0.0.1:%%PORT_8854%% ssl;
    server_name  dns.test;
    dns_hosts    hosts;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

sub asked {
    my ($port, $server) = @_;

    my $s = dns_connect($t->port($port),
        tls => { SSL_verify_mode => 0,
                 defined $server ? (SSL_hostname => $server) : () });

    $s->send([ 'host.test', 'A' ]);

    return ($s->answer() // {})->{answers}[0]{data} // '';
}

is(asked(8853, 'a.test'), '192.0.2.1', 'first');
is(asked(8853, 'b.test'), '192.0.2.2', 'second');
is(asked(8853, 'x.b.test'), '192.0.2.2', 'wildcard');
is(asked(8853, 'other.test'), '192.0.2.1', 'unknown: default');
is(asked(8853), '192.0.2.1', 'no name: default');
is(asked(8854, 'dns.test'), '192.0.2.9', 'beside a server of another kind');

# each has its own figures

my $m = metrics($t->port(8080));
my $addr = '127.0.0.1:' . $t->port(8853);

is(total($m, 'nginx_dns_queries_total', qr/server="$addr",/), 3, 'default');
is(total($m, 'nginx_dns_queries_total', qr/server="$addr\/b.test",/), 2,
   'named');
is(scalar @{status($t->port(8080))->{servers}}, 3, 'three servers');

ok($t->reload(), 'reload');
is(asked(8853, 'b.test'), '192.0.2.2', 'second after it');

# a name that nobody can say

my $server = 'server { listen 127.0.0.1:%%PORT_8055%%; dns_hosts hosts;';

like(($t->test_config("%%TEST_GLOBALS%%\nevents { }\nstream {
    $server server_name a.test; } $server server_name b.test; } }"))[1],
    qr/"listen \S+": without "ssl" clients name no server, the server in /,
    'without TLS');
like(($t->test_config("%%TEST_GLOBALS%%\nevents { }\nstream {
    server { listen 127.0.0.1:%%PORT_8055%% udp; return x; }
    server { listen 127.0.0.1:%%PORT_8055%% udp; server_name b.test;
             dns_hosts hosts; } }"))[1],
    qr/several servers on one UDP address are not supported/, 'UDP');

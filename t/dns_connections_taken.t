#!/usr/bin/perl

# Tests for clients that hold all connections of a worker: queries to servers
# have some of their own.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(7);

$t->write_stream(<<'EOF_CONF', connections => 64, pages => 'metrics');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%% backup;
    health_check  off;
    hedge         off;
}

server {
    listen              127.0.0.1:%%PORT_8053%% udp;
    listen              127.0.0.1:%%PORT_8053%%;
    dns_forward         . u;
    dns_client_timeout  60s;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });

$t->allow(qr/\d+ worker_connections are not enough/);
$t->run();

my $port = $t->port(8053);
my $page = metrics($t->port(8080));

my %limit = map { $_ => $page->{qq(nginx_dns_limit{kind="$_"})} }
            qw/ upstream_connections client_connections /;

cmp_ok($limit{upstream_connections}, '>', 0, 'connections for servers');
cmp_ok($limit{client_connections}, '>', 0, 'connections for clients');
cmp_ok($limit{upstream_connections} + $limit{client_connections}, '<', 64,
       'of the same ones');

# half a query each; no socket to a server is open yet

my @held = map { dns_connect($port, before => "\0\x1d\0\1") } 1 .. 70;

is_deeply(dns_bulk($port, 100), { '192.0.2.1' => 100 },
          'UDP is answered all the same');

$u->stop();

is_deeply(dns_bulk($port, 20, name => sub { "b$_[0].test" }),
          { '192.0.2.2' => 20 }, 'by a server that was not asked before');

unlike($t->error_log(), qr/:@{[ $t->port(8082) ]}.*left out/,
       'which is not blamed');

# a new client comes in, in place of one that keeps others waiting

my $s = dns_connect($port);
$s->send([ 'c.test', 'A' ]);
is($s->answer(3)->{rcode}, 'NOERROR', 'a new client over TCP');

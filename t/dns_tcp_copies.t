#!/usr/bin/perl

# Tests for a server that sends each of its answers over TCP many times: none
# of the queries behind them is lost.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    { a => '192.0.2.1', copies => 50 }
}, tcp => 1);

$t->run();

is_deeply(dns_bulk($t->port(8053), 3000, window => 100),
          { '192.0.2.1' => 3000 }, 'all are answered');

cmp_ok($u->accepted, '<=', 8, 'connections stay');

is($u->count, 3000, 'each was asked once');

#!/usr/bin/perl

# Tests for a server over TCP that is slower than another one, which is asked
# beside it: its connections are not taken for dead.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF');
dns_next_upstream_budget  1000%;

dns_upstream u {
    server        tcp://127.0.0.1:%%PORT_8081%%;
    server        tcp://127.0.0.1:%%PORT_8082%%;
    hedge         10ms;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

my $slow = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.05 } },
                        tcp => 1);
my $fast = $t->upstream(8082, sub { { a => '192.0.2.1' } }, tcp => 1);

$t->run();

my $port = $t->port(8053);

for my $n (1 .. 3) {
    is_deeply(dns_bulk($port, 300, window => 30, name => sub { "q$_[0].$n.test" }),
              { '192.0.2.1' => 300 }, "all are answered, $n");
}

cmp_ok($slow->accepted(), '<=', 8, 'over few connections');

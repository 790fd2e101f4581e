#!/usr/bin/perl

# Tests for dns_upstream: least_conn takes the server with the fewest queries
# under way, in proportion to its weight.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_next_upstream off;

dns_upstream u {
    least_conn;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream weighted {
    least_conn;
    server 127.0.0.1:%%PORT_8083%% weight=3;
    server 127.0.0.1:%%PORT_8084%%;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward . weighted;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

my $slow = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.1 } });
my $fast = $t->upstream(8082, sub { { a => '192.0.2.2', delay => 0.002 } });
my $heavy = $t->upstream(8083, sub { { a => '192.0.2.3', delay => 0.2 } });
my $light = $t->upstream(8084, sub { { a => '192.0.2.4', delay => 0.2 } });
$t->run();

my $r = dns_bulk($t->port(8053), 1000, window => 20);

is(($r->{'192.0.2.1'} // 0) + $r->{'192.0.2.2'}, 1000, 'answered');
cmp_ok($r->{'192.0.2.1'} // 0, '<', 330, 'slow one gets less');
cmp_ok($slow->max_inflight(), '<=', 13, 'no pile at the slow one');

# all are sent before the first answer comes

$r = dns_bulk($t->port(8054), 40, window => 40);

is($r->{'192.0.2.3'} + $r->{'192.0.2.4'}, 40, 'weighted answered');
cmp_ok($heavy->max_inflight(), '>=', 28, 'weight, not less');
cmp_ok($heavy->max_inflight(), '<=', 32, 'weight, not more');

###############################################################################

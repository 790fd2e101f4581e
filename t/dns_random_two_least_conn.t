#!/usr/bin/perl

# Tests for dns_upstream: random two least_conn takes of two servers the
# one with fewer queries under way.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_next_upstream off;

dns_upstream u {
    random two least_conn;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

my $slow = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.1 } });
$t->upstream(8082, sub { { a => '192.0.2.2', delay => 0.002 } });
$t->run();

my $r = dns_bulk($t->port(8053), 1000, window => 20);

is(($r->{'192.0.2.1'} // 0) + $r->{'192.0.2.2'}, 1000, 'answered');
cmp_ok($r->{'192.0.2.1'} // 0, '<', 330, 'slow one gets less');
cmp_ok($slow->max_inflight(), '<=', 15, 'no pile at the slow one');

###############################################################################

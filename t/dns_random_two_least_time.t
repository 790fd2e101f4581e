#!/usr/bin/perl

# Tests for dns_upstream: random two least_time takes of two servers the
# one that answers sooner.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(2);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_next_upstream off;

dns_upstream u {
    random two least_time;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

$t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.1 } });
$t->upstream(8082, sub { { a => '192.0.2.2', delay => 0.002 } });
$t->run();

dns_bulk($t->port(8053), 20, window => 1);      # the times get known

my $r = dns_bulk($t->port(8053), 1000, window => 10);

is(($r->{'192.0.2.1'} // 0) + $r->{'192.0.2.2'}, 1000, 'answered');
cmp_ok($r->{'192.0.2.2'}, '>', 800, 'fast one gets most');

###############################################################################

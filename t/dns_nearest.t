#!/usr/bin/perl

# Tests for dns_upstream: nearest spreads queries over near servers only.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_next_upstream off;

dns_upstream u {
    nearest;
    hedge off;
    health_check off;
    server 127.0.0.1:%%PORT_8081%%;
    server 127.0.0.1:%%PORT_8082%%;
    server 127.0.0.1:%%PORT_8083%%;
    server 127.0.0.1:%%PORT_8084%% backup;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}
EOF_CONF

# answers are late by as much as makes servers near or far on any machine

my @delay = (0.1, 0.1, 1, 0.001);

my @u = map {
    my $n = $_;

    $t->upstream(8081 + $n, sub {
        return { a => "192.0.2.$n", delay => $delay[$n] };
    });
} 0 .. 3;

$t->run();

my $port = $t->port(8053);

dns_bulk($port, 30, window => 1);               # the times get known

my $r = dns_bulk($port, 1000, window => 50);

is(($r->{'192.0.2.0'} // 0) + ($r->{'192.0.2.1'} // 0)
   + ($r->{'192.0.2.2'} // 0), 1000, 'answered, without the backup');
cmp_ok($r->{'192.0.2.0'} // 0, '>', 300, 'a near one');
cmp_ok($r->{'192.0.2.1'} // 0, '>', 300, 'another near one');
cmp_ok($r->{'192.0.2.2'} // 0, '<', 100, 'a far one');

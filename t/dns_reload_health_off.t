#!/usr/bin/perl

# Tests for reload: what workers of the old configuration find out about
# servers does not count any more when the new one has no health checks.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

use Time::HiRes qw/ sleep /;

my $t = Test::Nginx::DNS->new()->has('http')->plan(20);

sub config {
    $t->write_stream(<<"EOF_CONF", pages => 'status');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  $_[0];
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF
}

sub state { status($t->port(8080))->{upstreams}[0]{servers}[1]{state} }

# the second server is silent: a check is always on its way

my $on = 'interval=100ms timeout=100ms fails=1';

$t->upstream(8081, sub { { a => '192.0.2.1' } });
$t->upstream(8082, sub { () }, probes => 1);

config($on);
$t->run();

# a query in flight keeps the old worker, and its checks, for a while

for my $i (1 .. 10) {
    ok($t->wait_for(sub { state() eq 'unhealthy' }), "unhealthy $i");

    config('off');
    $t->reload();
    sleep 0.3;

    is(state(), 'up', "up without checks $i");

    config($on);
    $t->reload();
}

#!/usr/bin/perl

# Tests for a query that the kernel has no buffers for: another server is asked,
# and the first one is not blamed.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

my $t = Test::Nginx::DNS->new()->has('http');
my $shim = $t->shim('sendmmsg');

$t->plan(5);

$t->write_stream(<<'EOF_CONF', pages => 'status');
dns_upstream u {
    sequential;
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

my $first = $t->upstream(8081, sub { { a => '192.0.2.1' } });
my $second = $t->upstream(8082, sub { { a => '192.0.2.2' } });

# as often as it is tried

{
    local $ENV{LD_PRELOAD} = $shim;
    local $ENV{SENDMMSG_SHIM_SIDE} = 'query';
    local $ENV{SENDMMSG_SHIM_ERRNO} = 'ENOBUFS';
    local $ENV{SENDMMSG_SHIM_MATCH} = 'nobuffers';
    local $ENV{SENDMMSG_SHIM_TIMES} = 3;
    local $ENV{SENDMMSG_SHIM_LOG} = $t->testdir() . '/shim.log';

    $t->run();
}

my $r = dns_query($t->port(8053), 'nobuffers.test', 'A');

is($r->{answers}[0]{data}, '192.0.2.2', 'the second server is asked');
is($first->count('nobuffers.test'), 0, 'the first was not');
like($t->read_file('shim.log'), qr/^error \d+ ENOBUFS/m, 'there were no buffers');

my @servers = map { @{$_->{servers}} } @{status($t->port(8080))->{upstreams}};

is(scalar(grep { !$_->{up} || $_->{errors} || $_->{outstanding} } @servers), 0,
   'no server is blamed');

$r = dns_query($t->port(8053), 'nobuffers.test', 'A');

is($r->{answers}[0]{data}, '192.0.2.1', 'the first one is asked again');

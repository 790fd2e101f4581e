#!/usr/bin/perl

# Tests for dns_upstream: max_outstanding bounds the queries under way at a
# server, over all workers together.

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
    sequential;
    server 127.0.0.1:%%PORT_8081%% max_outstanding=5;
    server 127.0.0.1:%%PORT_8082%%;
}

dns_upstream alone {
    server 127.0.0.1:%%PORT_8083%% max_outstanding=5;
}

server {
    listen      127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward . u;
}

server {
    listen      127.0.0.1:%%PORT_8054%% udp reuseport;
    dns_forward . alone;
}
EOF_CONF

my $bounded = $t->upstream(8081, sub { { a => '192.0.2.1', delay => 0.2 } });
my $alone = $t->upstream(8083, sub { { a => '192.0.2.3', delay => 0.2 } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $r = dns_bulk($t->port(8053), 100, window => 100, sockets => 16);

is($bounded->max_inflight(), 5, 'bounded');
is($r->{'192.0.2.2'}, 95, 'the others go on to the next');

# the places get free again

$bounded->reset();
$r = dns_bulk($t->port(8053), 5, window => 5);
is($r->{'192.0.2.1'}, 5, 'free again');

# there is no other server

$r = dns_bulk($t->port(8054), 20, window => 20, sockets => 16);

is($alone->max_inflight(), 5, 'bounded alone');
is($r->{'192.0.2.3'}, 5, 'answered alone');
is($r->{SERVFAIL}, 15, 'refused where all are full');

###############################################################################

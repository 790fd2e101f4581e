#!/usr/bin/perl

# Tests for dns_next_upstream_budget: retries are a share of all queries.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(5);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  off;
    hedge         off;
}

dns_upstream v {
    server        127.0.0.1:%%PORT_8081%% max_fails=0;
    server        127.0.0.1:%%PORT_8082%% max_fails=0;
    health_check  off;
    hedge         off;
}

server {
    listen                    127.0.0.1:%%PORT_8053%% udp;
    dns_forward               . u;
    dns_next_upstream_budget  10%;
}

server {
    listen                    127.0.0.1:%%PORT_8054%% udp;
    dns_forward               . v;
    dns_next_upstream_budget  off;
}
EOF_CONF

# both are in trouble: each retry is one query more for them

my @u = map { $t->upstream($_, sub { { rcode => 'SERVFAIL' } }) } 8081, 8082;

$t->run();

sub asked { $_->reset() for @u;
            my $r = dns_bulk($t->port($_[0]), $_[1], window => 20);
            is_deeply($r, { SERVFAIL => $_[1] }, 'all answered');
            return $u[0]->count() + $u[1]->count() }

# 1000 retries are saved up, a tenth of the queries and 10 a second come on top

is(asked(8053, 900), 1800, 'a burst is retried');

my $n = asked(8053, 2000);

cmp_ok($n, '>', 2000 + 200, 'then a share is');
cmp_ok($n, '<', 2000 + 200 + 200 + 300, 'and no more');

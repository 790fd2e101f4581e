#!/usr/bin/perl

# Tests for slow_start: a server that is back gets its share little by little.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(4);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%% slow_start=4s;
    server        127.0.0.1:%%PORT_8082%% slow_start=0;
    health_check  interval=100ms timeout=1s fails=1 passes=1;
    hedge         off;    # on a busy machine one more would be asked
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return $query->{qname} ne '.' ? { a => '192.0.2.1' }
           : $state->{sick} ? { rcode => 'SERVFAIL' } : { answers => [] };
}, probes => 1);

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $port = $t->port(8053);

sub share {
    my $r = dns_bulk($port, 200, window => 10, sockets => 16);
    return ($r->{'192.0.2.1'} // 0) / 200;
}

is(share(), 0.5, 'no slow start at the start');

$u->set(sick => 1);
$t->wait_for(sub { $t->error_log() =~ /is down/ });
$u->set(sick => 0);
$t->wait_for(sub { $t->error_log() =~ /is up/ });

my $start = time();
my $first = share();

cmp_ok($first, '<', 0.25, 'little at first');
ok($t->wait_for(sub { share() > 0.25 }, 6), 'then more');
ok($t->wait_for(sub { share() > 0.45 }, 6), 'then all of its share');

#!/usr/bin/perl

# Tests for a server that falls silent: the wait is cut by its measured time.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream u {
    server  127.0.0.1:%%PORT_8081%% fail_timeout=2s;
    server  127.0.0.1:%%PORT_8082%%;

    # a check that passes would bring back what is left out

    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return $state->{silent} ? () : { a => '192.0.2.1' };
});

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $port = $t->port(8053);

# who answers may be another one than who was asked first, on a busy machine

my $r = dns_bulk($port, 200);
is($r->{'192.0.2.1'} + $r->{'192.0.2.2'}, 200, 'both measured');

my $before = $u->count;

$u->set(silent => 1);

my $start = time();
my $max = 0;

is_deeply(dns_bulk($port, 500, window => 1, sockets => 1, each => sub {
    $max = $_[3] if $_[3] > $max;
}), { '192.0.2.2' => 500 }, 'no query fails');

cmp_ok($max, '<', 0.25, 'the first ones wait for tens of milliseconds');

# and those that find out every two seconds if it answers again

my $periods = 1 + int((time() - $start) / 2);

cmp_ok($u->count - $before, '<=', 12 * $periods, 'and only they are sent to it');
ok($t->wait_for(sub {
    $t->error_log() =~ /left out for 2000ms.*upstream timed out/;
}), 'ejected when it was silent for the whole time');

$u->set(silent => 0);

ok($t->wait_for(sub {
    (dns_bulk($port, 20)->{'192.0.2.1'} // 0) > 5
}), 'it is back after fail_timeout');


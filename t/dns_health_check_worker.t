#!/usr/bin/perl

# Tests for health_check: one stream of checks, whoever dies or is reloaded.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(6)->allow(qr/exited on signal 9/);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=300ms timeout=200ms jitter=0;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return $state->{silent} ? () : { answers => [] };
}, probes => 1);

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $addr = '127.0.0.1:' . $t->port(8081);

# the least and the longest time between two checks, and how many there were

sub gaps {
    my @when = map { $_->{time} } $u->queries();
    my @gaps = sort { $a <=> $b } map { $when[$_] - $when[$_ - 1] } 1 .. $#when;

    return (@gaps[0, -1], scalar @gaps);
}

sub checks {
    my ($n) = @_;
    my $seen = $u->count();
    return $t->wait_for(sub { $u->count() >= $seen + $n });
}

ok(checks(3), 'checked');

# each worker in turn: one of them sends the checks

for my $worker ($t->workers()) {
    kill 'KILL', $worker;
    $t->wait_for(sub { my @w = $t->workers();
                       @w == 2 && !grep { $_ == $worker } @w });
    checks(2);
}

my ($least, $most) = gaps();
cmp_ok($least, '>', 0.2, 'killed: no second stream');
cmp_ok($most, '<', 0.6 + 0.3, 'killed: a successor within two intervals');

$u->reset();

for (1 .. 3) {
    $t->reload();
    checks(2);
}

($least, $most) = gaps();
cmp_ok($least, '>', 0.2, 'reload: no second stream');
cmp_ok($most, '<', 0.6 + 0.3, 'reload: no gap');

# what was found is kept

$u->set(silent => 1);
$t->wait_for(sub { $t->error_log() =~ /server $addr is down/ });
$t->reload();

is_deeply(dns_bulk($t->port(8053), 10, window => 1, sockets => 4),
          { '192.0.2.2' => 10 }, 'reload: still known to be down');

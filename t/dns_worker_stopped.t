#!/usr/bin/perl

# Tests for workers that are stopped: health checks and changes of hosts files
# go on in another one, in one stream, and are not disturbed by the first when
# it goes on.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->plan(15);

my $names = join '', map { "192.0.2.30 n$_.test\n" } 1 .. 200000;

$t->write_file('hosts', "192.0.2.1 host.test\n$names");

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    health_check  interval=300ms timeout=300ms jitter=0 fails=1;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_hosts    hosts fallthrough;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { answers => [] } }, probes => 1);

$t->run();

my @workers = $t->workers();

sub checks {
    my ($n, $timeout) = @_;
    my $seen = $u->count();

    return $t->wait_for(sub { $u->count() >= $seen + $n }, $timeout);
}

sub asked {
    my $r = eval { dns_query($t->port(8053), 'host.test', 'A', timeout => 1) };

    return ($r // {})->{answers}[0]{data} // '';
}

ok(checks(2, 5), 'checked');

# each worker in turn; one of them was at work

for my $i (0, 1) {
    $u->reset();
    kill 'STOP', $workers[$i];

    ok(checks(1, 3 * 0.3 + 0.2), "stopped $i: a check in three intervals");

    $t->write_file('hosts', '192.0.2.' . (10 + $i) . " host.test\n");
    my $start = time();

    ok($t->wait_for(sub { asked() eq '192.0.2.' . (10 + $i) }, 10),
       "stopped $i: a change of the hosts file");

    kill 'CONT', $workers[$i];
    sleep 0.7;

    my @when = map { $_->{time} } $u->queries();
    my @gaps = sort { $a <=> $b } map { $when[$_] - $when[$_ - 1] } 1 .. $#when;

    cmp_ok($gaps[0], '>', 0.15, "stopped $i: no second stream");
    cmp_ok($gaps[-1], '<', 3 * 0.3 + 0.2, "stopped $i: no gap");

    $t->write_file('hosts', '192.0.2.' . (20 + $i) . " host.test\n");
    ok($t->wait_for(sub { asked() eq '192.0.2.' . (20 + $i) }, 10),
       "continued $i: another change");
}

# all of them: what nobody has read is no failure of the server

kill 'STOP', @workers;
sleep 1;
kill 'CONT', @workers;

ok(checks(3, 5), 'all stopped: checks go on');
unlike($t->error_log(), qr/is down/, 'no server is blamed');

# a change while the worker that reads a large file is stopped

$t->write_file('hosts', "192.0.2.30 host.test\n$names");
sleep 4.1;
kill 'STOP', $workers[0];
sleep 0.2;
$t->write_file('hosts', "192.0.2.31 host.test\n$names");

ok($t->wait_for(sub { asked() eq '192.0.2.31' }, 30), 'stopped in between');
kill 'CONT', $workers[0];
sleep 1;
is(asked(), '192.0.2.31', 'nothing is taken back');

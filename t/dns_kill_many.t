#!/usr/bin/perl

# Tests for workers killed again and again: no hang, and no wrong answer out
# of the shared memory they wrote to.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use constant { KILLS => 20, WINDOW => 20 };

my $t = Test::Nginx::DNS->new()->plan(9)->allow(qr/exited on signal 9/);

$t->write_file('hosts', join '', map { "192.0.2.$_ h$_.test\n" } 1 .. 50);

$t->write_stream(<<'EOF_CONF', workers => 2);
dns_cache_zone  zone=c:1m;

dns_upstream u {
    server  127.0.0.1:%%PORT_8081%%  max_outstanding=200;
    server  127.0.0.1:%%PORT_8082%%  max_outstanding=200;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport rcvbuf=2m;
    listen       127.0.0.1:%%PORT_8054%% udp rcvbuf=2m;
    dns_forward  . u;
    dns_cache    c;
    dns_hosts    %%TESTDIR%%/hosts fallthrough;
}
EOF_CONF

$t->upstream($_, \&numbered) for 8081, 8082;
$t->run();

my @loads = map {
    dns_load($t->port($_), window => WINDOW, timeout => 1)
} 8053, 8054;

my $back = 0;

for my $i (1 .. KILLS) {
    select undef, undef, undef, 0.05 + rand 0.05;

    my $victim = ($t->workers())[rand 2] // next;
    kill 'KILL', $victim;

    $back += $t->wait_for(sub {
        my @now = $t->workers();
        return @now == 2 && !grep { $_ == $victim } @now;
    }) ? 1 : 0;
}

is($back, KILLS, 'each has a successor');

for my $load (@loads) {
    my $r = $load->stop();

    cmp_ok($r->{right}, '>', 100, 'answers');
    cmp_ok(delete $r->{TIMEOUT} // 0, '<=', KILLS * WINDOW,
           'lost is what was in flight');
    is_deeply([ keys %$r ], [ 'right' ], 'nothing else') or diag(explain($r));
}

# within a second, which is when worker 0 looks, all places are free again

ok($t->wait_for(sub {
    my $r = dns_bulk($t->port(8053), 300, window => 100, timeout => 1,
                     name => sub { 'n' . (9_000_000 + $_[0]) . '.test' });
    return !grep { !/^10\./ } keys %$r;
}, 5), 'all goes on');

is(dns_query($t->port(8053), 'h7.test', 'A')->{answers}[0]{data},
   '192.0.2.7', 'hosts');

#!/usr/bin/perl

# Tests for dns_status: a server that has stopped is shown, with the reason.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Status;

use Time::HiRes qw/ sleep time /;

my $t = Test::Nginx::DNS->new()->has(qw/ http /)->plan(15);

$t->write_stream(<<'EOF_CONF', workers => 2, pages => 'metrics status');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=300ms fails=2 timeout=200ms;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}
EOF_CONF

my $u = $t->upstream(8081, sub { { a => '192.0.2.1' } });

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $http = $t->port(8080);
my $label = 'upstream="u",server="127.0.0.1:' . $t->port(8081) . '"';

sub up { metrics($http)->{"nginx_dns_upstream_up{$label}"} }
sub server { status($http)->{upstreams}[0]{servers}[0] }

ok($t->wait_for(sub { server()->{checks_passed} }), 'checked');

my $s = server();
is(up(), 1, 'up');
is($s->{state}, 'up', 'state');
is($s->{reason}, '', 'no reason');
is($s->{changed}, undef, 'no change');
cmp_ok(abs($s->{checked} - time()), '<', 3, 'the last check');
cmp_ok(metrics($http)->{"nginx_dns_health_checks_total{$label,result=\"pass\"}"},
       '>', 0, 'checks passed');

$u->stop();

my $start = time();
ok($t->wait_for(sub { !up() }), 'down');
cmp_ok(time() - $start, '<', 2 * 0.3 * 1.1 + 1, 'in time');

$s = server();
is($s->{state}, 'unhealthy', 'state');
is($s->{reason}, 'health check failed, server is unreachable',
   'the reason in words');
cmp_ok(abs($s->{changed} - time()), '<', 3, 'since when');
cmp_ok($s->{checks_failed}, '>=', 2, 'checks failed');

# what live queries meet is counted, too

is_deeply(dns_bulk($t->port(8053), 20), { '192.0.2.2' => 20 },
          'the other one answers');

$t->upstream(8081, sub { { a => '192.0.2.1' } });
ok($t->wait_for(sub { up() }), 'up again');

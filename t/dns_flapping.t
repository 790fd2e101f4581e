#!/usr/bin/perl

# Tests for a server that is up and down: the log is bounded.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(3);

$t->write_stream(<<'EOF_CONF');
dns_upstream u {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms timeout=80ms fails=1 passes=1;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  . u;
}
EOF_CONF

# every other check fails

my $u = $t->upstream(8081, sub {
    my ($query, $state) = @_;
    return $query->{qname} ne '.' ? { a => '192.0.2.1' }
           : $query->{n} % 2 ? { rcode => 'SERVFAIL' } : { answers => [] };
}, probes => 1);

$t->upstream(8082, sub { { a => '192.0.2.2' } });
$t->run();

my $r;
my $bad = 0;

ok($t->wait_for(sub {
    $r = dns_bulk($t->port(8053), 20, window => 2);
    $bad++ if grep { !/^192\.0\.2\.[12]$/ } keys %$r;
    return $u->count('.') >= 20;
}, 10), 'many changes');

is($bad, 0, 'all answered');

# a minute can begin meanwhile

my $lines = () = $t->error_log() =~ /is (?:up|down)/g;
cmp_ok($lines, '<=', 12, 'few lines');

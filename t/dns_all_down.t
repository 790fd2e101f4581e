#!/usr/bin/perl

# Tests for all_down: what is done when no server is usable.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

use Time::HiRes qw/ time /;

my $t = Test::Nginx::DNS->new()->plan(16);

$t->write_stream(<<'EOF_CONF');
log_format  f  '$dns_qname $status $dns_rcode $dns_upstream_tries '
               '$dns_error';
access_log  %%TESTDIR%%/dns.log f;

dns_upstream_timeout       300ms;
dns_next_upstream_timeout  500ms;

dns_upstream try {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms timeout=50ms;
}

dns_upstream servfail {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  interval=100ms timeout=50ms;
    all_down      servfail;
}

dns_upstream refuse {
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%% backup;
    health_check  interval=100ms timeout=50ms;
    all_down      refuse;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    dns_forward  try.test try;
    dns_forward  servfail.test servfail;
    dns_forward  refuse.test refuse;
}
EOF_CONF

# not well, but here

my %answer = (a => '192.0.2.1');
my @u = map { $t->upstream($_, sub {
    my ($query, $state) = @_;
    return $query->{qname} eq '.' && !$state->{well} || $state->{silent}
           ? () : \%answer;
}, probes => 1) } 8081, 8082;

$t->run();

my $port = $t->port(8053);
my $r;

# but for the health checks, by one question to each server: more may come

sub live {
    my $n = 0;

    for my $names (map { $_->names() } @u) {
        $n += $names->{$_} for grep { $_ ne '.' } keys %$names;
    }

    return $n;
}

ok($t->wait_for(sub { 6 == (() = $t->error_log() =~ /is down/g) }), 'all down');

# fail open

$_->reset() for @u;
$r = dns_query($port, 'a.try.test', 'A');
is($r->{answers}[0]{data}, '192.0.2.1', 'try: answered');

$_->set(silent => 1) for @u;
$_->reset() for @u;

my $start = time();
$r = dns_query($port, 'b.try.test', 'A', edns => 1232);
is($r->{rcode}, 'SERVFAIL', 'try: in vain');
is($r->{ede}{code}, 22, 'EDE 22: no reachable authority');
cmp_ok(time() - $start, '<', 0.5, 'within the total time');
is(live(), 4, 'both, and the second twice more');

# a storm of one name

$_->reset() for @u;
$start = time();
is_deeply(dns_bulk($port, 100, name => 'storm.try.test', window => 100),
          { SERVFAIL => 100 }, 'storm');
cmp_ok(time() - $start, '<', 0.5, 'one wait');
is(live(), 4, 'one question');

# no attempt

$_->set(silent => 0) for @u;
$_->reset() for @u;

$r = dns_query($port, 'a.servfail.test', 'A', edns => 1232);
is($r->{rcode}, 'SERVFAIL', 'servfail');
is($r->{ede}{code}, 22, 'servfail: EDE 22');

$r = dns_query($port, 'a.refuse.test', 'A', edns => 1232);
is($r->{rcode}, 'REFUSED', 'refuse');
is(live(), 0, 'no attempt');
like($t->read_file('dns.log'),
     qr/^a.refuse.test 502 REFUSED - all upstream servers are down$/m, 'log');

# back

$_->set(well => 1) for @u;
ok($t->wait_for(sub { 6 == (() = $t->error_log() =~ /is up/g) }), 'all up');
is(dns_query($port, 'b.refuse.test', 'A')->{answers}[0]{data}, '192.0.2.1',
   'answered again');

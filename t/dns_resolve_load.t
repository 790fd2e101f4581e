#!/usr/bin/perl

# Tests for "server HOST resolve" under load: servers come and go in DNS, no
# query is lost, and each new one is used soon.  RESOLVE_CHANGES=100 for longer,
# and for the time that it may take, where the machine does nothing else.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Load;

use Time::HiRes qw/ time /;

use constant SERVERS => 6;

my $changes = $ENV{RESOLVE_CHANGES} || 5;

my $t = Test::Nginx::DNS->new()->plan(4);

alarm(60 + 5 * $changes) if $changes > 20;

$t->write_stream(<<'EOF_CONF', workers => 2);
resolver  127.0.0.1:%%PORT_8090%% ipv6=off;

dns_upstream u {
    server  ns.test:%%PORT_8081%% resolve;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp reuseport;
    dns_forward  . u;
}
EOF_CONF

my %server = map {
    ($_ => $t->upstream(8081, \&numbered, addr => "127.0.1.$_"))
} 1 .. SERVERS;

my $dns = $t->upstream(8090, sub {
    return { a => [ map { "127.0.1.$_" } @{$_[1]{up}} ], ttl => 1 };
});

# three at a time; with each change another one comes and one goes

sub up { $dns->set(up => [ map { ($_[0] + $_) % SERVERS + 1 } 0 .. 2 ]) }

up(0);
$t->run();

$t->wait_for(sub { $t->error_log() =~ /3 servers of "ns.test/ });
select undef, undef, undef, 0.3;

my $load = dns_load($t->port(8053), timeout => 5);
my ($most, $used) = (0, 0);

for my $n (1 .. $changes) {
    my $new = $server{($n + 2) % SERVERS + 1};
    my $start = time();

    $new->reset();
    up($n);

    my $took = $t->wait_for(sub { $new->count() ? time() - $start : 0 }, 10);

    $used += $took ? 1 : 0;
    $most = $took if $took > $most;
}

my $r = $load->stop();

note(join ', ', map { "$_ $r->{$_}" } sort keys %$r);
note(sprintf '%.2f s until the last one was used', $most);

is($used, $changes, 'all new servers are used');
cmp_ok($most, '<', 1 + ($ENV{RESOLVE_CHANGES} ? 2 : 8), 'in time');
is(join(' ', sort keys %$r), 'right', 'all queries were answered');
cmp_ok($r->{right}, '>', 1000, 'and there were many');

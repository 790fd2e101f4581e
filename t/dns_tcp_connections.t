#!/usr/bin/perl

# Tests for more clients over TCP than nginx has connections: idle ones have to
# go, the oldest first.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(6);

$t->write_file('hosts', "192.0.2.9 host.test\n");

$t->write_stream(<<'EOF_CONF', connections => 64);
server {
    listen            127.0.0.1:%%PORT_8053%%;
    listen            127.0.0.1:%%PORT_8053%% udp;
    dns_hosts         %%TESTDIR%%/hosts;
    dns_idle_timeout  1h;
}
EOF_CONF

$t->run();

my $port = $t->port(8053);
my ($served, @s) = (0);

for (1 .. 200) {
    push @s, dns_connect($port);

    $s[-1]->send([ 'host.test', 'A' ]);
    my $r = $s[-1]->answer();

    $served++ if $r && $r->{answers}[0]{data} eq '192.0.2.9';
}

is($served, 200, 'all are served');
is((grep { $_->closed(5) } @s[0 .. 99]), 100, 'old ones are closed');
is((grep { $_->closed(0.001) } @s[180 .. 199]), 0, 'new ones are not');

$s[190]->send([ 'host.test', 'A' ]);
is($s[190]->answer()->{answers}[0]{data}, '192.0.2.9', 'and can be used');
is(dns_query($port, 'host.test', 'A')->{answers}[0]{data}, '192.0.2.9', 'udp');

$t->stop();

like($t->error_log(), qr/worker_connections are not enough, reusing/, 'log');

#!/usr/bin/perl

# Tests for reload: UDP sockets of other modules are left alone, with and
# without a DNS server; those of DNS servers that are dropped are left.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(11);

$t->write_file('hosts', "192.0.2.9 host.test\n");

my %servers = (
    dns => 'listen 127.0.0.1:%%PORT_8053%% udp; dns_hosts hosts;',
    gone => 'listen 127.0.0.1:%%PORT_8054%% udp; dns_hosts hosts;',
    turned => 'listen 127.0.0.1:%%PORT_8055%% udp; dns_hosts hosts;',
    other => 'listen 127.0.0.1:%%PORT_8056%% udp; return other;',
    back => 'listen 127.0.0.1:%%PORT_8055%% udp; return other;',
    tcp => 'listen 127.0.0.1:%%PORT_8057%%; return other;',
);

sub config {
    my $servers = join "\n", map { "server { $servers{$_} }" } @_;

    $t->write_file_expand('nginx.conf', "%%TEST_GLOBALS%%\nevents { }\n"
        . "stream {\n$servers\n}\n");
}

# States of the sockets of a port: 07 not connected, 01 connected.  The kernel
# tells them in pieces, so that sockets of others that come and go may hide one,
# or show it twice: what is not as expected is read again.

sub states {
    my $port = sprintf '%04X', $t->port($_[0]);

    open my $fh, '<', '/proc/net/udp' or die "/proc/net/udp: $!\n";

    return join ' ', map { /^\s*\d+: \w+:$port \w+:\w+ (\d\d)/ ? $1 : () }
        <$fh>;
}

sub is_state {
    my ($port, $expected, $name) = @_;

    my $states;

    for (1 .. 20) {
        $states = states($port);
        last if $states eq $expected;
        select undef, undef, undef, 0.05;
    }

    is($states, $expected, $name);
}

# an old worker that is stopped keeps its sockets open

sub reload {
    my ($worker) = $t->workers();

    kill 'STOP', $worker;
    config(@_);
    $t->signal('HUP');

    $t->wait_for(sub { grep { $_ != $worker } $t->workers() });

    return $worker;
}

sub resume {
    my ($worker) = @_;

    kill 'CONT', $worker;
    $t->wait_for(sub { $t->gone($worker) });
}

config(qw/ dns gone turned other /);
$t->run();

my $worker = reload(qw/ dns back /);

is_state(8053, '07', 'a socket that stays');
is_state(8054, '01', 'a DNS server that is gone: left');
is_state(8055, '07', 'one that is another now');
is_state(8056, '07', 'of another module: left alone');

resume($worker);

is(dns_query($t->port(8053), 'host.test', 'A')->{answers}[0]{data},
   '192.0.2.9', 'goes on');

# it belongs to the other module by now

$worker = reload(qw/ dns other /);

is_state(8055, '07', 'no longer ours');
resume($worker);

# without a DNS server, before and after

$worker = reload('other');
is_state(8053, '01', 'the last DNS server is gone');
is_state(8056, '07', 'the other one stays');
resume($worker);

$worker = reload('tcp');
is_state(8056, '07', 'no DNS server: left alone');
resume($worker);

$worker = reload(qw/ tcp dns /);
is_state(8053, '07', 'back');
resume($worker);
is(dns_query($t->port(8053), 'host.test', 'A')->{answers}[0]{data},
   '192.0.2.9', 'and answers');

#!/usr/bin/perl

# Tests for queries to one server that leave as a run of datagrams of one length
# (UDP_SEGMENT): all are asked, where a device is too small for that, too, and
# the error of one is that of all.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Namespace;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw/ time /;

own_network();

my $t = Test::Nginx::DNS->new();
my $shim = $t->shim('sendmmsg');

$t->plan(14);

$t->write_file_expand('nginx.conf', <<'EOF_CONF');
%%TEST_GLOBALS%%


events {
}

stream {
    # from another address than its own: as if it were on another machine

    dns_upstream u {
        bind          192.0.2.2;
        server        192.0.2.1:%%PORT_8081%%;
        server        192.0.2.1:%%PORT_8085%%  backup;
        health_check  off;
    }

    dns_upstream shut {
        sequential;
        bind          192.0.2.2;
        server        192.0.2.1:%%PORT_8086%%;
        server        192.0.2.1:%%PORT_8081%%;
        health_check  off;
    }

    dns_upstream closed {
        sequential;
        server        127.0.0.1:%%PORT_8082%%;
        server        127.0.0.1:%%PORT_8081%%;
        health_check  off;
    }

    dns_upstream nohedge {
        sequential;
        server        127.0.0.1:%%PORT_8083%%;
        server        127.0.0.1:%%PORT_8081%%;
        health_check  off;
        hedge         off;
    }

    dns_upstream alone {
        server        127.0.0.1:%%PORT_8084%%;
        health_check  off;
    }

    dns_upstream_timeout  5s;

    server {
        listen       127.0.0.1:%%PORT_8053%% udp;
        dns_forward  test u;
        dns_forward  shut.test shut;
        dns_forward  closed.test closed;
        dns_forward  nohedge.test nohedge;
        dns_forward  alone.test alone;
    }
}
EOF_CONF

system("ip addr add 192.0.2.$_/32 dev lo") == 0 or die "ip failed\n"
    for 1, 2;

$t->upstream(8081, sub { return { a => '192.0.2.1' } }, addr => $_)
    for '127.0.0.1', '192.0.2.1';

{
    local $ENV{LD_PRELOAD} = $shim;
    local $ENV{SENDMMSG_SHIM_LOG} = $t->testdir() . '/shim.log';

    $t->run();
}

my $port = $t->port(8053);
my $took;

is(burst('a', 100, 'test'), 100, 'of several lengths');
like($t->read_file('shim.log'), qr/^run \d+/m, 'in runs');

# a run that does not fit goes as single queries, which do, as fragments

system(qw/ ip link set lo mtu 120 /) == 0 or die "ip failed\n";

my $runs = runs();

is(burst('b', 100, ('x' x 60) . '.' . ('y' x 40) . '.test'), 100,
   'longer than a device takes');
cmp_ok(runs(), '>', $runs, 'which was tried');

system(qw/ ip link set lo mtu 1500 /) == 0 or die "ip failed\n";
is(burst('c', 100, 'test'), 100, 'after that');

# one error for a whole run

my ($master) = $t->read_file('nginx.pid') =~ /(\d+)/;
my ($worker) = split ' ', `cat /proc/$master/task/$master/children`;

$runs = runs();
is(burst('g', 60, 'shut.test', $worker), 60, 'of a port that is closed');
cmp_ok($took, '<', 2, 'all know of it at once');
cmp_ok(runs(), '>', $runs, 'who left in a run');

# without runs, to servers of this machine

is(burst('d', 60, 'closed.test', $worker), 60, 'of a port that is closed here');
cmp_ok($took, '<', 2, 'all know of it at once');

is(burst('e', 60, 'nohedge.test', $worker), 60, 'with hedge off');
cmp_ok($took, '<', 2, 'the same');

is(burst('f', 60, 'alone.test', $worker, 2), 60, 'of a lone server');
cmp_ok($took, '<', 2, 'SERVFAIL');

###############################################################################

sub runs {
    my @runs = $t->read_file('shim.log') =~ /^run/mg;

    return scalar @runs;
}


sub burst {
    my ($first, $n, $name, $worker, $rcode) = @_;

    my $s = IO::Socket::INET->new(Proto => 'udp',
                                  PeerAddr => "127.0.0.1:$port") || die "$!\n";
    my %ids;

    # so that all are read at once

    kill 'STOP', $worker if $worker;

    $s->send(query($_, $first . ('z' x ($_ % 3)) . "$_.$name")) for 1 .. $n;

    kill 'CONT', $worker if $worker;

    my $start = time();

    while (keys %ids < $n && IO::Select->new($s)->can_read(6)) {
        $s->recv(my $answer, 4096);
        $ids{unpack 'n', $answer} = 1
            if (unpack('x3C', $answer) & 15) == ($rcode // 0);
    }

    $took = time() - $start;

    return scalar keys %ids;
}


sub query {
    my ($id, $name) = @_;

    return pack('n6', $id, 0x0100, 1, 0, 0, 0)
           . join('', map { pack 'C/a', $_ } split(/\./, $name), '')
           . pack('n2', 1, 1);
}

###############################################################################

#!/usr/bin/perl

# Tests for identical questions of more clients than are asked over UDP at
# once, for a server that refuses TCP: what any client can bring about is not
# the server's failure.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Message qw/ encode decode /;
use Test::Nginx::DNS::Status;

use IO::Select;
use IO::Socket::IP;
use Time::HiRes qw/ time /;

use constant { CLIENTS => 60, AT_ONCE => 32 };

my $t = Test::Nginx::DNS->new()->has('http')->plan(6);

$t->write_stream(<<'EOF_CONF', pages => 'metrics');
dns_next_upstream_budget  off;

dns_upstream u {
    hash          $remote_addr;
    server        127.0.0.1:%%PORT_8081%% max_fails=1;
    server        127.0.0.1:%%PORT_8082%% max_fails=1;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . u;
}
EOF_CONF

$t->upstream($_, sub { { a => '192.0.2.1', delay => 1 } }) for 8081, 8082;
$t->run();

my $port = $t->port(8053);

my @sockets = map {
    IO::Socket::IP->new(Proto => 'udp', LocalHost => "127.0.1.$_",
                        PeerHost => '127.0.0.1', PeerPort => $port)
    // die "no socket: $@\n";
} 1 .. CLIENTS;

for my $i (0 .. $#sockets) {
    $sockets[$i]->send(encode(id => $i, flags => 0x0100,
                              question => [ 'same.test', 'A' ]));
}

my $select = IO::Select->new(@sockets);
my $end = time() + 10;
my ($n, $whole, $cut) = (0, 0, 0);

while ($n < CLIENTS && time() < $end) {
    for my $socket ($select->can_read(0.1)) {
        recv $socket, my $bytes, 4096, 0;

        my $r = decode($bytes);

        $n++;
        $whole++ if $r->{rcode} eq 'NOERROR' && !$r->{tc} && $r->{answers}[0];
        $cut++ if $r->{rcode} eq 'NOERROR' && $r->{tc};
    }
}

is($n, CLIENTS, 'all are answered');
is($whole, AT_ONCE, 'as many as are asked over UDP at once');
is($cut, CLIENTS - AT_ONCE, 'the others are to come over TCP');

my $m = metrics($t->port(8080));

is(total($m, 'nginx_dns_upstream_up'), 2, 'no server is left out');
is(total($m, 'nginx_dns_crowded_total'), CLIENTS - AT_ONCE, 'counted');

my $r = dns_query($port, 'other.test', 'A');

is($r->{answers}[0]{data}, '192.0.2.1', 'and servers are asked as before');

#!/usr/bin/perl

# Tests for answers that are cut: TC without TCP, and more than is read of a
# datagram.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;
use Test::Nginx::DNS::Stream;

my $t = Test::Nginx::DNS->new()->plan(9);

$t->write_stream(<<'EOF_CONF');
dns_upstream two {
    sequential;
    server        127.0.0.1:%%PORT_8081%%;
    server        127.0.0.1:%%PORT_8082%%;
    health_check  off;
}

server {
    listen       127.0.0.1:%%PORT_8053%% udp;
    listen       127.0.0.1:%%PORT_8053%%;
    dns_forward  . two;
    dns_forward  one.test 127.0.0.1:%%PORT_8081%%;
    dns_forward  long.test 127.0.0.1:%%PORT_8083%%;
}
EOF_CONF

$t->upstream(8081, sub { { tc => 1, aa => 1 } });
$t->upstream(8082, sub { { a => '192.0.2.2' } });

# over 4096 octets, and it does not say so

$t->upstream(8083, sub {
    return { a => [ map { "192.0.2.$_" } 1 .. 250 ], $_[0]{tcp} ? ()
             : (additional => [ map { [ 'x.test', 'A', 1, '192.0.2.1' ] }
                                1 .. 50 ]) };
}, tcp => 1);

$t->run();

my $port = $t->port(8053);
my $r = dns_query($port, 'a.test', 'A');

is($r->{answers}[0]{data}, '192.0.2.2', 'TC, and TCP is refused: the next one');
is($r->{tc}, 0, 'has the whole');

$r = dns_query($port, 'a.one.test', 'A');
is($r->{rcode}, 'NOERROR', 'no other server');
is($r->{tc}, 1, 'TC for a client over UDP');
is($r->{aa}, 1, 'and AA');

my $s = dns_connect($port);
$s->send([ 'b.one.test', 'A' ]);
$r = $s->answer();
is($r->{rcode}, 'SERVFAIL', 'a client over TCP');
is($r->{tc}, 0, 'can not come again');

$s->send([ 'a.long.test', 'A' ]);
$r = $s->answer();
is($r->{rcode}, 'NOERROR', 'a datagram of over 4 KB: asked over TCP');
is(scalar @{$r->{answers}}, 250, 'whole');

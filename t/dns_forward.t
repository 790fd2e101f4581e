#!/usr/bin/perl

# Tests for dns_forward: the longest zone, addresses, inheritance.

use warnings;
use strict;

use Test::More;

use FindBin;
use lib "$FindBin::Bin/lib";
use Test::Nginx::DNS;

my $t = Test::Nginx::DNS->new()->plan(17);

$t->write_stream(<<'EOF_CONF');
dns_forward  inherited.test 127.0.0.1:%%PORT_8081%%;

server {
    listen           127.0.0.1:%%PORT_8053%% udp;

    dns_forward      .                   later;
    dns_forward      example.com         127.0.0.1:%%PORT_8081%%;
    dns_forward      Deep.Sub.Example.COM.  127.0.0.1:%%PORT_8082%%;
    dns_forward      \001\.x.test        127.0.0.1:%%PORT_8082%%;
    dns_forward      v6.test             [::1]:%%PORT_8084%%;
}

server {
    listen           127.0.0.1:%%PORT_8054%% udp;
    dns_max_queries  100;
}

server {
    listen           127.0.0.1:%%PORT_8055%% udp;
    dns_forward      own.test 127.0.0.1:%%PORT_8082%%;
}

# the order of the file does not matter

dns_upstream later {
    server  127.0.0.1:%%PORT_8083%%;
}
EOF_CONF

for my $n (1 .. 3) {
    $t->upstream(8080 + $n, sub { { a => "192.0.2.$n" } });
}

$t->run();

sub from {
    my ($port, $name, %o) = @_;
    my $r = dns_query($t->port($port), $name, 'A', %o);
    return $r->{answers}[0] ? $r->{answers}[0]{data} : $r->{rcode};
}

is(from(8053, 'example.com'), '192.0.2.1', 'the zone');
is(from(8053, 'EXAMPLE.com'), '192.0.2.1', 'in any case');
is(from(8053, 'www.example.com'), '192.0.2.1', 'below it');
is(from(8053, 'sub.example.com'), '192.0.2.1', 'between zones');
is(from(8053, 'deep.sub.example.com'), '192.0.2.2', 'the longest');
is(from(8053, 'a.b.deep.sub.example.com'), '192.0.2.2', 'below the longest');
is(from(8053, 'notexample.com'), '192.0.2.3', 'whole labels');
is(from(8053, 'com'), '192.0.2.3', 'above');
is(from(8053, '.'), '192.0.2.3', 'the root');

my $r = dns_query($t->port(8053), undef, undef,
                  question => "\3\1.x\4test\0\0\1\0\1");
is($r->{answers}[0]{data}, '192.0.2.2', 'escapes');

is(from(8054, 'a.inherited.test'), '192.0.2.1', 'inherited');
is(from(8054, 'example.com'), 'REFUSED', 'no zone');
is(dns_query($t->port(8054), 'example.com', 'A', edns => 1232)->{ede}{code},
   20, 'no zone: EDE');

is(from(8055, 'own.test'), '192.0.2.2', 'its own');
is(from(8055, 'a.inherited.test'), 'REFUSED', 'then nothing is inherited');

# an address without a server behind it

$r = dns_query($t->port(8053), 'a.v6.test', 'A', edns => 1232);
is($r->{rcode}, 'SERVFAIL', 'unreachable');
is($r->{ede}{code}, 23, 'unreachable: EDE');
